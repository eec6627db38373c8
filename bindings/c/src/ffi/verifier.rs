//! A verifier: the secret of one authorization request.

use core::ffi::c_char;

use proofkey_core::Verifier;

use super::pointer::{Out, required};
use crate::guard::guard;
use crate::size;

/// Makes a fresh verifier: 32 bytes of the operating system's randomness as 43 base64url characters (RFC 7636
/// section 7.1). A client makes one for each authorization request.
///
/// @param out       the buffer for the verifier, which is a secret (rule 7)
/// @param capacity  the size of the buffer; PROOFKEY_VERIFIER_GENERATED_LEN is enough
/// @param written   see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_NULL_POINTER,
///         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once; the child of a fork() makes different verifiers from its parent's.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_verifier_generate(out: *mut c_char, capacity: usize, written: *mut usize) -> i32 {
    guard(|| {
        // SAFETY: by rule 5 the caller passes NULL or pointers that can be written.
        let out = unsafe { Out::new(out, capacity, written) }?;
        let verifier = Verifier::generate()?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(verifier.expose_bytes()) }
    })
}

/// Makes a verifier from the caller's own entropy, as base64url characters (RFC 7636 section 4.1), for platforms with
/// their own source. The bytes must come from a cryptographic generator. Use them once, and erase them afterwards.
///
/// @param entropy      PROOFKEY_ENTROPY_MIN_LEN to PROOFKEY_ENTROPY_MAX_LEN random bytes, which are a secret (rule 7)
/// @param entropy_len  how many there are
/// @param out          the buffer for the verifier, which is a secret (rule 7)
/// @param capacity     the size of the buffer; PROOFKEY_VERIFIER_MAX_LEN is always enough; for 32 bytes of entropy,
///                     PROOFKEY_VERIFIER_MIN_LEN is enough
/// @param written      see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_LENGTH, PROOFKEY_STATUS_NULL_POINTER,
///         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_verifier_from_entropy(
    entropy: *const u8,
    entropy_len: usize,
    out: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> i32 {
    guard(|| {
        // SAFETY: by rule 5 the caller passes NULL or pointers that can be written.
        let out = unsafe { Out::new(out, capacity, written) }?;
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let entropy = unsafe { required(entropy, entropy_len) }?;
        let verifier = Verifier::from_entropy(entropy)?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(verifier.expose_bytes()) }
    })
}

/// Whether this is a verifier: 43 to 128 characters out of `A-Z a-z 0-9 - . _ ~` (RFC 7636 section 4.1). Nothing is
/// trimmed, folded or decoded.
///
/// @param verifier      the text, which is a secret (rule 7)
/// @param verifier_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_verifier_check(verifier: *const c_char, verifier_len: usize) -> i32 {
    guard(|| {
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let verifier = unsafe { required(verifier.cast(), verifier_len) }?;
        Ok(Verifier::check(verifier)?)
    })
}

/// PROOFKEY_VERIFIER_MIN_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_verifier_min_len() -> usize {
    size::PROOFKEY_VERIFIER_MIN_LEN
}

/// PROOFKEY_VERIFIER_MAX_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_verifier_max_len() -> usize {
    size::PROOFKEY_VERIFIER_MAX_LEN
}

/// PROOFKEY_VERIFIER_GENERATED_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_verifier_generated_len() -> usize {
    size::PROOFKEY_VERIFIER_GENERATED_LEN
}

/// PROOFKEY_ENTROPY_MIN_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_entropy_min_len() -> usize {
    size::PROOFKEY_ENTROPY_MIN_LEN
}

/// PROOFKEY_ENTROPY_MAX_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_entropy_max_len() -> usize {
    size::PROOFKEY_ENTROPY_MAX_LEN
}
