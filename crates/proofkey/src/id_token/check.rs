//! What a login asks of the ID token, what an exchange expects of it, and the keys to check it with.

use std::fmt;

use super::IdToken;
use super::jws::{ID_TOKEN, Jws};
#[cfg(feature = "http")]
use super::key_cache::Cached;
use super::key_cache::Reason;
#[cfg(feature = "http")]
use super::keys::Keys;
use super::keys::Verified;
use super::rules::Expectation;
use super::signature::{SignatureCheck, keys_request};
use crate::client::Client;
#[cfg(feature = "http")]
use crate::error::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::http::{Request, Response};
use crate::secret::Secret;
use crate::syntax::grammar::{is_vschar, random_text};
use crate::tokens::Tokens;

/// What a login with the scope `openid` asks for (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct OpenIdRequest {
    /// Present once the login has begun.
    pub(crate) nonce: Option<String>,
    /// In seconds.
    pub(crate) max_age: Option<u32>,
    pub(crate) acr_values: Vec<String>,
}

/// Leaves out the nonce, which belongs only in the request and the ID token.
impl fmt::Debug for OpenIdRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max_age, acr_values, .. } = self;
        f.debug_struct("OpenIdRequest")
            .field("max_age", max_age)
            .field("acr_values", acr_values)
            .finish_non_exhaustive()
    }
}

impl OpenIdRequest {
    /// Adds the nonce. `None` for a login without the scope `openid`, which must have no such options.
    pub(crate) fn begin(mut self, client: &Client, is_openid: bool) -> Result<Option<Self>, ErrorKind> {
        if !is_openid {
            return if self == Self::default() { Ok(None) } else { Err(ErrorKind::OpenidScopeMissing) };
        }
        Self::check_client(client)?;
        if !self.acr_values.iter().all(|acr| is_acr(acr)) {
            return Err(ErrorKind::AcrValuesInvalid);
        }
        match &self.nonce {
            Some(nonce) if is_vschar(nonce) => {}
            Some(_) => return Err(ErrorKind::NonceInvalid),
            None => self.nonce = Some(random_text()?),
        }
        Ok(Some(self))
    }

    /// Whether this client can check an ID token at all.
    pub(crate) fn check_client(client: &Client) -> Result<(), ErrorKind> {
        if client.provider().issuer().is_none() {
            return Err(ErrorKind::IssuerMissing);
        }
        if client.provider().jwks_uri().is_none() && !client.trusts_token_endpoint_tls() {
            return Err(ErrorKind::EndpointMissing);
        }
        // Metadata may list only algorithms that are not supported. That must not cost a code.
        if client.id_token_algorithms().is_empty() {
            return Err(ErrorKind::IdTokenAlgUnsupported);
        }
        Ok(())
    }

    /// The nonce, the seconds and the acr values as texts, empty for what is absent.
    pub(crate) fn fields(&self) -> [String; 3] {
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        [self.nonce.clone().unwrap_or_default(), max_age.unwrap_or_default(), self.acr_values.join(" ")]
    }

    /// Reads exactly what [`fields`](Self::fields) gives. `None` for anything else.
    pub(crate) fn of_fields(fields: [&str; 3]) -> Option<Self> {
        let [nonce, max_age, acr_values] = fields;
        let max_age = if max_age.is_empty() { None } else { Some(max_age.parse().ok()?) };
        let acr_values = match acr_values {
            "" => Vec::new(),
            acr_values => acr_values.split(' ').map(str::to_owned).collect(),
        };
        let read = Self { nonce: Some(nonce.to_owned()), max_age, acr_values };
        // The last condition refuses a number with a sign or leading zeros.
        let is_valid = is_vschar(nonce) && read.acr_values.iter().all(|acr| is_acr(acr)) && read.fields() == fields;
        is_valid.then_some(read)
    }

    /// The parameters that it adds to the authorization request.
    pub(crate) fn parameters(&self) -> [(&'static str, String); 3] {
        let [nonce, max_age, acr_values] = self.fields();
        [("nonce", nonce), ("max_age", max_age), ("acr_values", acr_values)]
    }
}

/// What an exchange expects of the ID token.
#[derive(Debug)]
pub(crate) struct IdTokenCheck {
    signature: SignatureCheck,
    origin: Origin,
}

/// What the ID token belongs to.
#[derive(Debug)]
enum Origin {
    Login {
        openid: OpenIdRequest,
        began_at: i64,
        code: Secret,
    },
    /// A device has no code and sends no nonce.
    Device,
    Refresh {
        original: IdToken,
    },
}

/// The outcome of a check.
pub(crate) enum Checked {
    Good(Tokens),
    /// The ID token names a key that the server may have published since. The tokens are kept back until the keys have
    /// come.
    KeyUnknown {
        tokens: Tokens,
        id_token: Secret,
        request: Request,
    },
}

impl IdTokenCheck {
    pub(crate) fn of_login(client: &Client, openid: OpenIdRequest, began_at: i64, code: &str) -> Option<Self> {
        let origin = Origin::Login { openid, began_at, code: Secret::new(code) };
        Some(Self { signature: SignatureCheck::new(client), origin })
    }

    /// `None` for a device that did not ask for the scope `openid`.
    pub(crate) fn of_device(client: &Client, is_openid: bool) -> Option<Self> {
        is_openid.then(|| Self { signature: SignatureCheck::new(client), origin: Origin::Device })
    }

    /// `None` for tokens without an ID token: there is nothing to compare a new one with.
    pub(crate) fn of_refresh(client: &Client, tokens: &Tokens) -> Result<Option<Self>, ErrorKind> {
        let Some(original) = tokens.checked_id_token().cloned() else { return Ok(None) };
        OpenIdRequest::check_client(client)?;
        Ok(Some(Self { signature: SignatureCheck::new(client), origin: Origin::Refresh { original } }))
    }

    /// The request for the keys, if they have to be fetched first.
    pub(crate) fn keys_wanted(&mut self, now: i64) -> Option<Request> {
        if self.client().trusts_token_endpoint_tls() { None } else { self.signature.keys_wanted(now) }
    }

    pub(crate) fn take_response(&mut self, response: &Response, reason: Reason, now: i64) -> Result<(), Error> {
        self.signature.take_response(response, reason, now)
    }

    pub(crate) fn fetch_keys(
        &mut self,
        reason: Reason,
        send: impl FnOnce() -> Result<Response, Error>,
        now: i64,
    ) -> Result<(), Error> {
        self.signature.fetch_keys(reason, send, now)
    }

    const fn client(&self) -> &Client {
        self.signature.client()
    }

    /// Checks the ID token, and returns the tokens with its claims. No tokens are returned before it has passed every
    /// check.
    pub(crate) fn check(&self, tokens: Tokens, id_token: Option<Secret>, now: i64) -> Result<Checked, ErrorKind> {
        let Some(text) = id_token else {
            return match &self.origin {
                Origin::Login { .. } | Origin::Device => Err(ErrorKind::IdTokenMissing),
                Origin::Refresh { original } => Ok(Checked::Good(tokens.with_checked_id_token(original.clone()))),
            };
        };
        let jws = Jws::parse(text.expose(), ID_TOKEN)?;
        let expectation = self.expectation(&tokens, now);
        expectation.check_algorithm(&jws)?;
        let signature_verified = !self.client().trusts_token_endpoint_tls();
        if signature_verified {
            match self.signature.verify(&jws) {
                Verified::Yes => {}
                // A key may have been replaced without a new `kid`.
                Verified::UnknownKey | Verified::No if self.client().key_cache().may_refetch(now) => {
                    let request = keys_request(self.client()).ok_or(ErrorKind::IdTokenSignature)?;
                    return Ok(Checked::KeyUnknown { tokens, id_token: text, request });
                }
                Verified::No | Verified::UnknownKey => return Err(ErrorKind::IdTokenSignature),
            }
        }
        let claims = expectation.check(jws)?;
        Ok(Checked::Good(tokens.with_checked_id_token(IdToken { text, claims, signature_verified })))
    }

    fn expectation<'a>(&'a self, tokens: &'a Tokens, now: i64) -> Expectation<'a> {
        let expectation = Expectation {
            recipient: self.signature.recipient(now),
            algorithms: self.client().id_token_algorithms(),
            nonce: None,
            max_age: None,
            acr_values: &[],
            access_token: tokens.access_token().expose(),
            code: None,
            original: None,
        };
        match &self.origin {
            Origin::Login { openid, began_at, code } => Expectation {
                nonce: openid.nonce.as_deref(),
                max_age: openid.max_age.map(|max_age| (max_age, *began_at)),
                acr_values: &openid.acr_values,
                code: Some(code.expose()),
                ..expectation
            },
            Origin::Device => expectation,
            Origin::Refresh { original } => Expectation { original: Some(&original.claims), ..expectation },
        }
    }
}

/// Whether this can be one of several values that are separated by spaces.
fn is_acr(acr: &str) -> bool {
    is_vschar(acr) && !acr.contains(' ')
}

#[cfg(feature = "http")]
impl Client {
    /// Fetches the server's keys for ID tokens, unless they are here already: for a program that wants to know when it
    /// starts, and not at its first login, whether it can check ID tokens.
    ///
    /// # Errors
    /// [`IssuerMissing`](ErrorKind::IssuerMissing), [`EndpointMissing`](ErrorKind::EndpointMissing) and
    /// [`IdTokenAlgUnsupported`](ErrorKind::IdTokenAlgUnsupported) if the provider lacks what ID tokens need; those of
    /// [`Transport::send`](crate::Transport::send); [`KeysUnavailable`](ErrorKind::KeysUnavailable) and
    /// [`KeysUnsupported`](ErrorKind::KeysUnsupported) if the keys cannot be used.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// let transport = Transport::new();
    /// let client = Client::new(Provider::discover("https://login.example.com", &transport)?, "my-app")?;
    /// client.fetch_keys(&transport)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fetch_keys(&self, transport: &crate::Transport) -> Result<(), Error> {
        OpenIdRequest::check_client(self)?;
        let cache = self.key_cache();
        let known = match cache.get(crate::now()) {
            _ if self.trusts_token_endpoint_tls() => return Ok(()),
            Cached::Fresh(_) => return Ok(()),
            Cached::Old(keys) => Some(keys),
            Cached::None => None,
        };
        let request = keys_request(self).ok_or(ErrorKind::EndpointMissing)?;
        let fetch = || transport.send(&request).and_then(|response| Keys::from_response(&response));
        cache
            .fetch(known.as_ref(), Reason::Age, fetch, crate::now())
            .map(drop)
            .map_err(|error| error.at(Endpoint::Jwks))
    }
}
