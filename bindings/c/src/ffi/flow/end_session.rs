//! End of the session: signing out at the provider as well.

use core::ffi::c_char;

use proofkey_handles::{Client, Tokens};

use super::pointer::{handle, optional_text, text};
use crate::ffi::pointer::Out;
use crate::guard::guard;

/// The URL that signs the user out at the provider (OpenID Connect RP-Initiated Logout section 2). End the
/// application's own session, then send the browser there. The URL contains the ID token, as a hint of who signs
/// out.
///
/// @param client         the client
/// @param tokens         the tokens
/// @param return_to      the registered `post_logout_redirect_uri` that the browser is sent on to; may be NULL
/// @param return_to_len  its length
/// @param state          a fresh random text that comes back with the browser; may be NULL
/// @param state_len      its length
/// @param out            the buffer for the URL, which is as long as the ID token and a few hundred characters more
/// @param capacity       the size of the buffer
/// @param written        see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MISSING, PROOFKEY_STATUS_PARAMETER_RESERVED,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER, PROOFKEY_STATUS_BUFFER_TOO_SMALL or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_end_session_url(
    client: *const Client,
    tokens: *const Tokens,
    return_to: *const c_char,
    return_to_len: usize,
    state: *const c_char,
    state_len: usize,
    out: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 5.
        let out = unsafe { Out::new(out, capacity, written) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 8.
        let tokens = unsafe { handle(tokens) }?;
        // SAFETY: the caller keeps rule 4.
        let return_to = unsafe { optional_text(return_to, return_to_len) }?;
        // SAFETY: the caller keeps rule 4.
        let state = unsafe { optional_text(state, state_len) }?;
        let url = client.end_session_url(tokens, return_to, state)?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(url.as_bytes()) }
    })
}

/// Checks that the browser came back from proofkey_client_end_session_url() with these arguments (OpenID Connect
/// RP-Initiated Logout section 3). An empty `return_to` or `state` matches nothing.
///
/// @param client            the client
/// @param callback_url      the whole URL that the browser was sent to
/// @param callback_url_len  its length
/// @param return_to         what the URL was made with
/// @param return_to_len     its length
/// @param state             what the URL was made with
/// @param state_len         its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_REDIRECT_URI_MISMATCH, PROOFKEY_STATUS_STATE_MISSING,
///         PROOFKEY_STATUS_STATE_MISMATCH, PROOFKEY_STATUS_CALLBACK_DUPLICATE, PROOFKEY_STATUS_CALLBACK_MALFORMED,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_accept_end_session(
    client: *const Client,
    callback_url: *const c_char,
    callback_url_len: usize,
    return_to: *const c_char,
    return_to_len: usize,
    state: *const c_char,
    state_len: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 4.
        let callback_url = unsafe { text(callback_url, callback_url_len) }?;
        // SAFETY: the caller keeps rule 4.
        let return_to = unsafe { text(return_to, return_to_len) }?;
        // SAFETY: the caller keeps rule 4.
        let state = unsafe { text(state, state_len) }?;
        Ok(client.accept_end_session(callback_url, return_to, state)?)
    })
}
