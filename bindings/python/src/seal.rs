use std::sync::Arc;

use proofkey::ErrorKind;
use pyo3::class::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::error::{flow_error, to_pyerr};
use crate::python_text::type_name;
use crate::secret::not_copied;

/// The keys that seal logins and stored tokens, derived from secrets of the application. The newest one seals; the older ones still open.
///
/// A secret is 32 random bytes, or a text made from them (`secrets.token_urlsafe(32)`). It is the same in every process
/// that may finish the login. To replace it, pass the new secret first, and keep the old one for ten minutes, until its
/// logins have expired. `SealError` "secret_weak" for fewer than 16 bytes; a `WeakSecretWarning` for fewer than 32.
///
/// They cannot be compared, hashed, copied or pickled. The keys are erased when the object is freed; the secrets that
/// were passed in are Python objects, and are not erased.
///
/// >>> import proofkey
/// >>> proofkey.SealKeys("the secret of this application, 32 random bytes", "the secret of last year, just as random")
/// <proofkey.SealKeys redacted>
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct SealKeys(pub(crate) Arc<proofkey::SealKeys>);

#[pyo3::pymethods]
impl SealKeys {
    #[new]
    #[pyo3(signature = (secret, /, *older))]
    fn new(py: Python<'_>, secret: &Bound<'_, PyAny>, older: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let mut keys = proofkey::SealKeys::new(secret_bytes("secret", secret)?);
        for secret in older {
            let bytes = secret_bytes("an older secret", &secret)?;
            keys = keys.and_then(|keys| keys.with_older(bytes));
        }
        let keys = keys.map_err(|error| flow_error(py, &error))?;
        if keys.is_weak() {
            let category = py.import("proofkey._errors")?.getattr("WeakSecretWarning")?;
            PyErr::warn(py, &category, c"a sealing secret has fewer than 32 bytes: take 32 random ones", 1)?;
        }
        Ok(Self(Arc::new(keys)))
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.SealKeys redacted>"
    }

    fn __richcmp__(&self, _other: &Bound<'_, PyAny>, _op: CompareOp) -> PyResult<bool> {
        Err(PyTypeError::new_err("SealKeys cannot be compared"))
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("SealKeys"))
    }
}

/// The bytes of a secret, borrowed from the Python object: nobody would erase a copy.
fn secret_bytes<'a>(what: &str, secret: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    if let Ok(secret) = secret.cast::<PyBytes>() {
        return Ok(secret.as_bytes());
    }
    let secret = secret
        .cast::<PyString>()
        .map_err(|_| PyTypeError::new_err(format!("{what} must be bytes or str, not {}", type_name(secret))))?;
    secret.to_str().map(str::as_bytes).map_err(|_| to_pyerr(secret.py(), ErrorKind::TextInvalid))
}
