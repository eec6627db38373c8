use pyo3::class::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// A text that must not leak, for example an access token. Its repr hides it; `expose()` is the only way to read it.
///
/// It cannot be compared, hashed, copied or pickled. What `expose()` returned cannot be erased in Python.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Secret(pub(crate) proofkey::Secret);

#[pyo3::pymethods]
impl Secret {
    /// The text itself.
    fn expose<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.0.expose())
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Secret redacted>"
    }

    fn __richcmp__(&self, _other: &Bound<'_, PyAny>, _op: CompareOp) -> PyResult<bool> {
        Err(PyTypeError::new_err("a Secret cannot be compared"))
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Secret"))
    }
}

/// The `TypeError` of everything that holds secrets, for `copy` and `pickle` alike.
#[cold]
pub(crate) fn not_copied(what: &str) -> PyErr {
    PyTypeError::new_err(format!("{what} cannot be copied or pickled: it holds secrets"))
}
