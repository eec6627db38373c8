"""The native module. What is public is exported by `proofkey` and `proofkey.server`."""

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, ClassVar, NoReturn, Protocol, TypeAlias, final

__all__ = [
    "Binding",
    "Client",
    "Discovery",
    "Exchange",
    "Login",
    "MemoryStore",
    "Policy",
    "Provider",
    "Request",
    "SealKeys",
    "Secret",
    "Tokens",
    "Transport",
    "Verifier",
    "__version__",
    "bind",
    "error_info",
    "error_names",
    "raise_error",
    "redeem",
    "redirect_uri_matches",
    "s256",
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

# `proofkey.store.SpendStore`, which is not imported here: the module loads on first use.
class _SpendStore(Protocol):
    def spend(self, login_id: str, until: int, /) -> None: ...
    def unspend(self, login_id: str, /) -> None: ...

_Value: TypeAlias = str | list[str] | tuple[str, ...] | None
_Headers: TypeAlias = _HasItems | Iterable[tuple[str, str]]
_Params: TypeAlias = _HasGetlist | _HasGetall | Mapping[str, _Value] | Iterable[tuple[str, _Value]]

@final
class Verifier:
    """The secret of one authorization request: 43 to 128 unreserved characters (RFC 7636 section 4.1).

    `Verifier.generate()` makes one; `Verifier(text)` reads one that comes from elsewhere, and raises `VerifierError` for
    anything but 43 to 128 of the characters A-Z a-z 0-9 - . _ ~. Nothing is trimmed or decoded.

    It cannot be compared, hashed, copied or pickled, and its repr hides it; `expose()` is the only way out. The object
    is erased when it goes away. Text that `expose()` returned cannot be erased in Python: ask for it late, and keep no
    reference.

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
        """A fresh verifier: 32 bytes from the operating system as 43 base64url characters. One for each request.

        >>> import proofkey
        >>> len(proofkey.Verifier.generate().expose())
        43
        """

    @staticmethod
    def from_entropy(entropy: bytes, /) -> Verifier:
        """A verifier from 32 to 96 bytes of a cryptographic generator of your own, which must be used once.

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
        """The secret characters, for the body of the token request and for nothing else."""

    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...
    def __copy__(self) -> NoReturn: ...
    def __deepcopy__(self, _memo: object) -> NoReturn: ...

@final
class Provider:
    """An authorization server: its endpoints, and what it promises. URLs are kept and sent as given.

    `Provider.discover(issuer)` reads them from the server's metadata. `iss_promised` says that it sends `iss` in every
    answer (RFC 9207); one without it is then refused. `jwks_uri` is where the keys for ID tokens are, and what the scope
    `openid` needs besides the issuer. `ConfigurationError` for URLs that are not absolute, have a
    fragment, or are http to anything but 127.0.0.1, [::1] and localhost.

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
        iss_promised: bool = False,
        revocation_endpoint: str | None = None,
        jwks_uri: str | None = None,
        userinfo_endpoint: str | None = None,
        end_session_endpoint: str | None = None,
    ) -> Provider: ...
    @staticmethod
    def discover(issuer: str, /, *, transport: Transport | None = None) -> Provider:
        """The server with this issuer, by its metadata (RFC 8414, then OpenID Connect Discovery), fetched over the network.

        `MetadataError` if it is another issuer's or cannot be used; `TransportError`. For an issuer that a user typed in,
        pass `transport=proofkey.Transport(public_only=True)`.
        """
    @staticmethod
    def from_metadata(issuer: str, document: bytes | bytearray | str, /) -> Provider:
        """The server by a metadata document that the program has fetched itself, as bytes or text.

        >>> import proofkey
        >>> document = '''{"issuer": "https://as.example", "authorization_endpoint": "https://as.example/authorize",
        ...     "token_endpoint": "https://as.example/token", "code_challenge_methods_supported": ["S256"]}'''
        >>> proofkey.Provider.from_metadata("https://as.example", document).pkce_support
        'S256'
        """
    @staticmethod
    def dropbox() -> Provider:
        """Dropbox. For a refresh token add the quirk "offline_by_token_access_type"; without a redirect URI it shows the
        code to the user (`login.accept_pasted_code`).

        >>> import proofkey
        >>> proofkey.Provider.dropbox().with_quirk("offline_by_token_access_type").quirks
        ['offline_by_token_access_type']
        """
    @staticmethod
    def github() -> Provider:
        """GitHub, for OAuth apps and GitHub Apps."""
    @staticmethod
    def google() -> Provider:
        """Google. For a refresh token add the quirk "offline_by_access_type". Desktop clients have a secret that they must
        send, and that proves nothing.
        """
    @staticmethod
    def microsoft(tenant: str, /) -> Provider:
        """Microsoft Entra ID, by the id or the domain of a tenant, or "common", "organizations" or "consumers". For a
        refresh token ask for the scope `offline_access`. The scope `openid` needs the id of the tenant, in lower case.
        """
    def with_quirk(self, quirk: str, /) -> Provider:
        """The same server, of which this is special: "scope_separated_by_comma" (GitHub, Slack: in its answers),
        "offline_by_token_access_type" (Dropbox) or "offline_by_access_type" (Google). `ValueError` for another name.
        """
    @property
    def quirks(self) -> list[str]:
        """What is special about the server, as far as it was told."""
    @property
    def authorization_endpoint(self) -> str:
        """Where the browser is sent."""
    @property
    def token_endpoint(self) -> str:
        """Where codes are exchanged."""
    @property
    def pkce_support(self) -> str:
        """What the metadata says about PKCE: "S256", "unsupported_s256" (methods are listed, and S256 is not among them) or
        "unknown". S256 is sent in every case.
        """
    def require_advertised_pkce(self) -> Provider:
        """The same provider, for profiles that take no server whose metadata does not list S256: `ConfigurationError` then.

        >>> import proofkey
        >>> proofkey.Provider.github().require_advertised_pkce().pkce_support
        'S256'
        """
    @property
    def token_endpoint_auth_method(self) -> str:
        """How a client with a secret authenticates unless it is told: "client_secret_basic", or "client_secret_post" if the
        metadata offers that alone.
        """

@final
class Discovery:
    """The search for a server's metadata under its issuer, for programs that bring their own HTTP (`Provider.discover()` has
    it built in): first where RFC 8414 puts it, then where OpenID Connect Discovery does.

    `ConfigurationError` for an issuer that is no URL of a server. Follow no redirects.

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
        """The request to send now; `None` once it is over."""
    def receive(self, status: int, headers: _Headers, body: bytes | bytearray | str, /) -> None:
        """Takes the answer to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes or
        text. `MetadataError` if there is no metadata, or another issuer's; the search is over then.
        """
    @property
    def provider(self) -> Provider:
        """The provider, once `request` is `None`."""

@final
class Client:
    """An OAuth client: a provider, a client id and the redirect URI that is registered for it. One serves all threads.

    Without `client_secret` it is public, and PKCE alone protects its codes. A secret is a text, or a callable that
    returns one each time it is needed, for secrets that rotate; `auth_method` is "client_secret_basic" or
    "client_secret_post", by default what the provider's metadata asks for, else basic.

    `id_token_algorithms` are the signatures that ID tokens may have, by default what the provider's metadata lists, else
    "RS256"; `id_token_leeway` is how many seconds the server's clock may be off; `trusted_audiences` are other audiences
    that an ID token may be for.

    An application that uses several servers has a redirect URI for each: a server that does not send `iss` could else
    pass its answer off as another's (RFC 9700 section 4.4.2).

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
        auth_method: str | None = None,
        transport: Transport | None = None,
        id_token_algorithms: str | Iterable[str] | None = None,
        id_token_leeway: int = 60,
        trusted_audiences: str | Iterable[str] | None = None,
    ) -> Client: ...
    def trust_token_endpoint_tls(self) -> Client:
        """The same client, for which TLS to the token endpoint stands in for the signature of the ID token (OpenID Connect
        Core section 3.1.3.7, step 6): no keys are fetched. For servers that publish none.
        """
    def begin(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        prompt: str | None = None,
        login_hint: str | None = None,
        resource: str | Iterable[str] | None = None,
        max_age: int | None = None,
        acr: str | Iterable[str] | None = None,
        extra: dict[str, str] | None = None,
        response_mode: str | None = None,
        data: str | None = None,
        state: str | None = None,
        verifier: Verifier | None = None,
        nonce: str | None = None,
        now: int | None = None,
    ) -> Login:
        """Begins a login, with a fresh state and a fresh verifier. Send the browser to its `url`.

        `scope` is a text of tokens with single spaces between them, or a list of tokens; `prompt`, `login_hint`,
        `resource` (RFC 8707; a text or a list) and `extra` are further parameters of the authorization request;
        `response_mode` "form_post" asks for a callback that the browser posts. `data` is a text of the application, at most
        256 bytes, that stays with the login and is not sent (`login.data`). `state`, `verifier`, `nonce` and `now` (seconds
        since the epoch) are for tests. It raises `ConfigurationError` for a scope, a state or an extra parameter that cannot
        be sent.

        With the scope `openid` no tokens come out before their ID token is checked; the provider needs an issuer and its
        keys. `max_age` is how long ago, in seconds, the user may have signed in there; `acr` is the ways in which that may
        have been done, the best first (a text or a list). An ID token that tells another story is refused.
        """
    def resume(self, sealed: str, keys: SealKeys, context: str, /) -> Login:
        """Opens a login that `login.seal()` made a text of: the same keys or newer ones, the same context.

        `SealError`: "seal_malformed" for what is no sealed login; "seal_key_unknown" and "seal_forged"; "seal_context";
        "seal_client" unless it was begun with this issuer (without one, these endpoints), client id and redirect URI.
        `CallbackError` "login_expired" ten minutes after it began, and for a login that began more than a minute from now:
        the clocks of two machines disagree then. What comes from a browser may be any text; it is never a `ValueError`.
        """
    def login(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        prompt: str | None = None,
        login_hint: str | None = None,
        resource: str | Iterable[str] | None = None,
        extra: dict[str, str] | None = None,
        browser: bool = True,
        timeout: float = 300.0,
    ) -> Tokens:
        """Signs a user of this machine in, for command lines and desktop programs: opens the browser, listens on loopback
        for the redirect back (RFC 8252 section 7.3), and exchanges the code.

        The client's redirect URI is "http://127.0.0.1/path" or "http://[::1]/path" ("localhost" works too; prefer an
        address). A port in it is taken; without one a free one is, as authorization servers allow for these addresses. A
        client without redirect URI gets "http://127.0.0.1:<port>/callback". Only the answer to this login counts;
        everything else that comes to the port is refused.

        What the user should know goes to stderr. If stdin is a terminal (not on Windows), the user may also paste the
        URL that the browser was sent to; input that comes later is left alone. `browser=False`, or `PROOFKEY_NO_BROWSER`
        in the environment, leaves opening the browser to the user. `timeout` is in seconds, at most ten minutes count;
        other threads run meanwhile, and Ctrl-C ends it.

        `AuthorizationError` if the user or the server said no; `CallbackError` "login_expired" if nothing came in time;
        `ConfigurationError` for a redirect URI that is not http to loopback; `TransportError` "connect_failed" without
        `request_sent` if nothing can listen there, or the server cannot be reached; and what `begin()` and `finish()`
        raise.
        """
    def finish(
        self,
        login: Login,
        callback_url: str,
        /,
        *,
        content_type: str | None = None,
        body: bytes | bytearray | str | None = None,
        store: _SpendStore | None = None,
    ) -> Tokens:
        """Checks the callback, exchanges its code over the network, and returns the tokens.

        `callback_url` is the whole URL that the browser was sent to; for a form that the browser posted
        (`response_mode=form_post`), pass its `content_type` and `body` too. What anybody could have sent leaves the login
        usable (`CallbackError`); the server's no is an `AuthorizationError` or a `TokenError`;
        `TransportError.request_sent` says whether the code may have been used up. It waits ten seconds at most; other
        threads run meanwhile.

        `store` (`proofkey.store`) is for a login that was resumed: however often its callback is delivered, and to however
        many workers that share the store, one sends the code, and the others get `CallbackError` "login_spent". A store
        that does not answer is a `TransportError` "store_unavailable", and nothing was sent.
        """
    def refresh(self, tokens: Tokens, /, *, save: Callable[[Tokens], object] | None = None) -> Tokens:
        """Refreshes tokens: one request per refresh token, however many threads ask, and the result for everybody who comes
        with the old tokens within a minute. A server that sends no new refresh token leaves the old one in the result.

        `save(new_tokens)` is called before anybody gets the new tokens; if it raises, nobody does, and the next call runs
        it again. `TokenError` with `.error` "invalid_grant" means that the refresh token is worth nothing any more.
        """
    def begin_refresh(self, tokens: Tokens, /, *, now: int | None = None) -> Exchange:
        """The `Exchange` of the refresh token, without network: for programs that bring their own HTTP. It has neither the
        single flight nor the memory of `refresh()`: see to it that one refresh token is sent once.

        `TokenError` "refresh_token_absent" if there is none. `now` is for tests.
        """
    def userinfo(self, tokens: Tokens, /) -> dict[str, Any]:
        """Asks the provider over the network who the user of these tokens is (OpenID Connect Core section 5.3), and returns the
        claims as a dict.

        `ConfigurationError` if the provider has no userinfo endpoint; `IdTokenError` if it refused, answered something
        else, or answered about another user than the ID token; `TransportError`.
        """
    def end_session_url(self, tokens: Tokens, /, *, return_to: str | None = None) -> str:
        """The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout): send the browser there
        once the application's own session is gone. `return_to` is where it comes back to, if that is registered there.

        `ConfigurationError` if the provider offers none.
        """
    def revoke(self, tokens: Tokens, /) -> None:
        """Revokes tokens (RFC 7009), the refresh token first. It may be repeated. `ConfigurationError` if the provider has no
        revocation endpoint.
        """

@final
class Login:
    """One pending login, from `client.begin()`. It is used once and expires ten minutes after it began.

    It holds the verifier: keep it where only this user's browser can reach it again. It cannot be copied or
    pickled; `seal()` makes an encrypted text of it.
    """

    @property
    def url(self) -> str:
        """The URL to send the browser to. The verifier is not in it. A login that was resumed has none (`RuntimeError`)."""
    @property
    def id(self) -> str:
        """A name for this login, the same wherever it is opened, for a store and for logs. It is a hash of the state, and
        tells nothing that could be used.
        """
    @property
    def expires_at(self) -> int:
        """When this login expires, in seconds since the epoch."""
    @property
    def data(self) -> str:
        """What the application gave to `begin(data=…)`; empty without it."""
    def seal(self, keys: SealKeys, context: str, /) -> str:
        """Makes an encrypted text of this login, which `client.resume()` opens: in another request, worker, process or
        machine, and in another language. It holds only characters that cookies, headers and URLs hold, about 600 of them
        with ordinary values.

        `context` says what the login is for, for example the name of the provider and the user who connects an account:
        it does not open in another context. Sealing again does not make it live longer.

        Nobody without the secret can read or change the text. Who has it can deliver a callback with it more than once as
        long as it lives: keep it with the browser that began (a cookie with HttpOnly, Secure and SameSite=Lax), and give
        `client.finish()` a `store` where a second delivery must not reach the server. Its length tells that of the values.

        `CallbackError` "login_spent" for a login that was used; `SealError` "seal_too_large" beyond 8192 characters.

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

        `CallbackError` leaves the login usable where anybody could have sent the callback; a second use of the right one
        is `login_spent`. For a resumed login call `store.spend(login.id, login.expires_at)` before the request with the code is
        sent, and `store.unspend(login.id)` if nothing of it was. `now` is for tests.
        """
    def accept_pasted_code(self, code: str, /) -> Exchange:
        """The `Exchange` of a code that the server showed to the user, who typed it in: only for a client without a redirect
        URI. Strip the text that was typed; nothing is trimmed here.
        """

@final
class Exchange:
    """What is still to be sent and received until there are tokens, for programs that bring their own HTTP:

        x = login.accept(callback_url)
        while request := x.request:
            response = http.request(request.method, request.url, headers=request.headers, content=request.body)
            x.receive(response.status_code, response.headers, response.content)
        tokens = x.tokens

    Follow no redirects. Once a byte of a request that is no "GET" may have left, do not send it again: a code is used
    once. With the scope `openid` the first request may be for the server's keys.
    """

    @property
    def request(self) -> Request | None:
        """The request to send now; `None` once the tokens are there."""
    def receive(
        self, status: int, headers: _Headers, body: bytes | bytearray | str, /, *, now: int | None = None
    ) -> None:
        """Takes the answer to `request`, whatever its status: the headers as a mapping or as pairs, the body as bytes
        or text.

        `TokenError` if the server refused, or if the answer is not what RFC 6749 section 5 describes; this login is
        over then. `MetadataError` if the server's keys for ID tokens cannot be read, before the code is sent;
        `IdTokenError` if the ID token is not to be believed. `now` is for tests.
        """
    @property
    def tokens(self) -> Tokens:
        """The tokens, once `request` is `None`."""

@final
class Request:
    """An HTTP request as data. Its headers and body carry secrets; its repr hides them."""

    @property
    def method(self) -> str:
        """The HTTP method."""
    @property
    def url(self) -> str:
        """The URL. No secret is in it."""
    @property
    def headers(self) -> dict[str, str]:
        """The headers to send."""
    @property
    def body(self) -> bytes:
        """The body to send."""

@final
class SealKeys:
    """The keys that seal logins, made from secrets of the application: the newest seals, and the older ones still open.

    A secret is 32 random bytes, or a text made from them (`secrets.token_urlsafe(32)`), the same in every process that may
    finish the login. To replace it, put the new one in front, and keep the old one for the ten minutes that its logins
    live. `SealError` "secret_weak" for fewer than 16 bytes; a `WeakSecretWarning` for fewer than 32.

    They cannot be compared, hashed, copied or pickled. The keys are erased when the object goes away; the secrets that
    were passed in are Python's, and are not.

    >>> import proofkey
    >>> proofkey.SealKeys("the secret of this application, 32 random bytes", "the secret of last year, just as random")
    <proofkey.SealKeys redacted>
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __new__(cls, secret: bytes | str, /, *older: bytes | str) -> SealKeys: ...
    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...

@final
class MemoryStore:
    """Remembers finished logins in the memory of one process: right for a program that has only one.

    It holds 100,000 logins. Full of logins that still live, it refuses more ("store_unavailable") rather than forget one.

    >>> from proofkey import store
    >>> finished = store.MemoryStore()
    >>> finished.spend("an-id", 2**40)
    >>> finished.spend("an-id", 2**40)
    Traceback (most recent call last):
        ...
    proofkey.CallbackError: login_spent: this login was already used. Next: begin a new login: nothing of this one can be used again
    """

    def __new__(cls) -> MemoryStore: ...
    def spend(self, login_id: str, until: int, /) -> None:
        """Marks a login as finished until `until`, in seconds since the epoch. `CallbackError` "login_spent" if it was
        before.
        """
    def unspend(self, login_id: str, /) -> None:
        """Takes the mark back, because nothing was sent."""

@final
class Secret:
    """A text that must not leak, for example an access token. Its repr hides it; `expose()` is the only way out.

    It cannot be compared, hashed, copied or pickled. What `expose()` returned cannot be erased in Python.
    """

    __hash__: ClassVar[None]  # type: ignore[assignment]

    def expose(self) -> str:
        """The text itself."""
    def __eq__(self, other: object, /) -> NoReturn: ...
    def __ne__(self, other: object, /) -> NoReturn: ...

@final
class Tokens:
    """What the token endpoint granted (RFC 6749 section 5.1). It cannot be copied or pickled, and its repr hides the
    tokens; `to_dict()` hands everything out, for storage.
    """

    @staticmethod
    def from_dict(stored: dict[str, Any], /) -> Tokens:
        """Tokens that were stored: what `to_dict()` gave. The ID token in it was checked when it came, and is not again.

        >>> import proofkey
        >>> proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": "r", "expires_at": None, "scope": ["read"]})
        <proofkey.Tokens redacted, scope=["read"], expires_at=None>
        """
    @property
    def access_token(self) -> Secret:
        """The access token: send `access_token.expose()` as `Authorization: Bearer …` to the resource server alone."""
    @property
    def refresh_token(self) -> Secret | None:
        """The refresh token; `None` if none came."""
    @property
    def expires_in(self) -> int | None:
        """The lifetime of the access token in seconds; `None` if the server did not say: neither expired nor eternal."""
    @property
    def expires_at(self) -> int | None:
        """When the access token expires, in seconds since the epoch; `None` if the server did not say."""
    def expires_within(self, seconds: int, /) -> bool:
        """Whether the access token expires within that many seconds from now, so that it is time to refresh. `False` if
        the server did not say when: refresh those once a resource server answers `invalid_token`, and only once.
        """
    @property
    def scope(self) -> list[str] | None:
        """The granted scope as a list of tokens; `None` means as requested."""
    @property
    def scope_changed(self) -> bool:
        """Whether the granted scope is another set than the requested one."""
    @property
    def token_type_defaulted(self) -> bool:
        """Whether the server left `token_type` out, so that it was taken to be Bearer."""
    @property
    def quirks(self) -> list[str]:
        """The quirks of the provider under which these tokens were asked for and read."""
    def extra(self, name: str, /) -> object:
        """A further member of the answer, for example Dropbox's `account_id`; `None` if it is not there. Do not trust
        it.
        """
    @property
    def claims(self) -> dict[str, Any] | None:
        """What the checked ID token says about the user, as a dict; `None` without the scope `openid`. Know users by the pair of
        `claims["iss"]` and `claims["sub"]`, never by an e-mail address.
        """
    @property
    def id_token(self) -> Secret | None:
        """The ID token itself; `None` without the scope `openid`. It is no proof to anybody else."""
    @property
    def signature_verified(self) -> bool:
        """Whether the signature of the ID token was verified when it came; not so for `trust_token_endpoint_tls()`, and for
        tokens out of a storage.
        """
    def to_dict(self) -> dict[str, str | int | list[str] | None]:
        """Everything as a dict, the tokens in clear: for storage that is safe enough for them."""

@final
class Transport:
    """A blocking transport that is safe by default: https with the roots of the operating system (plain http only to
    loopback), ten seconds for the whole request, no redirects, cookies, proxies or .netrc, 1 MiB of body at most.

    `ca_file` is a PEM file of certificates to trust, and nobody else; `public_only` refuses addresses that are not public,
    for hosts that a user names; `timeout` is another limit, in seconds. Clients share one unless they are given their own.
    It serves all threads.

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
    ) -> Transport: ...

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

    `Policy.strict()` is what a server wants: PKCE required, S256 only (RFC 9700 section 2.1.1). Each relaxation is a
    method, so that it can be found by its name, and returns another policy.

    >>> from proofkey import server
    >>> server.Policy.strict().allow_plain()
    Policy.strict().allow_plain()
    """

    @staticmethod
    def strict() -> Policy:
        """A challenge is required, and its method is S256."""

    def allow_plain(self) -> Policy:
        """Relaxation: also accept the method plain, and its short form, an absent method. Whoever sees the authorization
        request can then redeem the code.

        >>> from proofkey import server
        >>> form = {"code_challenge": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
        >>> server.Policy.strict().allow_plain().bind(form).method
        'plain'
        """

    def optional_for_confidential_client(self) -> Policy:
        """Relaxation: accept a request without a challenge and bind "none". For confidential clients with another defence
        against injected codes only (RFC 9700 section 2.1.1); a public client always needs a challenge.

        >>> from proofkey import server
        >>> str(server.Policy.strict().optional_for_confidential_client().bind({}))
        'none'
        """

    def bind(self, params: _Params, /) -> Binding:
        """`proofkey.server.bind` under this policy."""

    def metadata(self) -> dict[str, list[str]]:
        """The part of the server's metadata document that tells clients of PKCE (RFC 8414 section 2).

        >>> from proofkey import server
        >>> {"issuer": "https://as.example"} | server.Policy.strict().metadata()
        {'issuer': 'https://as.example', 'code_challenge_methods_supported': ['S256']}
        """

@final
class Binding:
    """What an authorization server stores with a code: `str(binding)`.

    `bind` makes one, and `Binding(text)` reads the stored text back; `redeem` takes either. There is no secret in it.

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
        """The method that was bound, `"S256"` or `"plain"`; `None` if no challenge was."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

def bind(params: _Params, /) -> Binding:
    """Turns the `code_challenge` and `code_challenge_method` of an authorization request into what is stored with the code
    (RFC 7636 section 4.4): `str(binding)`.

    `params` is the whole query or form, as the framework gives it, so that a repeated parameter is seen: a multi-dict
    with `getlist` or `getall`, a dict (also with lists, as `parse_qs` makes them), or pairs.

    PKCE is required, S256 only; `Policy` has the named relaxations. A refusal raises `RequestError`, whose `as_dict()`
    is the answer; `TypeError` says that the call itself is wrong.

    >>> from proofkey import server
    >>> challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    >>> str(server.bind({"code_challenge": challenge, "code_challenge_method": "S256"}))
    'S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    >>> server.bind({"code_challenge": challenge})
    Traceback (most recent call last):
        ...
    proofkey.server.RequestError: method_unsupported: code_challenge_method must be S256. Next: change what is passed in: the same call will fail again
    """

def redeem(binding: Binding | str | None, params: _Params, /) -> None:
    """Redeems the `code_verifier` of a token request against what was stored with the code (RFC 7636 section 4.6).

    `binding` is the stored text or a `Binding`. A text that is empty, unreadable or `None` raises: a lost column is
    never "no PKCE". `params` is the whole form, as the framework gives it, so that a repeated parameter is seen.

    Returning means that the verifier is right. Everything else raises `RequestError`, whose `as_dict()` is the answer;
    `TypeError` says that the call itself is wrong. Call it after the code was found and before it is consumed: a failed
    verifier does not use the code up.

    >>> from proofkey import server
    >>> stored = "S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    >>> server.redeem(stored, {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})
    >>> try:
    ...     server.redeem(stored, {})
    ... except server.RequestError as error:
    ...     error.error, error.name
    ('invalid_grant', 'verifier_missing')
    """

def redirect_uri_matches(
    registered: str, requested: str, /, *, native: bool = False, allow_localhost_any_port: bool = False
) -> bool:
    """Whether an authorization server may redirect to `requested`, given one `registered` redirect URI: the same text
    (RFC 9700 section 2.1). For `native` applications the port of 127.0.0.1 and [::1] does not count (RFC 8252 section
    7.3), and with `allow_localhost_any_port` neither does that of localhost.

    >>> from proofkey import server
    >>> server.redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", native=True)
    True
    >>> server.redirect_uri_matches("https://client.example/cb", "https://client.example/cb/")
    False
    """

def error_info(name: str, /) -> tuple[int, str, str, str, str, str | None, bool]:
    """The row of the error table with this name: number, message, fault, recovery, hint, the OAuth error it stands for,
    and whether it passes on what a server said.

    >>> error_info("verifier_mismatch")[0]
    21
    """

def error_names() -> tuple[str, ...]:
    """The name of every error, in the order of the numbers.

    >>> error_names()[0]
    'verifier_length'
    """

def raise_error(name: str, /, **details: str | bool | int | None) -> NoReturn:
    """Raises the error with this name, as the native code would. The keywords go to the class.

    >>> raise_error("timeout", request_sent=True)
    Traceback (most recent call last):
        ...
    proofkey.TransportError: timeout: no answer in time. Next: try again later: nothing here has to change
    """
