use super::metadata::Metadata;
use crate::error::ErrorKind;
use crate::id_token::IdTokenAlgorithm;
use crate::syntax::uri::Uri;

/// What a provider offers for OpenID Connect.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenId {
    pub(super) jwks_uri: Option<String>,
    pub(super) userinfo_endpoint: Option<String>,
    pub(super) end_session_endpoint: Option<String>,
    /// The algorithms in the metadata that this crate supports. A token with any other is refused.
    pub(super) id_token_algorithms: Option<Vec<IdTokenAlgorithm>>,
}

impl OpenId {
    pub(super) fn from_metadata(metadata: &Metadata, issuer: &Uri<'_>) -> Result<Self, ErrorKind> {
        let algorithms = metadata.texts("id_token_signing_alg_values_supported")?;
        Ok(Self {
            jwks_uri: metadata.endpoint("jwks_uri", issuer)?,
            userinfo_endpoint: metadata.endpoint("userinfo_endpoint", issuer)?,
            end_session_endpoint: metadata.endpoint("end_session_endpoint", issuer)?,
            id_token_algorithms: algorithms
                .map(|names| names.into_iter().filter_map(|name| name.parse().ok()).collect()),
        })
    }
}
