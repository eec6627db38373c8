//! The exported functions: one file for each noun, in the order of the header.

mod pointer;

#[cfg(feature = "flow")]
mod flow;

mod verifier;

mod challenge;

mod binding;

mod status;

mod library;

pub use binding::*;
pub use challenge::*;
#[cfg(feature = "flow")]
pub use flow::*;
pub use library::*;
pub use status::*;
pub use verifier::*;
