mod exchange;
#[cfg(feature = "http")]
mod refresh;
mod revocation;

pub(crate) use exchange::Expected;
pub use exchange::{Exchange, Step};
#[cfg(feature = "http")]
pub(crate) use refresh::Refreshes;
pub use revocation::Revocation;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::client::is_vschar;
use crate::http::response::{Members, erase};
#[cfg(feature = "id-token")]
use crate::id_token::Identity;
use crate::{Error, ErrorKind, Quirk, Secret};

/// What the token endpoint granted (RFC 6749 section 5.1).
#[derive(Clone)]
pub struct Tokens {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: Option<u32>,
    expires_at: Option<i64>,
    scope: Option<Vec<String>>,
    scope_changed: bool,
    token_type_defaulted: bool,
    quirks: Vec<Quirk>,
    extras: BTreeMap<String, Value>,
    #[cfg(feature = "id-token")]
    identity: Option<Identity>,
}

impl Tokens {
    /// Tokens that were stored: what [`access_token`](Self::access_token), [`refresh_token`](Self::refresh_token),
    /// [`expires_at`](Self::expires_at) and [`scope`](Self::scope) gave.
    ///
    /// ```
    /// use proofkey::{Secret, Tokens};
    /// let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), Some(1_700_000_000), None);
    /// assert_eq!(tokens.expires_at(), Some(1_700_000_000));
    /// ```
    #[must_use]
    pub fn from_parts(
        access_token: Secret,
        refresh_token: Option<Secret>,
        expires_at: Option<i64>,
        scope: Option<Vec<String>>,
    ) -> Self {
        Self {
            access_token,
            refresh_token,
            expires_in: None,
            expires_at,
            scope,
            scope_changed: false,
            token_type_defaulted: false,
            quirks: Vec::new(),
            extras: BTreeMap::new(),
            #[cfg(feature = "id-token")]
            identity: None,
        }
    }

    /// Reads the members of a successful answer; the ID token stays apart until it is checked.
    pub(crate) fn from_members(
        members: Members,
        expected: Expected,
        now: i64,
    ) -> Result<(Self, Option<Secret>), Error> {
        let access_token = match members.get("access_token") {
            None => return Err(ErrorKind::AccessTokenMissing.into()),
            Some(Value::String(token)) if is_vschar(token) => Secret::new(token),
            Some(_) => return Err(ErrorKind::AccessTokenInvalid.into()),
        };
        let token_type_defaulted = match members.get("token_type") {
            None => true,
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => false,
            Some(Value::String(_)) => return Err(ErrorKind::TokenTypeUnsupported.into()),
            Some(_) => return Err(ErrorKind::TokenTypeInvalid.into()),
        };
        let refresh_token = match members.get("refresh_token") {
            None => None,
            Some(Value::String(token)) if is_vschar(token) => Some(Secret::new(token)),
            Some(_) => return Err(ErrorKind::RefreshTokenInvalid.into()),
        };
        // One that is no text is as malformed as the empty one.
        let id_token = members.get("id_token").map(|id_token| Secret::new(id_token.as_str().unwrap_or_default()));
        let expires_in = members.get("expires_in").and_then(seconds);
        let separator = if expected.quirks.contains(&Quirk::ScopeSeparatedByComma) { ',' } else { ' ' };
        let scope = scope(members.get_even_empty("scope"), separator)?;
        let requested = expected.scope.as_slice();
        let differs = |granted: &Vec<String>| !requested.is_empty() && !same_set(granted, requested);
        let scope_changed = scope.as_ref().is_some_and(differs);
        let (kept_refresh_token, kept_scope) = expected.kept.map(|kept| (kept.refresh_token, kept.scope)).unzip();
        let tokens = Self {
            access_token,
            refresh_token: refresh_token.or(kept_refresh_token),
            expires_in,
            expires_at: expires_in.map(|seconds| now.saturating_add(seconds.into())),
            scope: scope.or(kept_scope.flatten()),
            scope_changed,
            token_type_defaulted,
            quirks: expected.quirks,
            extras: members.into_extras(),
            #[cfg(feature = "id-token")]
            identity: None,
        };
        Ok((tokens, id_token))
    }

    /// The access token, to be sent as `Authorization: Bearer …` to the resource server and to nobody else (RFC 6750
    /// section 2.1). Its content is not for clients to read.
    #[must_use]
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The refresh token, if one came.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The lifetime of the access token in seconds from the answer on. `None` if the server did not say: neither expired
    /// nor eternal. Larger numbers than fit are cut to the largest.
    #[must_use]
    pub const fn expires_in(&self) -> Option<u32> {
        self.expires_in
    }

    /// When the access token expires, in seconds since the epoch; `None` if the server did not say.
    #[must_use]
    pub const fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// Whether the access token expires within that many seconds of `now`, so that it is time to refresh. `false` if the
    /// server did not say when: refresh those once a resource server answers `invalid_token`, and only once.
    ///
    /// ```
    /// use proofkey::{Secret, Tokens};
    /// let tokens = Tokens::from_parts(Secret::new("a"), None, Some(1_700_000_060), None);
    /// assert!(tokens.expires_within(60, 1_700_000_000) && !tokens.expires_within(59, 1_700_000_000));
    /// ```
    #[must_use]
    pub fn expires_within(&self, seconds: u32, now: i64) -> bool {
        self.expires_at.is_some_and(|at| at <= now.saturating_add(seconds.into()))
    }

    /// The granted scope, if the server named it; `None` means as requested (RFC 6749 section 5.1).
    #[must_use]
    pub fn scope(&self) -> Option<&[String]> {
        self.scope.as_deref()
    }

    /// Whether the granted scope is another set than the requested one; `false` if none was requested.
    #[must_use]
    pub const fn scope_changed(&self) -> bool {
        self.scope_changed
    }

    /// Whether the server left `token_type` out, so that it was taken to be Bearer.
    #[must_use]
    pub const fn token_type_defaulted(&self) -> bool {
        self.token_type_defaulted
    }

    /// The quirks under which these tokens were asked for and read.
    #[must_use]
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// A further member of the answer, for example Dropbox's `account_id`. **Untrusted**, and perhaps secret.
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.extras.get(name)
    }
}

#[cfg(feature = "id-token")]
impl Tokens {
    /// The same tokens with an ID token that was stored with them: [`id_token`](Self::id_token) of tokens whose ID token
    /// was checked when it came. It is not checked again; a refresh compares the new one with it.
    ///
    /// # Errors
    /// [`IdTokenMalformed`](ErrorKind::IdTokenMalformed) and the like if it is no signed JWT.
    pub fn with_id_token(self, id_token: Secret) -> Result<Self, Error> {
        Ok(self.with_identity(Identity::stored(id_token)?))
    }

    /// What the checked ID token says about the user; `None` without the scope `openid`.
    #[must_use]
    pub fn claims(&self) -> Option<&crate::Claims> {
        self.identity.as_ref().map(|identity| &identity.claims)
    }

    /// The ID token itself: to be stored, and sent back as a hint. It tells who signed in, and is no proof of it to
    /// anybody else.
    #[must_use]
    pub fn id_token(&self) -> Option<&Secret> {
        self.identity.as_ref().map(|identity| &identity.id_token)
    }

    /// Whether the signature of the ID token was verified when it came. Not so for
    /// [`trust_token_endpoint_tls`](crate::Client::trust_token_endpoint_tls), for tokens out of a storage, and without an
    /// ID token.
    #[must_use]
    pub fn signature_verified(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.signature_verified)
    }

    pub(crate) fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.extras.values_mut().for_each(erase);
    }
}

/// `expires_in` as servers send it: a number, or the digits of one in a string. Zero, negative and unreadable values
/// mean that it is not known.
fn seconds(value: &Value) -> Option<u32> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(digits) => f64::from(crate::http::response::whole_seconds(digits)?),
        _ => return None,
    };
    // The cast saturates, and what is left of the range is exact in 64 bits.
    (seconds >= 1.0 && seconds.fract() == 0.0).then_some(seconds as u32)
}

/// One text of separated tokens (RFC 6749 section 3.3: by spaces), or the array of tokens that some servers send.
fn scope(value: Option<&Value>, separator: char) -> Result<Option<Vec<String>>, Error> {
    let split =
        |text: &str| text.split([' ', separator]).filter(|token| !token.is_empty()).map(str::to_owned).collect();
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(split(text))),
        Some(Value::Array(tokens)) => {
            let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
            tokens.map(|tokens| Some(split(&tokens.join(" ")))).ok_or_else(|| ErrorKind::AnswerMalformed.into())
        }
        Some(_) => Err(ErrorKind::AnswerMalformed.into()),
    }
}

fn same_set(granted: &[String], requested: &[String]) -> bool {
    granted.iter().all(|token| requested.contains(token)) && requested.iter().all(|token| granted.contains(token))
}
