//! Tokens: what the token endpoint granted.

use core::ffi::c_char;
use core::ptr;

use proofkey_handles::{Claims, Tokens};

use super::pointer::{Slot, ask, ask_number, borrow, free, known, lend, lend_named, optional_text, set_text, text};
use crate::guard::guard;

/// Tokens from storage. The ID token was checked when it came, and is not checked again.
///
/// @param access_token       the access token
/// @param access_token_len   its length
/// @param refresh_token      the refresh token; may be NULL
/// @param refresh_token_len  its length
/// @param id_token           the ID token; may be NULL
/// @param id_token_len       its length
/// @param scope              the granted scope, separated by spaces; may be NULL
/// @param scope_len          its length
/// @param expires_at         when the access token expires (rule 10); -1 if unknown
/// @param tokens             where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ID_TOKEN_MALFORMED, PROOFKEY_STATUS_ID_TOKEN_ALG,
///         PROOFKEY_STATUS_ID_TOKEN_ALG_UNSUPPORTED, PROOFKEY_STATUS_ID_TOKEN_CRIT, PROOFKEY_STATUS_ID_TOKEN_TYP,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_from_parts(
    access_token: *const c_char,
    access_token_len: usize,
    refresh_token: *const c_char,
    refresh_token_len: usize,
    id_token: *const c_char,
    id_token_len: usize,
    scope: *const c_char,
    scope_len: usize,
    expires_at: i64,
    tokens: *mut *mut Tokens,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(tokens) }?;
        // SAFETY: the caller keeps rule 4.
        let access_token = unsafe { text(access_token, access_token_len) }?;
        // SAFETY: the caller keeps rule 4.
        let refresh_token = unsafe { optional_text(refresh_token, refresh_token_len) }?;
        // SAFETY: the caller keeps rule 4.
        let id_token = unsafe { optional_text(id_token, id_token_len) }?;
        // SAFETY: the caller keeps rule 4.
        let scope = unsafe { optional_text(scope, scope_len) }?;
        made.put(Tokens::from_parts(access_token, refresh_token, id_token, scope, known(expires_at))?)
    })
}

/// Adds a resource server that stored tokens are for, as proofkey_tokens_resource() had it: a refresh names it again
/// (RFC 8707 section 2.2).
///
/// @param tokens        the tokens
/// @param resource      one URI
/// @param resource_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_add_resource(
    tokens: *mut Tokens,
    resource: *const c_char,
    resource_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe {
        set_text(tokens, resource, resource_len, |tokens, resource| {
            tokens.add_resource(resource);
            Ok(())
        })
    }
}

/// The access token (rule 7). Send it as `Authorization: Bearer` to the resource server and to nobody else (RFC 6750
/// section 2.1).
///
/// @param tokens  the tokens
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_access_token_expose(tokens: *const Tokens, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(tokens, len, Tokens::access_token_expose) }
}

/// The refresh token (rule 7).
///
/// @param tokens  the tokens
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if there is none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_refresh_token_expose(tokens: *const Tokens, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(tokens, len, Tokens::refresh_token_expose) }
}

/// The ID token (rule 7), to store it. It tells this client who signed in; it is no credential for anybody else.
///
/// @param tokens  the tokens
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if there is none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_id_token_expose(tokens: *const Tokens, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(tokens, len, Tokens::id_token_expose) }
}

/// The granted scope, separated by spaces.
///
/// @param tokens  the tokens
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if the server did not name it: then it is what was asked for (RFC 6749
///         section 5.1)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_scope(tokens: *const Tokens, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(tokens, len, Tokens::scope) }
}

/// The resource servers that the tokens are for, separated by spaces (RFC 8707).
///
/// @param tokens  the tokens
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if there are none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_resource(tokens: *const Tokens, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(tokens, len, Tokens::resource) }
}

/// When the access token expires.
///
/// @param tokens  the tokens
/// @return the time (rule 10); -1 if the server did not say, and for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_expires_at(tokens: *const Tokens) -> i64 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask_number(tokens, Tokens::expires_at) }
}

/// Whether it is time to refresh: the access token expires within so many seconds. Unknown expiry is 0: refresh such
/// tokens once a resource server responds with `invalid_token`.
///
/// @param tokens   the tokens
/// @param seconds  how many seconds
/// @param now      the time (rule 10)
/// @return 1 if it does, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_expires_within(tokens: *const Tokens, seconds: u32, now: i64) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(tokens, |tokens| tokens.expires_within(seconds, now)) }
}

/// Whether the granted scope is another set than the requested one.
///
/// @param tokens  the tokens
/// @return 1 if it is, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_scope_changed(tokens: *const Tokens) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(tokens, Tokens::scope_changed) }
}

/// Whether the server left out `token_type`, so that Bearer was assumed.
///
/// @param tokens  the tokens
/// @return 1 if it did, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_token_type_defaulted(tokens: *const Tokens) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(tokens, Tokens::token_type_defaulted) }
}

/// Whether the signature of the ID token was verified when it came: not after
/// proofkey_client_trust_token_endpoint_tls(), not for tokens from storage, and not without an ID token.
///
/// @param tokens  the tokens
/// @return 1 if it was, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_signature_verified(tokens: *const Tokens) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(tokens, Tokens::signature_verified) }
}

/// A further member of the response as JSON, for example Dropbox's `account_id`. It is untrusted, and possibly
/// secret (rule 7).
///
/// @param tokens    the tokens
/// @param name      the name of the member
/// @param name_len  its length
/// @param len       where to write the length; may be NULL
/// @return the JSON, lent (rule 6); NULL if there is no such member
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_extra_expose(
    tokens: *const Tokens,
    name: *const c_char,
    name_len: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend_named(tokens, name, name_len, len, Tokens::extra_expose) }
}

/// What the checked ID token says about the user.
///
/// @param tokens  the tokens
/// @return the claims, lent until the tokens are freed; NULL if there is no ID token
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_claims(tokens: *const Tokens) -> *const Claims {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { borrow(tokens, |tokens| tokens.claims().map_or(ptr::null(), ptr::from_ref)) }
}

/// Frees tokens, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param tokens  the tokens; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_tokens_free(tokens: *mut Tokens) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(tokens) }
}
