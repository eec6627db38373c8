"""A server on loopback that misbehaves as told, and remembers what it was sent; and what a login at each such server
comes to.

A behaviour is a function that is called with each connection; `well` is how a server should behave. Every wait has a
time limit.
"""

import contextlib
import datetime
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import trustme

REDIRECT_URI = "http://127.0.0.1:8400/callback"

DEADLINE = 20.0
"""The longest wait for anything, in seconds: a test fails rather than hang."""

TOKENS = b'{"access_token": "needle-access-token", "refresh_token": "needle-refresh-token", "token_type": "Bearer"}'
MIB = 1 << 20
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FORM = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Request:
    """A complete request."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    """By lower-case name."""
    body: bytes = field(repr=False)


class Connection:
    """One connection to the server, as a behaviour sees it."""

    def __init__(self, server: "Server", stream: socket.socket) -> None:
        self.server = server
        self.stream = stream
        self._rest = b""

    def request(self) -> Request | None:
        """Reads the next request and remembers it; `None` if the client leaves before it is complete."""
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
        """Sends one byte at a time, too slowly for any client."""
        for byte in data:
            self.send(bytes([byte]))
            if self.server.ended.wait(0.05):
                return

    def wait(self) -> None:
        """Sends nothing until the client leaves."""
        while self._read():
            pass

    def reset(self) -> None:
        """Closes at once, so that the client gets a reset."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


Behaviour: TypeAlias = Callable[[Connection], None]


def response(body: bytes, status: str = "200 OK", kind: str = "application/json", *headers: str) -> bytes:
    """A well-formed response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def well(connection: Connection) -> None:
    """Grants tokens, and keeps the connection open."""
    while connection.request():
        connection.send(response(TOKENS))


class Server:
    """Serves connections for the length of a `with` block, each in its own thread.

    `behave` and `tls` may be changed while it runs; `elsewhere` is where behaviours redirect to.
    """

    def __init__(
        self,
        behave: Behaviour = well,
        *,
        tls: ssl.SSLContext | None = None,
        elsewhere: str = "",
        host: str = "127.0.0.1",
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
        self.streams: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, path: str = "", scheme: str | None = None) -> str:
        return f"{scheme or ('https' if self.tls else 'http')}://{self._host}:{self.port}{path}"

    @property
    def open_connections(self) -> int:
        """The connections that neither side has closed."""
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
        for stream in self.streams:
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
            self.streams.append(stream)
            self._threads.append(threading.Thread(target=self._serve, args=(stream,)))
            self._threads[-1].start()

    def _serve(self, stream: socket.socket) -> None:
        # The client may leave at any time; ssl.SSLError is an OSError too.
        with contextlib.suppress(OSError), contextlib.closing(stream):
            if self.tls is None:
                return self.behave(Connection(self, stream))
            with self.tls.wrap_socket(stream, server_side=True) as encrypted:
                self.streams.append(encrypted)
                self.behave(Connection(self, encrypted))


# Behaviours: what a server may do to a client that sends it a code.


def redirects(status: int, *, away: bool) -> Behaviour:
    def behave(connection: Connection) -> None:
        while connection.request():
            to = connection.server.elsewhere if away else connection.server.url()
            connection.send(response(b"", f"{status} Elsewhere", "text/plain", f"Location: {to}/token"))

    return behave


def tunnels(tls: ssl.SSLContext) -> Behaviour:
    """A proxy, and the server behind it, whose certificates are those of `tls`."""

    def behave(connection: Connection) -> None:
        if connection.request():
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
            with tls.wrap_socket(connection.stream, server_side=True) as encrypted:
                connection.server.streams.append(encrypted)
                well(Connection(connection.server, encrypted))

    return behave


def says(*parts: bytes) -> Behaviour:
    """Sends these bytes, whatever they are, and closes the connection."""

    def behave(connection: Connection) -> None:
        if connection.request():
            connection.send(b"".join(parts))

    return behave


def floods(head: bytes, chunk: bytes, size: int = 100 * MIB) -> Behaviour:
    """Sends a head, and then as much as the client takes."""

    def behave(connection: Connection) -> None:
        if connection.request():
            connection.send(head)
            while connection.server.sent_bytes < size and not connection.server.ended.is_set():
                connection.send(chunk)
                connection.server.sent_bytes += len(chunk)

    return behave


def never_responds(connection: Connection) -> None:
    connection.request()
    connection.wait()


def never_greets(connection: Connection) -> None:
    connection.wait()


def drips_the_head(connection: Connection) -> None:
    if connection.request():
        connection.drip(response(TOKENS))


def drips_the_body(connection: Connection) -> None:
    if connection.request():
        head, body = response(TOKENS).split(b"\r\n\r\n")
        connection.send(head + b"\r\n\r\n")
        connection.drip(body)


def closes(connection: Connection) -> None:
    connection.request()


def resets(connection: Connection) -> None:
    connection.request()
    connection.reset()


def resets_in_the_body(connection: Connection) -> None:
    """Resets the connection within a body that has no length, so that only a proper close would end it."""
    if connection.request():
        connection.send(FORM + b"access_token=needle-acc")
        connection.server.ended.wait(0.2)  # for the client to read it: a reset discards data in transit
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
    connection.send(response(b"", "400 Bad Request", "text/plain"))
    connection.wait()


def truncates_tls(connection: Connection) -> None:
    """Closes the connection within a body that has no length, without the TLS message that announces the close."""
    if connection.request():
        connection.send(FORM + b"access_token=needle-acc")
        # Closing the TLS socket would send that message, so the TCP socket below it is closed instead.
        socket.socket(fileno=connection.stream.detach()).close()


# What a login comes to at each of them.


class Authority:
    """A certificate authority for tests, as a PEM file, and TLS contexts of servers with good and bad certificates."""

    def __init__(self, folder: Path) -> None:
        own, stranger = trustme.CA(), trustme.CA()
        self.path = folder / "ca.pem"
        own.cert_pem.write_to_path(str(self.path))
        self.stranger_path = folder / "stranger.pem"
        stranger.cert_pem.write_to_path(str(self.stranger_path))
        today = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        self.contexts = {
            "good": context(own.issue_cert("127.0.0.1", "localhost", "::1")),
            "of an unknown authority": context(stranger.issue_cert("127.0.0.1")),
            "for another host": context(own.issue_cert("as.example")),
            "in the common name alone": context(own.issue_cert("as.example", common_name="127.0.0.1")),
            "expired": context(own.issue_cert("127.0.0.1", not_before=today - 9 * day, not_after=today - day)),
            "not valid yet": context(own.issue_cert("127.0.0.1", not_before=today + day, not_after=today + 9 * day)),
            "self-signed": ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        }
        alone = folder / "self-signed.pem"
        alone.write_bytes(stranger.private_key_pem.bytes() + stranger.cert_pem.bytes())
        self.contexts["self-signed"].load_cert_chain(alone)


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


@dataclass(frozen=True)
class Row:
    """A server, and what a login there comes to."""

    behave: Behaviour
    name: str
    """The name of the error, or "tokens"."""
    seen: int = 1
    """How many complete token requests arrive."""
    sent: bool = True
    """Whether the error says that the request may have arrived."""
    timeout: float = DEADLINE
    """The time limit of the client, in seconds."""
    certificate: str | None = None
    """For a server that speaks TLS: the name of its context in `Authority.contexts`."""
    https: bool = False
    """Whether the client speaks TLS to a server that does not."""


def flood(head: bytes, chunk: bytes) -> Row:
    return Row(floods(head, chunk), "response_too_large")


def malformed(*parts: bytes) -> Row:
    return Row(says(*parts), "response_malformed")


def cut(*parts: bytes) -> Row:
    return Row(says(*parts), "response_interrupted")


SHORT = 0.5

ROWS: dict[str, Row] = {
    "behaves": Row(well, "tokens"),
    **{
        f"redirects, {status}, {'away' if away else 'to itself'}": Row(
            redirects(status, away=away), "response_redirect"
        )
        for status in (301, 302, 303, 307, 308)
        for away in (False, True)
    },
    "never responds": Row(never_responds, "timeout", timeout=SHORT),
    "drips its head": Row(drips_the_head, "timeout", timeout=SHORT),
    "drips its body": Row(drips_the_body, "timeout", timeout=SHORT),
    "100 MiB, as announced": flood(JSON + b"Content-Length: %d\r\n\r\n" % (100 * MIB), b" " * 65536),
    "100 MiB, in chunks": flood(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "100 MiB, in chunks of a byte": flood(CHUNKED, b"1\r\n \r\n" * 10000),
    "100 MiB, until it closes": flood(JSON + b"\r\n", b" " * 65536),
    "1 MiB": Row(says(response(TOKENS.ljust(MIB))), "tokens"),
    "1 MiB and a byte": Row(says(response(TOKENS.ljust(MIB + 1))), "response_too_large"),
    "headers without end": Row(never_ends_the_headers, "response_malformed"),
    "a header without end": Row(never_ends_a_header, "response_too_large"),
    "trailers without end": Row(never_ends_the_trailers, "timeout", timeout=SHORT),
    "100 Continue without end": Row(never_ends_to_continue, "response_too_large"),
    "closes before the response": Row(closes, "response_interrupted"),
    "resets before the response": Row(resets, "response_interrupted"),
    "closes within the request": Row(closes_within_the_request, "response_interrupted", seen=0),
    "closes in the head": cut(b"HTTP/1.1 200 OK\r\nContent-"),
    "closes in the body": cut(JSON + b"Content-Length: %d\r\n\r\n" % (len(TOKENS) + 1), TOKENS),
    "closes in a chunk": cut(CHUNKED + b"%x\r\n" % (len(TOKENS) + 1), TOKENS),
    "closes before the last chunk": cut(CHUNKED + b"%x\r\n%s\r\n" % (len(TOKENS), TOKENS)),
    "closes in a body without length": malformed(JSON + b"\r\n", TOKENS[:-1]),
    "resets in a body without length": Row(resets_in_the_body, "response_interrupted"),
    "closes after a body without length": Row(says(JSON + b"\r\n", TOKENS), "tokens"),
    "closes after the body": Row(says(response(TOKENS)), "tokens"),
    "speaks HTTP/1.0": Row(says(b"HTTP/1.0 200 OK\r\n\r\n", TOKENS), "tokens"),
    "garbage: another protocol": malformed(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "garbage: all bytes": malformed(bytes(range(256)) * 8),
    "garbage: a page without a head": malformed(b"<html>oops</html>"),
    "garbage: HTTP/2": malformed(b"HTTP/2 200 OK\r\n\r\n", TOKENS),
    "garbage: a status of four digits": malformed(response(TOKENS, "2000 OK")),
    "garbage: a byte in a header": malformed(JSON + b"X\0: y\r\n\r\n", TOKENS),
    "garbage: two lengths": malformed(JSON + b"Content-Length: 5\r\nContent-Length: %d\r\n\r\n" % len(TOKENS), TOKENS),
    "garbage: a negative length": malformed(JSON + b"Content-Length: -1\r\n\r\n", TOKENS),
    "garbage: a length of 100 bits": malformed(JSON + b"Content-Length: %d\r\n\r\n" % (1 << 100), TOKENS),
    "garbage: a chunk of 100 bits": malformed(CHUNKED, b"%x\r\n" % (1 << 100), TOKENS),
    "garbage: a chunk of no number": malformed(CHUNKED, b"zz\r\n", TOKENS),
    "garbage: another encoding": malformed(response(TOKENS.decode().encode("utf-16"))),
    "an error page": Row(says(response(b"<html>oops</html>", "502 Bad Gateway", "text/html")), "response_status"),
    "an unknown status": Row(says(response(TOKENS, "999 What")), "response_status"),
    "TLS, behaves": Row(well, "tokens", certificate="good"),
    "TLS, redirects to itself": Row(redirects(307, away=False), "response_redirect", certificate="good"),
    "TLS, never responds": Row(never_responds, "timeout", timeout=SHORT, certificate="good"),
    "TLS, drips its body": Row(drips_the_body, "timeout", timeout=SHORT, certificate="good"),
    "TLS, 100 MiB": Row(floods(JSON + b"\r\n", b" " * 65536), "response_too_large", certificate="good"),
    "TLS, closes before the response": Row(closes, "response_interrupted", certificate="good"),
    "TLS, ends the body without saying so": Row(truncates_tls, "response_interrupted", certificate="good"),
    **{
        f"TLS, certificate {certificate}": Row(well, "tls_failed", seen=0, sent=False, certificate=certificate)
        for certificate in (
            "self-signed",
            "of an unknown authority",
            "for another host",
            "in the common name alone",
            "expired",
            "not valid yet",
        )
    },
    "plain text where TLS belongs": Row(speaks_plain_text, "tls_failed", seen=0, sent=False, https=True),
    "TLS, never greets": Row(never_greets, "connect_failed", seen=0, sent=False, timeout=SHORT, https=True),
    "TLS, closes instead of a greeting": Row(
        closes_within_the_request, "connect_failed", seen=0, sent=False, https=True
    ),
}
