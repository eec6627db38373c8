//! Python text as bytes for the core.

use std::borrow::Cow;

use proofkey::ErrorKind;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::error::to_pyerr;

/// `value` as text. `what` names it in the `TypeError`, which never shows the value.
pub(crate) fn text<'a, 'py>(what: &str, value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyString>> {
    value.cast().map_err(|_| wrong_type(what, value))
}

/// `value` as UTF-8, for settings. A lone surrogate is an error.
pub(crate) fn utf8(what: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    let text = text(what, value)?;
    text.to_str().map(str::to_owned).map_err(|_| to_pyerr(value.py(), ErrorKind::TextInvalid))
}

/// A body, in any of the types that HTTP libraries use.
pub(crate) fn bytes_or_text(what: &str, body: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(body) = body.cast::<PyBytes>() {
        Ok(body.as_bytes().to_vec())
    } else if let Ok(body) = body.cast::<PyByteArray>() {
        Ok(body.to_vec())
    } else if let Ok(body) = body.cast::<PyString>() {
        Ok(bytes(body)?.into_owned())
    } else {
        Err(PyTypeError::new_err(format!("{what} must be bytes or str, not {}", type_name(body))))
    }
}

/// The `TypeError` for a `value` that is not a text.
#[cold]
pub(crate) fn wrong_type(what: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let hint = if value.is_instance_of::<PyBytes>() { "; decode it first, as latin-1" } else { "" };
    PyTypeError::new_err(format!("{what} must be str, not {}{hint}", type_name(value)))
}

/// The name of `value`'s type, for messages.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The UTF-8 of `text`, whatever methods a subclass overrides.
///
/// A lone surrogate, which UTF-8 cannot encode, becomes three bytes that no grammar of this library accepts. Bad input
/// then gives the error of its grammar and not an encoding error.
pub(crate) fn bytes<'a>(text: &'a Bound<'_, PyString>) -> PyResult<Cow<'a, [u8]>> {
    match text.to_str() {
        Ok(text) => Ok(Cow::Borrowed(text.as_bytes())),
        Err(_) => surrogates_passed(text).map(Cow::Owned),
    }
}

#[cold]
fn surrogates_passed(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    let py = text.py();
    let encoded = py.get_type::<PyString>().call_method1(intern!(py, "encode"), (text, "utf-8", "surrogatepass"))?;
    Ok(encoded.cast::<PyBytes>()?.as_bytes().to_vec())
}
