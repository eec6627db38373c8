//! Refresh: new tokens for a refresh token.

use proofkey_handles::{Client, Exchange, Tokens};

use super::pointer::{Slot, handle, set};
use crate::guard::guard;

/// Begins to refresh tokens (RFC 6749 section 6). Run the exchange; proofkey_exchange_tokens() then has the new tokens.
/// If the server sends no new refresh token or no scope, those of `tokens` stay.
///
/// A refresh token is sent once, however many threads share the client, because a server may take the second time for
/// theft. Store the new tokens before using them, then call proofkey_exchange_saved(). From then on, and for a minute,
/// whoever begins to refresh the old tokens gets the new ones: an exchange that has its result at once.
///
/// @param client    the client
/// @param tokens    the tokens
/// @param now       the time (rule 10)
/// @param exchange  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_REFRESH_TOKEN_ABSENT, PROOFKEY_STATUS_REFRESH_UNDER_WAY while the exchange
///         of another caller lives whose tokens are not saved, PROOFKEY_STATUS_ISSUER_MISSING,
///         PROOFKEY_STATUS_ENDPOINT_MISSING, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_begin_refresh(
    client: *const Client,
    tokens: *const Tokens,
    now: i64,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 8.
        let tokens = unsafe { handle(tokens) }?;
        made.put(client.begin_refresh(tokens, now)?)
    })
}

/// Says that the tokens of a refresh are stored: others who have the old tokens may get them now. After any other
/// exchange it changes nothing. Freeing the exchange without this ends the refresh too: then the next caller gets the
/// new tokens to store.
///
/// @param exchange  the exchange
/// @return PROOFKEY_STATUS_OK; PROOFKEY_STATUS_RESULT_ABSENT if it has no tokens, or not yet; the status that it failed
///         with; PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_exchange_saved(exchange: *mut Exchange) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(exchange, Exchange::saved) }
}
