"""The native module. What is public is exported by `proofkey` and `proofkey.server`."""

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, ClassVar, Literal, NoReturn, Protocol, TypeAlias, final

from proofkey._error_table import ErrorName

__all__ = [
    "Binding",
    "Client",
    "DeviceAuthorization",
    "DevicePolling",
    "DeviceRequest",
    "Discovery",
    "Exchange",
    "FileTokenStore",
    "Login",
    "LogoutToken",
    "LogoutTokenCheck",
    "MemoryReplayStore",
    "Policy",
    "Provider",
    "Refresh",
    "Request",
    "Revocation",
    "SealKeys",
    "SealedTokenStore",
    "Secret",
    "Tokens",
    "Transport",
    "Userinfo",
    "Verifier",
    "__version__",
    "after_fork_in_child",
    "after_fork_in_parent",
    "api_refusal",
    "before_fork",
    "bind",
    "error_info",
    "error_names",
    "raise_error",
    "redirect_uri_matches",
    "s256",
    "verify",
]

__version__: str

# The multi-dicts of Werkzeug, Django, Starlette, Sanic and Bottle; then those of multidict and WebOb.
class _HasGetlist(Protocol):
    def getlist(self, key: str, /) -> Iterable[object] | None: ...

class _HasGetall(Protocol):
    def getall(self, key: str, /) -> Iterable[object]: ...

# Not every mapping of headers is a Mapping.
class _HasItems(Protocol):
    def items(self) -> Iterable[tuple[str, str]]: ...

# `proofkey.replay_store.ReplayStore`, which is not imported here: the module loads on first use.
class _ReplayStore(Protocol):
    def claim(self, key: str, until: int, /) -> None: ...
    def release(self, key: str, /) -> None: ...

# `proofkey.token_store.TokenStore`, likewise.
class _TokenStore(Protocol):
    def load(self, key: str, /) -> str | None: ...
    def save(self, key: str, sealed: str, read: str | None, /) -> bool: ...
    def delete(self, key: str, read: str, /) -> bool: ...
    def lease(self, key: str, owner: str, seconds: int, /) -> bool: ...
    def release(self, key: str, owner: str, /) -> None: ...

_Value: TypeAlias = str | list[str] | tuple[str, ...] | None
_Headers: TypeAlias = _HasItems | Iterable[tuple[str, str]]
_IdTokenAlgorithm: TypeAlias = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_Quirk: TypeAlias = Literal[
    "scope_separated_by_comma",
    "offline_by_token_access_type",
    "offline_by_access_type",
    "resource_only_at_authorization",
    "token_type_user_access_token",
]
_Params: TypeAlias = _HasGetlist | _HasGetall | Mapping[str, _Value] | Iterable[tuple[str, _Value]]

@final
class Verifier:
    """The secret of one authorization request: 43 to 128 unreserved characters (RFC 7636 section 4.1).

    `Verifier.generate()` makes one; `Verifier(text)` reads one that comes from elsewhere, and raises `VerifierError`
    for anything but 43 to 128 of the characters A-Z a-z 0-9 - . _ ~. Nothing is trimmed or decoded.

    It cannot be compared, hashed, copied or pickled, and its repr hides it; `expose()` is the only way to read it. It
    is erased when the object is freed. Text that `expose()` returned cannot be erased in Python: ask for it late, and
    keep no reference.

    >>> import proofkey
    >>> verifier = proofkey.Verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    >>> verifier
    <proofkey.Verifier redacted>
    >>> verifier.challenge()
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __new__(cls, text: str, /) -> Verifier: ...
    @staticmethod
    def generate() -> Verifier:
        """A fresh verifier: 32 bytes from the operating system as 43 base64url characters. Make one for each request.

        >>> import proofkey
        >>> len(proofkey.Verifier.generate().expose())
        43
        """

    @staticmethod
    def from_entropy(entropy: bytes, /) -> Verifier:
        """A verifier from 32 to 96 bytes of your own cryptographic generator. Use the bytes only once.

        >>> import os, proofkey
        >>> len(proofkey.Verifier.from_entropy(os.urandom(96)).expose())
        128
        """

    def challenge(self) -> str:
        """The S256 challenge to send with the authorization request (RFC 7636 section 4.2).

        >>> import proofkey
        >>> verifier = proofkey.Verifier.generate()
        >>> verifier.challenge() == proofkey.s256(verifier.expose())
        True
        """

    def expose(self) -> str:
        """The secret characters. Use them only in the body of the token request."""

    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, _memo: object) -> NoReturn: ...

@final
class Provider:
    """An authorization server: its endpoints, and what it supports. URLs are kept and sent as given.

    `Provider.discover(issuer)` reads them from the server's metadata. `iss_parameter_supported` says that the server
    sends `iss` in every authorization response (RFC 9207); one without it is then refused. `jwks_uri` is where the keys
    for ID tokens are; the scope `openid` needs it and the issuer. `ConfigurationError` for URLs that are not absolute,
    have a fragment, or are http to anything but 127.0.0.1, [::1] and localhost.

    >>> import proofkey
    >>> proofkey.Provider(
    ...     authorization_endpoint="https://as.example/authorize",
    ...     token_endpoint="https://as.example/token",
    ...     issuer="https://as.example",
    ... )
    Provider(authorization_endpoint='https://as.example/authorize', token_endpoint='https://as.example/token')
    """

    def __new__(
        cls,
        *,
        authorization_endpoint: str,
        token_endpoint: str,
        issuer: str | None = None,
        iss_parameter_supported: bool = False,
        revocation_endpoint: str | None = None,
        device_authorization_endpoint: str | None = None,
        jwks_uri: str | None = None,
        userinfo_endpoint: str | None = None,
        end_session_endpoint: str | None = None,
    ) -> Provider: ...
    @staticmethod
    def discover(issuer: str, /, *, transport: Transport | None = None) -> Provider:
        """Fetches the metadata of the server with this issuer (RFC 8414, then OpenID Connect Discovery) over the network.

        `MetadataError` if it is another issuer's or cannot be used; `TransportError`. For an issuer that a user typed
        in, pass `transport=proofkey.Transport(public_only=True)`. A provider never changes by itself: a program that
        runs for days discovers it again from time to time.
        """
    @staticmethod
    def from_metadata(issuer: str, document: bytes | bytearray | str, /) -> Provider:
        """The server described by a metadata document that the program has fetched itself, as bytes or text.

        >>> import proofkey
        >>> document = '''{"issuer": "https://as.example", "authorization_endpoint": "https://as.example/authorize",
        ...     "token_endpoint": "https://as.example/token", "code_challenge_methods_supported": ["S256"]}'''
        >>> proofkey.Provider.from_metadata("https://as.example", document).pkce_support
        'S256'
        """
    @staticmethod
    def known(name: Literal["dropbox", "github", "google", "microsoft"], /, *, tenant: str | None = None) -> Provider:
        """A widely used server: "dropbox", "github", "google", or "microsoft" with a `tenant`. `ValueError` for any other
        name.

        Dropbox and Google give a refresh token with a quirk ("offline_by_token_access_type", "offline_by_access_type"),
        Microsoft with the scope `offline_access`. The `tenant` is an id or a domain, or "common", "organizations" or
        "consumers"; the scope `openid` needs the id, in lower case. Without a redirect URI Dropbox shows the code to
        the user (`login.accept_pasted_code`).

        >>> import proofkey
        >>> proofkey.Provider.known("dropbox").with_quirk("offline_by_token_access_type").quirks
        ['offline_by_token_access_type']
        """

    def with_endpoints(
        self,
        *,
        revocation_endpoint: str | None = None,
        device_authorization_endpoint: str | None = None,
        jwks_uri: str | None = None,
        userinfo_endpoint: str | None = None,
        end_session_endpoint: str | None = None,
    ) -> Provider:
        """The same server with these endpoints instead of those that it has: for what its metadata leaves out or gets
        wrong.

        >>> import proofkey
        >>> github = proofkey.Provider.known("github")
        >>> github.with_endpoints(userinfo_endpoint="https://api.github.com/user").userinfo_endpoint
        'https://api.github.com/user'
        """

    def with_quirk(self, quirk: _Quirk, /) -> Provider:
        """Enables a quirk: "scope_separated_by_comma" (responses of GitHub and Slack), "offline_by_token_access_type"
        (Dropbox), "offline_by_access_type" (Google), "resource_only_at_authorization" or "token_type_user_access_token"
        (eBay). `ValueError` for another name.
        """
    @property
    def quirks(self) -> list[str]:
        """The enabled quirks."""
    @property
    def authorization_endpoint(self) -> str:
        """Where the browser is sent."""
    @property
    def token_endpoint(self) -> str:
        """Where codes are exchanged."""
    @property
    def issuer(self) -> str | None:
        """The issuer identifier; `None` if it is not known."""

    @property
    def iss_parameter_supported(self) -> bool:
        """Whether the server sends `iss` in every authorization response."""

    @property
    def revocation_endpoint(self) -> str | None:
        """Where tokens are revoked; `None` if it is not known."""

    @property
    def device_authorization_endpoint(self) -> str | None:
        """Where a device asks for its codes (RFC 8628); `None` if it is not known."""
    @property
    def jwks_uri(self) -> str | None:
        """Where the server's keys for ID tokens are; `None` if it is not known."""

    @property
    def userinfo_endpoint(self) -> str | None:
        """Where the server says more about the user; `None` if it is not known."""

    @property
    def end_session_endpoint(self) -> str | None:
        """Where the browser is sent to sign out; `None` if it is not known."""

    @property
    def pkce_support(self) -> Literal["S256", "without_s256", "unknown"]:
        """What the metadata says about PKCE: "S256", "without_s256" (methods are listed, and S256 is not among them) or
        "unknown". S256 is sent in every case.
        """
    def require_advertised_pkce(self) -> Provider:
        """The same provider, or `ConfigurationError` if its metadata does not list S256.

        >>> import proofkey
        >>> proofkey.Provider.known("github").require_advertised_pkce().pkce_support
        'S256'
        """
    @property
    def token_endpoint_auth_method(self) -> Literal["client_secret_basic", "client_secret_post"]:
        """How a client with a secret authenticates unless it is told otherwise: "client_secret_basic", or
        "client_secret_post" if the metadata lists that one and not the other.
        """

@final
class Discovery:
    """The search for a server's metadata under its issuer, for programs that bring their own HTTP (`Provider.discover()`
    uses the built-in one): first where RFC 8414 puts it, then where OpenID Connect Discovery does.

    `ConfigurationError` for an issuer that cannot be the URL of a server. Do not follow redirects.

    >>> import proofkey
    >>> discovery = proofkey.Discovery("https://as.example/tenant")
    >>> discovery.request.url
    'https://as.example/.well-known/oauth-authorization-server/tenant'
    >>> discovery.receive(404, {}, b"")
    >>> discovery.request.url
    'https://as.example/tenant/.well-known/openid-configuration'
    """

    def __new__(cls, issuer: str, /) -> Discovery: ...
    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the provider is there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause."""
    def receive(self, status: int, headers: _Headers, body: bytes | bytearray | str, /) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `MetadataError` if there is no metadata, or another issuer's; the search is then over.
        """
    @property
    def provider(self) -> Provider:
        """The provider, once `request` is `None`."""

@final
class Client:
    """An OAuth client: a provider, a client id and the redirect URI that is registered for it. It is safe to share between
    threads.

    Without `client_secret` it is public, and PKCE alone protects its codes. A secret is a text, or a callable that
    returns one each time it is needed, for secrets that rotate. `auth_method` is "client_secret_basic" or
    "client_secret_post"; by default it is what the provider's metadata asks for, else basic.

    `id_token_algorithms` are the signature algorithms that ID tokens may have; by default those that the provider's
    metadata lists, else "RS256". `id_token_leeway` is how many seconds the server's clock may be off.
    `trusted_audiences` are further audiences that an ID token may name.

    An application that uses several servers needs a redirect URI for each: otherwise a server that does not send `iss`
    could pass its response off as another's (RFC 9700 section 4.4.2).

    `ConfigurationError` for a client id that is not printable ASCII, or a redirect URI that is not absolute, has a
    fragment, or is http to anything but loopback.

    >>> import proofkey
    >>> provider = proofkey.Provider(
    ...     authorization_endpoint="https://as.example/authorize", token_endpoint="https://as.example/token"
    ... )
    >>> client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    >>> client.begin(scope="files.read").url[:57]
    'https://as.example/authorize?response_type=code&client_id'
    """

    def __new__(
        cls,
        provider: Provider,
        client_id: str,
        *,
        redirect_uri: str | None = None,
        client_secret: str | Callable[[], str] | None = None,
        auth_method: Literal["client_secret_basic", "client_secret_post"] | None = None,
        transport: Transport | None = None,
        id_token_algorithms: _IdTokenAlgorithm | Iterable[_IdTokenAlgorithm] | None = None,
        id_token_leeway: int = 60,
        trusted_audiences: str | Iterable[str] | None = None,
    ) -> Client: ...
    @property
    def provider(self) -> Provider:
        """The provider."""

    @property
    def client_id(self) -> str:
        """The client id."""

    @property
    def redirect_uri(self) -> str | None:
        """The redirect URI; `None` if the client has none."""

    @property
    def id_token_algorithms(self) -> list[str]:
        """The signature algorithms that ID tokens may have."""

    @property
    def id_token_leeway(self) -> int:
        """How many seconds the server's clock may be off."""

    @property
    def trusted_audiences(self) -> list[str]:
        """The further audiences that an ID token may name."""

    def trust_token_endpoint_tls(self) -> Client:
        """A copy of this client that relies on TLS to the token endpoint instead of the signature of the ID token (OpenID
        Connect Core section 3.1.3.7, step 6): it fetches no keys. For servers that publish none.
        """
    def with_redirect_uri(self, redirect_uri: str, /) -> Client:
        """A copy of this client with another redirect URI. The two share the server's keys and the refreshed tokens: for
        an application that has several addresses. `ConfigurationError`, as for `Client(redirect_uri=…)`.

        >>> import proofkey
        >>> client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
        >>> client.with_redirect_uri("https://app.example/callback").redirect_uri
        'https://app.example/callback'
        """

    def begin(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        prompt: str | None = None,
        login_hint: str | None = None,
        resource: str | Iterable[str] | None = None,
        max_age: int | None = None,
        acr_values: str | Iterable[str] | None = None,
        extra: dict[str, str] | None = None,
        response_mode: Literal["query", "form_post"] | None = None,
        data: str | None = None,
        state: str | None = None,
        verifier: Verifier | None = None,
        nonce: str | None = None,
        now: int | None = None,
    ) -> Login:
        """Begins a login, with a fresh state and a fresh verifier. Send the browser to its `url`.

        `scope` is a text of tokens with single spaces between them, or a list of tokens; `prompt`, `login_hint`,
        `resource` (RFC 8707; a text or a list) and `extra` are further parameters of the authorization request;
        `response_mode` "form_post" asks for a callback that the browser posts. `data` is a text of the application, at
        most 256 bytes, that stays with the login and is not sent (`login.data`). `state`, `verifier`, `nonce` and `now`
        (seconds since the epoch) are for tests. It raises `ConfigurationError` for values that cannot be sent.

        With the scope `openid`, the tokens are returned only after their ID token has passed its checks; the provider
        needs an issuer and a `jwks_uri`. `max_age` is how many seconds ago the user may have signed in at the server;
        `acr_values` are the accepted ways to sign in, the preferred one first (a text or a list). An ID token that says
        otherwise is refused.
        """
    def resume(self, sealed: str, keys: SealKeys, context: str, /) -> Login:
        """Opens a login that `login.seal()` turned into a text. It needs the same keys or newer ones, and the same
        context.

        `SealError`: "seal_malformed" for a text that is not a sealed login; "seal_key_unknown" and "seal_forged";
        "seal_context"; "seal_client" unless it was begun with this issuer (without one, these endpoints), client id,
        redirect URI and, if this client has a secret, token endpoint. `CallbackError` "login_expired" ten minutes after
        it began, and for a login that seems to begin more than a minute from now: then the clocks of two machines
        disagree. Any text may come from a browser, so none of them is a `ValueError`.
        """
    def login_with_browser(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        prompt: str | None = None,
        login_hint: str | None = None,
        resource: str | Iterable[str] | None = None,
        max_age: int | None = None,
        acr_values: str | Iterable[str] | None = None,
        extra: dict[str, str] | None = None,
        browser: bool = True,
        timeout: float = 300.0,
    ) -> Tokens:
        """Signs in the user of this machine, for command-line and desktop programs: opens the browser, listens on loopback
        for the redirect back (RFC 8252 section 7.3), and exchanges the code. The options are those of `begin()`.

        The client's redirect URI is "http://127.0.0.1/path" or "http://[::1]/path" ("localhost" works too; prefer an
        address). If it has a port, that one is used; otherwise a free one is chosen, as authorization servers allow for
        these addresses. A client without a redirect URI gets "http://127.0.0.1:<port>/callback". Only the response to
        this login counts; everything else that arrives at the port is refused.

        Messages for the user go to stderr. If stdin is a terminal (not on Windows), the user may also paste the URL
        that the browser was sent to; input that comes later is not read. `browser=False`, or `PROOFKEY_NO_BROWSER` in
        the environment, leaves opening the browser to the user. `timeout` is in seconds, ten minutes at most. Other
        threads run meanwhile, and Ctrl-C ends it.

        `AuthorizationError` if the user or the server refused; `CallbackError` "login_expired" if nothing came in time;
        `ConfigurationError` for a redirect URI that is not http to loopback; `TransportError` "connect_failed" without
        `request_sent` if it cannot listen there or cannot reach the server; and what `begin()` and `finish()` raise.
        """
    def finish(
        self,
        login: Login,
        callback_url: str,
        /,
        *,
        content_type: str | None = None,
        body: bytes | bytearray | str | None = None,
        replay_store: _ReplayStore | None = None,
    ) -> Tokens:
        """Checks the callback, exchanges its code over the network, and returns the tokens.

        `callback_url` is the whole URL that the browser was sent to; for a form that the browser posted
        (`response_mode="form_post"`), pass its `content_type` and `body` too. `CallbackError` leaves the login usable
        if anybody could have sent the callback; a refusal of the server is an `AuthorizationError` or a `TokenError`;
        `TransportError.request_sent` says whether the code may have been used. All of it takes ten seconds at most;
        other threads run meanwhile.

        The login also stays usable after `MetadataError` "keys_unavailable". If its `request_sent` is true, the login
        holds the tokens, and the same call asks for the keys of their ID token alone.

        `replay_store` (`proofkey.replay_store`) is for a login that was resumed. No matter how often its callback is
        delivered, and to how many workers that share the store, only one of them sends the code; the others get
        `CallbackError` "login_already_used". If the store does not respond, `TransportError` "store_unavailable" or
        "store_reply_lost" is raised, and nothing was sent.
        """
    def refresh(self, tokens: Tokens, /, *, save: Callable[[Tokens], None] | None = None) -> Tokens:
        """Refreshes tokens: one request per refresh token, however many threads ask, and the same result for every caller
        that comes with the old tokens within a minute. If the server sends no new refresh token, the old one stays.

        `save(new_tokens)` is called before anybody gets the new tokens; if it raises, nobody does, and the next call
        runs it again. `TokenError` with `.error` "invalid_grant" means that the refresh token is no longer valid. After
        `MetadataError` "keys_unavailable" with `request_sent`, the next call within a minute asks for the keys alone.
        """
    def begin_refresh(self, tokens: Tokens, /, *, now: int | None = None) -> Refresh:
        """`refresh()` without network: for programs that bring their own HTTP. Store the tokens of what it returns, then
        call its `saved()`.

        `TokenError` "refresh_token_absent" if there is none, and "refresh_under_way" while somebody else refreshes these
        tokens with this client. `now` is for tests.
        """
    def userinfo(self, tokens: Tokens, /) -> dict[str, Any]:
        """Asks the provider over the network who the user of these tokens is (OpenID Connect Core section 5.3), and
        returns the claims as a dict.

        `ConfigurationError` if the provider has no userinfo endpoint; `UserinfoError` if it refused, or if the response
        cannot be read or is about another user than the ID token; `TransportError`.
        """
    def fetch_keys(self) -> None:
        """Fetches the server's keys for ID tokens over the network, unless they are here already: for a program that wants to
        know when it starts, and not at its first login, whether it can check ID tokens.

        `ConfigurationError` if the provider has no issuer or no `jwks_uri`; `MetadataError` if the keys cannot be used;
        `TransportError`.
        """

    def begin_userinfo(self, tokens: Tokens, /) -> Userinfo:
        """`userinfo()` without network: for programs that bring their own HTTP.

        `ConfigurationError` if the provider has no userinfo endpoint.

        >>> import proofkey
        >>> client = proofkey.Client(proofkey.Provider.known("google"), "my-app")
        >>> userinfo = client.begin_userinfo(proofkey.Tokens.from_dict({"access_token": "a"}))
        >>> userinfo.request.url
        'https://openidconnect.googleapis.com/v1/userinfo'
        >>> userinfo.receive(200, {"Content-Type": "application/json"}, '{"sub": "248", "name": "Ada"}')
        >>> userinfo.claims["name"]
        'Ada'
        """
    def end_session_url(
        self, tokens: Tokens, /, *, return_to: str | None = None, state: str | None = None
    ) -> str:
        """The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout). End the
        application's own session, then send the browser there. The provider sends the browser on to `return_to`, if
        that is registered there, and repeats `state`, which `accept_end_session()` compares. Take a fresh random
        `state` for every URL, and keep it where only this browser can reach it.

        `ConfigurationError` if the provider has no such endpoint.
        """
    def accept_end_session(self, callback_url: str, /, *, return_to: str, state: str) -> None:
        """Checks that the browser came back from `end_session_url()` with these arguments. `callback_url` is the whole URL
        that the browser was sent to. An empty `return_to` or `state` matches nothing.

        `CallbackError`: "redirect_uri_mismatch" unless the URL is `return_to` with further parameters, "state_missing",
        "state_mismatch", "callback_duplicate" for several states, "callback_malformed" for a URL that cannot be read.
        """
    def logout_token(self, logout_token: str, /) -> LogoutToken:
        """Checks a logout token that somebody posted to the application's `backchannel_logout_uri` (OpenID Connect
        Back-Channel Logout section 2.6), and fetches the server's keys over the network if need be. Anybody can post
        one, so everything but the signature is checked before keys are asked for, and they are asked for once a minute
        at most.

        Then `claim()` the token, end the session, and respond with status 200; on any error respond with 400 (section
        2.8). Both responses have `Cache-Control: no-store`.

        `LogoutTokenError` if the token fails a check; it needs an `exp`, at most a day away. `MetadataError`
        "keys_unavailable" if there are no keys, or if they were asked for a moment ago; `TransportError`;
        `ConfigurationError` if the provider has no issuer or no `jwks_uri`.

        >>> import proofkey
        >>> from proofkey import replay_store, testing
        >>> store = replay_store.from_url("memory://")
        >>> with testing.AuthorizationServer() as server:
        ...     client = proofkey.Client(server.provider, "my-app")
        ...     token = client.logout_token(server.logout_token("my-app", user="user-1"))
        >>> token.claim(store)
        >>> token.subject, token.sid
        ('user-1', None)
        """
    def begin_logout_token(self, logout_token: str, /, *, now: int | None = None) -> LogoutTokenCheck:
        """`logout_token()` without network: for programs that bring their own HTTP. It raises what `logout_token()` raises
        of the token and the provider. `now` is for tests.
        """
    def revoke(self, tokens: Tokens, /) -> None:
        """Revokes tokens (RFC 7009), the refresh token first. A failed call may be repeated. `ConfigurationError` if the
        provider has no revocation endpoint.
        """

    def begin_revocation(self, tokens: Tokens, /) -> Revocation:
        """`revoke()` without network: for programs that bring their own HTTP.

        `ConfigurationError` if the provider has no revocation endpoint.

        >>> import proofkey
        >>> client = proofkey.Client(proofkey.Provider.known("google"), "my-app")
        >>> revocation = client.begin_revocation(proofkey.Tokens.from_dict({"access_token": "a"}))
        >>> revocation.request.body
        b'token=a&token_type_hint=access_token&client_id=my-app'
        >>> revocation.receive(200, {}, b"")
        >>> revocation.request is None
        True
        """
    def authorize_device(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        resource: str | Iterable[str] | None = None,
        pkce: bool = False,
        extra: dict[str, str] | None = None,
    ) -> DeviceAuthorization:
        """Asks the provider over the network for the codes of a device (RFC 8628): for programs without a browser, whose
        user signs in on another device. Show what it returns, then call its `finish()`.

        `scope`, `resource` and `extra` are those of `begin()`. RFC 8628 has no PKCE, and some servers refuse parameters
        that they do not know; `pkce=True` is for servers that ask for it all the same. With the scope `openid` the ID
        token is checked. `ConfigurationError` if the provider has no device authorization endpoint; `TokenError` if it
        refused, or if its response cannot be used; `TransportError`.
        """
    def begin_device_authorization(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        resource: str | Iterable[str] | None = None,
        pkce: bool = False,
        extra: dict[str, str] | None = None,
    ) -> DeviceRequest:
        """`authorize_device()` without network: for programs that bring their own HTTP.

        >>> import proofkey
        >>> client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
        >>> request = client.begin_device_authorization(scope="repo")
        >>> request.request.url
        'https://github.com/login/device/code'
        >>> request.receive(200, {"Content-Type": "application/json"}, '''{"device_code": "3584d83530557fdd1f46af8289938c",
        ...     "user_code": "WDJB-MJHT", "verification_uri": "https://github.com/login/device", "expires_in": 900}''')
        >>> request.device.user_code, request.device.verification_uri
        ('WDJB-MJHT', 'https://github.com/login/device')
        >>> request.device.begin_polling().wait_seconds
        5
        """

@final
class Login:
    """One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.

    It contains the verifier: keep it where only this user's browser can reach it again. It cannot be copied or pickled;
    `seal()` turns it into an encrypted text.
    """

    @property
    def url(self) -> str:
        """The URL to send the browser to. It does not contain the verifier. A login that was resumed has none
        (`RuntimeError`).
        """
    @property
    def id(self) -> str:
        """An identifier of this login, for example for logs. It is the same wherever the login is opened. It is a hash of
        the state, and reveals nothing that could be used.
        """
    @property
    def replay_key(self) -> str:
        """The key that a replay store claims for this login: "login:" and its `id`."""

    @property
    def scope(self) -> list[str]:
        """The scope that was asked for, as a list of tokens."""

    @property
    def expires_at(self) -> int:
        """When this login expires, in seconds since the epoch."""
    @property
    def data(self) -> str:
        """What the application gave to `begin(data=…)`; empty without it."""
    def seal(self, keys: SealKeys, context: str, /) -> str:
        """Turns this login into an encrypted text, which `client.resume()` opens: in another request, worker, process or
        machine, and in another language. It has only characters that cookies, headers and URLs may have, about 600 of
        them with ordinary values.

        `context` says what the login is for, for example the name of the provider and the user who connects an account.
        The text does not open in another context. Sealing again does not extend the life of the login.

        Nobody without the secret can read or change the text. Anybody who has the text can deliver a callback with it
        more than once while the login lives: keep it with the browser that began (a cookie with HttpOnly, Secure and
        SameSite=Lax), and give `client.finish()` a `replay_store` if a second delivery must not reach the server. The
        length of the text reveals the length of the values.

        `CallbackError` "login_already_used" for a login that was used; `SealError` "seal_too_large" beyond 8192
        characters.

        >>> import proofkey
        >>> keys = proofkey.SealKeys("the secret of this application, 32 random bytes")
        >>> provider = proofkey.Provider(
        ...     authorization_endpoint="https://as.example/authorize", token_endpoint="https://as.example/token"
        ... )
        >>> client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        >>> sealed = client.begin(data="/photos").seal(keys, "github")
        >>> client.resume(sealed, keys, "github").data
        '/photos'
        """
    def accept(
        self,
        callback_url: str,
        /,
        *,
        content_type: str | None = None,
        body: bytes | bytearray | str | None = None,
        now: int | None = None,
    ) -> Exchange:
        """Checks the callback and returns the `Exchange` of its code, without network: for programs that bring their own
        HTTP. `client.finish()` does both, and takes the same arguments.

        `CallbackError` leaves the login usable if anybody could have sent the callback; using the right one again is
        "login_already_used". For a resumed login call `store.claim(login.replay_key, login.expires_at)` before the
        request with the code is sent, and `store.release(login.replay_key)` if none of it was sent. `now` is for tests.
        """
    def accept_pasted_code(self, code: str, /) -> Exchange:
        """The `Exchange` of a code that the server showed to the user, who typed it in: only for a client without a
        redirect URI. Strip the text that was typed; nothing is trimmed here.
        """

@final
class Exchange:
    """What is still to be sent and received until there are tokens, for programs that bring their own HTTP:

        x = login.accept(callback_url)
        while request := x.request:
            time.sleep(x.wait_seconds)
            response = http.request(request.method, request.url, headers=request.headers, content=request.body)
            x.receive(response.status_code, response.headers, response.content)
        tokens = x.tokens

    Do not follow redirects. Once a byte of a request other than "GET" may have been sent, do not send it again: a code
    can be used only once. With the scope `openid` the first request may be for the server's keys.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the tokens are there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause, which is five seconds
        at most.
        """
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text.

        `TokenError` if the server refused, or if the response is not what RFC 6749 section 5 describes, and
        `IdTokenError` if the ID token fails a check: the exchange is then over. `MetadataError` if the server's keys for
        ID tokens cannot be read: the exchange is then still pending, and `request` asks for them again, now or later.
        If the error's `request_sent` is true, the code or the refresh token was sent, and the tokens wait inside for
        the keys. `now` is for tests.
        """
    @property
    def tokens(self) -> Tokens:
        """The tokens, once `request` is `None`."""
    def release(self) -> None:
        """Gives the login back, because no byte of the request with the code was sent: the same callback may be accepted
        again, by a login that is resumed once more. This exchange is then over.
        """

@final
class Refresh:
    """The exchange of a refresh token, from `client.begin_refresh()`, for programs that bring their own HTTP. The loop is
    that of an `Exchange`; if others have just refreshed the same tokens, there is nothing to send. Store `tokens`, then
    call `saved()`.

    As long as it lives and is not saved, nobody else who has the client can refresh the same tokens.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the tokens are there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause, which is five seconds
        at most.
        """
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text.

        `TokenError` if the server refused, or if the response is not what RFC 6749 section 5 describes, and
        `IdTokenError` if the ID token fails a check: the exchange is then over. `MetadataError` if the server's keys for
        ID tokens cannot be read: the exchange is then still pending, and `request` asks for them again, now or later.
        If the error's `request_sent` is true, the code or the refresh token was sent, and the tokens wait inside for
        the keys. `now` is for tests.
        """
    @property
    def tokens(self) -> Tokens:
        """The tokens, once `request` is `None`."""
    def saved(self) -> None:
        """Says that the new tokens are stored, or need not be: from now on other callers get them too. It does nothing
        before they are there.
        """

@final
class Revocation:
    """The revocation of tokens (RFC 7009), for programs that bring their own HTTP, from `client.begin_revocation()`: the
    refresh token first, since servers revoke its access tokens with it, then the access token. The loop is that of an
    `Exchange`. The requests may be repeated: revoking a token that is no longer valid succeeds.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the tokens are revoked."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause."""
    def receive(self, status: int, headers: _Headers, body: bytes | bytearray | str, /) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `TokenError` if the server refused; the revocation is then over, and the token may still be valid.
        """

@final
class DeviceRequest:
    """The request for the codes of a device (RFC 8628 section 3.1), from `client.begin_device_authorization()`, for programs
    that bring their own HTTP. The loop is that of an `Exchange`.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the codes are there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause."""
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `TokenError` if the server refused, or if the response is not what RFC 8628 section 3.2 describes; the
        request is then over. `now` is for tests.
        """
    @property
    def device(self) -> DeviceAuthorization:
        """The codes, once `request` is `None`."""

@final
class DeviceAuthorization:
    """What the user of a device is shown, and what it takes to get the tokens (RFC 8628 section 3.2), from
    `client.authorize_device()`:

        device = client.authorize_device(scope="films")
        print(f"Go to {device.verification_uri} and enter {device.user_code}")
        tokens = device.finish()

    The device code inside is a secret, which nothing shows.
    """

    @property
    def user_code(self) -> str:
        """The code that the user types at `verification_uri`: at most 64 printable ASCII characters."""
    @property
    def verification_uri(self) -> str:
        """Where the user signs in, on any device with a browser: an https URL, or one on loopback."""
    @property
    def verification_uri_complete(self) -> str | None:
        """The same with the user code in it, for a QR code or a link; `None` if the server has no such thing. Show the user
        code all the same, so that the user can compare it with what the browser shows.
        """
    @property
    def expires_at(self) -> int:
        """When the codes expire, in seconds since the epoch."""
    @property
    def interval(self) -> int:
        """How many seconds the server wants between two requests for the tokens."""
    def finish(self, *, timeout: float | None = None) -> Tokens:
        """Asks for the tokens over the network until the user has decided. It blocks until the codes expire at the latest;
        Ctrl-C ends it. A network that is lost is waited for. `timeout` is how many
        seconds it waits for the user in all, without the requests: a pause that does not fit is not begun.

        `TokenError`: "device_code_expired", or with `.error` "access_denied" if the user refused; `IdTokenError`;
        `TransportError`. After "timeout", "keys_unavailable" and "tls_failed" the next call goes on where this one ended.
        """
    def begin_polling(self, *, now: int | None = None) -> DevicePolling:
        """`finish()` without network: for programs that bring their own HTTP. Poll one device only once. `TokenError`
        "device_code_expired". `now` is for tests.
        """

@final
class DevicePolling:
    """The requests for the tokens of a device (RFC 8628 sections 3.4 and 3.5), from `device.begin_polling()`, for programs
    that bring their own HTTP:

        polling = device.begin_polling()
        while request := polling.request:
            time.sleep(polling.wait_seconds)
            try:
                response = http.request(request.method, request.url, headers=request.headers, content=request.body)
            except ConnectionError:
                polling.connection_lost()
            else:
                polling.receive(response.status_code, response.headers, response.content)
        tokens = polling.tokens
    """

    @property
    def request(self) -> Request | None:
        """The request to send after `wait_seconds`; `None` once the tokens are there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent."""
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. That the user has not decided yet is no error.

        `TokenError`: "device_code_expired", or with `.error` "access_denied" if the user refused, or as for an
        `Exchange`; `IdTokenError`: the polling is then over. `MetadataError` if the server's keys for ID tokens cannot be
        read: the polling is then still pending. `now` is for tests.
        """
    def connection_lost(self, *, now: int | None = None) -> None:
        """Goes on after a request that got no response: `wait_seconds` is then twice what it was, up to a minute. `TokenError`
        "device_code_expired" if the codes expire before that. `now` is for tests.
        """
    @property
    def tokens(self) -> Tokens:
        """The tokens, once `request` is `None`."""

@final
class LogoutToken:
    """A checked logout token (OpenID Connect Back-Channel Logout section 2.4), from `client.logout_token()`: the server has
    ended a session, or all sessions of a user.

    With a `sid`, end the session whose ID token has the same `sid`. Otherwise, end every session of the `subject` that
    began before `issued_at`: a token that comes late must not end a session that began since.
    """

    @property
    def issuer(self) -> str:
        """The server: that of the client."""
    @property
    def subject(self) -> str | None:
        """The user; `None` if the token names only a session."""
    @property
    def sid(self) -> str | None:
        """The session at the server, which its ID tokens have as the claim `sid`; `None` if the token names only a user."""
    @property
    def jti(self) -> str:
        """The identifier of the token itself."""
    @property
    def issued_at(self) -> int:
        """When it was issued, in seconds since the epoch, by the clock of the server."""
    @property
    def expires_at(self) -> int:
        """When it expires, in seconds since the epoch."""
    @property
    def replay_key(self) -> str:
        """The key that `claim()` claims: "jti:" and a hash of the issuer and the `jti`."""
    def claim(self, replay_store: _ReplayStore, /) -> None:
        """Claims this token in a replay store (`proofkey.replay_store`), before a session is ended: of several deliveries
        of the same token, in whatever process, one succeeds. If the session cannot be ended then, call
        `replay_store.release(token.replay_key)`, so that the server may try again.

        `LogoutTokenError` "logout_token_replayed" if it was claimed before; `TransportError` if the store cannot tell.
        """

@final
class LogoutTokenCheck:
    """A logout token that is good except for its signature, for programs that bring their own HTTP, from
    `client.begin_logout_token()`. The loop is that of an `Exchange`. Do not follow redirects.
    """

    @property
    def request(self) -> Request | None:
        """The request for the server's keys; `None` once the token is checked, and from the beginning if its key is here
        already.
        """
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause."""
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `LogoutTokenError` "logout_token_signature"; `MetadataError` if the server's keys cannot be used. The check
        is then over. `now` is for tests.
        """
    @property
    def logout_token(self) -> LogoutToken:
        """The token, once `request` is `None`."""

@final
class Userinfo:
    """The request for the claims about the user of some tokens (OpenID Connect Core section 5.3), for programs that bring
    their own HTTP, from `client.begin_userinfo()`. The loop is that of an `Exchange`. Do not follow redirects: the
    request carries the access token.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the claims are there."""
    @property
    def wait_seconds(self) -> int:
        """How many seconds to wait before `request` is sent: 0, unless the server asked for a pause."""
    def receive(self, status: int, headers: _Headers, body: bytes | bytearray | str, /) -> None:
        """Takes the response to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `UserinfoError` if the server refused, or if the response cannot be read or is about another user than the
        ID token; the request is then over.
        """
    @property
    def claims(self) -> dict[str, Any]:
        """The claims about the user as a dict, once `request` is `None`."""

@final
class Request:
    """An HTTP request as data. Its headers and body contain secrets, which its repr hides."""

    @property
    def method(self) -> str:
        """The HTTP method."""
    @property
    def url(self) -> str:
        """The URL. It contains no secret."""
    @property
    def headers(self) -> dict[str, str]:
        """The headers to send."""
    @property
    def body(self) -> bytes:
        """The body to send."""

@final
class SealKeys:
    """The keys that seal logins and stored tokens, derived from secrets of the application. The newest one seals; the older ones still open.

    A secret is 32 random bytes, or a text made from them (`secrets.token_urlsafe(32)`). It is the same in every process
    that may finish the login. To replace it, pass the new secret first, and keep the old one for ten minutes, until its
    logins have expired. `SealError` "secret_weak" for fewer than 16 bytes; a `WeakSecretWarning` for fewer than 32.

    They cannot be compared, hashed, copied or pickled. The keys are erased when the object is freed; the secrets that
    were passed in are Python objects, and are not erased.

    >>> import proofkey
    >>> proofkey.SealKeys("the secret of this application, 32 random bytes", "the secret of last year, just as random")
    <proofkey.SealKeys redacted>
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __new__(cls, secret: bytes | str, /, *older: bytes | str) -> SealKeys: ...
    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...

@final
class MemoryReplayStore:
    """A `ReplayStore` in the memory of one process: for programs that run as a single process.

    It holds 100,000 keys. When it is full of keys that have not expired, it refuses more ("store_unavailable") rather
    than forget one.

    >>> from proofkey import replay_store
    >>> finished = replay_store.MemoryReplayStore()
    >>> finished.claim("login:an-id", 2**40)
    >>> finished.claim("login:an-id", 2**40)
    Traceback (most recent call last):
        ...
    proofkey.CallbackError: login_already_used: this login was already used. Next: begin a new login: nothing of this one can be used again
    """

    def __new__(cls) -> MemoryReplayStore: ...
    def claim(self, key: str, until: int, /) -> None:
        """Claims a key until `until`, in seconds since the epoch. `CallbackError` "login_already_used" if it is claimed
        already.
        """
    def release(self, key: str, /) -> None:
        """Gives a claimed key back, because nothing was sent."""

@final
class Secret:
    """A text that must not leak, for example an access token. Its repr hides it; `expose()` is the only way to read it.

    It cannot be compared, hashed, copied or pickled. What `expose()` returned cannot be erased in Python.
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def expose(self) -> str:
        """The text itself."""
    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...

@final
class FileTokenStore:
    """A `TokenStore` of files in one folder, for programs on a user's machine: a file and a lock for each user.

    The folder is made with the permissions 0700, its files with 0600. A folder or a file that is a link, or that belongs
    to or is open to other users, is refused: `StoredTokensError` "store_insecure". On Windows, the folder has the
    permissions that it inherits: choose one in the user's profile, which other users cannot read.

    A file is replaced as a whole, so that a crash leaves the old one or the new one. The folder must be on a local disk,
    where locks work. A lease ends with the process that has it. Rust programs can use the same folder.

    >>> import secrets, tempfile
    >>> import proofkey
    >>> from proofkey import token_store
    >>> folder = tempfile.TemporaryDirectory()
    >>> files = token_store.FileTokenStore(f"{folder.name}/tokens")
    >>> store = token_store.SealedTokenStore(files, proofkey.SealKeys(secrets.token_bytes(32)))
    >>> folder.cleanup()
    """

    def __new__(cls, folder: str | PathLike[str], /) -> FileTokenStore: ...
    def load(self, key: str, /) -> str | None:
        """See `TokenStore`."""
    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """See `TokenStore`."""
    def delete(self, key: str, read: str, /) -> bool:
        """See `TokenStore`."""
    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        """See `TokenStore`. The lease ends with the process, not after `seconds`."""
    def release(self, key: str, owner: str, /) -> None:
        """See `TokenStore`."""

def before_fork() -> None:
    """What `os.register_at_fork` calls before a fork: no lock of a file is taken or given up until it is over."""

def after_fork_in_parent() -> None:
    """What `os.register_at_fork` calls in the parent."""

def after_fork_in_child() -> None:
    """What `os.register_at_fork` calls in the child: it closes the child's copies of its parent's locks."""

@final
class SealedTokenStore:
    """Tokens at rest: encrypted in a `TokenStore`, one record for each user of a client, and refreshed once, however many
    threads, processes and machines want them fresh.

    What is stored is sealed for its provider, client and user. A record in another's place does not open, and neither
    does one that was changed: `SealError`. Whoever can write to the store can still put back an older record of the same
    user.

    `user` is how the application names the user: an id, or any text if there is only one.

    >>> import secrets, tempfile
    >>> import proofkey
    >>> from proofkey import testing, token_store
    >>> folder = tempfile.TemporaryDirectory()
    >>> keys = proofkey.SealKeys(secrets.token_bytes(32))  # in your app: one secret for all workers, kept for good
    >>> store = token_store.from_url(f"sqlite:///{folder.name}/tokens.db", keys)
    >>> with testing.AuthorizationServer() as server:
    ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    ...     login = client.begin(scope="files.read")
    ...     store.save(client, "user-42", client.finish(login, server.sign_in(login.url)))
    ...     old = store.fresh(client, "user-42")  # in any worker
    ...     new = store.fresh(client, "user-42", rejected=old.access_token)  # a resource server responded with 401
    >>> new.access_token.expose() != old.access_token.expose()
    True
    >>> tokens = store.delete(client, "user-42")  # signed out; client.revoke(tokens) tells the server, too
    >>> store.load(client, "user-42") is None
    True
    >>> folder.cleanup()
    """

    def __new__(cls, store: _TokenStore, keys: SealKeys, /) -> SealedTokenStore: ...
    def save(self, client: Client, user: str, tokens: Tokens, /) -> None:
        """Saves the tokens of a login, in place of those that were there. If they are being refreshed, it waits, up to ten
        seconds: `StoredTokensError` "store_busy".
        """
    def load(self, client: Client, user: str, /) -> Tokens | None:
        """The tokens as they are stored, fresh or not; `None` if there are none."""
    def delete(self, client: Client, user: str, /) -> Tokens | None:
        """Forgets the tokens, for example when the user signs out, and returns them, to be revoked; `None` if there are
        none, or if their record does not open. If they are being refreshed, it waits, up to ten seconds:
        `StoredTokensError` "store_busy".
        """
    def fresh(self, client: Client, user: str, /, *, within: int = 60, rejected: Secret | None = None) -> Tokens:
        """Tokens that do not expire `within` this many seconds, refreshed over the network if need be. Give the `rejected`
        access token if a resource server responded with `invalid_token`: it is refreshed, too, unless somebody else has
        done so already.

        One caller refreshes. The others get the old tokens while those are valid, and wait otherwise. The same goes for
        a server that cannot be reached, is overloaded or fails. Only `invalid_grant` ends a grant: the tokens are deleted
        then.

        If a process ends in the middle of a refresh, the next caller sends the same refresh token once more. Most
        servers accept that; one that does not ends the grant.

        `StoredTokensError` "tokens_absent", `TokenError` "refresh_token_absent", "token_error" with `.error`
        "invalid_grant", and "refresh_outcome_unknown" mean: begin a new login. `StoredTokensError` "store_busy" if
        somebody else refreshes for too long; else the errors of `client.refresh()`.
        """

@final
class Tokens:
    """What the token endpoint granted (RFC 6749 section 5.1). It cannot be copied or pickled, and its repr hides the
    tokens; `to_dict()` returns everything in clear text, for storage.
    """

    @staticmethod
    def from_dict(stored: dict[str, Any], /) -> Tokens:
        """Tokens from storage: a dict that `to_dict()` returned, or one that Authlib, requests-oauthlib or MSAL stored
        (`scope` may be a text, `expires_at` may have a fraction, `expires_on` stands for it). Their ID token was checked
        when it came and is not checked again.

        `StoredTokensError` says which member cannot be read: "stored_expiry_relative" for `expires_in` without
        `expires_at`. `IdTokenError` if the ID token is not a signed JWT.

        >>> import proofkey
        >>> stored = {"access_token": "a", "refresh_token": "r", "expires_at": None, "scope": "read write"}
        >>> proofkey.Tokens.from_dict(stored)
        <proofkey.Tokens redacted, scope=["read", "write"], expires_at=None>
        """
    @property
    def access_token(self) -> Secret:
        """The access token: send `access_token.expose()` as `Authorization: Bearer …` to the resource server and to nobody
        else.
        """
    def authorization_header(self) -> Secret:
        """The value of the `Authorization` header of a request to an API: "Bearer" and the access token. Send it to the
        origin of that API alone, and drop it when a redirect leads to another one, as `proofkey.httpx.TokenAuth` and
        `proofkey.requests.TokenAuth` do.

        `TokenError` "access_token_invalid" if the access token has characters that the header may not have.

        >>> import proofkey
        >>> proofkey.Tokens.from_dict({"access_token": "mF_9.B5f-4.1JqM"}).authorization_header().expose()
        'Bearer mF_9.B5f-4.1JqM'
        """
    @property
    def refresh_token(self) -> Secret | None:
        """The refresh token; `None` if the server sent none."""
    @property
    def expires_in(self) -> int | None:
        """The lifetime of the access token in seconds. `None` if the server did not say; the token is then neither expired
        nor everlasting.
        """
    @property
    def expires_at(self) -> int | None:
        """When the access token expires, in seconds since the epoch; `None` if the server did not say."""
    def expires_within(self, seconds: int, /) -> bool:
        """Whether the access token expires within this many seconds from now, so that it is time to refresh. `False` if
        the server did not say when it expires: refresh such tokens when a resource server responds with
        `invalid_token`, and try it only once.
        """
    @property
    def scope(self) -> list[str] | None:
        """The granted scope as a list of tokens; `None` means as requested."""
    @property
    def resource(self) -> list[str]:
        """The resource servers that the tokens are for, which a refresh names again (RFC 8707)."""

    @property
    def scope_changed(self) -> bool:
        """Whether the granted scope is a different set from the requested one; `False` if none was requested."""
    @property
    def token_type_defaulted(self) -> bool:
        """Whether the server left out `token_type`, so that Bearer was assumed."""
    @property
    def quirks(self) -> list[str]:
        """The provider's quirks that applied when these tokens were requested and read."""
    def extra(self, name: str, /) -> object:
        """A further member of the response, for example Dropbox's `account_id`; `None` if it is not there. Do not trust
        it.
        """
    @property
    def claims(self) -> dict[str, Any] | None:
        """What the checked ID token says about the user, as a dict; `None` without the scope `openid`. Identify users by
        the pair of `claims["iss"]` and `claims["sub"]`, never by an e-mail address.
        """
    @property
    def id_token(self) -> Secret | None:
        """The ID token itself; `None` without the scope `openid`. Do not use it as a credential anywhere else."""
    @property
    def signature_verified(self) -> bool:
        """Whether the signature of the ID token was verified when it came. `False` after `trust_token_endpoint_tls()`, for
        tokens from storage, and without an ID token.
        """
    def to_dict(self) -> dict[str, str | int | list[str] | None]:
        """Everything as a dict, with the tokens in clear text. Store it only where they are safe."""

@final
class Transport:
    """A blocking transport that is safe by default: it uses https with the root certificates of the operating system
    (plain http only to loopback), takes ten seconds at most for a whole request, accepts 1 MiB of body at most, follows
    no redirects, and uses no cookies, no .netrc, and no proxy unless it is given one.

    `ca_file` is a PEM file with the only certificates to trust (`ConfigurationError` "ca_file_invalid" if it has none);
    `public_only` refuses addresses that are not public, for hosts that a user names; `timeout` is another limit, in
    seconds. `proxy` is the URL of a proxy that makes the connections, except for those to loopback:
    "http://user:password@host:port" or https (`ConfigurationError` "proxy_invalid" for another one). It sees the names of
    the servers and nothing else. With `public_only`, every request is refused ("address_forbidden"), because the proxy
    looks names up by itself. The variables of the environment are never read.

    Clients share one transport unless they are given their own. It is safe to share between threads.

    >>> import proofkey
    >>> proofkey.Transport(timeout=5)
    <proofkey.Transport>
    """

    def __new__(
        cls,
        *,
        ca_file: str | PathLike[str] | None = None,
        public_only: bool = False,
        timeout: float | None = None,
        proxy: str | None = None,
    ) -> Transport: ...
    @property
    def timeout(self) -> float:
        """The limit for a whole request, in seconds."""

    @property
    def public_only(self) -> bool:
        """Whether it connects to public addresses only."""


def s256(verifier: str, /) -> str:
    """The S256 challenge of a verifier's text: base64url of its SHA-256, without padding (RFC 7636 section 4.2).

    Raises `VerifierError` unless the text is a verifier: 43 to 128 of the characters A-Z a-z 0-9 - . _ ~.

    >>> import proofkey
    >>> proofkey.s256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """

@final
class Policy:
    """What an authorization server accepts when it binds a challenge to a code.

    Use `Policy.strict()`: it requires PKCE with S256 (RFC 9700 section 2.1.1). Each relaxation is a method, so a search
    finds it by name, and returns another policy.

    >>> from proofkey import server
    >>> server.Policy.strict().allow_plain()
    Policy.strict().allow_plain()
    """

    @staticmethod
    def strict() -> Policy:
        """Requires a challenge, and the method S256."""

    def allow_plain(self) -> Policy:
        """Relaxation: also accepts the method plain, and its short form, an absent method. Anybody who sees the
        authorization request can then redeem the code.

        >>> from proofkey import server
        >>> form = {"code_challenge": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
        >>> server.Policy.strict().allow_plain().bind(form).method
        'plain'
        """

    def optional_for_confidential_client(self) -> Policy:
        """Relaxation: accepts a request without a challenge and binds "none". Only for confidential clients with another
        defence against injected codes (RFC 9700 section 2.1.1); a public client always needs a challenge.

        >>> from proofkey import server
        >>> str(server.Policy.strict().optional_for_confidential_client().bind({}))
        'none'
        """

    def bind(self, params: _Params, /) -> Binding:
        """`proofkey.server.bind` under this policy."""

    def metadata(self) -> dict[str, list[str]]:
        """The part of the server's metadata document that tells clients about PKCE (RFC 8414 section 2).

        >>> from proofkey import server
        >>> {"issuer": "https://as.example"} | server.Policy.strict().metadata()
        {'issuer': 'https://as.example', 'code_challenge_methods_supported': ['S256']}
        """

@final
class Binding:
    """What an authorization server stores with a code: `str(binding)`.

    `bind` makes one, and `Binding(text)` reads the stored text back; `verify` takes either. It contains no secret.

    >>> from proofkey import server
    >>> binding = server.Binding("S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    >>> binding.method
    'S256'
    >>> str(server.Binding("none"))
    'none'
    """

    def __new__(cls, text: str | None, /) -> Binding: ...
    @property
    def method(self) -> str | None:
        """The method that was bound, `"S256"` or `"plain"`; `None` if there was no challenge."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def bind(params: _Params, /) -> Binding:
    """Turns the `code_challenge` and `code_challenge_method` of an authorization request into the binding to store with
    the code (RFC 7636 section 4.4): `str(binding)`.

    `params` is the whole query or form, as the framework gives it, so that a repeated parameter is seen: a multi-dict
    with `getlist` or `getall`, a dict (also with lists, as `parse_qs` makes them), or pairs.

    PKCE is required, S256 only; `Policy` has the named relaxations. A refusal raises `RequestError`, whose `as_dict()`
    is the response; `TypeError` says that the call itself is wrong.

    >>> from proofkey import server
    >>> challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    >>> str(server.bind({"code_challenge": challenge, "code_challenge_method": "S256"}))
    'S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    >>> server.bind({"code_challenge": challenge})
    Traceback (most recent call last):
        ...
    proofkey.server.RequestError: method_unsupported: code_challenge_method must be S256. Next: change what is passed in: the same call will fail again
    """

def verify(binding: Binding | str | None, params: _Params, /) -> None:
    """Verifies the `code_verifier` of a token request against what was stored with the code (RFC 7636 section 4.6).

    `binding` is the stored text or a `Binding`. `None` and an empty or unreadable text raise `RequestError`: a lost
    column never means "no PKCE". `params` is the whole form, as the framework gives it, so that a repeated parameter is
    seen.

    It returns if the verifier is right. Otherwise it raises `RequestError`, whose `as_dict()` is the response, or
    `TypeError` if the call itself is wrong. Call it after the code was found and before it is consumed: a failed
    verifier does not use the code up.

    >>> from proofkey import server
    >>> stored = "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    >>> server.verify(stored, {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})
    >>> try:
    ...     server.verify(stored, {})
    ... except server.RequestError as error:
    ...     error.error, error.name
    ('invalid_grant', 'verifier_missing')
    """

def redirect_uri_matches(
    registered: str,
    requested: str,
    /,
    *,
    loopback_port: Literal["exact", "any", "any_including_localhost"] = "exact",
) -> bool:
    """Whether an authorization server may redirect to `requested`, given one `registered` redirect URI: if the text is the
    same (RFC 9700 section 2.1).

    `loopback_port` says whether the port of a loopback redirect URI counts: "exact" for web applications; "any" for
    native applications, where the port of 127.0.0.1 and [::1] does not count (RFC 8252 section 7.3);
    "any_including_localhost" for native applications that registered localhost.

    >>> from proofkey import server
    >>> server.redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", loopback_port="any")
    True
    >>> server.redirect_uri_matches("https://client.example/cb", "https://client.example/cb/")
    False
    """

def api_refusal(
    status: int, www_authenticate: list[str], /
) -> tuple[ErrorName, list[str] | None, list[str] | None, int | None] | None:
    """Why an API refused a request with an access token, from the status and all `WWW-Authenticate` headers of its response
    (RFC 6750 section 3, RFC 9470 section 3): the name of the error, and the scope, the `acr_values` and the `max_age` that
    the API asks for. `None` for every other response.

    >>> api_refusal(403, ['Bearer error="insufficient_scope", scope="files.write"'])
    ('insufficient_scope', ['files.write'], None, None)
    """

def error_info(name: ErrorName, recovery: str | None = None, /) -> tuple[int, str, str, str, str, str | None]:
    """The row of the error table with this name: number, message, fault, recovery, hint, and the OAuth error that it
    stands for. `recovery` replaces the one of the table.

    >>> error_info("verifier_mismatch")[0]
    21
    """

def error_names() -> tuple[ErrorName, ...]:
    """The name of every error, in the order of the numbers.

    >>> error_names()[0]
    'verifier_length'
    """

def raise_error(name: ErrorName, /, **details: str | bool | int | None) -> NoReturn:
    """Raises the error with this name, as the native code would. The keywords are those of `proofkey._errors.make`.

    >>> raise_error("timeout", request_sent=True)
    Traceback (most recent call last):
        ...
    proofkey.TransportError: timeout: no response in time. Next: try again later: nothing here has to change
    """
