use std::fmt;

use zeroize::Zeroizing;

/// An HTTP request as data: send it with whatever HTTP the program has. Its body and headers carry secrets: they are
/// erased on drop and redacted in `Debug`.
///
/// Follow no redirects, send no cookies, and give the answer to where the request came from, whatever its status.
#[derive(Clone)]
pub struct Request {
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, Zeroizing<String>)>,
    body: Zeroizing<String>,
}

impl Request {
    /// A question without secrets, for metadata.
    pub(crate) fn get(url: String) -> Self {
        Self { method: "GET", url, headers: vec![accept()], body: Zeroizing::default() }
    }

    /// A question to a resource server (RFC 6750 section 2.1).
    #[cfg(feature = "id-token")]
    pub(crate) fn get_with_token(url: String, access_token: &crate::Secret) -> Self {
        let access_token = access_token.expose();
        let mut bearer = Zeroizing::new(String::with_capacity(access_token.len().saturating_add(7)));
        bearer.extend(["Bearer ", access_token]);
        Self { method: "GET", url, headers: vec![accept(), ("Authorization", bearer)], body: Zeroizing::default() }
    }

    /// A form sent to an endpoint (RFC 6749 section 4.1.3).
    pub(crate) fn post_form(url: &str, body: Zeroizing<String>, authorization: Option<Zeroizing<String>>) -> Self {
        let form = ("Content-Type", Zeroizing::new("application/x-www-form-urlencoded".to_owned()));
        let mut headers = vec![accept(), form];
        headers.extend(authorization.map(|authorization| ("Authorization", authorization)));
        Self { method: "POST", url: url.to_owned(), headers, body }
    }

    /// The HTTP method: `POST`, or `GET` for metadata, keys and userinfo.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The URL. No secret is in it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers to send, name and value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The body; empty for `GET`.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method()).field("url", &self.url).finish_non_exhaustive()
    }
}

fn accept() -> (&'static str, Zeroizing<String>) {
    ("Accept", Zeroizing::new("application/json".to_owned()))
}
