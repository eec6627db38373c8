//! Text formats: addresses, URIs, forms, JSON objects and small grammars. Nothing here knows the OAuth flow.

pub(crate) mod address;
pub(crate) mod challenges;
pub(crate) mod form;
pub(crate) mod grammar;
pub(crate) mod json;
pub(crate) mod uri;

pub use uri::{LoopbackPort, redirect_uri_matches};
