use crate::{Binding, Error, Method};

/// What an authorization server accepts when it binds a challenge to a code.
///
/// Use [`strict`](Self::strict): it requires PKCE with S256 (RFC 9700 section 2.1.1). Each relaxation is a method, so a
/// search finds it by name.
///
/// ```
/// use proofkey_core::{Error, Policy};
///
/// let challenge = Some(b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".as_slice());
/// let binding = Policy::strict().bind(challenge, Some(b"S256"))?;
/// assert_eq!(binding.as_str(), "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
///
/// // An absent method means plain (RFC 7636 section 4.3); it is never read as S256.
/// assert_eq!(Policy::strict().bind(challenge, None).unwrap_err(), Error::MethodUnsupported);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Policy {
    plain_allowed: bool,
    challenge_optional: bool,
}

impl Policy {
    /// Requires a challenge, and the method S256.
    pub const fn strict() -> Self {
        Self { plain_allowed: false, challenge_optional: false }
    }

    /// Relaxation: also accepts the method `plain`, and its short form, an absent method. Anybody who sees the
    /// authorization request can then redeem the code.
    ///
    /// ```
    /// let verifier = Some(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".as_slice());
    /// let binding = proofkey_core::Policy::strict().allow_plain().bind(verifier, Some(b"plain"))?;
    /// assert!(binding.verify(verifier).is_ok());
    /// # Ok::<(), proofkey_core::Error>(())
    /// ```
    pub const fn allow_plain(self) -> Self {
        Self { plain_allowed: true, ..self }
    }

    /// Relaxation: accepts a request without a challenge and binds [`none`](Binding::none). Only for confidential
    /// clients with another defence against injected codes (RFC 9700 section 2.1.1); a public client always needs a
    /// challenge.
    ///
    /// ```
    /// let policy = proofkey_core::Policy::strict().optional_for_confidential_client();
    /// assert_eq!(policy.bind(None, None)?.as_str(), "none");
    /// # Ok::<(), proofkey_core::Error>(())
    /// ```
    pub const fn optional_for_confidential_client(self) -> Self {
        Self { challenge_optional: true, ..self }
    }

    /// The methods that [`bind`](Self::bind) accepts. List them in the server's metadata as
    /// `code_challenge_methods_supported` (RFC 8414 section 2), so that clients know that the server supports PKCE (RFC
    /// 9700 section 2.1.1).
    ///
    /// ```
    /// use proofkey_core::{Method, Policy};
    /// assert_eq!(Policy::strict().challenge_methods(), [Method::S256]);
    /// assert_eq!(Policy::strict().allow_plain().challenge_methods(), [Method::S256, Method::Plain]);
    /// ```
    #[must_use]
    pub const fn challenge_methods(self) -> &'static [Method] {
        if self.plain_allowed { &[Method::S256, Method::Plain] } else { &[Method::S256] }
    }

    /// Turns the `code_challenge` and `code_challenge_method` of an authorization request into the binding to store
    /// with the code (RFC 7636 section 4.4). `None` and the empty value both mean that a parameter was not sent (RFC
    /// 6749 section 3.1). If a parameter was sent twice, the caller refuses the request as
    /// [`Error::ParameterDuplicate`].
    ///
    /// # Errors
    /// The authorization server responds to each with `invalid_request` (RFC 7636 section 4.4.1):
    /// [`Error::ChallengeMissing`], [`Error::MethodWithoutChallenge`], [`Error::MethodUnsupported`],
    /// [`Error::ChallengeMalformed`].
    pub fn bind(self, code_challenge: Option<&[u8]>, code_challenge_method: Option<&[u8]>) -> Result<Binding, Error> {
        let method = code_challenge_method.filter(|method| !method.is_empty());
        let Some(challenge) = code_challenge.filter(|challenge| !challenge.is_empty()) else {
            return match method {
                Some(_) => Err(Error::MethodWithoutChallenge),
                None if self.challenge_optional => Ok(Binding::none()),
                None => Err(Error::ChallengeMissing),
            };
        };
        match method.map_or(Ok(Method::Plain), Method::parse)? {
            Method::S256 => Binding::s256(challenge),
            Method::Plain if self.plain_allowed => Binding::plain(challenge),
            Method::Plain => Err(Error::MethodUnsupported),
        }
    }
}
