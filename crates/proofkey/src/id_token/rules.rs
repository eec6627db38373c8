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
    pub(crate) recipient: Recipient<'a>,
    pub(crate) algorithms: &'a [IdTokenAlgorithm],
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
}

/// Whom a token has to come from and be for, and the time: what ID tokens and logout tokens have in common.
pub(crate) struct Recipient<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) leeway: u32,
    pub(crate) trusted_audiences: &'a [String],
    pub(crate) now: i64,
}

impl Recipient<'_> {
    pub(crate) fn is_from_issuer(&self, claims: &Claims) -> bool {
        claims.issuer() == Some(self.issuer)
    }

    /// The audiences, if this client is one, and every other is trusted.
    pub(crate) fn audiences<'c>(&self, claims: &'c Claims) -> Option<Vec<&'c str>> {
        let audiences: Option<Vec<&str>> = match claims.get("aud") {
            Some(Value::String(audience)) => Some(vec![audience]),
            Some(Value::Array(audiences)) => audiences.iter().map(Value::as_str).collect(),
            _ => None,
        };
        let is_trusted = |name: &&str| *name == self.client_id || self.trusted_audiences.iter().any(|one| one == name);
        audiences.filter(|names| names.contains(&self.client_id) && names.iter().all(is_trusted))
    }

    pub(crate) fn is_over(&self, at: f64) -> bool {
        at <= self.now as f64 - f64::from(self.leeway)
    }

    pub(crate) fn is_to_come(&self, at: f64) -> bool {
        self.now as f64 + f64::from(self.leeway) < at
    }
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
        let recipient = &self.recipient;

        if !recipient.is_from_issuer(&claims) {
            return Err(ErrorKind::IdTokenIss);
        }
        if !text("sub").is_some_and(is_subject) {
            return Err(ErrorKind::IdTokenSub);
        }
        self.check_audience(&claims)?;
        if number("exp").is_none_or(|exp| recipient.is_over(exp)) {
            return Err(ErrorKind::IdTokenExp);
        }
        if number("iat").is_none_or(|iat| recipient.is_to_come(iat)) {
            return Err(ErrorKind::IdTokenIat);
        }
        if claims.get("nbf").is_some() && number("nbf").is_none_or(|nbf| recipient.is_to_come(nbf)) {
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
            let oldest = began_at as f64 - f64::from(max_age) - f64::from(recipient.leeway);
            if !number("auth_time").is_some_and(|at| oldest <= at && !recipient.is_to_come(at)) {
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
        let audiences = self.recipient.audiences(claims).ok_or(ErrorKind::IdTokenAud)?;
        match claims.get("azp") {
            None if audiences.len() == 1 => Ok(()),
            Some(Value::String(azp)) if azp == self.recipient.client_id => Ok(()),
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

/// Whether this can identify a user (OpenID Connect Core section 2).
pub(crate) fn is_subject(sub: &str) -> bool {
    (1..=255).contains(&sub.len()) && sub.is_ascii()
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Claims, ErrorKind, Expectation, IdTokenAlgorithm, Jws, LEEWAY, Recipient, check_refreshed};
    use crate::syntax::json::Members;

    const NOW: i64 = 1_700_000_000;

    fn members(claims: &Value) -> Members {
        Members::from_json(&claims.to_string(), &|_| true).unwrap()
    }

    /// Checks a token that is good except for what these claims say, for a login that began ten seconds ago.
    fn check(max_age: Option<u32>, changed: Value) -> Result<(), ErrorKind> {
        let mut claims = json!({ "iss": "i", "sub": "s", "aud": "c", "exp": NOW + 1, "iat": NOW });
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        let expectation = Expectation {
            recipient: Recipient { issuer: "i", client_id: "c", leeway: LEEWAY, trusted_audiences: &[], now: NOW },
            algorithms: &[],
            nonce: None,
            max_age: max_age.map(|max_age| (max_age, NOW - 10)),
            acr_values: &[],
            access_token: "a",
            code: None,
            original: None,
        };
        let (signed, signature, payload) = ("", Vec::new(), members(&claims));
        let jws = Jws { algorithm: IdTokenAlgorithm::Rs256, kid: None, signed, signature, payload };
        expectation.check(jws).map(drop)
    }

    #[test]
    fn clocks_may_differ_by_a_minute_and_no_more() {
        for (name, good, bad, error) in [
            ("exp", NOW - 59, NOW - 60, ErrorKind::IdTokenExp),
            ("iat", NOW + 60, NOW + 61, ErrorKind::IdTokenIat),
            ("nbf", NOW + 60, NOW + 61, ErrorKind::IdTokenNbf),
        ] {
            assert_eq!(check(None, json!({ name: good })), Ok(()), "{name}");
            assert_eq!(check(None, json!({ name: bad })), Err(error), "{name}");
        }
    }

    #[test]
    fn the_age_of_a_sign_in_counts_from_the_begin_of_the_login() {
        // A hundred seconds before the login began, and a minute for the clocks.
        for (auth_time, expected) in [
            (NOW - 170, Ok(())),
            (NOW - 171, Err(ErrorKind::IdTokenAuthTime)),
            (NOW + 60, Ok(())),
            (NOW + 61, Err(ErrorKind::IdTokenAuthTime)),
        ] {
            assert_eq!(check(Some(100), json!({ "auth_time": auth_time })), expected, "{auth_time}");
        }
        assert_eq!(check(None, json!({ "auth_time": NOW + 61 })), Ok(()), "nobody asked for a max_age");
        assert_eq!(check(None, json!({ "auth_time": "1" })), Err(ErrorKind::IdTokenAuthTime));
    }

    #[test]
    fn a_refreshed_token_is_of_the_same_sign_in() {
        let original = json!({ "iss": "i", "sub": "s", "aud": ["c", "d"], "azp": "c", "auth_time": 1 });
        let refreshed = |name: &str, value: Value| {
            let mut claims = original.clone();
            claims[name] = value;
            check_refreshed(&Claims::new(members(&claims)), &Claims::new(members(&original)))
        };
        for (name, value, expected) in [
            ("aud", json!(["d", "c"]), Ok(())),
            ("exp", json!(2), Ok(())),
            // What a server leaves out has not changed.
            ("azp", json!(null), Ok(())),
            ("auth_time", json!(null), Ok(())),
            ("iss", json!("j"), Err(ErrorKind::IdTokenIss)),
            ("iss", json!(null), Err(ErrorKind::IdTokenIss)),
            ("sub", json!("t"), Err(ErrorKind::IdTokenSub)),
            ("aud", json!("c"), Err(ErrorKind::IdTokenAud)),
            ("aud", json!(["c", "e"]), Err(ErrorKind::IdTokenAud)),
            ("aud", json!(["c", "d", "d"]), Err(ErrorKind::IdTokenAud)),
            ("azp", json!("d"), Err(ErrorKind::IdTokenAzp)),
            ("auth_time", json!(2), Err(ErrorKind::IdTokenAuthTime)),
        ] {
            assert_eq!(refreshed(name, value.clone()), expected, "{name}: {value}");
        }
    }

    #[test]
    fn a_refreshed_token_may_say_more_than_the_original() {
        let claims = |claims: Value| Claims::new(members(&claims));
        let original = claims(json!({ "iss": "i", "sub": "s", "aud": "c" }));
        let refreshed = claims(json!({ "iss": "i", "sub": "s", "aud": ["c"], "azp": "c", "auth_time": 1 }));
        assert_eq!(check_refreshed(&refreshed, &original), Ok(()));
    }
}
