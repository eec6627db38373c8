use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::syntax::form;
use crate::{Error, ErrorKind, OAuthError};

/// An HTTP answer as data: the status, the `Content-Type` and the body, whatever they are. The body may carry tokens: it
/// is erased on drop and redacted in `Debug`.
///
/// ```
/// let answer = proofkey::Answer::new(200, Some("application/json"), r#"{"access_token":"…"}"#);
/// assert_eq!(format!("{answer:?}"), "Answer { status: 200, .. }");
/// ```
pub struct Answer {
    status: u16,
    content_type: Option<String>,
    retry_after: Option<u32>,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The largest body that is read, in bytes.
    pub const MAX_BODY: usize = 1 << 20;

    /// Takes an answer as it came. Redirects must not have been followed.
    #[must_use]
    pub fn new(status: u16, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Self {
        let content_type = content_type.map(str::to_owned);
        Self { status, content_type, retry_after: None, body: Zeroizing::new(body.into()) }
    }

    /// Adds the `Retry-After` header, if there was one. A number of seconds is read; a date is not.
    ///
    /// ```
    /// # use proofkey::{Answer, Discovery};
    /// let answer = Answer::new(503, None, "").retry_after(Some("30"));
    /// let error = Discovery::new("https://as.example")?.receive(answer).unwrap_err();
    /// assert_eq!(error.retry_after(), Some(30));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn retry_after(self, retry_after: Option<&str>) -> Self {
        Self { retry_after: retry_after.and_then(whole_seconds), ..self }
    }

    pub(crate) const fn seconds_to_wait(&self) -> Option<u32> {
        self.retry_after
    }

    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The members of a token endpoint's answer, once it is known to be no refusal (RFC 6749 sections 5.1 and 5.2).
    pub(crate) fn into_members(self) -> Result<Members, Error> {
        let retry_after = self.retry_after;
        self.members().map_err(|error| error.after(retry_after))
    }

    fn members(&self) -> Result<Members, Error> {
        if matches!(self.status, 300..=399) {
            return Err(ErrorKind::AnswerRedirect.into());
        }
        let is_success = matches!(self.status, 200..=299);
        let members = match self.parse() {
            Ok(members) => members,
            Err(_) if !is_success => return Err(ErrorKind::AnswerStatus.into()),
            Err(kind) => return Err(kind.into()),
        };
        match members.get("error") {
            Some(Value::String(error)) => {
                let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
                let oauth = OAuthError::new(error.clone(), text("error_description"), text("error_uri"));
                Err(Error::from_server(ErrorKind::TokenError, oauth))
            }
            Some(_) => Err(ErrorKind::TokenError.into()),
            None if members.get("ok") == Some(&Value::Bool(false)) => Err(ErrorKind::TokenError.into()),
            None if !is_success => Err(ErrorKind::AnswerStatus.into()),
            None => Ok(members),
        }
    }

    /// JSON, whatever the type says, if the first character opens an object; else a form, where the type permits one.
    /// HTML is never looked into.
    fn parse(&self) -> Result<Members, ErrorKind> {
        let essence = self.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let body = std::str::from_utf8(&self.body).map_err(|_| ErrorKind::AnswerMalformed)?;
        match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Err(ErrorKind::AnswerContentType),
            _ if self.body.len() > Self::MAX_BODY => Err(ErrorKind::AnswerTooLarge),
            _ if body.trim_ascii_start().starts_with('{') => Members::from_json(body, &is_known),
            "application/x-www-form-urlencoded" | "text/plain" => Members::from_form(body),
            "" | "application/json" | "text/json" | "text/javascript" => Err(ErrorKind::AnswerMalformed),
            json if json.ends_with("+json") => Err(ErrorKind::AnswerMalformed),
            _ => Err(ErrorKind::AnswerContentType),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The members of a JSON object or a form. Those that are null or empty count as absent (RFC 6749 section 3.1), and a
/// known one that comes twice is refused.
#[derive(Default)]
pub(crate) struct Members(BTreeMap<String, Value>);

/// Which members may not come twice.
type Known<'a> = &'a dyn Fn(&str) -> bool;

impl Members {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.get_even_empty(name).filter(|value| value.as_str() != Some(""))
    }

    /// For the scope, of which the empty one says something: nothing was granted.
    pub(crate) fn get_even_empty(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The members that no specification of the token answer names.
    pub(crate) fn into_extras(mut self) -> BTreeMap<String, Value> {
        let extras = |name: &String, value: &mut Value| {
            let is_known = is_known(name);
            if is_known {
                erase(value);
            }
            !is_known
        };
        self.0.retain(extras);
        std::mem::take(&mut self.0)
    }

    /// Every member that is there.
    #[cfg(feature = "id-token")]
    pub(crate) fn into_all(mut self) -> BTreeMap<String, Value> {
        self.0.retain(|_, value| !value.is_null());
        std::mem::take(&mut self.0)
    }

    /// Reads a JSON object member by member, so that a repeated one is seen: [`ErrorKind::AnswerDuplicate`].
    pub(crate) fn from_json(body: &str, known: Known<'_>) -> Result<Self, ErrorKind> {
        let mut reader = serde_json::Deserializer::from_str(body);
        let object = Object { members: Self::default(), known };
        let members = reader.deserialize_map(object).and_then(|members| reader.end().map(|()| members));
        members.map_err(|error| if error.is_data() { ErrorKind::AnswerDuplicate } else { ErrorKind::AnswerMalformed })
    }

    fn from_form(body: &str) -> Result<Self, ErrorKind> {
        let mut members = Self::default();
        for (name, value) in form::decode(body.trim_ascii()).ok_or(ErrorKind::AnswerMalformed)? {
            let value = Value::String(value.to_string());
            members.insert(name.to_string(), value, &is_known).ok_or(ErrorKind::AnswerDuplicate)?;
        }
        Ok(members)
    }

    /// `None` if a known member is there already. Of an unknown one the last value stays.
    fn insert(&mut self, name: String, mut value: Value, known: Known<'_>) -> Option<()> {
        let is_unknown = !known(&name);
        let Some(first) = self.0.get_mut(&name) else {
            self.0.insert(name, value);
            return Some(());
        };
        if is_unknown {
            std::mem::swap(first, &mut value);
        }
        erase(&mut value);
        is_unknown.then_some(())
    }
}

struct Object<'a> {
    members: Members,
    known: Known<'a>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Members, A::Error> {
        while let Some((name, value)) = map.next_entry()? {
            let inserted = self.members.insert(name, value, self.known);
            inserted.ok_or_else(|| de::Error::custom("a known member comes twice"))?;
        }
        Ok(self.members)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        self.0.values_mut().for_each(erase);
    }
}

/// A text of digits as a number of seconds, cut to the largest that fits.
pub(crate) fn whole_seconds(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// Erases every text in a JSON value.
pub(crate) fn erase(value: &mut Value) {
    use zeroize::Zeroize as _;
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(erase),
        Value::Object(members) => members.values_mut().for_each(erase),
        _ => {}
    }
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
}

/// The members that RFC 6749 sections 5.1 and 5.2 and OpenID Connect Core section 3.1.3.3 name.
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
