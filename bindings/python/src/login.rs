use std::sync::{Mutex, PoisonError};

use proofkey::{Callback, ErrorKind, Refusal, Secret};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::client::Client;
use crate::error::flow_error;
use crate::exchange::Exchange;
use crate::secret::not_copied;
use crate::text::{bytes_or_text, text};

/// One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.
///
/// It holds the verifier: keep it where only this user's browser can reach it again. It cannot be copied or
/// pickled.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Login {
    url: String,
    expires_at: i64,
    client: Py<Client>,
    pending: Mutex<Option<proofkey::Login>>,
}

impl Login {
    pub(crate) fn new(login: proofkey::Login, client: Py<Client>) -> Self {
        Self { url: login.url().to_owned(), expires_at: login.expires_at(), client, pending: Mutex::new(Some(login)) }
    }

    /// Uses the login, one caller after the other; what a refusal hands back stays for the next. Nothing waits with
    /// the GIL held.
    pub(crate) fn use_up<T: Send>(
        &self,
        py: Python<'_>,
        with: impl FnOnce(proofkey::Login) -> Result<T, Refusal> + Send,
    ) -> PyResult<T> {
        let outcome = py.detach(|| {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            let login = pending.take().ok_or(proofkey::Error::from(ErrorKind::LoginSpent))?;
            with(login).map_err(|refusal| {
                *pending = refusal.login.map(|login| *login);
                refusal.error
            })
        });
        outcome.map_err(|error| flow_error(py, &error))
    }
}

/// A callback as Python has it.
pub(crate) fn callback(
    url: &Bound<'_, PyAny>,
    content_type: Option<&Bound<'_, PyAny>>,
    body: Option<&Bound<'_, PyAny>>,
) -> PyResult<Callback> {
    // A lone surrogate has no UTF-8, and no callback holds one: U+FFFD in its place is refused like it.
    let lossy = |what, value| Ok::<_, PyErr>(text(what, value)?.to_string_lossy().into_owned());
    let url = lossy("the callback URL", url)?;
    match (content_type, body) {
        (None, None) => Ok(Callback::url(url)),
        (Some(content_type), Some(body)) => {
            // Bytes that are no text are no form either.
            let body = String::from_utf8_lossy(&bytes_or_text("the body", body)?).into_owned();
            Ok(Callback::form_post(url, lossy("content_type", content_type)?, body))
        }
        _ => Err(PyTypeError::new_err("a posted callback has both content_type and body")),
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

    /// Checks the callback and returns the `Exchange` of its code, without network: for programs that bring their own
    /// HTTP. `client.finish()` does both, and takes the same arguments.
    ///
    /// `CallbackError` leaves the login usable where anybody could have sent the callback; a second use of the right one
    /// is `login_spent`. `now` is for tests.
    #[pyo3(signature = (callback_url, /, *, content_type = None, body = None, now = None))]
    fn accept(
        &self,
        py: Python<'_>,
        callback_url: &Bound<'_, PyAny>,
        content_type: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
        now: Option<i64>,
    ) -> PyResult<Exchange> {
        let now = now.unwrap_or_else(proofkey::now);
        let (client, callback) = (self.client.get().current(py)?, callback(callback_url, content_type, body)?);
        self.use_up(py, |login| login.accept_as(&client, callback, now)).map(Exchange::new)
    }

    /// The `Exchange` of a code that the server showed to the user, who typed it in: only for a client without a redirect
    /// URI. Strip the text that was typed; nothing is trimmed here.
    #[pyo3(signature = (code, /))]
    fn accept_pasted_code(&self, py: Python<'_>, code: &Bound<'_, PyAny>) -> PyResult<Exchange> {
        let code = Secret::new(text("the code", code)?.to_string_lossy());
        self.use_up(py, |login| login.accept_pasted_code(code.expose(), proofkey::now())).map(Exchange::new)
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Login expires_at={}>", self.expires_at)
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Login"))
    }
}
