use pyo3::class::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::to_pyerr;
use crate::python_text::{bytes, text, type_name};

/// The secret of one authorization request: 43 to 128 unreserved characters (RFC 7636 section 4.1).
///
/// `Verifier.generate()` makes one; `Verifier(text)` reads one that comes from elsewhere, and raises `VerifierError`
/// for anything but 43 to 128 of the characters A-Z a-z 0-9 - . _ ~. Nothing is trimmed or decoded.
///
/// It cannot be compared, hashed, copied or pickled, and its repr hides it; `expose()` is the only way to read it. It
/// is erased when the object is freed. Text that `expose()` returned cannot be erased in Python: ask for it late, and
/// keep no reference.
///
/// >>> import proofkey
/// >>> verifier = proofkey.Verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
/// >>> verifier
/// <proofkey.Verifier redacted>
/// >>> verifier.challenge()
/// 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Verifier(proofkey_core::Verifier);

impl Verifier {
    /// A copy for a login that will use it.
    pub(crate) fn copy(&self) -> Result<proofkey_core::Verifier, proofkey_core::Error> {
        proofkey_core::Verifier::parse(self.0.expose_bytes())
    }
}

#[pyo3::pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (text, /))]
    fn new(text: &Bound<'_, PyAny>) -> PyResult<Self> {
        parse(text).map(Self)
    }

    /// A fresh verifier: 32 bytes from the operating system as 43 base64url characters. Make one for each request.
    ///
    /// >>> import proofkey
    /// >>> len(proofkey.Verifier.generate().expose())
    /// 43
    #[staticmethod]
    fn generate(py: Python<'_>) -> PyResult<Self> {
        proofkey_core::Verifier::generate().map(Self).map_err(|error| to_pyerr(py, error))
    }

    /// A verifier from 32 to 96 bytes of your own cryptographic generator. Use the bytes only once.
    ///
    /// >>> import os, proofkey
    /// >>> len(proofkey.Verifier.from_entropy(os.urandom(96)).expose())
    /// 128
    #[staticmethod]
    #[pyo3(signature = (entropy, /))]
    fn from_entropy(entropy: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(octets) = entropy.cast::<PyBytes>() else {
            return Err(PyTypeError::new_err(format!("entropy must be bytes, not {}", type_name(entropy))));
        };
        proofkey_core::Verifier::from_entropy(octets.as_bytes())
            .map(Self)
            .map_err(|error| to_pyerr(entropy.py(), error))
    }

    /// The S256 challenge to send with the authorization request (RFC 7636 section 4.2).
    ///
    /// >>> import proofkey
    /// >>> verifier = proofkey.Verifier.generate()
    /// >>> verifier.challenge() == proofkey.s256(verifier.expose())
    /// True
    fn challenge<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        PyString::from_bytes(py, self.0.challenge().as_bytes())
    }

    /// The secret characters. Use them only in the body of the token request.
    fn expose<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        PyString::from_bytes(py, self.0.expose_bytes())
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Verifier redacted>"
    }

    // Without this, `==` would compare identities, and silently give False for two objects with the same text.
    fn __richcmp__(&self, _other: &Bound<'_, PyAny>, _op: CompareOp) -> PyResult<bool> {
        Err(PyTypeError::new_err("a Verifier cannot be compared; a server checks one with proofkey.server.verify"))
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(not_copied())
    }

    fn __getstate__(&self) -> PyResult<()> {
        Err(not_copied())
    }

    fn __copy__(&self) -> PyResult<()> {
        Err(not_copied())
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied())
    }
}

fn not_copied() -> PyErr {
    PyTypeError::new_err("a Verifier cannot be copied or pickled: it is the secret of one request")
}

/// The S256 challenge of a verifier's text: base64url of its SHA-256, without padding (RFC 7636 section 4.2).
///
/// Raises `VerifierError` unless the text is a verifier: 43 to 128 of the characters A-Z a-z 0-9 - . _ ~.
///
/// >>> import proofkey
/// >>> proofkey.s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
/// 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
#[pyo3::pyfunction]
#[pyo3(signature = (verifier, /))]
pub(crate) fn s256<'py>(verifier: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let challenge = proofkey_core::Challenge::s256(&bytes(text("a verifier", verifier)?)?);
    let challenge = challenge.map_err(|error| to_pyerr(verifier.py(), error))?;
    PyString::from_bytes(verifier.py(), challenge.as_bytes())
}

#[inline]
fn parse(verifier: &Bound<'_, PyAny>) -> PyResult<proofkey_core::Verifier> {
    let characters = bytes(text("a verifier", verifier)?)?;
    proofkey_core::Verifier::parse(&characters).map_err(|error| to_pyerr(verifier.py(), error))
}
