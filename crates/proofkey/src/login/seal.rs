//! A pending login as one encrypted text. `tests/vectors/README.md` tells the format to other implementations.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::client::is_vschar;
use crate::id_token::Asked;
use crate::login::authorize::{MAX_DATA, check_scope};
use crate::{Client, Error, ErrorKind, Login, Provider, Verifier};

/// The keys that seal logins, made from secrets of the application: the newest seals, and every one opens.
///
/// A secret is 32 random bytes, or a text made from them, the same in every process that may finish the login. To replace
/// it, make the new one the newest, and keep the old one for the ten minutes that its logins live.
///
/// ```
/// use proofkey::{ErrorKind, SealKeys};
///
/// let keys = SealKeys::new("a new secret of 32 random bytes or more")?.older("the secret of last year, as random")?;
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
    /// Keys with this secret alone. The caller's copy is the caller's to erase.
    ///
    /// # Errors
    /// [`SecretWeak`](ErrorKind::SecretWeak) for fewer than 16 bytes.
    pub fn new(secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        let secret = secret.as_ref();
        Ok(Self { newest: Key::derive(secret)?, older: Vec::new(), is_weak: secret.len() < STRONG })
    }

    /// The same keys, and one that still opens what was sealed with this secret.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn older(mut self, secret: impl AsRef<[u8]>) -> Result<Self, Error> {
        let secret = secret.as_ref();
        self.older.push(Key::derive(secret)?);
        self.is_weak |= secret.len() < STRONG;
        Ok(self)
    }

    /// Whether a secret among them has fewer than 32 bytes. They work; say so where the application starts.
    ///
    /// ```
    /// assert!(proofkey::SealKeys::new("twenty-four letters, say")?.is_weak());
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub const fn is_weak(&self) -> bool {
        self.is_weak
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

impl Login {
    /// Makes an encrypted text of this login, which [`Client::resume`] opens: in another request, worker, process or
    /// machine, and in another language. It holds only characters that cookies, headers and URLs hold, about 600 of them
    /// with ordinary values.
    ///
    /// `context` says what the login is for, for example the name of the provider and the user who connects an account:
    /// it does not open in another context. Sealing again does not make it live longer.
    ///
    /// Nobody without the secret can read or change the text. Who has it can deliver a callback with it more than once as
    /// long as it lives: keep it with the browser that began (a cookie with `HttpOnly`, `Secure` and `SameSite=Lax`), and
    /// where a second delivery must not reach the authorization server, let a store remember the first. Its length tells
    /// that of the values.
    ///
    /// # Errors
    /// [`SealTooLarge`](ErrorKind::SealTooLarge) if the text had more than 8192 characters, and
    /// [`EntropyUnavailable`](ErrorKind::EntropyUnavailable).
    ///
    /// ```
    /// use proofkey::{Client, ErrorKind, Provider, SealKeys};
    ///
    /// let keys = SealKeys::new("the secret of this application, 32 random bytes")?;
    /// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
    ///
    /// let login = client.authorize().state("s").begin(1_700_000_000)?;
    /// let sealed = login.seal(&keys, "github")?;
    /// // Elsewhere, a minute later:
    /// let login = client.resume(&sealed, &keys, "github", 1_700_000_060)?;
    /// let exchange = login.accept("https://client.example/cb?code=c&state=s", 1_700_000_060)?;
    /// # let _ = exchange;
    ///
    /// let refused = client.resume(&sealed, &keys, "gitlab", 1_700_000_060).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::SealContext);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn seal(&self, keys: &SealKeys, context: &str) -> Result<String, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| ErrorKind::EntropyUnavailable)?;
        Ok(self.seal_with_nonce(keys, context, nonce)?)
    }

    /// A nonce that came twice under one key would give the key of the authentication away: nobody else chooses one.
    fn seal_with_nonce(&self, keys: &SealKeys, context: &str, nonce: [u8; NONCE]) -> Result<String, ErrorKind> {
        let payload = payload(self, context)?;
        keys.newest.seal(nonce, &payload)
    }
}

impl Client {
    /// Opens a login that [`Login::seal`] made a text of. `now` is in seconds since the epoch.
    ///
    /// The login continues with this client: with its secret, and with the endpoints that it began with.
    ///
    /// # Errors
    /// In this order: [`SealMalformed`](ErrorKind::SealMalformed) for what is no sealed login;
    /// [`SealKeyUnknown`](ErrorKind::SealKeyUnknown) and [`SealForged`](ErrorKind::SealForged);
    /// [`SealContext`](ErrorKind::SealContext); [`SealClient`](ErrorKind::SealClient) unless it was begun with this issuer
    /// (without one, these endpoints), client id and redirect URI; [`LoginExpired`](ErrorKind::LoginExpired), also for a
    /// login that began more than a minute after `now`: clocks disagree then; and
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) for a login with the scope `openid` if this client has no keys.
    pub fn resume(&self, sealed: &str, keys: &SealKeys, context: &str, now: i64) -> Result<Login, Error> {
        let (key_id, mut bytes) = parse(sealed).ok_or(ErrorKind::SealMalformed)?;
        let key = keys.get(key_id).ok_or(ErrorKind::SealKeyUnknown)?;
        let payload = key.open(&mut bytes)?;
        let (sealed_for, login) = read(payload).ok_or(ErrorKind::SealMalformed)?;
        if !bool::from(sealed_for.ct_eq(&hash(context))) {
            return Err(ErrorKind::SealContext.into());
        }
        if !self.is_same_as(&login.client) {
            return Err(ErrorKind::SealClient.into());
        }
        if login.is_over(now) {
            return Err(ErrorKind::LoginExpired.into());
        }
        if login.asked.is_some() {
            Asked::check_client(self)?;
        }
        Ok(Login { client: self.as_recorded(&login.client), ..login })
    }
}

/// One secret of the application, as what is made of it.
struct Key {
    /// In the text, so that the right key is found without trying.
    id: String,
    /// In a block of its own, so that moves leave no copy of it behind.
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

    fn seal(&self, nonce: [u8; NONCE], payload: &[u8]) -> Result<String, ErrorKind> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(payload.len().saturating_add(NONCE + TAG)));
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(payload);
        let (_, payload) = bytes.split_at_mut_checked(NONCE).ok_or(ErrorKind::Internal)?;
        let sealed = self.cipher().encrypt_inout_detached(&XNonce::from(nonce), &self.associated(), payload.into());
        let tag = sealed.map_err(|_| ErrorKind::SealTooLarge)?;
        bytes.extend_from_slice(&tag);
        let text = format!("{PREFIX}{}.{}", self.id, URL_SAFE_NO_PAD.encode(&*bytes));
        if text.len() <= MAX_LEN { Ok(text) } else { Err(ErrorKind::SealTooLarge) }
    }

    /// Decrypts in place, and returns the part that is the payload.
    fn open<'a>(&self, bytes: &'a mut [u8]) -> Result<&'a [u8], ErrorKind> {
        let (nonce, rest) = bytes.split_first_chunk_mut::<NONCE>().ok_or(ErrorKind::SealMalformed)?;
        let (payload, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(ErrorKind::SealMalformed)?;
        let (nonce, tag) = (XNonce::from(*nonce), Tag::from(*tag));
        self.cipher()
            .decrypt_inout_detached(&nonce, &self.associated(), payload.into(), &tag)
            .map_err(|_| ErrorKind::SealForged)?;
        Ok(payload)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.key).into())
    }

    fn associated(&self) -> Vec<u8> {
        [PREFIX, &self.id, PURPOSE].concat().into_bytes()
    }
}

/// Cuts a sealed text into the id of its key, and the nonce with the ciphertext.
fn parse(sealed: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    if sealed.len() > MAX_LEN {
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

/// The login and its context, field by field. What is absent is empty; none of these is empty when it is there.
fn payload(login: &Login, context: &str) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let (provider, scope) = (login.client.provider(), login.scope.join(" "));
    let [nonce, max_age, acr_values] = login.asked.as_ref().map(Asked::fields).unwrap_or_default();
    let fields: [&[u8]; FIELDS] = [
        &hash(context),
        provider.expected_issuer().unwrap_or_default().as_bytes(),
        provider.authorization_endpoint().as_bytes(),
        provider.token_endpoint().as_bytes(),
        &[u8::from(provider.promises_iss())],
        login.client.id().as_bytes(),
        login.client.redirect_uri_text().unwrap_or_default().as_bytes(),
        login.state.as_bytes(),
        login.verifier.expose_bytes(),
        scope.as_bytes(),
        &login.began_at.to_be_bytes(),
        &login.expires_at.to_be_bytes(),
        login.data.as_bytes(),
        nonce.as_bytes(),
        max_age.as_bytes(),
        acr_values.as_bytes(),
    ];
    let len = fields.iter().fold(1, |len: usize, field| len.saturating_add(2).saturating_add(field.len()));
    // Of its size from the start: a block that grows leaves a copy behind.
    let mut payload = Zeroizing::new(Vec::with_capacity(len));
    payload.push(VERSION);
    for field in fields {
        let len = u16::try_from(field.len()).map_err(|_| ErrorKind::SealTooLarge)?;
        payload.extend_from_slice(&len.to_be_bytes());
        payload.extend_from_slice(field);
    }
    Ok(payload)
}

/// The login in a payload, with the client that it was begun with, and the hash of its context. Every field passes the
/// parser that it passed when the login began.
fn read(payload: &[u8]) -> Option<([u8; HASH], Login)> {
    let [
        context,
        issuer,
        authorization_endpoint,
        token_endpoint,
        iss_promised,
        client_id,
        redirect_uri,
        state,
        verifier,
        scope,
        began_at,
        expires_at,
        data,
        nonce,
        max_age,
        acr_values,
    ] = fields(payload)?;
    let mut provider = Provider::new(text(authorization_endpoint)?, text(token_endpoint)?).ok()?;
    if !issuer.is_empty() {
        provider = provider.issuer(text(issuer)?).ok()?;
    }
    match iss_promised {
        [0] => {}
        [1] => provider = provider.iss_promised(),
        _ => return None,
    }
    let mut client = Client::new(provider, text(client_id)?).ok()?;
    if !redirect_uri.is_empty() {
        client = client.redirect_uri(text(redirect_uri)?).ok()?;
    }
    let scope = check_scope(text(scope)?).ok()?;
    let is_openid = scope.iter().any(|token| token == "openid");
    let asked = Asked::of_fields([text(nonce)?, text(max_age)?, text(acr_values)?], is_openid)?;
    let login = Login {
        client,
        state: text(state).filter(|state| is_vschar(state))?.to_owned(),
        verifier: Box::new(Verifier::parse(verifier).ok()?),
        url: String::new(),
        scope,
        began_at: i64::from_be_bytes(began_at.try_into().ok()?),
        expires_at: i64::from_be_bytes(expires_at.try_into().ok()?),
        asked,
        data: Zeroizing::new(text(data).filter(|data| data.len() <= MAX_DATA)?.to_owned()),
    };
    (login.began_at <= login.expires_at).then_some((context.try_into().ok()?, login))
}

/// The fields of a payload: each two bytes of length and that many bytes, and nothing after the last.
fn fields(payload: &[u8]) -> Option<[&[u8]; FIELDS]> {
    let mut rest = payload.strip_prefix(&[VERSION])?;
    let mut fields = [&[][..]; FIELDS];
    for field in &mut fields {
        let (len, tail) = rest.split_first_chunk()?;
        (*field, rest) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    }
    rest.is_empty().then_some(fields)
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok()
}

/// What stands for a context, whose length is the application's.
fn hash(context: &str) -> [u8; HASH] {
    let digest = <[u8; 32]>::from(Sha256::digest(context));
    let mut hash = [0; HASH];
    hash.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    hash
}

/// Names the format, the cipher and the derivation of keys.
const PREFIX: &str = "proofkey1.";

/// The end of the associated data: nothing else that is ever sealed with the same key opens as a login.
const PURPOSE: &str = ".login";

/// What sets the key apart from others that the application may derive from its secret (RFC 5869 section 3.2).
const LABEL: &[u8] = b"proofkey1 seal";

/// Of the payload.
const VERSION: u8 = 1;

/// How many fields the payload has.
const FIELDS: usize = 16;

/// The most characters of a sealed text: it may come from anybody, and is not looked at beyond.
const MAX_LEN: usize = 8192;

/// Of a secret, in bytes: fewer are refused, and fewer are weak.
const WEAKEST: usize = 16;
const STRONG: usize = 32;

/// In characters.
const KEY_ID: usize = 8;
/// In bytes.
const NONCE: usize = 24;
const TAG: usize = 16;
const HASH: usize = 16;

#[cfg(test)]
#[cfg(feature = "id-token")]
mod tests;
