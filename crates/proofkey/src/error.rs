use std::fmt;
use std::num::NonZeroU16;

use proofkey_core::{Recovery, error_enum};

include!("error_table.rs");

error_table! {
    error_enum,
    /// What can go wrong, in every layer and language: one closed table.
    ///
    /// An entry never changes its number, its name or its meaning; entries are only added. Each has a static message,
    /// says who is at fault and what to do next and, for authorization servers, which error to respond with. It never
    /// contains the value of a parameter.
    ///
    /// ```
    /// use proofkey::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::StateMismatch.name(), "state_mismatch");
    /// assert_eq!(ErrorKind::from_number(203), Some(ErrorKind::StateMismatch));
    /// ```
    pub enum ErrorKind
}

impl From<proofkey_core::Error> for ErrorKind {
    fn from(error: proofkey_core::Error) -> Self {
        Self::from_number(error.number()).unwrap_or(Self::Internal)
    }
}

/// What went wrong in the flow: an entry of the closed table ([`ErrorKind`]), the endpoint and the HTTP status if a
/// server responded, and the server's own words if it refused.
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
    retry_after: Option<u32>,
    oauth: Option<Box<OAuthError>>,
    status: Option<NonZeroU16>,
    endpoint: Option<Endpoint>,
    request_sent: bool,
}

/// Errors travel by value through every `Result` of the flow.
const _: () = assert!(size_of::<Error>() <= 24);

impl Error {
    /// The entry of the table: name, number, who is at fault.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do next. It depends on the entry of the table, on the HTTP status, and on the server's error code.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Recovery, Response, Roundtrip};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().state("s").begin(0)?;
    /// let exchange = login.accept("https://client.example/cb?code=c&state=s", 0)?;
    /// let json = [("Content-Type", "application/json")];
    /// let response = Response::new(401, json, r#"{"error":"invalid_client"}"#);
    /// let error = exchange.receive(response, 0).unwrap_err().error;
    /// assert_eq!(error.recovery(), Recovery::FixConfiguration);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self.kind {
            ErrorKind::AuthorizationError | ErrorKind::TokenError => {
                self.oauth().and_then(|oauth| recovery_of_code(oauth.error()))
            }
            ErrorKind::ResponseStatus => self.status.map(|status| match (status.get(), self.endpoint) {
                (401 | 403, Some(Endpoint::Userinfo)) => Recovery::RestartLogin,
                (429 | 500..=599, _) => Recovery::RetryLater,
                _ => Recovery::FixConfiguration,
            }),
            _ => None,
        }
        .unwrap_or(self.kind.recovery())
    }

    /// What the server itself said, if it said anything (RFC 6749 sections 4.1.2.1 and 5.2).
    #[must_use]
    pub fn oauth(&self) -> Option<&OAuthError> {
        self.oauth.as_deref()
    }

    /// The endpoint that was asked, for errors of a request or its response.
    #[must_use]
    pub const fn endpoint(&self) -> Option<Endpoint> {
        self.endpoint
    }

    /// The HTTP status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status.map(NonZeroU16::get)
    }

    /// Whether a byte of a request may have reached the server. If so, treat the code in it as used.
    #[must_use]
    pub const fn request_sent(&self) -> bool {
        self.request_sent
    }

    /// How many seconds the server asks to wait before the next attempt (RFC 9110 section 10.2.3), for example with a
    /// 429 or a 503. Do not send the same code or refresh token again after that time; begin anew.
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

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status: NonZeroU16::new(status), ..self }
    }

    /// The same error by another name.
    pub(crate) fn with_kind(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// With the endpoint, unless one is named already.
    pub(crate) fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: self.endpoint.or(Some(endpoint)), ..self }
    }

    pub(crate) fn sent(self, request_sent: bool) -> Self {
        Self { request_sent, ..self }
    }
}

/// What to do about an `error` code of RFC 6749 sections 4.1.2.1 and 5.2, or of OpenID Connect Core section 3.1.2.6.
fn recovery_of_code(code: &str) -> Option<Recovery> {
    Some(match code {
        "invalid_client"
        | "unauthorized_client"
        | "invalid_request"
        | "unsupported_grant_type"
        | "unsupported_response_type"
        | "invalid_redirect_uri" => Recovery::FixConfiguration,
        "invalid_scope" => Recovery::FixScope,
        "invalid_grant"
        | "login_required"
        | "consent_required"
        | "interaction_required"
        | "account_selection_required" => Recovery::RestartLogin,
        "server_error" | "temporarily_unavailable" => Recovery::RetryLater,
        "access_denied" => Recovery::AskUser,
        _ => return None,
    })
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, retry_after: None, oauth: None, status: None, endpoint: None, request_sent: false }
    }
}

impl From<proofkey_core::Error> for Error {
    fn from(error: proofkey_core::Error) -> Self {
        ErrorKind::from(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match (self.endpoint, self.status) {
            (Some(endpoint), Some(status)) => write!(f, " ({endpoint}, HTTP {status})")?,
            (Some(endpoint), None) => write!(f, " ({endpoint})")?,
            (None, _) => {}
        }
        match &self.oauth {
            Some(oauth) => write!(f, ": {oauth}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// What a request was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// The metadata of the server (RFC 8414, OpenID Connect Discovery).
    Metadata,
    /// The keys of the server (RFC 7517).
    Jwks,
    /// The token endpoint (RFC 6749 section 3.2).
    Token,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    DeviceAuthorization,
    /// The revocation endpoint (RFC 7009).
    Revocation,
    /// The userinfo endpoint (OpenID Connect Core section 5.3).
    Userinfo,
}

impl Endpoint {
    /// Its name, for example `token`.
    ///
    /// ```
    /// assert_eq!(proofkey::Endpoint::Jwks.as_str(), "jwks");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Jwks => "jwks",
            Self::Token => "token",
            Self::DeviceAuthorization => "device_authorization",
            Self::Revocation => "revocation",
            Self::Userinfo => "userinfo",
        }
    }
}

impl fmt::Display for Endpoint {
    /// For messages: `token endpoint`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "metadata",
            Self::Jwks => "keys",
            Self::Token => "token endpoint",
            Self::DeviceAuthorization => "device authorization endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Userinfo => "userinfo endpoint",
        })
    }
}

/// The server's own words for a refusal. They are **untrusted**: kept as they came, so that programs can compare them,
/// and escaped when displayed. Do not put them into a page, a header or a shell command as they are, and do not follow
/// the URI unasked.
///
/// ```
/// # use proofkey::{Client, Provider};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "app")?.with_redirect_uri("https://client.example/cb")?;
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
    /// The code and the description, with everything escaped that could end a line or control a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error.escape_debug())?;
        match &self.description {
            Some(description) => write!(f, " ({})", description.escape_debug()),
            None => Ok(()),
        }
    }
}
