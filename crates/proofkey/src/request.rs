use std::fmt;

use zeroize::Zeroizing;

/// An HTTP request as data: send it with whatever HTTP the program has. Its body and headers carry secrets: they are
/// erased on drop and redacted in `Debug`.
///
/// Follow no redirects, send no cookies, and give the answer to [`Exchange::receive`](crate::Exchange::receive) whatever
/// its status.
#[derive(Clone)]
pub struct Request {
    url: String,
    headers: Vec<(&'static str, Zeroizing<String>)>,
    body: Zeroizing<String>,
}

impl Request {
    /// A form sent to a token endpoint (RFC 6749 section 4.1.3).
    pub(crate) fn post_form(url: &str, body: Zeroizing<String>) -> Self {
        let header = |text: &str| Zeroizing::new(text.to_owned());
        let headers =
            vec![("Accept", header("application/json")), ("Content-Type", header("application/x-www-form-urlencoded"))];
        Self { url: url.to_owned(), headers, body }
    }

    /// The HTTP method: `POST`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        "POST"
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

    /// The body.
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
