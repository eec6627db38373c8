use proofkey::{Conversation, ErrorKind};
use pyo3::prelude::*;

use crate::error::to_pyerr;
use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;
use crate::tokens::Tokens;

/// What is still to be sent and received until there are tokens, for programs that bring their own HTTP:
///
///     x = login.accept(callback_url)
///     while request := x.request:
///         time.sleep(x.wait_seconds)
///         response = http.request(request.method, request.url, headers=request.headers, content=request.body)
///         x.receive(response.status_code, response.headers, response.content)
///     tokens = x.tokens
///
/// Do not follow redirects. Once a byte of a request other than "GET" may have been sent, do not send it again: a code
/// can be used only once. With the scope `openid` the first request may be for the server's keys.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Exchange(Pending<proofkey::Exchange>);

impl Exchange {
    pub(crate) fn new(exchange: proofkey::Exchange) -> Self {
        Self(Pending::new(Conversation::new(exchange)))
    }
}

#[pyo3::pymethods]
impl Exchange {
    /// The request to send now; `None` once the tokens are there.
    #[getter]
    fn request(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        self.0.request(|| to_pyerr(py, ErrorKind::LoginAlreadyUsed))
    }

    /// How many seconds to wait before `request` is sent: 0, unless the server asked for a pause, which is five seconds
    /// at most.
    #[getter]
    fn wait_seconds(&self) -> u32 {
        self.0.wait_seconds()
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text.
    ///
    /// `TokenError` if the server refused, or if the response is not what RFC 6749 section 5 describes, and
    /// `IdTokenError` if the ID token fails a check: the exchange is then over. `MetadataError` if the server's keys for
    /// ID tokens cannot be read: the exchange is then still pending, and `request` asks for them again, now or later.
    /// If the error's `request_sent` is true, the code or the refresh token was sent, and the tokens wait inside for
    /// the keys. `now` is for tests.
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
        self.0.receive(py, response, now, over)
    }

    /// The tokens, once `request` is `None`.
    #[getter]
    fn tokens(&self, py: Python<'_>) -> PyResult<Tokens> {
        self.0.output("tokens", || to_pyerr(py, ErrorKind::LoginAlreadyUsed), Clone::clone).map(Tokens)
    }

    /// Gives the login back, because no byte of the request with the code was sent: the same callback may be accepted
    /// again, by a login that is resumed once more. This exchange is then over.
    fn release(&self) {
        self.0.lock().release();
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Exchange>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("an Exchange"))
    }
}
