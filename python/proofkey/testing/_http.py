"""HTTP on loopback: requests and answers as data, and the server that carries them."""

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

Pairs: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """A request that came in whole."""

    method: str
    path: str
    params: Pairs = field(repr=False)
    """Those of the query for a GET, those of the form for a POST."""
    authorization: str = field(repr=False)
    """The header, or nothing."""
    user: str | None = None
    """Who is signed in in this browser, by a cookie."""


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    error: str | None = None
    """The OAuth error in it, for the record."""
    cut: Literal["before", "within"] | None = None
    """Where the connection is closed: before the first byte, or within the body."""

    @classmethod
    def json(cls, status: int, members: Mapping[str, object], **headers: str) -> "Answer":
        """A JSON object. Keywords are headers, with _ for -."""
        error = members.get("error")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps(members).encode()
        headers = {"Content-Type": "application/json", **named}
        return cls(status, headers, body, error if isinstance(error, str) else None)

    @classmethod
    def refusal(cls, error: str, description: str, status: int = 400, **headers: str) -> "Answer":
        """An OAuth error (RFC 6749 section 5.2)."""
        return cls.json(status, {"error": error, "error_description": description}, **headers)

    @classmethod
    def text(cls, status: int, text: str, error: str | None = None) -> "Answer":
        """A line for whoever reads it."""
        return cls(status, {"Content-Type": "text/plain; charset=utf-8"}, text.encode(), error)


class Server(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 and gives each request to `answer`, from many threads."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self._open: set[Any] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        # Connections that clients keep would keep their threads.
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
        # A client that goes away is no news.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Head and body leave together: apart, the second waits for the client's delayed acknowledgement.
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve(urlsplit(self.path).query)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_BODY:
            self.close_connection = True
            return self._send(Answer.text(413, f"a form of at most {_MAX_BODY} bytes, with its length, belongs here"))
        self._serve(self.rfile.read(int(length)).decode("latin-1"))

    def _serve(self, params: str) -> None:
        request = Request(
            self.command,
            urlsplit(self.path).path,
            parse_qsl(params, keep_blank_values=True),
            self.headers.get("Authorization", ""),
            self._user(),
        )
        self._send(self.server.answer(request))

    def _user(self) -> str | None:
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get(USER_COOKIE)
        return unquote(cookie.value) if cookie else None

    def _send(self, answer: Answer) -> None:
        if answer.cut == "before":
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.cut == "within":
            self.close_connection = True
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: request lines carry codes."""


USER_COOKIE = "proofkey-testing-user"
_MAX_BODY = 1 << 16
