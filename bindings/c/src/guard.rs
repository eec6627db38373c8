//! No panic leaves the library.

use crate::status::Status;

/// Runs the body of an ABI function and returns its status. A panic, which is a defect, becomes
/// `PROOFKEY_STATUS_INTERNAL`.
#[cfg(feature = "std")]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Status>) -> i32 {
    // Unwind safety: a body shares nothing with its caller but the output, which it writes last.
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    Status::of(caught.unwrap_or(Err(Status::INTERNAL)))
}

/// Without std a panic calls `abort`.
#[cfg(not(feature = "std"))]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Status>) -> i32 {
    Status::of(body())
}
