mod discovery;
mod known_providers;
mod metadata;
#[cfg(feature = "id-token")]
mod openid;
mod quirk;

pub use self::discovery::Discovery;
pub use self::known_providers::KnownProvider;
use self::metadata::Metadata;
pub use self::quirk::Quirk;
use crate::client_authentication::ClientAuthenticationMethod;
use crate::error::{Error, ErrorKind};
#[cfg(feature = "id-token")]
use crate::id_token::IdTokenAlgorithm;
use crate::syntax::uri::{check_endpoint, check_issuer};

/// An authorization server: its endpoints, and what it supports.
///
/// URLs are kept and sent byte for byte as given.
///
/// ```
/// use proofkey::Provider;
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
///     .with_issuer("https://as.example")?
///     .with_iss_parameter_supported();
/// assert_eq!(provider.token_endpoint(), "https://as.example/token");
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    #[cfg(feature = "id-token")]
    openid: openid::OpenId,
    issuer: Option<String>,
    iss_parameter_supported: bool,
    pkce: PkceSupport,
    token_endpoint_auth_method: ClientAuthenticationMethod,
    quirks: Vec<Quirk>,
    public_only: bool,
}

/// What a server's metadata says about PKCE (RFC 8414 section 2, `code_challenge_methods_supported`).
///
/// S256 is sent to every server: a server that does not know PKCE ignores it, and many support it without saying so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkceSupport {
    /// S256 is listed.
    S256,
    /// Methods are listed, and S256 is not among them.
    WithoutS256,
    /// The metadata does not say, or there is no metadata.
    Unknown,
}

impl PkceSupport {
    /// The same word in every language: `S256`, `without_s256` or `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::WithoutS256 => "without_s256",
            Self::Unknown => "unknown",
        }
    }
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
            device_authorization_endpoint: None,
            #[cfg(feature = "id-token")]
            openid: openid::OpenId::default(),
            issuer: None,
            iss_parameter_supported: false,
            pkce: PkceSupport::Unknown,
            token_endpoint_auth_method: ClientAuthenticationMethod::ClientSecretBasic,
            quirks: Vec::new(),
            public_only: false,
        })
    }

    /// A server described by its metadata (RFC 8414 section 3.2, OpenID Connect Discovery section 4.2): the JSON
    /// document that was found under `issuer`. `Discovery` and `Provider::discover` fetch it.
    ///
    /// # Errors
    /// [`MetadataMalformed`](ErrorKind::MetadataMalformed) unless it is a JSON object whose members have their types,
    /// each once; [`MetadataIssuerMissing`](ErrorKind::MetadataIssuerMissing) and
    /// [`MetadataIssuerMismatch`](ErrorKind::MetadataIssuerMismatch) unless it names exactly this issuer, compared as
    /// text; [`MetadataEndpointMissing`](ErrorKind::MetadataEndpointMissing),
    /// [`MetadataEndpointMalformed`](ErrorKind::MetadataEndpointMalformed) and
    /// [`MetadataEndpointInsecure`](ErrorKind::MetadataEndpointInsecure), also for endpoints at addresses that are not
    /// public, unless the issuer is at one too; [`ParRequired`](ErrorKind::ParRequired); and the errors of
    /// [`with_issuer`](Self::with_issuer).
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
        let endpoint = |name| metadata.endpoint(name, &issuer_uri);
        let missing = || Error::from(ErrorKind::MetadataEndpointMissing);
        let authorization_endpoint = endpoint("authorization_endpoint")?.ok_or_else(missing)?;
        let token_endpoint = endpoint("token_endpoint")?.ok_or_else(missing)?;
        let authentication = metadata.texts("token_endpoint_auth_methods_supported")?;
        let offers = |method: &str| authentication.as_ref().is_some_and(|methods| methods.contains(&method));
        Ok(Self {
            revocation_endpoint: endpoint("revocation_endpoint")?,
            device_authorization_endpoint: endpoint("device_authorization_endpoint")?,
            #[cfg(feature = "id-token")]
            openid: openid::OpenId::from_metadata(&metadata, &issuer_uri)?,
            iss_parameter_supported: metadata.flag("authorization_response_iss_parameter_supported")?,
            pkce: match metadata.texts("code_challenge_methods_supported")? {
                None => PkceSupport::Unknown,
                Some(methods) if methods.contains(&"S256") => PkceSupport::S256,
                Some(_) => PkceSupport::WithoutS256,
            },
            token_endpoint_auth_method: match offers("client_secret_post") && !offers("client_secret_basic") {
                true => ClientAuthenticationMethod::ClientSecretPost,
                false => ClientAuthenticationMethod::ClientSecretBasic,
            },
            ..Self::new(authorization_endpoint, token_endpoint)?.with_issuer(issuer)?
        })
    }

    /// Sets the issuer identifier (RFC 8414 section 2): a callback with `iss` must have exactly this one. Without an
    /// issuer, every callback with `iss` is refused (RFC 9207 section 2.4).
    ///
    /// # Errors
    /// As for the endpoints; an issuer has no query either.
    pub fn with_issuer(self, issuer: impl Into<String>) -> Result<Self, Error> {
        let issuer = issuer.into();
        check_issuer(&issuer)?;
        Ok(Self { issuer: Some(issuer), ..self })
    }

    /// Says that the server sends `iss` in every authorization response (RFC 9207 section 3): a callback without it is
    /// refused.
    #[must_use]
    pub fn with_iss_parameter_supported(self) -> Self {
        Self { iss_parameter_supported: true, ..self }
    }

    /// Sets the endpoint that revokes tokens (RFC 7009 section 2).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn with_revocation_endpoint(self, revocation_endpoint: impl Into<String>) -> Result<Self, Error> {
        let revocation_endpoint = checked(revocation_endpoint)?;
        Ok(Self { revocation_endpoint: Some(revocation_endpoint), ..self })
    }

    /// Sets the endpoint where a device asks for its codes (RFC 8628 section 3.1).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn with_device_authorization_endpoint(self, endpoint: impl Into<String>) -> Result<Self, Error> {
        Ok(Self { device_authorization_endpoint: Some(checked(endpoint)?), ..self })
    }

    /// Enables a quirk.
    #[must_use]
    pub fn with_quirk(mut self, quirk: Quirk) -> Self {
        if !self.quirks.contains(&quirk) {
            self.quirks.push(quirk);
        }
        self
    }

    /// The authorization endpoint, where the browser is sent (RFC 6749 section 3.1).
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization_endpoint
    }

    /// The token endpoint, where codes are exchanged (RFC 6749 section 3.2).
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// The revocation endpoint, if there is one.
    #[must_use]
    pub fn revocation_endpoint(&self) -> Option<&str> {
        self.revocation_endpoint.as_deref()
    }

    /// The device authorization endpoint, if there is one.
    #[must_use]
    pub fn device_authorization_endpoint(&self) -> Option<&str> {
        self.device_authorization_endpoint.as_deref()
    }

    /// The issuer identifier, if it is known.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Whether the server sends `iss` in every authorization response.
    #[must_use]
    pub const fn iss_parameter_supported(&self) -> bool {
        self.iss_parameter_supported
    }

    /// The enabled quirks.
    #[must_use]
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// What the metadata says about PKCE.
    #[must_use]
    pub const fn pkce_support(&self) -> PkceSupport {
        self.pkce
    }

    /// This provider, but only if its metadata lists S256: a server that does not list it may ignore the challenge (RFC
    /// 9700 section 2.1.1). S256 is sent to every server, with and without this.
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

    /// How a client with a secret authenticates unless it is told otherwise: `client_secret_basic`, or
    /// `client_secret_post` if the metadata lists that one and not the other (RFC 8414 section 2).
    #[must_use]
    pub const fn token_endpoint_auth_method(&self) -> ClientAuthenticationMethod {
        self.token_endpoint_auth_method
    }

    /// Whether requests to this provider may go to public addresses only, because it was discovered by a transport that
    /// is `public_only`.
    #[must_use]
    pub const fn is_public_only(&self) -> bool {
        self.public_only
    }

    #[cfg(feature = "http")]
    fn with_public_only(self) -> Self {
        Self { public_only: true, ..self }
    }

    /// Whether the metadata has what OpenID Connect needs, as far as this build needs it.
    fn has_openid(&self) -> bool {
        #[cfg(feature = "id-token")]
        return self.openid.id_token_algorithms.is_some();
        #[cfg(not(feature = "id-token"))]
        return true;
    }

    /// Which of these resources the token endpoint is told (RFC 8707 section 2.2).
    pub(crate) fn resource_at_token_endpoint<'a>(&self, resource: &'a [String]) -> &'a [String] {
        if self.quirks.contains(&Quirk::ResourceOnlyAtAuthorization) { &[] } else { resource }
    }

    fn with_pkce_support(self, pkce: PkceSupport) -> Self {
        Self { pkce, ..self }
    }

    /// This provider with the recorded endpoints. `iss` is required if it was required then or is now.
    pub(crate) fn as_recorded(&self, recorded: &Self) -> Self {
        Self {
            authorization_endpoint: recorded.authorization_endpoint.clone(),
            token_endpoint: recorded.token_endpoint.clone(),
            iss_parameter_supported: self.iss_parameter_supported || recorded.iss_parameter_supported,
            ..self.clone()
        }
    }

    /// Whether the issuer or, without one, both endpoints are the same.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && (self.issuer.is_some()
                || self.authorization_endpoint == other.authorization_endpoint
                    && self.token_endpoint == other.token_endpoint)
    }
}

/// What OpenID Connect needs. [`Provider::from_metadata`] and `Provider::discover` read it from the metadata.
#[cfg(feature = "id-token")]
impl Provider {
    /// Sets the URL of the keys that the server signs ID tokens with (OpenID Connect Discovery section 3).
    ///
    /// # Errors
    /// As for the other endpoints.
    ///
    /// ```
    /// # use proofkey::Provider;
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let provider = provider.with_issuer("https://as.example")?.with_jwks_uri("https://as.example/keys")?;
    /// assert_eq!(provider.jwks_uri(), Some("https://as.example/keys"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn with_jwks_uri(mut self, jwks_uri: impl Into<String>) -> Result<Self, Error> {
        self.openid.jwks_uri = Some(checked(jwks_uri)?);
        Ok(self)
    }

    /// Sets the endpoint that says more about the user (OpenID Connect Core section 5.3).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn with_userinfo_endpoint(mut self, userinfo_endpoint: impl Into<String>) -> Result<Self, Error> {
        self.openid.userinfo_endpoint = Some(checked(userinfo_endpoint)?);
        Ok(self)
    }

    /// Sets the endpoint where the browser is sent to sign out (OpenID Connect RP-Initiated Logout section 2.1).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn with_end_session_endpoint(mut self, end_session_endpoint: impl Into<String>) -> Result<Self, Error> {
        self.openid.end_session_endpoint = Some(checked(end_session_endpoint)?);
        Ok(self)
    }

    /// The URL of the server's keys, if it is known.
    #[must_use]
    pub fn jwks_uri(&self) -> Option<&str> {
        self.openid.jwks_uri.as_deref()
    }

    /// The userinfo endpoint, if there is one.
    #[must_use]
    pub fn userinfo_endpoint(&self) -> Option<&str> {
        self.openid.userinfo_endpoint.as_deref()
    }

    /// The end-session endpoint, if there is one.
    #[must_use]
    pub fn end_session_endpoint(&self) -> Option<&str> {
        self.openid.end_session_endpoint.as_deref()
    }

    /// The signatures of ID tokens that the metadata lists, as far as this crate knows them; `None` without metadata.
    #[must_use]
    pub fn id_token_algorithms(&self) -> Option<&[IdTokenAlgorithm]> {
        self.openid.id_token_algorithms.as_deref()
    }
}

fn checked(endpoint: impl Into<String>) -> Result<String, ErrorKind> {
    let endpoint = endpoint.into();
    check_endpoint(&endpoint)?;
    Ok(endpoint)
}

#[cfg(all(test, feature = "http", feature = "id-token"))]
mod tests;
