//! Logout tokens (OpenID Connect Back-Channel Logout): the server says that a session is over.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::check::OpenIdRequest;
use super::claims::Claims;
use super::jws::Jws;
use super::key_cache::Reason;
use super::keys::Verified;
use super::rules::{Recipient, is_subject};
use super::signature::{SignatureCheck, keys_request};
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Failure, Request, Response, Roundtrip, Step};
use crate::login::ReplayStore;
use crate::secret::Secret;

/// A checked logout token (OpenID Connect Back-Channel Logout section 2.4): the server has ended a session, or all
/// sessions of a user.
///
/// With a [`sid`](Self::sid), end the session whose ID token has the same `sid`. Otherwise, end every session of the
/// [`subject`](Self::subject) that began before [`issued_at`](Self::issued_at): a token that comes late must not end a
/// session that began since.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutToken {
    issuer: String,
    subject: Option<String>,
    sid: Option<String>,
    jti: String,
    issued_at: i64,
    expires_at: i64,
    accepted_until: i64,
}

impl LogoutToken {
    /// The server: that of the client.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The user, if the token names one. It has this, or a `sid`, or both.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The session at the server, if the token names one: the claim `sid` of the ID tokens of that session.
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The identifier of the token itself.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// When it was issued, in seconds since the epoch, by the clock of the server.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// When it expires, in seconds since the epoch.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// The key that [`claim`](Self::claim) claims: "jti:" and a hash of the issuer and the `jti`.
    #[must_use]
    pub fn replay_key(&self) -> String {
        let hash = Sha256::new()
            .chain_update(b"proofkey logout token ")
            .chain_update(&self.issuer)
            .chain_update(b"\n")
            .chain_update(&self.jti)
            .finalize();
        format!("jti:{}", URL_SAFE_NO_PAD.encode(hash))
    }

    /// Claims this token in a replay store, before a session is ended: of several deliveries of the same token, one
    /// succeeds (section 2.6). If the session cannot be ended then, [`release`](ReplayStore::release) its
    /// [`replay_key`](Self::replay_key), so that the server may try again.
    ///
    /// # Errors
    /// [`LogoutTokenReplayed`](ErrorKind::LogoutTokenReplayed), and those of [`ReplayStore::claim`] for a store that
    /// cannot tell.
    pub fn claim(&self, store: &dyn ReplayStore) -> Result<(), Error> {
        store.claim(&self.replay_key(), self.accepted_until).map_err(|error| match error.kind() {
            ErrorKind::LoginAlreadyUsed => ErrorKind::LogoutTokenReplayed.into(),
            _ => error,
        })
    }
}

/// Leaves out the user and the session.
impl fmt::Debug for LogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutToken").field("issuer", &self.issuer).field("jti", &self.jti).finish_non_exhaustive()
    }
}

/// A logout token that is good except for its signature, for which the server's keys have to be fetched.
#[derive(Debug)]
pub struct LogoutTokenCheck {
    text: Secret,
    token: LogoutToken,
    signature: SignatureCheck,
    reason: Reason,
    request: Request,
}

impl Client {
    /// Checks a logout token that somebody posted to the application's `backchannel_logout_uri` (OpenID Connect
    /// Back-Channel Logout section 2.6). Anybody can, so everything but the signature is checked before keys are asked
    /// for, and they are asked for once a minute at most.
    ///
    /// The result is the token, if its key is here already, or the request for the server's keys. Then
    /// [`claim`](LogoutToken::claim) the token, end the session, and respond with status 200; on any error respond with
    /// 400 (section 2.8). Both responses have `Cache-Control: no-store`.
    ///
    /// A token must have an `exp`, at most a day away. Its algorithm, its audiences and the difference of the clocks
    /// are subject to what this client accepts of ID tokens.
    ///
    /// # Errors
    /// Those with `LogoutToken` in their name; [`KeysUnavailable`](ErrorKind::KeysUnavailable) if there are no keys and
    /// they were asked for a moment ago; [`IssuerMissing`](ErrorKind::IssuerMissing),
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) and [`IdTokenAlgUnsupported`](ErrorKind::IdTokenAlgUnsupported)
    /// if the provider lacks what ID tokens need.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider};
    /// # let provider = Provider::new("https://op.example/authorize", "https://op.example/token")?;
    /// # let provider = provider.with_issuer("https://op.example")?.with_jwks_uri("https://op.example/keys")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let refused = client.begin_logout_token("not.a.token", proofkey::now()).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::LogoutTokenMalformed);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_logout_token(
        &self,
        logout_token: &str,
        now: i64,
    ) -> Result<Step<LogoutTokenCheck, LogoutToken>, Error> {
        OpenIdRequest::check_client(self)?;
        let request = keys_request(self).ok_or(ErrorKind::EndpointMissing)?;
        let mut signature = SignatureCheck::new(self);
        let jws = parse(logout_token)?;
        if !self.id_token_algorithms().contains(&jws.algorithm) {
            return Err(ErrorKind::LogoutTokenAlg.into());
        }
        let token = check(jws, &signature.recipient(now))?;
        let is_wanted = signature.keys_wanted(now).is_some();
        let text = Secret::new(logout_token);
        let check = LogoutTokenCheck { text, token, signature, reason: Reason::Age, request };
        if is_wanted && self.key_cache().may_fetch_for_logout(now) {
            return Ok(Step::Send(check));
        }
        match check.verify()? {
            Verified::Yes => Ok(Step::Done(check.token)),
            // A key may have been replaced without a new `kid`.
            Verified::UnknownKey | Verified::No if self.key_cache().may_fetch_for_logout(now) => {
                Ok(Step::Send(LogoutTokenCheck { reason: Reason::LogoutToken, ..check }))
            }
            Verified::No | Verified::UnknownKey if check.signature.has_keys() => {
                Err(ErrorKind::LogoutTokenSignature.into())
            }
            Verified::No | Verified::UnknownKey => Err(Error::from(ErrorKind::KeysUnavailable).at(Endpoint::Jwks)),
        }
    }

    /// Checks a logout token as [`begin_logout_token`](Self::begin_logout_token) does, and fetches the keys if need be.
    ///
    /// # Errors
    /// Those of [`begin_logout_token`](Self::begin_logout_token), of [`Transport::send`](crate::Transport::send) and of
    /// [`LogoutTokenCheck`].
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, MemoryReplayStore, Provider, Transport};
    /// # let provider = Provider::new("https://op.example/authorize", "https://op.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let (posted, store) = ("", MemoryReplayStore::new());
    /// let token = client.logout_token(posted, &Transport::new())?;
    /// token.claim(&store)?;
    /// println!("end the session {:?} of {:?}", token.sid(), token.subject());
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(feature = "http")]
    pub fn logout_token(&self, logout_token: &str, transport: &crate::Transport) -> Result<LogoutToken, Error> {
        Ok(transport.run_from(self.begin_logout_token(logout_token, crate::now())?)?)
    }
}

impl Roundtrip for LogoutTokenCheck {
    type Output = LogoutToken;

    fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the keys from the response, and verifies the signature.
    ///
    /// # Errors
    /// [`LogoutTokenSignature`](ErrorKind::LogoutTokenSignature); [`KeysUnavailable`](ErrorKind::KeysUnavailable) and
    /// [`KeysUnsupported`](ErrorKind::KeysUnsupported) if the keys cannot be read.
    fn receive(mut self, response: Response, now: i64) -> Result<Step<Self, LogoutToken>, Failure<Self>> {
        let taken = self.signature.take_response(&response, self.reason, now);
        self.end(taken)
    }

    /// As [`Roundtrip::send`], but a request without a response ends the check, too: anybody can post a token, and it
    /// must not cause several requests.
    fn send(
        mut self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, LogoutToken>, Failure<Self>> {
        // Through the cache, so that all threads share one request.
        let fetched = self.signature.fetch_keys(self.reason, || send(&self.request), now());
        self.end(fetched)
    }
}

impl LogoutTokenCheck {
    fn end(self, fetched: Result<(), Error>) -> Result<Step<Self, LogoutToken>, Failure<Self>> {
        fetched.map_err(|error| error.at(Endpoint::Jwks))?;
        match self.verify()? {
            Verified::Yes => Ok(Step::Done(self.token)),
            Verified::No | Verified::UnknownKey => Err(Error::from(ErrorKind::LogoutTokenSignature).into()),
        }
    }

    fn verify(&self) -> Result<Verified, Error> {
        Ok(self.signature.verify(&parse(self.text.expose())?))
    }
}

fn parse(logout_token: &str) -> Result<Jws<'_>, ErrorKind> {
    if logout_token.len() > MAX_LENGTH {
        return Err(ErrorKind::LogoutTokenMalformed);
    }
    Jws::parse(logout_token, TYPES).map_err(|kind| match kind {
        ErrorKind::IdTokenCrit => ErrorKind::LogoutTokenCrit,
        ErrorKind::IdTokenTyp => ErrorKind::LogoutTokenTyp,
        ErrorKind::IdTokenAlg | ErrorKind::IdTokenAlgUnsupported => ErrorKind::LogoutTokenAlg,
        _ => ErrorKind::LogoutTokenMalformed,
    })
}

/// The checks of section 2.6 except the signature.
fn check(jws: Jws<'_>, recipient: &Recipient<'_>) -> Result<LogoutToken, ErrorKind> {
    let has_nonce = jws.payload.contains("nonce");
    let claims = Claims::new(jws.payload);
    let number = |name| claims.get(name).and_then(Value::as_f64);
    // A text, or absent.
    let text = |name| match claims.get(name) {
        None => Some(None),
        Some(Value::String(text)) if !text.is_empty() => Some(Some(text.clone())),
        Some(_) => None,
    };

    if !recipient.is_from_issuer(&claims) {
        return Err(ErrorKind::LogoutTokenIss);
    }
    recipient.audiences(&claims).ok_or(ErrorKind::LogoutTokenAud)?;
    let issued_at = number("iat").filter(|iat| !recipient.is_to_come(*iat)).ok_or(ErrorKind::LogoutTokenIat)?;
    let is_in_time = |exp: &f64| !recipient.is_over(*exp) && !recipient.is_to_come(*exp - LONGEST_LIFETIME);
    let expires_at = number("exp").filter(is_in_time).ok_or(ErrorKind::LogoutTokenExp)?;
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return Err(ErrorKind::LogoutTokenEvents);
    }
    if has_nonce {
        return Err(ErrorKind::LogoutTokenNonce);
    }
    let (subject, sid) = (text("sub"), text("sid"));
    let (Some(subject), Some(sid)) = (subject, sid) else { return Err(ErrorKind::LogoutTokenSubject) };
    if (&subject, &sid) == (&None, &None) || !subject.as_deref().is_none_or(is_subject) {
        return Err(ErrorKind::LogoutTokenSubject);
    }
    let jti = text("jti").flatten().ok_or(ErrorKind::LogoutTokenJti)?;
    Ok(LogoutToken {
        issuer: recipient.issuer.to_owned(),
        subject,
        sid,
        jti,
        issued_at: issued_at.floor() as i64,
        expires_at: expires_at.floor() as i64,
        accepted_until: (expires_at.ceil() as i64).saturating_add(recipient.leeway.into()),
    })
}

/// Section 2.4 only recommends a type, but a different one marks a different kind of token.
const TYPES: &[&str] = &["logout+jwt", "jwt"];
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The longest token that is read, in bytes.
const MAX_LENGTH: usize = 16 * 1024;
/// How far away the expiry may be, in seconds: a replay store remembers the token until then.
const LONGEST_LIFETIME: f64 = 86_400.0;
