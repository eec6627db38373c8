//! The small grammars of RFC 6749 appendix A, and random text that fits them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::ErrorKind;

/// One or more printable ASCII characters: `1*VSCHAR` of RFC 6749 appendix A.
pub(crate) fn is_vschar(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a header may contain this as a bearer token (RFC 6750 section 2.1).
pub(crate) fn is_b64token(token: &str) -> bool {
    let token = token.trim_end_matches('=');
    let is_in_alphabet =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    !token.is_empty() && token.bytes().all(is_in_alphabet)
}

/// Splits a scope into its tokens (RFC 6749 appendix A.4).
pub(crate) fn scope_tokens(scope: &str) -> Result<Vec<String>, ErrorKind> {
    let is_token =
        |token: &str| !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
    match scope {
        "" => Ok(Vec::new()),
        _ if scope.split(' ').all(is_token) => Ok(scope.split(' ').map(str::to_owned).collect()),
        _ => Err(ErrorKind::ScopeInvalid),
    }
}

/// Reads the digits of a number of seconds. A number that does not fit becomes the largest one.
pub(crate) fn whole_seconds(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// 128 random bits (RFC 6749 section 10.10) as base64url, which no server alters.
pub(crate) fn random_text() -> Result<String, ErrorKind> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ErrorKind::EntropyUnavailable)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
