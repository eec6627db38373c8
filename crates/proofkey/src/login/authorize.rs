use std::fmt;

use proofkey_core::Verifier;
use zeroize::Zeroizing;

use super::Login;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id_token::OpenIdRequest;
use crate::syntax::form;
use crate::syntax::grammar::{is_vschar, random_text, scope_tokens};
use crate::syntax::uri::Uri;

/// An authorization request under construction; [`Client::authorize`] starts one.
///
/// ```
/// # use proofkey::{Client, Provider};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
/// let login = client.authorize().scope("files.read").extra("prompt", "consent").begin(1_700_000_000)?;
/// # let _ = login;
/// # Ok::<(), proofkey::Error>(())
/// ```
#[must_use]
pub struct Authorize {
    pub(crate) client: Client,
    scope: String,
    extra: Vec<(String, String)>,
    resource: Vec<String>,
    state: Option<String>,
    verifier: Option<Verifier>,
    openid: OpenIdRequest,
    form_post: bool,
    data: Zeroizing<String>,
}

impl Client {
    /// Starts an authorization request.
    pub fn authorize(&self) -> Authorize {
        Authorize::new(self.clone())
    }
}

impl Authorize {
    fn new(client: Client) -> Self {
        Self {
            client,
            scope: String::new(),
            extra: Vec::new(),
            resource: Vec::new(),
            state: None,
            verifier: None,
            openid: OpenIdRequest::default(),
            form_post: false,
            data: Zeroizing::default(),
        }
    }

    /// Sets the scope to ask for: tokens separated by single spaces (RFC 6749 section 3.3). Empty by default.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), ..self }
    }

    /// Adds a parameter to the authorization request. A parameter with an empty value is not sent.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Sets how the server prompts the user: `consent`, `login`, `select_account` or `none` (OpenID Connect Core
    /// section 3.1.2.1, understood by many OAuth servers).
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.extra("prompt", prompt)
    }

    /// Tells the server who is about to sign in, if the application knows: an e-mail address or a name that the server
    /// can put into its form.
    pub fn login_hint(self, login_hint: impl Into<String>) -> Self {
        self.extra("login_hint", login_hint)
    }

    /// Names a resource server that the access token is for: an absolute URI without a fragment (RFC 8707 section 2).
    /// May be called more than once. It is sent in the authorization request, with the code and with every refresh;
    /// [`Quirk::ResourceOnlyAtAuthorization`](crate::Quirk::ResourceOnlyAtAuthorization) is for servers that refuse it
    /// at the token endpoint.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Roundtrip};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// let login = client.authorize().resource("https://api.example").state("s").begin(0)?;
    /// let exchange = login.accept("https://client.example/cb?code=c&state=s", 0)?;
    /// assert!(exchange.request().body().contains("&resource=https%3A%2F%2Fapi.example&"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource.push(resource.into());
        self
    }

    /// Asks the server to have the browser post the response as a form instead of putting it into the URL (OAuth 2.0
    /// Form Post Response Mode). Some servers require this for some scopes.
    /// [`Callback::form_post`](super::Callback::form_post) takes the form.
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

    /// Keeps a text of the application with the login, also when it is sealed: for example the page to return to. At
    /// most 256 bytes. It is not sent to the server; [`Login::data`] returns it.
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

    /// Uses this state instead of 128 fresh random bits: for tests, and for applications that make their own. It must
    /// be unguessable, used once, and bound to the browser.
    pub fn state(self, state: impl Into<String>) -> Self {
        Self { state: Some(state.into()), ..self }
    }

    /// Uses this verifier instead of a fresh one: for tests.
    pub fn verifier(self, verifier: Verifier) -> Self {
        Self { verifier: Some(verifier), ..self }
    }

    /// Makes the login: a fresh state and a fresh verifier, and the URL to send the browser to. `now` is in seconds
    /// since the epoch; the login expires ten minutes later.
    ///
    /// # Errors
    /// [`ScopeInvalid`](ErrorKind::ScopeInvalid) and [`StateInvalid`](ErrorKind::StateInvalid) for characters that they
    /// may not have; [`ParameterReserved`](ErrorKind::ParameterReserved) if an extra parameter, or one in the
    /// endpoint's own query, is set by this request itself or appears twice;
    /// [`ResourceInvalid`](ErrorKind::ResourceInvalid); [`DataTooLarge`](ErrorKind::DataTooLarge) for more than 256
    /// bytes of [`data`](Self::data); and [`EntropyUnavailable`](ErrorKind::EntropyUnavailable).
    ///
    /// With the scope `openid`, a fresh nonce is sent and the ID token is checked. Further errors are then
    /// [`IssuerMissing`](ErrorKind::IssuerMissing) and [`EndpointMissing`](ErrorKind::EndpointMissing) unless the
    /// provider has an issuer and a `jwks_uri`; and [`NonceInvalid`](ErrorKind::NonceInvalid) and
    /// [`AcrValuesInvalid`](ErrorKind::AcrValuesInvalid). Options of OpenID Connect without that scope are
    /// [`OpenidScopeMissing`](ErrorKind::OpenidScopeMissing). Without the feature `id-token`, the scope is
    /// [`OpenidUnsupported`](ErrorKind::OpenidUnsupported), because no login may rely on an unchecked ID token.
    pub fn begin(self, now: i64) -> Result<Login, Error> {
        let scope = scope_tokens(&self.scope)?;
        let is_openid = scope.iter().any(|token| token == "openid");
        let openid = self.openid.begin(&self.client, is_openid)?;
        let openid_parameters = openid.as_ref().map(OpenIdRequest::parameters).unwrap_or_default();
        if self.data.len() > MAX_DATA {
            return Err(ErrorKind::DataTooLarge.into());
        }
        let state = match self.state {
            Some(state) if is_vschar(&state) => state,
            Some(_) => return Err(ErrorKind::StateInvalid.into()),
            None => random_text()?,
        };
        let verifier = match self.verifier {
            Some(verifier) => verifier,
            None => Verifier::generate()?,
        };
        let challenge = verifier.challenge();
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", self.client.id()),
            ("redirect_uri", self.client.redirect_uri().unwrap_or_default()),
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
        if !self.resource.iter().all(|resource| is_resource(resource)) {
            return Err(ErrorKind::ResourceInvalid.into());
        }
        parameters.extend(self.resource.iter().map(|resource| ("resource", resource.as_str())));
        add_extra(&mut parameters, &self.extra)?;
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
            openid,
            form_post: self.form_post,
            resource: self.resource,
            data: self.data,
            exchange: None,
        })
    }
}

/// For logins with the scope `openid` (OpenID Connect Core section 3.1.2.1).
#[cfg(feature = "id-token")]
impl Authorize {
    /// Uses this nonce instead of 128 fresh random bits: for tests.
    pub fn nonce(mut self, nonce: impl Into<String>) -> Self {
        self.openid.nonce = Some(nonce.into());
        self
    }

    /// Requires that the user signed in at the server at most this many seconds ago; otherwise the server asks the user
    /// to sign in again. An ID token with an older sign-in is refused.
    ///
    /// ```
    /// # use proofkey::{Client, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_issuer("https://as.example")?.with_jwks_uri("https://as.example/keys")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let login = client.authorize().scope("openid").max_age(300).begin(0)?;
    /// assert!(login.url().ends_with("&max_age=300"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.openid.max_age = Some(seconds);
        self
    }

    /// Requires one of these ways to sign in, the preferred one first. They are values of `acr`, which the server
    /// defines, for example for a second factor. An ID token with any other `acr` is refused.
    pub fn acr_values(mut self, acr_values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.openid.acr_values = acr_values.into_iter().map(Into::into).collect();
        self
    }
}

/// Redacted: it may hold a verifier.
/// Adds parameters of the application, none of which the flow may set itself.
pub(crate) fn add_extra<'a>(
    parameters: &mut Vec<(&'a str, &'a str)>,
    extra: &'a [(String, String)],
) -> Result<(), ErrorKind> {
    for (name, value) in extra {
        let is_taken = RESERVED.contains(&name.as_str()) || parameters.iter().any(|(taken, _)| taken == name);
        if name.is_empty() || is_taken {
            return Err(ErrorKind::ParameterReserved);
        }
        parameters.push((name, value));
    }
    Ok(())
}

impl fmt::Debug for Authorize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorize").field("client", &self.client).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// How long a login stays usable, in seconds.
const LIFETIME: i64 = 600;

/// The most [`data`](Authorize::data) that a login carries, in bytes.
pub(super) const MAX_DATA: usize = 256;

/// Parameters that the flow sets, or that would change what its checks mean.
pub(crate) const RESERVED: [&str; 15] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_verifier",
    "code_challenge_method",
    "request",
    "request_uri",
    "nonce",
    "max_age",
    "resource",
];

/// An absolute URI without a fragment (RFC 8707 section 2).
pub(crate) fn is_resource(text: &str) -> bool {
    Uri::split(text).is_some_and(|uri| uri.fragment.is_none())
}
