use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::alphabet::{as_str, encode, is_base64url};
use crate::{Error, Verifier};

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

    /// The challenge of a verifier's text, without keeping a copy of the text.
    ///
    /// # Errors
    /// The same as [`Verifier::parse`].
    ///
    /// ```
    /// let challenge = proofkey_core::Challenge::s256(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
    /// assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    /// # Ok::<(), proofkey_core::Error>(())
    /// ```
    pub fn s256(verifier: &[u8]) -> Result<Self, Error> {
        Verifier::check(verifier)?;
        Ok(Self::of_checked(verifier))
    }

    /// The challenge of a text that is known to be a verifier.
    pub(crate) fn of_checked(verifier: &[u8]) -> Self {
        let mut characters = [0; Self::LEN];
        encode(&Sha256::digest(verifier), &mut characters);
        Self { characters }
    }

    /// Reads the challenge of an authorization request: 43 base64url characters, in the only spelling that a SHA-256
    /// digest has. Nothing is decoded, so no other text can stand for the same digest.
    ///
    /// # Errors
    /// [`Error::ChallengeMalformed`] for text that no verifier can match: hexadecimal, padding, the standard alphabet,
    /// another length, non-zero bits after the 256th.
    ///
    /// ```
    /// use proofkey_core::{Challenge, Error};
    /// let padded = Challenge::parse(b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=");
    /// assert_eq!(padded.unwrap_err(), Error::ChallengeMalformed);
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let characters = text.try_into().map_err(|_| Error::ChallengeMalformed)?;
        let ends_well = text.last().is_some_and(|last| LAST.contains(last));
        if ends_well && is_base64url(text) { Ok(Self { characters }) } else { Err(Error::ChallengeMalformed) }
    }

    /// The 43 characters that go into `code_challenge`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        as_str(&self.characters)
    }

    /// [`as_str`](Self::as_str) as ASCII bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.characters
    }

    /// Compares in constant time, as machine words: byte by byte, it would cost more than the hash.
    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        let pairs = self.words().into_iter().zip(other.words());
        pairs.fold(0, |differing, (ours, theirs)| differing | (ours ^ theirs)).ct_eq(&0u64)
    }

    fn words(&self) -> [u64; 6] {
        let mut words = [0; 6];
        for (word, characters) in words.iter_mut().zip(self.characters.chunks(8)) {
            let mut bytes = [0; 8];
            for (byte, character) in bytes.iter_mut().zip(characters) {
                *byte = *character;
            }
            *word = u64::from_le_bytes(bytes);
        }
        words
    }
}

impl Verifier {
    /// The S256 challenge to send with the authorization request (RFC 7636 section 4.2).
    ///
    /// ```
    /// let verifier = proofkey_core::Verifier::generate()?;
    /// assert_eq!(verifier.challenge().as_str().len(), 43);
    /// # Ok::<(), proofkey_core::Error>(())
    /// ```
    #[must_use]
    pub fn challenge(&self) -> Challenge {
        Challenge::of_checked(self.expose_bytes())
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

/// The possible 43rd characters: 256 bits leave its two low bits zero.
const LAST: &[u8] = b"AEIMQUYcgkosw048";

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn every_difference_counts_also_the_same_one_in_two_words() {
        let challenge = |text: [u8; Challenge::LEN]| Challenge::parse(&text).unwrap();
        let original = [b'A'; Challenge::LEN];
        for first in 0..Challenge::LEN {
            for second in 0..Challenge::LEN {
                let mut other = original;
                // "Q" ends a challenge too.
                (other[first], other[second]) = (b'Q', b'Q');
                assert!(!bool::from(challenge(original).ct_eq(&challenge(other))), "{first}, {second}");
            }
        }
        assert!(bool::from(challenge(original).ct_eq(&challenge(original))));
    }
}
