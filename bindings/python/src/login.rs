use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use proofkey::{Callback, ErrorKind, Refusal, Secret};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::client_authentication::AuthenticatedClient;
use crate::error::flow_error;
use crate::exchange::Exchange;
use crate::instance::Instance;
use crate::python_text::{bytes_or_text, text, utf8};
use crate::seal::SealKeys;
use crate::secret::not_copied;

/// One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.
///
/// It contains the verifier: keep it where only this user's browser can reach it again. It cannot be copied or pickled;
/// `seal()` turns it into an encrypted text.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Login {
    url: String,
    id: String,
    replay_key: String,
    scope: Vec<String>,
    expires_at: i64,
    data: String,
    client: AuthenticatedClient,
    pending: PendingLogin,
}

impl Login {
    pub(crate) fn new(login: proofkey::Login, client: AuthenticatedClient) -> Self {
        Self {
            url: login.url().to_owned(),
            id: login.id(),
            replay_key: login.replay_key(),
            scope: login.scope().to_vec(),
            expires_at: login.expires_at(),
            data: login.data().to_owned(),
            client,
            pending: PendingLogin::new(login),
        }
    }

    /// Uses the login, one caller after the other. The login that a refusal contains stays for the next. Nothing waits
    /// with the GIL held, and no lock is held while `with` runs: it may call Python code that uses this login.
    pub(crate) fn use_up<T: Send>(
        &self,
        py: Python<'_>,
        with: impl FnOnce(proofkey::Login) -> Result<T, Refusal> + Send,
    ) -> Result<T, proofkey::Error> {
        py.detach(|| {
            let login = self.pending.take().ok_or(ErrorKind::LoginAlreadyUsed)?;
            with(login)
                .map_err(|refusal| {
                    self.pending.put_back(refusal.login.map(|login| *login));
                    refusal.error
                })
                .inspect(|_| self.pending.put_back(None))
        })
    }
}

/// The login, until it is used.
struct PendingLogin {
    state: Mutex<State>,
    changed: Condvar,
}

enum State {
    Pending(Box<proofkey::Login>),
    /// In use by this thread of this process.
    Busy(u32, ThreadId),
    Used,
}

impl PendingLogin {
    fn new(login: proofkey::Login) -> Self {
        Self { state: Mutex::new(State::Pending(Box::new(login))), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the login, once nobody else uses it. `None` if it was used, if this thread is using it, and in a forked
    /// child of a process that was: the thread that would put it back is not there.
    fn take(&self) -> Option<proofkey::Login> {
        let (process, thread) = (std::process::id(), thread::current().id());
        let is_others = |state: &mut State| matches!(state, State::Busy(user, by) if *user == process && *by != thread);
        let state = self.lock();
        let mut state = self.changed.wait_while(state, is_others).unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Busy(process, thread)) {
            State::Pending(login) => Some(*login),
            other => {
                *state = other;
                None
            }
        }
    }

    fn put_back(&self, login: Option<proofkey::Login>) {
        *self.lock() = login.map_or(State::Used, |login| State::Pending(Box::new(login)));
        self.changed.notify_all();
    }

    fn with<T>(&self, with: impl FnOnce(&proofkey::Login) -> Result<T, proofkey::Error>) -> Result<T, proofkey::Error> {
        match &*self.lock() {
            State::Pending(login) => with(login),
            State::Busy(..) | State::Used => Err(ErrorKind::LoginAlreadyUsed.into()),
        }
    }
}

pub(crate) fn callback(
    url: &Bound<'_, PyAny>,
    content_type: Option<&Bound<'_, PyAny>>,
    body: Option<&Bound<'_, PyAny>>,
) -> PyResult<Callback> {
    // A lone surrogate cannot be encoded as UTF-8, and no valid callback contains one: U+FFFD in its place is refused
    // too.
    let lossy = |what, value| Ok::<_, PyErr>(text(what, value)?.to_string_lossy().into_owned());
    let url = lossy("callback_url", url)?;
    match (content_type, body) {
        (None, None) => Ok(Callback::url(url)),
        (Some(content_type), Some(body)) => {
            // Bytes that are not UTF-8 are not a form either.
            let body = String::from_utf8_lossy(&bytes_or_text("body", body)?).into_owned();
            Ok(Callback::form_post(url, lossy("content_type", content_type)?, body))
        }
        _ => Err(PyTypeError::new_err("a posted callback has both content_type and body")),
    }
}

#[pyo3::pymethods]
impl Login {
    /// The URL to send the browser to. It does not contain the verifier. A login that was resumed has none
    /// (`RuntimeError`).
    #[getter]
    fn url(&self) -> PyResult<&str> {
        match &*self.url {
            "" => Err(PyRuntimeError::new_err("a resumed login has no url: its browser was sent there already")),
            url => Ok(url),
        }
    }

    /// An identifier of this login, for example for logs. It is the same wherever the login is opened. It is a hash of
    /// the state, and reveals nothing that could be used.
    #[getter]
    fn id(&self) -> &str {
        &self.id
    }

    /// The key that a replay store claims for this login: "login:" and its `id`.
    #[getter]
    fn replay_key(&self) -> &str {
        &self.replay_key
    }

    /// The scope that was asked for, as a list of tokens.
    #[getter]
    fn scope(&self) -> Vec<String> {
        self.scope.clone()
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

    /// Turns this login into an encrypted text, which `client.resume()` opens: in another request, worker, process or
    /// machine, and in another language. It has only characters that cookies, headers and URLs may have, about 600 of
    /// them with ordinary values.
    ///
    /// `context` says what the login is for, for example the name of the provider and the user who connects an account.
    /// The text does not open in another context. Sealing again does not extend the life of the login.
    ///
    /// Nobody without the secret can read or change the text. Anybody who has the text can deliver a callback with it
    /// more than once while the login lives: keep it with the browser that began (a cookie with HttpOnly, Secure and
    /// SameSite=Lax), and give `client.finish()` a `replay_store` if a second delivery must not reach the server. The
    /// length of the text reveals the length of the values.
    ///
    /// `CallbackError` "login_already_used" for a login that was used; `SealError` "seal_too_large" beyond 8192
    /// characters.
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
    fn seal(&self, py: Python<'_>, keys: Instance<'_, SealKeys>, context: &Bound<'_, PyAny>) -> PyResult<String> {
        let context = utf8("context", context)?;
        // The GIL is kept: a process that forks while the login is locked would leave it locked in its child.
        self.pending.with(|login| login.seal(&keys.0, &context)).map_err(|error| flow_error(py, &error))
    }

    /// Checks the callback and returns the `Exchange` of its code, without network: for programs that bring their own
    /// HTTP. `client.finish()` does both, and takes the same arguments.
    ///
    /// `CallbackError` leaves the login usable if anybody could have sent the callback; using the right one again is
    /// "login_already_used". For a resumed login call `store.claim(login.replay_key, login.expires_at)` before the
    /// request with the code is sent, and `store.release(login.replay_key)` if none of it was sent. `now` is for tests.
    #[pyo3(signature = (callback_url, /, *, content_type = None, body = None, now = None))]
    fn accept(
        &self,
        py: Python<'_>,
        callback_url: &Bound<'_, PyAny>,
        content_type: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
        now: Option<i64>,
    ) -> PyResult<Exchange> {
        let (now, callback) = (now.unwrap_or_else(proofkey::now), callback(callback_url, content_type, body)?);
        let client = self.client.current_later();
        let exchange = self.use_up(py, |login| login.accept_with(callback, now, || client.get()));
        exchange.map(Exchange::new).map_err(|error| client.or_raised(py, &error))
    }

    /// The `Exchange` of a code that the server showed to the user, who typed it in: only for a client without a
    /// redirect URI. Strip the text that was typed; nothing is trimmed here.
    #[pyo3(signature = (code, /))]
    fn accept_pasted_code(&self, py: Python<'_>, code: &Bound<'_, PyAny>) -> PyResult<Exchange> {
        let code = Secret::new(text("code", code)?.to_string_lossy());
        let client = self.client.current(py)?;
        let exchange =
            self.use_up(py, |login| login.with_client(&client)?.accept_pasted_code(code.expose(), proofkey::now()));
        exchange.map(Exchange::new).map_err(|error| flow_error(py, &error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.client.traverse(&visit)
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Login expires_at={}>", self.expires_at)
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a Login"))
    }
}
