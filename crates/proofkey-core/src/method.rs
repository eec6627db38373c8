use crate::Error;

/// How a challenge is derived from a verifier (RFC 7636 section 4.2).
///
/// Clients of this library always use S256; `Plain` exists for authorization servers that allow it by name
/// ([`Policy::allow_plain`](crate::Policy::allow_plain)).
///
/// ```
/// use proofkey_core::{Error, Method};
/// assert_eq!(Method::parse(b"S256"), Ok(Method::S256));
/// assert_eq!(Method::parse(b"s256"), Err(Error::MethodUnsupported));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `S256`: the challenge is the SHA-256 digest of the verifier.
    S256,
    /// `plain`: the challenge is the verifier.
    Plain,
}

impl Method {
    /// Reads `code_challenge_method`. The two registered names are case-sensitive, and nothing is trimmed.
    ///
    /// # Errors
    /// [`Error::MethodUnsupported`] for anything else.
    pub const fn parse(text: &[u8]) -> Result<Self, Error> {
        match text {
            b"S256" => Ok(Self::S256),
            b"plain" => Ok(Self::Plain),
            _ => Err(Error::MethodUnsupported),
        }
    }

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
            Self::Plain => "plain",
        }
    }
}
