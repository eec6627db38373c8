//! Stores of finished logins: the one in memory, and any that is a Python object.

use std::sync::{Mutex, PoisonError};

use proofkey::{Error, ErrorKind, SpendStore};
use pyo3::prelude::*;

use crate::error::flow_error;

/// Remembers finished logins in the memory of one process: right for a program that has only one.
///
/// It holds 100,000 logins. Full of logins that still live, it refuses more ("store_unavailable") rather than forget one.
///
/// >>> from proofkey import store
/// >>> finished = store.MemoryStore()
/// >>> finished.spend("an-id", 2**40)
/// >>> finished.spend("an-id", 2**40)
/// Traceback (most recent call last):
///     ...
/// proofkey.CallbackError: login_spent: this login was already used. Next: begin a new login: nothing of this one can be used again
#[pyo3::pyclass(frozen, module = "proofkey.store")]
pub(crate) struct MemoryStore(proofkey::MemoryStore);

#[pyo3::pymethods]
impl MemoryStore {
    #[new]
    fn new() -> Self {
        Self(proofkey::MemoryStore::new())
    }

    /// Marks a login as finished until `until`, in seconds since the epoch. `CallbackError` "login_spent" if it was
    /// before.
    #[pyo3(signature = (login_id, until, /))]
    fn spend(&self, py: Python<'_>, login_id: &str, until: i64) -> PyResult<()> {
        self.0.spend(login_id, until).map_err(|error| flow_error(py, &error))
    }

    /// Takes the mark back, because nothing was sent.
    #[pyo3(signature = (login_id, /))]
    fn unspend(&self, login_id: &str) {
        self.0.unspend(login_id);
    }
}

/// The object, and what it raised.
pub(crate) struct Store<'a> {
    object: &'a Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
}

impl<'a> Store<'a> {
    pub(crate) const fn new(object: &'a Py<PyAny>) -> Self {
        Self { object, raised: Mutex::new(None) }
    }

    /// The store's own exception, which says more than the error of the flow that it became.
    pub(crate) fn or_raised(self, error: PyErr) -> PyErr {
        self.raised.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(error)
    }
}

impl SpendStore for Store<'_> {
    fn spend(&self, login_id: &str, until: i64) -> Result<(), Error> {
        Python::attach(|py| {
            let Err(raised) = self.object.call_method1(py, "spend", (login_id, until)) else { return Ok(()) };
            let name = raised.value(py).getattr_opt("name").ok().flatten();
            let is_spent = name.is_some_and(|name| name.eq(ErrorKind::LoginSpent.name()).unwrap_or_default());
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
            Err(if is_spent { ErrorKind::LoginSpent } else { ErrorKind::StoreUnavailable }.into())
        })
    }

    fn unspend(&self, login_id: &str) {
        Python::attach(|py| {
            if let Err(raised) = self.object.call_method1(py, "unspend", (login_id,)) {
                // What is raised to the caller is why nothing was sent.
                raised.write_unraisable(py, Some(self.object.bind(py)));
            }
        });
    }
}
