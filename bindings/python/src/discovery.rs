use proofkey::Conversation;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::provider::Provider;
use crate::python_text::utf8;
use crate::roundtrip::{Pending, Request, response};

/// The search for a server's metadata under its issuer, for programs that bring their own HTTP (`Provider.discover()`
/// uses the built-in one): first where RFC 8414 puts it, then where OpenID Connect Discovery does.
///
/// `ConfigurationError` for an issuer that cannot be the URL of a server. Do not follow redirects.
///
/// >>> import proofkey
/// >>> discovery = proofkey.Discovery("https://as.example/tenant")
/// >>> discovery.request.url
/// 'https://as.example/.well-known/oauth-authorization-server/tenant'
/// >>> discovery.receive(404, {}, b"")
/// >>> discovery.request.url
/// 'https://as.example/tenant/.well-known/openid-configuration'
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Discovery(Pending<proofkey::Discovery>);

#[pyo3::pymethods]
impl Discovery {
    #[new]
    #[pyo3(signature = (issuer, /))]
    fn new(py: Python<'_>, issuer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let discovery = proofkey::Discovery::new(utf8("issuer", issuer)?).map_err(|error| flow_error(py, &error))?;
        Ok(Self(Pending::new(Conversation::new(discovery))))
    }

    /// The request to send now; `None` once the provider is there.
    #[getter]
    fn request(&self) -> PyResult<Option<Request>> {
        self.0.request(over)
    }

    /// How many seconds to wait before `request` is sent: 0, unless the server asked for a pause.
    #[getter]
    fn wait_seconds(&self) -> u32 {
        self.0.wait_seconds()
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text. `MetadataError` if there is no metadata, or another issuer's; the search is then over.
    #[pyo3(signature = (status, headers, body, /))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let response = response(status, headers, body)?;
        self.0.receive(py, response, None, over)
    }

    /// The provider, once `request` is `None`.
    #[getter]
    fn provider(&self) -> PyResult<Provider> {
        self.0.output("provider", over, Clone::clone).map(Provider)
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Discovery>"
    }
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this discovery is over: begin another")
}
