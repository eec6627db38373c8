use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, optimization_barrier};

use crate::Error;
use crate::alphabet::{as_str, encode, encoded_len, is_unreserved, reveal};

/// The secret of one authorization request: 43 to 128 unreserved characters (RFC 7636 section 4.1).
///
/// A client makes one per request ([`generate`](Self::generate)). It sends the [`challenge`](Self::challenge) with the
/// authorization request, and the verifier itself with the token request, never in a URL.
///
/// It cannot be compared, cloned or printed; [`expose`](Self::expose) is the only way to read it. The characters are
/// erased when it is dropped. A move may leave a copy behind that nothing erases: box a verifier that has to move.
///
/// ```
/// use proofkey_core::Verifier;
///
/// let verifier = Verifier::parse(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")?;
/// assert_eq!(verifier.challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
/// assert_eq!(format!("{verifier:?}"), "Verifier(redacted)");
/// # Ok::<(), proofkey_core::Error>(())
/// ```
pub struct Verifier {
    characters: [u8; Self::MAX_LEN],
    len: u8,
}

impl Verifier {
    /// The shortest verifier, in characters.
    pub const MIN_LEN: usize = 43;
    /// The longest verifier, in characters.
    pub const MAX_LEN: usize = 128;
    /// The least entropy [`from_entropy`](Self::from_entropy) takes, in bytes. It makes [`MIN_LEN`](Self::MIN_LEN)
    /// characters; [`generate`](Self::generate) uses this much.
    pub const MIN_ENTROPY: usize = 32;
    /// The most entropy [`from_entropy`](Self::from_entropy) takes, in bytes. It makes [`MAX_LEN`](Self::MAX_LEN)
    /// characters.
    pub const MAX_ENTROPY: usize = 96;

    /// A fresh verifier: 32 bytes from the operating system as 43 base64url characters (RFC 7636 section 7.1).
    ///
    /// # Errors
    /// [`Error::EntropyUnavailable`] if the operating system gives none. There is no fallback to a weaker source.
    ///
    /// ```
    /// let verifier = proofkey_core::Verifier::generate()?;
    /// assert_eq!(verifier.expose().len(), 43);
    /// # Ok::<(), proofkey_core::Error>(())
    /// ```
    #[cfg(feature = "getrandom")]
    pub fn generate() -> Result<Self, Error> {
        Self::generate_with(getrandom::fill)
    }

    #[cfg(feature = "getrandom")]
    fn generate_with<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Self, Error> {
        let mut entropy = [0; Self::MIN_ENTROPY];
        let verifier = match fill(&mut entropy) {
            Ok(()) => Self::from_entropy(&entropy),
            Err(_) => Err(Error::EntropyUnavailable),
        };
        erase(&mut entropy);
        verifier
    }

    /// A verifier from 32 to 96 bytes of the caller's own entropy, as base64url text, for platforms with their own
    /// source. The bytes must come from a cryptographic generator. Use them once, and erase them afterwards.
    ///
    /// # Errors
    /// [`Error::EntropyLength`] for any other number of bytes.
    ///
    /// ```
    /// use proofkey_core::{Error, Verifier};
    ///
    /// let octets = [
    ///     116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, // RFC 7636 appendix B
    ///     22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    /// ];
    /// assert_eq!(Verifier::from_entropy(&octets)?.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    /// assert_eq!(Verifier::from_entropy(&octets[1..]).unwrap_err(), Error::EntropyLength);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, Error> {
        if entropy.len() < Self::MIN_ENTROPY || entropy.len() > Self::MAX_ENTROPY {
            return Err(Error::EntropyLength);
        }
        Self::with_len(encoded_len(entropy.len()), |characters| encode(entropy, characters))
    }

    /// Reads a verifier that comes from elsewhere. Nothing is trimmed, folded or decoded.
    ///
    /// # Errors
    /// [`Error::VerifierLength`] unless it has 43 to 128 bytes; [`Error::VerifierCharacter`] unless each byte is one of
    /// `A-Z a-z 0-9 - . _ ~`.
    ///
    /// ```
    /// use proofkey_core::{Error, Verifier};
    /// assert_eq!(Verifier::parse(&[b'a'; 42]).unwrap_err(), Error::VerifierLength);
    /// assert_eq!(Verifier::parse(&[b' '; 43]).unwrap_err(), Error::VerifierCharacter);
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Self::check(text)?;
        Self::with_len(text.len(), |characters| characters.copy_from_slice(text))
    }

    /// Checks that [`parse`](Self::parse) would accept `text`, without keeping a copy of it.
    ///
    /// # Errors
    /// The same as [`parse`](Self::parse).
    ///
    /// ```
    /// assert!(proofkey_core::Verifier::check(&[b'~'; 128]).is_ok());
    /// ```
    pub fn check(text: &[u8]) -> Result<(), Error> {
        if text.len() < Self::MIN_LEN || text.len() > Self::MAX_LEN {
            return Err(Error::VerifierLength);
        }
        if reveal(is_unreserved(text)) { Ok(()) } else { Err(Error::VerifierCharacter) }
    }

    /// The characters themselves. Use them only in the token request.
    #[must_use]
    pub fn expose(&self) -> &str {
        as_str(self.expose_bytes())
    }

    /// [`expose`](Self::expose) as ASCII bytes.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        self.characters.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn with_len(len: usize, write: impl FnOnce(&mut [u8])) -> Result<Self, Error> {
        let mut verifier = Self { characters: [0; Self::MAX_LEN], len: 0 };
        let characters = verifier.characters.get_mut(..len).ok_or(Error::VerifierLength)?;
        write(characters);
        verifier.len = u8::try_from(len).map_err(|_| Error::VerifierLength)?;
        Ok(verifier)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(redacted)")
    }
}

impl Zeroize for Verifier {
    fn zeroize(&mut self) {
        erase(&mut self.characters);
        self.len = 0;
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for Verifier {}

/// Erases with a single fill, which the barrier keeps the compiler from removing. `zeroize` itself would write byte by
/// byte.
fn erase(secret: &mut [u8]) {
    secret.fill(0);
    optimization_barrier(secret);
}

#[cfg(all(test, feature = "getrandom"))]
mod tests {
    use super::{Error, Verifier, Zeroize as _};

    #[test]
    fn a_failing_generator_is_an_error_and_not_a_weaker_verifier() {
        let half_filled = |entropy: &mut [u8]| {
            entropy[..16].fill(7);
            Err(())
        };
        assert_eq!(Verifier::generate_with(half_filled).unwrap_err(), Error::EntropyUnavailable);
    }

    #[test]
    fn what_is_erased_is_zero() {
        let mut verifier = Verifier::from_entropy(&[7; 96]).unwrap();
        verifier.zeroize();
        assert_eq!((verifier.characters, verifier.len), ([0; Verifier::MAX_LEN], 0));
    }
}
