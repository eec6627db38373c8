//! An exchange: what is still to be sent and received until there is a result.

use core::ffi::c_char;
use core::ptr;
use std::sync::Arc;

use proofkey_handles::{Claims, ErrorDetails, Exchange, Provider, Response, Tokens};

use super::pointer::{Slot, ask, ask_number, borrow, free, handle, lend, set};
use crate::guard::guard;

/// Whether there is a request to send: the condition of the loop.
///
/// Every exchange has the same loop, whatever it is about: send proofkey_exchange_method() to
/// proofkey_exchange_url() with its headers and body, put what comes back into a proofkey_response, and let
/// proofkey_exchange_receive() take it; if nothing comes back, proofkey_exchange_transport_failed() knows whether the
/// request may be sent again. Do not follow redirects, send no cookies, and never send a request twice by yourself.
///
/// @param exchange  the exchange
/// @return 1 if there is, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_is_pending(exchange: *const Exchange) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(exchange, Exchange::is_pending) }
}

/// How long to wait before the request is sent: because the server asked for a pause, or because the last attempt
/// failed.
///
/// @param exchange  the exchange
/// @return seconds; 0 if it is to be sent now, and if nothing is pending; -1 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_wait_seconds(exchange: *const Exchange) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(exchange, |exchange| Some(exchange.wait_seconds().into())) }
}

/// The HTTP method of the request: `GET` or `POST`.
///
/// @param exchange  the exchange
/// @param len       where to write the length; may be NULL
/// @return the text, lent until the exchange goes on; NULL if nothing is pending
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_method(exchange: *const Exchange, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(exchange, len, Exchange::method) }
}

/// The URL of the request. It contains no secret.
///
/// @param exchange  the exchange
/// @param len       where to write the length; may be NULL
/// @return the text, lent until the exchange goes on; NULL if nothing is pending
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_url(exchange: *const Exchange, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(exchange, len, Exchange::url) }
}

/// The name of a header of the request.
///
/// @param exchange  the exchange
/// @param at        which header, from 0
/// @param len       where to write the length; may be NULL
/// @return the text, lent until the exchange goes on; NULL past the last header, and if nothing is
///         pending
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_header_name(
    exchange: *const Exchange,
    at: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(exchange, len, |exchange| exchange.header_name(at)) }
}

/// The value of a header of the request, which may be a secret (rule 7).
///
/// @param exchange  the exchange
/// @param at        which header, from 0
/// @param len       where to write the length; may be NULL
/// @return the text, lent until the exchange goes on; NULL past the last header, and if nothing is
///         pending
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_header_expose(
    exchange: *const Exchange,
    at: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(exchange, len, |exchange| exchange.header_expose(at)) }
}

/// The body of the request, which is a secret (rule 7).
///
/// @param exchange  the exchange
/// @param len       where to write the length; may be NULL
/// @return the text, lent until the exchange goes on; NULL if the request has no body, and if
///         nothing is pending
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_body_expose(exchange: *const Exchange, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(exchange, len, Exchange::body_expose) }
}

/// Takes the response to the request, whatever its status. Then either a request is pending, or the result is there, or
/// the exchange failed. After an error proofkey_exchange_error() has the details; if the exchange is still pending, the
/// same loop may run again later, as for keys that could not be fetched before the code was sent.
///
/// A call that does not reach the exchange, because of a NULL or a response without a status, changes nothing.
///
/// @param exchange  the exchange
/// @param response  the response; it is empty afterwards, and can be filled again
/// @param now       the time (rule 10)
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_LOGIN_ALREADY_USED if the result is there already, and the same status
///         again if the exchange failed; PROOFKEY_STATUS_RESPONSE_MALFORMED for a response without a status;
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL; otherwise a status from 400 to 699 says what is
///         wrong with the response
///
/// Threads: any number at once. It ends what the exchange has lent about its request and its error: no other thread
/// may be reading it.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_receive(exchange: *mut Exchange, response: *mut Response, now: i64) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 8.
        let exchange = unsafe { handle(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let response = unsafe { handle(response) }?;
        Ok(exchange.receive(response, now)?)
    })
}

/// Reports that the request got no response. A connection that failed or broke is tried again after a second, up to
/// three attempts in all: a GET always, any other request only if nothing of it was sent, since a code can be used only
/// once (RFC 6749 section 4.1.2). A TLS failure, a timeout and a response that is too large are not tried again. A
/// device that polls waits for its network until its codes expire (RFC 8628 section 3.5).
///
/// @param exchange  the exchange
/// @param reason    PROOFKEY_STATUS_CONNECT_FAILED or PROOFKEY_STATUS_TLS_FAILED if nothing was sent;
///                  PROOFKEY_STATUS_TIMEOUT, PROOFKEY_STATUS_RESPONSE_TOO_LARGE or PROOFKEY_STATUS_RESPONSE_INTERRUPTED
///                  if something may have been; any other number counts as the last one
/// @param now       the time (rule 10)
/// @return PROOFKEY_STATUS_OK if the request is to be sent again; otherwise the reason, and proofkey_exchange_error() has
///         the details: if the exchange is still pending, the same loop may run again later.
///         PROOFKEY_STATUS_DEVICE_CODE_EXPIRED; PROOFKEY_STATUS_LOGIN_ALREADY_USED if the result is there already, and
///         the same status again if the exchange failed; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: as for proofkey_exchange_receive().
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_transport_failed(exchange: *mut Exchange, reason: i32, now: i64) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(exchange, |exchange| exchange.transport_failed(reason, now)) }
}

/// The provider, after proofkey_provider_discover(). May be called more than once: each call makes another handle.
///
/// @param exchange  the exchange
/// @param provider  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_RESULT_ABSENT while the exchange is pending, or if it is about
///         something else; the status that it failed with; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_provider(exchange: *const Exchange, provider: *mut *mut Provider) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        // SAFETY: the caller keeps rule 8.
        let exchange = unsafe { handle(exchange) }?;
        made.put(exchange.provider()?)
    })
}

/// The tokens, after a login, a refresh, or the polling of a device. May be called more than once: each call makes
/// another handle.
///
/// @param exchange  the exchange
/// @param tokens    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_RESULT_ABSENT while the exchange is pending, or if it is about
///         something else; the status that it failed with; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_tokens(exchange: *const Exchange, tokens: *mut *mut Tokens) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(tokens) }?;
        // SAFETY: the caller keeps rule 8.
        let exchange = unsafe { handle(exchange) }?;
        made.put(exchange.tokens()?)
    })
}

/// The claims about the user, after proofkey_client_begin_userinfo(). May be called more than once: each call makes
/// another handle.
///
/// @param exchange  the exchange
/// @param claims    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_RESULT_ABSENT while the exchange is pending, or if it is about
///         something else; the status that it failed with; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_claims(exchange: *const Exchange, claims: *mut *mut Claims) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(claims) }?;
        // SAFETY: the caller keeps rule 8.
        let exchange = unsafe { handle(exchange) }?;
        made.put(exchange.claims()?)
    })
}

/// What went wrong with the last request.
///
/// @param exchange  the exchange
/// @return the error, lent until the exchange goes on; NULL if there was none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_error(exchange: *const Exchange) -> *const ErrorDetails {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { borrow(exchange, |exchange| exchange.error().map_or(ptr::null(), |error| Arc::as_ptr(&error))) }
}

/// Frees an exchange, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param exchange  the exchange; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_free(exchange: *mut Exchange) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(exchange) }
}
