//! The library itself, and the memory of its caller.

use core::ffi::{c_char, c_void};

use super::pointer::erase;
#[cfg(feature = "test-panic")]
use crate::guard::guard;
use crate::version;

/// Erases a secret. The compiler may remove a memset() of a buffer that is not read again; it cannot remove this.
///
/// @param pointer  the bytes, initialised or not; NULL does nothing
/// @param len      how many there are
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_memzero(pointer: *mut c_void, len: usize) {
    // SAFETY: the caller promises NULL, or `len` bytes to write.
    unsafe { erase(pointer, len) };
}

/// The version of the library, for example "0.1.0". PROOFKEY_VERSION_MAJOR, _MINOR and _PATCH are those of the header.
///
/// @return static text (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_version() -> *const c_char {
    version::VERSION.as_ptr()
}

/// The ABI of the library (rule 12). A program that loads the library at run time checks that it is
/// PROOFKEY_ABI_VERSION.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_abi_version() -> u32 {
    version::PROOFKEY_ABI_VERSION
}

/// Panics under the guard, so that tests/c can check the status.
///
/// cbindgen:ignore
#[cfg(feature = "test-panic")]
#[expect(clippy::panic, clippy::missing_panics_doc, reason = "the panic is deliberate, and the guard catches it")]
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_test_panic() -> i32 {
    guard(|| panic!("a deliberate panic"))
}
