//! A status: its texts.

use core::ffi::c_char;
use core::ptr;

use crate::status;

/// The stable name of a status, for example "verifier_mismatch": the same in every language.
///
/// @param status  what a function returned
/// @return static text (rule 6): "ok" for PROOFKEY_STATUS_OK, "unknown" for any other number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_name(status: i32) -> *const c_char {
    status::name(status).as_ptr()
}

/// What went wrong, for a log: one line that contains no value of any parameter.
///
/// @param status  what a function returned
/// @return static text (rule 6), never NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_message(status: i32) -> *const c_char {
    status::message(status).as_ptr()
}

/// The `error` that an authorization server responds with (RFC 6749 sections 4.1.2.1 and 5.2).
///
/// @param status  what a function returned
/// @return static text (rule 6): "invalid_request" or "invalid_grant"; NULL if no such response fits, or if the error
///         itself came from a server
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_oauth_error(status: i32) -> *const c_char {
    status::oauth_error(status).map_or(ptr::null(), |text| text.as_ptr())
}

/// What to do next about a status.
///
/// @param status  what a function returned
/// @return static text (rule 6): "fix_call", "fix_configuration", "fix_scope", "restart_login", "retry_later",
///         "do_not_retry", "ask_user" or "report_bug"; "none" for PROOFKEY_STATUS_OK, "unknown" for any other number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_recovery(status: i32) -> *const c_char {
    status::recovery(status).as_ptr()
}
