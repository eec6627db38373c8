mod authorize;
mod callback;
mod replay_store;
mod seal;

pub use authorize::Authorize;
#[cfg(feature = "id-token")]
pub(crate) use authorize::random_unless;
pub use callback::Callback;
pub use replay_store::{MemoryStore, SpendStore};
pub use seal::SealKeys;

use std::fmt;

use zeroize::Zeroizing;

use self::callback::Response;
use crate::client::is_vschar;
use crate::id_token::{Asked, OpenId};
use crate::tokens::{Exchange, Expected};
use crate::{Client, Error, ErrorKind, OAuthError, Verifier};

/// One pending authorization: what was sent, and what the answer is checked against. It is used once, and expires ten
/// minutes after it began.
///
/// It holds the verifier: keep it where only this user's browser can reach it again, and never in a readable cookie.
/// [`seal`](Self::seal) makes an encrypted text of it.
pub struct Login {
    pub(crate) client: Client,
    pub(crate) state: String,
    pub(crate) verifier: Box<Verifier>,
    pub(crate) url: String,
    pub(crate) scope: Vec<String>,
    pub(crate) began_at: i64,
    pub(crate) expires_at: i64,
    /// If it has the scope `openid`.
    pub(crate) asked: Option<Asked>,
    pub(crate) data: Zeroizing<String>,
}

impl Login {
    /// The URL to send the browser to (RFC 6749 section 4.1.1). The verifier is not in it. Empty for a login that was
    /// resumed: its browser was sent there already.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
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

    /// Whether it is too late for this login. Much too early is too late as well: then a clock was wrong, and the time of
    /// the end means nothing.
    pub(crate) const fn is_over(&self, now: i64) -> bool {
        now > self.expires_at || now < self.began_at.saturating_sub(CLOCK_SKEW)
    }

    /// Checks the redirect that came back, and turns this login into the exchange of its code. In this order: where it
    /// arrived, what came twice, `state`, `iss`, then `error`, then `code` (RFC 6749 section 4.1.2, RFC 9207).
    ///
    /// # Errors
    /// A [`Refusal`]. What anybody could have sent (malformed, another state, another issuer) hands the login back in it:
    /// the real answer may still come. An answer with the right state spends it, a refusal
    /// ([`AuthorizationError`](ErrorKind::AuthorizationError), with the server's words) as well as a code.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
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
        match self.check(&callback.into(), now) {
            Ok(code) => Ok(self.exchange(&self.client, &code, now)),
            Err(verdict) => Err(verdict.on(self)),
        }
    }

    /// The same for a code that the server showed to the user, who typed it in: only for a login that began without a
    /// redirect URI. There is neither a state nor an issuer to check; the verifier alone ties the code to this login.
    ///
    /// # Errors
    /// A [`Refusal`] with the login in it: [`CodeMissing`](ErrorKind::CodeMissing) and
    /// [`CodeInvalid`](ErrorKind::CodeInvalid) for what cannot be a code (nothing is trimmed), and
    /// [`RedirectUriMismatch`](ErrorKind::RedirectUriMismatch) for a login with a redirect URI. Without it:
    /// [`LoginExpired`](ErrorKind::LoginExpired).
    ///
    /// ```
    /// # use proofkey::{Client, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let login = Client::new(provider, "my-cli")?.authorize().begin(0)?;
    /// let exchange = login.accept_pasted_code("pasted-code", 0)?;
    /// assert!(exchange.request().body().starts_with("grant_type=authorization_code&code=pasted-code&code_verifier="));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn accept_pasted_code(self, code: &str, now: i64) -> Result<Exchange, Refusal> {
        let kind = match code {
            _ if self.is_over(now) => return Err(Verdict::Spent(ErrorKind::LoginExpired.into()).on(self)),
            _ if self.client.redirect_uri_text().is_some() => ErrorKind::RedirectUriMismatch,
            "" => ErrorKind::CodeMissing,
            code if is_vschar(code) => return Ok(self.exchange(&self.client, code, now)),
            _ => ErrorKind::CodeInvalid,
        };
        Err(Verdict::Anybodys(kind).on(self))
    }

    /// [`accept`](Self::accept) by a client that may have got another secret since.
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept), and [`SealClient`](ErrorKind::SealClient), with the login, if it began with
    /// another server, client id or redirect URI.
    pub fn accept_as(self, client: &Client, callback: impl Into<Callback>, now: i64) -> Result<Exchange, Refusal> {
        match self.check_as(client, &callback.into(), now) {
            Ok(code) => Ok(self.exchange(client, &code, now)),
            Err(verdict) => Err(verdict.on(self)),
        }
    }

    /// [`check`](Self::check), and that the login is one of this client.
    pub(crate) fn check_as(
        &self,
        client: &Client,
        callback: &Callback,
        now: i64,
    ) -> Result<Zeroizing<String>, Verdict> {
        if !client.is_same_as(&self.client) {
            return Err(Verdict::Anybodys(ErrorKind::SealClient));
        }
        self.check(callback, now)
    }

    /// [`accept`](Self::accept) without using the login up.
    pub(crate) fn check(&self, callback: &Callback, now: i64) -> Result<Zeroizing<String>, Verdict> {
        if self.is_over(now) {
            return Err(Verdict::Spent(ErrorKind::LoginExpired.into()));
        }
        let response = self.authenticate(callback).map_err(Verdict::Anybodys)?;
        code(response).map_err(Verdict::Spent)
    }

    /// The parameters of a callback that is shown to answer this login.
    fn authenticate(&self, callback: &Callback) -> Result<Response, ErrorKind> {
        let response = callback.read(self.client.redirect_uri_text())?;
        response.check_state(&self.state)?;
        let provider = self.client.provider();
        response.check_iss(provider.expected_issuer(), provider.promises_iss())?;
        Ok(response)
    }

    /// The exchange of a checked code, by this client as it is now: its secret may have changed since the login began.
    pub(crate) fn exchange(&self, client: &Client, code: &str, now: i64) -> Exchange {
        let parameters = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect_uri_text().unwrap_or_default()),
            ("code_verifier", self.verifier.expose()),
        ];
        // The code goes where the login began, even if the server's metadata says otherwise since.
        let provider = self.client.provider();
        let expected = Expected { scope: self.scope.clone(), quirks: provider.quirks().to_vec(), kept: None };
        let began_at = self.began_at;
        let openid = self.asked.as_ref().and_then(|asked| OpenId::of_login(client, asked.clone(), began_at, code));
        Exchange::new(client.request(provider.token_endpoint(), &parameters), expected, openid, now)
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
    Anybodys(ErrorKind),
    /// The login is over.
    Spent(Error),
}

impl Verdict {
    pub(crate) fn on(self, login: Login) -> Refusal {
        match self {
            Self::Anybodys(kind) => Refusal { error: kind.into(), login: Some(Box::new(login)) },
            Self::Spent(error) => Refusal { error, login: None },
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
    /// The login, still usable: the callback may have been anybody's, or nothing of it was sent on.
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

/// The code of an authenticated response, or the server's refusal. An error wins: no code beside one is ever used.
fn code(mut response: Response) -> Result<Zeroizing<String>, Error> {
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
