use pyo3::prelude::*;

use crate::error::flow_error;
use crate::text::utf8;

/// An authorization server: its endpoints, and what it promises. URLs are kept and sent as given.
///
/// `iss_promised` says that it sends `iss` in every answer (RFC 9207); one without it is then refused.
/// `ConfigurationError` for URLs that are not absolute, have a fragment, or are http to anything but 127.0.0.1,
/// [::1] and localhost.
///
/// >>> import proofkey
/// >>> proofkey.Provider(
/// ...     authorization_endpoint="https://as.example/authorize",
/// ...     token_endpoint="https://as.example/token",
/// ...     issuer="https://as.example",
/// ... )
/// Provider(authorization_endpoint='https://as.example/authorize', token_endpoint='https://as.example/token')
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Provider(pub(crate) proofkey::Provider);

#[pyo3::pymethods]
impl Provider {
    #[new]
    #[pyo3(signature = (*, authorization_endpoint, token_endpoint, issuer = None, iss_promised = false))]
    fn new(
        py: Python<'_>,
        authorization_endpoint: &Bound<'_, PyAny>,
        token_endpoint: &Bound<'_, PyAny>,
        issuer: Option<&Bound<'_, PyAny>>,
        iss_promised: bool,
    ) -> PyResult<Self> {
        let authorization_endpoint = utf8("authorization_endpoint", authorization_endpoint)?;
        let token_endpoint = utf8("token_endpoint", token_endpoint)?;
        let issuer = issuer.map(|issuer| utf8("issuer", issuer)).transpose()?;
        let provider =
            proofkey::Provider::new(authorization_endpoint, token_endpoint).and_then(|provider| match issuer {
                Some(issuer) => provider.issuer(issuer),
                None => Ok(provider),
            });
        let provider = provider.map_err(|error| flow_error(py, &error))?;
        Ok(Self(if iss_promised { provider.iss_promised() } else { provider }))
    }

    fn __repr__(&self) -> String {
        let (authorization, token) = (self.0.authorization_endpoint(), self.0.token_endpoint());
        format!("Provider(authorization_endpoint='{authorization}', token_endpoint='{token}')")
    }
}
