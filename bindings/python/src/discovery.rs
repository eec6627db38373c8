use std::sync::{Mutex, MutexGuard, PoisonError};

use proofkey::Step;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::{discovery_error, flow_error};
use crate::exchange::{Request, answer};
use crate::provider::Provider;
use crate::text::utf8;

/// The search for a server's metadata under its issuer, for programs that bring their own HTTP (`Provider.discover()` has
/// it built in): first where RFC 8414 puts it, then where OpenID Connect Discovery does.
///
/// `ConfigurationError` for an issuer that is no URL of a server. Follow no redirects.
///
/// >>> import proofkey
/// >>> discovery = proofkey.Discovery("https://as.example/tenant")
/// >>> discovery.request.url
/// 'https://as.example/.well-known/oauth-authorization-server/tenant'
/// >>> discovery.receive(404, {}, b"")
/// >>> discovery.request.url
/// 'https://as.example/tenant/.well-known/openid-configuration'
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Discovery(Mutex<State>);

enum State {
    Pending(proofkey::Discovery),
    Done(Py<Provider>),
    Failed,
}

impl Discovery {
    /// Nothing that holds this lock waits for anything.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pyo3::pymethods]
impl Discovery {
    #[new]
    #[pyo3(signature = (issuer, /))]
    fn new(py: Python<'_>, issuer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let discovery = proofkey::Discovery::new(utf8("issuer", issuer)?).map_err(|error| flow_error(py, &error))?;
        Ok(Self(Mutex::new(State::Pending(discovery))))
    }

    /// The request to send now; `None` once it is over.
    #[getter]
    fn request(&self) -> Option<Request> {
        match &*self.state() {
            State::Pending(discovery) => Some(Request(discovery.request().clone())),
            State::Done(_) | State::Failed => None,
        }
    }

    /// Takes the answer to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text. `MetadataError` if there is no metadata, or another issuer's; the search is over then.
    #[pyo3(signature = (status, headers, body, /))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let answer = answer(status, headers, body)?;
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Failed) {
            State::Pending(discovery) => {
                *state = match discovery.receive(answer).map_err(|error| discovery_error(py, &error))? {
                    Step::Send(next) => State::Pending(next),
                    Step::Done(provider) => State::Done(Py::new(py, Provider(provider))?),
                };
                Ok(())
            }
            over => {
                *state = over;
                Err(PyRuntimeError::new_err("this discovery is over"))
            }
        }
    }

    /// The provider, once `request` is `None`.
    #[getter]
    fn provider(&self, py: Python<'_>) -> PyResult<Py<Provider>> {
        match &*self.state() {
            State::Done(provider) => Ok(provider.clone_ref(py)),
            State::Pending(_) | State::Failed => Err(PyRuntimeError::new_err("no metadata has been found")),
        }
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Discovery>"
    }
}
