//! ID tokens (OpenID Connect Core sections 2 and 3.1.3.7): parsed here, strictly; signatures by ring.

mod algorithm;
mod check;
mod claims;
mod end_session;
mod jws;
mod key_cache;
mod keys;
mod rules;
mod userinfo;

pub use algorithm::IdTokenAlgorithm;
pub(crate) use check::{Asked, Checked, Identity, OpenId};
pub use claims::Claims;
pub(crate) use jws::Jws;
pub(crate) use key_cache::{Cached, KeyCache, Reason};
pub(crate) use keys::{Keys, Verified};
pub(crate) use rules::{Expectation, IdTokenRules};
pub use userinfo::Userinfo;
