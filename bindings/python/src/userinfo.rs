use proofkey::Conversation;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::json::claims_to_python;
use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;

/// The request for the claims about the user of some tokens (OpenID Connect Core section 5.3), for programs that bring
/// their own HTTP, from `client.begin_userinfo()`. The loop is that of an `Exchange`. Do not follow redirects: the
/// request carries the access token.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Userinfo(Pending<proofkey::Userinfo>);

impl Userinfo {
    pub(crate) fn new(userinfo: proofkey::Userinfo) -> Self {
        Self(Pending::new(Conversation::new(userinfo)))
    }
}

#[pyo3::pymethods]
impl Userinfo {
    /// The request to send now; `None` once the claims are there.
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
    /// text. `UserinfoError` if the server refused, or if the response cannot be read or is about another user than the
    /// ID token; the request is then over.
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

    /// The claims about the user as a dict, once `request` is `None`.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        claims_to_python(py, &self.0.output("claims", over, Clone::clone)?)
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Userinfo>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Userinfo"))
    }
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this request is over: begin another")
}
