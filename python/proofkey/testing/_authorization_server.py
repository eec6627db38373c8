"""The authorization server of `proofkey.testing`."""

import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import proofkey
from proofkey.testing import _browser
from proofkey.testing._browser import Callback, SignInError
from proofkey.testing._devices import Devices
from proofkey.testing._endpoints import GRANT_TYPES, RESPONSE_MODES, Endpoints, ServerState
from proofkey.testing._faults import InjectedFault, InjectedFaults
from proofkey.testing._http import Pairs, Request, Response, Server
from proofkey.testing._registry import DEFAULT_USER, RegisteredClient, User
from proofkey.testing._signing import Alg, KeyRing
from proofkey.testing._store import Lifetimes, Store
from proofkey.testing.faults import Fault


@dataclass(frozen=True)
class Seen:
    """A request that the test server received, and the outcome."""

    path: str
    """For example "/authorize", "/token" or "/revoke"."""
    params: Pairs = field(repr=False)
    """The parameters as they were sent, including repeated ones."""
    status: int
    """The HTTP status of the response."""
    error: str | None
    """The OAuth error in the response; `None` if there is none."""


class AuthorizationServer:
    """An authorization server and OpenID provider on loopback. It runs during a `with` block, or from `start()` to
    `stop()`.

    It requires PKCE and checks it with `proofkey.server`. It sends `iss` with every callback (RFC 9207), accepts each
    code once, and rotates refresh tokens. If a code or a refresh token is used a second time, it revokes all tokens of
    that login. With the scope `openid` it issues ID tokens, which needs `pip install proofkey[testing]`.

    `users` are the people who can sign in; unless a test asks for another, the first one does. `clients` are the
    registered clients; without any, the server accepts every client, secret and redirect URI. `consent="page"` shows a
    consent page, for people and real browsers; "auto" allows every request at once. Lifetimes are in seconds, as is
    `device_interval`, the pause between two requests of a device; `advance` moves the clock.

    It listens on 127.0.0.1 alone, on a free port unless it is given one, responds only to requests for that address or `localhost`, and raises `RuntimeError`
    where the environment variable `PROOFKEY_PRODUCTION` is set.

    >>> import proofkey
    >>> from proofkey import testing
    >>> app = testing.RegisteredClient("my-app", client_secret="s3cret", redirect_uris=["https://app.example/callback"])
    >>> with testing.AuthorizationServer(clients=[app], users=[testing.User("one"), testing.User("two")]) as server:
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
        device_interval: int = 5,
        port: int = 0,
    ) -> None:
        _refuse_production()
        self._users = list(users)
        self._clients = {client.client_id: client for client in clients}
        if not self._users:
            raise ValueError("users: at least one User, because somebody has to sign in")
        self._alg: Alg = id_token_alg
        self._store = Store(Lifetimes(code_lifetime, access_token_lifetime, refresh_token_lifetime, id_token_lifetime))
        self._devices = Devices(self._store, device_interval)
        self._keys = KeyRing(id_token_alg)
        self._faults = InjectedFaults()
        self._lock = threading.Lock()
        self._seen: list[Seen] = []
        self._http = Server(self._response, port)
        self._endpoints = Endpoints(
            ServerState(
                issuer=self.issuer,
                metadata=lambda: self.metadata,
                users=self._users,
                clients=self._clients,
                consent=consent,
                store=self._store,
                devices=self._devices,
                keys=self._keys,
                faults=self._faults,
            )
        )

    def start(self) -> "AuthorizationServer":
        """Starts the server, where a `with` block does not fit, for example in `setUpClass`. It can start only once."""
        self._http.start()
        return self

    def stop(self) -> None:
        """Stops the server, and ends all faults."""
        self._faults.undo_all()
        self._http.stop()
        self._keys.retire()

    def __enter__(self) -> "AuthorizationServer":
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
        """Where the browser is sent to sign in."""
        return f"{self.issuer}/authorize"

    @property
    def token_endpoint(self) -> str:
        """Where codes are exchanged for tokens, and tokens are refreshed."""
        return f"{self.issuer}/token"

    @property
    def revocation_endpoint(self) -> str:
        """Where tokens are revoked."""
        return f"{self.issuer}/revoke"

    @property
    def introspection_endpoint(self) -> str:
        """Where an API asks whether an access token is valid (RFC 7662)."""
        return f"{self.issuer}/introspect"

    @property
    def device_authorization_endpoint(self) -> str:
        """Where a device asks for its codes (RFC 8628)."""
        return f"{self.issuer}/device_authorization"

    @property
    def jwks_uri(self) -> str:
        """Where the public keys for ID tokens are published."""
        return f"{self.issuer}/jwks"

    @property
    def userinfo_endpoint(self) -> str:
        """Where clients get the claims about a user, with an access token that has the scope `openid`."""
        return f"{self.issuer}/userinfo"

    @property
    def end_session_endpoint(self) -> str:
        """Where the browser is sent to sign out."""
        return f"{self.issuer}/end_session"

    @property
    def metadata(self) -> dict[str, object]:
        """The metadata document (RFC 8414 and OpenID Connect Discovery)."""
        if self._clients:
            methods = sorted({method for client in self._clients.values() for method in client.auth_methods})
        else:
            methods = ["none", "client_secret_basic", "client_secret_post"]
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "revocation_endpoint": self.revocation_endpoint,
            "introspection_endpoint": self.introspection_endpoint,
            "device_authorization_endpoint": self.device_authorization_endpoint,
            "jwks_uri": self.jwks_uri,
            "userinfo_endpoint": self.userinfo_endpoint,
            "end_session_endpoint": self.end_session_endpoint,
            "scopes_supported": ["openid", "profile", "email", "address", "phone"],
            "response_types_supported": ["code"],
            "response_modes_supported": list(RESPONSE_MODES),
            "grant_types_supported": list(GRANT_TYPES),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": methods,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self._alg],
            "authorization_response_iss_parameter_supported": True,
            "backchannel_logout_supported": True,
            "backchannel_logout_session_supported": True,
        }

    @property
    def provider(self) -> proofkey.Provider:
        """This server as a `proofkey.Provider`, for a client."""
        return proofkey.Provider(
            authorization_endpoint=self.authorization_endpoint,
            token_endpoint=self.token_endpoint,
            revocation_endpoint=self.revocation_endpoint,
            device_authorization_endpoint=self.device_authorization_endpoint,
            jwks_uri=self.jwks_uri,
            userinfo_endpoint=self.userinfo_endpoint,
            end_session_endpoint=self.end_session_endpoint,
            issuer=self.issuer,
            iss_parameter_supported=True,
        )

    @property
    def seen(self) -> list[Seen]:
        """All requests so far except those for metadata, oldest first."""
        with self._lock:
            return list(self._seen)

    def sign_in(self, authorization_url: str, *, user: str | None = None) -> str:
        """Does what the browser and the user do: opens the URL, allows the request, and returns the callback URL.

        `user` is the `sub` of the user who signs in; it overrides `login_hint`. `SignInError` if the server does not
        redirect the browser to the client, or if the callback is a form: use `browse` for that.
        """
        callback = self.browse(authorization_url, user=user)
        if callback.body is not None:
            raise SignInError("the callback is a form (response_mode=form_post): use browse() instead of sign_in()")
        return callback.url

    def browse(self, authorization_url: str, *, user: str | None = None) -> Callback:
        """Like `sign_in`, but also for callbacks that are posted as a form.

        >>> import proofkey
        >>> from proofkey import testing
        >>> with testing.AuthorizationServer() as server:
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin(response_mode="form_post")
        ...     callback = server.browse(login.url)
        ...     tokens = client.finish(login, callback.url, content_type=callback.content_type, body=callback.body)
        """
        return _browser.visit(authorization_url, user)

    def allow_device(self, user_code: str, *, user: str | None = None) -> None:
        """Does what the user does who enters the code of a device (RFC 8628) and allows it, where `consent="page"` makes
        it wait. `user` is the `sub` of the user who signs in. `ValueError` if no device waits with this code, or if there
        is no such user.

        >>> import proofkey
        >>> from proofkey import testing
        >>> with testing.AuthorizationServer(consent="page") as server:
        ...     client = proofkey.Client(server.provider, "my-tv")
        ...     device = client.authorize_device()
        ...     server.allow_device(device.user_code)
        ...     polling = device.begin_polling()
        """
        chosen = next((known for known in self._users if user in (None, known.sub)), None)
        if chosen is None:
            raise ValueError(f"user: this server has no user {user!r}")
        self._decide(user_code, chosen)

    def deny_device(self, user_code: str) -> None:
        """Like `allow_device`, for a user who denies it."""
        self._decide(user_code, None)

    def _decide(self, user_code: str, user: User | None) -> None:
        if not self._devices.decide(user_code, user):
            raise ValueError("user_code: no device waits with this code")

    def logout_token(
        self,
        client_id: str,
        *,
        user: str | None = None,
        sid: str | None = None,
        header: Mapping[str, object] | None = None,
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """The logout token (OpenID Connect Back-Channel Logout) with which the server tells a client that a session is
        over: the one whose ID token has this `sid`, or all sessions of the `user`, by `sub`. Post it to the app under
        test as the form field `logout_token`; `send_logout` does that for an app that listens on loopback.

        `header` and `claims` replace those of the token, to see it refused; `None` removes one. With the algorithm
        `none` the token has no signature, else a right one.

        >>> from proofkey import testing
        >>> with testing.AuthorizationServer() as server:
        ...     token = server.logout_token("my-app", user="user-1")
        ...     forged = server.logout_token("my-app", user="user-1", claims={"iss": "https://evil.example"})
        """
        return self._endpoints.logout_token(client_id, user, sid, header or {}, claims or {})

    def send_logout(self, backchannel_logout_uri: str, logout_token: str) -> int:
        """Posts a logout token to an app on loopback, as the server does when a session is over. Returns the status of
        the response: 200, or 400 if the app refuses. `SignInError` if the app does not respond."""
        return _browser.post(backchannel_logout_uri, {"logout_token": logout_token})

    def inject(self, fault: Fault[Any], /) -> InjectedFault:
        """Injects a fault, which then occurs every time. It ends with the `with` block, or with `undo()` of the result.

        >>> import proofkey
        >>> from proofkey.testing import AuthorizationServer, faults
        >>> with AuthorizationServer() as server, server.inject(faults.denied()):
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin()
        ...     "error=access_denied" in server.sign_in(login.url)
        True
        """
        return self._faults.add(fault, once=False)

    def inject_once(self, fault: Fault[Any], /) -> InjectedFault:
        """Injects a fault that occurs once, at the next opportunity."""
        return self._faults.add(fault, once=True)

    def rotate_keys(self) -> None:
        """Signs ID tokens with a new key from now on. The previous key stays published until the next rotation."""
        self._keys.rotate()

    def advance(self, seconds: int) -> None:
        """Moves the server's clock forward, so that codes and tokens expire.

        >>> import proofkey
        >>> from proofkey import testing
        >>> with testing.AuthorizationServer(code_lifetime=60) as server:
        ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
        ...     login = client.begin()
        ...     callback_url = server.sign_in(login.url)
        ...     server.advance(60)
        ...     client.finish(login, callback_url)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        proofkey.TokenError: token_error: ...this code has expired...
        """
        self._store.advance(seconds)

    def _response(self, request: Request) -> Response:
        response = self._endpoints.response(request)
        if not request.path.startswith("/.well-known/"):
            with self._lock:
                self._seen.append(Seen(request.path, request.params, response.status, response.error))
        return response


def _refuse_production() -> None:
    # Not FLASK_ENV and the like, which mean what each project wants them to mean: tests of a production configuration
    # set them, too. Any value counts except 0, so that no spelling of "yes" is missed.
    if os.environ.get("PROOFKEY_PRODUCTION", "0") not in ("", "0"):
        raise RuntimeError(
            "PROOFKEY_PRODUCTION is set, and the test server signs anybody in without a password: use a real provider "
            "here, or unset the variable where tests run"
        )
