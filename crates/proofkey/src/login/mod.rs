mod authorize;
mod callback;
#[cfg(feature = "http")]
mod finish;
mod replay_store;
mod seal;

use std::fmt;

use proofkey_core::Verifier;
use zeroize::Zeroizing;

pub use self::authorize::Authorize;
pub(crate) use self::authorize::{add_extra, is_resource};
pub use self::callback::Callback;
pub use self::replay_store::{MemoryReplayStore, ReplayStore};
use crate::client::Client;
use crate::client_authentication::ClientAuthenticationMethod;
use crate::error::{Endpoint, Error, ErrorKind, OAuthError};
use crate::id_token::{IdTokenCheck, OpenIdRequest};
use crate::syntax::grammar::is_vschar;
use crate::tokens::{Exchange, Expected};
use callback::AuthorizationResponse;

/// One pending authorization: what was sent, and what the response is checked against. It is used once, and expires ten
/// minutes after it began.
///
/// It contains the verifier: keep it where only this user's browser can reach it again, and never in a readable cookie.
/// [`seal`](Self::seal) turns it into an encrypted text.
pub struct Login {
    pub(crate) client: Client,
    state: String,
    verifier: Box<Verifier>,
    url: String,
    scope: Vec<String>,
    began_at: i64,
    expires_at: i64,
    /// Only with the scope `openid`.
    openid: Option<OpenIdRequest>,
    /// Whether the response has to come as a form that the browser posts.
    form_post: bool,
    resource: Vec<String>,
    data: Zeroizing<String>,
    /// The exchange that a failed [`Client::finish`] left pending, after the code was sent.
    exchange: Option<Box<Exchange>>,
}

impl Login {
    /// The URL to send the browser to (RFC 6749 section 4.1.1). It does not contain the verifier. Empty for a login
    /// that was resumed: its browser was sent there already.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The scope that was asked for, as tokens.
    #[must_use]
    pub fn scope(&self) -> &[String] {
        &self.scope
    }

    /// When this login expires, in seconds since the epoch.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// What the application gave to [`Authorize::data`]; empty without it.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whether this login has expired. Also true if it seems to begin more than a minute from now: then the clocks
    /// disagree, and the expiry cannot be trusted.
    pub(crate) const fn has_expired(&self, now: i64) -> bool {
        now > self.expires_at || now < self.began_at.saturating_sub(CLOCK_SKEW)
    }

    /// The same login, continued by this client, whose secret may have changed since the login began. The endpoints
    /// stay those that the login began with.
    ///
    /// # Errors
    /// A [`Refusal`] with the login in it: [`SealClient`](ErrorKind::SealClient) unless the client has the same issuer
    /// (without one, the same endpoints), client id and redirect URI and, if it has a secret, the same token endpoint.
    pub fn with_client(self, client: &Client) -> Result<Self, Refusal> {
        // A secret goes only to the token endpoint that the client itself has: another tenant may share the issuer's
        // origin.
        let has_secret = client.authentication().method() != ClientAuthenticationMethod::None;
        let is_elsewhere = client.provider().token_endpoint() != self.client.provider().token_endpoint();
        if !client.is_same_as(&self.client) || has_secret && is_elsewhere {
            return Err(Verdict::Usable(ErrorKind::SealClient).on(self));
        }
        Ok(Self { client: client.as_recorded(&self.client), ..self })
    }

    /// Checks the callback, and turns this login into the exchange of its code. The checks, in this order: the URI
    /// where it arrived, repeated parameters, `state`, `iss`, then `error`, then `code` (RFC 6749 section 4.1.2, RFC
    /// 9207).
    ///
    /// # Errors
    /// A [`Refusal`]. If anybody could have sent the callback (it is malformed, or has another state or issuer), the
    /// login is in the refusal: the real response may still come. A response with the right state uses the login up,
    /// both with a code and with an error ([`AuthorizationError`](ErrorKind::AuthorizationError), with the server's
    /// words). [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) if the login was sealed, and a code of it was accepted
    /// already: the client and its clones remember the last ten thousand. [`Exchange::release`] gives a login back whose
    /// code was not sent.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().state("the-state").begin(0)?;
    /// let refusal = login.accept("https://client.example/cb?code=x&state=forged", 0).unwrap_err();
    /// assert_eq!(refusal.error.kind(), ErrorKind::StateMismatch);
    ///
    /// let login = refusal.login.expect("a forged callback leaves the login usable");
    /// let exchange = login.accept("https://client.example/cb?code=x&state=the-state", 0)?;
    /// # let _ = exchange;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn accept(self, callback: impl Into<Callback>, now: i64) -> Result<Exchange, Refusal> {
        match self.code(&callback.into(), now) {
            Ok(code) => self.into_exchange(&code, now),
            Err(verdict) => Err(verdict.on(self)),
        }
    }

    /// [`accept`](Self::accept) for a client whose secret is fetched when it is needed: `client` is called only once
    /// the callback has passed the checks. It gives the client that began the login, with its secret of the moment.
    ///
    /// # Errors
    /// Those of `accept`; with the login in the refusal, those of `client` and of [`with_client`](Self::with_client).
    ///
    /// ```
    /// # use proofkey::{Client, ClientAuthentication, Provider, Roundtrip, Secret};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().state("s").begin(0)?;
    /// # fn newest_secret() -> Secret { Secret::new("of today") }
    /// let exchange = login.accept_with("https://client.example/cb?code=c&state=s", 0, || {
    ///     client.clone().with_authentication(ClientAuthentication::ClientSecretPost(newest_secret()))
    /// })?;
    /// assert!(exchange.request().body().ends_with("&client_secret=of+today"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn accept_with(
        self,
        callback: impl Into<Callback>,
        now: i64,
        client: impl FnOnce() -> Result<Client, Error>,
    ) -> Result<Exchange, Refusal> {
        let (login, code) = self.checked(&callback.into(), now, client)?;
        login.into_exchange(&code, now)
    }

    /// [`accept`](Self::accept) for a code that the server showed to the user, who typed it in: only for a login that
    /// began without a redirect URI. There is neither a state nor an issuer to check; only the verifier ties the code
    /// to this login.
    ///
    /// # Errors
    /// A [`Refusal`] with the login in it: [`CodeMissing`](ErrorKind::CodeMissing) and
    /// [`CodeInvalid`](ErrorKind::CodeInvalid) for what cannot be a code (nothing is trimmed), and
    /// [`RedirectUriMismatch`](ErrorKind::RedirectUriMismatch) for a login with a redirect URI. Without it:
    /// [`LoginExpired`](ErrorKind::LoginExpired).
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Roundtrip};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let login = Client::new(provider, "my-cli")?.authorize().begin(0)?;
    /// let exchange = login.accept_pasted_code("pasted-code", 0)?;
    /// assert!(exchange.request().body().starts_with("grant_type=authorization_code&code=pasted-code&code_verifier="));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn accept_pasted_code(self, code: &str, now: i64) -> Result<Exchange, Refusal> {
        let kind = match code {
            _ if self.has_expired(now) => return Err(Verdict::Over(ErrorKind::LoginExpired.into()).on(self)),
            _ if self.client.redirect_uri().is_some() => ErrorKind::RedirectUriMismatch,
            "" => ErrorKind::CodeMissing,
            code if is_vschar(code) => return self.into_exchange(code, now),
            _ => ErrorKind::CodeInvalid,
        };
        Err(Verdict::Usable(kind).on(self))
    }

    /// The login with the client that is asked for once the callback has passed the checks, and the code.
    pub(crate) fn checked(
        self,
        callback: &Callback,
        now: i64,
        client: impl FnOnce() -> Result<Client, Error>,
    ) -> Result<(Self, Zeroizing<String>), Refusal> {
        let code = match self.code(callback, now) {
            Ok(code) => code,
            Err(verdict) => return Err(verdict.on(self)),
        };
        match client() {
            Ok(client) => Ok((self.with_client(&client)?, code)),
            Err(error) => Err(Refusal { error, login: Some(Box::new(self)) }),
        }
    }

    /// The code in a callback that belongs to this login.
    pub(crate) fn code(&self, callback: &Callback, now: i64) -> Result<Zeroizing<String>, Verdict> {
        if self.has_expired(now) {
            return Err(Verdict::Over(ErrorKind::LoginExpired.into()));
        }
        let response = self.authenticate(callback).map_err(Verdict::Usable)?;
        code(response).map_err(Verdict::Over)
    }

    /// The parameters of the callback, once it is shown to belong to this login.
    fn authenticate(&self, callback: &Callback) -> Result<AuthorizationResponse, ErrorKind> {
        if callback.is_form_post() != self.form_post {
            return Err(ErrorKind::ResponseModeUnsupported);
        }
        let response = callback.read(self.client.redirect_uri())?;
        response.check_state(&self.state)?;
        let provider = self.client.provider();
        response.check_iss(provider.issuer(), provider.iss_parameter_supported())?;
        Ok(response)
    }

    /// The exchange that is pending, else that of the code.
    fn into_exchange(mut self, code: &str, now: i64) -> Result<Exchange, Refusal> {
        match self.exchange.take() {
            Some(pending) => Ok(*pending),
            None => self.exchange(code, now).map_err(|verdict| verdict.on(self)),
        }
    }

    /// Uses the login, unless its client has used it already: whoever has the text of a sealed login can resume it
    /// again.
    pub(crate) fn exchange(&self, code: &str, now: i64) -> Result<Exchange, Verdict> {
        let claim = self.client.used_logins().claim(&self.state, self.verifier.challenge().as_str());
        let claim = claim.map_err(|kind| Verdict::Over(kind.into()))?;
        let mut parameters = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.client.redirect_uri().unwrap_or_default()),
            ("code_verifier", self.verifier.expose()),
        ];
        let provider = self.client.provider();
        let resource = provider.resource_at_token_endpoint(&self.resource);
        parameters.extend(resource.iter().map(|resource| ("resource", resource.as_str())));
        let request = self.client.request(Endpoint::Token, provider.token_endpoint(), &parameters);
        let expected = Expected {
            scope: self.scope.clone(),
            resource: self.resource.clone(),
            quirks: provider.quirks().to_vec(),
            kept: None,
        };
        let openid = self.openid.clone();
        let id_token = openid.and_then(|openid| IdTokenCheck::of_login(&self.client, openid, self.began_at, code));
        Ok(Exchange::new(request, expected, id_token, now).with_claim(claim))
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("client", &self.client)
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What a failed check means for the login.
pub(crate) enum Verdict {
    /// Anybody could have sent this: the login stays usable.
    Usable(ErrorKind),
    /// The login is over.
    Over(Error),
}

impl Verdict {
    pub(crate) fn on(self, login: Login) -> Refusal {
        match self {
            Self::Usable(kind) => Refusal { error: kind.into(), login: Some(Box::new(login)) },
            Self::Over(error) => Refusal { error, login: None },
        }
    }
}

/// Why a callback was not accepted and, if the login is still usable, the login itself.
///
/// With `?` it becomes the [`Error`] alone.
#[derive(Debug)]
pub struct Refusal {
    /// What was wrong.
    pub error: Error,
    /// The login, if it is still usable: anybody could have sent the callback, or nothing was sent to the server. Also
    /// after [`Client::finish`] got the tokens but not the keys for their ID token
    /// ([`KeysUnavailable`](ErrorKind::KeysUnavailable) with [`request_sent`](Error::request_sent)): the login then
    /// holds them, and the same call asks for the keys alone.
    pub login: Option<Box<Login>>,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Refusal {}

/// The code of an authenticated response, or the server's refusal. If there is an error, a code beside it is never
/// used.
fn code(mut response: AuthorizationResponse) -> Result<Zeroizing<String>, Error> {
    match response.error.take() {
        Some(error) => {
            let oauth = OAuthError::new(error, response.error_description.take(), response.error_uri.take());
            Err(Error::from_server(ErrorKind::AuthorizationError, oauth))
        }
        None => Ok(response.into_code()?),
    }
}

/// How far the clocks of two machines that share logins may be apart, in seconds.
pub(crate) const CLOCK_SKEW: i64 = 60;
