//! Tokens as one JSON text, for storage. `tests/vectors/tokens_stored.json` has it for other implementations.

use std::fmt::Write as _;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Tokens, decimal, scope};
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::syntax::grammar::is_vschar;
use crate::syntax::json::{Members, erase};

impl Tokens {
    /// Everything as a JSON object, with the tokens in clear text: `access_token`, `token_type`, `refresh_token`,
    /// `id_token`, `expires_at` (seconds since the epoch), `resource` and `scope` (arrays); `null` for what is absent.
    /// Python's `Tokens.to_dict()` has the same members. Store it only where it is safe.
    ///
    /// There is no `expires_in`: after a restart, nobody knows when such a time began. What else the server sent
    /// ([`extra`](Self::extra)) is left out.
    ///
    /// ```
    /// use proofkey::{Secret, Tokens};
    ///
    /// let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), Some(1_700_000_000), None);
    /// let stored = tokens.to_json();
    /// let again = Tokens::from_json(stored.expose())?;
    /// assert_eq!(again.refresh_token().map(Secret::expose), Some("r"));
    /// assert_eq!(again.expires_at(), Some(1_700_000_000));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Secret {
        let secret = |token: Option<&Secret>| token.map_or(Value::Null, |token| Value::from(token.expose()));
        #[cfg(feature = "id-token")]
        let id_token = self.id_token();
        #[cfg(not(feature = "id-token"))]
        let id_token = None;
        let mut members = [
            ("access_token", secret(Some(self.access_token()))),
            ("token_type", Value::from("Bearer")),
            ("refresh_token", secret(self.refresh_token())),
            ("id_token", secret(id_token)),
            ("expires_at", self.expires_at().map_or(Value::Null, Value::from)),
            ("resource", Value::from(self.resource())),
            ("scope", self.scope().map_or(Value::Null, Value::from)),
        ];
        // Allocated at the most that it can take, because a text that grows leaves a copy behind.
        let len = members.iter().fold(2, |len: usize, (name, value)| {
            len.saturating_add(name.len()).saturating_add(most(value)).saturating_add(4)
        });
        let mut json = Zeroizing::new(String::with_capacity(len));
        for (name, value) in &mut members {
            let before = if json.is_empty() { '{' } else { ',' };
            // Writing to a text cannot fail.
            let _ = write!(json, "{before}\"{name}\":{value}");
            erase(value);
        }
        json.push('}');
        Secret::of_erased(json)
    }

    /// Reads what [`to_json`](Self::to_json) returned, or what another library stored. Besides the members above,
    ///
    /// - `scope` may be a text, and `expires_at` may have a fraction or be a text of digits: Authlib and
    ///   requests-oauthlib store such tokens;
    /// - `expires_on` stands for `expires_at`, as in what MSAL stores;
    /// - other members are ignored. A `null` or empty member counts as absent.
    ///
    /// The ID token was checked when it came and is not checked again; a refresh compares the new one with it.
    ///
    /// # Errors
    /// [`StoredTokensMalformed`](ErrorKind::StoredTokensMalformed) unless it is one JSON object that names each of its
    /// members once. [`StoredExpiryRelative`](ErrorKind::StoredExpiryRelative) for `expires_in` without `expires_at`.
    /// For a member that cannot be read: [`StoredAccessTokenInvalid`](ErrorKind::StoredAccessTokenInvalid), also if
    /// there is none; [`StoredRefreshTokenInvalid`](ErrorKind::StoredRefreshTokenInvalid);
    /// [`StoredTokenTypeUnsupported`](ErrorKind::StoredTokenTypeUnsupported);
    /// [`StoredExpiryInvalid`](ErrorKind::StoredExpiryInvalid); [`StoredScopeInvalid`](ErrorKind::StoredScopeInvalid);
    /// [`StoredResourceInvalid`](ErrorKind::StoredResourceInvalid); [`IdTokenMalformed`](ErrorKind::IdTokenMalformed) and
    /// similar errors for an ID token that is not a signed JWT, and
    /// [`OpenidUnsupported`](ErrorKind::OpenidUnsupported) for any ID token without the feature `id-token`.
    ///
    /// ```
    /// use proofkey::{ErrorKind, Tokens};
    ///
    /// let of_authlib = r#"{"access_token": "a", "expires_at": 1700000000, "expires_in": 3600, "scope": "read write"}"#;
    /// let tokens = Tokens::from_json(of_authlib)?;
    /// assert_eq!(tokens.scope(), Some(&["read".to_owned(), "write".to_owned()][..]));
    ///
    /// let refused = Tokens::from_json(r#"{"access_token": "a", "expires_in": 3600}"#).unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::StoredExpiryRelative);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let members = Members::from_json(json, &is_known).map_err(|_| ErrorKind::StoredTokensMalformed)?;
        let token = |name, error| match members.get(name) {
            None => Ok(None),
            Some(Value::String(token)) if is_vschar(token) => Ok(Some(Secret::new(token))),
            Some(_) => Err(error),
        };
        let access_token = token("access_token", ErrorKind::StoredAccessTokenInvalid)?;
        let access_token = access_token.ok_or(ErrorKind::StoredAccessTokenInvalid)?;
        let refresh_token = token("refresh_token", ErrorKind::StoredRefreshTokenInvalid)?;
        match members.get("token_type") {
            None => {}
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
            Some(_) => return Err(ErrorKind::StoredTokenTypeUnsupported.into()),
        }
        let expires_at = match members.get("expires_at").or_else(|| members.get("expires_on")) {
            Some(at) => Some(time(at).ok_or(ErrorKind::StoredExpiryInvalid)?),
            None if members.get("expires_in").is_some() => return Err(ErrorKind::StoredExpiryRelative.into()),
            None => None,
        };
        let list = |name, error| scope(members.get_even_empty(name), ' ').map_err(|_| error);
        let scope = list("scope", ErrorKind::StoredScopeInvalid)?;
        let resource = list("resource", ErrorKind::StoredResourceInvalid)?;
        let tokens = Self::from_parts(access_token, refresh_token, expires_at, scope);
        let tokens = tokens.with_resource(resource.unwrap_or_default());
        match token("id_token", ErrorKind::IdTokenMalformed)? {
            None => Ok(tokens),
            #[cfg(feature = "id-token")]
            Some(id_token) => tokens.with_id_token(id_token),
            #[cfg(not(feature = "id-token"))]
            Some(_) => Err(ErrorKind::OpenidUnsupported.into()),
        }
    }
}

/// The most characters that a value can take as JSON: every byte of a text may be escaped as `\u0000`.
fn most(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len().saturating_mul(6).saturating_add(2),
        Value::Array(values) => {
            values.iter().map(most).fold(2, |len: usize, most| len.saturating_add(most).saturating_add(1))
        }
        _ => 20,
    }
}

/// Reads a time in seconds since the epoch: a number, or one in a text. A fraction is dropped.
fn time(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => decimal(text.trim_ascii())?,
        _ => return None,
    };
    // The cast rounds down; an `f64` holds every number in the range exactly.
    (0.0..LATEST).contains(&seconds).then_some(seconds as i64)
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

const KNOWN: [&str; 9] = [
    "access_token",
    "expires_at",
    "expires_in",
    "expires_on",
    "id_token",
    "refresh_token",
    "resource",
    "scope",
    "token_type",
];

/// The year 5138. A later time was meant in milliseconds, and tokens would seem valid for ever.
const LATEST: f64 = 1e11;
