//! The natives of the Kotlin API. They convert arguments and results; the states of the handles are in
//! `bindings/handles`, and everything that a user sees is in `src/main/kotlin`.
//!
//! - Only numbers and byte arrays cross. A text is UTF-8; an absent one is null.
//! - A handle is a number of [`table`]: a stale one is noticed, and never reaches another object.
//! - A function that makes a handle returns its number, or the negative number of an error. One that makes a text returns
//!   the number of an error as four bytes (big-endian, 0 for none), and the text after them. Others return 0 or the
//!   number of an error. [`CLOSED`](convert::CLOSED) stands for a stale handle.
//! - A panic becomes a `RuntimeException`.

#![forbid(unsafe_code, reason = "the crate jni and its macro have all of it")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "no input may cause a panic"
)]

mod convert;
mod natives;
mod pkce;
mod table;

pub use natives::*;
pub use pkce::*;
