use crate::error::ErrorKind;
use crate::syntax::challenges::AuthChallenge;
use crate::syntax::grammar::{scope_tokens, whole_seconds};

/// Why an API refused a request with an access token (RFC 6750 section 3, RFC 9470 section 3).
///
/// ```
/// use proofkey::{ApiRefusal, ErrorKind};
/// let header = r#"Bearer realm="files", error="insufficient_scope", scope="files.write""#;
/// let refusal = ApiRefusal::from_response(403, [header]).unwrap();
/// assert_eq!(refusal.kind(), ErrorKind::InsufficientScope);
/// assert_eq!(refusal.scope(), Some(&["files.write".to_owned()][..]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRefusal {
    kind: ErrorKind,
    scope: Option<Vec<String>>,
    acr_values: Option<Vec<String>>,
    max_age: Option<u32>,
}

impl ApiRefusal {
    /// Reads the status of a response, and all its `WWW-Authenticate` headers. The first `Bearer` challenge with a known
    /// `error` counts. `None` for every other response: one whose headers do not have the form of RFC 9110 section 11.6.1,
    /// too.
    #[must_use]
    pub fn from_response<'a>(status: u16, www_authenticate: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let header = www_authenticate.into_iter().collect::<Vec<_>>().join(", ");
        let challenges = AuthChallenge::parse_all(&header)?;
        challenges.iter().filter(|challenge| challenge.is("Bearer")).find_map(|challenge| Self::of(status, challenge))
    }

    fn of(status: u16, challenge: &AuthChallenge<'_>) -> Option<Self> {
        let kind = match (status, challenge.param("error")?) {
            (401, "invalid_token") => ErrorKind::AccessTokenRejected,
            (401 | 403, "insufficient_scope") => ErrorKind::InsufficientScope,
            (401 | 403, "insufficient_user_authentication") => ErrorKind::InsufficientUserAuthentication,
            _ => return None,
        };
        let list =
            |name| challenge.param(name).and_then(|text| scope_tokens(text).ok()).filter(|list| !list.is_empty());
        let max_age = challenge.param("max_age").and_then(whole_seconds);
        Some(Self { kind, scope: list("scope"), acr_values: list("acr_values"), max_age })
    }

    /// What to do about it.
    /// [`AccessTokenRejected`](ErrorKind::AccessTokenRejected): refresh the tokens, and send the request once more.
    /// The message and the recovery of this kind are for a new token that is refused as well.
    /// [`InsufficientScope`](ErrorKind::InsufficientScope): begin a login with a larger [`scope`](Self::scope).
    /// [`InsufficientUserAuthentication`](ErrorKind::InsufficientUserAuthentication): begin a login with these
    /// [`acr_values`](Self::acr_values) and this [`max_age`](Self::max_age).
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The scope that the request needs; `None` if the API did not say.
    #[must_use]
    pub fn scope(&self) -> Option<&[String]> {
        self.scope.as_deref()
    }

    /// The ways to sign in that the API accepts, the preferred one first; `None` if it did not say.
    #[must_use]
    pub fn acr_values(&self) -> Option<&[String]> {
        self.acr_values.as_deref()
    }

    /// How many seconds ago the user may have signed in; `None` if the API did not say.
    #[must_use]
    pub const fn max_age(&self) -> Option<u32> {
        self.max_age
    }
}
