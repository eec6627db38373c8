use core::fmt;

use crate::alphabet::{as_str, reveal};
use crate::{Challenge, Error, Method};

/// What an authorization server stores with a code, and the rule that verifies a code verifier against it.
///
/// It is one short ASCII text: `S256:` or `plain:` and 43 characters, or the word `none`. It contains no secret: for
/// `plain` it holds the S256 challenge of the verifier, so one comparison serves both methods.
///
/// For a request without a challenge, the word `none` is stored. An empty column is therefore an error
/// ([`Error::BindingMalformed`]) and never means "no PKCE".
///
/// ```
/// use proofkey_core::{Binding, Error};
///
/// let stored = "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// let binding = Binding::parse(stored.as_bytes())?;
/// binding.verify(Some(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))?;
/// assert_eq!(binding.verify(None), Err(Error::VerifierMissing));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Binding {
    bound: Option<(Method, Challenge)>,
    characters: [u8; Self::MAX_LEN],
    len: usize,
}

impl Binding {
    /// The length of the longest binding, in characters: `plain:` and a challenge.
    pub const MAX_LEN: usize = 49;

    /// The binding of a request without a challenge. [`Policy::bind`](crate::Policy::bind) decides whether that is
    /// permitted.
    #[must_use]
    pub fn none() -> Self {
        Self::new(None)
    }

    /// Binds an S256 challenge.
    pub(crate) fn s256(challenge: &[u8]) -> Result<Self, Error> {
        Ok(Self::new(Some((Method::S256, Challenge::parse(challenge)?))))
    }

    /// Binds a `plain` challenge, which is the verifier itself. Only its S256 challenge is kept.
    pub(crate) fn plain(verifier: &[u8]) -> Result<Self, Error> {
        let challenge = Challenge::s256(verifier).map_err(|_| Error::ChallengeMalformed)?;
        Ok(Self::new(Some((Method::Plain, challenge))))
    }

    /// Reads back what [`as_str`](Self::as_str) returned.
    ///
    /// # Errors
    /// [`Error::BindingMalformed`] for any other text, including the empty one. The client gets `invalid_grant`; the
    /// operator has to repair the storage.
    ///
    /// ```
    /// use proofkey_core::{Binding, Error};
    /// assert_eq!(Binding::parse(b"").unwrap_err(), Error::BindingMalformed);
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        if text == NONE {
            return Ok(Self::none());
        }
        let (method, challenge) = match (text.strip_prefix(S256), text.strip_prefix(PLAIN)) {
            (Some(challenge), _) => (Method::S256, challenge),
            (None, Some(challenge)) => (Method::Plain, challenge),
            (None, None) => return Err(Error::BindingMalformed),
        };
        let challenge = Challenge::parse(challenge).map_err(|_| Error::BindingMalformed)?;
        Ok(Self::new(Some((method, challenge))))
    }

    /// The text to store with the code, at most [`MAX_LEN`](Self::MAX_LEN) characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_str(self.as_bytes())
    }

    /// [`as_str`](Self::as_str) as ASCII bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.characters.get(..self.len).unwrap_or_default()
    }

    /// The method that was bound; `None` if there was no challenge.
    ///
    /// ```
    /// assert_eq!(proofkey_core::Binding::none().method(), None);
    /// ```
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.bound.as_ref().map(|(method, _)| *method)
    }

    /// Verifies the `code_verifier` of a token request (RFC 7636 section 4.6). `None` and the empty value both mean
    /// that it was not sent. Nothing else in the token request can change the method.
    ///
    /// Call it after the code was found and before it is consumed: a failed verifier does not use the code up.
    ///
    /// # Errors
    /// The authorization server responds with [`oauth_error`](Error::oauth_error): [`Error::VerifierMissing`],
    /// [`Error::VerifierLength`], [`Error::VerifierCharacter`] and [`Error::VerifierMismatch`] are `invalid_grant`;
    /// [`Error::VerifierUnexpected`], for a verifier although `none` was bound, is `invalid_request` (the downgrade
    /// rule of RFC 9700 section 4.8.2).
    ///
    /// ```
    /// use proofkey_core::{Binding, Error};
    /// let downgraded = Binding::none().verify(Some(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    /// assert_eq!(downgraded, Err(Error::VerifierUnexpected));
    /// ```
    pub fn verify(&self, code_verifier: Option<&[u8]>) -> Result<(), Error> {
        match (&self.bound, code_verifier.filter(|verifier| !verifier.is_empty())) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err(Error::VerifierUnexpected),
            (Some(_), None) => Err(Error::VerifierMissing),
            (Some((_, challenge)), Some(verifier)) => {
                let is_same = challenge.ct_eq(&Challenge::s256(verifier)?);
                if reveal(is_same) { Ok(()) } else { Err(Error::VerifierMismatch) }
            }
        }
    }

    fn new(bound: Option<(Method, Challenge)>) -> Self {
        let (prefix, challenge) = match &bound {
            None => (NONE, [].as_slice()),
            Some((Method::S256, challenge)) => (S256, challenge.as_bytes().as_slice()),
            Some((Method::Plain, challenge)) => (PLAIN, challenge.as_bytes().as_slice()),
        };
        let mut characters = [0; Self::MAX_LEN];
        let mut len = 0;
        if let Some((head, tail)) = characters.split_at_mut_checked(prefix.len()) {
            head.copy_from_slice(prefix);
            if let Some(tail) = tail.get_mut(..challenge.len()) {
                tail.copy_from_slice(challenge);
                len = prefix.len().saturating_add(challenge.len());
            }
        }
        Self { bound, characters, len }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Binding").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const NONE: &[u8] = b"none";
const S256: &[u8] = b"S256:";
const PLAIN: &[u8] = b"plain:";
const _: () = assert!(Binding::MAX_LEN == PLAIN.len() + Challenge::LEN);
