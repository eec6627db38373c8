//! No panic leaves the library.

use proofkey_core::Error;

use crate::status;

/// Runs the body of a function of the ABI and gives its status. A panic, which is a defect, becomes
/// `PROOFKEY_STATUS_INTERNAL`.
#[cfg(feature = "std")]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Error>) -> i32 {
    // Unwind safety: a body shares nothing with its caller but the output, which it writes last.
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    status::of(caught.unwrap_or(Err(Error::Internal)))
}

/// Without std a panic calls `abort`.
#[cfg(not(feature = "std"))]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Error>) -> i32 {
    status::of(body())
}
