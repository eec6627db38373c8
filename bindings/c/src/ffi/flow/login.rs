//! A login: one pending authorization.

use core::ffi::c_char;
use core::ptr;

use proofkey_handles::{ErrorDetails, Exchange, Login};

use super::pointer::{Slot, ask, ask_number, borrow, free, handle, lend, text};
use crate::guard::guard;

/// The URL to send the browser to (RFC 6749 section 4.1.1). It contains the state, but no verifier.
///
/// @param login  the login
/// @param len    where to write the length; may be NULL
/// @return the URL, lent (rule 6); NULL for a login that was resumed: its browser was sent there already
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_url(login: *const Login, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(login, len, Login::url) }
}

/// What proofkey_authorize_set_data() was given; empty without it.
///
/// @param login  the login
/// @param len    where to write the length; may be NULL
/// @return the text, lent (rule 6); unlike other texts it may contain NUL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_data(login: *const Login, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(login, len, Login::data) }
}

/// When the login expires.
///
/// @param login  the login
/// @return the time (rule 10); -1 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_expires_at(login: *const Login) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(login, |login| Some(login.expires_at())) }
}

/// Whether the login still waits for its callback. A callback that anybody could have sent leaves it pending: the
/// status alone does not tell.
///
/// @param login  the login
/// @return 1 if a callback can still be accepted, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_is_pending(login: *const Login) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(login, Login::is_pending) }
}

/// Checks the redirect back from the server, and turns the login into the exchange of its code.
///
/// The checks, in this order: the URI where it arrived, repeated parameters, `state`, `iss`, then `error`, then
/// `code` (RFC 6749 section 4.1.2, RFC 9207). A callback that anybody could have sent leaves the login pending: the
/// real one may still come. One with the right state uses the login up, with a code and with an error; then
/// proofkey_login_error() has the server's words.
///
/// @param login             the login
/// @param callback_url      the whole URL that the browser was sent to
/// @param callback_url_len  its length
/// @param now               the time (rule 10)
/// @param exchange          where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_LOGIN_EXPIRED,
///         PROOFKEY_STATUS_CALLBACK_MALFORMED, PROOFKEY_STATUS_CALLBACK_DUPLICATE,
///         PROOFKEY_STATUS_REDIRECT_URI_MISMATCH, PROOFKEY_STATUS_STATE_MISSING, PROOFKEY_STATUS_STATE_MISMATCH,
///         PROOFKEY_STATUS_ISS_MISSING, PROOFKEY_STATUS_ISS_MISMATCH, PROOFKEY_STATUS_CODE_MISSING,
///         PROOFKEY_STATUS_CODE_INVALID, PROOFKEY_STATUS_UNEXPECTED_TOKEN,
///         PROOFKEY_STATUS_RESPONSE_MODE_UNSUPPORTED, PROOFKEY_STATUS_AUTHORIZATION_ERROR,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once; only one of them gets the exchange, the others PROOFKEY_STATUS_LOGIN_ALREADY_USED.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_accept(
    login: *mut Login,
    callback_url: *const c_char,
    callback_url_len: usize,
    now: i64,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let login = unsafe { handle(login) }?;
        // SAFETY: the caller keeps rule 4.
        let callback_url = unsafe { text(callback_url, callback_url_len) }?;
        made.put(login.accept(callback_url, now)?)
    })
}

/// proofkey_login_accept() for a form that the browser posted, after proofkey_authorize_set_form_post().
///
/// @param login             the login
/// @param url               the URL that the form was posted to
/// @param url_len           its length
/// @param content_type      the `Content-Type` of the request
/// @param content_type_len  its length
/// @param body              the body of the request
/// @param body_len          its length
/// @param now               the time (rule 10)
/// @param exchange          where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_LOGIN_EXPIRED,
///         PROOFKEY_STATUS_CALLBACK_MALFORMED, PROOFKEY_STATUS_CALLBACK_DUPLICATE,
///         PROOFKEY_STATUS_REDIRECT_URI_MISMATCH, PROOFKEY_STATUS_STATE_MISSING, PROOFKEY_STATUS_STATE_MISMATCH,
///         PROOFKEY_STATUS_ISS_MISSING, PROOFKEY_STATUS_ISS_MISMATCH, PROOFKEY_STATUS_CODE_MISSING,
///         PROOFKEY_STATUS_CODE_INVALID, PROOFKEY_STATUS_UNEXPECTED_TOKEN,
///         PROOFKEY_STATUS_RESPONSE_MODE_UNSUPPORTED, PROOFKEY_STATUS_AUTHORIZATION_ERROR,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once; only one of them gets the exchange, the others PROOFKEY_STATUS_LOGIN_ALREADY_USED.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_accept_form_post(
    login: *mut Login,
    url: *const c_char,
    url_len: usize,
    content_type: *const c_char,
    content_type_len: usize,
    body: *const c_char,
    body_len: usize,
    now: i64,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let login = unsafe { handle(login) }?;
        // SAFETY: the caller keeps rule 4.
        let url = unsafe { text(url, url_len) }?;
        // SAFETY: the caller keeps rule 4.
        let content_type = unsafe { text(content_type, content_type_len) }?;
        // SAFETY: the caller keeps rule 4.
        let body = unsafe { text(body, body_len) }?;
        made.put(login.accept_form_post(url, content_type, body, now)?)
    })
}

/// proofkey_login_accept() for a code that the server showed to the user, who typed it in: only for a client without
/// a redirect URI. There is neither a state nor an issuer to check; only the verifier ties the code to this login.
///
/// @param login     the login
/// @param code      the code; nothing is trimmed
/// @param code_len  its length
/// @param now       the time (rule 10)
/// @param exchange  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_LOGIN_EXPIRED,
///         PROOFKEY_STATUS_CODE_MISSING, PROOFKEY_STATUS_CODE_INVALID, PROOFKEY_STATUS_REDIRECT_URI_MISMATCH,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once; only one of them gets the exchange, the others PROOFKEY_STATUS_LOGIN_ALREADY_USED.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_accept_pasted_code(
    login: *mut Login,
    code: *const c_char,
    code_len: usize,
    now: i64,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let login = unsafe { handle(login) }?;
        // SAFETY: the caller keeps rule 4.
        let code = unsafe { text(code, code_len) }?;
        made.put(login.accept_pasted_code(code, now)?)
    })
}

/// Why the login is over.
///
/// @param login  the login
/// @return the error, lent until the login is freed; NULL while it is pending, and after a callback was accepted
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_error(login: *const Login) -> *const ErrorDetails {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { borrow(login, |login| login.error().map_or(ptr::null(), ptr::from_ref)) }
}

/// Frees a login, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param login  the login; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_free(login: *mut Login) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(login) }
}
