//! ID tokens (OpenID Connect Core sections 2 and 3.1.3.7) and logout tokens: parsed strictly by this crate, signatures
//! verified by ring.

mod algorithm;
mod check;
mod claims;
mod end_session;
mod jws;
mod key_cache;
mod keys;
mod logout_token;
mod rules;
mod signature;
mod userinfo;

pub use self::algorithm::IdTokenAlgorithm;
pub(crate) use self::check::{Checked, IdTokenCheck, OpenIdRequest};
pub use self::claims::Claims;
use self::jws::{ID_TOKEN, Jws};
pub(crate) use self::key_cache::{KeyCache, Reason};
pub use self::logout_token::{LogoutToken, LogoutTokenCheck};
pub(crate) use self::rules::IdTokenRules;
pub use self::userinfo::Userinfo;
use crate::error::ErrorKind;
use crate::secret::Secret;

/// A checked ID token.
#[derive(Clone, Debug)]
pub(crate) struct IdToken {
    pub(crate) text: Secret,
    pub(crate) claims: Claims,
    pub(crate) signature_verified: bool,
}

impl IdToken {
    /// An ID token from storage. It was checked when it came, and is only parsed here.
    pub(crate) fn stored(text: Secret) -> Result<Self, ErrorKind> {
        let claims = Claims::new(Jws::parse(text.expose(), ID_TOKEN)?.payload);
        Ok(Self { text, claims, signature_verified: false })
    }
}
