//! A binding: what an authorization server stores with a code.

use core::ffi::c_char;

use proofkey_core::Binding;

use super::pointer::{Out, optional};
use crate::guard::guard;
use crate::{policy, size};

/// For authorization servers: turns `code_challenge` and `code_challenge_method` of an authorization request into the
/// binding, a short text to store with the code (RFC 7636 section 4.4). It contains no secret.
///
/// Absent and empty parameters mean the same. If a parameter was sent twice, the caller refuses the request as
/// PROOFKEY_STATUS_PARAMETER_DUPLICATE. The server responds to an error with proofkey_status_oauth_error(), if that is
/// not NULL.
///
/// @param code_challenge             the parameter as it came, after form decoding; may be NULL
/// @param code_challenge_len         its length
/// @param code_challenge_method      the parameter as it came, after form decoding; may be NULL
/// @param code_challenge_method_len  its length
/// @param relaxations                PROOFKEY_POLICY_STRICT, or the bits of relaxations: PROOFKEY_POLICY_ALLOW_PLAIN,
///                                   PROOFKEY_POLICY_OPTIONAL_FOR_CONFIDENTIAL_CLIENT
/// @param out                        the buffer for the binding
/// @param capacity                   the size of the buffer; PROOFKEY_BINDING_MAX_LEN is enough
/// @param written                    see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_CHALLENGE_MISSING, PROOFKEY_STATUS_CHALLENGE_MALFORMED,
///         PROOFKEY_STATUS_METHOD_UNSUPPORTED, PROOFKEY_STATUS_METHOD_WITHOUT_CHALLENGE,
///         PROOFKEY_STATUS_RELAXATION_UNKNOWN, PROOFKEY_STATUS_NULL_POINTER, PROOFKEY_STATUS_BUFFER_TOO_SMALL or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_policy_bind(
    code_challenge: *const c_char,
    code_challenge_len: usize,
    code_challenge_method: *const c_char,
    code_challenge_method_len: usize,
    relaxations: u32,
    out: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> i32 {
    guard(|| {
        // SAFETY: by rule 5 the caller passes NULL or pointers that can be written.
        let out = unsafe { Out::new(out, capacity, written) }?;
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let challenge = unsafe { optional(code_challenge.cast(), code_challenge_len) }?;
        // SAFETY: as above.
        let method = unsafe { optional(code_challenge_method.cast(), code_challenge_method_len) }?;
        let binding = policy::policy(relaxations)?.bind(challenge, method)?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(binding.as_bytes()) }
    })
}

/// For authorization servers: verifies the `code_verifier` of a token request against the binding that was stored with
/// the code (RFC 7636 section 4.6), in constant time. Issue tokens only after PROOFKEY_STATUS_OK; otherwise respond
/// with proofkey_status_oauth_error(). Call it after the code was found and before it is consumed: a failed verifier
/// does not use the code up.
///
/// @param binding            what proofkey_policy_bind() wrote; it may be NULL: then the column was lost, which is
///                           PROOFKEY_STATUS_BINDING_MALFORMED and never "no PKCE"
/// @param binding_len        its length
/// @param code_verifier      the parameter as it came, after form decoding; may be NULL; a secret (rule 7)
/// @param code_verifier_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_MISSING, PROOFKEY_STATUS_VERIFIER_LENGTH,
///         PROOFKEY_STATUS_VERIFIER_CHARACTER, PROOFKEY_STATUS_VERIFIER_MISMATCH, PROOFKEY_STATUS_VERIFIER_UNEXPECTED,
///         PROOFKEY_STATUS_BINDING_MALFORMED, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_binding_verify(
    binding: *const c_char,
    binding_len: usize,
    code_verifier: *const c_char,
    code_verifier_len: usize,
) -> i32 {
    guard(|| {
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let binding = unsafe { optional(binding.cast(), binding_len) }?;
        // SAFETY: as above.
        let code_verifier = unsafe { optional(code_verifier.cast(), code_verifier_len) }?;
        Ok(Binding::parse(binding.unwrap_or_default())?.verify(code_verifier)?)
    })
}

/// PROOFKEY_BINDING_MAX_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_binding_max_len() -> usize {
    size::PROOFKEY_BINDING_MAX_LEN
}
