"""The transport against servers that misbehave: one token request at most, and an error that says whether it was sent."""

import datetime
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path

import hostile
import proofkey
import pytest
import trustme
from hostile import CHUNKED, JSON, MIB, TOKENS, Behaviour, Server, answer

REDIRECT_URI = "http://127.0.0.1:8400/callback"
CALLBACK_URL = f"{REDIRECT_URI}?code=c&state=s"


class Authority:
    """An authority of the tests' own, in a PEM file, and servers' certificates, good and bad."""

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


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def begin(token_endpoint: str, transport: proofkey.Transport) -> tuple[proofkey.Client, proofkey.Login]:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=token_endpoint)
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, transport=transport)
    return client, client.begin(state="s")


def finish(token_endpoint: str, transport: proofkey.Transport) -> str:
    """What a login comes to: "tokens", or the name of an error."""
    return outcome(*begin(token_endpoint, transport))


def outcome(client: proofkey.Client, login: proofkey.Login) -> str:
    try:
        client.finish(login, CALLBACK_URL)
    except proofkey.Error as error:
        return error.name
    return "tokens"


@dataclass(frozen=True)
class Row:
    behave: Behaviour
    name: str
    """Of the error, or "tokens"."""
    seen: int = 1
    """Token requests that came in whole."""
    sent: bool = True
    timeout: float = hostile.DEADLINE
    certificate: str | None = None
    """Of a server that speaks TLS."""
    https: bool = False
    """Whether the client speaks TLS to a server that does not."""


def flood(head: bytes, chunk: bytes) -> Row:
    return Row(hostile.floods(head, chunk), "answer_too_large")


def malformed(*parts: bytes) -> Row:
    return Row(hostile.says(*parts), "answer_malformed")


def cut(*parts: bytes) -> Row:
    return Row(hostile.says(*parts), "answer_interrupted")


SHORT = 0.5

ROWS: dict[str, Row] = {
    "behaves": Row(hostile.well, "tokens"),
    **{
        f"redirects, {status}, {'away' if away else 'to itself'}": Row(
            hostile.redirects(status, away=away), "answer_redirect"
        )
        for status in (301, 302, 303, 307, 308)
        for away in (False, True)
    },
    "never answers": Row(hostile.never_answers, "timeout", timeout=SHORT),
    "drips its head": Row(hostile.drips_the_head, "timeout", timeout=SHORT),
    "drips its body": Row(hostile.drips_the_body, "timeout", timeout=SHORT),
    "100 MiB, as announced": flood(JSON + b"Content-Length: %d\r\n\r\n" % (100 * MIB), b" " * 65536),
    "100 MiB, in chunks": flood(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "100 MiB, in chunks of a byte": flood(CHUNKED, b"1\r\n \r\n" * 10000),
    "100 MiB, until it closes": flood(JSON + b"\r\n", b" " * 65536),
    "1 MiB": Row(hostile.says(answer(TOKENS.ljust(MIB))), "tokens"),
    "1 MiB and a byte": Row(hostile.says(answer(TOKENS.ljust(MIB + 1))), "answer_too_large"),
    "headers without end": Row(hostile.never_ends_the_headers, "answer_malformed"),
    "a header without end": Row(hostile.never_ends_a_header, "answer_too_large"),
    "trailers without end": Row(hostile.never_ends_the_trailers, "timeout", timeout=SHORT),
    "100 Continue without end": Row(hostile.never_ends_to_continue, "answer_too_large"),
    "closes before the answer": Row(hostile.closes, "answer_interrupted"),
    "resets before the answer": Row(hostile.resets, "answer_interrupted"),
    "closes within the request": Row(hostile.closes_within_the_request, "answer_interrupted", seen=0),
    "closes in the head": cut(b"HTTP/1.1 200 OK\r\nContent-"),
    "closes in the body": cut(JSON + b"Content-Length: %d\r\n\r\n" % (len(TOKENS) + 1), TOKENS),
    "closes in a chunk": cut(CHUNKED + b"%x\r\n" % (len(TOKENS) + 1), TOKENS),
    "closes before the last chunk": cut(CHUNKED + b"%x\r\n%s\r\n" % (len(TOKENS), TOKENS)),
    "closes in a body without length": malformed(JSON + b"\r\n", TOKENS[:-1]),
    "resets in a body without length": Row(hostile.resets_in_the_body, "answer_interrupted"),
    "closes after a body without length": Row(hostile.says(JSON + b"\r\n", TOKENS), "tokens"),
    "closes after the body": Row(hostile.says(answer(TOKENS)), "tokens"),
    "speaks HTTP/1.0": Row(hostile.says(b"HTTP/1.0 200 OK\r\n\r\n", TOKENS), "tokens"),
    "garbage: another protocol": malformed(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "garbage: all bytes": malformed(bytes(range(256)) * 8),
    "garbage: a page without a head": malformed(b"<html>oops</html>"),
    "garbage: HTTP/2": malformed(b"HTTP/2 200 OK\r\n\r\n", TOKENS),
    "garbage: a status of four digits": malformed(answer(TOKENS, "2000 OK")),
    "garbage: a byte in a header": malformed(JSON + b"X\0: y\r\n\r\n", TOKENS),
    "garbage: two lengths": malformed(JSON + b"Content-Length: 5\r\nContent-Length: %d\r\n\r\n" % len(TOKENS), TOKENS),
    "garbage: a negative length": malformed(JSON + b"Content-Length: -1\r\n\r\n", TOKENS),
    "garbage: a length of 100 bits": malformed(JSON + b"Content-Length: %d\r\n\r\n" % (1 << 100), TOKENS),
    "garbage: a chunk of 100 bits": malformed(CHUNKED, b"%x\r\n" % (1 << 100), TOKENS),
    "garbage: a chunk of no number": malformed(CHUNKED, b"zz\r\n", TOKENS),
    "garbage: another encoding": malformed(answer(TOKENS.decode().encode("utf-16"))),
    "an error page": Row(hostile.says(answer(b"<html>oops</html>", "502 Bad Gateway", "text/html")), "answer_status"),
    "an unknown status": Row(hostile.says(answer(TOKENS, "999 What")), "answer_status"),
    "TLS, behaves": Row(hostile.well, "tokens", certificate="good"),
    "TLS, redirects to itself": Row(hostile.redirects(307, away=False), "answer_redirect", certificate="good"),
    "TLS, never answers": Row(hostile.never_answers, "timeout", timeout=SHORT, certificate="good"),
    "TLS, drips its body": Row(hostile.drips_the_body, "timeout", timeout=SHORT, certificate="good"),
    "TLS, 100 MiB": Row(hostile.floods(JSON + b"\r\n", b" " * 65536), "answer_too_large", certificate="good"),
    "TLS, closes before the answer": Row(hostile.closes, "answer_interrupted", certificate="good"),
    "TLS, ends the body without saying so": Row(hostile.truncates_tls, "answer_interrupted", certificate="good"),
    **{
        f"TLS, certificate {certificate}": Row(hostile.well, "tls_failed", seen=0, sent=False, certificate=certificate)
        for certificate in (
            "self-signed",
            "of an unknown authority",
            "for another host",
            "in the common name alone",
            "expired",
            "not valid yet",
        )
    },
    "plain text where TLS belongs": Row(hostile.speaks_plain_text, "tls_failed", seen=0, sent=False, https=True),
    "TLS, never greets": Row(hostile.never_greets, "connect_failed", seen=0, sent=False, timeout=SHORT, https=True),
    "TLS, closes instead of a greeting": Row(
        hostile.closes_within_the_request, "connect_failed", seen=0, sent=False, https=True
    ),
}


@pytest.mark.parametrize("case", ROWS)
def test_row(case: str, authority: Authority) -> None:
    row = ROWS[case]
    tls = authority.contexts[row.certificate] if row.certificate else None
    with Server() as bystander, Server(row.behave, tls=tls, elsewhere=bystander.url()) as server:
        endpoint = server.url("/token", "https" if row.https else None)
        client, login = begin(endpoint, proofkey.Transport(ca_file=authority.path, timeout=row.timeout))
        began = time.monotonic()
        try:
            tokens = client.finish(login, CALLBACK_URL)
        except proofkey.Error as error:
            assert error.name == row.name
            # Every other error is about an answer, which nobody gives to what was not sent.
            assert getattr(error, "request_sent", True) == row.sent
        else:
            assert tokens.access_token.expose() == "needle-access-token"
            assert row.name == "tokens"
        assert time.monotonic() - began < 5 * row.timeout
        assert (server.token_requests, server.connections) == (row.seen, 1)
        assert server.sent_bytes < 16 * MIB or row.name == "timeout", "the client stopped reading"

        server.behave = hostile.well
        server.tls = authority.contexts["good"] if row.https or row.certificate else None
        if row.sent:
            # The code may be used: it is not sent again.
            assert outcome(client, login) == "login_spent"
            assert server.token_requests == row.seen
        else:
            client, again = begin(endpoint, proofkey.Transport(ca_file=authority.path))
            assert outcome(client, login) == "tokens", "nothing was sent: the same login still works"
            assert server.token_requests == 1
            assert server.requests[0].body.count(b"code_verifier=") == 1
            assert again.accept(CALLBACK_URL).request is not None
        assert bystander.connections == 0


def test_nobody_listens_yet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        client, login = begin(endpoint, proofkey.Transport(timeout=hostile.DEADLINE))
        listener.close()
        with pytest.raises(proofkey.TransportError) as failed:
            client.finish(login, CALLBACK_URL)
        assert (failed.value.name, failed.value.request_sent) == ("connect_failed", False)


# Connections that are kept.


def test_a_connection_is_kept_and_no_cookie_is() -> None:
    def behave(connection: hostile.Connection) -> None:
        while connection.request():
            connection.send(answer(TOKENS, "200 OK", "application/json", "Set-Cookie: user=first; Path=/"))

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert [finish(server.url("/token"), transport) for _ in range(3)] == ["tokens"] * 3
        assert (server.token_requests, server.connections) == (3, 1)
        assert [request.headers.keys() & {"cookie", "cookie2", "referer"} for request in server.requests] == [set()] * 3


def test_an_idle_connection_that_the_server_closed() -> None:
    closed = threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        connection.send(answer(TOKENS))
        connection.stream.close()
        closed.set()

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert finish(server.url("/token"), transport) == "tokens"
        assert closed.wait(hostile.DEADLINE)
        time.sleep(0.1)  # for the end of the connection to arrive
        assert finish(server.url("/token"), transport) == "tokens"
        assert (server.token_requests, server.connections) == (2, 2)


@pytest.mark.parametrize("second", [hostile.closes_within_the_request, hostile.closes, hostile.resets])
def test_a_kept_connection_that_is_closed_as_the_request_arrives(second: Behaviour) -> None:
    def behave(connection: hostile.Connection) -> None:
        connection.request()
        connection.send(answer(TOKENS))
        second(connection)

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert finish(server.url("/token"), transport) == "tokens"
        client, login = begin(server.url("/token"), transport)
        with pytest.raises(proofkey.TransportError) as failed:
            client.finish(login, CALLBACK_URL)
        assert (failed.value.name, failed.value.request_sent) == ("answer_interrupted", True)
        assert outcome(client, login) == "login_spent"
        # Nothing was sent a second time, on this connection or another.
        assert server.connections == 1
        assert server.token_requests == (1 if second is hostile.closes_within_the_request else 2)


def test_a_kept_connection_is_closed_in_a_race() -> None:
    """Whoever wins, a login gets its tokens or learns that its code may be used, and no code is sent twice."""
    together = threading.Barrier(2)

    def behave(connection: hostile.Connection) -> None:
        connection.server.behave = hostile.well
        connection.request()
        connection.send(answer(TOKENS))
        together.wait(hostile.DEADLINE)

    for _ in range(20):
        with Server(behave) as server:
            transport = proofkey.Transport()
            assert finish(server.url("/token"), transport) == "tokens"
            client, login = begin(server.url("/token"), transport)
            together.wait(hostile.DEADLINE)
            try:
                client.finish(login, CALLBACK_URL)
            except proofkey.TransportError as error:
                assert (error.name, error.request_sent) == ("answer_interrupted", True)
                assert (server.token_requests, server.connections) == (1, 1)
            else:
                assert (server.token_requests, server.connections) == (2, 2)


@pytest.mark.parametrize("at_once", [True, False])
def test_an_answer_too_many_is_nobody_elses(at_once: bool) -> None:
    """A server slips a second answer in; the next user of the connection must not get that user's tokens."""
    slipped = TOKENS.replace(b"needle-access-token", b"the-token-of-another")
    sent = threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        if at_once:
            connection.send(answer(TOKENS) + answer(slipped))
        else:
            connection.send(answer(TOKENS))
            time.sleep(0.1)
            connection.send(answer(slipped))
        sent.set()
        connection.server.behave = hostile.well
        connection.wait()

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert finish(server.url("/token"), transport) == "tokens"
        assert sent.wait(hostile.DEADLINE)
        time.sleep(0.1)
        client, login = begin(server.url("/token"), transport)
        assert client.finish(login, CALLBACK_URL).access_token.expose() == "needle-access-token"
        assert (server.token_requests, server.connections) == (2, 2)


# TLS and its roots.


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_hosts_of_a_certificate(host: str, authority: Authority) -> None:
    with Server(tls=authority.contexts["good"], host="::1" if host == "[::1]" else "127.0.0.1") as server:
        endpoint = f"https://{host}:{server.port}/token"
        assert finish(endpoint, proofkey.Transport(ca_file=str(authority.path))) == "tokens"
        assert finish(endpoint, proofkey.Transport(ca_file=authority.stranger_path)) == "tls_failed"
        assert server.token_requests == 1


def test_a_connection_by_another_ca_file_is_not_shared(authority: Authority) -> None:
    with Server(tls=authority.contexts["good"]) as server:
        trusting, doubting = (proofkey.Transport(ca_file=path) for path in (authority.path, authority.stranger_path))
        for _ in range(2):
            assert finish(server.url("/token"), trusting) == "tokens"
            assert finish(server.url("/token"), doubting) == "tls_failed"
        assert server.token_requests == 2


PRIVATE_KEY = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"garbage", b"\0\xff" * 500, PRIVATE_KEY, b"-----BEGIN CERTIFICATE-----\nMII", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"],
)  # fmt: skip
def test_a_ca_file_without_a_certificate(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(proofkey.TransportError) as refused:
        proofkey.Transport(ca_file=path)
    assert (refused.value.name, refused.value.request_sent) == ("tls_failed", False)


def test_a_ca_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        proofkey.Transport(ca_file=tmp_path / "ca.pem")
    with pytest.raises(OSError):
        proofkey.Transport(ca_file=tmp_path)
    for wrong in (b"ca.pem", 1, ["ca.pem"]):
        with pytest.raises(TypeError):
            proofkey.Transport(ca_file=wrong)  # type: ignore[arg-type]


def test_a_certificate_that_is_none_is_trusted_by_nobody(authority: Authority, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with Server(tls=authority.contexts["good"]) as server:
        try:
            transport = proofkey.Transport(ca_file=path)
        except proofkey.TransportError as refused:
            assert refused.name == "tls_failed"
        else:
            assert finish(server.url("/token"), transport) == "tls_failed"
        assert server.token_requests == 0


@pytest.mark.parametrize("seconds", [0, -1, -0.0, float("nan"), float("inf"), 1e300])
def test_a_timeout_that_is_none(seconds: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        proofkey.Transport(timeout=seconds)


def test_the_longest_and_the_shortest_timeout() -> None:
    with Server() as server:
        # The last is nearly as much as can be counted.
        for seconds in (1e9, 1e18, 1.8e19):
            server.requests.clear()
            assert finish(server.url("/token"), proofkey.Transport(timeout=seconds)) == "tokens"
        assert finish(server.url("/token"), proofkey.Transport(timeout=1e-9)) == "connect_failed"
        assert server.token_requests == 1


@pytest.mark.parametrize(
    "host",
    [
        "as.example",
        "10.0.0.1",
        "0.0.0.0",
        "127.0.0.2",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "[::]",
        "localhost.",
        "localhost.as.example",
        "127.0.0.1.as.example",
    ],
)
def test_plain_http_is_for_loopback(host: str) -> None:
    for build in (
        lambda: begin(f"http://{host}/token", proofkey.Transport()),
        lambda: proofkey.Provider.discover(f"http://{host}"),
    ):
        with pytest.raises(proofkey.ConfigurationError) as refused:
            build()
        assert refused.value.name == "endpoint_insecure"


# Addresses that are not public.


def forbidden(url: str) -> str:
    """What becomes of a login at this URL where only public addresses are allowed."""
    client, login = begin(url, proofkey.Transport(public_only=True, timeout=hostile.DEADLINE))
    with pytest.raises(proofkey.TransportError) as failed:
        client.finish(login, CALLBACK_URL)
    assert not failed.value.request_sent
    assert login.accept(CALLBACK_URL).request is not None
    return failed.value.name


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_public_only_reaches_no_loopback(host: str, scheme: str) -> None:
    with Server(host="::1" if host == "[::1]" else "127.0.0.1") as server:
        url = f"{scheme}://{host}:{server.port}"
        assert forbidden(f"{url}/token") == "address_forbidden"
        with pytest.raises(proofkey.TransportError, match="address_forbidden"):
            proofkey.Provider.discover(url, transport=proofkey.Transport(public_only=True))
        assert server.connections == 0
        # The control: without it, the same host is reached.
        assert finish(f"http://{host}:{server.port}/token", proofkey.Transport()) == "tokens"


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        # Not literals to everybody, but getaddrinfo takes them for 127.0.0.1.
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
    ],
)
def test_public_only_reaches_no_private_address(host: str) -> None:
    assert forbidden(f"https://{host}/token") == "address_forbidden"


def test_public_only_looks_at_what_a_name_leads_to() -> None:
    """The machine's own name: what is to happen depends on what it leads to."""
    name = socket.gethostname()
    try:
        addresses = {ip_address(entry[4][0]) for entry in socket.getaddrinfo(name, 443, type=socket.SOCK_STREAM)}
    except OSError:
        addresses = set()
    with Server() as server:
        happened = forbidden(f"https://{name}:{server.port}/token")
        if not addresses:
            assert happened == "connect_failed"
        elif all(address.is_global for address in addresses):
            assert happened in {"connect_failed", "tls_failed"}
        else:
            assert happened == "address_forbidden"
            assert server.connections == 0


# What the environment offers.

CHILD = """
import sys, proofkey
for arguments in sys.argv[1:]:
    endpoint, ca_file = arguments.split("|")
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=endpoint)
    transport = proofkey.Transport(ca_file=ca_file, timeout=20) if ca_file else proofkey.Transport(timeout=20)
    client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback", transport=transport)
    try:
        client.finish(client.begin(state="s"), "http://127.0.0.1:8400/callback?code=c&state=s")
    except BaseException as error:
        print(getattr(error, "name", type(error).__name__))
    else:
        print("tokens")
"""


def in_a_child(*logins: tuple[str, Path | None], more: str = "", **variables: str) -> list[str]:
    """What logins come to in a process with this environment, one line each; `more` is run after them."""
    arguments = [f"{endpoint}|{ca_file or ''}" for endpoint, ca_file in logins]
    command = [sys.executable, "-c", CHILD + more, *arguments]
    ran = subprocess.run(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True, timeout=60, stderr=subprocess.DEVNULL
    )
    assert ran.returncode == 0
    return ran.stdout.splitlines()


PROXY_CONTROL = """
import urllib.request
with urllib.request.urlopen("http://name.invalid/", timeout=20) as response:
    print("proxied")
"""


def test_proxies_of_the_environment_are_not_used(authority: Authority) -> None:
    plain, encrypted = Server(), Server(tls=authority.contexts["good"])
    with Server() as proxy, plain, encrypted:
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        proxies = {name: proxy.url() for name in names} | {"no_proxy": "", "NO_PROXY": ""}
        logins = [
            (plain.url("/token"), authority.path),
            (encrypted.url("/token"), authority.path),
            ("https://name.invalid/token", None),
        ]
        assert in_a_child(*logins, **proxies) == ["tokens", "tokens", "connect_failed"]
        assert (plain.token_requests, encrypted.token_requests, proxy.connections) == (1, 1, 0)
        # The control: another library in the same environment goes there.
        assert in_a_child(more=PROXY_CONTROL, **proxies) == ["proxied"]
        assert [request.path for request in proxy.requests] == ["http://name.invalid/"]


NETRC_CONTROL = """
import netrc
print(netrc.netrc().authenticators("127.0.0.1")[0])
"""


def test_netrc_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login the-login password p\ndefault login d password p\n")
    path.chmod(0o600)
    with Server() as server:
        printed = in_a_child((server.url("/token"), None), more=NETRC_CONTROL, HOME=str(tmp_path), NETRC=str(path))
        assert printed == ["tokens", "the-login"]
        assert "authorization" not in server.requests[0].headers


@pytest.mark.skipif(sys.platform != "linux", reason="only there does a variable name the roots of the operating system")
def test_a_ca_file_replaces_the_roots_of_the_operating_system(authority: Authority) -> None:
    with Server(tls=authority.contexts["good"]) as server:
        endpoint = server.url("/token")
        roots = {"SSL_CERT_FILE": str(authority.path), "SSL_CERT_DIR": ""}
        assert in_a_child((endpoint, None), (endpoint, authority.stranger_path), **roots) == ["tokens", "tls_failed"]
        assert in_a_child((endpoint, None), SSL_CERT_FILE=str(authority.stranger_path)) == ["tls_failed"]
        assert server.token_requests == 1


# Threads.


def test_literal_addresses_and_localhost_start_no_thread() -> None:
    """They work where the native code cannot start one."""
    no_threads = {"RUST_MIN_STACK": str(1 << 62)}
    with Server() as four, Server(host="::1") as six, Server(hostile.closes_within_the_request) as named:
        endpoints = [four.url("/token"), six.url("/token"), f"http://localhost:{four.port}/token"]
        assert in_a_child(*((endpoint, None) for endpoint in endpoints), **no_threads) == ["tokens"] * 3
        # The control: getaddrinfo takes this for 127.0.0.1, but it is no literal, and is looked up in a thread.
        by_name = (f"https://127.1:{named.port}/token", None)
        in_a_child(by_name, **no_threads)
        assert named.connections == 0
        in_a_child(by_name)
        assert named.connections == 1


def test_500_clients_share_a_transport_and_leave_nothing_behind() -> None:
    outcomes: list[str] = []

    def sign_in() -> None:
        for _ in range(50):
            outcomes.append(finish(f"http://{next(hosts)}:{server.port}/token", transport))

    with Server() as server:
        transport = proofkey.Transport(timeout=hostile.DEADLINE)
        hosts = cycle(["127.0.0.1", "localhost"])
        before = native_threads()
        threads = [threading.Thread(target=sign_in) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(outcomes) == {"tokens": 500}
        assert server.token_requests == 500
        until(lambda: native_threads() <= before)
        # The pool keeps one for each thread and host at most, and none once it is gone.
        until(lambda: 0 < server.open_connections <= 20)
        del transport
        until(lambda: server.open_connections == 0)


def native_threads() -> int:
    """The threads of this process that Python does not know."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) - threading.active_count() if tasks.exists() else 0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + hostile.DEADLINE / 4
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)


# Discovery.

Pages = dict[str, bytes]
RFC8414 = "/.well-known/oauth-authorization-server"
OIDC = "/.well-known/openid-configuration"


def metadata(issuer: str, /, **members: object) -> bytes:
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        **members,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def serves(pages: Callable[[str], Pages]) -> Behaviour:
    """Answers by path; what is not there is a 404."""

    def behave(connection: hostile.Connection) -> None:
        while request := connection.request():
            found = pages(connection.server.url())
            connection.send(found.get(request.path) or answer(b"not here", "404 Not Found", "text/plain"))

    return behave


def page(**members: object) -> Callable[[str], Pages]:
    return lambda url: {RFC8414: answer(metadata(url, **members))}


HTML = answer(b"<html>welcome</html>", kind="text/html")
ERROR = answer(b'{"error": "oops"}', "500 Internal Server Error")

DISCOVERIES: dict[str, tuple[Callable[[str], Pages], str, list[str]]] = {
    # The pages, "found" or the name of an error, and the paths that were asked for.
    "at once": (page(), "found", [RFC8414]),
    "404, then found": (lambda url: {OIDC: answer(metadata(url))}, "found", [RFC8414, OIDC]),
    "a page, then found": (lambda url: {RFC8414: HTML, OIDC: answer(metadata(url))}, "found", [RFC8414, OIDC]),
    "nowhere": (lambda url: {}, "metadata_malformed", [RFC8414, OIDC]),
    "a page that asks who one is, then found": (
        lambda url: {RFC8414: answer(b"<html>", "401 Unauthorized", "text/html"), OIDC: answer(metadata(url))},
        "found",
        [RFC8414, OIDC],
    ),
    "pages only": (lambda url: {RFC8414: HTML, OIDC: HTML}, "metadata_malformed", [RFC8414, OIDC]),
    "another issuer": (page(issuer="https://as.example"), "metadata_issuer_mismatch", [RFC8414]),
    "another slash": (lambda url: {RFC8414: answer(metadata(url + "/"))}, "metadata_issuer_mismatch", [RFC8414]),
    "another issuer, second": (
        lambda url: {OIDC: answer(metadata("https://as.example"))},
        "metadata_issuer_mismatch",
        [RFC8414, OIDC],
    ),
    "no issuer": (page(issuer=None), "metadata_issuer_missing", [RFC8414]),
    "a redirect": (
        lambda url: {RFC8414: answer(b"", "302 Found", "text/plain", f"Location: {url}{OIDC}"), OIDC: answer(metadata(url))},
        "answer_redirect",
        [RFC8414],
    ),
    "a redirect, second": (
        lambda url: {OIDC: answer(b"", "307 Elsewhere", "text/plain", f"Location: {url}{RFC8414}")},
        "answer_redirect",
        [RFC8414, OIDC],
    ),
    "500": (lambda url: {RFC8414: ERROR, OIDC: answer(metadata(url))}, "answer_status", [RFC8414]),
    "503, second": (lambda url: {OIDC: answer(b"", "503 Later")}, "answer_status", [RFC8414, OIDC]),
    "too large": (lambda url: {RFC8414: answer(metadata(url).ljust(MIB + 1))}, "answer_too_large", [RFC8414]),
    "cut": (lambda url: {RFC8414: answer(metadata(url)[:-1])}, "metadata_malformed", [RFC8414]),
    "a list": (lambda url: {RFC8414: answer(b"[]"), OIDC: answer(b"[]")}, "metadata_malformed", [RFC8414, OIDC]),
    "another encoding": (
        lambda url: {RFC8414: answer(b'{"issuer": "\xff"}')},
        "metadata_malformed",
        [RFC8414],
    ),
    "an issuer that is no text": (page(issuer=["https://as.example"]), "metadata_malformed", [RFC8414]),
    "an endpoint that is no text": (page(token_endpoint=1), "metadata_malformed", [RFC8414]),
    "methods that are no list": (page(code_challenge_methods_supported="S256"), "metadata_malformed", [RFC8414]),
    "a promise that is a text": (
        page(authorization_response_iss_parameter_supported="true"),
        "metadata_malformed",
        [RFC8414],
    ),
    "no token endpoint": (page(token_endpoint=None), "metadata_endpoint_missing", [RFC8414]),
    "an insecure endpoint": (page(token_endpoint="http://as.example/t"), "metadata_endpoint_insecure", [RFC8414]),
    "an endpoint that is no URL": (page(token_endpoint="/token"), "metadata_endpoint_malformed", [RFC8414]),
    "PAR required": (page(require_pushed_authorization_requests=True), "par_required", [RFC8414]),
    "PAR possible": (page(require_pushed_authorization_requests=False), "found", [RFC8414]),
}


def discover(issuer: str) -> str:
    try:
        proofkey.Provider.discover(issuer, transport=proofkey.Transport(timeout=hostile.DEADLINE))
    except (proofkey.MetadataError, proofkey.TransportError, proofkey.ConfigurationError) as error:
        return error.name
    return "found"


@pytest.mark.parametrize("case", DISCOVERIES)
def test_discovery(case: str) -> None:
    pages, name, paths = DISCOVERIES[case]
    with Server(serves(pages)) as server:
        assert discover(server.url()) == name
        assert [(request.method, request.path) for request in server.requests] == [("GET", path) for path in paths]


@pytest.mark.parametrize("case", ["never answers", "closes before the answer", "garbage: another protocol", "a header without end"])
def test_discovery_at_a_server_that_misbehaves(case: str) -> None:
    row = ROWS[case]
    with Server(row.behave) as server:
        with pytest.raises(proofkey.Error) as failed:
            proofkey.Provider.discover(server.url(), transport=proofkey.Transport(timeout=row.timeout))
        assert failed.value.name == row.name
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("", [RFC8414, OIDC]),
        ("/", [RFC8414, OIDC]),
        ("/tenant", [f"{RFC8414}/tenant", f"/tenant{OIDC}"]),
        ("/tenant/", [f"{RFC8414}/tenant", f"/tenant{OIDC}"]),
        ("/a/b%2Fc", [f"{RFC8414}/a/b%2Fc", f"/a/b%2Fc{OIDC}"]),
    ],
)
def test_an_issuer_with_a_path(path: str, asked: list[str]) -> None:
    with Server(serves(lambda url: {asked[1]: answer(metadata(url + path))})) as server:
        found = proofkey.Provider.discover(server.url(path))
        assert [request.path for request in server.requests] == asked
        assert found.token_endpoint == f"{server.url(path)}/token"


@pytest.mark.parametrize("promised", [True, False])
def test_a_promise_of_iss_is_remembered(promised: bool) -> None:
    def pages(url: str) -> Pages:
        document = metadata(url, authorization_response_iss_parameter_supported=promised)
        return {RFC8414: answer(document), "/token": answer(TOKENS)}

    with Server(serves(pages)) as server:
        client = proofkey.Client(proofkey.Provider.discover(server.url()), "my-app", redirect_uri=REDIRECT_URI)
        login = client.begin(state="s")
        assert outcome(client, login) == ("iss_missing" if promised else "tokens")
        login = client.begin(state="s")
        with pytest.raises(proofkey.CallbackError, match="iss_mismatch"):
            client.finish(login, f"{CALLBACK_URL}&iss=https%3A%2F%2Fas.example")
        assert client.finish(login, f"{CALLBACK_URL}&iss={server.url()}").access_token.expose()


def test_every_discovery_asks_without_secrets() -> None:
    with Server(serves(page())) as server:
        assert discover(server.url()) == "found"
        [request] = server.requests
        assert (request.method, request.body) == ("GET", b"")
        assert request.headers.keys() & {"authorization", "cookie", "content-type"} == set()
