#![doc = include_str!("../README.md")]
#![no_std]
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

mod binding;
mod challenge;
mod error;
mod method;
mod policy;
mod text;
mod verifier;

pub use binding::Binding;
pub use challenge::Challenge;
pub use error::{Error, Fault, Recovery};
pub use method::Method;
pub use policy::Policy;
pub use verifier::Verifier;
