//! Claims: what a server says about a user.

use core::ffi::c_char;

use proofkey_handles::Claims;

use super::pointer::{free, lend, lend_named};

/// A claim that is a text (OpenID Connect Core sections 2 and 5.1). Identify a user by the pair of `iss` and `sub`,
/// never by an e-mail address, which may pass to another person (section 5.7).
///
/// @param claims    the claims
/// @param name      the name of the claim, for example `sub`
/// @param name_len  its length
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if there is no such claim, or if it is not a text
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_claims_text(
    claims: *const Claims,
    name: *const c_char,
    name_len: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend_named(claims, name, name_len, len, Claims::text) }
}

/// A claim as JSON, for example `email_verified`.
///
/// @param claims    the claims
/// @param name      the name of the claim
/// @param name_len  its length
/// @param len       where to write the length; may be NULL
/// @return the JSON, lent (rule 6); NULL if there is no such claim
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_claims_json(
    claims: *const Claims,
    name: *const c_char,
    name_len: usize,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend_named(claims, name, name_len, len, Claims::json) }
}

/// All claims, as one JSON object.
///
/// @param claims  the claims
/// @param len     where to write the length; may be NULL
/// @return the JSON, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_claims_all_json(claims: *const Claims, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(claims, len, Claims::all_json) }
}

/// Frees claims that proofkey_exchange_claims() gave. Claims that are lent are `const`, and are not freed.
///
/// @param claims  the claims; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_claims_free(claims: *mut Claims) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(claims) }
}
