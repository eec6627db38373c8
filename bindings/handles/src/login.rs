use std::sync::{Mutex, OnceLock};

use proofkey::{Callback, ErrorKind, Refusal};

use crate::error::ErrorDetails;
use crate::exchange::Exchange;
use crate::lock::lock;
use crate::refused::Refused;
use crate::seal_keys::SealKeys;
use crate::text::Text;

/// One pending authorization. A callback with its state uses it up; one that anybody could have sent does not.
pub struct Login {
    /// `None` once it is used.
    pending: Mutex<Option<proofkey::Login>>,
    url: Option<Text>,
    data: Text,
    expires_at: i64,
    error: OnceLock<ErrorDetails>,
}

impl Login {
    pub(crate) fn new(login: proofkey::Login) -> Self {
        Self {
            url: Some(login.url()).filter(|url| !url.is_empty()).and_then(Text::new),
            data: Text::secret_with_nuls(login.data()),
            expires_at: login.expires_at(),
            pending: Mutex::new(Some(login)),
            error: OnceLock::new(),
        }
    }

    /// The URL to send the browser to; `None` for a login that was resumed.
    pub fn url(&self) -> Option<Text> {
        self.url.clone()
    }

    /// What the application gave to [`Authorize::set_data`](crate::Authorize::set_data). It may contain NUL.
    pub fn data(&self) -> Option<Text> {
        Some(self.data.clone())
    }

    /// When the login expires, in seconds since the epoch.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// Whether a callback can still be accepted.
    pub fn is_pending(&self) -> bool {
        lock(&self.pending).is_some()
    }

    /// See [`proofkey::Login::seal`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed), and those of [`proofkey::Login::seal`].
    pub fn seal(&self, keys: &SealKeys, context: &str) -> Result<String, Refused> {
        let pending = lock(&self.pending);
        let login = pending.as_ref().ok_or(ErrorKind::LoginAlreadyUsed)?;
        keys.with(|keys| login.seal(keys, context))
    }

    /// See [`proofkey::Login::accept`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed), and those of [`proofkey::Login::accept`].
    /// [`is_pending`](Self::is_pending) tells whether the login is still usable.
    pub fn accept(&self, callback_url: &str, now: i64) -> Result<Exchange, Refused> {
        self.turn(|login| login.accept(Callback::url(callback_url), now))
    }

    /// [`accept`](Self::accept) for a form that the browser posted: see [`Callback::form_post`].
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn accept_form_post(&self, url: &str, content_type: &str, body: &str, now: i64) -> Result<Exchange, Refused> {
        self.turn(|login| login.accept(Callback::form_post(url, content_type, body), now))
    }

    /// See [`proofkey::Login::accept_pasted_code`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed), and those of [`proofkey::Login::accept_pasted_code`].
    pub fn accept_pasted_code(&self, code: &str, now: i64) -> Result<Exchange, Refused> {
        self.turn(|login| login.accept_pasted_code(code, now))
    }

    /// Why the login is over; `None` while it is pending, and after a callback was accepted.
    pub fn error(&self) -> Option<&ErrorDetails> {
        self.error.get()
    }

    /// Turns the login into its exchange, or keeps what the refusal hands back.
    fn turn(
        &self,
        accept: impl FnOnce(proofkey::Login) -> Result<proofkey::Exchange, Refusal>,
    ) -> Result<Exchange, Refused> {
        let mut pending = lock(&self.pending);
        let login = pending.take().ok_or(ErrorKind::LoginAlreadyUsed)?;
        let Refusal { error, login } = match accept(login) {
            Ok(exchange) => return Ok(exchange.into()),
            Err(refusal) => refusal,
        };
        let refused = Refused::from(&error);
        *pending = login.map(|login| *login);
        if pending.is_none() {
            // It is empty: a login ends once.
            let _ = self.error.set(error.into());
        }
        Err(refused)
    }
}
