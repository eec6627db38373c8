"""An API on loopback that checks access tokens by introspection (RFC 7662), and refuses them as RFC 6750 says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from proofkey import testing

Answer = tuple[int, list[tuple[str, str]]]
"""A status and headers."""


@dataclass(frozen=True)
class Received:
    """A request."""

    method: str
    path: str
    authorization: str | None = field(repr=False)
    body: bytes


class ResourceServer(ThreadingHTTPServer):
    """What a path does:

    - "/files": needs a valid access token
    - "/write": needs the scope files.write, too
    - "/pay": wants a sign-in of another kind
    - "/strict": refuses every token
    - "/busy": has had too many requests
    - "/moved": redirects to "/files"
    - "/closed": redirects to "/strict"
    - "/away": redirects to `elsewhere`
    - "/slow": sends a half of its body, and the other one after `go_on` was set
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, server: testing.AuthorizationServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[Received] = []
        self.elsewhere = ""
        self.go_on = threading.Event()
        self._introspection_endpoint = server.introspection_endpoint
        self._http = httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=8))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"

    def answer(self, request: Received) -> Answer:
        scheme, _, token = (request.authorization or "").partition(" ")
        if scheme != "Bearer":
            return 401, [("WWW-Authenticate", 'Bearer realm="files"')]
        asked = {"token": token, "client_id": "files-api"}
        said: dict[str, Any] = self._http.post(self._introspection_endpoint, data=asked, timeout=20).json()
        if not said["active"] or request.path == "/strict":
            # In the second header, and not the first challenge in it.
            challenges = ['Basic realm="staff, only"', 'Newauth, Bearer realm="files", error="invalid_token"']
            return 401, [("WWW-Authenticate", challenge) for challenge in challenges]
        if request.path == "/write" and "files.write" not in said["scope"].split():
            return 403, [("WWW-Authenticate", 'Bearer error="insufficient_scope", scope="files.write"')]
        if request.path == "/pay":
            asked_for = 'Bearer error="insufficient_user_authentication", acr_values="phr", max_age="5"'
            return 401, [("WWW-Authenticate", asked_for)]
        if request.path == "/busy":
            return 429, [("Retry-After", "7")]
        if location := {"/moved": "/files", "/closed": "/strict", "/away": self.elsewhere}.get(request.path):
            return 307, [("Location", location)]
        return 200, []

    def server_close(self) -> None:
        super().server_close()
        self._http.close()


@contextmanager
def running(server: testing.AuthorizationServer) -> Iterator[ResourceServer]:
    api = ResourceServer(server)
    thread = threading.Thread(target=api.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        api.go_on.set()
        api.shutdown()
        thread.join()
        api.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ResourceServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            self._serve(b"".join(self._chunks()))
        else:
            self.do_GET()

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _serve(self, body: bytes) -> None:
        request = Received(self.command, self.path, self.headers.get("Authorization"), body)
        self.server.requests.append(request)
        status, headers = self.server.answer(request)
        text = b"the files" if status == 200 else b"refused"
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.path == "/slow":
            self.wfile.write(text[:4])
            self.wfile.flush()
            assert self.server.go_on.wait(20)
            text = text[4:]
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""
