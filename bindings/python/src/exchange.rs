use proofkey::ErrorKind;
use pyo3::prelude::*;

use crate::error::to_pyerr;
use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;
use crate::tokens::Tokens;

/// What is still to be sent and received until there are tokens, for programs that bring their own HTTP:
///
///     x = login.accept(callback_url)
///     while request := x.request:
///         response = http.request(request.method, request.url, headers=request.headers, content=request.body)
///         x.receive(response.status_code, response.headers, response.content)
///     tokens = x.tokens
///
/// Do not follow redirects. Once a byte of a request other than "GET" may have been sent, do not send it again: a code
/// can be used only once. With the scope `openid` the first request may be for the server's keys.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Exchange(Pending<proofkey::Exchange, Tokens>);

impl Exchange {
    pub(crate) fn new(exchange: proofkey::Exchange) -> Self {
        Self(Pending::new(exchange))
    }
}

#[pyo3::pymethods]
impl Exchange {
    /// The request to send now; `None` once the tokens are there.
    #[getter]
    fn request(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        self.0.request(|| to_pyerr(py, ErrorKind::LoginAlreadyUsed))
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text.
    ///
    /// `TokenError` if the server refused, or if the response is not what RFC 6749 section 5 describes; this login is
    /// then over. `MetadataError` if the server's keys for ID tokens cannot be read, before the code is sent;
    /// `IdTokenError` if the ID token fails a check. `now` is for tests.
    #[pyo3(signature = (status, headers, body, /, *, now = None))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<()> {
        let response = response(status, headers, body)?;
        let over = || to_pyerr(py, ErrorKind::LoginAlreadyUsed);
        self.0.receive(py, response, now, over, |tokens| Py::new(py, Tokens(tokens)))
    }

    /// The tokens, once `request` is `None`.
    #[getter]
    fn tokens(&self, py: Python<'_>) -> PyResult<Py<Tokens>> {
        self.0.output(py, "tokens", || to_pyerr(py, ErrorKind::LoginAlreadyUsed))
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Exchange>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("an Exchange"))
    }
}
