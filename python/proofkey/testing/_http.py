"""HTTP on loopback: requests and responses as data, and the server that carries them."""

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode

Pairs: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """A complete request."""

    method: str
    path: str
    params: Pairs = field(repr=False)
    """From the query of a GET, or the form of a POST."""
    authorization: str = field(repr=False)
    """The `Authorization` header, or empty."""
    user: str | None = None
    """The user that the browser's cookie names."""


@dataclass(frozen=True)
class Response:
    """The response to a request."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    error: str | None = None
    """The OAuth error in the response, for `AuthorizationServer.seen`."""
    cut: Literal["before", "within"] | None = None
    """Where the connection is closed early: before the first byte, or in the middle of the body."""

    @classmethod
    def json(cls, status: int, members: Mapping[str, object], **headers: str) -> "Response":
        """A JSON response. Keywords are headers, with `_` in place of `-`."""
        error = members.get("error")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/json", **named}
        return cls(status, headers, body, error if isinstance(error, str) else None)

    @classmethod
    def refusal(cls, error: str, description: str, status: int = 400, **headers: str) -> "Response":
        """An OAuth error (RFC 6749 section 5.2)."""
        return cls.json(status, {"error": error, "error_description": description}, **headers)

    @classmethod
    def redirect(cls, status: int, to: str, params: Pairs) -> "Response":
        """A redirect to a URI that `is_uri` accepts, with these parameters in its query."""
        query = urlencode(params)
        separator = ("&" if "?" in to else "?") if query else ""
        return cls(status, {"Location": f"{to}{separator}{query}"}, error=dict(params).get("error"))

    @classmethod
    def text(cls, status: int, text: str, error: str | None = None) -> "Response":
        """A line of text for a person."""
        return cls(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode(), error)


def changed(members: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """The members of a JSON object with these instead. `None` removes one."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def is_uri(text: str) -> bool:
    """Whether a text has only the characters of a URI (RFC 3986). A line break, for example, would end a header."""
    return text.isascii() and text.isprintable() and " " not in text


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1, on a free port for 0, and calls `response` for each request, in many threads."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, response: Callable[[Request], Response], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.response = response
        self._open: set[Any] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        # Connections that clients keep open would keep threads running.
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may disconnect at any time; that is no error.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Send head and body together: otherwise the body waits for the client's delayed acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve(self.path.partition("?")[2])

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        # The number of digits first: Python refuses to convert thousands of them.
        if not length.isdecimal() or len(length) > 9 or int(length) > _MAX_BODY:
            self.close_connection = True
            return self._send(Response.text(413, f"send a form of at most {_MAX_BODY} bytes, with a Content-Length"))
        self._serve(self.rfile.read(int(length)).decode("latin-1"))

    def _serve(self, params: str) -> None:
        if not self._is_for_loopback():
            return self._send(Response.text(421, "this test server is on loopback: ask 127.0.0.1 or localhost for it"))
        request = Request(
            self.command,
            self.path.partition("?")[0],
            parse_qsl(params, keep_blank_values=True),
            self.headers.get("Authorization", ""),
            self._user(),
        )
        self._send(self.server.response(request))

    def _is_for_loopback(self) -> bool:
        """Whether the request names this machine in `Host`. A website whose name resolves to 127.0.0.1 (DNS rebinding)
        sends its own name, and so does a proxy that passes on the name of a public site."""
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and hosts[0].partition(":")[0].lower() in _HOSTS

    def _user(self) -> str | None:
        # Not http.cookies, which gives up at the first cookie that it cannot read: all servers of a host share cookies.
        for cookie in ";".join(self.headers.get_all("Cookie", [])).split(";"):
            name, _, value = cookie.strip(" \t").partition("=")
            if name == USER_COOKIE:
                return unquote(value)
        return None

    def _send(self, response: Response) -> None:
        if response.cut == "before":
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if response.cut == "within":
            self.close_connection = True
            self.wfile.write(response.body[: len(response.body) // 2])
        else:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing, because request lines contain codes."""


USER_COOKIE = "proofkey-testing-user"
_HOSTS = ("127.0.0.1", "localhost")
_MAX_BODY = 1 << 16
