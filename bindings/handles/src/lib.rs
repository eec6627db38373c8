//! The states of the handles that C, Swift and Kotlin hold: objects that are shared between threads, used once where
//! the protocol says so, and freed in any order.
//!
//! Every handle has one mutex, and no method locks two handles at once except [`Login::seal`] and [`Client::resume`],
//! which read the [`SealKeys`]. A handle that was used up stays valid and says so. Handles share nothing that one of
//! them could free: a client copies its provider, and a login its client.
//!
//! What a handle lends is a [`Text`] that ends in NUL. The handle keeps it until it is dropped, or until the call that
//! changes what the text says: a setter, [`Exchange::receive`] or [`Exchange::transport_failed`].

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

mod authorize;
mod authorize_device;
mod claims;
mod client;
mod device_authorization;
mod error;
mod exchange;
mod lock;
mod login;
mod provider;
mod refused;
mod response;
mod seal_keys;
mod text;
mod tokens;

pub use authorize::Authorize;
pub use authorize_device::AuthorizeDevice;
pub use claims::Claims;
pub use client::Client;
pub use device_authorization::DeviceAuthorization;
pub use error::ErrorDetails;
pub use exchange::Exchange;
pub use login::Login;
pub use proofkey::{Binding, Challenge, ErrorKind, LoopbackPort, Policy, Verifier, redirect_uri_matches};
pub use provider::Provider;
pub use refused::Refused;
pub use response::Response;
pub use seal_keys::SealKeys;
pub use text::Text;
pub use tokens::Tokens;
pub use zeroize::Zeroizing;
