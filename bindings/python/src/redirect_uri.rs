use proofkey::LoopbackPort;
use pyo3::prelude::*;

use crate::text::{bytes, text};

/// Whether an authorization server may redirect to `requested`, given one `registered` redirect URI: the same text
/// (RFC 9700 section 2.1). For `native` applications the port of 127.0.0.1 and [::1] does not count (RFC 8252 section
/// 7.3), and with `allow_localhost_any_port` neither does that of localhost.
///
/// >>> from proofkey import server
/// >>> server.redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", native=True)
/// True
/// >>> server.redirect_uri_matches("https://client.example/cb", "https://client.example/cb/")
/// False
#[pyo3::pyfunction]
#[pyo3(signature = (registered, requested, /, *, native = false, allow_localhost_any_port = false))]
pub(crate) fn redirect_uri_matches(
    registered: &Bound<'_, PyAny>,
    requested: &Bound<'_, PyAny>,
    native: bool,
    allow_localhost_any_port: bool,
) -> PyResult<bool> {
    let port = match (native, allow_localhost_any_port) {
        (false, _) => LoopbackPort::Exact,
        (true, false) => LoopbackPort::AnyOfAddresses,
        (true, true) => LoopbackPort::AnyOfLocalhostToo,
    };
    let registered = bytes(text("the registered redirect URI", registered)?)?;
    let requested = bytes(text("the requested redirect URI", requested)?)?;
    // A text that is no UTF-8 is no URI.
    let both = std::str::from_utf8(&registered).ok().zip(std::str::from_utf8(&requested).ok());
    Ok(both.is_some_and(|(registered, requested)| proofkey::redirect_uri_matches(registered, requested, port)))
}
