//! A pending login as one encrypted text. `tests/vectors/README.md` describes the format for other implementations.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use proofkey_core::Verifier;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Login;
use super::authorize::{MAX_DATA, is_resource};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id_token::OpenIdRequest;
use crate::provider::Provider;
use crate::syntax::grammar::{is_vschar, scope_tokens};

/// The keys that seal logins, derived from secrets of the application. The newest one seals; all of them open.
///
/// A secret is 32 random bytes, or a text made from them. It is the same in every process that may finish the login. To
/// replace it, make the new secret the newest, and keep the old one for ten minutes, until its logins have expired.
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
    /// Turns this login into an encrypted text, which [`Client::resume`] opens: in another request, worker, process or
    /// machine, and in another language. It has only characters that cookies, headers and URLs may have, about 600 of
    /// them with ordinary values.
    ///
    /// `context` says what the login is for, for example the name of the provider and the user who connects an account.
    /// The text does not open in another context. Sealing again does not extend the life of the login.
    ///
    /// Nobody without the secret can read or change the text. Anybody who has the text can deliver a callback with it
    /// more than once while the login lives: keep it with the browser that began (a cookie with `HttpOnly`, `Secure`
    /// and `SameSite=Lax`), and use a [`ReplayStore`](crate::ReplayStore) if a second delivery must not reach the
    /// authorization server. The length of the text reveals the length of the values.
    ///
    /// # Errors
    /// [`SealTooLarge`](ErrorKind::SealTooLarge) if the text would have more than 8192 characters;
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) if the login holds tokens already (see
    /// [`Refusal`](crate::Refusal)); and [`EntropyUnavailable`](ErrorKind::EntropyUnavailable).
    ///
    /// ```
    /// use proofkey::{Client, ErrorKind, Provider, SealKeys};
    ///
    /// let keys = SealKeys::new("the secret of this application, 32 random bytes")?;
    /// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
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
        if self.exchange.is_some() {
            return Err(ErrorKind::LoginAlreadyUsed.into());
        }
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| ErrorKind::EntropyUnavailable)?;
        Ok(self.seal_with_nonce(keys, context, nonce)?)
    }

    /// Private, because callers must not choose the nonce: a nonce that is used twice with one key would reveal the
    /// authentication key.
    fn seal_with_nonce(&self, keys: &SealKeys, context: &str, nonce: [u8; NONCE]) -> Result<String, ErrorKind> {
        let payload = payload(self, context)?;
        keys.newest.seal(nonce, &payload)
    }
}

impl Client {
    /// Opens a login that [`Login::seal`] turned into a text. `now` is in seconds since the epoch.
    ///
    /// The login continues with this client and its secret, but with the endpoints that the login began with. A client
    /// with a secret needs the token endpoint that the login began with: its secret goes nowhere else.
    ///
    /// # Errors
    /// Checked in this order: [`SealMalformed`](ErrorKind::SealMalformed) for a text that is not a sealed login;
    /// [`SealKeyUnknown`](ErrorKind::SealKeyUnknown) and [`SealForged`](ErrorKind::SealForged);
    /// [`SealContext`](ErrorKind::SealContext); [`SealClient`](ErrorKind::SealClient) unless it was begun with this
    /// issuer (without one, these endpoints), client id, redirect URI and, if this client has a secret, token endpoint;
    /// [`LoginExpired`](ErrorKind::LoginExpired), also for a login that seems to begin more than a minute after `now`,
    /// because then the clocks disagree; and [`EndpointMissing`](ErrorKind::EndpointMissing) for a login with the scope
    /// `openid` if this client has no keys, or [`OpenidUnsupported`](ErrorKind::OpenidUnsupported) without the feature
    /// `id-token`.
    pub fn resume(&self, sealed: &str, keys: &SealKeys, context: &str, now: i64) -> Result<Login, Error> {
        let (key_id, mut bytes) = parse(sealed).ok_or(ErrorKind::SealMalformed)?;
        let key = keys.get(key_id).ok_or(ErrorKind::SealKeyUnknown)?;
        let payload = key.open(&mut bytes)?;
        let (sealed_for, login) = read(payload).ok_or(ErrorKind::SealMalformed)?;
        if !bool::from(sealed_for.ct_eq(&hash(context))) {
            return Err(ErrorKind::SealContext.into());
        }
        let login = login.with_client(self)?;
        if login.has_expired(now) {
            return Err(ErrorKind::LoginExpired.into());
        }
        if login.openid.is_some() {
            OpenIdRequest::check_client(self)?;
        }
        Ok(login)
    }
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

/// Encodes the login and a hash of its context, field by field. An empty field means that the value is absent.
fn payload(login: &Login, context: &str) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let (provider, scope, resource) = (login.client.provider(), login.scope.join(" "), login.resource.join(" "));
    let [nonce, max_age, acr_values] = login.openid.as_ref().map(OpenIdRequest::fields).unwrap_or_default();
    let fields: [&[u8]; FIELDS] = [
        &hash(context),
        provider.issuer().unwrap_or_default().as_bytes(),
        provider.authorization_endpoint().as_bytes(),
        provider.token_endpoint().as_bytes(),
        &[u8::from(provider.iss_parameter_supported())],
        login.client.id().as_bytes(),
        login.client.redirect_uri().unwrap_or_default().as_bytes(),
        login.state.as_bytes(),
        login.verifier.expose_bytes(),
        scope.as_bytes(),
        &login.began_at.to_be_bytes(),
        &login.expires_at.to_be_bytes(),
        login.data.as_bytes(),
        nonce.as_bytes(),
        max_age.as_bytes(),
        acr_values.as_bytes(),
        &[u8::from(login.form_post)],
        resource.as_bytes(),
    ];
    let len = fields.iter().fold(1, |len: usize, field| len.saturating_add(2).saturating_add(field.len()));
    // Allocated at its full size, because a block that grows leaves a copy behind.
    let mut payload = Zeroizing::new(Vec::with_capacity(len));
    payload.push(VERSION);
    for field in fields {
        let len = u16::try_from(field.len()).map_err(|_| ErrorKind::SealTooLarge)?;
        payload.extend_from_slice(&len.to_be_bytes());
        payload.extend_from_slice(field);
    }
    Ok(payload)
}

/// Decodes a payload into the hash of its context and the login, with the client that it began with. Every field passes
/// the same parser as when the login began.
fn read(payload: &[u8]) -> Option<([u8; HASH], Login)> {
    let [
        context,
        issuer,
        authorization_endpoint,
        token_endpoint,
        iss_parameter_supported,
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
        form_post,
        resource,
    ] = fields(payload)?;
    let mut provider = Provider::new(text(authorization_endpoint)?, text(token_endpoint)?).ok()?;
    if !issuer.is_empty() {
        provider = provider.with_issuer(text(issuer)?).ok()?;
    }
    if flag(iss_parameter_supported)? {
        provider = provider.with_iss_parameter_supported();
    }
    let mut client = Client::new(provider, text(client_id)?).ok()?;
    if !redirect_uri.is_empty() {
        client = client.with_redirect_uri(text(redirect_uri)?).ok()?;
    }
    let scope = scope_tokens(text(scope)?).ok()?;
    let is_openid = scope.iter().any(|token| token == "openid");
    let openid = match [text(nonce)?, text(max_age)?, text(acr_values)?] {
        fields if is_openid => Some(OpenIdRequest::of_fields(fields)?),
        ["", "", ""] => None,
        _ => return None,
    };
    let resource: Vec<String> = match text(resource)? {
        "" => Vec::new(),
        resource => resource.split(' ').map(str::to_owned).collect(),
    };
    if !resource.iter().all(|resource| is_resource(resource)) {
        return None;
    }
    let login = Login {
        client,
        state: text(state).filter(|state| is_vschar(state))?.to_owned(),
        verifier: Box::new(Verifier::parse(verifier).ok()?),
        url: String::new(),
        scope,
        began_at: i64::from_be_bytes(began_at.try_into().ok()?),
        expires_at: i64::from_be_bytes(expires_at.try_into().ok()?),
        openid,
        form_post: flag(form_post)?,
        resource,
        data: Zeroizing::new(text(data).filter(|data| data.len() <= MAX_DATA)?.to_owned()),
        exchange: None,
    };
    (login.began_at <= login.expires_at).then_some((context.try_into().ok()?, login))
}

/// Splits a payload into its fields. Each is two bytes of length and that many bytes; nothing follows the last.
fn fields(payload: &[u8]) -> Option<[&[u8]; FIELDS]> {
    let mut rest = payload.strip_prefix(&[VERSION])?;
    let mut fields = [&[][..]; FIELDS];
    for field in &mut fields {
        let (len, tail) = rest.split_first_chunk()?;
        (*field, rest) = tail.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
    }
    rest.is_empty().then_some(fields)
}

fn flag(field: &[u8]) -> Option<bool> {
    match field {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok()
}

/// A fixed-size hash of the caller's context.
fn hash(context: &str) -> [u8; HASH] {
    let digest = <[u8; 32]>::from(Sha256::digest(context));
    let mut hash = [0; HASH];
    hash.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    hash
}

/// Names the format, the cipher and the key derivation.
const PREFIX: &str = "proofkey1.";

/// The end of the associated data, so that nothing else that is sealed with the same key opens as a login.
const PURPOSE: &str = ".login";

/// Separates the key from others that the application may derive from its secret (RFC 5869 section 3.2).
const LABEL: &[u8] = b"proofkey1 seal";

/// The version of the payload.
const VERSION: u8 = 1;

/// How many fields the payload has.
const FIELDS: usize = 18;

/// The longest sealed text, in characters. Anybody may send one, so a longer text is refused unread.
const MAX_LEN: usize = 8192;

/// The shortest secret that is accepted, in bytes.
const WEAKEST: usize = 16;
/// The shortest secret that is not weak, in bytes.
const STRONG: usize = 32;

/// The length of a key id, in characters.
const KEY_ID: usize = 8;
/// The length of the nonce, in bytes.
const NONCE: usize = 24;
/// The length of the authentication tag, in bytes.
const TAG: usize = 16;
/// The length of the hash of a context, in bytes.
const HASH: usize = 16;

#[cfg(test)]
#[cfg(feature = "id-token")]
mod tests;
