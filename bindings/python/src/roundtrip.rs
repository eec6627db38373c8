//! A roundtrip of the crate that Python drives with its own HTTP.

use std::sync::{Mutex, MutexGuard, PoisonError};

use proofkey::{Response, Roundtrip, Step};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::flow_error;
use crate::python_text::bytes_or_text;
use crate::secret::not_copied;

/// A roundtrip that is pending until there is a result, the Python object `Output`.
///
/// No Python code runs while the lock is held: it could switch to a thread that holds the GIL and waits for the lock.
pub(crate) struct Pending<R: Roundtrip, Output>(Mutex<State<R, Output>>);

enum State<R: Roundtrip, Output> {
    Pending(R),
    Done(Py<Output>),
    /// It failed, or a response is being received.
    Over,
}

impl<R: Roundtrip, Output> Pending<R, Output> {
    pub(crate) fn new(roundtrip: R) -> Self {
        Self(Mutex::new(State::Pending(roundtrip)))
    }

    fn state(&self) -> MutexGuard<'_, State<R, Output>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request to send now; `None` once it is done. `over` makes the error for a roundtrip that failed.
    pub(crate) fn request(&self, over: impl FnOnce() -> PyErr) -> PyResult<Option<Request>> {
        let request = match &*self.state() {
            State::Pending(roundtrip) => Some(Some(roundtrip.request().clone())),
            State::Done(_) => Some(None),
            State::Over => None,
        };
        request.map(|request| request.map(Request)).ok_or_else(over)
    }

    /// Takes the response; `done` turns the result into the Python object.
    pub(crate) fn receive(
        &self,
        py: Python<'_>,
        response: Response,
        now: Option<i64>,
        over: impl FnOnce() -> PyErr,
        done: impl FnOnce(R::Output) -> PyResult<Py<Output>>,
    ) -> PyResult<()> {
        let roundtrip = {
            let mut state = self.state();
            match std::mem::replace(&mut *state, State::Over) {
                State::Pending(roundtrip) => Some(roundtrip),
                other => {
                    *state = other;
                    None
                }
            }
        };
        let received = roundtrip.ok_or_else(over)?.receive(response, now.unwrap_or_else(proofkey::now));
        let next = match received.map_err(|error| flow_error(py, &error))? {
            Step::Send(next) => State::Pending(next),
            Step::Done(output) => State::Done(done(output)?),
        };
        *self.state() = next;
        Ok(())
    }

    /// The result, once there is one.
    pub(crate) fn output(&self, py: Python<'_>, name: &str, over: impl FnOnce() -> PyErr) -> PyResult<Py<Output>> {
        let output = match &*self.state() {
            State::Done(output) => Ok(output.clone_ref(py)),
            State::Pending(_) => Err(true),
            State::Over => Err(false),
        };
        output.map_err(|is_pending| match is_pending {
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
