//! Errors as exceptions. The classes are Python's and load with the first error, not with the module.

use proofkey_core::Error;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// The exception for `error`, of the class that its number belongs to.
pub(crate) fn to_pyerr(py: Python<'_>, error: Error) -> PyErr {
    with_details(py, error, None)
}

/// The same, with what only some classes take as keywords: `error`, `error_description`, `error_uri` and `retry_after`
/// (what a server said: `AuthorizationError`, `TokenError`) or `request_sent` (`TransportError`).
pub(crate) fn with_details(py: Python<'_>, error: Error, details: Option<&Bound<'_, PyDict>>) -> PyErr {
    Class::of(error).exception(py, error, details)
}

/// The exception for an error of the flow, with what its class says besides.
pub(crate) fn flow_error(py: Python<'_>, error: &proofkey::Error) -> PyErr {
    let details = PyDict::new(py);
    let filled = match (Class::of(error.kind()).name, error.oauth()) {
        ("TransportError", _) => details.set_item("request_sent", error.request_sent()),
        ("TokenError" | "AuthorizationError", oauth) => details
            .set_item("error", oauth.map(proofkey::OAuthError::error))
            .and_then(|()| details.set_item("error_description", oauth.and_then(proofkey::OAuthError::description)))
            .and_then(|()| details.set_item("error_uri", oauth.and_then(proofkey::OAuthError::uri)))
            .and_then(|()| details.set_item("retry_after", error.retry_after())),
        _ => Ok(()),
    };
    filled.map_or_else(|failed| failed, |()| with_details(py, error.kind(), Some(&details)))
}

/// The exception for an error of discovery: an answer that is of no use is a `MetadataError` here.
pub(crate) fn discovery_error(py: Python<'_>, error: &proofkey::Error) -> PyErr {
    match Class::of(error.kind()).name {
        "TokenError" => METADATA.exception(py, error.kind(), None),
        _ => flow_error(py, error),
    }
}

/// The exception that the `server` functions raise: whatever the error is, an OAuth client gets an answer to it.
pub(crate) fn to_request_error(py: Python<'_>, error: Error) -> PyErr {
    let class = if error.oauth_error().is_some() { &REQUEST } else { Class::of(error) };
    class.exception(py, error, None)
}

struct Class {
    module: &'static str,
    name: &'static str,
    loaded: PyOnceLock<Py<PyType>>,
}

impl Class {
    const fn new(module: &'static str, name: &'static str) -> Self {
        Self { module, name, loaded: PyOnceLock::new() }
    }

    fn of(error: Error) -> &'static Self {
        match error.number() {
            1..=3 => &VERIFIER,
            10..=24 => &REQUEST,
            100..=199 | 902 => &CONFIGURATION,
            211 => &AUTHORIZATION,
            200..=299 => &CALLBACK,
            300..=399 => &SEAL,
            400..=499 => &TOKEN,
            500..=599 => &ID_TOKEN,
            600..=699 => &METADATA,
            700..=799 => &TRANSPORT,
            _ => &ERROR,
        }
    }

    fn exception(&self, py: Python<'_>, error: Error, details: Option<&Bound<'_, PyDict>>) -> PyErr {
        match self.loaded.import(py, self.module, self.name).and_then(|class| class.call((error.name(),), details)) {
            Ok(exception) => PyErr::from_value(exception),
            Err(failed) => failed,
        }
    }
}

static ERROR: Class = Class::new("proofkey._errors", "Error");
static VERIFIER: Class = Class::new("proofkey._errors", "VerifierError");
static CONFIGURATION: Class = Class::new("proofkey._errors", "ConfigurationError");
static CALLBACK: Class = Class::new("proofkey._errors", "CallbackError");
static AUTHORIZATION: Class = Class::new("proofkey._errors", "AuthorizationError");
static SEAL: Class = Class::new("proofkey._errors", "SealError");
static TOKEN: Class = Class::new("proofkey._errors", "TokenError");
static ID_TOKEN: Class = Class::new("proofkey._errors", "IdTokenError");
static METADATA: Class = Class::new("proofkey._errors", "MetadataError");
static TRANSPORT: Class = Class::new("proofkey._errors", "TransportError");
static REQUEST: Class = Class::new("proofkey.server", "RequestError");

type Row = (i32, &'static str, &'static str, &'static str, &'static str, Option<&'static str>, bool);

/// The row of the error table with this name: number, message, fault, recovery, hint, the OAuth error it stands for,
/// and whether it passes on what a server said.
///
/// >>> error_info("verifier_mismatch")[0]
/// 21
#[pyo3::pyfunction]
#[pyo3(signature = (name, /))]
pub(crate) fn error_info(name: &str) -> PyResult<Row> {
    let error = named(name)?;
    Ok((
        error.number(),
        error.message(),
        error.fault().as_str(),
        error.recovery().as_str(),
        error.recovery().hint(),
        error.oauth_error(),
        error.is_from_server(),
    ))
}

/// The name of every error, in the order of the numbers.
///
/// >>> error_names()[0]
/// 'verifier_length'
#[pyo3::pyfunction]
pub(crate) fn error_names(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    PyTuple::new(py, Error::ALL.iter().map(|error| error.name()))
}

/// Raises the error with this name, as the native code would. The keywords go to the class.
///
/// >>> raise_error("timeout", request_sent=True)
/// Traceback (most recent call last):
///     ...
/// proofkey.TransportError: timeout: no answer in time. Next: try again later: nothing here has to change
#[pyo3::pyfunction]
#[pyo3(signature = (name, /, **details))]
pub(crate) fn raise_error(py: Python<'_>, name: &str, details: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    Err(with_details(py, named(name)?, details))
}

fn named(name: &str) -> PyResult<Error> {
    let found = Error::ALL.iter().copied().find(|error| error.name() == name);
    found.ok_or_else(|| PyValueError::new_err("no error has this name"))
}
