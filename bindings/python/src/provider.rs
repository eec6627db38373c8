use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::{discovery_error, flow_error};
use crate::text::{bytes_or_text, utf8};
use crate::transport::Transport;

/// An authorization server: its endpoints, and what it promises. URLs are kept and sent as given.
///
/// `Provider.discover(issuer)` reads them from the server's metadata. `iss_promised` says that it sends `iss` in every
/// answer (RFC 9207); one without it is then refused. `jwks_uri` is where the keys for ID tokens are, and what the scope
/// `openid` needs besides the issuer. `ConfigurationError` for URLs that are not absolute, have a
/// fragment, or are http to anything but 127.0.0.1, [::1] and localhost.
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
        *, authorization_endpoint, token_endpoint, issuer = None, iss_promised = false, revocation_endpoint = None,
        jwks_uri = None, userinfo_endpoint = None, end_session_endpoint = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        authorization_endpoint: &Bound<'_, PyAny>,
        token_endpoint: &Bound<'_, PyAny>,
        issuer: Option<&Bound<'_, PyAny>>,
        iss_promised: bool,
        revocation_endpoint: Option<&Bound<'_, PyAny>>,
        jwks_uri: Option<&Bound<'_, PyAny>>,
        userinfo_endpoint: Option<&Bound<'_, PyAny>>,
        end_session_endpoint: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let authorization_endpoint = utf8("authorization_endpoint", authorization_endpoint)?;
        let token_endpoint = utf8("token_endpoint", token_endpoint)?;
        let mut provider = proofkey::Provider::new(authorization_endpoint, token_endpoint);
        let further: [(_, _, Further); 5] = [
            ("issuer", issuer, proofkey::Provider::issuer),
            ("revocation_endpoint", revocation_endpoint, proofkey::Provider::revocation_endpoint),
            ("jwks_uri", jwks_uri, proofkey::Provider::jwks_uri),
            ("userinfo_endpoint", userinfo_endpoint, proofkey::Provider::userinfo_endpoint),
            ("end_session_endpoint", end_session_endpoint, proofkey::Provider::end_session_endpoint),
        ];
        for (name, url, add) in further {
            if let Some(url) = url {
                let url = utf8(name, url)?;
                provider = provider.and_then(|provider| add(provider, url));
            }
        }
        let provider = provider.map_err(|error| flow_error(py, &error))?;
        Ok(Self(if iss_promised { provider.iss_promised() } else { provider }))
    }

    /// The server with this issuer, by its metadata (RFC 8414, then OpenID Connect Discovery), fetched over the network.
    ///
    /// `MetadataError` if it is another issuer's or cannot be used; `TransportError`. For an issuer that a user typed in,
    /// pass `transport=proofkey.Transport(public_only=True)`.
    #[staticmethod]
    #[pyo3(signature = (issuer, /, *, transport = None))]
    fn discover(py: Python<'_>, issuer: &Bound<'_, PyAny>, transport: Option<&Transport>) -> PyResult<Self> {
        let issuer = utf8("issuer", issuer)?;
        let transport = transport.cloned().unwrap_or_else(Transport::shared);
        let discovered = py.detach(|| proofkey::Provider::discover(issuer, &transport.0));
        discovered.map(Self).map_err(|error| discovery_error(py, &error))
    }

    /// The server by a metadata document that the program has fetched itself, as bytes or text.
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

    /// Dropbox. For a refresh token add the quirk "offline_by_token_access_type"; without a redirect URI it shows the
    /// code to the user (`login.accept_pasted_code`).
    ///
    /// >>> import proofkey
    /// >>> proofkey.Provider.dropbox().with_quirk("offline_by_token_access_type").quirks
    /// ['offline_by_token_access_type']
    #[staticmethod]
    fn dropbox(py: Python<'_>) -> PyResult<Self> {
        proofkey::Provider::dropbox().map(Self).map_err(|error| flow_error(py, &error))
    }

    /// GitHub, for OAuth apps and GitHub Apps.
    #[staticmethod]
    fn github(py: Python<'_>) -> PyResult<Self> {
        proofkey::Provider::github().map(Self).map_err(|error| flow_error(py, &error))
    }

    /// Google. For a refresh token add the quirk "offline_by_access_type". Desktop clients have a secret that they must
    /// send, and that proves nothing.
    #[staticmethod]
    fn google(py: Python<'_>) -> PyResult<Self> {
        proofkey::Provider::google().map(Self).map_err(|error| flow_error(py, &error))
    }

    /// Microsoft Entra ID, by the id or the domain of a tenant, or "common", "organizations" or "consumers". For a
    /// refresh token ask for the scope `offline_access`. The scope `openid` needs the id of the tenant, in lower case.
    #[staticmethod]
    #[pyo3(signature = (tenant, /))]
    fn microsoft(py: Python<'_>, tenant: &Bound<'_, PyAny>) -> PyResult<Self> {
        let provider = proofkey::Provider::microsoft(&utf8("tenant", tenant)?);
        provider.map(Self).map_err(|error| flow_error(py, &error))
    }

    /// The same server, of which this is special: "scope_separated_by_comma" (GitHub, Slack: in its answers),
    /// "offline_by_token_access_type" (Dropbox) or "offline_by_access_type" (Google). `ValueError` for another name.
    #[pyo3(signature = (quirk, /))]
    fn with_quirk(&self, quirk: &str) -> PyResult<Self> {
        let known = proofkey::Quirk::ALL.iter().find(|known| known.as_str() == quirk);
        let known = known.ok_or_else(|| PyValueError::new_err("no quirk has this name"))?;
        Ok(Self(self.0.clone().with_quirk(*known)))
    }

    /// What is special about the server, as far as it was told.
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

    /// What the metadata says about PKCE: "S256", "unsupported_s256" (methods are listed, and S256 is not among them) or
    /// "unknown". S256 is sent in every case.
    #[getter]
    const fn pkce_support(&self) -> &'static str {
        match self.0.pkce_support() {
            proofkey::PkceSupport::S256 => "S256",
            proofkey::PkceSupport::WithoutS256 => "unsupported_s256",
            proofkey::PkceSupport::Unknown => "unknown",
        }
    }

    /// The same provider, for profiles that take no server whose metadata does not list S256: `ConfigurationError` then.
    ///
    /// >>> import proofkey
    /// >>> proofkey.Provider.github().require_advertised_pkce().pkce_support
    /// 'S256'
    fn require_advertised_pkce(&self, py: Python<'_>) -> PyResult<Self> {
        self.0.clone().require_advertised_pkce().map(Self).map_err(|error| flow_error(py, &error))
    }

    /// How a client with a secret authenticates unless it is told: "client_secret_basic", or "client_secret_post" if the
    /// metadata offers that alone.
    #[getter]
    const fn token_endpoint_auth_method(&self) -> &'static str {
        self.0.token_endpoint_auth_method()
    }

    fn __repr__(&self) -> String {
        let (authorization, token) = (self.0.authorization_endpoint(), self.0.token_endpoint());
        format!("Provider(authorization_endpoint='{authorization}', token_endpoint='{token}')")
    }
}
