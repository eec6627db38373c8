use std::sync::Mutex;

use proofkey::{ClientAuthentication, Error, IdTokenAlgorithm, Secret};
use zeroize::Zeroizing;

use crate::authorize::Authorize;
use crate::authorize_device::AuthorizeDevice;
use crate::exchange::Exchange;
use crate::lock::lock;
use crate::login::Login;
use crate::provider::Provider;
use crate::refused::Refused;
use crate::seal_keys::SealKeys;
use crate::text::{Text, Texts};
use crate::tokens::Tokens;

/// An OAuth client that can still be configured. Logins begin with the settings of that moment.
pub struct Client(Mutex<State>);

struct State {
    client: proofkey::Client,
    texts: Texts,
}

impl Client {
    /// A public client of this provider, which is copied.
    ///
    /// # Errors
    /// Those of [`proofkey::Client::new`].
    pub fn new(provider: &Provider, id: &str) -> Result<Self, Refused> {
        let client = proofkey::Client::new(provider.copy(), id)?;
        Ok(Self(Mutex::new(State { client, texts: Texts::default() })))
    }

    /// See [`proofkey::Client::with_redirect_uri`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::with_redirect_uri`]; the client is then unchanged.
    pub fn set_redirect_uri(&self, redirect_uri: &str) -> Result<(), Refused> {
        self.change(|client| client.with_redirect_uri(redirect_uri))
    }

    /// Authenticates by `client_secret_basic`.
    ///
    /// # Errors
    /// Those of [`proofkey::Client::with_authentication`]; the client is then unchanged.
    pub fn set_secret_basic(&self, secret: &str) -> Result<(), Refused> {
        self.change(|client| client.with_authentication(ClientAuthentication::ClientSecretBasic(Secret::new(secret))))
    }

    /// Authenticates by `client_secret_post`.
    ///
    /// # Errors
    /// As for [`set_secret_basic`](Self::set_secret_basic).
    pub fn set_secret_post(&self, secret: &str) -> Result<(), Refused> {
        self.change(|client| client.with_authentication(ClientAuthentication::ClientSecretPost(Secret::new(secret))))
    }

    /// Accepts only ID tokens with these signatures: names that are separated by single spaces.
    ///
    /// # Errors
    /// Those of [`IdTokenAlgorithm::from_str`](std::str::FromStr::from_str); the client is then unchanged.
    pub fn set_id_token_algorithms(&self, names: &str) -> Result<(), Refused> {
        let algorithms = names.split(' ').map(str::parse).collect::<Result<Vec<IdTokenAlgorithm>, _>>()?;
        self.change(|client| Ok(client.with_id_token_algorithms(algorithms)))?;
        lock(&self.0).texts.take_back();
        Ok(())
    }

    /// See [`proofkey::Client::with_id_token_leeway`].
    ///
    /// # Errors
    /// None; a `Result` like that of the other setters.
    pub fn set_id_token_leeway(&self, seconds: u32) -> Result<(), Refused> {
        self.change(|client| Ok(client.with_id_token_leeway(seconds)))
    }

    /// See [`proofkey::Client::with_trusted_audience`].
    ///
    /// # Errors
    /// None; a `Result` like that of the other setters.
    pub fn add_trusted_audience(&self, audience: &str) -> Result<(), Refused> {
        self.change(|client| Ok(client.with_trusted_audience(audience)))
    }

    /// See [`proofkey::Client::trust_token_endpoint_tls`].
    ///
    /// # Errors
    /// None; a `Result` like that of the other setters.
    pub fn trust_token_endpoint_tls(&self) -> Result<(), Refused> {
        self.change(|client| Ok(client.trust_token_endpoint_tls()))
    }

    /// The signatures that ID tokens may have, separated by spaces.
    pub fn id_token_algorithms(&self) -> Option<Text> {
        let State { client, texts } = &mut *lock(&self.0);
        texts.lend("id_token_algorithms", || {
            let names: Vec<_> = client.id_token_algorithms().iter().map(|algorithm| algorithm.as_str()).collect();
            Some(names.join(" "))
        })
    }

    /// Starts an authorization request; `None` asks for no scope.
    #[must_use]
    pub fn authorize(&self, scope: Option<&str>) -> Authorize {
        Authorize::new(self.copy().authorize().scope(scope.unwrap_or_default()))
    }

    /// Starts a device authorization request; `None` asks for no scope.
    #[must_use]
    pub fn authorize_device(&self, scope: Option<&str>) -> AuthorizeDevice {
        AuthorizeDevice::new(self.copy().authorize_device().scope(scope.unwrap_or_default()))
    }

    /// See [`proofkey::Client::resume`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::resume`].
    pub fn resume(&self, sealed: &str, keys: &SealKeys, context: &str, now: i64) -> Result<Login, Refused> {
        let client = self.copy();
        Ok(Login::new(keys.with(|keys| client.resume(sealed, keys, context, now))?))
    }

    /// See [`proofkey::Client::begin_refresh`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::begin_refresh`].
    pub fn begin_refresh(&self, tokens: &Tokens, now: i64) -> Result<Exchange, Refused> {
        Ok(self.copy().begin_refresh(&tokens.share(), now)?.into())
    }

    /// See [`proofkey::Client::begin_revocation`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::begin_revocation`].
    pub fn begin_revocation(&self, tokens: &Tokens) -> Result<Exchange, Refused> {
        Ok(self.copy().begin_revocation(&tokens.share())?.into())
    }

    /// See [`proofkey::Client::begin_userinfo`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::begin_userinfo`].
    pub fn begin_userinfo(&self, tokens: &Tokens) -> Result<Exchange, Refused> {
        Ok(self.copy().begin_userinfo(&tokens.share())?.into())
    }

    /// See [`proofkey::Client::end_session_url`]. The URL contains the ID token.
    ///
    /// # Errors
    /// Those of [`proofkey::Client::end_session_url`].
    pub fn end_session_url(
        &self,
        tokens: &Tokens,
        return_to: Option<&str>,
        state: Option<&str>,
    ) -> Result<Zeroizing<String>, Refused> {
        Ok(Zeroizing::new(self.copy().end_session_url(&tokens.share(), return_to, state)?))
    }

    /// See [`proofkey::Client::accept_end_session`].
    ///
    /// # Errors
    /// Those of [`proofkey::Client::accept_end_session`].
    pub fn accept_end_session(&self, callback_url: &str, return_to: &str, state: &str) -> Result<(), Refused> {
        Ok(self.copy().accept_end_session(callback_url, return_to, state)?)
    }

    /// The client of the moment, which shares its caches with this one.
    fn copy(&self) -> proofkey::Client {
        lock(&self.0).client.clone()
    }

    fn change(&self, change: impl FnOnce(proofkey::Client) -> Result<proofkey::Client, Error>) -> Result<(), Refused> {
        let mut state = lock(&self.0);
        state.client = change(state.client.clone())?;
        Ok(())
    }
}
