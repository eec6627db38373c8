//! What clients and providers do over a transport.

use crate::{
    Callback, Client, Discovery, Error, ErrorKind, Login, Provider, Refusal, Revocation, SpendStore, Tokens, Transport,
    now,
};
#[cfg(feature = "id-token")]
use crate::{Claims, Userinfo};

impl Client {
    /// Checks the callback, exchanges its code, and returns the tokens: [`Login::accept`] and the loop of
    /// [`Exchange`](crate::Exchange), by this machine's clock.
    ///
    /// # Errors
    /// A [`Refusal`]. The login is in it as long as the code is unused: where the callback may have been anybody's, and
    /// where no byte of the request left, so that the same call may succeed later.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().begin(0)?;
    /// # let callback_url = "";
    /// let tokens = client.finish(login, callback_url, &Transport::new())?;
    /// println!("granted: {:?}", tokens.scope());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish(
        &self,
        login: Login,
        callback: impl Into<Callback>,
        transport: &Transport,
    ) -> Result<Tokens, Refusal> {
        self.finish_once(login, callback, transport, &NoStore)
    }

    /// [`finish`](Self::finish) for a login that was [resumed](Self::resume): however often its callback is delivered, and
    /// to however many workers that share the store, one sends the code.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish), and of [`SpendStore::spend`]: [`LoginSpent`](ErrorKind::LoginSpent) for everybody
    /// but the first, and [`StoreUnavailable`](ErrorKind::StoreUnavailable), with the login, because the code was not sent.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, MemoryStore, Provider, SealKeys, Transport, now};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
    /// # let (keys, store, sealed, callback_url) = (SealKeys::new([7; 32])?, MemoryStore::new(), "", "");
    /// let login = client.resume(sealed, &keys, "github", now())?;
    /// let tokens = client.finish_once(login, callback_url, &Transport::new(), &store)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish_once(
        &self,
        login: Login,
        callback: impl Into<Callback>,
        transport: &Transport,
        store: &dyn SpendStore,
    ) -> Result<Tokens, Refusal> {
        let exchange = match login.check_as(self, &callback.into(), now()) {
            Ok(code) => login.exchange(self, &code, now()),
            Err(verdict) => return Err(verdict.on(login)),
        };
        let id = login.id();
        if let Err(error) = store.spend(&id, login.expires_at()) {
            let login = (error.kind() != ErrorKind::LoginSpent).then(|| Box::new(login));
            return Err(Refusal { error, login });
        }
        transport.exchange(exchange).map_err(|error| {
            let login = (!error.request_sent()).then(|| {
                store.unspend(&id);
                Box::new(login)
            });
            Refusal { error, login }
        })
    }

    /// Revokes these tokens: the refresh token first, then the access token (RFC 7009).
    ///
    /// # Errors
    /// Those of [`begin_revocation`](Self::begin_revocation), [`Transport::send`] and
    /// [`Revocation::receive`](crate::Revocation::receive). What failed may be repeated: a token that is not valid any more
    /// is revoked with success.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// client.revoke(&tokens, &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn revoke(&self, tokens: &Tokens, transport: &Transport) -> Result<(), Error> {
        transport.run(self.begin_revocation(tokens)?, Revocation::request, Revocation::receive)
    }
}

#[cfg(feature = "id-token")]
impl Client {
    /// Asks the provider who the user of these tokens is (OpenID Connect Core section 5.3).
    ///
    /// # Errors
    /// Those of [`begin_userinfo`](Self::begin_userinfo), [`Transport::send`] and
    /// [`Userinfo::receive`](crate::Userinfo::receive).
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let profile = client.userinfo(&tokens, &Transport::new())?;
    /// println!("hello {}", profile.subject());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn userinfo(&self, tokens: &Tokens, transport: &Transport) -> Result<Claims, Error> {
        transport.run(self.begin_userinfo(tokens)?, Userinfo::request, Userinfo::receive)
    }
}

impl Provider {
    /// Fetches the metadata of the server with this issuer: the loop of [`Discovery`]. For an issuer that a user typed in,
    /// use a transport that is [`public_only`](Transport::public_only).
    ///
    /// # Errors
    /// Those of [`Discovery`] and of [`Transport::send`].
    ///
    /// ```no_run
    /// # use proofkey::{Error, Provider, Transport};
    /// let provider = Provider::discover("https://login.example.com", &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn discover(issuer: impl Into<String>, transport: &Transport) -> Result<Self, Error> {
        transport.run(Discovery::new(issuer)?, Discovery::request, Discovery::receive)
    }
}

/// For a login that is an object, which only one caller has.
struct NoStore;

impl SpendStore for NoStore {
    fn spend(&self, _login_id: &str, _until: i64) -> Result<(), Error> {
        Ok(())
    }

    fn unspend(&self, _login_id: &str) {}
}
