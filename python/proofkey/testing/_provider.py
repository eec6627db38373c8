"""The authorization server that `proofkey.testing` offers."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import proofkey
from proofkey.testing import _browser
from proofkey.testing._bends import Bend, Bends
from proofkey.testing._browser import Callback, SignInError
from proofkey.testing._endpoints import RESPONSE_MODES, Endpoints, Setting
from proofkey.testing._http import Answer, Pairs, Request, Server
from proofkey.testing._registry import DEFAULT_USER, RegisteredClient, User
from proofkey.testing._signing import Alg, KeyRing
from proofkey.testing._store import Lifetimes, Store
from proofkey.testing.faults import Fault


@dataclass(frozen=True)
class Seen:
    """A request that the provider got, and what it answered."""

    path: str
    """For example "/authorize", "/token" or "/revoke"."""
    params: Pairs = field(repr=False)
    """The parameters as they came, repeated ones included."""
    status: int
    """The HTTP status of the answer."""
    error: str | None
    """The OAuth error of the answer; `None` if it was a success."""


class Provider:
    """An authorization server and OpenID provider on loopback, for the length of a `with` block, or from `start()` to
    `stop()`.

    It requires PKCE and checks it with `proofkey.server`, promises `iss`, takes a code once, rotates refresh tokens,
    and ends all tokens of a login whose code or refresh token comes twice. With the scope `openid` it issues ID tokens,
    which needs `pip install proofkey[testing]`.

    `users` are those who can sign in, the first by default. `clients` are those it knows; without any, it takes every
    client, secret and redirect URI. `consent="page"` shows a page, for people and browsers; "auto" allows at once.
    Times are in seconds, and `advance` makes them pass.

    >>> import proofkey
    >>> from proofkey import testing
    >>> app = testing.RegisteredClient("my-app", client_secret="s3cret", redirect_uris=["https://app.example/callback"])
    >>> with testing.Provider(clients=[app], users=[testing.User("one"), testing.User("two")]) as server:
    ...     found = proofkey.Provider.discover(server.issuer)
    ...     client = proofkey.Client(
    ...         found, "my-app", client_secret="s3cret", redirect_uri="https://app.example/callback"
    ...     )
    ...     login = client.begin()
    ...     tokens = client.finish(login, server.sign_in(login.url, user="two"))
    """

    def __init__(
        self,
        *,
        users: Iterable[User] = (DEFAULT_USER,),
        clients: Iterable[RegisteredClient] = (),
        consent: Literal["auto", "page"] = "auto",
        id_token_alg: Alg = "RS256",
        code_lifetime: int = 60,
        access_token_lifetime: int = 3600,
        refresh_token_lifetime: int = 30 * 86400,
        id_token_lifetime: int = 3600,
    ) -> None:
        self._users = list(users)
        self._clients = {client.client_id: client for client in clients}
        if not self._users:
            raise ValueError("users must not be empty: somebody has to sign in")
        self._alg: Alg = id_token_alg
        self._store = Store(Lifetimes(code_lifetime, access_token_lifetime, refresh_token_lifetime, id_token_lifetime))
        self._keys = KeyRing(id_token_alg)
        self._bends = Bends()
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._http = Server(self._answer)
        self._endpoints = Endpoints(
            Setting(
                issuer=self.issuer,
                metadata=lambda: self.metadata,
                users=self._users,
                clients=self._clients,
                consent=consent,
                store=self._store,
                keys=self._keys,
                bends=self._bends,
            )
        )

    def start(self) -> "Provider":
        """Begins to serve; for `setUpClass` and the like, where a `with` block does not fit. It is started once."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Ends the serving, and lets go of what is held."""
        self._bends.undo_all()
        self._http.stop()
        self._keys.retire()

    def __enter__(self) -> "Provider":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.stop()

    @property
    def issuer(self) -> str:
        """The issuer identifier, for example "http://127.0.0.1:40123"."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def authorization_endpoint(self) -> str:
        """Where the browser is sent."""
        return f"{self.issuer}/authorize"

    @property
    def token_endpoint(self) -> str:
        """Where codes are exchanged."""
        return f"{self.issuer}/token"

    @property
    def revocation_endpoint(self) -> str:
        """Where tokens are revoked."""
        return f"{self.issuer}/revoke"

    @property
    def jwks_uri(self) -> str:
        """Where the keys are that sign ID tokens."""
        return f"{self.issuer}/jwks"

    @property
    def userinfo_endpoint(self) -> str:
        """Where an access token with the scope `openid` gets the claims about its user."""
        return f"{self.issuer}/userinfo"

    @property
    def end_session_endpoint(self) -> str:
        """Where the browser is sent to sign out."""
        return f"{self.issuer}/end_session"

    @property
    def metadata(self) -> dict[str, object]:
        """What is found under the issuer (RFC 8414 and OpenID Connect Discovery)."""
        if self._clients:
            methods = sorted({method for client in self._clients.values() for method in client.auth_methods})
        else:
            methods = ["none", "client_secret_basic", "client_secret_post"]
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "revocation_endpoint": self.revocation_endpoint,
            "jwks_uri": self.jwks_uri,
            "userinfo_endpoint": self.userinfo_endpoint,
            "end_session_endpoint": self.end_session_endpoint,
            "scopes_supported": ["openid", "profile", "email", "address", "phone"],
            "response_types_supported": ["code"],
            "response_modes_supported": list(RESPONSE_MODES),
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": methods,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self._alg],
            "authorization_response_iss_parameter_supported": True,
        }

    @property
    def provider(self) -> proofkey.Provider:
        """This server, as a client is told about it."""
        return proofkey.Provider(
            authorization_endpoint=self.authorization_endpoint,
            token_endpoint=self.token_endpoint,
            revocation_endpoint=self.revocation_endpoint,
            jwks_uri=self.jwks_uri,
            userinfo_endpoint=self.userinfo_endpoint,
            end_session_endpoint=self.end_session_endpoint,
            issuer=self.issuer,
            iss_promised=True,
        )

    @property
    def seen(self) -> list[Seen]:
        """The requests so far, oldest first; those for metadata aside."""
        with self._lock:
            return list(self._seen)

    def sign_in(self, authorization_url: str, *, user: str | None = None) -> str:
        """Plays the browser and the user: opens the URL, allows what it asks for, and returns the callback URL.

        `user` is the `sub` of the one who signs in, whatever `login_hint` says. `SignInError` if the server sends the
        browser nowhere, or posts a form, which `browse` returns.
        """
        callback = self.browse(authorization_url, user=user)
        if callback.body is not None:
            raise SignInError("the callback is a form (response_mode=form_post): use browse() instead of sign_in()")
        return callback.url

    def browse(self, authorization_url: str, *, user: str | None = None) -> Callback:
        """`sign_in`, for callbacks that may be forms.

        >>> import proofkey
        >>> from proofkey import testing
        >>> with testing.Provider() as server:
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin()
        ...     callback = server.browse(f"{login.url}&response_mode=form_post")
        ...     tokens = client.finish(login, callback.url, content_type=callback.content_type, body=callback.body)
        """
        return _browser.visit(authorization_url, user)

    def bend(self, fault: Fault[Any], /) -> Bend:
        """Does something wrong, each time until the end of the `with` block, or until `undo()` of what it returns.

        >>> import proofkey
        >>> from proofkey.testing import Provider, faults
        >>> with Provider() as server, server.bend(faults.denied()):
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin()
        ...     "error=access_denied" in server.sign_in(login.url)
        True
        """
        return self._bends.add(fault, once=False)

    def bend_once(self, fault: Fault[Any], /) -> Bend:
        """Does something wrong once: the next time that it can."""
        return self._bends.add(fault, once=True)

    def rotate_keys(self) -> None:
        """Signs ID tokens with a new key from now on. The key until now stays published until the next rotation."""
        self._keys.rotate()

    def advance(self, seconds: int) -> None:
        """Moves the server's clock forward, so that codes and tokens expire.

        >>> import proofkey
        >>> from proofkey import testing
        >>> with testing.Provider(code_lifetime=60) as server:
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin()
        ...     callback_url = server.sign_in(login.url)
        ...     server.advance(60)
        ...     client.finish(login, callback_url)
        Traceback (most recent call last):
            ...
        proofkey.TokenError: token_error: the token endpoint refused. The server said: 'invalid_grant', 'this code has expired'. Next: begin a new login: nothing of this one can be used again
        """
        self._store.advance(seconds)

    def _answer(self, request: Request) -> Answer:
        answer = self._endpoints.answer(request)
        if not request.path.startswith("/.well-known/"):
            with self._lock:
                self._seen.append(Seen(request.path, request.params, answer.status, answer.error))
        return answer
