//! Errors as exceptions. The classes are written in Python: `proofkey._errors` picks one by the error table, and is
//! imported with the first error. They are looked up each time, because each interpreter has its own.

use proofkey::{Endpoint, ErrorKind, OAuthError, PkceError, Recovery};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The exception for `error`.
pub(crate) fn to_pyerr(py: Python<'_>, error: impl Into<ErrorKind>) -> PyErr {
    made(py, error.into().name(), None)
}

/// The exception for an error of the flow, with all its details.
pub(crate) fn flow_error(py: Python<'_>, error: &proofkey::Error) -> PyErr {
    details(py, error).map_or_else(|failed| failed, |details| made(py, error.kind().name(), Some(&details)))
}

fn details<'py>(py: Python<'py>, error: &proofkey::Error) -> PyResult<Bound<'py, PyDict>> {
    let (oauth, details) = (error.oauth(), PyDict::new(py));
    details.set_item(intern!(py, "endpoint"), error.endpoint().map(Endpoint::as_str))?;
    details.set_item(intern!(py, "status"), error.status())?;
    details.set_item(intern!(py, "retry_after"), error.retry_after())?;
    details.set_item(intern!(py, "recovery"), error.recovery().as_str())?;
    details.set_item(intern!(py, "request_sent"), error.request_sent())?;
    details.set_item(intern!(py, "error"), oauth.map(OAuthError::error))?;
    details.set_item(intern!(py, "error_description"), oauth.and_then(OAuthError::description))?;
    details.set_item(intern!(py, "error_uri"), oauth.and_then(OAuthError::uri))?;
    Ok(details)
}

fn made(py: Python<'_>, name: &str, details: Option<&Bound<'_, PyDict>>) -> PyErr {
    let make = || py.import("proofkey._errors")?.getattr(intern!(py, "make"))?.call((name,), details);
    make().map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception that the `server` functions raise: a `RequestError` if the client sent a bad request.
pub(crate) fn to_request_error(py: Python<'_>, error: PkceError) -> PyErr {
    if error.oauth_error().is_none() {
        return to_pyerr(py, error);
    }
    let make = || py.import("proofkey.server")?.getattr(intern!(py, "RequestError"))?.call1((error.name(),));
    make().map_or_else(|failed| failed, PyErr::from_value)
}

type Row = (i32, &'static str, &'static str, &'static str, &'static str, Option<&'static str>);

/// The row of the error table with this name: number, message, fault, recovery, hint, and the OAuth error that it
/// stands for. `recovery` replaces the one of the table.
///
/// >>> error_info("verifier_mismatch")[0]
/// 21
#[pyo3::pyfunction]
#[pyo3(signature = (name, recovery = None, /))]
pub(crate) fn error_info(name: &str, recovery: Option<&str>) -> PyResult<Row> {
    let error = ErrorKind::ALL.iter().find(|error| error.name() == name);
    let error = error.ok_or_else(|| PyValueError::new_err("no error has this name"))?;
    let recovery = match recovery {
        None => error.recovery(),
        Some(word) => Recovery::from_name(word).ok_or_else(|| PyValueError::new_err("no recovery has this name"))?,
    };
    Ok((
        error.number(),
        error.message(),
        error.fault().as_str(),
        recovery.as_str(),
        recovery.hint(),
        error.oauth_error(),
    ))
}

/// The name of every error, in the order of the numbers.
///
/// >>> error_names()[0]
/// 'verifier_length'
#[pyo3::pyfunction]
pub(crate) fn error_names(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, ErrorKind::ALL.iter().map(|error| error.name()))
}

/// Raises the error with this name, as the native code would. The keywords are those of `proofkey._errors.make`.
///
/// >>> raise_error("timeout", request_sent=True)
/// Traceback (most recent call last):
///     ...
/// proofkey.TransportError: timeout: no response in time. Next: try again later: nothing here has to change
#[pyo3::pyfunction]
#[pyo3(signature = (name, /, **details))]
pub(crate) fn raise_error(py: Python<'_>, name: &str, details: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    Err(made(py, name, details))
}
