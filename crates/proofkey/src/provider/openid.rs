use crate::IdTokenAlgorithm;
use crate::provider::metadata::Metadata;
use crate::syntax::uri::check_endpoint;
use crate::{Error, ErrorKind, Provider};

/// What a provider has for OpenID Connect.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenIdProvider {
    pub(crate) jwks_uri: Option<String>,
    pub(crate) userinfo_endpoint: Option<String>,
    pub(crate) end_session_endpoint: Option<String>,
    /// What the metadata lists, as far as it is known. A token that is signed in another way is refused.
    pub(crate) algorithms: Option<Vec<IdTokenAlgorithm>>,
}

impl OpenIdProvider {
    pub(crate) fn from_metadata(metadata: &Metadata, loopback: bool) -> Result<Self, ErrorKind> {
        let algorithms = metadata.texts("id_token_signing_alg_values_supported")?;
        Ok(Self {
            jwks_uri: metadata.endpoint("jwks_uri", loopback)?,
            userinfo_endpoint: metadata.endpoint("userinfo_endpoint", loopback)?,
            end_session_endpoint: metadata.endpoint("end_session_endpoint", loopback)?,
            algorithms: algorithms.map(|names| names.into_iter().filter_map(|name| name.parse().ok()).collect()),
        })
    }
}

/// What OpenID Connect needs. [`Provider::from_metadata`] and [`Provider::discover`] read it from the metadata.
impl Provider {
    /// Where the server publishes the keys that it signs ID tokens with (OpenID Connect Discovery section 3).
    ///
    /// # Errors
    /// As for the other endpoints.
    ///
    /// ```
    /// # use proofkey::Provider;
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let provider = provider.issuer("https://as.example")?.jwks_uri("https://as.example/keys")?;
    /// # let _ = provider;
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn jwks_uri(mut self, jwks_uri: impl Into<String>) -> Result<Self, Error> {
        self.openid.jwks_uri = Some(checked(jwks_uri)?);
        Ok(self)
    }

    /// Where the server says more about the user (OpenID Connect Core section 5.3).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn userinfo_endpoint(mut self, userinfo_endpoint: impl Into<String>) -> Result<Self, Error> {
        self.openid.userinfo_endpoint = Some(checked(userinfo_endpoint)?);
        Ok(self)
    }

    /// Where the browser is sent to sign out (OpenID Connect RP-Initiated Logout section 2.1).
    ///
    /// # Errors
    /// As for the other endpoints.
    pub fn end_session_endpoint(mut self, end_session_endpoint: impl Into<String>) -> Result<Self, Error> {
        self.openid.end_session_endpoint = Some(checked(end_session_endpoint)?);
        Ok(self)
    }
}

fn checked(endpoint: impl Into<String>) -> Result<String, ErrorKind> {
    let endpoint = endpoint.into();
    check_endpoint(&endpoint).map(|_| ())?;
    Ok(endpoint)
}
