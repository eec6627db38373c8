//! The keys that seal, and the form that every sealed text has. `tests/vectors/README.md` describes it for other
//! implementations.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};

/// The keys that seal logins and stored tokens, derived from secrets of the application. The newest one seals; all of
/// them open.
///
/// A secret is 32 random bytes, or a text made from them. It is the same in every process that may finish the login. To
/// replace it, make the new secret the newest, and keep the old one: for ten minutes, until its logins have expired, or
/// as long as there are stored tokens that it sealed.
///
/// ```
/// use proofkey::{ErrorKind, SealKeys};
///
/// let keys = SealKeys::new("a new secret of 32 random bytes or more")?
///     .with_older("the secret of last year, as random")?;
/// assert!(!keys.is_weak());
/// assert_eq!(format!("{keys:?}"), "SealKeys(redacted)");
/// assert_eq!(SealKeys::new("dev").unwrap_err().kind(), ErrorKind::SecretWeak);
/// # Ok::<(), proofkey::Error>(())
/// ```
pub struct SealKeys {
    newest: Key,
    older: Vec<Key>,
    is_weak: bool,
}

impl SealKeys {
    /// Keys from this secret alone. The caller erases its own copy of the secret.
    ///
    /// # Errors
    /// [`SecretWeak`](ErrorKind::SecretWeak) for fewer than 16 bytes.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        let secret = secret.as_ref();
        Ok(Self { newest: Key::derive(secret)?, older: Vec::new(), is_weak: secret.len() < STRONG })
    }

    /// Adds a key that still opens what was sealed with this secret.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_older(mut self, secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        let secret = secret.as_ref();
        self.older.push(Key::derive(secret)?);
        self.is_weak |= secret.len() < STRONG;
        Ok(self)
    }

    /// Whether any of the secrets has fewer than 32 bytes. Such keys work, but warn about them when the application
    /// starts.
    ///
    /// ```
    /// assert!(proofkey::SealKeys::new("twenty-four letters, say")?.is_weak());
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.is_weak
    }

    /// Seals a payload with the newest key. The context is not part of it: a payload begins with a hash of its own.
    pub(crate) fn seal(&self, kind: &Kind, payload: &[u8]) -> Result<String, ErrorKind> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| ErrorKind::EntropyUnavailable)?;
        self.seal_with_nonce(kind, nonce, payload)
    }

    /// Private to the crate, because callers must not choose the nonce: a nonce that is used twice with one key would
    /// reveal the authentication key.
    pub(crate) fn seal_with_nonce(&self, kind: &Kind, nonce: [u8; NONCE], payload: &[u8]) -> Result<String, ErrorKind> {
        self.newest.seal(kind, nonce, payload)
    }

    /// Opens a sealed text, and returns its payload.
    pub(crate) fn open(&self, kind: &Kind, sealed: &str) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
        let (key_id, bytes) = parse(sealed, kind).ok_or(ErrorKind::SealMalformed)?;
        self.get(key_id).ok_or(ErrorKind::SealKeyUnknown)?.open(kind, bytes)
    }

    /// Whether this is sealed with the newest key.
    #[cfg(feature = "token-store")]
    pub(crate) fn is_newest(&self, sealed: &str) -> bool {
        sealed.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with(&self.newest.id))
    }

    fn get(&self, id: &str) -> Option<&Key> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.id == id)
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKeys(redacted)")
    }
}

/// What is sealed.
pub(crate) struct Kind {
    /// The end of the associated data, so that nothing else that is sealed with the same key opens in its place.
    pub(crate) purpose: &'static str,
    /// The longest sealed text, in characters. A longer one is refused unread.
    pub(crate) max_len: usize,
}

/// What is derived from one secret of the application.
struct Key {
    /// Part of the sealed text, so that the right key is found without trial decryption.
    id: String,
    /// Boxed, so that a move leaves no copy behind.
    key: Box<Zeroizing<[u8; 32]>>,
}

impl Key {
    fn derive(secret: &[u8]) -> Result<Self, ErrorKind> {
        if secret.len() < WEAKEST {
            return Err(ErrorKind::SecretWeak);
        }
        let mut key = Box::new(Zeroizing::new([0; 32]));
        Hkdf::<Sha256>::new(None, secret).expand(LABEL, key.as_mut_slice()).map_err(|_| ErrorKind::Internal)?;
        let [a, b, c, d, e, f, ..] = <[u8; 32]>::from(Sha256::digest(key.as_slice()));
        Ok(Self { id: URL_SAFE_NO_PAD.encode([a, b, c, d, e, f]), key })
    }

    fn seal(&self, kind: &Kind, nonce: [u8; NONCE], payload: &[u8]) -> Result<String, ErrorKind> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(payload.len().saturating_add(NONCE + TAG)));
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(payload);
        let (_, payload) = bytes.split_at_mut_checked(NONCE).ok_or(ErrorKind::Internal)?;
        let sealed = self.cipher().encrypt_inout_detached(&XNonce::from(nonce), &self.associated(kind), payload.into());
        let tag = sealed.map_err(|_| ErrorKind::SealTooLarge)?;
        bytes.extend_from_slice(&tag);
        let text = format!("{PREFIX}{}.{}", self.id, URL_SAFE_NO_PAD.encode(&*bytes));
        if text.len() <= kind.max_len { Ok(text) } else { Err(ErrorKind::SealTooLarge) }
    }

    /// Decrypts in place, and cuts away all but the payload.
    fn open(&self, kind: &Kind, mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
        let (nonce, rest) = bytes.split_first_chunk_mut::<NONCE>().ok_or(ErrorKind::SealMalformed)?;
        let (payload, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(ErrorKind::SealMalformed)?;
        let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
        self.cipher()
            .decrypt_inout_detached(&nonce, &self.associated(kind), payload.into(), &tag)
            .map_err(|_| ErrorKind::SealForged)?;
        let end = bytes.len().saturating_sub(TAG);
        bytes.truncate(end);
        bytes.drain(..NONCE);
        Ok(bytes)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.key).into())
    }

    fn associated(&self, kind: &Kind) -> Vec<u8> {
        [PREFIX, &self.id, kind.purpose].concat().into_bytes()
    }
}

/// Cuts a sealed text into the id of its key, and the nonce with the ciphertext.
fn parse<'a>(sealed: &'a str, kind: &Kind) -> Option<(&'a str, Zeroizing<Vec<u8>>)> {
    if sealed.len() > kind.max_len {
        return None;
    }
    let (key_id, text) = sealed.strip_prefix(PREFIX)?.split_once('.')?;
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if key_id.len() != KEY_ID || !key_id.bytes().all(is_base64url) {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() >= NONCE + TAG).then_some((key_id, Zeroizing::new(bytes)))
}

/// A fixed-size hash of the caller's context.
pub(crate) fn context_hash(context: &str) -> [u8; HASH] {
    let digest = <[u8; 32]>::from(Sha256::digest(context));
    let mut hash = [0; HASH];
    hash.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    hash
}

/// Names the format, the cipher and the key derivation.
const PREFIX: &str = "proofkey1.";

/// Separates the key from others that the application may derive from its secret (RFC 5869 section 3.2).
const LABEL: &[u8] = b"proofkey1 seal";

/// The shortest secret that is accepted, in bytes.
const WEAKEST: usize = 16;
/// The shortest secret that is not weak, in bytes.
const STRONG: usize = 32;

/// The length of a key id, in characters.
const KEY_ID: usize = 8;
/// The length of the nonce, in bytes.
pub(crate) const NONCE: usize = 24;
/// The length of the authentication tag, in bytes.
pub(crate) const TAG: usize = 16;
/// The length of the hash of a context, in bytes.
pub(crate) const HASH: usize = 16;

#[cfg(test)]
mod tests;
