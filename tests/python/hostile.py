"""A server on loopback that misbehaves as it is told, and remembers what it was sent. No wait in it is without an end.

A behaviour is a function that gets each connection; `well` is how a server should be.
"""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeAlias

DEADLINE = 20.0
"""The longest wait for anything, in seconds: a test that hangs fails instead."""

TOKENS = b'{"access_token": "needle-access-token", "refresh_token": "needle-refresh-token", "token_type": "Bearer"}'
MIB = 1 << 20
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FORM = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """A request that came in whole."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    """By their names in lower case."""
    body: bytes = field(repr=False)


class Connection:
    """One connection to the server, as a behaviour sees it."""

    def __init__(self, server: "Server", stream: socket.socket) -> None:
        self.server = server
        self.stream = stream
        self._rest = b""

    def request(self) -> Request | None:
        """Reads the next request and remembers it; `None` if the client goes before its end."""
        while b"\r\n\r\n" not in self._rest:
            if not self._read():
                return None
        head, self._rest = self._rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._rest) < length:
            if not self._read():
                return None
        body, self._rest = self._rest[:length], self._rest[length:]
        method, path, _ = first.split(" ")
        request = Request(method, path, headers, body)
        self.server.requests.append(request)
        return request

    def _read(self) -> bool:
        chunk = self.stream.recv(65536)
        self._rest += chunk
        return chunk != b""

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def drip(self, data: bytes) -> None:
        """Sends a byte at a time, slower than anybody waits."""
        for byte in data:
            self.send(bytes([byte]))
            if self.server.ended.wait(0.05):
                return

    def wait(self) -> None:
        """Says nothing until the client goes."""
        while self._read():
            pass

    def reset(self) -> None:
        """Closes at once, so that the client gets a reset."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


Behaviour: TypeAlias = Callable[[Connection], None]


def answer(body: bytes, status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    """An answer as it should be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def well(connection: Connection) -> None:
    """Grants tokens, on a connection that it keeps."""
    while connection.request():
        connection.send(answer(TOKENS))


class Server:
    """Serves connections for the length of a `with` block, each in a thread of its own.

    `behave` and `tls` may be set anew meanwhile; `elsewhere` is for behaviours that send the client to another server.
    """

    def __init__(
        self, behave: Behaviour = well, *, tls: ssl.SSLContext | None = None, elsewhere: str = "", host: str = "127.0.0.1"
    ) -> None:
        self.behave = behave
        self.tls = tls
        self.elsewhere = elsewhere
        self.ended = threading.Event()
        self.requests: list[Request] = []
        self.connections = 0
        self.sent_bytes = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = f"[{host}]" if ":" in host else host
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self._listener.settimeout(0.02)
        self._streams: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, path: str = "", scheme: str | None = None) -> str:
        return f"{scheme or ('https' if self.tls else 'http')}://{self._host}:{self.port}{path}"

    @property
    def open_connections(self) -> int:
        """Those that neither side has closed."""
        return sum(thread.is_alive() for thread in self._threads[1:])

    @property
    def token_requests(self) -> int:
        return sum(request.path == "/token" for request in self.requests)

    def __enter__(self) -> "Server":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.ended.set()
        self._threads[0].join(DEADLINE)
        for stream in self._streams:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(DEADLINE)
            assert not thread.is_alive(), "a behaviour does not end"
        self._listener.close()

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                stream, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            stream.settimeout(DEADLINE)
            self._streams.append(stream)
            self._threads.append(threading.Thread(target=self._serve, args=(stream,)))
            self._threads[-1].start()

    def _serve(self, stream: socket.socket) -> None:
        # The client may go at any time; ssl.SSLError is an OSError too.
        with contextlib.suppress(OSError), contextlib.closing(stream):
            if self.tls is None:
                return self.behave(Connection(self, stream))
            with self.tls.wrap_socket(stream, server_side=True) as encrypted:
                self._streams.append(encrypted)
                self.behave(Connection(self, encrypted))


# Behaviours: what a server may do to a client that has sent it a code.


def redirects(status: int, *, away: bool) -> Behaviour:
    def behave(connection: Connection) -> None:
        while connection.request():
            to = connection.server.elsewhere if away else connection.server.url()
            connection.send(answer(b"", f"{status} Elsewhere", "text/plain", f"Location: {to}/token"))

    return behave


def says(*parts: bytes) -> Behaviour:
    """Answers these bytes, whatever they are, and closes."""

    def behave(connection: Connection) -> None:
        if connection.request():
            connection.send(b"".join(parts))

    return behave


def floods(head: bytes, chunk: bytes, size: int = 100 * MIB) -> Behaviour:
    """Sends a head and then as much as the client takes."""

    def behave(connection: Connection) -> None:
        if connection.request():
            connection.send(head)
            while connection.server.sent_bytes < size and not connection.server.ended.is_set():
                connection.send(chunk)
                connection.server.sent_bytes += len(chunk)

    return behave


def never_answers(connection: Connection) -> None:
    connection.request()
    connection.wait()


def never_greets(connection: Connection) -> None:
    connection.wait()


def drips_the_head(connection: Connection) -> None:
    if connection.request():
        connection.drip(answer(TOKENS))


def drips_the_body(connection: Connection) -> None:
    if connection.request():
        head, body = answer(TOKENS).split(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        connection.drip(body)


def closes(connection: Connection) -> None:
    connection.request()


def resets(connection: Connection) -> None:
    connection.request()
    connection.reset()


def resets_in_the_body(connection: Connection) -> None:
    """A body that only the end of the connection ends, and no end but a reset."""
    if connection.request():
        connection.send(FORM + b"access_token=needle-acc")
        connection.server.ended.wait(0.2)  # for the client to read it: a reset discards what is under way
        connection.reset()


def closes_within_the_request(connection: Connection) -> None:
    connection.stream.recv(1)


def never_ends_the_headers(connection: Connection) -> None:
    floods(b"HTTP/1.1 200 OK\r\n", b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 1000)(connection)


def never_ends_a_header(connection: Connection) -> None:
    floods(b"HTTP/1.1 200 OK\r\nX-Filler: ", b"a" * 65536)(connection)


def never_ends_the_trailers(connection: Connection) -> None:
    floods(CHUNKED + b"%x\r\n%s\r\n0\r\n" % (len(TOKENS), TOKENS), b"a: b\r\n" * 10000, 1 << 60)(connection)


def never_ends_to_continue(connection: Connection) -> None:
    floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)(connection)


def speaks_plain_text(connection: Connection) -> None:
    connection.send(answer(b"", "400 Bad Request", "text/plain"))
    connection.wait()


def truncates_tls(connection: Connection) -> None:
    """Ends a body that only the end of the connection ends, and leaves out the message that says so."""
    if connection.request():
        connection.send(FORM + b"access_token=needle-acc")
        # What wraps the socket would send it: the socket below is closed instead.
        socket.socket(fileno=connection.stream.detach()).close()
