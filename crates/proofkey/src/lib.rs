#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code, reason = "all code with raw pointers is in bindings/c")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "no input may cause a panic"
)]

/// The Rust code in the repository's README, compiled by the tests.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// The programs of docs/rust.md, likewise.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../docs/rust.md")]
struct RustPage;

mod client;
mod client_authentication;
mod clock;
mod device;
mod error;
mod http;
#[cfg_attr(not(feature = "id-token"), path = "id_token/disabled.rs")]
mod id_token;
mod login;
#[cfg(feature = "http")]
mod loopback;
mod per_process;
mod provider;
mod seal_keys;
mod secret;
mod single_flight;
mod syntax;
#[cfg(test)]
#[path = "../tests/support/vectors.rs"]
mod test_vectors;
#[cfg(feature = "token-store")]
mod token_store;
mod tokens;
mod used_logins;

pub use client::Client;
pub use client_authentication::{ClientAuthentication, ClientAuthenticationMethod};
pub use clock::now;
pub use device::{AuthorizeDevice, DeviceAuthorization, DevicePolling, DeviceRequest};
pub use error::{Endpoint, Error, ErrorKind, OAuthError};
#[cfg(feature = "http")]
pub use http::Transport;
pub use http::{Conversation, Failure, Request, Response, Roundtrip, Step};
#[cfg(feature = "id-token")]
pub use id_token::{Claims, IdTokenAlgorithm, LogoutToken, LogoutTokenCheck, Userinfo};
pub use login::{Authorize, Callback, Login, MemoryReplayStore, Refusal, ReplayStore};
#[cfg(feature = "http")]
pub use loopback::LoopbackLogin;
pub use proofkey_core::{Binding, Challenge, Error as PkceError, Fault, Method, Policy, Recovery, Verifier};
pub use provider::{Discovery, KnownProvider, PkceSupport, Provider, Quirk};
pub use seal_keys::SealKeys;
pub use secret::Secret;
pub use syntax::{LoopbackPort, redirect_uri_matches};
#[cfg(feature = "token-store")]
pub use token_store::{FileTokenStore, SealedTokenStore, TokenStore};
pub use tokens::{ApiRefusal, Exchange, Refresh, Refreshed, Revocation, Tokens};
