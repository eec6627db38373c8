use std::sync::Arc;

use crate::client_authentication::ClientAuthentication;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::Request;
#[cfg(feature = "id-token")]
use crate::id_token::{IdTokenAlgorithm, IdTokenRules, KeyCache};
use crate::per_process::PerProcess;
use crate::provider::Provider;
use crate::syntax::grammar::is_vschar;
use crate::syntax::uri::check_redirect_uri;
use crate::tokens::Refreshes;
use crate::used_logins::UsedLogins;

/// An OAuth client: a provider, a client id, how it authenticates, and a redirect URI.
///
/// Without authentication it is public, and PKCE alone protects its codes. It is cheap to clone and safe to share
/// between threads: clones share one allocation.
///
/// ```
/// use proofkey::{Client, Provider};
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// let client = Client::new(provider, "my-app")?.with_redirect_uri("http://127.0.0.1:8400/callback")?;
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
    authentication: ClientAuthentication,
    redirect_uri: Option<String>,
    used_logins: Arc<PerProcess<UsedLogins>>,
    refreshes: Arc<PerProcess<Refreshes>>,
    #[cfg(feature = "id-token")]
    id_token_rules: IdTokenRules,
    #[cfg(feature = "id-token")]
    key_cache: Arc<PerProcess<KeyCache>>,
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
            authentication: ClientAuthentication::None,
            redirect_uri: None,
            used_logins: Arc::default(),
            refreshes: Arc::default(),
            #[cfg(feature = "id-token")]
            id_token_rules: IdTokenRules::default(),
            #[cfg(feature = "id-token")]
            key_cache: Arc::default(),
        })))
    }

    /// Sets the URI that the authorization server sends the browser back to, exactly as it is registered there. It is
    /// sent byte for byte in both requests.
    ///
    /// An application that uses several servers needs one for each: otherwise a server that does not send `iss` could
    /// pass its response off as another's (RFC 9700 section 4.4.2).
    ///
    /// # Errors
    /// [`RedirectUriMalformed`](ErrorKind::RedirectUriMalformed) unless it is absolute, has no fragment, has a
    /// form-encoded query and, if its scheme is a private one, a dot in the scheme;
    /// [`RedirectUriInsecure`](ErrorKind::RedirectUriInsecure) for http to anything but loopback.
    pub fn with_redirect_uri(mut self, redirect_uri: impl Into<String>) -> Result<Self, Error> {
        let redirect_uri = redirect_uri.into();
        check_redirect_uri(&redirect_uri)?;
        self.inner().redirect_uri = Some(redirect_uri);
        Ok(self)
    }

    /// Sets how the client authenticates at the token endpoint. [`Provider::token_endpoint_auth_method`] says which
    /// method the server asks for.
    ///
    /// # Errors
    /// [`ClientSecretEmpty`](ErrorKind::ClientSecretEmpty).
    ///
    /// ```
    /// use proofkey::{Client, ClientAuthentication, Provider, Secret};
    ///
    /// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let secret = Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw");
    /// let client = Client::new(provider, "s6BhdRkqt3")?
    ///     .with_authentication(ClientAuthentication::ClientSecretBasic(secret))?;
    /// # let _ = client;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn with_authentication(mut self, authentication: ClientAuthentication) -> Result<Self, Error> {
        authentication.check()?;
        self.inner().authentication = authentication;
        Ok(self)
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// The redirect URI, if one was set.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.0.redirect_uri.as_deref()
    }

    /// How the client authenticates.
    #[must_use]
    pub fn authentication(&self) -> &ClientAuthentication {
        &self.0.authentication
    }

    pub(crate) fn used_logins(&self) -> &UsedLogins {
        self.0.used_logins.get()
    }

    pub(crate) fn refreshes(&self) -> &Refreshes {
        self.0.refreshes.get()
    }

    /// Whether a login of `other` is one of this client: the same server, the same id, the same redirect URI. The
    /// secret may have changed.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.0.provider.is_same_as(&other.0.provider)
                && self.0.id == other.0.id
                && self.0.redirect_uri == other.0.redirect_uri
    }

    /// This client, with the endpoints that its provider had when one of its logins began.
    pub(crate) fn as_recorded(&self, recorded: &Self) -> Self {
        let mut client = self.clone();
        let inner = client.inner();
        inner.provider = inner.provider.as_recorded(recorded.provider());
        client
    }

    /// A form to one of the provider's endpoints, with this client's authentication.
    pub(crate) fn request(&self, endpoint: Endpoint, url: &str, parameters: &[(&str, &str)]) -> Request {
        let request = self.0.authentication.request(self.id(), endpoint, url, parameters);
        request.with_public_only(self.provider().is_public_only())
    }

    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

/// Which ID tokens the client accepts (OpenID Connect Core section 3.1.3.7), for logins with the scope `openid`.
#[cfg(feature = "id-token")]
impl Client {
    /// Accepts only ID tokens with these signatures. By default the client accepts what the server's metadata lists or,
    /// without metadata, RS256.
    ///
    /// ```
    /// # use proofkey::{Client, IdTokenAlgorithm, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-app")?.with_id_token_algorithms([IdTokenAlgorithm::Es256]);
    /// assert_eq!(client.id_token_algorithms(), [IdTokenAlgorithm::Es256]);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn with_id_token_algorithms(self, algorithms: impl IntoIterator<Item = IdTokenAlgorithm>) -> Self {
        self.with_rules(|rules| rules.algorithms = Some(algorithms.into_iter().collect()))
    }

    /// Sets how many seconds the server's clock may be ahead or behind; 60 by default.
    #[must_use]
    pub fn with_id_token_leeway(self, seconds: u32) -> Self {
        self.with_rules(|rules| rules.leeway = seconds)
    }

    /// Accepts ID tokens that name this audience besides the client itself; by default no other is accepted.
    #[must_use]
    pub fn with_trusted_audience(self, audience: impl Into<String>) -> Self {
        self.with_rules(|rules| rules.trusted_audiences.push(audience.into()))
    }

    /// Relies on TLS to the token endpoint instead of the signature of the ID token (OpenID Connect Core section
    /// 3.1.3.7, step 6): no keys are fetched, and [`Tokens::signature_verified`](crate::Tokens::signature_verified) is
    /// false. For servers that publish no keys, if nothing stands between them and this program.
    #[must_use]
    pub fn trust_token_endpoint_tls(self) -> Self {
        self.with_rules(|rules| rules.trust_tls = true)
    }

    /// The signatures that ID tokens may have: what was set, else what the server's metadata lists, else RS256.
    #[must_use]
    pub fn id_token_algorithms(&self) -> &[IdTokenAlgorithm] {
        let from_metadata = self.0.provider.id_token_algorithms();
        self.0.id_token_rules.algorithms.as_deref().or(from_metadata).unwrap_or(&[IdTokenAlgorithm::Rs256])
    }

    /// How many seconds the server's clock may be ahead or behind.
    #[must_use]
    pub fn id_token_leeway(&self) -> u32 {
        self.0.id_token_rules.leeway
    }

    /// The audiences that ID tokens may name besides the client itself.
    #[must_use]
    pub fn trusted_audiences(&self) -> &[String] {
        &self.0.id_token_rules.trusted_audiences
    }

    /// Whether [`trust_token_endpoint_tls`](Self::trust_token_endpoint_tls) was called.
    #[must_use]
    pub fn trusts_token_endpoint_tls(&self) -> bool {
        self.0.id_token_rules.trust_tls
    }

    /// With other rules, and refreshes of its own: the results of a client with laxer rules are not good enough.
    fn with_rules(mut self, change: impl FnOnce(&mut IdTokenRules)) -> Self {
        let inner = self.inner();
        change(&mut inner.id_token_rules);
        inner.refreshes = Arc::default();
        self
    }

    pub(crate) fn key_cache(&self) -> &KeyCache {
        self.0.key_cache.get()
    }
}
