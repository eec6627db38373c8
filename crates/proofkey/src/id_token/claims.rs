use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::syntax::json::Members;

/// What a server says about a user: the claims of a checked ID token, or of the userinfo endpoint (OpenID Connect Core
/// sections 2 and 5.3).
///
/// Identify a user by the pair of [`issuer`](Self::issuer) and [`subject`](Self::subject), never by an e-mail address,
/// which may pass to another person (section 5.7).
#[derive(Clone)]
pub struct Claims(BTreeMap<String, Value>);

impl Claims {
    pub(crate) fn new(members: Members) -> Self {
        Self(members.into_all())
    }

    /// The server that makes these claims; `None` if a userinfo response does not name it.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// The user's identifier at that server, which never changes; `None` if a server without OpenID Connect sends none,
    /// or one that is not a text.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// A claim, for example `email`. Whether the server has verified it is a claim too, for example `email_verified`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Every claim, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

/// Shows only the names of the claims, because their values are about a person.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")?;
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Claims, Members};

    #[test]
    fn claims() {
        let text = r#"{"iss":"https://op.example","sub":"alice","email":"alice@example.com","phone":null}"#;
        let claims = Claims::new(Members::from_json(text, &|_| true).unwrap());
        assert_eq!((claims.issuer(), claims.subject()), (Some("https://op.example"), Some("alice")));
        let all: Vec<_> = claims.iter().map(|(name, value)| (name, value.as_str().unwrap())).collect();
        assert_eq!(all, [("email", "alice@example.com"), ("iss", "https://op.example"), ("sub", "alice")]);
        assert_eq!(format!("{claims:?}"), r#"Claims{"email", "iss", "sub"}"#);
    }
}
