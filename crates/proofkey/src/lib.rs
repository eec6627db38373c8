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
mod authorize;
mod callback;
mod client;
mod clock;
mod discovery;
#[cfg(feature = "id-token")]
mod end_session;
mod error;
mod exchange;
mod form;
#[cfg(feature = "id-token")]
mod id_token;
mod login;
#[cfg(feature = "http")]
mod loopback;
mod metadata;
#[cfg(feature = "http")]
mod network;
#[cfg_attr(not(feature = "id-token"), path = "no_openid.rs")]
mod openid;
mod profile;
mod provider;
#[cfg(feature = "http")]
mod refresh;
mod request;
mod revocation;
mod seal;
mod secret;
mod spend;
mod tokens;
#[cfg(feature = "http")]
mod transport;
mod uri;
#[cfg(feature = "id-token")]
mod userinfo;

pub use answer::Answer;
pub use authorize::Authorize;
pub use callback::Callback;
pub use client::Client;
pub use clock::now;
pub use discovery::Discovery;
pub use error::{Error, OAuthError};
pub use exchange::{Exchange, Step};
#[cfg(feature = "id-token")]
pub use id_token::{Claims, IdTokenAlgorithm};
pub use login::{Login, Refusal};
#[cfg(feature = "http")]
pub use loopback::LoopbackLogin;
pub use profile::{Profile, Quirk};
pub use proofkey_core::{Binding, Challenge, Error as ErrorKind, Fault, Method, Policy, Recovery, Verifier};
pub use provider::{PkceSupport, Provider};
pub use request::Request;
pub use revocation::Revocation;
pub use seal::SealKeys;
pub use secret::Secret;
pub use spend::{MemoryStore, SpendStore};
pub use tokens::Tokens;
#[cfg(feature = "http")]
pub use transport::Transport;
pub use uri::{LoopbackPort, redirect_uri_matches};
#[cfg(feature = "id-token")]
pub use userinfo::Userinfo;
