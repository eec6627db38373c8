//! A response: what an HTTP client received.

use core::ffi::c_char;

use proofkey_handles::Response;

use super::pointer::{Slot, free, handle, set, set_bytes, text};
use crate::guard::guard;

/// An HTTP response, to be filled as it arrives.
///
/// @param response  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_response_new(response: *mut *mut Response) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(response) }?;
        made.put(Response::new())
    })
}

/// Sets the HTTP status.
///
/// @param response  the response
/// @param status    a number of three digits
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_RESPONSE_MALFORMED, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_response_set_status(response: *mut Response, status: i32) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(response, |response| response.set_status(status)) }
}

/// Adds a header. Pass all of them. If one appears twice, the first one counts.
///
/// @param response   the response
/// @param name       its name, in any case
/// @param name_len   its length
/// @param value      its value, without the white space around it
/// @param value_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_response_add_header(
    response: *mut Response,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 8.
        let response = unsafe { handle(response) }?;
        // SAFETY: the caller keeps rule 4.
        let name = unsafe { text(name, name_len) }?;
        // SAFETY: the caller keeps rule 4.
        let value = unsafe { text(value, value_len) }?;
        response.add_header(name, value);
        Ok(())
    })
}

/// Adds bytes to the end of the body, which may contain tokens (rule 7).
///
/// @param response   the response
/// @param bytes      the bytes
/// @param bytes_len  how many there are
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_RESPONSE_TOO_LARGE if the body would be larger than 1 MiB, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_response_add_body(
    response: *mut Response,
    bytes: *const u8,
    bytes_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_bytes(response, bytes, bytes_len, Response::add_body) }
}

/// Frees a response, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param response  the response; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_response_free(response: *mut Response) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(response) }
}
