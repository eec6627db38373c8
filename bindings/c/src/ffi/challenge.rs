//! A challenge: what is sent instead of the verifier.

use core::ffi::c_char;

use proofkey_core::Challenge;

use super::pointer::{Out, required};
use crate::guard::guard;
use crate::size;

/// The S256 challenge of a verifier (RFC 7636 section 4.2), to be sent as `code_challenge` beside
/// `code_challenge_method=S256`. It is not a secret.
///
/// @param verifier      the verifier, which is a secret (rule 7)
/// @param verifier_len  its length
/// @param out           the buffer for the challenge
/// @param capacity      the size of the buffer; PROOFKEY_CHALLENGE_LEN is enough
/// @param written       see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_NULL_POINTER, PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_challenge_s256(
    verifier: *const c_char,
    verifier_len: usize,
    out: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> i32 {
    guard(|| {
        // SAFETY: by rule 5 the caller passes NULL or pointers that can be written.
        let out = unsafe { Out::new(out, capacity, written) }?;
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let verifier = unsafe { required(verifier.cast(), verifier_len) }?;
        let challenge = Challenge::s256(verifier)?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(challenge.as_bytes()) }
    })
}

/// PROOFKEY_CHALLENGE_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_challenge_len() -> usize {
    size::PROOFKEY_CHALLENGE_LEN
}
