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

mod client;
mod clock;
mod error;
mod http;
#[cfg_attr(not(feature = "id-token"), path = "id_token/disabled.rs")]
mod id_token;
mod login;
#[cfg(feature = "http")]
mod loopback;
#[cfg(feature = "http")]
mod network;
mod provider;
mod secret;
mod syntax;
mod tokens;

pub use client::Client;
pub use clock::now;
pub use error::{Error, OAuthError};
#[cfg(feature = "http")]
pub use http::Transport;
pub use http::{Answer, Request};
#[cfg(feature = "id-token")]
pub use id_token::{Claims, IdTokenAlgorithm, Userinfo};
pub use login::{Authorize, Callback, Login, MemoryStore, Refusal, SealKeys, SpendStore};
#[cfg(feature = "http")]
pub use loopback::LoopbackLogin;
pub use proofkey_core::{Binding, Challenge, Error as ErrorKind, Fault, Method, Policy, Recovery, Verifier};
pub use provider::{Discovery, PkceSupport, Profile, Provider, Quirk};
pub use secret::Secret;
pub use syntax::{LoopbackPort, redirect_uri_matches};
pub use tokens::{Exchange, Revocation, Step, Tokens};
