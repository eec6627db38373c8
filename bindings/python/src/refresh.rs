use proofkey::Conversation;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;
use crate::tokens::Tokens;

/// The exchange of a refresh token, from `client.begin_refresh()`, for programs that bring their own HTTP. The loop is
/// that of an `Exchange`; if others have just refreshed the same tokens, there is nothing to send. Store `tokens`, then
/// call `saved()`.
///
/// As long as it lives and is not saved, nobody else who has the client can refresh the same tokens.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Refresh(Pending<proofkey::Refresh>);

impl Refresh {
    pub(crate) fn new(refresh: Conversation<proofkey::Refresh>) -> Self {
        Self(Pending::new(refresh))
    }
}

#[pyo3::pymethods]
impl Refresh {
    /// The request to send now; `None` once the tokens are there.
    #[getter]
    fn request(&self) -> PyResult<Option<Request>> {
        self.0.request(over)
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
        self.0.receive(py, response, now, over)
    }

    /// The tokens, once `request` is `None`.
    #[getter]
    fn tokens(&self) -> PyResult<Tokens> {
        self.0.output("tokens", over, |refreshed| Tokens(refreshed.tokens().clone()))
    }

    /// Says that the new tokens are stored, or need not be: from now on other callers get them too. It does nothing
    /// before they are there.
    fn saved(&self) {
        self.0.lock().saved();
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Refresh>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Refresh"))
    }
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this refresh is over: begin another")
}
