//! A pending login as one encrypted text. `tests/vectors/README.md` describes the format for other implementations.

use proofkey_core::Verifier;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Login;
use super::authorize::{MAX_DATA, is_resource};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::id_token::OpenIdRequest;
use crate::provider::Provider;
use crate::seal_keys::{HASH, Kind, SealKeys, context_hash};
use crate::syntax::grammar::{is_vschar, scope_tokens};

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
        Ok(keys.seal(&LOGIN, &payload(self, context)?)?)
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
        let payload = keys.open(&LOGIN, sealed)?;
        let (sealed_for, login) = read(&payload).ok_or(ErrorKind::SealMalformed)?;
        if !bool::from(sealed_for.ct_eq(&context_hash(context))) {
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

/// Encodes the login and a hash of its context, field by field. An empty field means that the value is absent.
fn payload(login: &Login, context: &str) -> Result<Zeroizing<Vec<u8>>, ErrorKind> {
    let (provider, scope, resource) = (login.client.provider(), login.scope.join(" "), login.resource.join(" "));
    let [nonce, max_age, acr_values] = login.openid.as_ref().map(OpenIdRequest::fields).unwrap_or_default();
    let fields: [&[u8]; FIELDS] = [
        &context_hash(context),
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

const LOGIN: Kind = Kind { purpose: ".login", max_len: 8192 };

/// The version of the payload.
const VERSION: u8 = 1;

/// How many fields the payload has.
const FIELDS: usize = 18;

#[cfg(test)]
#[cfg(feature = "id-token")]
mod tests;
