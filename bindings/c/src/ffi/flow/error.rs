//! Errors: what is known beyond a status.

use core::ffi::c_char;

use proofkey_handles::ErrorDetails;

use super::pointer::{ask, ask_number, lend};
use crate::status::{self, Status};

/// The status that the call returned.
///
/// @param error  the error
/// @return the number; PROOFKEY_STATUS_OK for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_status(error: *const ErrorDetails) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(error, |error| Status::from(error.refused())) }
}

/// The name of that status: see proofkey_status_name().
///
/// @param error  the error
/// @return static text; "ok" for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_name(error: *const ErrorDetails) -> *const c_char {
    // SAFETY: the same promise.
    status::name(unsafe { proofkey_error_status(error) }).as_ptr()
}

/// What went wrong, in one line, with the endpoint, the HTTP status and the server's words, which are escaped. It
/// contains no secret.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_message(error: *const ErrorDetails, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::message) }
}

/// What to do next: a word of proofkey_status_recovery(). It depends on the HTTP status and the server's words too.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_recovery(error: *const ErrorDetails, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::recovery) }
}

/// What was asked: `metadata`, `jwks`, `token`, `revocation` or `userinfo`.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if nothing was
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_endpoint(error: *const ErrorDetails, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::endpoint) }
}

/// The HTTP status of the response.
///
/// @param error  the error
/// @return the number; -1 if there was no response, and for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_http_status(error: *const ErrorDetails) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(error, |error| error.http_status().map(i64::from)) }
}

/// The server's `error` (RFC 6749 sections 4.1.2.1 and 5.2). Untrusted: do not put it into a page or a shell command
/// as it is.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text as it came, lent (rule 6); NULL if the server said nothing
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_oauth_error(error: *const ErrorDetails, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::oauth_error) }
}

/// The server's `error_description`. Untrusted: do not put it into a page or a shell command as it is.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text as it came, lent (rule 6); NULL if there is none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_oauth_description(
    error: *const ErrorDetails,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::oauth_description) }
}

/// The server's `error_uri`. Untrusted: do not follow it unasked.
///
/// @param error  the error
/// @param len    where to write the length; may be NULL
/// @return the text as it came, lent (rule 6); NULL if there is none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_oauth_uri(error: *const ErrorDetails, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(error, len, ErrorDetails::oauth_uri) }
}

/// How long the server asks to wait before the next attempt (RFC 9110 section 10.2.3). Do not send the same code
/// again after that time; begin anew.
///
/// @param error  the error
/// @return seconds; -1 if the server did not say, and for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_retry_after(error: *const ErrorDetails) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(error, |error| error.retry_after().map(i64::from)) }
}

/// Whether a code or a token reached the server, or may have: it counts as used.
///
/// @param error  the error
/// @return 1 if so, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_error_request_sent(error: *const ErrorDetails) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(error, ErrorDetails::request_sent) }
}
