//! Which ID tokens a client accepts, and the checks of their claims.

use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::algorithm::IdTokenAlgorithm;
use super::claims::Claims;
use super::jws::Jws;
use crate::error::ErrorKind;

/// Which ID tokens a client accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdTokenRules {
    /// `None`: what the server's metadata lists, else RS256.
    pub(crate) algorithms: Option<Vec<IdTokenAlgorithm>>,
    /// In seconds.
    pub(crate) leeway: u32,
    pub(crate) trusted_audiences: Vec<String>,
    /// Whether TLS to the token endpoint replaces the check of the signature.
    pub(crate) trust_tls: bool,
}

impl Default for IdTokenRules {
    fn default() -> Self {
        Self { algorithms: None, leeway: LEEWAY, trusted_audiences: Vec::new(), trust_tls: false }
    }
}

/// What the claims of one token are compared with.
pub(crate) struct Expectation<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) algorithms: &'a [IdTokenAlgorithm],
    pub(crate) leeway: u32,
    pub(crate) trusted_audiences: &'a [String],
    /// `None` if none was sent; then the token must have none.
    pub(crate) nonce: Option<&'a str>,
    /// The largest age of the sign-in in seconds, and when the login began.
    pub(crate) max_age: Option<(u32, i64)>,
    /// Empty if any is accepted.
    pub(crate) acr_values: &'a [String],
    pub(crate) access_token: &'a str,
    pub(crate) code: Option<&'a str>,
    /// For a refresh: the claims of the login.
    pub(crate) original: Option<&'a Claims>,
    pub(crate) now: i64,
}

impl Expectation<'_> {
    pub(crate) fn check_algorithm(&self, jws: &Jws<'_>) -> Result<(), ErrorKind> {
        if self.algorithms.contains(&jws.algorithm) { Ok(()) } else { Err(ErrorKind::IdTokenAlg) }
    }

    /// The checks of OpenID Connect Core section 3.1.3.7 except the signature, and of section 12.2 for a refresh.
    pub(crate) fn check(&self, jws: Jws<'_>) -> Result<Claims, ErrorKind> {
        let algorithm = jws.algorithm;
        let claims = Claims::new(jws.payload);
        let text = |name| claims.get(name).and_then(Value::as_str);
        let number = |name| claims.get(name).and_then(Value::as_f64);
        let (now, leeway) = (self.now as f64, f64::from(self.leeway));

        if text("iss") != Some(self.issuer) {
            return Err(ErrorKind::IdTokenIss);
        }
        if !text("sub").is_some_and(|sub| (1..=255).contains(&sub.len()) && sub.is_ascii()) {
            return Err(ErrorKind::IdTokenSub);
        }
        self.check_audience(&claims)?;
        if !number("exp").is_some_and(|exp| now - leeway < exp) {
            return Err(ErrorKind::IdTokenExp);
        }
        if !number("iat").is_some_and(|iat| iat <= now + leeway) {
            return Err(ErrorKind::IdTokenIat);
        }
        if claims.get("nbf").is_some() && !number("nbf").is_some_and(|nbf| nbf <= now + leeway) {
            return Err(ErrorKind::IdTokenNbf);
        }
        self.check_nonce(&claims)?;
        let is_hash = |name, of: Option<&str>| match claims.get(name) {
            None => true,
            Some(hash) => of.is_some_and(|of| hash.as_str() == Some(&algorithm.half_hash(of))),
        };
        if !is_hash("at_hash", Some(self.access_token)) {
            return Err(ErrorKind::IdTokenAtHash);
        }
        if !is_hash("c_hash", self.code) {
            return Err(ErrorKind::IdTokenCHash);
        }
        if claims.get("auth_time").is_some() && number("auth_time").is_none() {
            return Err(ErrorKind::IdTokenAuthTime);
        }
        if let Some((max_age, began_at)) = self.max_age {
            let oldest = began_at as f64 - f64::from(max_age) - leeway;
            if !number("auth_time").is_some_and(|at| oldest <= at && at <= now + leeway) {
                return Err(ErrorKind::IdTokenAuthTime);
            }
        }
        if !self.acr_values.is_empty()
            && !text("acr").is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr))
        {
            return Err(ErrorKind::IdTokenAcr);
        }
        match self.original {
            Some(original) => check_refreshed(&claims, original).map(|()| claims),
            None => Ok(claims),
        }
    }

    /// The token must be for this client, and every other audience must be trusted.
    fn check_audience(&self, claims: &Claims) -> Result<(), ErrorKind> {
        let audiences: Option<Vec<&str>> = match claims.get("aud") {
            Some(Value::String(audience)) => Some(vec![audience]),
            Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let audiences = audiences.ok_or(ErrorKind::IdTokenAud)?;
        let is_trusted = |name: &&str| *name == self.client_id || self.trusted_audiences.iter().any(|one| one == name);
        if !audiences.contains(&self.client_id) || !audiences.iter().all(is_trusted) {
            return Err(ErrorKind::IdTokenAud);
        }
        match claims.get("azp") {
            None if audiences.len() == 1 => Ok(()),
            Some(Value::String(azp)) if azp == self.client_id => Ok(()),
            _ => Err(ErrorKind::IdTokenAzp),
        }
    }

    /// The token must have the nonce that was sent, or none if none was sent. A refreshed token may leave it out.
    fn check_nonce(&self, claims: &Claims) -> Result<(), ErrorKind> {
        let is_equal = |came: &str, sent: &str| bool::from(came.as_bytes().ct_eq(sent.as_bytes()));
        let sent = match self.original {
            Some(original) => original.get("nonce").and_then(Value::as_str),
            None => self.nonce,
        };
        match (claims.get("nonce"), sent) {
            (None, None) => Ok(()),
            (None, Some(_)) if self.original.is_some() => Ok(()),
            (Some(Value::String(came)), Some(sent)) if is_equal(came, sent) => Ok(()),
            _ => Err(ErrorKind::IdTokenNonce),
        }
    }
}

/// OpenID Connect Core section 12.2: the same user, client and sign-in as in the original token.
fn check_refreshed(claims: &Claims, original: &Claims) -> Result<(), ErrorKind> {
    let is_same = |name| claims.get(name) == original.get(name);
    let is_same_or_absent = |name| claims.get(name).is_none() || original.get(name).is_none() || is_same(name);
    match () {
        () if !is_same("iss") => Err(ErrorKind::IdTokenIss),
        () if !is_same("sub") => Err(ErrorKind::IdTokenSub),
        () if !is_same_audience(claims, original) => Err(ErrorKind::IdTokenAud),
        () if !is_same_or_absent("azp") => Err(ErrorKind::IdTokenAzp),
        () if !is_same_or_absent("auth_time") => Err(ErrorKind::IdTokenAuthTime),
        () => Ok(()),
    }
}

/// A single audience may be a string or a list of one.
fn is_same_audience(claims: &Claims, original: &Claims) -> bool {
    let audiences = |claims: &Claims| match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.clone(),
        one => one.into_iter().cloned().collect(),
    };
    let (new, old) = (audiences(claims), audiences(original));
    new.len() == old.len() && new.iter().all(|audience| old.contains(audience))
}

/// How far the clocks may differ unless the client says otherwise, in seconds.
const LEEWAY: u32 = 60;
