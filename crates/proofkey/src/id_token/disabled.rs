//! Without the feature `id-token` no login asks for an ID token, and those that come are not looked at.

use crate::{Answer, Client, Error, ErrorKind, Request, Secret, Tokens};

/// Nothing can be asked for: a login has none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(());

#[derive(Debug)]
pub(crate) enum OpenId {}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    Age,
    UnknownKey,
}

/// Only [`OpenId`] makes one, and there is none.
#[expect(dead_code, reason = "the exchange takes it apart")]
pub(crate) enum Checked {
    Good(Tokens),
    Waiting { tokens: Tokens, id_token: Secret, question: Request },
}

impl Asked {
    pub(crate) fn settled(self, _: &Client, is_openid: bool) -> Result<Option<Self>, ErrorKind> {
        if is_openid { Err(ErrorKind::ScopeInvalid) } else { Ok(None) }
    }

    pub(crate) fn check_client(_: &Client) -> Result<(), ErrorKind> {
        Ok(())
    }

    pub(crate) fn fields(&self) -> [String; 3] {
        Default::default()
    }

    pub(crate) fn of_fields(fields: [&str; 3], is_openid: bool) -> Option<Option<Self>> {
        (!is_openid && fields.iter().all(|field| field.is_empty())).then_some(None)
    }

    pub(crate) fn parameters(&self) -> [(&'static str, String); 0] {
        []
    }
}

impl OpenId {
    pub(crate) fn of_login(_: &Client, _: Asked, _: i64, _: &str) -> Option<Self> {
        None
    }

    pub(crate) fn of_refresh(_: &Client, _: &Tokens) -> Option<Self> {
        None
    }

    pub(crate) fn keys_wanted(&mut self, _: i64) -> Option<Request> {
        match *self {}
    }

    pub(crate) fn take_answer(&mut self, _: &Answer, _: Reason, _: i64) -> Result<(), Error> {
        match *self {}
    }

    #[cfg(feature = "http")]
    pub(crate) fn fetch_keys(&mut self, _: Reason, _: impl FnOnce() -> Result<Answer, Error>) -> Result<(), Error> {
        match *self {}
    }

    pub(crate) fn check(&self, _: Tokens, _: Option<Secret>, _: i64) -> Result<Checked, ErrorKind> {
        match *self {}
    }
}
