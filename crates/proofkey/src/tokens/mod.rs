mod api_refusal;
mod exchange;
mod refresh;
mod refreshes;
mod revocation;
mod stored;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

pub use self::api_refusal::ApiRefusal;
pub use self::exchange::Exchange;
pub use self::refresh::{Refresh, Refreshed};
pub(crate) use self::refreshes::Refreshes;
pub use self::revocation::Revocation;
use crate::error::{Error, ErrorKind};
use crate::http::Response;
#[cfg(feature = "id-token")]
use crate::id_token::{Claims, IdToken};
use crate::provider::Quirk;
use crate::secret::Secret;
use crate::syntax::grammar::{is_b64token, is_vschar};
use crate::syntax::json::{Members, erase};

/// What the token endpoint granted (RFC 6749 section 5.1).
#[derive(Clone)]
pub struct Tokens {
    access_token: Secret,
    refresh_token: Option<Secret>,
    expires_in: Option<u32>,
    expires_at: Option<i64>,
    scope: Option<Vec<String>>,
    scope_changed: bool,
    resource: Vec<String>,
    token_type_defaulted: bool,
    quirks: Vec<Quirk>,
    extras: BTreeMap<String, Value>,
    #[cfg(feature = "id-token")]
    id_token: Option<IdToken>,
}

/// What a token response is compared with.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) scope: Vec<String>,
    pub(crate) resource: Vec<String>,
    pub(crate) quirks: Vec<Quirk>,
    /// For a refresh: what stays if the response does not replace it.
    pub(crate) kept: Option<Kept>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) refresh_token: Secret,
    pub(crate) scope: Option<Vec<String>>,
}

impl Tokens {
    /// Tokens from storage, made of what [`access_token`](Self::access_token), [`refresh_token`](Self::refresh_token),
    /// [`expires_at`](Self::expires_at) and [`scope`](Self::scope) returned.
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
            resource: Vec::new(),
            token_type_defaulted: false,
            quirks: Vec::new(),
            extras: BTreeMap::new(),
            #[cfg(feature = "id-token")]
            id_token: None,
        }
    }

    /// Reads a successful response. The ID token is returned separately until it is checked.
    fn from_response(response: &Response, expected: Expected, now: i64) -> Result<(Self, Option<Secret>), Error> {
        let members = response.members(&is_known)?;
        Self::from_members(members, expected, now).map_err(|kind| response.error(kind))
    }

    fn from_members(members: Members, expected: Expected, now: i64) -> Result<(Self, Option<Secret>), ErrorKind> {
        let access_token = match members.get("access_token") {
            None => return Err(ErrorKind::AccessTokenMissing),
            Some(Value::String(token)) if is_vschar(token) => Secret::new(token),
            Some(_) => return Err(ErrorKind::AccessTokenInvalid),
        };
        let token_type_defaulted = match members.get("token_type") {
            None => true,
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => false,
            Some(Value::String(kind))
                if kind == "User Access Token" && expected.quirks.contains(&Quirk::TokenTypeUserAccessToken) =>
            {
                false
            }
            Some(Value::String(_)) => return Err(ErrorKind::TokenTypeUnsupported),
            Some(_) => return Err(ErrorKind::TokenTypeInvalid),
        };
        let refresh_token = match members.get("refresh_token") {
            None => None,
            Some(Value::String(token)) if is_vschar(token) => Some(Secret::new(token)),
            Some(_) => return Err(ErrorKind::RefreshTokenInvalid),
        };
        // An ID token that is not a string is read as an empty one, which is refused as malformed.
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
            resource: expected.resource,
            token_type_defaulted,
            quirks: expected.quirks,
            extras: members.into_extras(&is_known),
            #[cfg(feature = "id-token")]
            id_token: None,
        };
        Ok((tokens, id_token))
    }

    /// The access token. Send it as `Authorization: Bearer …` to the resource server and to nobody else (RFC 6750
    /// section 2.1). It is opaque to clients.
    #[must_use]
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The value of the `Authorization` header of a request to an API: `Bearer` and the access token (RFC 6750 section
    /// 2.1). Send it to the origin of that API alone, and drop it when a redirect leads to another one.
    ///
    /// # Errors
    /// [`AccessTokenInvalid`](ErrorKind::AccessTokenInvalid) if the access token has characters that the header may not
    /// have.
    ///
    /// ```
    /// use proofkey::{Secret, Tokens};
    /// let tokens = Tokens::from_parts(Secret::new("mF_9.B5f-4.1JqM"), None, None, None);
    /// assert_eq!(tokens.authorization_header()?.expose(), "Bearer mF_9.B5f-4.1JqM");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn authorization_header(&self) -> Result<Secret, Error> {
        let access_token = self.access_token.expose();
        if !is_b64token(access_token) {
            return Err(ErrorKind::AccessTokenInvalid.into());
        }
        let mut header = Zeroizing::new(String::with_capacity(access_token.len().saturating_add(7)));
        header.extend(["Bearer ", access_token]);
        Ok(Secret::of_erased(header))
    }

    /// The refresh token, if the server sent one.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// The lifetime of the access token in seconds, counted from the response. `None` if the server did not say; the
    /// token is then neither expired nor everlasting. A number that does not fit becomes the largest one.
    #[must_use]
    pub const fn expires_in(&self) -> Option<u32> {
        self.expires_in
    }

    /// When the access token expires, in seconds since the epoch; `None` if the server did not say.
    #[must_use]
    pub const fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// Whether the access token expires within this many seconds of `now`, so that it is time to refresh. `false` if
    /// the server did not say when it expires: refresh such tokens when a resource server responds with
    /// `invalid_token`, and try it only once.
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

    /// The resource servers that the tokens are for, which a refresh names again (RFC 8707 section 2.2).
    #[must_use]
    pub fn resource(&self) -> &[String] {
        &self.resource
    }

    /// Stored tokens, with what [`resource`](Self::resource) gave.
    ///
    /// ```
    /// use proofkey::{Secret, Tokens};
    /// let tokens = Tokens::from_parts(Secret::new("a"), None, None, None).with_resource(["https://api.example"]);
    /// assert_eq!(tokens.resource(), ["https://api.example"]);
    /// ```
    #[must_use]
    pub fn with_resource(mut self, resource: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.resource = resource.into_iter().map(Into::into).collect();
        self
    }

    /// Whether the granted scope is a different set from the requested one; `false` if none was requested.
    #[must_use]
    pub const fn scope_changed(&self) -> bool {
        self.scope_changed
    }

    /// Whether the server left out `token_type`, so that Bearer was assumed.
    #[must_use]
    pub const fn token_type_defaulted(&self) -> bool {
        self.token_type_defaulted
    }

    /// The provider's quirks that applied when these tokens were requested and read.
    #[must_use]
    pub fn quirks(&self) -> &[Quirk] {
        &self.quirks
    }

    /// A further member of the response, for example Dropbox's `account_id`. **Untrusted**, and possibly secret.
    #[must_use]
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.extras.get(name)
    }
}

#[cfg(feature = "id-token")]
impl Tokens {
    /// Adds the ID token that was stored with these tokens, from [`id_token`](Self::id_token). It was checked when it
    /// came and is not checked again; a refresh compares the new one with it.
    ///
    /// # Errors
    /// [`IdTokenMalformed`](ErrorKind::IdTokenMalformed) and similar errors if it is not a signed JWT.
    pub fn with_id_token(self, id_token: Secret) -> Result<Self, Error> {
        Ok(self.with_checked_id_token(IdToken::stored(id_token)?))
    }

    /// What the checked ID token says about the user; `None` without the scope `openid`.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.id_token.as_ref().map(|id_token| &id_token.claims)
    }

    /// The ID token itself, to store and to send back as a hint. It tells this client who signed in; do not use it as a
    /// credential anywhere else.
    #[must_use]
    pub fn id_token(&self) -> Option<&Secret> {
        self.id_token.as_ref().map(|id_token| &id_token.text)
    }

    /// Whether the signature of the ID token was verified when it came. False after
    /// [`trust_token_endpoint_tls`](crate::Client::trust_token_endpoint_tls), for tokens from storage, and without an
    /// ID token.
    #[must_use]
    pub fn signature_verified(&self) -> bool {
        self.id_token.as_ref().is_some_and(|id_token| id_token.signature_verified)
    }

    pub(crate) fn with_checked_id_token(mut self, id_token: IdToken) -> Self {
        self.id_token = Some(id_token);
        self
    }

    pub(crate) fn checked_id_token(&self) -> Option<&IdToken> {
        self.id_token.as_ref()
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

/// Reads `expires_in` as servers send it: a number, or one in a string. A fraction is dropped. Zero, negative and
/// unreadable values mean that the lifetime is not known.
pub(crate) fn seconds(value: &Value) -> Option<u32> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => decimal(text.trim_ascii())?,
        _ => return None,
    };
    // The cast rounds down and saturates; an `f64` holds every `u32` exactly.
    (seconds >= 1.0).then_some(seconds as u32)
}

/// Digits, perhaps with a fraction. Nothing else that a number may be written as.
fn decimal(text: &str) -> Option<f64> {
    let is_decimal = text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_decimal)
}

/// Reads a scope: one text of separated tokens (by spaces in RFC 6749 section 3.3), or the array of tokens that some
/// servers send.
fn scope(value: Option<&Value>, separator: char) -> Result<Option<Vec<String>>, ErrorKind> {
    let split =
        |text: &str| text.split([' ', separator]).filter(|token| !token.is_empty()).map(str::to_owned).collect();
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(split(text))),
        Some(Value::Array(tokens)) => {
            let tokens: Option<Vec<&str>> = tokens.iter().map(Value::as_str).collect();
            tokens.map(|tokens| Some(split(&tokens.join(" ")))).ok_or(ErrorKind::ResponseMalformed)
        }
        Some(_) => Err(ErrorKind::ResponseMalformed),
    }
}

fn same_set(granted: &[String], requested: &[String]) -> bool {
    granted.iter().all(|token| requested.contains(token)) && requested.iter().all(|token| granted.contains(token))
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The members that RFC 6749 sections 5.1 and 5.2 and OpenID Connect Core section 3.1.3.3 define.
const KNOWN: [&str; 9] = [
    "access_token",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "refresh_token",
    "scope",
    "token_type",
];
