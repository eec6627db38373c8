//! The device authorization grant: a login of a device without a browser.

use core::ffi::c_char;

use proofkey_handles::{AuthorizeDevice, Client, DeviceAuthorization, Exchange};

use super::pointer::{Slot, ask_number, free, handle, lend, optional_text, set, set_text, text};
use crate::guard::guard;

/// Starts a device authorization request (RFC 8628 section 3.1). The client needs no redirect URI. With `openid` in the
/// scope, the ID token is checked (OpenID Connect Core); there is no nonce.
///
/// @param client            the client
/// @param scope             the scope to ask for, tokens separated by single spaces (RFC 6749 section 3.3); may be NULL
/// @param scope_len         its length
/// @param authorize_device  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_authorize_device(
    client: *const Client,
    scope: *const c_char,
    scope_len: usize,
    authorize_device: *mut *mut AuthorizeDevice,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(authorize_device) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 4.
        let scope = unsafe { optional_text(scope, scope_len) }?;
        made.put(client.authorize_device(scope))
    })
}

/// Adds a parameter to the request. One with an empty value is not sent. Parameters that the flow sets itself are
/// refused by proofkey_authorize_device_begin().
///
/// @param authorize_device  the device authorization request
/// @param name              its name
/// @param name_len          its length
/// @param value             its value
/// @param value_len         its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_add_extra(
    authorize_device: *mut AuthorizeDevice,
    name: *const c_char,
    name_len: usize,
    value: *const c_char,
    value_len: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 8.
        let authorize_device = unsafe { handle(authorize_device) }?;
        // SAFETY: the caller keeps rule 4.
        let name = unsafe { text(name, name_len) }?;
        // SAFETY: the caller keeps rule 4.
        let value = unsafe { text(value, value_len) }?;
        Ok(authorize_device.add_extra(name, value)?)
    })
}

/// Names a resource server that the access token is for (RFC 8707 section 2). May be called more than once.
///
/// @param authorize_device  the device authorization request
/// @param resource          an absolute URI without a fragment
/// @param resource_len      its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_add_resource(
    authorize_device: *mut AuthorizeDevice,
    resource: *const c_char,
    resource_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize_device, resource, resource_len, AuthorizeDevice::add_resource) }
}

/// Sends an S256 challenge with the request, and its verifier with each request for the tokens. RFC 8628 has no PKCE:
/// some servers ask for it, others refuse parameters that they do not know.
///
/// @param authorize_device  the device authorization request
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_set_pkce(authorize_device: *mut AuthorizeDevice) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(authorize_device, AuthorizeDevice::set_pkce) }
}

/// For tests: proofkey_authorize_device_set_pkce() with this verifier instead of a fresh one.
///
/// @param authorize_device  the device authorization request
/// @param verifier          43 to 128 characters (RFC 7636 section 4.1)
/// @param verifier_len      its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_set_verifier(
    authorize_device: *mut AuthorizeDevice,
    verifier: *const c_char,
    verifier_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(authorize_device, verifier, verifier_len, AuthorizeDevice::set_verifier) }
}

/// Makes the exchange that leads to the codes. The device authorization request is used up, also by an error; the caller
/// frees it as always.
///
/// @param authorize_device  the device authorization request
/// @param exchange          where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_ENDPOINT_MISSING,
///         PROOFKEY_STATUS_SCOPE_INVALID, PROOFKEY_STATUS_RESOURCE_INVALID, PROOFKEY_STATUS_PARAMETER_RESERVED,
///         PROOFKEY_STATUS_ISSUER_MISSING, PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_begin(
    authorize_device: *mut AuthorizeDevice,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let authorize_device = unsafe { handle(authorize_device) }?;
        made.put(authorize_device.begin()?)
    })
}

/// Frees a device authorization request, and erases the secrets in it. Other handles are not touched.
///
/// @param authorize_device  the device authorization request; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_authorize_device_free(authorize_device: *mut AuthorizeDevice) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(authorize_device) }
}

/// The codes of a device, after proofkey_authorize_device_begin(). May be called more than once: each call makes another
/// handle with the same codes; poll with one of them.
///
/// @param exchange              the exchange
/// @param device_authorization  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_RESULT_ABSENT while the exchange is pending, or if it is about
///         something else; the status that it failed with; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_device_authorization(
    exchange: *const Exchange,
    device_authorization: *mut *mut DeviceAuthorization,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(device_authorization) }?;
        // SAFETY: the caller keeps rule 8.
        let exchange = unsafe { handle(exchange) }?;
        made.put(exchange.device_authorization()?)
    })
}

/// The code that the user types: at most 64 printable ASCII characters.
///
/// @param device_authorization  the codes of a device
/// @param len                   where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_user_code(
    device_authorization: *const DeviceAuthorization,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(device_authorization, len, DeviceAuthorization::user_code) }
}

/// Where the user signs in, on any device with a browser: an https URL, or one on loopback.
///
/// @param device_authorization  the codes of a device
/// @param len                   where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_verification_uri(
    device_authorization: *const DeviceAuthorization,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(device_authorization, len, DeviceAuthorization::verification_uri) }
}

/// The same with the user code in it, for a QR code or a link. Show the user code all the same, so that the user can
/// compare it with what the browser shows (RFC 8628 section 3.3.1).
///
/// @param device_authorization  the codes of a device
/// @param len                   where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if the server has no such thing
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_verification_uri_complete(
    device_authorization: *const DeviceAuthorization,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(device_authorization, len, DeviceAuthorization::verification_uri_complete) }
}

/// When the codes expire.
///
/// @param device_authorization  the codes of a device
/// @return the time (rule 10); -1 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_expires_at(
    device_authorization: *const DeviceAuthorization,
) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(device_authorization, |device| Some(device.expires_at())) }
}

/// How long the server wants a device to wait between two requests for the tokens. The exchange of
/// proofkey_device_authorization_begin_polling() keeps to it.
///
/// @param device_authorization  the codes of a device
/// @return seconds, 1 or more; -1 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_interval(
    device_authorization: *const DeviceAuthorization,
) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(device_authorization, |device| Some(device.interval().into())) }
}

/// Begins to ask for the tokens (RFC 8628 sections 3.4 and 3.5), after a pause, since the user has not read the code yet.
/// That the user has not decided is no error: the exchange is pending, and proofkey_exchange_wait_seconds() says for how
/// long to wait. It ends in proofkey_exchange_tokens(), or with PROOFKEY_STATUS_DEVICE_CODE_EXPIRED, or with
/// PROOFKEY_STATUS_TOKEN_ERROR and the server's `access_denied`.
///
/// @param device_authorization  the codes of a device
/// @param now                   the time (rule 10)
/// @param exchange              where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_DEVICE_CODE_EXPIRED, PROOFKEY_STATUS_LOGIN_ALREADY_USED the second time,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_begin_polling(
    device_authorization: *mut DeviceAuthorization,
    now: i64,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let device_authorization = unsafe { handle(device_authorization) }?;
        made.put(Exchange::begin_polling(device_authorization, now)?)
    })
}

/// Frees the codes of a device, and erases them. What they lent is no longer valid; other handles are not touched.
///
/// @param device_authorization  the codes of a device; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_device_authorization_free(device_authorization: *mut DeviceAuthorization) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(device_authorization) }
}
