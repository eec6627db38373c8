//! Refresh: new tokens for a refresh token.

use proofkey_handles::{Client, Exchange, Tokens};

use super::pointer::{Slot, handle};
use crate::guard::guard;

/// Begins to refresh tokens (RFC 6749 section 6). Run the exchange; proofkey_exchange_tokens() then has the new
/// tokens. If the server sends no new refresh token or no scope, those of `tokens` stay. Store the new tokens before
/// using them: the old refresh token may no longer be valid.
///
/// @param client    the client
/// @param tokens    the tokens
/// @param now       the time (rule 10)
/// @param exchange  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_REFRESH_TOKEN_ABSENT, PROOFKEY_STATUS_ISSUER_MISSING,
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
