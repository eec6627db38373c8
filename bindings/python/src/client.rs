use proofkey::{ErrorKind, now};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::error::{flow_error, to_pyerr};
use crate::login::Login;
use crate::provider::Provider;
use crate::text::{utf8, wrong_type};
use crate::tokens::Tokens;
use crate::transport::Transport;
use crate::verifier::Verifier;

/// An OAuth client: a provider, a client id and the redirect URI that is registered for it.
///
/// It is public: it has no secret, and PKCE is what protects its codes. One client serves all threads.
/// `ConfigurationError` for a client id that is not printable ASCII, or a redirect URI that is not absolute, has a
/// fragment, or is http to anything but loopback.
///
/// >>> import proofkey
/// >>> provider = proofkey.Provider(
/// ...     authorization_endpoint="https://as.example/authorize", token_endpoint="https://as.example/token"
/// ... )
/// >>> client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
/// >>> client.begin(scope="files.read").url[:57]
/// 'https://as.example/authorize?response_type=code&client_id'
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Client {
    client: proofkey::Client,
    transport: Transport,
}

#[pyo3::pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (provider, client_id, *, redirect_uri = None, transport = None))]
    fn new(
        py: Python<'_>,
        provider: &Provider,
        client_id: &Bound<'_, PyAny>,
        redirect_uri: Option<&Bound<'_, PyAny>>,
        transport: Option<&Transport>,
    ) -> PyResult<Self> {
        let client_id = utf8("client_id", client_id)?;
        let redirect_uri = redirect_uri.map(|redirect_uri| utf8("redirect_uri", redirect_uri)).transpose()?;
        let client = proofkey::Client::new(provider.0.clone(), client_id).and_then(|client| match redirect_uri {
            Some(redirect_uri) => client.redirect_uri(redirect_uri),
            None => Ok(client),
        });
        let client = client.map_err(|error| flow_error(py, &error))?;
        Ok(Self { client, transport: transport.cloned().unwrap_or_else(Transport::shared) })
    }

    /// Begins a login, with a fresh state and a fresh verifier. Send the browser to its `url`.
    ///
    /// `scope` is a text of tokens with single spaces between them, or a list of tokens; `extra` are further
    /// parameters of the authorization request. `state` and `verifier` are for tests. It raises
    /// `ConfigurationError` for a scope, a state or an extra parameter that cannot be sent; the scope `openid` is
    /// refused too, because this version does not check ID tokens.
    #[pyo3(signature = (*, scope = None, extra = None, state = None, verifier = None))]
    fn begin(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        extra: Option<&Bound<'_, PyDict>>,
        state: Option<&Bound<'_, PyAny>>,
        verifier: Option<&Verifier>,
    ) -> PyResult<Login> {
        let mut request = self.client.authorize();
        if let Some(scope) = scope {
            request = request.scope(joined(scope)?);
        }
        for (name, value) in extra.into_iter().flatten() {
            request =
                request.extra(utf8("the name of an extra parameter", &name)?, utf8("an extra parameter", &value)?);
        }
        if let Some(state) = state {
            request = request.state(utf8("state", state)?);
        }
        if let Some(verifier) = verifier {
            request = request.verifier(verifier.copy().map_err(|error| to_pyerr(py, error))?);
        }
        let login = request.begin(now()).map_err(|error| flow_error(py, &error))?;
        Ok(Login::new(login))
    }

    /// Checks the callback, exchanges its code over the network, and returns the tokens.
    ///
    /// `callback_url` is the whole URL that the browser was sent to. What anybody could have sent leaves the login
    /// usable (`CallbackError`); the server's no is an `AuthorizationError` or a `TokenError`;
    /// `TransportError.request_sent` says whether the code may have been used up. It waits ten seconds at most;
    /// other threads run meanwhile.
    #[pyo3(signature = (login, callback_url, /))]
    fn finish(&self, py: Python<'_>, login: &Login, callback_url: &Bound<'_, PyAny>) -> PyResult<Tokens> {
        let finished =
            login.use_up(py, callback_url, |login, callback| self.client.finish(login, callback, &self.transport.0));
        finished.map(Tokens)
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Client {:?}>", self.client.id())
    }
}

/// A scope as one text.
fn joined(scope: &Bound<'_, PyAny>) -> PyResult<String> {
    if scope.is_instance_of::<PyString>() {
        return utf8("scope", scope);
    }
    let mut tokens = Vec::new();
    for token in scope.try_iter().map_err(|_| wrong_type("scope", scope))? {
        let token = utf8("a scope token", &token?)?;
        if token.is_empty() || token.contains(' ') {
            return Err(to_pyerr(scope.py(), ErrorKind::ScopeInvalid));
        }
        tokens.push(token);
    }
    Ok(tokens.join(" "))
}
