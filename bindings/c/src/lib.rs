//! The C ABI of proofkey. `include/proofkey.h` is generated from this crate; the rules of the ABI are at its top.
//!
//! All code that touches a pointer is in `ffi/pointer.rs`; the other files of that folder are the exported functions,
//! which call it. Nothing else in the project has `unsafe` in it. The states of the handles are in `bindings/handles`.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code, reason = "all code with raw pointers is in ffi")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "no input may cause a panic"
)]

#[cfg(all(not(feature = "std"), panic = "unwind"))]
compile_error!("without std a panic can only abort: build with `--profile embedded`");

#[expect(unsafe_code, reason = "all code with raw pointers is here")]
#[expect(clippy::missing_safety_doc, reason = "the rules at the top of the header hold for every function")]
mod ffi;
mod guard;
mod policy;
mod size;
mod status;
mod version;

pub use ffi::*;
pub use size::*;
pub use version::*;
