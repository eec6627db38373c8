use std::sync::{Mutex, PoisonError};

use proofkey::{Client, ClientAuthenticationMethod, Error, ErrorKind, Secret};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::error::flow_error;
use crate::python_text::utf8;

/// A client whose secret may be a callable, which is called each time the secret is needed.
pub(crate) struct AuthenticatedClient {
    pub(crate) client: Client,
    authentication: Option<(ClientAuthenticationMethod, Py<PyAny>)>,
}

impl AuthenticatedClient {
    /// `method` is the name that the caller gave; without one the provider's metadata decides.
    pub(crate) fn new(
        py: Python<'_>,
        client: Client,
        method: Option<&str>,
        client_secret: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let named = method.map(ClientAuthenticationMethod::from_name);
        let method = match (named, &client_secret) {
            (Some(None | Some(ClientAuthenticationMethod::None)), _) => {
                return Err(PyValueError::new_err("auth_method: \"client_secret_basic\" or \"client_secret_post\""));
            }
            (Some(Some(_)), None) => {
                return Err(PyValueError::new_err("auth_method needs a client_secret; a public client has neither"));
            }
            (Some(Some(method)), Some(_)) => method,
            (None, _) => client.provider().token_endpoint_auth_method(),
        };
        let made = Self { client, authentication: client_secret.map(|secret| (method, secret)) };
        if made.authentication.as_ref().is_some_and(|(_, secret)| !secret.bind(py).is_callable()) {
            // A secret that is not a text is refused now, not at the first login.
            made.current(py)?;
        }
        Ok(made)
    }

    /// The client with the secret of the moment when it is asked for: once a callback has passed its checks.
    pub(crate) const fn current_later(&self) -> CurrentLater<'_> {
        CurrentLater { client: self, raised: Mutex::new(None) }
    }

    /// For the garbage collector: a callable secret may lead back to the client.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.authentication.as_ref().map_or(Ok(()), |(_, secret)| visit.call(secret))
    }

    /// The client with its current secret.
    pub(crate) fn current(&self, py: Python<'_>) -> PyResult<Client> {
        let Some((method, secret)) = &self.authentication else { return Ok(self.client.clone()) };
        let secret = secret.bind(py);
        let secret = match secret.is_callable() {
            true => utf8("what client_secret returns", &secret.call0()?)?,
            false => utf8("client_secret", secret)?,
        };
        let authentication = method.with_secret(Secret::new(secret));
        self.client.clone().with_authentication(authentication).map_err(|error| flow_error(py, &error))
    }

    /// The same authentication for a changed client.
    pub(crate) fn with_client(&self, py: Python<'_>, client: Client) -> Self {
        let authentication = self.authentication.as_ref().map(|(method, secret)| (*method, secret.clone_ref(py)));
        Self { client, authentication }
    }
}

/// A client that is asked for without the GIL, and what its callable secret raised.
pub(crate) struct CurrentLater<'a> {
    client: &'a AuthenticatedClient,
    raised: Mutex<Option<PyErr>>,
}

impl CurrentLater<'_> {
    pub(crate) fn get(&self) -> Result<Client, Error> {
        if self.client.authentication.is_none() {
            return Ok(self.client.client.clone());
        }
        Python::attach(|py| self.client.current(py)).map_err(|raised| {
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
            ErrorKind::Internal.into()
        })
    }

    /// What was raised, else the exception for the error.
    pub(crate) fn or_raised(self, py: Python<'_>, error: &Error) -> PyErr {
        self.raised().unwrap_or_else(|| flow_error(py, error))
    }

    /// What was raised.
    pub(crate) fn raised(self) -> Option<PyErr> {
        self.raised.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
