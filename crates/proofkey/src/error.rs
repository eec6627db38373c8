use std::fmt;

use proofkey_core::{Error as ErrorKind, Recovery};

/// What went wrong in the flow: an entry of the closed table ([`ErrorKind`]) and, where a server said no, its own words.
///
/// ```
/// use proofkey::{ErrorKind, Provider};
///
/// let error = Provider::new("http://as.example/authorize", "https://as.example/token").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::EndpointInsecure);
/// assert_eq!(error.to_string(), "endpoints are https, except on loopback");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    request_sent: bool,
    retry_after: Option<u32>,
    oauth: Option<Box<OAuthError>>,
}

/// Errors travel by value through every `Result` of the flow.
const _: () = assert!(size_of::<Error>() <= 24);

impl Error {
    /// The entry of the table: name, number, who is at fault, what to do next.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do next.
    #[must_use]
    pub const fn recovery(&self) -> Recovery {
        self.kind.recovery()
    }

    /// What the server itself said, where it said something (RFC 6749 sections 4.1.2.1 and 5.2).
    #[must_use]
    pub fn oauth(&self) -> Option<&OAuthError> {
        self.oauth.as_deref()
    }

    /// Whether a byte of a request may have reached the server. If so, the code in it must be taken for used.
    #[must_use]
    pub const fn request_sent(&self) -> bool {
        self.request_sent
    }

    /// How many seconds the server asks to wait before the next try, where it says so (RFC 9110 section 10.2.3): with a
    /// 429 or a 503. A code or a refresh token must not be sent again for it; begin anew after that time.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    pub(crate) fn from_server(kind: ErrorKind, oauth: OAuthError) -> Self {
        Self { oauth: Some(Box::new(oauth)), ..kind.into() }
    }

    pub(crate) fn after(self, retry_after: Option<u32>) -> Self {
        Self { retry_after, ..self }
    }

    pub(crate) fn sent(self, request_sent: bool) -> Self {
        Self { request_sent, ..self }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, request_sent: false, retry_after: None, oauth: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match &self.oauth {
            Some(oauth) => write!(f, ": {oauth}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// The server's own words for a refusal. They are **untrusted**: kept as they came for programs to compare, and escaped
/// when displayed. Never put them into a page, a header or a shell command as they are, and never follow the URI unasked.
///
/// ```
/// # use proofkey::{Answer, Client, Provider};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "app")?.redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(0)?;
/// let refusal = login.accept("https://client.example/cb?error=access_denied&state=s", 0).unwrap_err();
/// assert_eq!(refusal.error.oauth().map(|oauth| oauth.error()), Some("access_denied"));
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    error: String,
    description: Option<String>,
    uri: Option<String>,
}

impl OAuthError {
    pub(crate) fn new(error: String, description: Option<String>, uri: Option<String>) -> Self {
        Self { error, description, uri }
    }

    /// The `error` code as the server sent it; not always a registered one.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The `error_description`, if there is one.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The `error_uri`, if there is one. Show it as a link only if it begins with `https://` or `http://`.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }
}

impl fmt::Display for OAuthError {
    /// The code and the description, with everything escaped that could end a line or drive a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error.escape_debug())?;
        match &self.description {
            Some(description) => write!(f, " ({})", description.escape_debug()),
            None => Ok(()),
        }
    }
}
