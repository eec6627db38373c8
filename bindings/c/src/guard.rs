//! No panic leaves the library.

use crate::status::Status;

/// Runs the body of an ABI function and returns its status. A panic, which is a defect, becomes
/// `PROOFKEY_STATUS_INTERNAL`.
#[cfg(feature = "std")]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Status>) -> i32 {
    Status::of(or_if_it_panics(Err(Status::INTERNAL), body))
}

/// Runs the body of an ABI function that returns no status. A panic, which is a defect, becomes `otherwise`.
#[cfg(feature = "std")]
pub(crate) fn or_if_it_panics<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    // Unwind safety: a body shares with its caller the output, which it writes last, and handles, whose state is used up
    // at worst.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Without std a panic calls `abort`.
#[cfg(not(feature = "std"))]
pub(crate) fn guard(body: impl FnOnce() -> Result<(), Status>) -> i32 {
    Status::of(body())
}
