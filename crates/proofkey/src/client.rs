use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

#[cfg(feature = "id-token")]
use crate::id_token::{IdTokenAlgorithm, IdTokenRules, KeyCache};
use crate::syntax::form;
use crate::syntax::uri::check_redirect_uri;
use crate::{Authorize, Error, ErrorKind, Provider, Request, Secret};

/// An OAuth client: a provider, a client id, how it authenticates, and a redirect URI.
///
/// Without a secret it is public, and PKCE alone protects its codes. Cheap to clone, and safe to share between threads:
/// clones share one allocation.
///
/// ```
/// use proofkey::{Client, Provider};
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// let client = Client::new(provider, "my-app")?.redirect_uri("http://127.0.0.1:8400/callback")?;
/// let login = client.authorize().scope("files.read").begin(1_700_000_000)?;
/// assert!(login.url().starts_with("https://as.example/authorize?response_type=code&client_id=my-app&"));
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    provider: Provider,
    id: String,
    authentication: Authentication,
    redirect_uri: Option<String>,
    #[cfg(feature = "http")]
    refreshes: Arc<crate::tokens::Refreshes>,
    #[cfg(feature = "id-token")]
    id_token_rules: IdTokenRules,
    #[cfg(feature = "id-token")]
    key_cache: Arc<KeyCache>,
}

/// How the client proves at the token endpoint who it is (RFC 6749 section 2.3): one way per request.
#[derive(Clone, Debug)]
enum Authentication {
    None,
    Basic(Secret),
    Post(Secret),
}

impl Client {
    /// A public client.
    ///
    /// # Errors
    /// [`ClientIdInvalid`](ErrorKind::ClientIdInvalid) unless the id is one or more printable ASCII characters
    /// (RFC 6749 appendix A.1).
    pub fn new(provider: Provider, client_id: impl Into<String>) -> Result<Self, Error> {
        let id = client_id.into();
        if !is_vschar(&id) {
            return Err(ErrorKind::ClientIdInvalid.into());
        }
        Ok(Self(Arc::new(Inner {
            provider,
            id,
            authentication: Authentication::None,
            redirect_uri: None,
            #[cfg(feature = "http")]
            refreshes: Arc::default(),
            #[cfg(feature = "id-token")]
            id_token_rules: IdTokenRules::default(),
            #[cfg(feature = "id-token")]
            key_cache: Arc::default(),
        })))
    }

    /// Where the authorization server sends the browser back to, exactly as it is registered there. It is sent byte for
    /// byte in both requests.
    ///
    /// An application that uses several servers has one for each: a server that does not send `iss` could else pass its
    /// answer off as another's (RFC 9700 section 4.4.2).
    ///
    /// # Errors
    /// [`RedirectUriMalformed`](ErrorKind::RedirectUriMalformed) unless it is absolute and without fragment, its query is
    /// form-encoded UTF-8, and, for a private-use scheme, the scheme holds a dot; [`RedirectUriInsecure`](ErrorKind::RedirectUriInsecure) for http to
    /// anything but loopback.
    pub fn redirect_uri(mut self, redirect_uri: impl Into<String>) -> Result<Self, Error> {
        let redirect_uri = redirect_uri.into();
        check_redirect_uri(&redirect_uri)?;
        Arc::make_mut(&mut self.0).redirect_uri = Some(redirect_uri);
        Ok(self)
    }

    /// Authenticates with the id and this secret in the `Authorization` header (RFC 6749 section 2.3.1). Both are
    /// percent-encoded first, a space as `%20`, which is valid form encoding and what most servers read.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Secret};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "s6BhdRkqt3")?.client_secret_basic(Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw"));
    /// assert!(!format!("{client:?}").contains("7Fjfp0"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn client_secret_basic(self, secret: Secret) -> Self {
        self.authentication(Authentication::Basic(secret))
    }

    /// Authenticates with the id and this secret in the body of the request (RFC 6749 section 2.3.1).
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Secret};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "s6BhdRkqt3")?.client_secret_post(Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw"));
    /// # let _ = client;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn client_secret_post(self, secret: Secret) -> Self {
        self.authentication(Authentication::Post(secret))
    }

    /// Starts an authorization request.
    pub fn authorize(&self) -> Authorize {
        Authorize::new(self.clone())
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The provider that was given.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(crate) fn redirect_uri_text(&self) -> Option<&str> {
        self.0.redirect_uri.as_deref()
    }

    #[cfg(feature = "http")]
    pub(crate) fn refreshes(&self) -> &crate::tokens::Refreshes {
        &self.0.refreshes
    }

    /// Whether a login of `other` is one of this client: the same server, the same id, the same redirect URI. The secret
    /// may have changed.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.0.provider.is_same_as(&other.0.provider)
                && self.0.id == other.0.id
                && self.0.redirect_uri == other.0.redirect_uri
    }

    /// This client, with what its provider was when one of its logins began.
    pub(crate) fn as_recorded(&self, recorded: &Self) -> Self {
        let mut client = self.clone();
        let inner = Arc::make_mut(&mut client.0);
        inner.provider = inner.provider.as_recorded(recorded.provider());
        client
    }

    /// A form to one of the provider's endpoints, with this client's authentication (RFC 6749 section 3.2.1).
    pub(crate) fn request(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Request {
        let id = [("client_id", self.id())];
        match &self.0.authentication {
            Authentication::None => Request::post_form(endpoint, form::encode(&[parameters, &id].concat()), None),
            Authentication::Post(secret) => {
                let secret = [("client_secret", secret.expose())];
                Request::post_form(endpoint, form::encode(&[parameters, &id, &secret].concat()), None)
            }
            Authentication::Basic(secret) => {
                let authorization = basic(self.id(), secret.expose());
                Request::post_form(endpoint, form::encode(parameters), Some(authorization))
            }
        }
    }

    fn authentication(mut self, authentication: Authentication) -> Self {
        Arc::make_mut(&mut self.0).authentication = authentication;
        self
    }
}

/// What the client accepts of ID tokens (OpenID Connect Core section 3.1.3.7), for logins with the scope `openid`.
#[cfg(feature = "id-token")]
impl Client {
    /// Accepts ID tokens with these signatures: what the client is registered for, if that is less than the server's
    /// metadata lists. Without metadata it is RS256.
    ///
    /// ```
    /// # use proofkey::{Client, IdTokenAlgorithm, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-app")?.id_token_algorithms([IdTokenAlgorithm::Es256]);
    /// # let _ = client;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn id_token_algorithms(self, algorithms: impl IntoIterator<Item = IdTokenAlgorithm>) -> Self {
        let algorithms = algorithms.into_iter().collect();
        self.id_token(|rules| rules.algorithms = Some(algorithms))
    }

    /// How many seconds the server's clock may be ahead or behind; 60 by default.
    #[must_use]
    pub fn id_token_leeway(self, seconds: u32) -> Self {
        self.id_token(|rules| rules.leeway = seconds)
    }

    /// Accepts ID tokens that are for this audience besides the client itself; by default for no other.
    #[must_use]
    pub fn trusted_audience(self, audience: impl Into<String>) -> Self {
        self.id_token(|rules| rules.trusted_audiences.push(audience.into()))
    }

    /// Rests on TLS to the token endpoint instead of the signature of the ID token (OpenID Connect Core section 3.1.3.7,
    /// step 6): no keys are fetched, and [`Tokens::signature_verified`](crate::Tokens::signature_verified) says so. For
    /// servers that publish no keys, and for those whose answers pass nobody in between.
    #[must_use]
    pub fn trust_token_endpoint_tls(self) -> Self {
        self.id_token(|rules| rules.trust_tls = true)
    }

    pub(crate) fn id_token_rules(&self) -> &IdTokenRules {
        &self.0.id_token_rules
    }

    pub(crate) fn key_cache(&self) -> &KeyCache {
        &self.0.key_cache
    }

    fn id_token(mut self, change: impl FnOnce(&mut IdTokenRules)) -> Self {
        change(&mut Arc::make_mut(&mut self.0).id_token_rules);
        self
    }
}

/// The value of the `Authorization` header.
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let (id, secret) = (form::percent_encode(id), form::percent_encode(secret));
    let mut pair = Zeroizing::new(String::with_capacity(id.len().saturating_add(secret.len()).saturating_add(1)));
    pair.extend([id.as_str(), ":", secret.as_str()]);
    let mut header = Zeroizing::new(String::with_capacity(pair.len().saturating_mul(2).saturating_add(16)));
    header.push_str("Basic ");
    STANDARD.encode_string(pair.as_bytes(), &mut header);
    header
}

/// One or more printable ASCII characters: `1*VSCHAR` of RFC 6749 appendix A.
pub(crate) fn is_vschar(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
