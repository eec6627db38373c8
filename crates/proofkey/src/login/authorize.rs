use std::fmt;

use zeroize::Zeroizing;

use crate::client::is_vschar;
use crate::id_token::Asked;
use crate::syntax::form;
use crate::{Client, Error, ErrorKind, Login, Verifier};

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
