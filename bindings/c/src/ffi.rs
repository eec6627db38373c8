//! The exported functions, and all code that touches a pointer. The rules that they cite are at the top of the header.

use core::ffi::{c_char, c_void};
use core::{ptr, slice};

use proofkey_core::{Binding, Challenge, Verifier};

use crate::guard::guard;
use crate::status::Status;
use crate::{policy, size, status, version};

/// Makes a fresh verifier: 32 bytes of the operating system's randomness as 43 base64url characters (RFC 7636
/// section 7.1). A client makes one for each authorization request.
///
/// @param out       the buffer for the verifier, which is a secret (rule 6)
/// @param capacity  the size of the buffer; PROOFKEY_VERIFIER_GENERATED_LEN is enough
/// @param written   see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_NULL_POINTER,
///         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once; the child of a fork() makes different verifiers from its parent's.
///
/// # Safety
/// Rules 4 and 5.
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
/// @param entropy      PROOFKEY_ENTROPY_MIN_LEN to PROOFKEY_ENTROPY_MAX_LEN random bytes, which are a secret (rule 6)
/// @param entropy_len  how many there are
/// @param out          the buffer for the verifier, which is a secret (rule 6)
/// @param capacity     the size of the buffer; PROOFKEY_VERIFIER_MAX_LEN is always enough; for 32 bytes of entropy,
///                     PROOFKEY_VERIFIER_MIN_LEN is enough
/// @param written      see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENTROPY_LENGTH, PROOFKEY_STATUS_NULL_POINTER,
///         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
///
/// # Safety
/// Rules 4 and 5.
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
/// @param verifier      the text, which is a secret (rule 6)
/// @param verifier_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
///
/// # Safety
/// Rule 4.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_verifier_check(verifier: *const c_char, verifier_len: usize) -> i32 {
    guard(|| {
        // SAFETY: by rule 4 the caller passes NULL or as many bytes as it says.
        let verifier = unsafe { required(verifier.cast(), verifier_len) }?;
        Ok(Verifier::check(verifier)?)
    })
}

/// The S256 challenge of a verifier (RFC 7636 section 4.2), to be sent as `code_challenge` beside
/// `code_challenge_method=S256`. It is not a secret.
///
/// @param verifier      the verifier, which is a secret (rule 6)
/// @param verifier_len  its length
/// @param out           the buffer for the challenge
/// @param capacity      the size of the buffer; PROOFKEY_CHALLENGE_LEN is enough
/// @param written       see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_LENGTH, PROOFKEY_STATUS_VERIFIER_CHARACTER,
///         PROOFKEY_STATUS_NULL_POINTER, PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
///
/// # Safety
/// Rules 4 and 5.
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
///
/// # Safety
/// Rules 4 and 5.
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
/// @param binding            what proofkey_policy_bind() wrote; NULL means that the column was lost, which is
///                           PROOFKEY_STATUS_BINDING_MALFORMED and never "no PKCE"
/// @param binding_len        its length
/// @param code_verifier      the parameter as it came, after form decoding; may be NULL; a secret (rule 6)
/// @param code_verifier_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_VERIFIER_MISSING, PROOFKEY_STATUS_VERIFIER_LENGTH,
///         PROOFKEY_STATUS_VERIFIER_CHARACTER, PROOFKEY_STATUS_VERIFIER_MISMATCH, PROOFKEY_STATUS_VERIFIER_UNEXPECTED,
///         PROOFKEY_STATUS_BINDING_MALFORMED, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
///
/// # Safety
/// Rule 4.
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

/// The stable name of a status, for example "verifier_mismatch": the same in every language.
///
/// @param status  what a function returned
/// @return static text (rule 1): "ok" for PROOFKEY_STATUS_OK, "unknown" for any other number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_name(status: i32) -> *const c_char {
    status::name(status).as_ptr()
}

/// What went wrong, for a log: one line that contains no value of any parameter.
///
/// @param status  what a function returned
/// @return static text (rule 1), never NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_message(status: i32) -> *const c_char {
    status::message(status).as_ptr()
}

/// The `error` that an authorization server responds with (RFC 6749 sections 4.1.2.1 and 5.2).
///
/// @param status  what a function returned
/// @return static text (rule 1): "invalid_request" or "invalid_grant"; NULL if no such response fits, or if the error
///         itself came from a server
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_oauth_error(status: i32) -> *const c_char {
    status::oauth_error(status).map_or(ptr::null(), |text| text.as_ptr())
}

/// What to do next about a status.
///
/// @param status  what a function returned
/// @return static text (rule 1): "fix_call", "fix_configuration", "fix_scope", "restart_login", "retry_later",
///         "do_not_retry", "ask_user" or "report_bug"; "none" for PROOFKEY_STATUS_OK, "unknown" for any other number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_status_recovery(status: i32) -> *const c_char {
    status::recovery(status).as_ptr()
}

/// Erases a secret. The compiler may remove a memset() of a buffer that is not read again; it cannot remove this.
///
/// @param pointer  the bytes, initialised or not; NULL does nothing
/// @param len      how many there are
///
/// Threads: any number at once.
///
/// # Safety
/// Unless `pointer` is NULL, `len` bytes can be written there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_memzero(pointer: *mut c_void, len: usize) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: not NULL, and the caller promises `len` bytes to write.
    unsafe { ptr::write_bytes(pointer.cast::<u8>(), 0, len) };
    // SAFETY: the same bytes, which are initialised now.
    let erased = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), len) };
    zeroize::optimization_barrier(erased);
}

/// The version of the library, for example "0.1.0". PROOFKEY_VERSION_MAJOR, _MINOR and _PATCH are those of the header.
///
/// @return static text (rule 1)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_version() -> *const c_char {
    version::VERSION.as_ptr()
}

/// The ABI of the library (rule 9). A program that loads the library at run time checks that it is
/// PROOFKEY_ABI_VERSION.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_abi_version() -> u32 {
    version::PROOFKEY_ABI_VERSION
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

/// PROOFKEY_CHALLENGE_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_challenge_len() -> usize {
    size::PROOFKEY_CHALLENGE_LEN
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

/// Panics under the guard, so that tests/c can check the status.
///
/// cbindgen:ignore
#[cfg(feature = "test-panic")]
#[expect(clippy::panic, clippy::missing_panics_doc, reason = "the panic is deliberate, and the guard catches it")]
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_test_panic() -> i32 {
    guard(|| panic!("a deliberate panic"))
}

/// An input that may be absent (rule 3). One that is too long to be valid is not read (rule 4).
///
/// # Safety
/// Unless `pointer` is NULL, `len` bytes can be read there and nobody writes to them while the result is in use.
unsafe fn optional<'a>(pointer: *const u8, len: usize) -> Result<Option<&'a [u8]>, Status> {
    if pointer.is_null() {
        return if len == 0 { Ok(None) } else { Err(Status::NULL_POINTER) };
    }
    if len >= TOO_LONG.len() {
        return Ok(Some(&TOO_LONG));
    }
    // SAFETY: not NULL, the caller promises `len` bytes, and they are few.
    Ok(Some(unsafe { slice::from_raw_parts(pointer, len) }))
}

/// An input that must be there (rule 3).
///
/// # Safety
/// As for [`optional`].
unsafe fn required<'a>(pointer: *const u8, len: usize) -> Result<&'a [u8], Status> {
    // SAFETY: the same promise.
    unsafe { optional(pointer, len) }?.ok_or(Status::NULL_POINTER)
}

/// Stands in for every input that is longer than the longest valid one: the core gives it the same error.
static TOO_LONG: [u8; Verifier::MAX_LEN + 1] = [0; Verifier::MAX_LEN + 1];

/// Where a function writes its text. The pointers are raw, because the memory may be uninitialised and may overlap the
/// inputs, which are no longer in use when the text is written.
struct Out {
    text: *mut u8,
    capacity: usize,
    written: *mut usize,
}

impl Out {
    /// Sets `*written` to 0. It stays 0 on every error but `BUFFER_TOO_SMALL`.
    ///
    /// # Safety
    /// `written` is NULL or can be written. `text` is NULL, or `capacity` bytes can be written there until
    /// [`put`](Self::put) was called.
    unsafe fn new(text: *mut c_char, capacity: usize, written: *mut usize) -> Result<Self, Status> {
        if written.is_null() {
            return Err(Status::NULL_POINTER);
        }
        // SAFETY: not NULL, and the caller promises that it can be written.
        unsafe { written.write(0) };
        if text.is_null() {
            return Err(Status::NULL_POINTER);
        }
        Ok(Self { text: text.cast(), capacity, written })
    }

    /// Writes all of `text` and its length, or only the length if there is too little room.
    ///
    /// # Safety
    /// What [`new`](Self::new) was promised still holds, and `text` is not part of the buffer.
    unsafe fn put(self, text: &[u8]) -> Result<(), Status> {
        // SAFETY: `new` was promised that it can be written, and it is not NULL.
        unsafe { self.written.write(text.len()) };
        if text.len() > self.capacity {
            return Err(Status::BUFFER_TOO_SMALL);
        }
        // SAFETY: not NULL; `new` was promised `capacity` bytes, which are enough; `text` is not among them.
        unsafe { ptr::copy_nonoverlapping(text.as_ptr(), self.text, text.len()) };
        Ok(())
    }
}

#[cfg(not(feature = "std"))]
unsafe extern "C" {
    /// `abort` of the C library.
    safe fn abort() -> !;
}

#[cfg(not(feature = "std"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    abort()
}
