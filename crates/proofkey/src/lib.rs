#![doc = include_str!("../README.md")]
#![forbid(unsafe_code, reason = "raw pointers have one address: bindings/c")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "input never panics"
)]

/// The Rust of the repository's README, compiled by the tests.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(feature = "http")]
mod address;
mod answer;
mod callback;
mod client;
mod clock;
mod discovery;
mod error;
mod exchange;
mod form;
mod login;
#[cfg(feature = "http")]
mod loopback;
mod metadata;
mod profile;
mod provider;
#[cfg(feature = "http")]
mod refresh;
mod request;
mod revocation;
mod secret;
mod tokens;
#[cfg(feature = "http")]
mod transport;
mod uri;

pub use answer::Answer;
pub use callback::Callback;
pub use client::Client;
pub use clock::now;
pub use discovery::Discovery;
pub use error::{Error, OAuthError};
pub use exchange::{Exchange, Step};
pub use login::{Authorize, Login, Refusal};
#[cfg(feature = "http")]
pub use loopback::LoopbackLogin;
pub use profile::{Profile, Quirk};
pub use proofkey_core::{Binding, Challenge, Error as ErrorKind, Fault, Method, Policy, Recovery, Verifier};
pub use provider::{PkceSupport, Provider};
pub use request::Request;
pub use revocation::Revocation;
pub use secret::Secret;
pub use tokens::Tokens;
#[cfg(feature = "http")]
pub use transport::Transport;
pub use uri::{LoopbackPort, redirect_uri_matches};
