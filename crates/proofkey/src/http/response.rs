use std::fmt;

use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, OAuthError};
use crate::syntax::grammar::whole_seconds;
use crate::syntax::json::{Known, Members, without_mark};

/// An HTTP response as data: its status, headers and body, whatever they are. The body may contain tokens; it is erased
/// on drop and redacted in `Debug`.
///
/// ```
/// let headers = [("Content-Type", "application/json")];
/// let response = proofkey::Response::new(200, headers, r#"{"access_token":"…"}"#);
/// assert_eq!(format!("{response:?}"), "Response { status: 200, .. }");
/// ```
pub struct Response {
    status: u16,
    content_type: Option<String>,
    retry_after: Option<u32>,
    body: Zeroizing<Vec<u8>>,
}

impl Response {
    /// The largest body that is read, in bytes.
    pub const MAX_BODY: usize = 1 << 20;

    /// Takes a response as it came, with all headers. Redirects must not have been followed. If a header appears twice,
    /// the first one counts.
    ///
    /// ```
    /// # use proofkey::{Discovery, Response, Roundtrip};
    /// let response = Response::new(503, [("Retry-After", "30")], "");
    /// let error = Discovery::new("https://as.example")?.receive(response, 0).unwrap_err().error;
    /// assert_eq!(error.retry_after(), Some(30));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn new<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        let (mut content_type, mut retry_after) = (None, None);
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("content-type") {
                content_type.get_or_insert_with(|| value.to_owned());
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after = retry_after.or_else(|| whole_seconds(value));
            }
        }
        Self { status, content_type, retry_after, body: Zeroizing::new(body.into()) }
    }

    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the body begins like a JSON object.
    pub(crate) fn is_object(&self) -> bool {
        let body = self.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.body);
        body.trim_ascii_start().starts_with(b"{")
    }

    /// The error, with the status of this response and how long the server asks to wait.
    pub(crate) fn error(&self, kind: impl Into<Error>) -> Error {
        kind.into().with_status(self.status).after(self.retry_after)
    }

    /// The members of a token endpoint's response, if it is not a refusal (RFC 6749 sections 5.1 and 5.2).
    pub(crate) fn members(&self, known: Known<'_>) -> Result<Members, Error> {
        if matches!(self.status, 300..=399) {
            return Err(self.error(ErrorKind::ResponseRedirect));
        }
        let is_success = matches!(self.status, 200..=299);
        let members = match self.parse(known) {
            Ok(members) => members,
            Err(_) if !is_success => return Err(self.error(ErrorKind::ResponseStatus)),
            Err(kind) => return Err(self.error(kind)),
        };
        match members.get("error") {
            Some(Value::String(error)) => {
                let text = |name| members.get(name).and_then(Value::as_str).map(str::to_owned);
                let oauth = OAuthError::new(error.clone(), text("error_description"), text("error_uri"));
                Err(self.error(Error::from_server(ErrorKind::TokenError, oauth)))
            }
            Some(_) => Err(self.error(ErrorKind::TokenError)),
            None if members.get("ok") == Some(&Value::Bool(false)) => Err(self.error(ErrorKind::TokenError)),
            None if !is_success => Err(self.error(ErrorKind::ResponseStatus)),
            None => Ok(members),
        }
    }

    /// Reads JSON, whatever the content type, if the body starts with `{`; else a form, if the content type permits
    /// one. HTML is never parsed.
    fn parse(&self, known: Known<'_>) -> Result<Members, ErrorKind> {
        let essence = self.content_type.as_deref().unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let body = without_mark(std::str::from_utf8(&self.body).map_err(|_| ErrorKind::ResponseMalformed)?);
        match essence.as_str() {
            "text/html" | "application/xhtml+xml" => Err(ErrorKind::ResponseContentType),
            _ if self.body.len() > Self::MAX_BODY => Err(ErrorKind::ResponseTooLarge),
            _ if self.is_object() => Members::from_json(body, known),
            "application/x-www-form-urlencoded" | "text/plain" => Members::from_form(body, known),
            "" | "application/json" | "text/json" | "text/javascript" => Err(ErrorKind::ResponseMalformed),
            json if json.ends_with("+json") => Err(ErrorKind::ResponseMalformed),
            _ => Err(ErrorKind::ResponseContentType),
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::error::ErrorKind;

    fn kind(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Option<ErrorKind> {
        let response = Response::new(status, [("Content-Type", content_type)], body);
        response.members(&|_| true).err().map(|error| error.kind())
    }

    #[test]
    fn the_largest_body_is_read() {
        let padded = |len| format!("{{{}}}", " ".repeat(len - 2));
        assert_eq!(kind(200, "application/json", padded(Response::MAX_BODY)), None);
        for len in [Response::MAX_BODY + 1, Response::MAX_BODY + 2] {
            assert_eq!(kind(200, "application/json", padded(len)), Some(ErrorKind::ResponseTooLarge));
        }
    }

    #[test]
    fn what_says_that_it_is_json_and_is_not() {
        assert_eq!(kind(200, "application/problem+json", "[]"), Some(ErrorKind::ResponseMalformed));
        assert_eq!(kind(200, "application/xml", "<a/>"), Some(ErrorKind::ResponseContentType));
    }

    #[test]
    fn refusals_without_an_error() {
        assert_eq!(kind(200, "application/json", r#"{"ok":false}"#), Some(ErrorKind::TokenError));
        assert_eq!(kind(200, "application/json", r#"{"ok":true}"#), None);
        assert_eq!(kind(400, "application/json", "{}"), Some(ErrorKind::ResponseStatus));
    }

    #[test]
    fn debug_shows_only_the_status() {
        let response = Response::new(200, [("Content-Type", "text/plain")], "access_token=secret");
        assert_eq!(format!("{response:?}"), "Response { status: 200, .. }");
    }
}
