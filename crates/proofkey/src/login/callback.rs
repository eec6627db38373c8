use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::error::ErrorKind;
use crate::syntax::form;
use crate::syntax::grammar::is_vschar;

/// The redirect back from the authorization server, as it arrived. It is never a code and a state on their own, and
/// never a mapping, which would hide a repeated parameter.
///
/// A whole URL converts into one: `login.accept("https://client.example/cb?code=…&state=…", now)`. A callback contains
/// the code, so it is erased on drop and redacted in `Debug`.
///
/// ```
/// use proofkey::Callback;
///
/// let content_type = "application/x-www-form-urlencoded";
/// let posted = Callback::form_post("https://client.example/cb", content_type, "code=c&state=s");
/// assert_eq!(format!("{posted:?}"), "Callback(redacted)");
/// ```
pub struct Callback {
    url: Zeroizing<String>,
    form: Option<Form>,
}

struct Form {
    content_type: String,
    body: Zeroizing<String>,
}

impl Callback {
    /// The URL that the browser was sent to, with its query. A fragment is ignored.
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self { url: Zeroizing::new(url.into()), form: None }
    }

    /// A form that the browser posted (response mode `form_post`): the URL it was posted to, the `Content-Type` and the
    /// body.
    #[must_use]
    pub fn form_post(url: impl Into<String>, content_type: impl Into<String>, body: impl Into<String>) -> Self {
        let form = Form { content_type: content_type.into(), body: Zeroizing::new(body.into()) };
        Self { url: Zeroizing::new(url.into()), form: Some(form) }
    }

    pub(crate) const fn is_form_post(&self) -> bool {
        self.form.is_some()
    }

    /// Reads the callback as the response to a request with this redirect URI.
    pub(crate) fn read(&self, redirect_uri: Option<&str>) -> Result<AuthorizationResponse, ErrorKind> {
        let size = self.form.as_ref().map_or(0, |form| form.body.len()).saturating_add(self.url.len());
        if size > MAX_LEN || self.url.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return Err(ErrorKind::CallbackMalformed);
        }
        let (arrived_at, query) = cut_url(&self.url);
        let mut pairs = form::decode(query).ok_or(ErrorKind::CallbackMalformed)?;
        remove_registered(&mut pairs, arrived_at, redirect_uri.ok_or(ErrorKind::RedirectUriMismatch)?)?;
        if let Some(form) = &self.form {
            let essence = form.content_type.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return Err(ErrorKind::CallbackMalformed);
            }
            pairs.extend(form::decode(&form.body).ok_or(ErrorKind::CallbackMalformed)?);
        }
        AuthorizationResponse::from_pairs(pairs)
    }
}

impl<T: Into<String>> From<T> for Callback {
    fn from(url: T) -> Self {
        Self::url(url)
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(redacted)")
    }
}

/// The parameters of an authorization response (RFC 6749 section 4.1.2, RFC 9207), each at most once and not empty.
#[derive(Default)]
pub(crate) struct AuthorizationResponse {
    code: Option<Zeroizing<String>>,
    state: Option<Zeroizing<String>>,
    iss: Option<Zeroizing<String>>,
    pub(crate) error: Option<String>,
    pub(crate) error_description: Option<String>,
    pub(crate) error_uri: Option<String>,
    jwt: bool,
    token: bool,
}

impl AuthorizationResponse {
    /// Reads the known parameters. Unknown ones are ignored, even if they are repeated (RFC 6749 section 4.1.2).
    fn from_pairs(pairs: Pairs) -> Result<Self, ErrorKind> {
        let mut seen: Vec<Zeroizing<String>> = Vec::new();
        let mut response = Self::default();
        for (name, value) in pairs.into_iter().filter(|(name, _)| KNOWN.contains(&name.as_str())) {
            if seen.contains(&name) {
                return Err(ErrorKind::CallbackDuplicate);
            }
            if !value.is_empty() {
                match name.as_str() {
                    "code" => response.code = Some(value),
                    "state" => response.state = Some(value),
                    "iss" => response.iss = Some(value),
                    "error" => response.error = Some(value.to_string()),
                    "error_description" => response.error_description = Some(value.to_string()),
                    "error_uri" => response.error_uri = Some(value.to_string()),
                    "response" => response.jwt = true,
                    _ => response.token = true,
                }
            }
            seen.push(name);
        }
        Ok(response)
    }

    /// Checks that this responds to the request with the `expected` state (RFC 6749 section 10.12). An empty `expected`
    /// matches nothing.
    pub(crate) fn check_state(&self, expected: &str) -> Result<(), ErrorKind> {
        match &self.state {
            // A response as a JWT, which was not asked for, has its state inside the JWT.
            None if self.jwt => Err(ErrorKind::ResponseModeUnsupported),
            None => Err(ErrorKind::StateMissing),
            Some(state) if !expected.is_empty() && state.as_bytes().ct_eq(expected.as_bytes()).into() => Ok(()),
            Some(_) => Err(ErrorKind::StateMismatch),
        }
    }

    /// Checks that this comes from the `expected` issuer (RFC 9207 section 2.4). The two are compared as text, without
    /// normalising.
    pub(crate) fn check_iss(&self, expected: Option<&str>, promised: bool) -> Result<(), ErrorKind> {
        match &self.iss {
            None if promised => Err(ErrorKind::IssMissing),
            None => Ok(()),
            Some(iss) if expected == Some(iss.as_str()) => Ok(()),
            Some(_) => Err(ErrorKind::IssMismatch),
        }
    }

    /// The code, if the response contains nothing that was not asked for.
    pub(crate) fn into_code(self) -> Result<Zeroizing<String>, ErrorKind> {
        match self.code {
            _ if self.jwt => Err(ErrorKind::ResponseModeUnsupported),
            _ if self.token => Err(ErrorKind::UnexpectedToken),
            None => Err(ErrorKind::CodeMissing),
            Some(code) if is_vschar(&code) => Ok(code),
            Some(_) => Err(ErrorKind::CodeInvalid),
        }
    }
}

type Pairs = Vec<(Zeroizing<String>, Zeroizing<String>)>;

/// Checks that the callback arrived at the redirect URI, and removes the registered query from its parameters (RFC 6749
/// section 3.1.2, RFC 8252 section 8.10). The URLs are compared byte for byte, with one exception: if the redirect URI
/// has no path, a browser requests `/`.
fn remove_registered(pairs: &mut Pairs, arrived_at: &str, redirect_uri: &str) -> Result<(), ErrorKind> {
    let (registered_at, registered_query) = cut_url(redirect_uri);
    let has_path = registered_at.split_once("://").is_none_or(|(_, rest)| rest.contains('/'));
    let is_same = match arrived_at.strip_suffix('/') {
        Some(without_path) if !has_path => without_path == registered_at || arrived_at == registered_at,
        _ => arrived_at == registered_at,
    };
    if !is_same {
        return Err(ErrorKind::RedirectUriMismatch);
    }
    for registered in form::decode(registered_query).ok_or(ErrorKind::RedirectUriMismatch)? {
        let position = pairs.iter().position(|pair| *pair == registered).ok_or(ErrorKind::RedirectUriMismatch)?;
        pairs.remove(position);
    }
    Ok(())
}

/// Cuts a URL into the part before its query, and the query. The fragment is dropped.
fn cut_url(url: &str) -> (&str, &str) {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    url.split_once('?').unwrap_or((url, ""))
}

/// The largest callback, URL and body together, in bytes.
const MAX_LEN: usize = 64 * 1024;

/// The parameters that have a meaning here. The last four contain tokens that were not asked for.
const KNOWN: [&str; 10] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "response",
    "access_token",
    "id_token",
    "refresh_token",
];
