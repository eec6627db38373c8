use proofkey_core::Error;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::error::to_request_error;
use crate::params::{self, Name};
use crate::python_text::{bytes, text};

/// What an authorization server stores with a code: `str(binding)`.
///
/// `bind` makes one, and `Binding(text)` reads the stored text back; `verify` takes either. It contains no secret.
///
/// >>> from proofkey import server
/// >>> binding = server.Binding("S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
/// >>> binding.method
/// 'S256'
/// >>> str(server.Binding("none"))
/// 'none'
#[pyo3::pyclass(frozen, module = "proofkey.server")]
pub(crate) struct Binding(pub(crate) proofkey_core::Binding);

#[pyo3::pymethods]
impl Binding {
    #[new]
    #[pyo3(signature = (text, /))]
    fn new(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        stored(text).map(Self)
    }

    /// The method that was bound, `"S256"` or `"plain"`; `None` if there was no challenge.
    #[getter]
    fn method(&self) -> Option<&'static str> {
        self.0.method().map(proofkey_core::Method::as_str)
    }

    fn __str__<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.0.as_str())
    }

    fn __repr__(&self) -> String {
        format!("Binding('{}')", self.0)
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0.as_bytes() == other.0.as_bytes()
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.__str__(py).hash()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> (Bound<'py, PyType>, (Bound<'py, PyString>,)) {
        (py.get_type::<Self>(), (self.__str__(py),))
    }
}

/// Verifies the `code_verifier` of a token request against what was stored with the code (RFC 7636 section 4.6).
///
/// `binding` is the stored text or a `Binding`. `None` and an empty or unreadable text raise `RequestError`: a lost
/// column never means "no PKCE". `params` is the whole form, as the framework gives it, so that a repeated parameter is
/// seen.
///
/// It returns if the verifier is right. Otherwise it raises `RequestError`, whose `as_dict()` is the response, or
/// `TypeError` if the call itself is wrong. Call it after the code was found and before it is consumed: a failed
/// verifier does not use the code up.
///
/// >>> from proofkey import server
/// >>> stored = "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
/// >>> server.verify(stored, {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})
/// >>> try:
/// ...     server.verify(stored, {})
/// ... except server.RequestError as error:
/// ...     error.error, error.name
/// ('invalid_grant', 'verifier_missing')
#[pyo3::pyfunction]
#[pyo3(signature = (binding, params, /))]
pub(crate) fn verify(binding: &Bound<'_, PyAny>, params: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = params.py();
    let [verifier] = params::read(params, [Name { text: "code_verifier", key: intern!(py, "code_verifier") }])?;
    let parsed;
    let binding = match binding.cast::<Binding>() {
        Ok(binding) => &binding.get().0,
        Err(_) => {
            parsed = stored(binding)?;
            &parsed
        }
    };
    let verifier = verifier.bytes()?;
    binding.verify(verifier.as_deref()).map_err(|error| to_request_error(py, error))
}

fn stored(value: &Bound<'_, PyAny>) -> PyResult<proofkey_core::Binding> {
    if value.is_none() {
        return Err(to_request_error(value.py(), Error::BindingMalformed));
    }
    let stored = bytes(text("a stored binding", value)?)?;
    proofkey_core::Binding::parse(&stored).map_err(|error| to_request_error(value.py(), error))
}
