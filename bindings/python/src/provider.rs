use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::flow_error;
use crate::instance::Instance;
use crate::python_text::{bytes_or_text, utf8};
use crate::transport::Transport;

/// An authorization server: its endpoints, and what it supports. URLs are kept and sent as given.
///
/// `Provider.discover(issuer)` reads them from the server's metadata. `iss_parameter_supported` says that the server
/// sends `iss` in every authorization response (RFC 9207); one without it is then refused. `jwks_uri` is where the keys
/// for ID tokens are; the scope `openid` needs it and the issuer. `ConfigurationError` for URLs that are not absolute,
/// have a fragment, or are http to anything but 127.0.0.1, [::1] and localhost.
///
/// >>> import proofkey
/// >>> proofkey.Provider(
/// ...     authorization_endpoint="https://as.example/authorize",
/// ...     token_endpoint="https://as.example/token",
/// ...     issuer="https://as.example",
/// ... )
/// Provider(authorization_endpoint='https://as.example/authorize', token_endpoint='https://as.example/token')
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Provider(pub(crate) proofkey::Provider);

/// A method that adds a URL.
type Further = fn(proofkey::Provider, String) -> Result<proofkey::Provider, proofkey::Error>;

#[pyo3::pymethods]
impl Provider {
    #[new]
    #[pyo3(signature = (
        *, authorization_endpoint, token_endpoint, issuer = None, iss_parameter_supported = false,
        revocation_endpoint = None, device_authorization_endpoint = None, jwks_uri = None, userinfo_endpoint = None,
        end_session_endpoint = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        authorization_endpoint: &Bound<'_, PyAny>,
        token_endpoint: &Bound<'_, PyAny>,
        issuer: Option<&Bound<'_, PyAny>>,
        iss_parameter_supported: bool,
        revocation_endpoint: Option<&Bound<'_, PyAny>>,
        device_authorization_endpoint: Option<&Bound<'_, PyAny>>,
        jwks_uri: Option<&Bound<'_, PyAny>>,
        userinfo_endpoint: Option<&Bound<'_, PyAny>>,
        end_session_endpoint: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let authorization_endpoint = utf8("authorization_endpoint", authorization_endpoint)?;
        let token_endpoint = utf8("token_endpoint", token_endpoint)?;
        let provider = proofkey::Provider::new(authorization_endpoint, token_endpoint);
        let further: [(_, _, Further); 6] = [
            ("issuer", issuer, proofkey::Provider::with_issuer),
            ("revocation_endpoint", revocation_endpoint, proofkey::Provider::with_revocation_endpoint),
            (
                "device_authorization_endpoint",
                device_authorization_endpoint,
                proofkey::Provider::with_device_authorization_endpoint,
            ),
            ("jwks_uri", jwks_uri, proofkey::Provider::with_jwks_uri),
            ("userinfo_endpoint", userinfo_endpoint, proofkey::Provider::with_userinfo_endpoint),
            ("end_session_endpoint", end_session_endpoint, proofkey::Provider::with_end_session_endpoint),
        ];
        let provider = with_further(provider, further)?;
        let provider = provider.map_err(|error| flow_error(py, &error))?;
        Ok(Self(if iss_parameter_supported { provider.with_iss_parameter_supported() } else { provider }))
    }

    /// Fetches the metadata of the server with this issuer (RFC 8414, then OpenID Connect Discovery) over the network.
    ///
    /// `MetadataError` if it is another issuer's or cannot be used; `TransportError`. For an issuer that a user typed
    /// in, pass `transport=proofkey.Transport(public_only=True)`. A provider never changes by itself: a program that
    /// runs for days discovers it again from time to time.
    #[staticmethod]
    #[pyo3(signature = (issuer, /, *, transport = None))]
    fn discover(
        py: Python<'_>,
        issuer: &Bound<'_, PyAny>,
        transport: Option<Instance<'_, Transport>>,
    ) -> PyResult<Self> {
        let issuer = utf8("issuer", issuer)?;
        let transport = transport.map_or_else(Transport::shared, |transport| transport.clone());
        let discovered = py.detach(|| proofkey::Provider::discover(issuer, &transport.0));
        discovered.map(Self).map_err(|error| flow_error(py, &error))
    }

    /// The server described by a metadata document that the program has fetched itself, as bytes or text.
    ///
    /// >>> import proofkey
    /// >>> document = '''{"issuer": "https://as.example", "authorization_endpoint": "https://as.example/authorize",
    /// ...     "token_endpoint": "https://as.example/token", "code_challenge_methods_supported": ["S256"]}'''
    /// >>> proofkey.Provider.from_metadata("https://as.example", document).pkce_support
    /// 'S256'
    #[staticmethod]
    #[pyo3(signature = (issuer, document, /))]
    fn from_metadata(py: Python<'_>, issuer: &Bound<'_, PyAny>, document: &Bound<'_, PyAny>) -> PyResult<Self> {
        let provider =
            proofkey::Provider::from_metadata(&utf8("issuer", issuer)?, &bytes_or_text("the document", document)?);
        provider.map(Self).map_err(|error| flow_error(py, &error))
    }

    /// A widely used server: "dropbox", "github", "google", or "microsoft" with a `tenant`. `ValueError` for any other
    /// name.
    ///
    /// Dropbox and Google give a refresh token with a quirk ("offline_by_token_access_type", "offline_by_access_type"),
    /// Microsoft with the scope `offline_access`. The `tenant` is an id or a domain, or "common", "organizations" or
    /// "consumers"; the scope `openid` needs the id, in lower case. Without a redirect URI Dropbox shows the code to
    /// the user (`login.accept_pasted_code`).
    ///
    /// >>> import proofkey
    /// >>> proofkey.Provider.known("dropbox").with_quirk("offline_by_token_access_type").quirks
    /// ['offline_by_token_access_type']
    #[staticmethod]
    #[pyo3(signature = (name, /, *, tenant = None))]
    fn known(py: Python<'_>, name: &str, tenant: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let tenant = tenant.map(|tenant| utf8("tenant", tenant)).transpose()?;
        let known = proofkey::KnownProvider::from_name(name, tenant.as_deref()).ok_or_else(|| {
            PyValueError::new_err("name: \"dropbox\", \"github\", \"google\", or \"microsoft\" with a tenant")
        })?;
        proofkey::Provider::known(known).map(Self).map_err(|error| flow_error(py, &error))
    }

    /// The same server with these endpoints instead of those that it has: for what its metadata leaves out or gets
    /// wrong.
    ///
    /// >>> import proofkey
    /// >>> github = proofkey.Provider.known("github")
    /// >>> github.with_endpoints(userinfo_endpoint="https://api.github.com/user").userinfo_endpoint
    /// 'https://api.github.com/user'
    #[pyo3(signature = (
        *, revocation_endpoint = None, device_authorization_endpoint = None, jwks_uri = None, userinfo_endpoint = None,
        end_session_endpoint = None
    ))]
    fn with_endpoints(
        &self,
        py: Python<'_>,
        revocation_endpoint: Option<&Bound<'_, PyAny>>,
        device_authorization_endpoint: Option<&Bound<'_, PyAny>>,
        jwks_uri: Option<&Bound<'_, PyAny>>,
        userinfo_endpoint: Option<&Bound<'_, PyAny>>,
        end_session_endpoint: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let further: [(_, _, Further); 5] = [
            ("revocation_endpoint", revocation_endpoint, proofkey::Provider::with_revocation_endpoint),
            (
                "device_authorization_endpoint",
                device_authorization_endpoint,
                proofkey::Provider::with_device_authorization_endpoint,
            ),
            ("jwks_uri", jwks_uri, proofkey::Provider::with_jwks_uri),
            ("userinfo_endpoint", userinfo_endpoint, proofkey::Provider::with_userinfo_endpoint),
            ("end_session_endpoint", end_session_endpoint, proofkey::Provider::with_end_session_endpoint),
        ];
        let provider = with_further(Ok(self.0.clone()), further)?;
        provider.map(Self).map_err(|error| flow_error(py, &error))
    }

    /// Enables a quirk: "scope_separated_by_comma" (responses of GitHub and Slack), "offline_by_token_access_type"
    /// (Dropbox), "offline_by_access_type" (Google), "resource_only_at_authorization" or "token_type_user_access_token"
    /// (eBay). `ValueError` for another name.
    #[pyo3(signature = (quirk, /))]
    fn with_quirk(&self, quirk: &str) -> PyResult<Self> {
        let known = proofkey::Quirk::ALL.iter().find(|known| known.as_str() == quirk);
        let known = known.ok_or_else(|| PyValueError::new_err("quirk: no quirk has this name"))?;
        Ok(Self(self.0.clone().with_quirk(*known)))
    }

    /// The enabled quirks.
    #[getter]
    fn quirks(&self) -> Vec<&'static str> {
        self.0.quirks().iter().map(|quirk| quirk.as_str()).collect()
    }

    /// Where the browser is sent.
    #[getter]
    fn authorization_endpoint(&self) -> &str {
        self.0.authorization_endpoint()
    }

    /// Where codes are exchanged.
    #[getter]
    fn token_endpoint(&self) -> &str {
        self.0.token_endpoint()
    }

    /// The issuer identifier; `None` if it is not known.
    #[getter]
    fn issuer(&self) -> Option<&str> {
        self.0.issuer()
    }

    /// Whether the server sends `iss` in every authorization response.
    #[getter]
    const fn iss_parameter_supported(&self) -> bool {
        self.0.iss_parameter_supported()
    }

    /// Where tokens are revoked; `None` if it is not known.
    #[getter]
    fn revocation_endpoint(&self) -> Option<&str> {
        self.0.revocation_endpoint()
    }

    /// Where a device asks for its codes (RFC 8628); `None` if it is not known.
    #[getter]
    fn device_authorization_endpoint(&self) -> Option<&str> {
        self.0.device_authorization_endpoint()
    }

    /// Where the server's keys for ID tokens are; `None` if it is not known.
    #[getter]
    fn jwks_uri(&self) -> Option<&str> {
        self.0.jwks_uri()
    }

    /// Where the server says more about the user; `None` if it is not known.
    #[getter]
    fn userinfo_endpoint(&self) -> Option<&str> {
        self.0.userinfo_endpoint()
    }

    /// Where the browser is sent to sign out; `None` if it is not known.
    #[getter]
    fn end_session_endpoint(&self) -> Option<&str> {
        self.0.end_session_endpoint()
    }

    /// What the metadata says about PKCE: "S256", "without_s256" (methods are listed, and S256 is not among them) or
    /// "unknown". S256 is sent in every case.
    #[getter]
    const fn pkce_support(&self) -> &'static str {
        self.0.pkce_support().as_str()
    }

    /// The same provider, or `ConfigurationError` if its metadata does not list S256.
    ///
    /// >>> import proofkey
    /// >>> proofkey.Provider.known("github").require_advertised_pkce().pkce_support
    /// 'S256'
    fn require_advertised_pkce(&self, py: Python<'_>) -> PyResult<Self> {
        self.0.clone().require_advertised_pkce().map(Self).map_err(|error| flow_error(py, &error))
    }

    /// How a client with a secret authenticates unless it is told otherwise: "client_secret_basic", or
    /// "client_secret_post" if the metadata lists that one and not the other.
    #[getter]
    const fn token_endpoint_auth_method(&self) -> &'static str {
        self.0.token_endpoint_auth_method().as_str()
    }

    fn __repr__(&self) -> String {
        let (authorization, token) = (self.0.authorization_endpoint(), self.0.token_endpoint());
        format!("Provider(authorization_endpoint='{authorization}', token_endpoint='{token}')")
    }
}

fn with_further<const N: usize>(
    mut provider: Result<proofkey::Provider, proofkey::Error>,
    further: [(&str, Option<&Bound<'_, PyAny>>, Further); N],
) -> PyResult<Result<proofkey::Provider, proofkey::Error>> {
    for (name, url, add) in further {
        if let Some(url) = url {
            let url = utf8(name, url)?;
            provider = provider.and_then(|provider| add(provider, url));
        }
    }
    Ok(provider)
}
