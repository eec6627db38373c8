//! An authorization request under construction.

use core::ffi::c_char;

use proofkey_handles::{Authorize, Login};

use super::pointer::{Slot, free, handle, set, set_text, text};
use crate::guard::guard;

/// Adds a parameter to the authorization request, for example `prompt` or `login_hint`. One with an empty value is
/// not sent. Parameters that the flow sets itself are refused by proofkey_authorize_begin().
///
/// @param authorize  the authorization request
/// @param name       its name
/// @param name_len   its length
/// @param value      its value
/// @param value_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_add_extra(
    authorize: *mut Authorize,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 8.
        let authorize = unsafe { handle(authorize) }?;
        // SAFETY: the caller keeps rule 4.
        let name = unsafe { text(name, name_len) }?;
        // SAFETY: the caller keeps rule 4.
        let value = unsafe { text(value, value_len) }?;
        Ok(authorize.add_extra(name, value)?)
    })
}

/// Names a resource server that the access token is for (RFC 8707 section 2). May be called more than once.
///
/// @param authorize     the authorization request
/// @param resource      an absolute URI without a fragment
/// @param resource_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_add_resource(
    authorize: *mut Authorize,
    resource: *const c_char,
    resource_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, resource, resource_len, Authorize::add_resource) }
}

/// Keeps a text of the application with the login, also when it is sealed, for example the page to return to. It is
/// not sent to the server.
///
/// @param authorize  the authorization request
/// @param data       at most 256 bytes
/// @param data_len   its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_data(
    authorize: *mut Authorize,
    data: *const c_char,
    data_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, data, data_len, Authorize::set_data) }
}

/// Asks the server to have the browser post the response as a form (OAuth 2.0 Form Post Response Mode): see
/// proofkey_login_accept_form_post().
///
/// @param authorize  the authorization request
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_form_post(authorize: *mut Authorize) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(authorize, Authorize::set_form_post) }
}

/// Requires that the user signed in at the server at most this long before the login began (OpenID Connect Core
/// section 3.1.2.1). An ID token with an older sign-in is refused. Needs the scope `openid`.
///
/// @param authorize  the authorization request
/// @param seconds    how many seconds
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_max_age(authorize: *mut Authorize, seconds: u32) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(authorize, |authorize| authorize.set_max_age(seconds)) }
}

/// Requires one of these ways to sign in, the preferred one first (OpenID Connect Core section 3.1.2.1). An ID token
/// with any other `acr` is refused. Needs the scope `openid`.
///
/// @param authorize       the authorization request
/// @param acr_values      the values, separated by single spaces
/// @param acr_values_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_acr_values(
    authorize: *mut Authorize,
    acr_values: *const c_char,
    acr_values_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, acr_values, acr_values_len, Authorize::set_acr_values) }
}

/// For tests: uses this state instead of 128 fresh random bits. It must be unguessable, used once, and bound to the
/// browser.
///
/// @param authorize  the authorization request
/// @param state      visible ASCII characters
/// @param state_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_state(
    authorize: *mut Authorize,
    state: *const c_char,
    state_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, state, state_len, Authorize::set_state) }
}

/// For tests: uses this nonce instead of 128 fresh random bits. Needs the scope `openid`.
///
/// @param authorize  the authorization request
/// @param nonce      visible ASCII characters
/// @param nonce_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_nonce(
    authorize: *mut Authorize,
    nonce: *const c_char,
    nonce_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, nonce, nonce_len, Authorize::set_nonce) }
}

/// For tests: uses this verifier instead of a fresh one.
///
/// @param authorize     the authorization request
/// @param verifier      the verifier, which is a secret (rule 7)
/// @param verifier_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_set_verifier(
    authorize: *mut Authorize,
    verifier: *const c_char,
    verifier_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize, verifier, verifier_len, Authorize::set_verifier) }
}

/// Makes the login: a fresh state, a fresh verifier, and the URL to send the browser to. It expires ten minutes
/// later. The authorization request is used up, also by an error; the caller frees it as always.
///
/// @param authorize  the authorization request
/// @param now        the time (rule 10)
/// @param login      where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_SCOPE_INVALID,
///         PROOFKEY_STATUS_STATE_INVALID, PROOFKEY_STATUS_NONCE_INVALID, PROOFKEY_STATUS_ACR_VALUES_INVALID,
///         PROOFKEY_STATUS_RESOURCE_INVALID, PROOFKEY_STATUS_PARAMETER_RESERVED, PROOFKEY_STATUS_DATA_TOO_LARGE,
///         PROOFKEY_STATUS_ISSUER_MISSING, PROOFKEY_STATUS_ENDPOINT_MISSING, PROOFKEY_STATUS_OPENID_SCOPE_MISSING,
///         PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_begin(authorize: *mut Authorize, now: i64, login: *mut *mut Login) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(login) }?;
        // SAFETY: the caller keeps rule 8.
        let authorize = unsafe { handle(authorize) }?;
        made.put(authorize.begin(now)?)
    })
}

/// Frees an authorization request, and erases the secrets in it. What it lent is no longer valid; other handles are
/// not touched.
///
/// @param authorize  the authorization request; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_free(authorize: *mut Authorize) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(authorize) }
}
