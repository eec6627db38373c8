use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::Error;
use crate::text::{self, encode};

/// An S256 challenge: the SHA-256 digest of a verifier's text, as 43 base64url characters (RFC 7636 section 4.2).
///
/// It is not a secret: it travels in the authorization URL.
///
/// ```
/// use proofkey_core::{Challenge, Error};
///
/// let challenge = Challenge::parse(b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")?;
/// assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Challenge {
    characters: [u8; Self::LEN],
}

impl Challenge {
    /// The length of every S256 challenge, in characters.
    pub const LEN: usize = 43;

    /// The challenge of a verifier's text, which the caller has checked.
    pub(crate) fn of(verifier: &[u8]) -> Self {
        Self::from_digest(&Digest::of(verifier))
    }

    pub(crate) fn from_digest(digest: &Digest) -> Self {
        let mut characters = [0; Self::LEN];
        encode(&digest.0, &mut characters);
        Self { characters }
    }

    /// Reads the challenge of an authorization request: the text that a SHA-256 digest really encodes to.
    ///
    /// # Errors
    /// [`Error::ChallengeMalformed`] for what no verifier can ever match: hexadecimal, padding, the standard alphabet,
    /// another length, non-zero bits after the 256th.
    ///
    /// ```
    /// use proofkey_core::{Challenge, Error};
    /// let padded = Challenge::parse(b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=");
    /// assert_eq!(padded.unwrap_err(), Error::ChallengeMalformed);
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Digest::parse(text)?;
        let characters = text.try_into().map_err(|_| Error::ChallengeMalformed)?;
        Ok(Self { characters })
    }

    /// The 43 characters that go into `code_challenge`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        text::as_str(&self.characters)
    }

    /// [`as_str`](Self::as_str) as ASCII bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.characters
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Challenge").field(&self.as_str()).finish()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The 32 bytes behind a challenge.
#[derive(Clone)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(verifier: &[u8]) -> Self {
        Self(Sha256::digest(verifier).into())
    }

    /// Decodes a challenge; only the canonical text of 32 bytes is one. Challenges are public, so a table may serve.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Error> {
        let mut digest = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut digest) {
            Ok(32) => Ok(Self(digest)),
            _ => Err(Error::ChallengeMalformed),
        }
    }

    /// Compares as machine words, all of them.
    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        self.words().ct_eq(&other.words())
    }

    fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.0.chunks_exact(8)) {
            *word = bytes.try_into().map_or(0, u64::from_le_bytes);
        }
        words
    }
}
