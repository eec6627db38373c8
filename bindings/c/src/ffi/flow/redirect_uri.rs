//! Redirect URIs, as an authorization server compares them.

use core::ffi::c_char;

use proofkey_handles::{LoopbackPort, redirect_uri_matches};

use super::pointer::text;
use crate::guard::or_if_it_panics;

/// For authorization servers: whether the redirect URI of a request is one that the client registered: byte for byte,
/// except for the port of a loopback address where `loopback_port` says so (RFC 9700 section 2.1, RFC 8252
/// section 7.3).
///
/// @param registered      the registered redirect URI
/// @param registered_len  its length
/// @param requested       the redirect URI of the request
/// @param requested_len   its length
/// @param loopback_port   PROOFKEY_LOOPBACK_PORT_EXACT, PROOFKEY_LOOPBACK_PORT_ANY or
///                        PROOFKEY_LOOPBACK_PORT_ANY_INCLUDING_LOCALHOST; with any other number nothing matches
/// @return 1 if they match, else 0, also for NULL
///
/// Threads: any number at once.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn proofkey_redirect_uri_matches(
    registered: *const c_char,
    registered_len: usize,
    requested: *const c_char,
    requested_len: usize,
    loopback_port: u32,
) -> i32 {
    or_if_it_panics(0, || {
        let port = match loopback_port {
            0 => LoopbackPort::Exact,
            1 => LoopbackPort::Any,
            2 => LoopbackPort::AnyIncludingLocalhost,
            _ => return 0,
        };
        // SAFETY: the caller keeps rule 4.
        let registered = unsafe { text(registered, registered_len) };
        // SAFETY: the caller keeps rule 4.
        let requested = unsafe { text(requested, requested_len) };
        match (registered, requested) {
            (Ok(registered), Ok(requested)) => redirect_uri_matches(registered, requested, port).into(),
            _ => 0,
        }
    })
}
