use proofkey::{Authorize, ErrorKind, IdTokenAlgorithm};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::client_authentication::AuthenticatedClient;
use crate::device::{DeviceAuthorization, DeviceRequest};
use crate::error::{flow_error, to_pyerr};
use crate::hook::{refuse_coroutine_function, refuse_result};
use crate::instance::Instance;
use crate::json::claims_to_python;
use crate::login::{Login, callback};
use crate::logout_token::{LogoutToken, LogoutTokenCheck};
use crate::loopback;
use crate::provider::Provider;
use crate::python_text::{text, utf8, wrong_type};
use crate::refresh::Refresh;
use crate::replay_store::Store;
use crate::revocation::Revocation;
use crate::seal::SealKeys;
use crate::tokens::Tokens;
use crate::transport::{Transport, time_out};
use crate::userinfo::Userinfo;
use crate::verifier::Verifier;

/// An OAuth client: a provider, a client id and the redirect URI that is registered for it. It is safe to share between
/// threads.
///
/// Without `client_secret` it is public, and PKCE alone protects its codes. A secret is a text, or a callable that
/// returns one each time it is needed, for secrets that rotate. `auth_method` is "client_secret_basic" or
/// "client_secret_post"; by default it is what the provider's metadata asks for, else basic.
///
/// `id_token_algorithms` are the signature algorithms that ID tokens may have; by default those that the provider's
/// metadata lists, else "RS256". `id_token_leeway` is how many seconds the server's clock may be off.
/// `trusted_audiences` are further audiences that an ID token may name.
///
/// An application that uses several servers needs a redirect URI for each: otherwise a server that does not send `iss`
/// could pass its response off as another's (RFC 9700 section 4.4.2).
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
    pub(crate) client: AuthenticatedClient,
    provider: Py<Provider>,
    pub(crate) transport: Transport,
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
        provider: Instance<'_, Provider>,
        client_id: &Bound<'_, PyAny>,
        redirect_uri: Option<&Bound<'_, PyAny>>,
        client_secret: Option<Py<PyAny>>,
        auth_method: Option<&str>,
        transport: Option<Instance<'_, Transport>>,
        id_token_algorithms: Option<&Bound<'_, PyAny>>,
        id_token_leeway: u32,
        trusted_audiences: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let client_id = utf8("client_id", client_id)?;
        let redirect_uri = redirect_uri.map(|redirect_uri| utf8("redirect_uri", redirect_uri)).transpose()?;
        let mut client = proofkey::Client::new(provider.0.clone(), client_id)
            .and_then(|client| redirect_uri.into_iter().try_fold(client, proofkey::Client::with_redirect_uri))
            .map_err(|error| flow_error(py, &error))?
            .with_id_token_leeway(id_token_leeway);
        if let Some(names) = id_token_algorithms {
            let names = texts("id_token_algorithms", names)?;
            let algorithms: Result<Vec<IdTokenAlgorithm>, _> = names.iter().map(|name| name.parse()).collect();
            client = client.with_id_token_algorithms(algorithms.map_err(|_| unknown_algorithm())?);
        }
        for audience in
            trusted_audiences.map(|names| texts("trusted_audiences", names)).transpose()?.unwrap_or_default()
        {
            client = client.with_trusted_audience(audience);
        }
        Ok(Self {
            client: AuthenticatedClient::new(py, client, auth_method, client_secret)?,
            provider: provider.object.unbind(),
            transport: transport.map_or_else(Transport::shared, |transport| transport.clone()),
        })
    }

    /// A copy of this client that relies on TLS to the token endpoint instead of the signature of the ID token (OpenID
    /// Connect Core section 3.1.3.7, step 6): it fetches no keys. For servers that publish none.
    fn trust_token_endpoint_tls(&self, py: Python<'_>) -> Self {
        Self {
            client: self.client.with_client(py, self.client.client.clone().trust_token_endpoint_tls()),
            provider: self.provider.clone_ref(py),
            transport: self.transport.clone(),
        }
    }

    /// A copy of this client with another redirect URI. The two share the server's keys and the refreshed tokens: for
    /// an application that has several addresses. `ConfigurationError`, as for `Client(redirect_uri=…)`.
    ///
    /// >>> import proofkey
    /// >>> client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
    /// >>> client.with_redirect_uri("https://app.example/callback").redirect_uri
    /// 'https://app.example/callback'
    #[pyo3(signature = (redirect_uri, /))]
    fn with_redirect_uri(&self, py: Python<'_>, redirect_uri: &Bound<'_, PyAny>) -> PyResult<Self> {
        let client = self.client.client.clone().with_redirect_uri(utf8("redirect_uri", redirect_uri)?);
        Ok(Self {
            client: self.client.with_client(py, client.map_err(|error| flow_error(py, &error))?),
            provider: self.provider.clone_ref(py),
            transport: self.transport.clone(),
        })
    }

    /// The provider.
    #[getter]
    fn provider(&self, py: Python<'_>) -> Py<Provider> {
        self.provider.clone_ref(py)
    }

    /// The client id.
    #[getter]
    fn client_id(&self) -> &str {
        self.client.client.id()
    }

    /// The redirect URI; `None` if the client has none.
    #[getter]
    fn redirect_uri(&self) -> Option<&str> {
        self.client.client.redirect_uri()
    }

    /// The signature algorithms that ID tokens may have.
    #[getter]
    fn id_token_algorithms(&self) -> Vec<&'static str> {
        self.client.client.id_token_algorithms().iter().map(|algorithm| algorithm.as_str()).collect()
    }

    /// How many seconds the server's clock may be off.
    #[getter]
    fn id_token_leeway(&self) -> u32 {
        self.client.client.id_token_leeway()
    }

    /// The further audiences that an ID token may name.
    #[getter]
    fn trusted_audiences(&self) -> Vec<String> {
        self.client.client.trusted_audiences().to_vec()
    }

    /// Begins a login, with a fresh state and a fresh verifier. Send the browser to its `url`.
    ///
    /// `scope` is a text of tokens with single spaces between them, or a list of tokens; `prompt`, `login_hint`,
    /// `resource` (RFC 8707; a text or a list) and `extra` are further parameters of the authorization request;
    /// `response_mode` "form_post" asks for a callback that the browser posts. `data` is a text of the application, at
    /// most 256 bytes, that stays with the login and is not sent (`login.data`). `state`, `verifier`, `nonce` and `now`
    /// (seconds since the epoch) are for tests. It raises `ConfigurationError` for values that cannot be sent.
    ///
    /// With the scope `openid`, the tokens are returned only after their ID token has passed its checks; the provider
    /// needs an issuer and a `jwks_uri`. `max_age` is how many seconds ago the user may have signed in at the server;
    /// `acr_values` are the accepted ways to sign in, the preferred one first (a text or a list). An ID token that says
    /// otherwise is refused.
    #[pyo3(signature = (
        *, scope = None, prompt = None, login_hint = None, resource = None, max_age = None, acr_values = None,
        extra = None, response_mode = None, data = None, state = None, verifier = None, nonce = None, now = None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn begin(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        prompt: Option<&Bound<'_, PyAny>>,
        login_hint: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        max_age: Option<u32>,
        acr_values: Option<&Bound<'_, PyAny>>,
        extra: Option<&Bound<'_, PyDict>>,
        response_mode: Option<&str>,
        data: Option<&Bound<'_, PyAny>>,
        state: Option<&Bound<'_, PyAny>>,
        verifier: Option<&Verifier>,
        nonce: Option<&Bound<'_, PyAny>>,
        now: Option<i64>,
    ) -> PyResult<Login> {
        let options = Options { scope, prompt, login_hint, resource, max_age, acr_values, extra };
        let mut request = options.on(self.client.client.authorize())?;
        match response_mode {
            None | Some("query") => {}
            Some("form_post") => request = request.form_post(),
            Some(_) => return Err(PyValueError::new_err("response_mode: \"query\" or \"form_post\"")),
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
        if let Some(nonce) = nonce {
            request = request.nonce(utf8("nonce", nonce)?);
        }
        let login = request.begin(now.unwrap_or_else(proofkey::now)).map_err(|error| flow_error(py, &error))?;
        Ok(Login::new(login, self.client.with_client(py, self.client.client.clone())))
    }

    /// Opens a login that `login.seal()` turned into a text. It needs the same keys or newer ones, and the same
    /// context.
    ///
    /// `SealError`: "seal_malformed" for a text that is not a sealed login; "seal_key_unknown" and "seal_forged";
    /// "seal_context"; "seal_client" unless it was begun with this issuer (without one, these endpoints), client id,
    /// redirect URI and, if this client has a secret, token endpoint. `CallbackError` "login_expired" ten minutes after
    /// it began, and for a login that seems to begin more than a minute from now: then the clocks of two machines
    /// disagree. Any text may come from a browser, so none of them is a `ValueError`.
    #[pyo3(signature = (sealed, keys, context, /))]
    fn resume(
        &self,
        py: Python<'_>,
        sealed: &Bound<'_, PyAny>,
        keys: Instance<'_, SealKeys>,
        context: &Bound<'_, PyAny>,
    ) -> PyResult<Login> {
        let (sealed, context) = (text("sealed", sealed)?.to_string_lossy(), utf8("context", context)?);
        let login = self.client.client.resume(&sealed, &keys.0, &context, proofkey::now());
        let client = self.client.with_client(py, self.client.client.clone());
        Ok(Login::new(login.map_err(|error| flow_error(py, &error))?, client))
    }

    /// Signs in the user of this machine, for command-line and desktop programs: opens the browser, listens on loopback
    /// for the redirect back (RFC 8252 section 7.3), and exchanges the code. The options are those of `begin()`.
    ///
    /// The client's redirect URI is "http://127.0.0.1/path" or "http://[::1]/path" ("localhost" works too; prefer an
    /// address). If it has a port, that one is used; otherwise a free one is chosen, as authorization servers allow for
    /// these addresses. A client without a redirect URI gets "http://127.0.0.1:<port>/callback". Only the response to
    /// this login counts; everything else that arrives at the port is refused.
    ///
    /// Messages for the user go to stderr. If stdin is a terminal (not on Windows), the user may also paste the URL
    /// that the browser was sent to; input that comes later is not read. `browser=False`, or `PROOFKEY_NO_BROWSER` in
    /// the environment, leaves opening the browser to the user. `timeout` is in seconds, ten minutes at most. Other
    /// threads run meanwhile, and Ctrl-C ends it.
    ///
    /// `AuthorizationError` if the user or the server refused; `CallbackError` "login_expired" if nothing came in time;
    /// `ConfigurationError` for a redirect URI that is not http to loopback; `TransportError` "connect_failed" without
    /// `request_sent` if it cannot listen there or cannot reach the server; and what `begin()` and `finish()` raise.
    #[pyo3(signature = (
        *, scope = None, prompt = None, login_hint = None, resource = None, max_age = None, acr_values = None,
        extra = None, browser = true, timeout = 300.0
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn login_with_browser(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        prompt: Option<&Bound<'_, PyAny>>,
        login_hint: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        max_age: Option<u32>,
        acr_values: Option<&Bound<'_, PyAny>>,
        extra: Option<&Bound<'_, PyDict>>,
        browser: bool,
        timeout: f64,
    ) -> PyResult<Tokens> {
        let options = Options { scope, prompt, login_hint, resource, max_age, acr_values, extra };
        let timeout = time_out(timeout)?;
        let request = options.on(self.client.current(py)?.authorize())?;
        loopback::run(py, browser, || request.login_with_browser(&self.transport.0).timeout(timeout)).map(Tokens)
    }

    /// Checks the callback, exchanges its code over the network, and returns the tokens.
    ///
    /// `callback_url` is the whole URL that the browser was sent to; for a form that the browser posted
    /// (`response_mode="form_post"`), pass its `content_type` and `body` too. `CallbackError` leaves the login usable
    /// if anybody could have sent the callback; a refusal of the server is an `AuthorizationError` or a `TokenError`;
    /// `TransportError.request_sent` says whether the code may have been used. All of it takes ten seconds at most;
    /// other threads run meanwhile.
    ///
    /// The login also stays usable after `MetadataError` "keys_unavailable". If its `request_sent` is true, the login
    /// holds the tokens, and the same call asks for the keys of their ID token alone.
    ///
    /// `replay_store` (`proofkey.replay_store`) is for a login that was resumed. No matter how often its callback is
    /// delivered, and to how many workers that share the store, only one of them sends the code; the others get
    /// `CallbackError` "login_already_used". If the store does not respond, `TransportError` "store_unavailable" or
    /// "store_reply_lost" is raised, and nothing was sent.
    #[pyo3(signature = (login, callback_url, /, *, content_type = None, body = None, replay_store = None))]
    fn finish(
        &self,
        py: Python<'_>,
        login: Instance<'_, Login>,
        callback_url: &Bound<'_, PyAny>,
        content_type: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
        replay_store: Option<Py<PyAny>>,
    ) -> PyResult<Tokens> {
        let callback = callback(callback_url, content_type, body)?;
        let (client, store) = (self.client.current_later(), replay_store.as_ref().map(Store::new));
        let tokens = login.use_up(py, |login| {
            let store = store.as_ref().map(|store| -> &dyn proofkey::ReplayStore { store });
            login.finish_with(callback, &self.transport.0, store, || client.get())
        });
        tokens.map(Tokens).map_err(|error| match store.and_then(Store::raised) {
            Some(raised) => raised,
            None => client.or_raised(py, &error),
        })
    }

    /// Refreshes tokens: one request per refresh token, however many threads ask, and the same result for every caller
    /// that comes with the old tokens within a minute. If the server sends no new refresh token, the old one stays.
    ///
    /// `save(new_tokens)` is called before anybody gets the new tokens; if it raises, nobody does, and the next call
    /// runs it again. `TokenError` with `.error` "invalid_grant" means that the refresh token is no longer valid. After
    /// `MetadataError` "keys_unavailable" with `request_sent`, the next call within a minute asks for the keys alone.
    #[pyo3(signature = (tokens, /, *, save = None))]
    fn refresh(&self, py: Python<'_>, tokens: Instance<'_, Tokens>, save: Option<Py<PyAny>>) -> PyResult<Tokens> {
        if let Some(save) = &save {
            refuse_coroutine_function(py, "save", save.bind(py))?;
        }
        let (client, tokens) = (self.client.current(py)?, &tokens.0);
        let hook = |new: &proofkey::Tokens| match save {
            None => Ok(()),
            Some(save) => Python::attach(|py| {
                let returned = save.bind(py).call1((Tokens(new.clone()),));
                returned.and_then(|returned| refuse_result("save", &returned)).map_err(Failed::Hook)
            }),
        };
        let refreshed = py.detach(|| client.refresh_and_save(tokens, &self.transport.0, hook));
        refreshed.map(Tokens).map_err(|failed| match failed {
            Failed::Refresh(error) => flow_error(py, &error),
            Failed::Hook(error) => error,
        })
    }

    /// `refresh()` without network: for programs that bring their own HTTP. Store the tokens of what it returns, then
    /// call its `saved()`.
    ///
    /// `TokenError` "refresh_token_absent" if there is none, and "refresh_under_way" while somebody else refreshes these
    /// tokens with this client. `now` is for tests.
    #[pyo3(signature = (tokens, /, *, now = None))]
    fn begin_refresh(&self, py: Python<'_>, tokens: Instance<'_, Tokens>, now: Option<i64>) -> PyResult<Refresh> {
        let refresh = self.client.current(py)?.begin_refresh(&tokens.0, now.unwrap_or_else(proofkey::now));
        refresh.map(|step| Refresh::new(step.into())).map_err(|error| flow_error(py, &error))
    }

    /// Asks the provider over the network who the user of these tokens is (OpenID Connect Core section 5.3), and
    /// returns the claims as a dict.
    ///
    /// `ConfigurationError` if the provider has no userinfo endpoint; `UserinfoError` if it refused, or if the response
    /// cannot be read or is about another user than the ID token; `TransportError`.
    #[pyo3(signature = (tokens, /))]
    fn userinfo<'py>(&self, py: Python<'py>, tokens: Instance<'_, Tokens>) -> PyResult<Bound<'py, PyDict>> {
        let tokens = &tokens.0;
        let claims = py.detach(|| self.client.client.userinfo(tokens, &self.transport.0));
        claims_to_python(py, &claims.map_err(|error| flow_error(py, &error))?)
    }

    /// Fetches the server's keys for ID tokens over the network, unless they are here already: for a program that wants to
    /// know when it starts, and not at its first login, whether it can check ID tokens.
    ///
    /// `ConfigurationError` if the provider has no issuer or no `jwks_uri`; `MetadataError` if the keys cannot be used;
    /// `TransportError`.
    fn fetch_keys(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.client.client.fetch_keys(&self.transport.0)).map_err(|error| flow_error(py, &error))
    }

    /// `userinfo()` without network: for programs that bring their own HTTP.
    ///
    /// `ConfigurationError` if the provider has no userinfo endpoint.
    ///
    /// >>> import proofkey
    /// >>> client = proofkey.Client(proofkey.Provider.known("google"), "my-app")
    /// >>> userinfo = client.begin_userinfo(proofkey.Tokens.from_dict({"access_token": "a"}))
    /// >>> userinfo.request.url
    /// 'https://openidconnect.googleapis.com/v1/userinfo'
    /// >>> userinfo.receive(200, {"Content-Type": "application/json"}, '{"sub": "248", "name": "Ada"}')
    /// >>> userinfo.claims["name"]
    /// 'Ada'
    #[pyo3(signature = (tokens, /))]
    fn begin_userinfo(&self, py: Python<'_>, tokens: Instance<'_, Tokens>) -> PyResult<Userinfo> {
        let userinfo = self.client.client.begin_userinfo(&tokens.0);
        userinfo.map(Userinfo::new).map_err(|error| flow_error(py, &error))
    }

    /// The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout). End the
    /// application's own session, then send the browser there. The provider sends the browser on to `return_to`, if
    /// that is registered there, and repeats `state`, which `accept_end_session()` compares. Take a fresh random
    /// `state` for every URL, and keep it where only this browser can reach it.
    ///
    /// `ConfigurationError` if the provider has no such endpoint.
    #[pyo3(signature = (tokens, /, *, return_to = None, state = None))]
    fn end_session_url(
        &self,
        py: Python<'_>,
        tokens: Instance<'_, Tokens>,
        return_to: Option<&Bound<'_, PyAny>>,
        state: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let return_to = return_to.map(|uri| utf8("return_to", uri)).transpose()?;
        let state = state.map(|state| utf8("state", state)).transpose()?;
        let url = self.client.client.end_session_url(&tokens.0, return_to.as_deref(), state.as_deref());
        url.map_err(|error| flow_error(py, &error))
    }

    /// Checks that the browser came back from `end_session_url()` with these arguments. `callback_url` is the whole URL
    /// that the browser was sent to. An empty `return_to` or `state` matches nothing.
    ///
    /// `CallbackError`: "redirect_uri_mismatch" unless the URL is `return_to` with further parameters, "state_missing",
    /// "state_mismatch", "callback_duplicate" for several states, "callback_malformed" for a URL that cannot be read.
    #[pyo3(signature = (callback_url, /, *, return_to, state))]
    fn accept_end_session(
        &self,
        py: Python<'_>,
        callback_url: &Bound<'_, PyAny>,
        return_to: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let callback_url = text("callback_url", callback_url)?.to_string_lossy();
        let (return_to, state) = (utf8("return_to", return_to)?, utf8("state", state)?);
        let checked = self.client.client.accept_end_session(&callback_url, &return_to, &state);
        checked.map_err(|error| flow_error(py, &error))
    }

    /// Checks a logout token that somebody posted to the application's `backchannel_logout_uri` (OpenID Connect
    /// Back-Channel Logout section 2.6), and fetches the server's keys over the network if need be. Anybody can post
    /// one, so everything but the signature is checked before keys are asked for, and they are asked for once a minute
    /// at most.
    ///
    /// Then `claim()` the token, end the session, and respond with status 200; on any error respond with 400 (section
    /// 2.8). Both responses have `Cache-Control: no-store`.
    ///
    /// `LogoutTokenError` if the token fails a check; it needs an `exp`, at most a day away. `MetadataError`
    /// "keys_unavailable" if there are no keys, or if they were asked for a moment ago; `TransportError`;
    /// `ConfigurationError` if the provider has no issuer or no `jwks_uri`.
    ///
    /// >>> import proofkey
    /// >>> from proofkey import replay_store, testing
    /// >>> store = replay_store.from_url("memory://")
    /// >>> with testing.AuthorizationServer() as server:
    /// ...     client = proofkey.Client(server.provider, "my-app")
    /// ...     token = client.logout_token(server.logout_token("my-app", user="user-1"))
    /// >>> token.claim(store)
    /// >>> token.subject, token.sid
    /// ('user-1', None)
    #[pyo3(signature = (logout_token, /))]
    fn logout_token(&self, py: Python<'_>, logout_token: &Bound<'_, PyAny>) -> PyResult<LogoutToken> {
        let posted = text("logout_token", logout_token)?.to_string_lossy().into_owned();
        let checked = py.detach(|| self.client.client.logout_token(&posted, &self.transport.0));
        checked.map(LogoutToken::from).map_err(|error| flow_error(py, &error))
    }

    /// `logout_token()` without network: for programs that bring their own HTTP. It raises what `logout_token()` raises
    /// of the token and the provider. `now` is for tests.
    #[pyo3(signature = (logout_token, /, *, now = None))]
    fn begin_logout_token(
        &self,
        py: Python<'_>,
        logout_token: &Bound<'_, PyAny>,
        now: Option<i64>,
    ) -> PyResult<LogoutTokenCheck> {
        let posted = text("logout_token", logout_token)?.to_string_lossy().into_owned();
        let begun = self.client.client.begin_logout_token(&posted, now.unwrap_or_else(proofkey::now));
        begun.map(LogoutTokenCheck::new).map_err(|error| flow_error(py, &error))
    }

    /// Revokes tokens (RFC 7009), the refresh token first. A failed call may be repeated. `ConfigurationError` if the
    /// provider has no revocation endpoint.
    #[pyo3(signature = (tokens, /))]
    fn revoke(&self, py: Python<'_>, tokens: Instance<'_, Tokens>) -> PyResult<()> {
        let (client, tokens) = (self.client.current(py)?, &tokens.0);
        py.detach(|| client.revoke(tokens, &self.transport.0)).map_err(|error| flow_error(py, &error))
    }

    /// `revoke()` without network: for programs that bring their own HTTP.
    ///
    /// `ConfigurationError` if the provider has no revocation endpoint.
    ///
    /// >>> import proofkey
    /// >>> client = proofkey.Client(proofkey.Provider.known("google"), "my-app")
    /// >>> revocation = client.begin_revocation(proofkey.Tokens.from_dict({"access_token": "a"}))
    /// >>> revocation.request.body
    /// b'token=a&token_type_hint=access_token&client_id=my-app'
    /// >>> revocation.receive(200, {}, b"")
    /// >>> revocation.request is None
    /// True
    #[pyo3(signature = (tokens, /))]
    fn begin_revocation(&self, py: Python<'_>, tokens: Instance<'_, Tokens>) -> PyResult<Revocation> {
        let revocation = self.client.current(py)?.begin_revocation(&tokens.0);
        revocation.map(Revocation::new).map_err(|error| flow_error(py, &error))
    }

    /// Asks the provider over the network for the codes of a device (RFC 8628): for programs without a browser, whose
    /// user signs in on another device. Show what it returns, then call its `finish()`.
    ///
    /// `scope`, `resource` and `extra` are those of `begin()`. RFC 8628 has no PKCE, and some servers refuse parameters
    /// that they do not know; `pkce=True` is for servers that ask for it all the same. With the scope `openid` the ID
    /// token is checked. `ConfigurationError` if the provider has no device authorization endpoint; `TokenError` if it
    /// refused, or if its response cannot be used; `TransportError`.
    #[pyo3(signature = (*, scope = None, resource = None, pkce = false, extra = None))]
    fn authorize_device(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        pkce: bool,
        extra: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<DeviceAuthorization> {
        let request = self.device_request(py, scope, resource, pkce, extra)?;
        let device = py.detach(|| self.transport.0.run(request));
        let device = device.map_err(|failure| flow_error(py, &failure.error))?;
        Ok(DeviceAuthorization::new(device, self.transport.clone()))
    }

    /// `authorize_device()` without network: for programs that bring their own HTTP.
    ///
    /// >>> import proofkey
    /// >>> client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
    /// >>> request = client.begin_device_authorization(scope="repo")
    /// >>> request.request.url
    /// 'https://github.com/login/device/code'
    /// >>> request.receive(200, {"Content-Type": "application/json"}, '''{"device_code": "3584d83530557fdd1f46af8289938c",
    /// ...     "user_code": "WDJB-MJHT", "verification_uri": "https://github.com/login/device", "expires_in": 900}''')
    /// >>> request.device.user_code, request.device.verification_uri
    /// ('WDJB-MJHT', 'https://github.com/login/device')
    /// >>> request.device.begin_polling().wait_seconds
    /// 5
    #[pyo3(signature = (*, scope = None, resource = None, pkce = false, extra = None))]
    fn begin_device_authorization(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        pkce: bool,
        extra: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<DeviceRequest> {
        let request = self.device_request(py, scope, resource, pkce, extra)?;
        Ok(DeviceRequest::new(request, self.transport.clone()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.client.traverse(&visit)
    }

    fn __repr__(&self) -> String {
        format!("<proofkey.Client {:?}>", self.client.client.id())
    }

    fn __reduce_ex__(&self, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(crate::secret::not_copied("a Client"))
    }
}

fn unknown_algorithm() -> PyErr {
    let names: Vec<_> = IdTokenAlgorithm::ALL.iter().map(|algorithm| algorithm.as_str()).collect();
    PyValueError::new_err(format!("id_token_algorithms: any of {}", names.join(", ")))
}

impl Client {
    fn device_request(
        &self,
        py: Python<'_>,
        scope: Option<&Bound<'_, PyAny>>,
        resource: Option<&Bound<'_, PyAny>>,
        pkce: bool,
        extra: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<proofkey::DeviceRequest> {
        let mut request = self.client.current(py)?.authorize_device();
        if let Some(scope) = scope {
            request = request.scope(joined(scope)?);
        }
        for resource in resource.map(|resource| texts("resource", resource)).transpose()?.unwrap_or_default() {
            request = request.resource(resource);
        }
        for (name, value) in extra.into_iter().flatten() {
            request = request.extra(utf8("a name in extra", &name)?, utf8("a value in extra", &value)?);
        }
        let request = if pkce { request.pkce() } else { request };
        request.begin().map_err(|error| flow_error(py, &error))
    }
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

/// The options that every way to begin a login takes.
struct Options<'a, 'py> {
    scope: Option<&'a Bound<'py, PyAny>>,
    prompt: Option<&'a Bound<'py, PyAny>>,
    login_hint: Option<&'a Bound<'py, PyAny>>,
    resource: Option<&'a Bound<'py, PyAny>>,
    max_age: Option<u32>,
    acr_values: Option<&'a Bound<'py, PyAny>>,
    extra: Option<&'a Bound<'py, PyDict>>,
}

impl Options<'_, '_> {
    fn on(self, mut request: Authorize) -> PyResult<Authorize> {
        if let Some(scope) = self.scope {
            request = request.scope(joined(scope)?);
        }
        if let Some(prompt) = self.prompt {
            request = request.prompt(utf8("prompt", prompt)?);
        }
        if let Some(login_hint) = self.login_hint {
            request = request.login_hint(utf8("login_hint", login_hint)?);
        }
        for resource in self.resource.map(|resource| texts("resource", resource)).transpose()?.unwrap_or_default() {
            request = request.resource(resource);
        }
        if let Some(max_age) = self.max_age {
            request = request.max_age(max_age);
        }
        if let Some(acr_values) = self.acr_values {
            request = request.acr_values(texts("acr_values", acr_values)?);
        }
        for (name, value) in self.extra.into_iter().flatten() {
            request = request.extra(utf8("a name in extra", &name)?, utf8("a value in extra", &value)?);
        }
        Ok(request)
    }
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
