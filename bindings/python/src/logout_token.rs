use proofkey::{Conversation, ErrorKind, Step};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::replay_store::Store;
use crate::roundtrip::{Pending, Request, response};
use crate::secret::not_copied;

/// A checked logout token (OpenID Connect Back-Channel Logout section 2.4), from `client.logout_token()`: the server has
/// ended a session, or all sessions of a user.
///
/// With a `sid`, end the session whose ID token has the same `sid`. Otherwise, end every session of the `subject` that
/// began before `issued_at`: a token that comes late must not end a session that began since.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct LogoutToken(proofkey::LogoutToken);

#[pyo3::pymethods]
impl LogoutToken {
    /// The server: that of the client.
    #[getter]
    fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// The user; `None` if the token names only a session.
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// The session at the server, which its ID tokens have as the claim `sid`; `None` if the token names only a user.
    #[getter]
    fn sid(&self) -> Option<&str> {
        self.0.sid()
    }

    /// The identifier of the token itself.
    #[getter]
    fn jti(&self) -> &str {
        self.0.jti()
    }

    /// When it was issued, in seconds since the epoch, by the clock of the server.
    #[getter]
    const fn issued_at(&self) -> i64 {
        self.0.issued_at()
    }

    /// When it expires, in seconds since the epoch.
    #[getter]
    const fn expires_at(&self) -> i64 {
        self.0.expires_at()
    }

    /// The key that `claim()` claims: "jti:" and a hash of the issuer and the `jti`.
    #[getter]
    fn replay_key(&self) -> String {
        self.0.replay_key()
    }

    /// Claims this token in a replay store (`proofkey.replay_store`), before a session is ended: of several deliveries
    /// of the same token, in whatever process, one succeeds. If the session cannot be ended then, call
    /// `replay_store.release(token.replay_key)`, so that the server may try again.
    ///
    /// `LogoutTokenError` "logout_token_replayed" if it was claimed before; `TransportError` if the store cannot tell.
    #[pyo3(signature = (replay_store, /))]
    fn claim(&self, py: Python<'_>, replay_store: Py<PyAny>) -> PyResult<()> {
        let store = Store::new(&replay_store);
        let claimed = self.0.claim(&store);
        claimed.map_err(|error| match store.raised() {
            Some(raised) if error.kind() != ErrorKind::LogoutTokenReplayed => raised,
            _ => flow_error(py, &error),
        })
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.LogoutToken of {}>", self.0.issuer())
    }
}

impl From<proofkey::LogoutToken> for LogoutToken {
    fn from(token: proofkey::LogoutToken) -> Self {
        Self(token)
    }
}

/// A logout token that is good except for its signature, for programs that bring their own HTTP, from
/// `client.begin_logout_token()`. The loop is that of an `Exchange`. Do not follow redirects.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct LogoutTokenCheck(Pending<proofkey::LogoutTokenCheck>);

impl LogoutTokenCheck {
    pub(crate) fn new(step: Step<proofkey::LogoutTokenCheck, proofkey::LogoutToken>) -> Self {
        Self(Pending::new(Conversation::from(step)))
    }
}

#[pyo3::pymethods]
impl LogoutTokenCheck {
    /// The request for the server's keys; `None` once the token is checked, and from the beginning if its key is here
    /// already.
    #[getter]
    fn request(&self) -> PyResult<Option<Request>> {
        self.0.request(over)
    }

    /// How many seconds to wait before `request` is sent: 0, unless the server asked for a pause.
    #[getter]
    fn wait_seconds(&self) -> u32 {
        self.0.wait_seconds()
    }

    /// Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
    /// text. `LogoutTokenError` "logout_token_signature"; `MetadataError` if the server's keys cannot be used. The check
    /// is then over. `now` is for tests.
    #[pyo3(signature = (status, headers, body, /, *, now = None))]
    fn receive(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<()> {
        self.0.receive(py, response(status, headers, body)?, now, over)
    }

    /// The token, once `request` is `None`.
    #[getter]
    fn logout_token(&self) -> PyResult<LogoutToken> {
        self.0.output("logout_token", over, Clone::clone).map(LogoutToken)
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.LogoutTokenCheck>"
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("a LogoutTokenCheck"))
    }
}

fn over() -> PyErr {
    PyRuntimeError::new_err("this check is over: begin another")
}
