mod discovery;
mod known_providers;
mod metadata;
#[cfg(feature = "id-token")]
mod openid;

pub use discovery::Discovery;
pub use known_providers::{Profile, Quirk};

use crate::provider::metadata::Metadata;
use crate::syntax::uri::check_endpoint;
use crate::{Error, ErrorKind};

/// An authorization server: its endpoints, and what it promises.
///
/// URLs are kept and sent byte for byte as given.
///
/// ```
/// use proofkey::Provider;
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
///     .issuer("https://as.example")?
///     .iss_promised();
/// assert_eq!(provider.token_endpoint(), "https://as.example/token");
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    #[cfg(feature = "id-token")]
    pub(crate) openid: openid::OpenIdProvider,
    issuer: Option<String>,
    iss_promised: bool,
    pkce: PkceSupport,
    secret_in_body: bool,
    quirks: Vec<Quirk>,
    profile: Option<&'static Profile>,
}

/// What a server's metadata says about PKCE (RFC 8414 section 2, `code_challenge_methods_supported`).
///
/// S256 is sent to every server: one that does not know it ignores it, and many know it without saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkceSupport {
    /// S256 is listed.
    S256,
    /// Methods are listed, and S256 is not among them.
    WithoutS256,
    /// Nothing is said, or there is no metadata.
    Unknown,
}

impl Provider {
    /// A server with these two endpoints (RFC 6749 section 3). A query in them is kept.
    ///
    /// # Errors
    /// [`EndpointMalformed`](ErrorKind::EndpointMalformed) unless each is an absolute URL without user information and
    /// fragment; [`EndpointInsecure`](ErrorKind::EndpointInsecure) for http to anything but `127.0.0.1`, `[::1]` and
    /// `localhost`.
    pub fn new(authorization_endpoint: impl Into<String>, token_endpoint: impl Into<String>) -> Result<Self, Error> {
        let (authorization_endpoint, token_endpoint) = (authorization_endpoint.into(), token_endpoint.into());
        check_endpoint(&authorization_endpoint)?;
        check_endpoint(&token_endpoint)?;
        Ok(Self {
            authorization_endpoint,
            token_endpoint,
            revocation_endpoint: None,
            #[cfg(feature = "id-token")]
            openid: openid::OpenIdProvider::default(),
            issuer: None,
            iss_promised: false,
            pkce: PkceSupport::Unknown,
            secret_in_body: false,
            quirks: Vec::new(),
            profile: None,
        })
    }

    /// A server by its metadata (RFC 8414 section 3.2, OpenID Connect Discovery section 4.2): the JSON document that was
    /// found under `issuer`. `Discovery` and `Provider::discover` fetch it.
    ///
    /// # Errors
    /// [`MetadataMalformed`](ErrorKind::MetadataMalformed) unless it is a JSON object whose members have their types,
    /// each once; [`MetadataIssuerMissing`](ErrorKind::MetadataIssuerMissing) and
    /// [`MetadataIssuerMismatch`](ErrorKind::MetadataIssuerMismatch) unless it names exactly this issuer, compared as
    /// text; [`MetadataEndpointMissing`](ErrorKind::MetadataEndpointMissing),
    /// [`MetadataEndpointMalformed`](ErrorKind::MetadataEndpointMalformed) and
    /// [`MetadataEndpointInsecure`](ErrorKind::MetadataEndpointInsecure), also for loopback endpoints of an issuer
    /// elsewhere; [`ParRequired`](ErrorKind::ParRequired); and the errors of [`issuer`](Self::issuer).
    ///
    /// ```
    /// use proofkey::{PkceSupport, Provider};
    ///
    /// let document = br#"{
    ///     "issuer": "https://as.example",
    ///     "authorization_endpoint": "https://as.example/authorize",
    ///     "token_endpoint": "https://as.example/token",
    ///     "code_challenge_methods_supported": ["S256"]
    /// }"#;
    /// let provider = Provider::from_metadata("https://as.example", document)?;
    /// assert_eq!(provider.pkce_support(), PkceSupport::S256);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn from_metadata(issuer: &str, document: &[u8]) -> Result<Self, Error> {
        let issuer_uri = check_issuer(issuer)?;
        let metadata = Metadata::parse(document)?;
        match metadata.text("issuer")? {
            None => return Err(ErrorKind::MetadataIssuerMissing.into()),
            Some(named) if named != issuer => return Err(ErrorKind::MetadataIssuerMismatch.into()),
            Some(_) => {}
        }
        if metadata.flag("require_pushed_authorization_requests")? {
            return Err(ErrorKind::ParRequired.into());
        }
        let endpoint = |name| metadata.endpoint(name, issuer_uri.is_loopback());
        let missing = || Error::from(ErrorKind::MetadataEndpointMissing);
        let authorization_endpoint = endpoint("authorization_endpoint")?.ok_or_else(missing)?;
        let token_endpoint = endpoint("token_endpoint")?.ok_or_else(missing)?;
        let authentication = metadata.texts("token_endpoint_auth_methods_supported")?;
        let offers = |method: &str| authentication.as_ref().is_some_and(|methods| methods.contains(&method));
        Ok(Self {
            revocation_endpoint: endpoint("revocation_endpoint")?,
            #[cfg(feature = "id-token")]
            openid: openid::OpenIdProvider::from_metadata(&metadata, issuer_uri.is_loopback())?,
            iss_promised: metadata.flag("authorization_response_iss_parameter_supported")?,
            pkce: match metadata.texts("code_challenge_methods_supported")? {
                None => PkceSupport::Unknown,
                Some(methods) if methods.contains(&"S256") => PkceSupport::S256,
                Some(_) => PkceSupport::WithoutS256,
            },
            secret_in_body: offers("client_secret_post") && !offers("client_secret_basic"),
            ..Self::new(authorization_endpoint, token_endpoint)?.issuer(issuer)?
        })
    }

    /// The issuer identifier (RFC 8414 section 2): a callback that carries `iss` must carry exactly this one. Without an
    /// issuer every callback that carries one is refused (RFC 9207 section 2.4).
    ///
    /// # Errors
    /// As for the endpoints; an issuer has no query either.
    pub fn issuer(self, issuer: impl Into<String>) -> Result<Self, Error> {
        let issuer = issuer.into();
        check_issuer(&issuer)?;
        Ok(Self { issuer: Some(issuer), ..self })
    }

    /// The server promises `iss` in every authorization response (RFC 9207 section 3): a callback without it is refused.
    #[must_use]
    pub fn iss_promised(self) -> Self {
        Self { iss_promised: true, ..self }
    }

    /// Where tokens are revoked (RFC 7009 section 2).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn revocation_endpoint(self, revocation_endpoint: impl Into<String>) -> Result<Self, Error> {
        let revocation_endpoint = revocation_endpoint.into();
        check_endpoint(&revocation_endpoint)?;
        Ok(Self { revocation_endpoint: Some(revocation_endpoint), ..self })
    }

    /// The same server, of which this is special.
    #[must_use]
    pub fn with_quirk(mut self, quirk: Quirk) -> Self {
        if !self.quirks.contains(&quirk) {
            self.quirks.push(quirk);
        }
        self
    }

    /// What is special about the server, as far as it was told.
    #[must_use]
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// The profile that this provider was made from, if it was.
    #[must_use]
    pub const fn profile(&self) -> Option<&'static Profile> {
        self.profile
    }

    pub(crate) fn of_profile(self, profile: &'static Profile, pkce: PkceSupport) -> Self {
        Self { profile: Some(profile), pkce, ..self }
    }

    /// Where the browser is sent (RFC 6749 section 3.1).
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization_endpoint
    }

    /// Where codes are exchanged (RFC 6749 section 3.2).
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// What the metadata says about PKCE.
    #[must_use]
    pub const fn pkce_support(&self) -> PkceSupport {
        self.pkce
    }

    /// This provider, for profiles that take no server whose metadata does not list S256: others may ignore the challenge
    /// (RFC 9700 section 2.1.1). S256 is sent to every server, with and without this.
    ///
    /// # Errors
    /// [`PkceNotAdvertised`](ErrorKind::PkceNotAdvertised).
    ///
    /// ```
    /// use proofkey::{ErrorKind, Provider};
    /// let unknown = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// assert_eq!(unknown.require_advertised_pkce().unwrap_err().kind(), ErrorKind::PkceNotAdvertised);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn require_advertised_pkce(self) -> Result<Self, Error> {
        if self.pkce == PkceSupport::S256 { Ok(self) } else { Err(ErrorKind::PkceNotAdvertised.into()) }
    }

    /// How a client with a secret authenticates where it has no choice of its own: `client_secret_basic`, or
    /// `client_secret_post` if the metadata offers that and not the other (RFC 8414 section 2).
    #[must_use]
    pub const fn token_endpoint_auth_method(&self) -> &'static str {
        if self.secret_in_body { "client_secret_post" } else { "client_secret_basic" }
    }

    pub(crate) fn revocation(&self) -> Option<&str> {
        self.revocation_endpoint.as_deref()
    }

    pub(crate) fn expected_issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(crate) const fn promises_iss(&self) -> bool {
        self.iss_promised
    }

    /// This provider with the recorded endpoints. It promises `iss` if it does now or did then.
    pub(crate) fn as_recorded(&self, recorded: &Self) -> Self {
        Self {
            authorization_endpoint: recorded.authorization_endpoint.clone(),
            token_endpoint: recorded.token_endpoint.clone(),
            iss_promised: self.iss_promised || recorded.iss_promised,
            ..self.clone()
        }
    }

    /// The same issuer or, without one, the same two endpoints.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && (self.issuer.is_some()
                || self.authorization_endpoint == other.authorization_endpoint
                    && self.token_endpoint == other.token_endpoint)
    }
}

/// An issuer is an endpoint without a query.
pub(crate) fn check_issuer(issuer: &str) -> Result<crate::syntax::uri::Uri<'_>, ErrorKind> {
    check_endpoint(issuer).and_then(|uri| if uri.query.is_none() { Ok(uri) } else { Err(ErrorKind::EndpointMalformed) })
}
