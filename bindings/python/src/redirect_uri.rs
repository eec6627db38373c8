use proofkey::LoopbackPort;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::python_text::{bytes, text};

/// Whether an authorization server may redirect to `requested`, given one `registered` redirect URI: if the text is the
/// same (RFC 9700 section 2.1).
///
/// `loopback_port` says whether the port of a loopback redirect URI counts: "exact" for web applications; "any" for
/// native applications, where the port of 127.0.0.1 and [::1] does not count (RFC 8252 section 7.3);
/// "any_including_localhost" for native applications that registered localhost.
///
/// >>> from proofkey import server
/// >>> server.redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", loopback_port="any")
/// True
/// >>> server.redirect_uri_matches("https://client.example/cb", "https://client.example/cb/")
/// False
#[pyo3::pyfunction]
#[pyo3(signature = (registered, requested, /, *, loopback_port = "exact"))]
pub(crate) fn redirect_uri_matches(
    registered: &Bound<'_, PyAny>,
    requested: &Bound<'_, PyAny>,
    loopback_port: &str,
) -> PyResult<bool> {
    let port = match loopback_port {
        "exact" => LoopbackPort::Exact,
        "any" => LoopbackPort::Any,
        "any_including_localhost" => LoopbackPort::AnyIncludingLocalhost,
        _ => {
            let hint = "loopback_port: \"exact\", \"any\" or \"any_including_localhost\"";
            return Err(PyValueError::new_err(hint));
        }
    };
    let registered = bytes(text("registered", registered)?)?;
    let requested = bytes(text("requested", requested)?)?;
    // Text that is not UTF-8 is not a URI.
    let both = std::str::from_utf8(&registered).ok().zip(std::str::from_utf8(&requested).ok());
    Ok(both.is_some_and(|(registered, requested)| proofkey::redirect_uri_matches(registered, requested, port)))
}
