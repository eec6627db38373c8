//! A roundtrip of the crate that Python drives with its own HTTP.

use std::sync::{Mutex, MutexGuard, PoisonError};

use proofkey::{Conversation, Response, Roundtrip};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::flow_error;
use crate::python_text::bytes_or_text;
use crate::secret::not_copied;

/// A roundtrip that is pending until there is a result.
///
/// No Python code runs while the lock is held: it could switch to a thread that holds the GIL and waits for the lock.
pub(crate) struct Pending<R: Roundtrip>(Mutex<Conversation<R>>);

impl<R: Roundtrip> Pending<R> {
    pub(crate) fn new(conversation: Conversation<R>) -> Self {
        Self(Mutex::new(conversation))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Conversation<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request to send now; `None` once it is done. `over` makes the error for a roundtrip that failed.
    pub(crate) fn request(&self, over: impl FnOnce() -> PyErr) -> PyResult<Option<Request>> {
        let request = {
            let conversation = self.lock();
            match conversation.request() {
                Some(request) => Some(Some(request.clone())),
                None => conversation.output().map(|_| None),
            }
        };
        request.map(|request| request.map(Request)).ok_or_else(over)
    }

    pub(crate) fn wait_seconds(&self) -> u32 {
        self.lock().wait_seconds()
    }

    /// Takes the response.
    pub(crate) fn receive(
        &self,
        py: Python<'_>,
        response: Response,
        now: Option<i64>,
        over: impl FnOnce() -> PyErr,
    ) -> PyResult<()> {
        let received = {
            let mut conversation = self.lock();
            let is_pending = conversation.is_pending();
            is_pending.then(|| conversation.receive(response, now.unwrap_or_else(proofkey::now)))
        };
        received.ok_or_else(over)?.map_err(|error| flow_error(py, &error))
    }

    /// The result, once there is one.
    pub(crate) fn output<T>(
        &self,
        name: &str,
        over: impl FnOnce() -> PyErr,
        read: impl FnOnce(&R::Output) -> T,
    ) -> PyResult<T> {
        let (output, is_pending) = {
            let conversation = self.lock();
            (conversation.output().map(read), conversation.is_pending())
        };
        output.ok_or_else(|| match is_pending {
            true => PyRuntimeError::new_err(format!("no {name} yet: send .request and .receive() its response first")),
            false => over(),
        })
    }
}

/// An HTTP request as data. Its headers and body contain secrets, which its repr hides.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Request(proofkey::Request);

#[pyo3::pymethods]
impl Request {
    /// The HTTP method.
    #[getter]
    const fn method(&self) -> &'static str {
        self.0.method()
    }

    /// The URL. It contains no secret.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// The headers to send.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        for (name, value) in self.0.headers() {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    /// The body to send.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.body().as_bytes())
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Request {} {}>", self.0.method(), self.0.url())
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Request"))
    }
}

/// A response in the types that HTTP libraries use: the headers as a mapping or as pairs, the body as bytes or text.
pub(crate) fn response(status: u16, headers: &Bound<'_, PyAny>, body: &Bound<'_, PyAny>) -> PyResult<Response> {
    // Not every mapping of headers is a `Mapping`: the one of http.client is not.
    let pairs = match headers.getattr_opt(intern!(headers.py(), "items"))? {
        Some(items) => items.call0()?,
        None => headers.clone(),
    };
    let mut read = Vec::new();
    for pair in pairs.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        let text = |part: &Bound<'_, PyAny>| Ok::<_, PyErr>(part.str()?.to_string_lossy().into_owned());
        read.push((text(&name)?, text(&value)?));
    }
    let headers = read.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Response::new(status, headers, bytes_or_text("body", body)?))
}
