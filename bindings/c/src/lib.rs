//! The C ABI of proofkey: `include/proofkey.h` is made from this crate, and its rules open that header.
//!
//! Everything that touches a pointer is in `ffi.rs`, the one file of the project with `unsafe` in it.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code, reason = "raw pointers have one address: ffi.rs")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "input never panics"
)]

#[cfg(all(not(feature = "std"), panic = "unwind"))]
compile_error!("without std a panic can only abort: build with `--profile embedded`");

#[expect(unsafe_code, reason = "the address of raw pointers")]
mod ffi;
mod guard;
mod size;
mod status;
mod version;

pub use ffi::*;
pub use size::*;
pub use status::*;
pub use version::*;
