use super::replay_store::ReplayStore;
use super::{Callback, Login, Refusal};
use crate::client::Client;
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::http::{Failure, Transport};
use crate::tokens::Tokens;

impl Client {
    /// Checks the callback, exchanges its code, and returns the tokens: [`Login::accept`] and the loop of
    /// [`Roundtrip`](crate::Roundtrip), by this machine's clock.
    ///
    /// # Errors
    /// A [`Refusal`]. It contains the login if the code is still unused: if anybody could have sent the callback, or if
    /// no byte of the request was sent. In the latter case the same call may succeed later. So it may if the tokens are
    /// here and only the keys for their ID token are not: the login in the refusal holds them.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
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
        login.finish_with(callback, transport, None, || Ok(self.clone()))
    }

    /// [`finish`](Self::finish) for a login that was [resumed](Self::resume). No matter how often its callback is
    /// delivered, and to how many workers that share the store, only one of them sends the code.
    ///
    /// # Errors
    /// Those of [`finish`](Self::finish) and of [`ReplayStore::claim`]:
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) for every caller but the first, and
    /// [`StoreUnavailable`](ErrorKind::StoreUnavailable), with the login, because the code was not sent.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, MemoryReplayStore, Provider, SealKeys, Transport, now};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let (keys, store, sealed, callback_url) = (SealKeys::new([7; 32])?, MemoryReplayStore::new(), "", "");
    /// let login = client.resume(sealed, &keys, "github", now())?;
    /// let tokens = client.finish_once(login, callback_url, &Transport::new(), &store)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish_once(
        &self,
        login: Login,
        callback: impl Into<Callback>,
        transport: &Transport,
        store: &dyn ReplayStore,
    ) -> Result<Tokens, Refusal> {
        login.finish_with(callback, transport, Some(store), || Ok(self.clone()))
    }
}

impl Login {
    /// [`Client::finish_once`] for a client whose secret is fetched when it is needed: see
    /// [`accept_with`](Self::accept_with).
    ///
    /// # Errors
    /// Those of `finish_once`; with the login in the refusal, those of `client`.
    pub fn finish_with(
        self,
        callback: impl Into<Callback>,
        transport: &Transport,
        store: Option<&dyn ReplayStore>,
        client: impl FnOnce() -> Result<Client, Error>,
    ) -> Result<Tokens, Refusal> {
        let store = store.unwrap_or(&NoReplayStore);
        let now = now();
        let (mut login, code) = self.checked(&callback.into(), now, client)?;
        let key = login.replay_key();
        let exchange = match login.exchange.take() {
            Some(pending) => *pending,
            None => {
                let exchange = match login.exchange(&code, now) {
                    Ok(exchange) => exchange,
                    Err(verdict) => return Err(verdict.on(login)),
                };
                if let Err(error) = store.claim(&key, login.expires_at()) {
                    let login = (error.kind() != ErrorKind::LoginAlreadyUsed).then(|| Box::new(login));
                    return Err(Refusal { error, login });
                }
                exchange
            }
        };
        transport.run(exchange).map_err(|Failure { error, pending }| {
            let login = if !error.request_sent() {
                store.release(&key);
                if let Some(exchange) = pending {
                    exchange.release();
                }
                Some(login)
            } else {
                pending.map(|exchange| Self { exchange: Some(exchange), ..login })
            };
            Refusal { error, login: login.map(Box::new) }
        })
    }
}

/// For [`Client::finish`]: only one caller has the login.
struct NoReplayStore;

impl ReplayStore for NoReplayStore {
    fn claim(&self, _key: &str, _until: i64) -> Result<(), Error> {
        Ok(())
    }

    fn release(&self, _key: &str) {}
}
