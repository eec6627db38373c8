//! A client: a provider, a client id, how it authenticates, and a redirect URI.

use core::ffi::c_char;

use proofkey_handles::{Authorize, Client, Provider};

use super::pointer::{Slot, free, handle, lend, optional_text, set, set_text, text};
use crate::guard::guard;

/// A public client: PKCE alone protects its codes. It copies the provider, remembers the server's keys, its logins
/// and its refreshes: make one and keep it.
///
/// @param provider  the provider, which is copied
/// @param id        the client id
/// @param id_len    its length
/// @param client    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_CLIENT_ID_INVALID, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_new(
    provider: *const Provider,
    id: *const c_char,
    id_len: usize,
    client: *mut *mut Client,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(client) }?;
        // SAFETY: the caller keeps rule 8.
        let provider = unsafe { handle(provider) }?;
        // SAFETY: the caller keeps rule 4.
        let id = unsafe { text(id, id_len) }?;
        made.put(Client::new(provider, id)?)
    })
}

/// Sets the URI that the server sends the browser back to, exactly as it is registered there (RFC 6749 section
/// 3.1.2). An application that uses several servers needs one for each (RFC 9700 section 4.4.2). Logins that began
/// before keep the old value.
///
/// @param client            the client
/// @param redirect_uri      the URI: https, http on loopback, or a private scheme with a dot in it
/// @param redirect_uri_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_REDIRECT_URI_MALFORMED, PROOFKEY_STATUS_REDIRECT_URI_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_set_redirect_uri(
    client: *mut Client,
    redirect_uri: *const c_char,
    redirect_uri_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(client, redirect_uri, redirect_uri_len, Client::set_redirect_uri) }
}

/// Authenticates with id and secret in the `Authorization` header (RFC 6749 section 2.3.1). Logins that began before
/// keep the old value.
///
/// @param client      the client
/// @param secret      the client secret (rule 7)
/// @param secret_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_CLIENT_SECRET_EMPTY, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_set_secret_basic(
    client: *mut Client,
    secret: *const c_char,
    secret_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(client, secret, secret_len, Client::set_secret_basic) }
}

/// Authenticates with id and secret in the body of the request (RFC 6749 section 2.3.1). Logins that began before
/// keep the old value.
///
/// @param client      the client
/// @param secret      the client secret (rule 7)
/// @param secret_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_CLIENT_SECRET_EMPTY, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_set_secret_post(
    client: *mut Client,
    secret: *const c_char,
    secret_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(client, secret, secret_len, Client::set_secret_post) }
}

/// Accepts only ID tokens with these signatures: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA. By
/// default the client accepts what the metadata lists or, without metadata, RS256. Logins that began before keep the
/// old value.
///
/// @param client     the client
/// @param names      the names, separated by single spaces
/// @param names_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ID_TOKEN_ALG, PROOFKEY_STATUS_ID_TOKEN_ALG_UNSUPPORTED,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_set_id_token_algorithms(
    client: *mut Client,
    names: *const c_char,
    names_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(client, names, names_len, Client::set_id_token_algorithms) }
}

/// Sets how far the server's clock may be ahead or behind; 60 seconds by default. Logins that began before keep the
/// old value.
///
/// @param client   the client
/// @param seconds  how many seconds
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_set_id_token_leeway(client: *mut Client, seconds: u32) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(client, |client| client.set_id_token_leeway(seconds)) }
}

/// Accepts ID tokens that name this audience besides the client itself; by default no other is accepted. Logins that
/// began before keep the old value.
///
/// @param client        the client
/// @param audience      the audience
/// @param audience_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_add_trusted_audience(
    client: *mut Client,
    audience: *const c_char,
    audience_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(client, audience, audience_len, Client::add_trusted_audience) }
}

/// Relaxation: relies on TLS to the token endpoint instead of the signature of the ID token (OpenID Connect Core
/// section 3.1.3.7, step 6). No keys are fetched. For servers that publish no keys, if nothing stands between them
/// and this program. Logins that began before keep the old value.
///
/// @param client  the client
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_trust_token_endpoint_tls(client: *mut Client) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(client, Client::trust_token_endpoint_tls) }
}

/// The signatures that ID tokens may have, separated by spaces.
///
/// @param client  the client
/// @param len     where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_id_token_algorithms(client: *const Client, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(client, len, Client::id_token_algorithms) }
}

/// Starts an authorization request. With `openid` in the scope, a nonce is sent and the ID token is checked (OpenID
/// Connect Core).
///
/// @param client     the client
/// @param scope      the scope to ask for, tokens separated by single spaces (RFC 6749 section 3.3); may be NULL
/// @param scope_len  its length
/// @param authorize  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_authorize(
    client: *const Client,
    scope: *const c_char,
    scope_len: usize,
    authorize: *mut *mut Authorize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(authorize) }?;
        // SAFETY: the caller keeps rule 8.
        let client = unsafe { handle(client) }?;
        // SAFETY: the caller keeps rule 4.
        let scope = unsafe { optional_text(scope, scope_len) }?;
        made.put(client.authorize(scope))
    })
}

/// Frees a client, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param client  the client; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_client_free(client: *mut Client) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(client) }
}
