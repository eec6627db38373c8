use std::fmt;

use zeroize::Zeroizing;

use crate::error::Endpoint;

/// An HTTP request as data: send it with whatever HTTP client the program has. Its body and headers contain secrets; it
/// is erased on drop and redacted in `Debug`.
///
/// Do not follow redirects and do not send cookies. Pass the response on, whatever its status.
#[derive(Clone)]
pub struct Request {
    endpoint: Endpoint,
    public_only: bool,
    method: &'static str,
    url: String,
    headers: Vec<(&'static str, Zeroizing<String>)>,
    body: Zeroizing<String>,
}

impl Request {
    /// A request without secrets, for metadata and keys.
    pub(crate) fn get(endpoint: Endpoint, url: String) -> Self {
        Self { endpoint, public_only: false, method: "GET", url, headers: vec![accept()], body: Zeroizing::default() }
    }

    /// A request to a resource server (RFC 6750 section 2.1).
    #[cfg(feature = "id-token")]
    pub(crate) fn get_with_token(endpoint: Endpoint, url: String, authorization: crate::secret::Secret) -> Self {
        let headers = vec![accept(), ("Authorization", authorization.into_erased())];
        Self { endpoint, public_only: false, method: "GET", url, headers, body: Zeroizing::default() }
    }

    /// A form (RFC 6749 section 4.1.3).
    pub(crate) fn post_form(
        endpoint: Endpoint,
        url: &str,
        body: Zeroizing<String>,
        authorization: Option<Zeroizing<String>>,
    ) -> Self {
        let form = ("Content-Type", Zeroizing::new("application/x-www-form-urlencoded".to_owned()));
        let mut headers = vec![accept(), form];
        headers.extend(authorization.map(|authorization| ("Authorization", authorization)));
        Self { endpoint, public_only: false, method: "POST", url: url.to_owned(), headers, body }
    }

    pub(crate) fn with_public_only(self, public_only: bool) -> Self {
        Self { public_only, ..self }
    }

    /// Whether this may be sent to public addresses only: see
    /// [`Provider::is_public_only`](crate::Provider::is_public_only).
    #[must_use]
    pub const fn is_public_only(&self) -> bool {
        self.public_only
    }

    /// The endpoint that this goes to.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// The HTTP method: `POST`, or `GET` for metadata, keys and userinfo.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The URL. It contains no secret.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers to send: names and values.
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
