use std::fmt;

use zeroize::Zeroizing;

use crate::callback::{Callback, Response};
use crate::client::is_vschar;
use crate::exchange::{Exchange, Expected};
use crate::form;
use crate::openid::{Asked, OpenId};
use crate::{Client, Error, ErrorKind, OAuthError, Verifier};

/// An authorization request under construction; [`Client::authorize`] starts one.
///
/// ```
/// # use proofkey::{Client, Provider};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
/// let login = client.authorize().scope("files.read").extra("prompt", "consent").begin(1_700_000_000)?;
/// # let _ = login;
/// # Ok::<(), proofkey::Error>(())
/// ```
#[must_use]
pub struct Authorize {
    pub(crate) client: Client,
    scope: String,
    extra: Vec<(String, String)>,
    state: Option<String>,
    verifier: Option<Verifier>,
    pub(crate) asked: Asked,
    form_post: bool,
    data: Zeroizing<String>,
}

impl Authorize {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            scope: String::new(),
            extra: Vec::new(),
            state: None,
            verifier: None,
            asked: Asked::default(),
            form_post: false,
            data: Zeroizing::default(),
        }
    }

    /// What is asked for: scope tokens, separated by single spaces (RFC 6749 section 3.3). None by default.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), ..self }
    }

    /// A further parameter of the authorization request. One without a value is not sent.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// How the server may ask the user: `consent`, `login`, `select_account` or `none` (OpenID Connect Core section
    /// 3.1.2.1, understood by many OAuth servers).
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.extra("prompt", prompt)
    }

    /// Who is about to sign in, if the application knows: an address or a name for the server's form.
    pub fn login_hint(self, login_hint: impl Into<String>) -> Self {
        self.extra("login_hint", login_hint)
    }

    /// Where the access token is to be used (RFC 8707); may be called more than once.
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.extra("resource", resource)
    }

    /// Asks the server to have the browser post the answer as a form instead of putting it into the URL (OAuth 2.0 Form Post
    /// Response Mode), which some servers want for some scopes. [`Callback::form_post`] takes it.
    ///
    /// ```
    /// # use proofkey::{Client, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let login = client.authorize().form_post().begin(1_700_000_000)?;
    /// assert!(login.url().ends_with("&response_mode=form_post"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn form_post(self) -> Self {
        Self { form_post: true, ..self }
    }

    /// A text of the application that stays with the login, sealed or not: for example where the user is to go afterwards.
    /// At most 256 bytes. It is not sent; [`Login::data`] gives it back.
    ///
    /// ```
    /// # use proofkey::{Client, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let login = client.authorize().data("/photos?page=2").begin(1_700_000_000)?;
    /// assert_eq!(login.data(), "/photos?page=2");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn data(self, data: impl Into<String>) -> Self {
        Self { data: Zeroizing::new(data.into()), ..self }
    }

    /// Uses this state instead of 128 fresh random bits: for tests, and for applications that can vouch for theirs. It
    /// must be unguessable, used once, and bound to the browser.
    pub fn state(self, state: impl Into<String>) -> Self {
        Self { state: Some(state.into()), ..self }
    }

    /// Uses this verifier instead of a fresh one: for tests.
    pub fn verifier(self, verifier: Verifier) -> Self {
        Self { verifier: Some(verifier), ..self }
    }

    /// Makes the login: a fresh state and a fresh verifier, and the URL to send the browser to. `now` is in seconds since
    /// the epoch; the login expires ten minutes later.
    ///
    /// # Errors
    /// [`ScopeInvalid`](ErrorKind::ScopeInvalid); [`StateInvalid`](ErrorKind::StateInvalid);
    /// [`ParameterReserved`](ErrorKind::ParameterReserved) for an extra parameter, or one in the query of the endpoint,
    /// that this request sets itself or that comes twice (only `resource` may);
    /// [`SealTooLarge`](ErrorKind::SealTooLarge) for more than 256 bytes of [`data`](Self::data); and
    /// [`EntropyUnavailable`](ErrorKind::EntropyUnavailable).
    ///
    /// The scope `openid` adds a fresh nonce, and has the ID token checked: [`IssuerMissing`](ErrorKind::IssuerMissing) and
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) unless the provider has an issuer and a `jwks_uri`. Without the
    /// feature `id-token` it is [`ScopeInvalid`](ErrorKind::ScopeInvalid): no login may rest on an unchecked ID token.
    pub fn begin(self, now: i64) -> Result<Login, Error> {
        let scope = check_scope(&self.scope)?;
        let is_openid = scope.iter().any(|token| token == "openid");
        let asked = self.asked.settled(&self.client, is_openid)?;
        let openid_parameters = asked.as_ref().map(Asked::parameters).unwrap_or_default();
        if self.data.len() > MAX_DATA {
            return Err(ErrorKind::SealTooLarge.into());
        }
        let state = random_unless(self.state)?;
        let verifier = match self.verifier {
            Some(verifier) => verifier,
            None => Verifier::generate()?,
        };
        let challenge = verifier.challenge();
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", self.client.id()),
            ("redirect_uri", self.client.redirect_uri_text().unwrap_or_default()),
            ("scope", &self.scope),
            ("state", &state),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        if self.form_post {
            parameters.push(("response_mode", "form_post"));
        }
        let sent = openid_parameters.iter().filter(|(_, value)| !value.is_empty());
        parameters.extend(sent.map(|(name, value)| (*name, value.as_str())));
        for (name, value) in &self.extra {
            let is_taken = RESERVED.contains(&name.as_str()) || parameters.iter().any(|(taken, _)| taken == name);
            if name.is_empty() || is_taken && name != "resource" {
                return Err(ErrorKind::ParameterReserved.into());
            }
            parameters.push((name, value));
        }
        for (name, value) in self.client.provider().quirks().iter().flat_map(|quirk| quirk.parameters()) {
            if !parameters.iter().any(|(taken, _)| taken == name) {
                parameters.push((name, value));
            }
        }
        let url = form::add_query(self.client.provider().authorization_endpoint(), &parameters, &RESERVED)?;
        Ok(Login {
            client: self.client,
            state,
            verifier: Box::new(verifier),
            url,
            scope,
            began_at: now,
            expires_at: now.saturating_add(LIFETIME),
            asked,
            data: self.data,
        })
    }
}

/// Redacted: it may hold a verifier.
impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize").field("client", &self.client).field("scope", &self.scope).finish_non_exhaustive()
    }
}

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

/// Cuts a scope into its tokens (RFC 6749 appendix A.4).
pub(crate) fn check_scope(scope: &str) -> Result<Vec<String>, ErrorKind> {
    let is_token =
        |token: &str| !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
    match scope {
        "" => Ok(Vec::new()),
        _ if scope.split(' ').all(is_token) => Ok(scope.split(' ').map(str::to_owned).collect()),
        _ => Err(ErrorKind::ScopeInvalid),
    }
}

/// What the caller vouches for, or 128 random bits as base64url (RFC 6749 section 10.10): characters that no server
/// mangles.
pub(crate) fn random_unless(given: Option<String>) -> Result<String, ErrorKind> {
    use base64::Engine as _;
    match given {
        Some(text) if is_vschar(&text) => return Ok(text),
        Some(_) => return Err(ErrorKind::StateInvalid),
        None => {}
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ErrorKind::EntropyUnavailable)?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

/// How long a login stays usable, in seconds.
const LIFETIME: i64 = 600;

/// How far the clocks of two machines that share logins may be apart, in seconds.
pub(crate) const CLOCK_SKEW: i64 = 60;

/// How much of the application's own a login carries, in bytes.
pub(crate) const MAX_DATA: usize = 256;

/// Parameters that the flow sets, or that would change what its checks mean.
const RESERVED: [&str; 13] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "nonce",
    "max_age",
];
