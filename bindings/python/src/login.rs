use std::sync::{Mutex, PoisonError};

use proofkey::{ErrorKind, Refusal, now};
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::exchange::Exchange;
use crate::secret::not_copied;
use crate::text::text;

/// One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.
///
/// It holds the verifier: keep it where only this user's browser can reach it again. It cannot be copied or
/// pickled.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Login {
    url: String,
    expires_at: i64,
    pending: Mutex<Option<proofkey::Login>>,
}

impl Login {
    pub(crate) fn new(login: proofkey::Login) -> Self {
        Self { url: login.url().to_owned(), expires_at: login.expires_at(), pending: Mutex::new(Some(login)) }
    }

    /// Uses the login, one caller after the other; what a refusal hands back stays for the next. Nothing waits with
    /// the GIL held.
    pub(crate) fn use_up<T: Send>(
        &self,
        py: Python<'_>,
        callback_url: &Bound<'_, PyAny>,
        with: impl FnOnce(proofkey::Login, proofkey::Callback) -> Result<T, Refusal> + Send,
    ) -> PyResult<T> {
        // A lone surrogate has no UTF-8, and no callback holds one: U+FFFD in its place is refused like it.
        let callback = text("the callback URL", callback_url)?.to_string_lossy();
        let callback = proofkey::Callback::url(callback);
        let outcome = py.detach(|| {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let login = pending.take().ok_or(proofkey::Error::from(ErrorKind::LoginSpent))?;
            with(login, callback).map_err(|refusal| {
                *pending = refusal.login.map(|login| *login);
                refusal.error
            })
        });
        outcome.map_err(|error| flow_error(py, &error))
    }
}

#[pyo3::pymethods]
impl Login {
    /// The URL to send the browser to. The verifier is not in it.
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    /// When this login expires, in seconds since the epoch.
    #[getter]
    const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// Checks the callback and returns the `Exchange` of its code, without network: for programs that bring their
    /// own HTTP. `client.finish()` does both.
    ///
    /// `CallbackError` leaves the login usable where anybody could have sent the callback; a second use of the
    /// right one is `login_spent`.
    #[pyo3(signature = (callback_url, /))]
    fn accept(&self, py: Python<'_>, callback_url: &Bound<'_, PyAny>) -> PyResult<Exchange> {
        self.use_up(py, callback_url, |login, callback| login.accept(callback, now())).map(Exchange::new)
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Login expires_at={}>", self.expires_at)
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Login"))
    }
}
