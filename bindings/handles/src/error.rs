use std::sync::Mutex;

use proofkey::{Endpoint, OAuthError};

use crate::lock::lock;
use crate::refused::Refused;
use crate::text::{Text, Texts};

/// What is known about an error beyond its number. The words of the server are untrusted.
pub struct ErrorDetails {
    error: proofkey::Error,
    texts: Mutex<Texts>,
}

impl ErrorDetails {
    /// Why the call was refused.
    pub fn refused(&self) -> Refused {
        Refused::from(&self.error)
    }

    /// What went wrong, with the endpoint, the HTTP status and the server's words, escaped.
    pub fn message(&self) -> Option<Text> {
        lock(&self.texts).lend("message", || Some(self.error.to_string()))
    }

    /// What to do next: see [`proofkey::Error::recovery`].
    pub fn recovery(&self) -> Option<Text> {
        self.lend("recovery", |error| Some(error.recovery().as_str()))
    }

    /// The endpoint that was asked, if one was: see [`Endpoint::as_str`].
    pub fn endpoint(&self) -> Option<Text> {
        self.lend("endpoint", |error| error.endpoint().map(Endpoint::as_str))
    }

    /// The HTTP status, if there was a response.
    pub fn http_status(&self) -> Option<u16> {
        self.error.status()
    }

    /// The server's `error`.
    pub fn oauth_error(&self) -> Option<Text> {
        self.lend("oauth_error", |error| error.oauth().map(OAuthError::error))
    }

    /// The server's `error_description`.
    pub fn oauth_description(&self) -> Option<Text> {
        self.lend("oauth_description", |error| error.oauth().and_then(OAuthError::description))
    }

    /// The server's `error_uri`.
    pub fn oauth_uri(&self) -> Option<Text> {
        self.lend("oauth_uri", |error| error.oauth().and_then(OAuthError::uri))
    }

    /// How many seconds the server asks to wait, if it does.
    pub fn retry_after(&self) -> Option<u32> {
        self.error.retry_after()
    }

    /// Whether a code or a token may have reached the server.
    pub fn request_sent(&self) -> bool {
        self.error.request_sent()
    }

    fn lend(&self, what: &'static str, read: impl FnOnce(&proofkey::Error) -> Option<&str>) -> Option<Text> {
        lock(&self.texts).lend(what, || read(&self.error))
    }
}

impl From<proofkey::Error> for ErrorDetails {
    fn from(error: proofkey::Error) -> Self {
        Self { error, texts: Mutex::default() }
    }
}
