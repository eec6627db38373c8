//! Authorization server metadata (RFC 8414, OpenID Connect Discovery): a JSON object whose members have the right types
//! and are not repeated.

use serde_json::Value;

use crate::error::ErrorKind;
use crate::syntax::address::is_local;
use crate::syntax::json::Members;
use crate::syntax::uri::{Uri, check_endpoint};

pub(crate) struct Metadata(Members);

impl Metadata {
    pub(crate) fn parse(document: &[u8]) -> Result<Self, ErrorKind> {
        let text = std::str::from_utf8(document).map_err(|_| ErrorKind::MetadataMalformed)?;
        let members = Members::from_json(text, &|name| READ.contains(&name));
        members.map(Self).map_err(|_| ErrorKind::MetadataMalformed)
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, ErrorKind> {
        self.0.get(name).map(|value| value.as_str().ok_or(ErrorKind::MetadataMalformed)).transpose()
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, ErrorKind> {
        self.0.get(name).map_or(Ok(false), |value| value.as_bool().ok_or(ErrorKind::MetadataMalformed))
    }

    /// A list of texts; an empty one counts as absent (RFC 8414 section 3.2).
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&str>>, ErrorKind> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let texts = value.as_array().and_then(|values| values.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        texts.ok_or(ErrorKind::MetadataMalformed).map(|texts| Some(texts).filter(|texts| !texts.is_empty()))
    }

    /// An endpoint. It may be at an address that is not public only if the issuer is too.
    pub(crate) fn endpoint(&self, name: &str, issuer: &Uri<'_>) -> Result<Option<String>, ErrorKind> {
        let Some(endpoint) = self.text(name)? else { return Ok(None) };
        let is_local = |uri: &Uri<'_>| uri.host().is_some_and(is_local);
        match check_endpoint(endpoint) {
            Ok(uri) if is_local(&uri) && !is_local(issuer) => Err(ErrorKind::MetadataEndpointInsecure),
            Ok(_) => Ok(Some(endpoint.to_owned())),
            Err(ErrorKind::EndpointInsecure) => Err(ErrorKind::MetadataEndpointInsecure),
            Err(_) => Err(ErrorKind::MetadataEndpointMalformed),
        }
    }
}

/// The members that are read. None may appear twice.
const READ: [&str; 13] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "revocation_endpoint",
    "device_authorization_endpoint",
    "userinfo_endpoint",
    "end_session_endpoint",
    "jwks_uri",
    "id_token_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "token_endpoint_auth_methods_supported",
    "authorization_response_iss_parameter_supported",
    "require_pushed_authorization_requests",
];
