#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![no_std]
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

mod alphabet;
mod binding;
mod challenge;
mod error;
mod method;
mod policy;
mod verifier;

pub use binding::Binding;
pub use challenge::Challenge;
#[doc(hidden)]
pub use error::OAuth;
pub use error::{Error, Fault, Recovery};
pub use method::Method;
pub use policy::Policy;
pub use verifier::Verifier;
