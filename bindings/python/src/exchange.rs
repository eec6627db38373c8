use std::sync::{Mutex, PoisonError};

use proofkey::{Answer, ErrorKind, Step};
use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::{flow_error, to_pyerr};
use crate::secret::not_copied;
use crate::text::bytes_or_text;
use crate::tokens::Tokens;

/// What is still to be sent and received until there are tokens, for programs that bring their own HTTP:
///
///     x = login.accept(callback_url)
///     while request := x.request:
///         response = http.request(request.method, request.url, headers=request.headers, content=request.body)
///         x.receive(response.status_code, response.headers, response.content)
///     tokens = x.tokens
///
/// Follow no redirects. Once a byte of a request that is no "GET" may have left, do not send it again: a code is used
/// once. With the scope `openid` the first request may be for the server's keys.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Exchange(Mutex<State>);

enum State {
    Pending(Box<proofkey::Exchange>),
    Done(Py<Tokens>),
    Failed,
}

impl Exchange {
    pub(crate) fn new(exchange: proofkey::Exchange) -> Self {
        Self(Mutex::new(State::Pending(Box::new(exchange))))
    }

    /// Nothing that holds this lock waits for anything.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pyo3::pymethods]
impl Exchange {
    /// The request to send now; `None` once the tokens are there.
    #[getter]
    fn request(&self, py: Python<'_>) -> PyResult<Option<Request>> {
        match &*self.state() {
            State::Pending(exchange) => Ok(Some(Request(exchange.request().clone()))),
            State::Done(_) => Ok(None),
            State::Failed => Err(to_pyerr(py, ErrorKind::LoginSpent)),
        }
    }

    /// Takes the answer to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes
    /// or text.
    ///
    /// `TokenError` if the server refused, or if the answer is not what RFC 6749 section 5 describes; this login is
    /// over then. `MetadataError` if the server's keys for ID tokens cannot be read, before the code is sent;
    /// `IdTokenError` if the ID token is not to be believed. `now` is for tests.
    #[pyo3(signature = (status, headers, body, /, *, now = None))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<()> {
        let answer = answer(status, headers, body)?;
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Failed) {
            State::Pending(exchange) => {
                let received = exchange.receive(answer, now.unwrap_or_else(proofkey::now));
                *state = match received.map_err(|error| flow_error(py, &error))? {
                    Step::Send(next) => State::Pending(Box::new(next)),
                    Step::Done(tokens) => State::Done(Py::new(py, Tokens(tokens))?),
                };
                Ok(())
            }
            other => {
                *state = other;
                Err(to_pyerr(py, ErrorKind::LoginSpent))
            }
        }
    }

    /// The tokens, once `request` is `None`.
    #[getter]
    fn tokens(&self, py: Python<'_>) -> PyResult<Py<Tokens>> {
        match &*self.state() {
            State::Done(tokens) => Ok(tokens.clone_ref(py)),
            State::Pending(_) => Err(PyRuntimeError::new_err("send x.request and x.receive() its answer first")),
            State::Failed => Err(to_pyerr(py, ErrorKind::LoginSpent)),
        }
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Exchange>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("an Exchange"))
    }
}

/// An HTTP request as data. Its headers and body carry secrets; its repr hides them.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Request(pub(crate) proofkey::Request);

#[pyo3::pymethods]
impl Request {
    /// The HTTP method.
    #[getter]
    const fn method(&self) -> &'static str {
        self.0.method()
    }

    /// The URL. No secret is in it.
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

/// An answer as Python has it.
pub(crate) fn answer(status: u16, headers: &Bound<'_, PyAny>, body: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let [content_type, retry_after] = read(headers, ["content-type", "retry-after"])?;
    let answer = Answer::new(status, content_type.as_deref(), bytes_or_text("the body", body)?);
    Ok(answer.retry_after(retry_after.as_deref()))
}

/// The values of these headers, however their names are written; of one that comes twice, the first.
fn read<const N: usize>(headers: &Bound<'_, PyAny>, names: [&str; N]) -> PyResult<[Option<String>; N]> {
    // Not every mapping of headers is a `Mapping`: the one of http.client is not.
    let pairs = match headers.getattr_opt(intern!(headers.py(), "items"))? {
        Some(items) => items.call0()?,
        None => headers.clone(),
    };
    let mut values = [const { None }; N];
    for pair in pairs.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        let name = name.str()?;
        let name = name.to_string_lossy();
        for (wanted, found) in names.iter().zip(&mut values) {
            if found.is_none() && name.eq_ignore_ascii_case(wanted) {
                *found = Some(value.str()?.to_string_lossy().into_owned());
            }
        }
    }
    Ok(values)
}
