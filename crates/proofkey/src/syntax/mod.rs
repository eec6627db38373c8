//! Text formats: URIs, forms. Nothing here knows of OAuth.

pub(crate) mod form;
pub(crate) mod uri;

pub use uri::{LoopbackPort, redirect_uri_matches};
