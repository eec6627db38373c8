//! A provider: an authorization server, its endpoints and what it supports.

use core::ffi::c_char;

use proofkey_handles::{Exchange, Provider};

use super::pointer::{Slot, ask, bytes, free, lend, set, set_text, text};
use crate::guard::guard;

/// A server with these two endpoints (RFC 6749 section 3). A query in them is kept. They are https, or http on
/// loopback.
///
/// @param authorization_endpoint      where the browser is sent
/// @param authorization_endpoint_len  its length
/// @param token_endpoint              where codes are exchanged
/// @param token_endpoint_len          its length
/// @param provider                    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_new(
    authorization_endpoint: *const c_char,
    authorization_endpoint_len: usize,
    token_endpoint: *const c_char,
    token_endpoint_len: usize,
    provider: *mut *mut Provider,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        // SAFETY: the caller keeps rule 4.
        let authorization_endpoint = unsafe { text(authorization_endpoint, authorization_endpoint_len) }?;
        // SAFETY: the caller keeps rule 4.
        let token_endpoint = unsafe { text(token_endpoint, token_endpoint_len) }?;
        made.put(Provider::new(authorization_endpoint, token_endpoint)?)
    })
}

/// A server described by its metadata, the JSON document that was found under its issuer (RFC 8414 section 3.2,
/// OpenID Connect Discovery section 4.2). proofkey_provider_discover() fetches it.
///
/// @param issuer        the issuer, compared with the document byte for byte
/// @param issuer_len    its length
/// @param document      the bytes of the document
/// @param document_len  how many there are
/// @param provider      where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_METADATA_MALFORMED, PROOFKEY_STATUS_METADATA_ISSUER_MISSING,
///         PROOFKEY_STATUS_METADATA_ISSUER_MISMATCH, PROOFKEY_STATUS_METADATA_ENDPOINT_MISSING,
///         PROOFKEY_STATUS_METADATA_ENDPOINT_MALFORMED, PROOFKEY_STATUS_METADATA_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_PAR_REQUIRED, PROOFKEY_STATUS_ISSUER_WELL_KNOWN, PROOFKEY_STATUS_ENDPOINT_MALFORMED,
///         PROOFKEY_STATUS_ENDPOINT_INSECURE, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_from_metadata(
    issuer: *const c_char,
    issuer_len: usize,
    document: *const u8,
    document_len: usize,
    provider: *mut *mut Provider,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        // SAFETY: the caller keeps rule 4.
        let issuer = unsafe { text(issuer, issuer_len) }?;
        // SAFETY: the caller keeps rule 4.
        let document = unsafe { bytes(document, document_len) }?;
        made.put(Provider::from_metadata(issuer, document)?)
    })
}

/// Begins to look for the metadata of the server with this issuer: first where RFC 8414 puts it, then where OpenID
/// Connect Discovery does. Run the exchange; proofkey_exchange_provider() then has the provider.
///
/// @param issuer      the issuer, without /.well-known/ and what follows
/// @param issuer_len  its length
/// @param exchange    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ISSUER_WELL_KNOWN, PROOFKEY_STATUS_ENDPOINT_MALFORMED,
///         PROOFKEY_STATUS_ENDPOINT_INSECURE, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_discover(
    issuer: *const c_char,
    issuer_len: usize,
    exchange: *mut *mut Exchange,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(exchange) }?;
        // SAFETY: the caller keeps rule 4.
        let issuer = unsafe { text(issuer, issuer_len) }?;
        made.put(Exchange::discover(issuer)?)
    })
}

/// GitHub, for OAuth apps and GitHub Apps. Its facts have a date and a source in the library.
///
/// @param provider  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_github(provider: *mut *mut Provider) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        made.put(Provider::github()?)
    })
}

/// Google. For a refresh token add the quirk `offline_by_access_type`. Desktop clients have a secret that they must
/// send, although it proves nothing.
///
/// @param provider  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_google(provider: *mut *mut Provider) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        made.put(Provider::google()?)
    })
}

/// Dropbox. For a refresh token add the quirk `offline_by_token_access_type`. Without a redirect URI it shows the
/// code to the user: see proofkey_login_accept_pasted_code().
///
/// @param provider  where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_dropbox(provider: *mut *mut Provider) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        made.put(Provider::dropbox()?)
    })
}

/// Microsoft Entra ID. For a refresh token ask for the scope `offline_access`. The scope `openid` needs the id of
/// the tenant, because each tenant is an issuer of its own.
///
/// @param tenant      the id or the domain of a tenant, or `common`, `organizations` or `consumers`
/// @param tenant_len  its length
/// @param provider    where to write the handle, which the caller frees
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_microsoft(
    tenant: *const c_char,
    tenant_len: usize,
    provider: *mut *mut Provider,
) -> i32 {
    guard(|| {
        // SAFETY: the caller keeps rule 1.
        let made = unsafe { Slot::new(provider) }?;
        // SAFETY: the caller keeps rule 4.
        let tenant = unsafe { text(tenant, tenant_len) }?;
        made.put(Provider::microsoft(tenant)?)
    })
}

/// Sets the issuer identifier (RFC 8414 section 2): a callback with `iss` must have exactly this one. Without an
/// issuer, every callback with `iss` is refused (RFC 9207 section 2.4). Clients that were made before keep the old
/// value.
///
/// @param provider    the provider
/// @param issuer      an https URL without query and fragment
/// @param issuer_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ISSUER_WELL_KNOWN, PROOFKEY_STATUS_ENDPOINT_MALFORMED,
///         PROOFKEY_STATUS_ENDPOINT_INSECURE, PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_issuer(
    provider: *mut Provider,
    issuer: *const c_char,
    issuer_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, issuer, issuer_len, Provider::set_issuer) }
}

/// Says that the server sends `iss` in every authorization response (RFC 9207 section 3): a callback without it is
/// refused. Clients that were made before keep the old value.
///
/// @param provider  the provider
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_iss_parameter_supported(provider: *mut Provider) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe {
        set(provider, |provider| {
            provider.set_iss_parameter_supported();
            Ok(())
        })
    }
}

/// Sets the endpoint that revokes tokens (RFC 7009 section 2). Clients that were made before keep the old value.
///
/// @param provider      the provider
/// @param endpoint      its URL
/// @param endpoint_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_revocation_endpoint(
    provider: *mut Provider,
    endpoint: *const c_char,
    endpoint_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, endpoint, endpoint_len, Provider::set_revocation_endpoint) }
}

/// Sets the URL of the keys that the server signs ID tokens with (OpenID Connect Discovery section 3). Clients that
/// were made before keep the old value.
///
/// @param provider      the provider
/// @param jwks_uri      the URL
/// @param jwks_uri_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_jwks_uri(
    provider: *mut Provider,
    jwks_uri: *const c_char,
    jwks_uri_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, jwks_uri, jwks_uri_len, Provider::set_jwks_uri) }
}

/// Sets the endpoint that says more about the user (OpenID Connect Core section 5.3). Clients that were made before
/// keep the old value.
///
/// @param provider      the provider
/// @param endpoint      its URL
/// @param endpoint_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_userinfo_endpoint(
    provider: *mut Provider,
    endpoint: *const c_char,
    endpoint_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, endpoint, endpoint_len, Provider::set_userinfo_endpoint) }
}

/// Sets the endpoint where the browser is sent to sign out (OpenID Connect RP-Initiated Logout section 2.1). Clients
/// that were made before keep the old value.
///
/// @param provider      the provider
/// @param endpoint      its URL
/// @param endpoint_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_end_session_endpoint(
    provider: *mut Provider,
    endpoint: *const c_char,
    endpoint_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, endpoint, endpoint_len, Provider::set_end_session_endpoint) }
}

/// Sets where a device asks for its codes (RFC 8628 section 3.1). Clients that were made before keep the old value.
///
/// @param provider      the provider
/// @param endpoint      its URL
/// @param endpoint_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_ENDPOINT_MALFORMED, PROOFKEY_STATUS_ENDPOINT_INSECURE,
///         PROOFKEY_STATUS_TEXT_INVALID, PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_set_device_authorization_endpoint(
    provider: *mut Provider,
    endpoint: *const c_char,
    endpoint_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, endpoint, endpoint_len, Provider::set_device_authorization_endpoint) }
}

/// Enables a peculiarity of the server, which changes parameters or parsing, never a check:
/// `scope_separated_by_comma`, `offline_by_token_access_type`, `offline_by_access_type`,
/// `resource_only_at_authorization` or `token_type_user_access_token`. Clients that were made before keep the old
/// value.
///
/// @param provider  the provider
/// @param name      one of these names
/// @param name_len  its length
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_QUIRK_UNKNOWN, PROOFKEY_STATUS_TEXT_INVALID,
///         PROOFKEY_STATUS_NULL_POINTER or PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_add_quirk(
    provider: *mut Provider,
    name: *const c_char,
    name_len: usize,
) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set_text(provider, name, name_len, Provider::add_quirk) }
}

/// Succeeds only if the metadata lists S256: a server that does not list it may ignore the challenge (RFC 9700
/// section 2.1.1). S256 is sent to every server, with and without this.
///
/// @param provider  the provider
/// @return PROOFKEY_STATUS_OK, PROOFKEY_STATUS_PKCE_NOT_ADVERTISED, PROOFKEY_STATUS_NULL_POINTER or
///         PROOFKEY_STATUS_INTERNAL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_require_advertised_pkce(provider: *mut Provider) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { set(provider, Provider::require_advertised_pkce) }
}

/// The issuer identifier.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if it is not known
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_issuer(provider: *const Provider, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::issuer) }
}

/// The authorization endpoint.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_authorization_endpoint(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::authorization_endpoint) }
}

/// The token endpoint.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_token_endpoint(provider: *const Provider, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::token_endpoint) }
}

/// The revocation endpoint.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if it is not known
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_revocation_endpoint(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::revocation_endpoint) }
}

/// The URL of the server's keys.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if it is not known
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_jwks_uri(provider: *const Provider, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::jwks_uri) }
}

/// The userinfo endpoint.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if it is not known
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_userinfo_endpoint(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::userinfo_endpoint) }
}

/// The end-session endpoint.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6); NULL if it is not known
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_end_session_endpoint(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::end_session_endpoint) }
}

/// The device authorization endpoint (RFC 8628 section 3.1).
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the URL, lent (rule 6); NULL if the provider has none
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_device_authorization_endpoint(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::device_authorization_endpoint) }
}

/// Whether the server sends `iss` in every authorization response.
///
/// @param provider  the provider
/// @return 1 if it does, else 0; 0 for NULL
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_iss_parameter_supported(provider: *const Provider) -> i32 {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { ask(provider, Provider::iss_parameter_supported) }
}

/// What the metadata says about PKCE: `S256`, `without_s256` or `unknown`.
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_pkce_support(provider: *const Provider, len: *mut usize) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::pkce_support) }
}

/// How a client with a secret should authenticate: `client_secret_basic`, or `client_secret_post` if the metadata
/// lists that one and not the other (RFC 8414 section 2).
///
/// @param provider  the provider
/// @param len       where to write the length; may be NULL
/// @return the text, lent (rule 6)
///
/// Threads: any number at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_token_endpoint_auth_method(
    provider: *const Provider,
    len: *mut usize,
) -> *const c_char {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { lend(provider, len, Provider::token_endpoint_auth_method) }
}

/// Frees a provider, and erases the secrets in it. What it lent is no longer valid; other handles are not touched.
///
/// @param provider  the provider; NULL does nothing
///
/// Threads: the last call for this handle (rule 8).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_provider_free(provider: *mut Provider) {
    // SAFETY: the caller keeps the rules of the header.
    unsafe { free(provider) }
}
