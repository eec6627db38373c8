use proofkey::Conversation;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;

/// The revocation of tokens (RFC 7009), for programs that bring their own HTTP, from `client.begin_revocation()`: the
/// refresh token first, since servers revoke its access tokens with it, then the access token. The loop is that of an
/// `Exchange`. The requests may be repeated: revoking a token that is no longer valid succeeds.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Revocation(Pending<proofkey::Revocation>);

impl Revocation {
    pub(crate) fn new(revocation: proofkey::Revocation) -> Self {
        Self(Pending::new(Conversation::new(revocation)))
    }
}

#[pyo3::pymethods]
impl Revocation {
    /// The request to send now; `None` once the tokens are revoked.
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
    /// text. `TokenError` if the server refused; the revocation is then over, and the token may still be valid.
    #[pyo3(signature = (status, headers, body, /))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.0.receive(py, response(status, headers, body)?, None, over)
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Revocation>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Revocation"))
    }
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this revocation is over: begin another")
}
