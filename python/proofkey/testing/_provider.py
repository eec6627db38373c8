"""The authorization server that `proofkey.testing` offers."""

import json
import secrets
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit

import proofkey
from proofkey import server

_Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Seen:
    """A request that the provider got, and what it answered."""

    path: str
    """"/authorize", "/token" or "/revoke"."""
    params: _Pairs = field(repr=False)
    """The parameters as they came, repeated ones included."""
    status: int
    """The HTTP status of the answer."""
    error: str | None
    """The OAuth error of the answer; `None` if it was a success."""


@dataclass(frozen=True)
class _Grant:
    """What a code stands for."""

    client_id: str
    redirect_uri: str
    scope: str
    binding: str


class Provider:
    """An authorization server with metadata, authorization, token and revocation endpoint, for the length of a `with`
    block.

    It requires PKCE and checks it with `proofkey.server`, promises `iss`, gives a code once, and rotates refresh tokens.
    It takes any client and any redirect URI, and consents at once.
    """

    def __init__(self) -> None:
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.state = self
        self._lock = threading.Lock()
        self._grants: dict[str, _Grant] = {}
        self._refresh_tokens: dict[str, _Grant] = {}
        self._seen: list[Seen] = []
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> "Provider":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

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
    def metadata(self) -> dict[str, object]:
        """What is found under the issuer (RFC 8414)."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "revocation_endpoint": self.revocation_endpoint,
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    @property
    def provider(self) -> proofkey.Provider:
        """This server, as a client is told about it."""
        return proofkey.Provider(
            authorization_endpoint=self.authorization_endpoint,
            token_endpoint=self.token_endpoint,
            revocation_endpoint=self.revocation_endpoint,
            issuer=self.issuer,
            iss_promised=True,
        )

    @property
    def seen(self) -> list[Seen]:
        """The requests so far, oldest first."""
        with self._lock:
            return list(self._seen)

    def sign_in(self, authorization_url: str) -> str:
        """Plays the browser and the user: opens the URL, consents, and returns the callback URL it is sent to.

        `RuntimeError` if the server sends the browser nowhere, because the client or its redirect URI is missing.
        """
        url = urlsplit(authorization_url)
        connection = HTTPConnection(url.netloc, timeout=10)
        try:
            connection.request("GET", f"{url.path}?{url.query}")
            response = connection.getresponse()
            response.read()
        finally:
            connection.close()
        location = response.headers["Location"]
        if location is None:
            raise RuntimeError(f"the provider answered {response.status} and sent the browser nowhere")
        return location

    def _authorize(self, params: _Pairs) -> tuple[str | None, str | None]:
        """The URL to send the browser to, and the OAuth error in it."""
        known = dict(params)
        redirect_uri = known.get("redirect_uri")
        if redirect_uri is None or "client_id" not in known:
            return None, "invalid_request"
        answer: dict[str, str] = {}
        try:
            binding = server.bind(params)
        except server.RequestError as refused:
            answer |= refused.as_dict()
        else:
            answer["code"] = secrets.token_urlsafe(24)
            with self._lock:
                grant = _Grant(known["client_id"], redirect_uri, known.get("scope", ""), str(binding))
                self._grants[answer["code"]] = grant
        if "state" in known:
            answer["state"] = known["state"]
        answer["iss"] = self.issuer
        separator = "&" if "?" in redirect_uri else "?"
        return f"{redirect_uri}{separator}{urlencode(answer)}", answer.get("error")

    def _token(self, params: _Pairs) -> tuple[int, dict[str, object]]:
        """The status and the members of the answer."""
        known = dict(params)
        if known.get("grant_type") == "authorization_code":
            return self._redeem(params, known)
        if known.get("grant_type") == "refresh_token":
            return self._refresh(known)
        return 400, {"error": "unsupported_grant_type"}

    def _redeem(self, params: _Pairs, known: dict[str, str]) -> tuple[int, dict[str, object]]:
        code = known.get("code", "")
        with self._lock:
            grant = self._grants.get(code)
        if grant is None or (known.get("client_id"), known.get("redirect_uri")) != (grant.client_id, grant.redirect_uri):
            return _invalid_grant("no such code for this client and redirect URI")
        try:
            server.redeem(grant.binding, params)
        except server.RequestError as refused:
            return refused.status, dict(refused.as_dict())
        # A failed verifier leaves the code alone; of several right ones, the first takes it.
        with self._lock:
            if self._grants.pop(code, None) is None:
                return _invalid_grant("this code was used already")
        return self._grant(grant)

    def _refresh(self, known: dict[str, str]) -> tuple[int, dict[str, object]]:
        with self._lock:
            grant = self._refresh_tokens.pop(known.get("refresh_token", ""), None)
        if grant is None or known.get("client_id") != grant.client_id:
            return _invalid_grant("no such refresh token for this client")
        return self._grant(grant)

    def _grant(self, grant: _Grant) -> tuple[int, dict[str, object]]:
        refresh_token = secrets.token_urlsafe(24)
        with self._lock:
            self._refresh_tokens[refresh_token] = grant
        return 200, {
            "access_token": secrets.token_urlsafe(24),
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": grant.scope,
        }

    def _revoke(self, params: _Pairs) -> tuple[int, dict[str, object]]:
        with self._lock:
            self._refresh_tokens.pop(dict(params).get("token", ""), None)
        return 200, {}

    def _record(self, seen: Seen) -> None:
        with self._lock:
            self._seen.append(seen)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    state: Provider


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/.well-known/oauth-authorization-server":
            return self._json(200, self.server.state.metadata)
        if url.path != "/authorize":
            return self._answer(404, {})
        params = parse_qsl(url.query, keep_blank_values=True)
        location, error = self.server.state._authorize(params)
        status = 302 if location else 400
        self.server.state._record(Seen(url.path, params, status, error))
        self._answer(status, {"Location": location} if location else {})

    def do_POST(self) -> None:
        state = self.server.state
        answer = {"/token": state._token, "/revoke": state._revoke}.get(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if answer is None or length > _MAX_BODY:
            self.close_connection = True
            return self._answer(413 if answer else 404, {})
        params = parse_qsl(self.rfile.read(length).decode("latin-1"), keep_blank_values=True)
        status, members = answer(params)
        error = members.get("error")
        state._record(Seen(self.path, params, status, error if isinstance(error, str) else None))
        self._json(status, members)

    def _json(self, status: int, members: dict[str, object]) -> None:
        self._answer(status, {"Content-Type": "application/json"}, json.dumps(members).encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: request lines carry codes."""


def _invalid_grant(description: str) -> tuple[int, dict[str, object]]:
    return 400, {"error": "invalid_grant", "error_description": description}


_MAX_BODY = 1 << 16
