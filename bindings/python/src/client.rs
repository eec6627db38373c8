use proofkey::{ErrorKind, IdTokenAlgorithm, Secret};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::error::{flow_error, to_pyerr};
use crate::exchange::Exchange;
use crate::json::claims_to_python;
use crate::login::{Login, callback};
use crate::loopback;
use crate::provider::Provider;
use crate::seal::SealKeys;
use crate::store::Store;
use crate::text::{text, utf8, wrong_type};
use crate::tokens::Tokens;
use crate::transport::{Transport, time_out};
use crate::verifier::Verifier;

/// An OAuth client: a provider, a client id and the redirect URI that is registered for it. One serves all threads.
///
/// Without `client_secret` it is public, and PKCE alone protects its codes. A secret is a text, or a callable that
/// returns one each time it is needed, for secrets that rotate; `auth_method` is "client_secret_basic" or
/// "client_secret_post", by default what the provider's metadata asks for, else basic.
///
/// `id_token_algorithms` are the signatures that ID tokens may have, by default what the provider's metadata lists, else
/// "RS256"; `id_token_leeway` is how many seconds the server's clock may be off; `trusted_audiences` are other audiences
/// that an ID token may be for.
///
/// An application that uses several servers has a redirect URI for each: a server that does not send `iss` could else
/// pass its answer off as another's (RFC 9700 section 4.4.2).
///
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
    authentication: Option<(Method, Py<PyAny>)>,
    transport: Transport,
}

#[derive(Clone, Copy)]
enum Method {
    Basic,
    Post,
}

impl Client {
    /// The client with the secret of this moment.
    pub(crate) fn current(&self, py: Python<'_>) -> PyResult<proofkey::Client> {
        let Some((method, secret)) = &self.authentication else { return Ok(self.client.clone()) };
        let secret = secret.bind(py);
        let secret = match secret.is_callable() {
            true => utf8("what client_secret returns", &secret.call0()?)?,
            false => utf8("client_secret", secret)?,
        };
        let secret = Secret::new(secret);
        Ok(match method {
            Method::Basic => self.client.clone().client_secret_basic(secret),
            Method::Post => self.client.clone().client_secret_post(secret),
        })
    }
}

#[pyo3::pymethods]
impl Client {
    #[new]
    #[pyo3(signature = (
        provider, client_id, *, redirect_uri = None, client_secret = None, auth_method = None, transport = None,
        id_token_algorithms = None, id_token_leeway = 60, trusted_audiences = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        provider: &Provider,
        client_id: &Bound<'_, PyAny>,
        redirect_uri: Option<&Bound<'_, PyAny>>,
        client_secret: Option<Py<PyAny>>,
        auth_method: Option<&str>,
        transport: Option<&Transport>,
        id_token_algorithms: Option<&Bound<'_, PyAny>>,
        id_token_leeway: u32,
        trusted_audiences: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let client_id = utf8("client_id", client_id)?;
        let redirect_uri = redirect_uri.map(|redirect_uri| utf8("redirect_uri", redirect_uri)).transpose()?;
        let mut client = proofkey::Client::new(provider.0.clone(), client_id)
            .and_then(|client| redirect_uri.into_iter().try_fold(client, proofkey::Client::redirect_uri))
            .map_err(|error| flow_error(py, &error))?
            .id_token_leeway(id_token_leeway);
        if let Some(names) = id_token_algorithms {
            let names = texts("id_token_algorithms", names)?;
            let algorithms: Result<Vec<IdTokenAlgorithm>, _> = names.iter().map(|name| name.parse()).collect();
            client = client.id_token_algorithms(algorithms.map_err(|_| unknown_algorithm())?);
        }
        for audience in
            trusted_audiences.map(|names| texts("trusted_audiences", names)).transpose()?.unwrap_or_default()
        {
            client = client.trusted_audience(audience);
        }
        let method = match auth_method.unwrap_or_else(|| provider.0.token_endpoint_auth_method()) {
            "client_secret_basic" => Method::Basic,
            "client_secret_post" => Method::Post,
            _ => return Err(PyValueError::new_err("auth_method is client_secret_basic or client_secret_post")),
        };
        if client_secret.is_none() && auth_method.is_some() {
            return Err(PyValueError::new_err("auth_method needs a client_secret; a public client has neither"));
        }
        let transport = transport.cloned().unwrap_or_else(Transport::shared);
        let made = Self { client, authentication: client_secret.map(|secret| (method, secret)), transport };
        if made.authentication.as_ref().is_some_and(|(_, secret)| !secret.bind(py).is_callable()) {
            // A secret that is no text is refused now and not at the first login.
            made.current(py)?;
        }
        Ok(made)
    }

    /// The same client, for which TLS to the token endpoint stands in for the signature of the ID token (OpenID Connect
    /// Core section 3.1.3.7, step 6): no keys are fetched. For servers that publish none.
    fn trust_token_endpoint_tls(&self, py: Python<'_>) -> Self {
        Self {
            client: self.client.clone().trust_token_endpoint_tls(),
            authentication: self.authentication.as_ref().map(|(method, secret)| (*method, secret.clone_ref(py))),
            transport: self.transport.clone(),
        }
    }

    /// Begins a login, with a fresh state and a fresh verifier. Send the browser to its `url`.
    ///
    /// `scope` is a text of tokens with single spaces between them, or a list of tokens; `prompt`, `login_hint`,
    /// `resource` (RFC 8707; a text or a list) and `extra` are further parameters of the authorization request;
    /// `response_mode` "form_post" asks for a callback that the browser posts. `data` is a text of the application, at most
    /// 256 bytes, that stays with the login and is not sent (`login.data`). `state`, `verifier`, `nonce` and `now` (seconds
    /// since the epoch) are for tests. It raises `ConfigurationError` for a scope, a state or an extra parameter that cannot
    /// be sent.
    ///
    /// With the scope `openid` no tokens come out before their ID token is checked; the provider needs an issuer and its
    /// keys. `max_age` is how long ago, in seconds, the user may have signed in there; `acr` is the ways in which that may
    /// have been done, the best first (a text or a list). An ID token that tells another story is refused.
    #[pyo3(signature = (
        *, scope = None, prompt = None, login_hint = None, resource = None, max_age = None, acr = None, extra = None,
        response_mode = None, data = None, state = None, verifier = None, nonce = None, now = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn begin(
        slf: &Bound<'_, Self>,
        scope: Option<&Bound<'_, PyAny>>,
        prompt: Option<&Bound<'_, PyAny>>,
        login_hint: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        max_age: Option<u32>,
        acr: Option<&Bound<'_, PyAny>>,
        extra: Option<&Bound<'_, PyDict>>,
        response_mode: Option<&str>,
        data: Option<&Bound<'_, PyAny>>,
        state: Option<&Bound<'_, PyAny>>,
        verifier: Option<&Verifier>,
        nonce: Option<&Bound<'_, PyAny>>,
        now: Option<i64>,
    ) -> PyResult<Login> {
        let py = slf.py();
        let mut request = slf.get().client.authorize();
        if let Some(scope) = scope {
            request = request.scope(joined(scope)?);
        }
        for (name, value) in extras(prompt, login_hint, resource, extra)? {
            request = request.extra(name, value);
        }
        if let Some(data) = data {
            request = request.data(utf8("data", data)?);
        }
        if let Some(state) = state {
            request = request.state(utf8("state", state)?);
        }
        if let Some(verifier) = verifier {
            request = request.verifier(verifier.copy().map_err(|error| to_pyerr(py, error))?);
        }
        match response_mode {
            None | Some("query") => {}
            Some("form_post") => request = request.form_post(),
            Some(_) => return Err(PyValueError::new_err("response_mode is query or form_post")),
        }
        if let Some(nonce) = nonce {
            request = request.nonce(utf8("nonce", nonce)?);
        }
        if let Some(max_age) = max_age {
            request = request.max_age(max_age);
        }
        if let Some(acr) = acr {
            request = request.require_acr(texts("acr", acr)?);
        }
        let login = request.begin(now.unwrap_or_else(proofkey::now)).map_err(|error| flow_error(py, &error))?;
        Ok(Login::new(login, slf.clone().unbind()))
    }

    /// Opens a login that `login.seal()` made a text of: the same keys or newer ones, the same context.
    ///
    /// `SealError`: "seal_malformed" for what is no sealed login; "seal_key_unknown" and "seal_forged"; "seal_context";
    /// "seal_client" unless it was begun with this issuer (without one, these endpoints), client id and redirect URI.
    /// `CallbackError` "login_expired" ten minutes after it began, and for a login that began more than a minute from now:
    /// the clocks of two machines disagree then. What comes from a browser may be any text; it is never a `ValueError`.
    #[pyo3(signature = (sealed, keys, context, /))]
    fn resume(
        slf: &Bound<'_, Self>,
        sealed: &Bound<'_, PyAny>,
        keys: &SealKeys,
        context: &Bound<'_, PyAny>,
    ) -> PyResult<Login> {
        let (sealed, context) = (text("sealed", sealed)?.to_string_lossy(), utf8("context", context)?);
        let login = slf.get().client.resume(&sealed, &keys.0, &context, proofkey::now());
        Ok(Login::new(login.map_err(|error| flow_error(slf.py(), &error))?, slf.clone().unbind()))
    }

    /// Signs a user of this machine in, for command lines and desktop programs: opens the browser, listens on loopback
    /// for the redirect back (RFC 8252 section 7.3), and exchanges the code.
    ///
    /// The client's redirect URI is "http://127.0.0.1/path" or "http://[::1]/path" ("localhost" works too; prefer an
    /// address). A port in it is taken; without one a free one is, as authorization servers allow for these addresses. A
    /// client without redirect URI gets "http://127.0.0.1:<port>/callback". Only the answer to this login counts;
    /// everything else that comes to the port is refused.
    ///
    /// What the user should know goes to stderr. If stdin is a terminal (not on Windows), the user may also paste the
    /// URL that the browser was sent to; input that comes later is left alone. `browser=False`, or `PROOFKEY_NO_BROWSER`
    /// in the environment, leaves opening the browser to the user. `timeout` is in seconds, at most ten minutes count;
    /// other threads run meanwhile, and Ctrl-C ends it.
    ///
    /// `AuthorizationError` if the user or the server said no; `CallbackError` "login_expired" if nothing came in time;
    /// `ConfigurationError` for a redirect URI that is not http to loopback; `TransportError` "connect_failed" without
    /// `request_sent` if nothing can listen there, or the server cannot be reached; and what `begin()` and `finish()`
    /// raise.
    #[pyo3(signature = (
        *, scope = None, prompt = None, login_hint = None, resource = None, extra = None, browser = true,
        timeout = 300.0
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn login(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        prompt: Option<&Bound<'_, PyAny>>,
        login_hint: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        extra: Option<&Bound<'_, PyDict>>,
        browser: bool,
        timeout: f64,
    ) -> PyResult<Tokens> {
        let scope = scope.map(joined).transpose()?.unwrap_or_default();
        let (extras, timeout) = (extras(prompt, login_hint, resource, extra)?, time_out(timeout)?);
        let client = self.current(py)?;
        loopback::run(py, browser, || {
            let login = client.login(&self.transport.0).scope(scope).timeout(timeout);
            extras.into_iter().fold(login, |login, (name, value)| login.extra(name, value))
        })
        .map(Tokens)
    }

    /// Checks the callback, exchanges its code over the network, and returns the tokens.
    ///
    /// `callback_url` is the whole URL that the browser was sent to; for a form that the browser posted
    /// (`response_mode=form_post`), pass its `content_type` and `body` too. What anybody could have sent leaves the login
    /// usable (`CallbackError`); the server's no is an `AuthorizationError` or a `TokenError`;
    /// `TransportError.request_sent` says whether the code may have been used up. It waits ten seconds at most; other
    /// threads run meanwhile.
    ///
    /// `store` (`proofkey.store`) is for a login that was resumed: however often its callback is delivered, and to however
    /// many workers that share the store, one sends the code, and the others get `CallbackError` "login_spent". A store
    /// that does not answer is a `TransportError` "store_unavailable", and nothing was sent.
    #[pyo3(signature = (login, callback_url, /, *, content_type = None, body = None, store = None))]
    fn finish(
        &self,
        py: Python<'_>,
        login: &Login,
        callback_url: &Bound<'_, PyAny>,
        content_type: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
        store: Option<Py<PyAny>>,
    ) -> PyResult<Tokens> {
        let (client, callback) = (self.current(py)?, callback(callback_url, content_type, body)?);
        let Some(store) = &store else {
            return login.use_up(py, |login| client.finish(login, callback, &self.transport.0)).map(Tokens);
        };
        let store = Store::new(store);
        let tokens = login.use_up(py, |login| client.finish_once(login, callback, &self.transport.0, &store));
        tokens.map(Tokens).map_err(|error| store.or_raised(error))
    }

    /// Refreshes tokens: one request per refresh token, however many threads ask, and the result for everybody who comes
    /// with the old tokens within a minute. A server that sends no new refresh token leaves the old one in the result.
    ///
    /// `save(new_tokens)` is called before anybody gets the new tokens; if it raises, nobody does, and the next call runs
    /// it again. `TokenError` with `.error` "invalid_grant" means that the refresh token is worth nothing any more.
    #[pyo3(signature = (tokens, /, *, save = None))]
    fn refresh(&self, py: Python<'_>, tokens: &Tokens, save: Option<Py<PyAny>>) -> PyResult<Tokens> {
        let client = self.current(py)?;
        let hook = |new: &proofkey::Tokens| match save {
            None => Ok(()),
            Some(save) => Python::attach(|py| save.call1(py, (Tokens(new.clone()),)).map(drop).map_err(Failed::Hook)),
        };
        let refreshed = py.detach(|| client.refresh_and_save(&tokens.0, &self.transport.0, hook));
        refreshed.map(Tokens).map_err(|failed| match failed {
            Failed::Refresh(error) => flow_error(py, &error),
            Failed::Hook(error) => error,
        })
    }

    /// The `Exchange` of the refresh token, without network: for programs that bring their own HTTP. It has neither the
    /// single flight nor the memory of `refresh()`: see to it that one refresh token is sent once.
    ///
    /// `TokenError` "refresh_token_absent" if there is none. `now` is for tests.
    #[pyo3(signature = (tokens, /, *, now = None))]
    fn begin_refresh(&self, py: Python<'_>, tokens: &Tokens, now: Option<i64>) -> PyResult<Exchange> {
        let exchange = self.current(py)?.begin_refresh(&tokens.0, now.unwrap_or_else(proofkey::now));
        exchange.map(Exchange::new).map_err(|error| flow_error(py, &error))
    }

    /// Asks the provider over the network who the user of these tokens is (OpenID Connect Core section 5.3), and returns the
    /// claims as a dict.
    ///
    /// `ConfigurationError` if the provider has no userinfo endpoint; `IdTokenError` if it refused, answered something
    /// else, or answered about another user than the ID token; `TransportError`.
    #[pyo3(signature = (tokens, /))]
    fn userinfo<'py>(&self, py: Python<'py>, tokens: &Tokens) -> PyResult<Bound<'py, PyDict>> {
        let claims = py.detach(|| self.client.userinfo(&tokens.0, &self.transport.0));
        claims_to_python(py, &claims.map_err(|error| flow_error(py, &error))?)
    }

    /// The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout): send the browser there
    /// once the application's own session is gone. `return_to` is where it comes back to, if that is registered there.
    ///
    /// `ConfigurationError` if the provider offers none.
    #[pyo3(signature = (tokens, /, *, return_to = None))]
    fn end_session_url(
        &self,
        py: Python<'_>,
        tokens: &Tokens,
        return_to: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let return_to = return_to.map(|uri| utf8("return_to", uri)).transpose()?;
        self.client.end_session_url(&tokens.0, return_to.as_deref()).map_err(|error| flow_error(py, &error))
    }

    /// Revokes tokens (RFC 7009), the refresh token first. It may be repeated. `ConfigurationError` if the provider has no
    /// revocation endpoint.
    #[pyo3(signature = (tokens, /))]
    fn revoke(&self, py: Python<'_>, tokens: &Tokens) -> PyResult<()> {
        let client = self.current(py)?;
        py.detach(|| client.revoke(&tokens.0, &self.transport.0)).map_err(|error| flow_error(py, &error))
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Client {:?}>", self.client.id())
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(crate::secret::not_copied("a Client"))
    }
}

fn unknown_algorithm() -> PyErr {
    let names: Vec<_> = IdTokenAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    PyValueError::new_err(format!("id_token_algorithms are of {}", names.join(", ")))
}

/// Why there are no new tokens.
enum Failed {
    Refresh(proofkey::Error),
    Hook(PyErr),
}

impl From<proofkey::Error> for Failed {
    fn from(error: proofkey::Error) -> Self {
        Self::Refresh(error)
    }
}

/// The further parameters of an authorization request, by name.
fn extras(
    prompt: Option<&Bound<'_, PyAny>>,
    login_hint: Option<&Bound<'_, PyAny>>,
    resource: Option<&Bound<'_, PyAny>>,
    extra: Option<&Bound<'_, PyDict>>,
) -> PyResult<Vec<(String, String)>> {
    let mut extras = Vec::new();
    for (name, value) in [("prompt", prompt), ("login_hint", login_hint)] {
        if let Some(value) = value {
            extras.push((name.to_owned(), utf8(name, value)?));
        }
    }
    for resource in resource.map(|resource| texts("resource", resource)).transpose()?.into_iter().flatten() {
        extras.push(("resource".to_owned(), resource));
    }
    for (name, value) in extra.into_iter().flatten() {
        extras.push((utf8("the name of an extra parameter", &name)?, utf8("an extra parameter", &value)?));
    }
    Ok(extras)
}

/// A scope as one text.
fn joined(scope: &Bound<'_, PyAny>) -> PyResult<String> {
    if scope.is_instance_of::<PyString>() {
        return utf8("scope", scope);
    }
    let tokens = texts("scope", scope)?;
    if tokens.iter().any(|token| token.is_empty() || token.contains(' ')) {
        return Err(to_pyerr(scope.py(), ErrorKind::ScopeInvalid));
    }
    Ok(tokens.join(" "))
}

/// A text, or several.
fn texts(what: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    if value.is_instance_of::<PyString>() {
        return Ok(vec![utf8(what, value)?]);
    }
    value.try_iter().map_err(|_| wrong_type(what, value))?.map(|item| utf8(what, &item?)).collect()
}
