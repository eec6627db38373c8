//! The seal: a pending login as one encrypted text.

use core::ffi::c_char;

use proofkey_handles::{Client, Login, SealKeys};

use super::pointer::{Slot, ask, bytes, free, handle, set_bytes, text};
use crate::ffi::pointer::Out;
use crate::guard::guard;
use crate::size;

/// The keys that seal logins, from a secret of the application: 32 random bytes, or a text made from them. It is the
/// same in every process that may finish the login. The caller erases its own copy.
///
/// @param secret      the bytes, which are a secret (rule 7)
/// @param secret_len  how many there are
/// @param seal_keys   where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_SECRET_WEAK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_seal_keys_new(
    secret: *const u8,
    secret_len: usize,
    seal_keys: *mut *mut SealKeys,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(seal_keys) }?;
        // SAFETY: the caller keeps rule 4.
        let secret = unsafe { bytes(secret, secret_len) }?;
        made.put(SealKeys::new(secret)?)
    })
}

/// Adds a secret that was replaced: it still opens what it sealed. Keep it for ten minutes, until its logins have
/// expired.
///
/// @param seal_keys   the keys
/// @param secret      the bytes, which are a secret (rule 7)
/// @param secret_len  how many there are
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_SECRET_WEAK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_seal_keys_add_older(
    seal_keys: *mut SealKeys,
    secret: *const u8,
    secret_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_bytes(seal_keys, secret, secret_len, SealKeys::add_older) }
}

/// Whether any of the secrets has fewer than 32 bytes. Such keys work, but warn about them when the program starts.
///
/// @param seal_keys  the keys
/// @return 1 if so, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_seal_keys_is_weak(seal_keys: *const SealKeys) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(seal_keys, SealKeys::is_weak) }
}

/// Frees keys, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param seal_keys  the keys; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_seal_keys_free(seal_keys: *mut SealKeys) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(seal_keys) }
}

/// Turns a pending login into an encrypted text, which proofkey_client_resume() opens in another process, on another
/// machine or in another language: mobile systems end a program while the browser is open. Sealing again does not
/// extend the life of the login.
///
/// Nobody without the secret can read or change the text, but whoever has it can deliver a callback with it: keep it
/// where only this user reaches it.
///
/// @param login        the login
/// @param seal_keys    the keys; the newest one seals
/// @param context      what the login is for, such as the name of the provider: the text opens in no other context
/// @param context_len  its length
/// @param out          the buffer for the text; PROOFKEY_SEALED_MAX_LEN is always enough, and about 600 characters
///                     are usual
/// @param capacity     the size of the buffer
/// @param written      see rule 5
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_LOGIN_ALREADY_USED, PROOFKEY_STATUS_SEAL_TOO_LARGE,
///         PROOFKEY_STATUS_ENTROPY_UNAVAILABLE, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER,
///         PROOFKEY_STATUS_BUFFER_TOO_SMALL or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_login_seal(
    login: *const Login,
    seal_keys: *const SealKeys,
    context: *const c_char,
    context_len: usize,
    out: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 5.
        let out = unsafe { Out::new(out, capacity, written) }?;
        // SAFETY: the caller keeps rule 8.
        let login = unsafe { handle(login) }?;
        // SAFETY: the caller keeps rule 8.
        let seal_keys = unsafe { handle(seal_keys) }?;
        // SAFETY: the caller keeps rule 4.
        let context = unsafe { text(context, context_len) }?;
        let sealed = login.seal(seal_keys, context)?;
        // SAFETY: `out` was made in this call.
        unsafe { out.put(sealed.as_bytes()) }
    })
}

/// Opens a login that proofkey_login_seal() sealed. It continues with this client and its secret, but with the
/// endpoints that it began with.
///
/// @param client       the client that the login began with, or its equal
/// @param sealed       the text
/// @param sealed_len   its length
/// @param seal_keys    the keys
/// @param context      what was given to proofkey_login_seal()
/// @param context_len  its length
/// @param now          the time (rule 10)
/// @param login        where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_SEAL_MALFORMED, PROOFKEY_STATUS_SEAL_KEY_UNKNOWN,
///         PROOFKEY_STATUS_SEAL_FORGED, PROOFKEY_STATUS_SEAL_CONTEXT, PROOFKEY_STATUS_SEAL_CLIENT,
///         PROOFKEY_STATUS_LOGIN_EXPIRED, PROOFKEY_STATUS_ENDPOINT_MISSING, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_resume(
    client: *const Client,
    sealed: *const c_char,
    sealed_len: usize,
    seal_keys: *const SealKeys,
    context: *const c_char,
    context_len: usize,
    now: i64,
    login: *mut *mut Login,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(login) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 4.
        let sealed = unsafe { text(sealed, sealed_len) }?;
        // SAFETY: the caller keeps rule 8.
        let seal_keys = unsafe { handle(seal_keys) }?;
        // SAFETY: the caller keeps rule 4.
        let context = unsafe { text(context, context_len) }?;
        made.put(client.resume(sealed, seal_keys, context, now)?)
    })
}

/// PROOFKEY_SEALED_MAX_LEN, for languages that cannot read macros.
///
/// @return the number
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub extern "C" fn proofkey_sealed_max_len() -> usize {
    size::PROOFKEY_SEALED_MAX_LEN
}
