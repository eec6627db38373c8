use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::flow_error;
use crate::json::{claims_to_python, to_python};
use crate::secret::{Secret, not_copied};

/// What the token endpoint granted (RFC 6749 section 5.1). It cannot be copied or pickled, and its repr hides the
/// tokens; `to_dict()` returns everything in clear text, for storage.
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Tokens(pub(crate) proofkey::Tokens);

#[pyo3::pymethods]
impl Tokens {
    /// Tokens from storage: a dict that `to_dict()` returned, or one that Authlib, requests-oauthlib or MSAL stored
    /// (`scope` may be a text, `expires_at` may have a fraction, `expires_on` stands for it). Their ID token was checked
    /// when it came and is not checked again.
    ///
    /// `StoredTokensError` says which member cannot be read: "stored_expiry_relative" for `expires_in` without
    /// `expires_at`. `IdTokenError` if the ID token is not a signed JWT.
    ///
    /// >>> import proofkey
    /// >>> stored = {"access_token": "a", "refresh_token": "r", "expires_at": None, "scope": "read write"}
    /// >>> proofkey.Tokens.from_dict(stored)
    /// <proofkey.Tokens redacted, scope=["read", "write"], expires_at=None>
    #[staticmethod]
    #[pyo3(signature = (stored, /))]
    fn from_dict(py: Python<'_>, stored: &Bound<'_, PyDict>) -> PyResult<Self> {
        let text: String = py.import("json")?.call_method1("dumps", (stored,))?.extract()?;
        let stored = proofkey::Secret::new(text);
        proofkey::Tokens::from_json(stored.expose()).map(Self).map_err(|error| flow_error(py, &error))
    }

    /// The access token: send `access_token.expose()` as `Authorization: Bearer …` to the resource server and to nobody
    /// else.
    #[getter]
    fn access_token(&self) -> Secret {
        Secret(self.0.access_token().clone())
    }

    /// The value of the `Authorization` header of a request to an API: "Bearer" and the access token. Send it to the
    /// origin of that API alone, and drop it when a redirect leads to another one, as `proofkey.httpx.TokenAuth` and
    /// `proofkey.requests.TokenAuth` do.
    ///
    /// `TokenError` "access_token_invalid" if the access token has characters that the header may not have.
    ///
    /// >>> import proofkey
    /// >>> proofkey.Tokens.from_dict({"access_token": "mF_9.B5f-4.1JqM"}).authorization_header().expose()
    /// 'Bearer mF_9.B5f-4.1JqM'
    fn authorization_header(&self, py: Python<'_>) -> PyResult<Secret> {
        self.0.authorization_header().map(Secret).map_err(|error| flow_error(py, &error))
    }

    /// The refresh token; `None` if the server sent none.
    #[getter]
    fn refresh_token(&self) -> Option<Secret> {
        self.0.refresh_token().cloned().map(Secret)
    }

    /// The lifetime of the access token in seconds. `None` if the server did not say; the token is then neither expired
    /// nor everlasting.
    #[getter]
    const fn expires_in(&self) -> Option<u32> {
        self.0.expires_in()
    }

    /// When the access token expires, in seconds since the epoch; `None` if the server did not say.
    #[getter]
    const fn expires_at(&self) -> Option<i64> {
        self.0.expires_at()
    }

    /// Whether the access token expires within this many seconds from now, so that it is time to refresh. `False` if
    /// the server did not say when it expires: refresh such tokens when a resource server responds with
    /// `invalid_token`, and try it only once.
    #[pyo3(signature = (seconds, /))]
    fn expires_within(&self, seconds: u32) -> bool {
        self.0.expires_within(seconds, proofkey::now())
    }

    /// The granted scope as a list of tokens; `None` means as requested.
    #[getter]
    fn scope(&self) -> Option<Vec<&str>> {
        self.0.scope().map(|scope| scope.iter().map(String::as_str).collect())
    }

    /// The resource servers that the tokens are for, which a refresh names again (RFC 8707).
    #[getter]
    fn resource(&self) -> Vec<&str> {
        self.0.resource().iter().map(String::as_str).collect()
    }

    /// Whether the granted scope is a different set from the requested one; `False` if none was requested.
    #[getter]
    const fn scope_changed(&self) -> bool {
        self.0.scope_changed()
    }

    /// Whether the server left out `token_type`, so that Bearer was assumed.
    #[getter]
    const fn token_type_defaulted(&self) -> bool {
        self.0.token_type_defaulted()
    }

    /// The provider's quirks that applied when these tokens were requested and read.
    #[getter]
    fn quirks(&self) -> Vec<&'static str> {
        self.0.quirks().iter().map(|quirk| quirk.as_str()).collect()
    }

    /// A further member of the response, for example Dropbox's `account_id`; `None` if it is not there. Do not trust
    /// it.
    #[pyo3(signature = (name, /))]
    fn extra<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.extra(name).map(|value| to_python(py, value)).transpose()
    }

    /// What the checked ID token says about the user, as a dict; `None` without the scope `openid`. Identify users by
    /// the pair of `claims["iss"]` and `claims["sub"]`, never by an e-mail address.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.0.claims().map(|claims| claims_to_python(py, claims)).transpose()
    }

    /// The ID token itself; `None` without the scope `openid`. Do not use it as a credential anywhere else.
    #[getter]
    fn id_token(&self) -> Option<Secret> {
        self.0.id_token().cloned().map(Secret)
    }

    /// Whether the signature of the ID token was verified when it came. `False` after `trust_token_endpoint_tls()`, for
    /// tokens from storage, and without an ID token.
    #[getter]
    fn signature_verified(&self) -> bool {
        self.0.signature_verified()
    }

    /// Everything as a dict, with the tokens in clear text. Store it only where they are safe.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.0.to_json().expose(),))
    }

    fn __repr__(&self) -> String {
        let (scope, expires_at) = (self.0.scope(), self.0.expires_at());
        let scope = scope.map_or_else(|| "None".to_owned(), |scope| format!("{scope:?}"));
        let expires_at = expires_at.map_or_else(|| "None".to_owned(), |at| at.to_string());
        format!("<proofkey.Tokens redacted, scope={scope}, expires_at={expires_at}>")
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(not_copied("Tokens"))
    }
}
