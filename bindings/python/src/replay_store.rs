//! Replay stores: the one in memory, and any that is a Python object.

use std::sync::{Mutex, PoisonError};

use proofkey::{Error, ErrorKind, ReplayStore};
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::hook::refuse_result;

/// A `ReplayStore` in the memory of one process: for programs that run as a single process.
///
/// It holds 100,000 keys. When it is full of keys that have not expired, it refuses more ("store_unavailable") rather
/// than forget one.
///
/// >>> from proofkey import replay_store
/// >>> finished = replay_store.MemoryReplayStore()
/// >>> finished.claim("login:an-id", 2**40)
/// >>> finished.claim("login:an-id", 2**40)
/// Traceback (most recent call last):
///     ...
/// proofkey.CallbackError: login_already_used: this login was already used. Next: begin a new login: nothing of this one can be used again
#[pyo3::pyclass(frozen, module = "proofkey.replay_store")]
pub(crate) struct MemoryReplayStore(proofkey::MemoryReplayStore);

#[pyo3::pymethods]
impl MemoryReplayStore {
    #[new]
    fn new() -> Self {
        Self(proofkey::MemoryReplayStore::new())
    }

    /// Claims a key until `until`, in seconds since the epoch. `CallbackError` "login_already_used" if it is claimed
    /// already.
    #[pyo3(signature = (key, until, /))]
    fn claim(&self, py: Python<'_>, key: &str, until: i64) -> PyResult<()> {
        self.0.claim(key, until).map_err(|error| flow_error(py, &error))
    }

    /// Gives a claimed key back, because nothing was sent.
    #[pyo3(signature = (key, /))]
    fn release(&self, key: &str) {
        self.0.release(key);
    }
}

/// A Python object that is a replay store, and what it raised.
pub(crate) struct Store<'a> {
    object: &'a Py<PyAny>,
    raised: Mutex<Option<PyErr>>,
}

impl<'a> Store<'a> {
    pub(crate) const fn new(object: &'a Py<PyAny>) -> Self {
        Self { object, raised: Mutex::new(None) }
    }

    /// The store's own exception, which says more than the error of the flow that it became.
    pub(crate) fn raised(self) -> Option<PyErr> {
        self.raised.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReplayStore for Store<'_> {
    fn claim(&self, key: &str, until: i64) -> Result<(), Error> {
        Python::attach(|py| {
            let returned = self.object.bind(py).call_method1("claim", (key, until));
            let Err(raised) = returned.and_then(|returned| refuse_result("claim", &returned)) else { return Ok(()) };
            let name = raised.value(py).getattr_opt("name").ok().flatten();
            let is_claimed = name.is_some_and(|name| name.eq(ErrorKind::LoginAlreadyUsed.name()).unwrap_or_default());
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(raised);
            Err(if is_claimed { ErrorKind::LoginAlreadyUsed } else { ErrorKind::StoreUnavailable }.into())
        })
    }

    fn release(&self, key: &str) {
        Python::attach(|py| {
            if let Err(raised) = self.object.call_method1(py, "release", (key,)) {
                // The caller gets the reason why nothing was sent, which matters more.
                raised.write_unraisable(py, Some(self.object.bind(py)));
            }
        });
    }
}
