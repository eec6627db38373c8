//! Takes the place of this module without the feature `id-token`: no login asks for an ID token, and ID tokens in
//! responses are ignored.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::{Request, Response};
use crate::secret::Secret;
use crate::tokens::Tokens;

/// Empty, because a login cannot ask for anything. One that was sealed elsewhere may: it is refused by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenIdRequest(());

#[derive(Debug)]
pub(crate) enum IdTokenCheck {}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    Age,
    UnknownKey,
}

/// Never made: only an [`IdTokenCheck`] makes one, and that has no values.
#[expect(dead_code, reason = "the exchange matches on it")]
pub(crate) enum Checked {
    Good(Tokens),
    KeyUnknown { tokens: Tokens, id_token: Secret, request: Request },
}

impl OpenIdRequest {
    pub(crate) fn begin(self, client: &Client, is_openid: bool) -> Result<Option<Self>, ErrorKind> {
        if is_openid { Self::check_client(client).map(|()| Some(self)) } else { Ok(None) }
    }

    pub(crate) fn check_client(_: &Client) -> Result<(), ErrorKind> {
        Err(ErrorKind::OpenidUnsupported)
    }

    pub(crate) fn fields(&self) -> [String; 3] {
        Default::default()
    }

    pub(crate) fn of_fields(_: [&str; 3]) -> Option<Self> {
        Some(Self(()))
    }

    pub(crate) fn parameters(&self) -> [(&'static str, String); 0] {
        []
    }
}

impl IdTokenCheck {
    pub(crate) fn of_login(_: &Client, _: OpenIdRequest, _: i64, _: &str) -> Option<Self> {
        None
    }

    pub(crate) fn of_device(_: &Client, _: bool) -> Option<Self> {
        None
    }

    pub(crate) fn of_refresh(_: &Client, _: &Tokens) -> Result<Option<Self>, ErrorKind> {
        Ok(None)
    }

    pub(crate) fn keys_wanted(&mut self, _: i64) -> Option<Request> {
        match *self {}
    }

    pub(crate) fn take_response(&mut self, _: &Response, _: Reason, _: i64) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn fetch_keys(
        &mut self,
        _: Reason,
        _: impl FnOnce() -> Result<Response, Error>,
        _: i64,
    ) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn check(&self, _: Tokens, _: Option<Secret>, _: i64) -> Result<Checked, ErrorKind> {
        match *self {}
    }
}
