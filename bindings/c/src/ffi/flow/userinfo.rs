//! Userinfo: who the user of some tokens is.

use proofkey_handles::{Client, Exchange, Tokens};

use super::pointer::{Slot, handle};
use crate::guard::guard;

/// Begins to ask who the user of these tokens is (OpenID Connect Core section 5.3). Run the exchange;
/// proofkey_exchange_claims() then has the claims. They must be about the user of the ID token, if there is one.
///
/// @param client    the client
/// @param tokens    the tokens
/// @param exchange  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MISSING, PROOFKEY_STATUS_ACCESS_TOKEN_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_begin_userinfo(
    client: *const Client,
    tokens: *const Tokens,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 8.
        let tokens = unsafe { handle(tokens) }?;
        made.put(client.begin_userinfo(tokens)?)
    })
}
