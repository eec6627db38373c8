use std::sync::{Mutex, PoisonError};

use proofkey::{Callback, ErrorKind, Refusal, Secret};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

use crate::client::Client;
use crate::error::flow_error;
use crate::exchange::Exchange;
use crate::seal::SealKeys;
use crate::secret::not_copied;
use crate::text::{bytes_or_text, text, utf8};

/// One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.
///
/// It holds the verifier: keep it where only this user's browser can reach it again. It cannot be copied or
/// pickled; `seal()` makes an encrypted text of it.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Login {
    url: String,
    id: String,
    expires_at: i64,
    data: String,
    client: Py<Client>,
    pending: Mutex<Option<proofkey::Login>>,
}

impl Login {
    pub(crate) fn new(login: proofkey::Login, client: Py<Client>) -> Self {
        Self {
            url: login.url().to_owned(),
            id: login.id(),
            expires_at: login.expires_at(),
            data: login.data().to_owned(),
            client,
            pending: Mutex::new(Some(login)),
        }
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
    /// The URL to send the browser to. The verifier is not in it. A login that was resumed has none (`RuntimeError`).
    #[getter]
    fn url(&self) -> PyResult<&str> {
        match &*self.url {
            "" => Err(PyRuntimeError::new_err("a resumed login has no url: its browser was sent there already")),
            url => Ok(url),
        }
    }

    /// A name for this login, the same wherever it is opened, for a store and for logs. It is a hash of the state, and
    /// tells nothing that could be used.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// When this login expires, in seconds since the epoch.
    #[getter]
    const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// What the application gave to `begin(data=…)`; empty without it.
    #[getter]
    fn data(&self) -> &str {
        &self.data
    }

    /// Makes an encrypted text of this login, which `client.resume()` opens: in another request, worker, process or
    /// machine, and in another language. It holds only characters that cookies, headers and URLs hold, about 600 of them
    /// with ordinary values.
    ///
    /// `context` says what the login is for, for example the name of the provider and the user who connects an account:
    /// it does not open in another context. Sealing again does not make it live longer.
    ///
    /// Nobody without the secret can read or change the text. Who has it can deliver a callback with it more than once as
    /// long as it lives: keep it with the browser that began (a cookie with HttpOnly, Secure and SameSite=Lax), and give
    /// `client.finish()` a `store` where a second delivery must not reach the server. Its length tells that of the values.
    ///
    /// `CallbackError` "login_spent" for a login that was used; `SealError` "seal_too_large" beyond 8192 characters.
    ///
    /// >>> import proofkey
    /// >>> keys = proofkey.SealKeys("the secret of this application, 32 random bytes")
    /// >>> provider = proofkey.Provider(
    /// ...     authorization_endpoint="https://as.example/authorize", token_endpoint="https://as.example/token"
    /// ... )
    /// >>> client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    /// >>> sealed = client.begin(data="/photos").seal(keys, "github")
    /// >>> client.resume(sealed, keys, "github").data
    /// '/photos'
    #[pyo3(signature = (keys, context, /))]
    fn seal(&self, py: Python<'_>, keys: &SealKeys, context: &Bound<'_, PyAny>) -> PyResult<String> {
        let context = utf8("context", context)?;
        let sealed = py.detach(|| {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.as_ref().ok_or(ErrorKind::LoginSpent.into()).and_then(|login| login.seal(&keys.0, &context))
        });
        sealed.map_err(|error| flow_error(py, &error))
    }

    /// Checks the callback and returns the `Exchange` of its code, without network: for programs that bring their own
    /// HTTP. `client.finish()` does both, and takes the same arguments.
    ///
    /// `CallbackError` leaves the login usable where anybody could have sent the callback; a second use of the right one
    /// is `login_spent`. For a resumed login call `store.spend(login.id, login.expires_at)` before the request with the code is
    /// sent, and `store.unspend(login.id)` if nothing of it was. `now` is for tests.
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
