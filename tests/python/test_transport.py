"""The transport against servers that misbehave: at most one token request, and errors that say whether it was sent."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path

import hostile
import proofkey
import pytest
from hostile import MIB, REDIRECT_URI, ROWS, TOKENS, Authority, Behaviour, Server, response

CALLBACK_URL = f"{REDIRECT_URI}?code=c&state=s"


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
            assert (error.name, error.endpoint) == (row.name, "token")
            # Errors without `request_sent` are about a response, so the request did arrive.
            assert getattr(error, "request_sent", True) == row.sent
        else:
            assert tokens.access_token.expose() == "needle-access-token"
            assert row.name == "tokens"
        assert time.monotonic() - began < 5 * row.timeout
        assert (server.token_requests, server.connections) == (row.seen, 1)
        assert server.sent_bytes < 16 * MIB or row.name == "timeout", "the client stops reading early"

        server.behave = hostile.well
        server.tls = authority.contexts["good"] if row.https or row.certificate else None
        if row.sent:
            # The code may have been used, so it is not sent again.
            assert outcome(client, login) == "login_already_used"
            assert server.token_requests == row.seen
        else:
            client, again = begin(endpoint, proofkey.Transport(ca_file=authority.path))
            assert outcome(client, login) == "tokens", "nothing was sent, so the same login still works"
            assert server.token_requests == 1
            assert server.requests[0].body.count(b"code_verifier=") == 1
            assert again.accept(CALLBACK_URL).request is not None
        assert bystander.connections == 0


def test_nothing_listens_at_the_endpoint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        client, login = begin(endpoint, proofkey.Transport(timeout=hostile.DEADLINE))
        listener.close()
        with pytest.raises(proofkey.TransportError) as failed:
            client.finish(login, CALLBACK_URL)
        assert (failed.value.name, failed.value.request_sent) == ("connect_failed", False)


# Pooled connections.


def test_connections_are_reused_and_cookies_are_not_kept() -> None:
    def behave(connection: hostile.Connection) -> None:
        while connection.request():
            connection.send(response(TOKENS, "200 OK", "application/json", "Set-Cookie: user=first; Path=/"))

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert [finish(server.url("/token"), transport) for _ in range(3)] == ["tokens"] * 3
        assert (server.token_requests, server.connections) == (3, 1)
        assert [request.headers.keys() & {"cookie", "cookie2", "referer"} for request in server.requests] == [set()] * 3


def test_an_idle_connection_that_the_server_closed() -> None:
    closed = threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        connection.send(response(TOKENS))
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
def test_a_pooled_connection_that_closes_as_the_request_arrives(second: Behaviour) -> None:
    def behave(connection: hostile.Connection) -> None:
        connection.request()
        connection.send(response(TOKENS))
        second(connection)

    with Server(behave) as server:
        transport = proofkey.Transport()
        assert finish(server.url("/token"), transport) == "tokens"
        client, login = begin(server.url("/token"), transport)
        with pytest.raises(proofkey.TransportError) as failed:
            client.finish(login, CALLBACK_URL)
        assert (failed.value.name, failed.value.request_sent) == ("response_interrupted", True)
        assert outcome(client, login) == "login_already_used"
        # Nothing was sent a second time, on this connection or another.
        assert server.connections == 1
        assert server.token_requests == (1 if second is hostile.closes_within_the_request else 2)


def test_a_pooled_connection_that_closes_in_a_race_with_the_request() -> None:
    """Either way a login gets its tokens or learns that its code may have been used, and no code is sent twice."""
    together = threading.Barrier(2)

    def behave(connection: hostile.Connection) -> None:
        connection.server.behave = hostile.well
        connection.request()
        connection.send(response(TOKENS))
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
                assert (error.name, error.request_sent) == ("response_interrupted", True)
                assert (server.token_requests, server.connections) == (1, 1)
            else:
                assert (server.token_requests, server.connections) == (2, 2)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_second_response_to_one_request_is_discarded(at_once: bool) -> None:
    """A server sends one response too many. The next login on that connection must not get the tokens in it."""
    unasked = TOKENS.replace(b"needle-access-token", b"the-token-of-another")
    sent = threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        if at_once:
            connection.send(response(TOKENS) + response(unasked))
        else:
            connection.send(response(TOKENS))
            time.sleep(0.1)
            connection.send(response(unasked))
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
def test_a_certificate_for_each_loopback_host(host: str, authority: Authority) -> None:
    with Server(tls=authority.contexts["good"], host="::1" if host == "[::1]" else "127.0.0.1") as server:
        endpoint = f"https://{host}:{server.port}/token"
        assert finish(endpoint, proofkey.Transport(ca_file=str(authority.path))) == "tokens"
        assert finish(endpoint, proofkey.Transport(ca_file=authority.stranger_path)) == "tls_failed"
        assert server.token_requests == 1


def test_transports_with_different_ca_files_share_no_connection(authority: Authority) -> None:
    with Server(tls=authority.contexts["good"]) as server:
        trusting, doubting = (proofkey.Transport(ca_file=path) for path in (authority.path, authority.stranger_path))
        for _ in range(2):
            assert finish(server.url("/token"), trusting) == "tokens"
            assert finish(server.url("/token"), doubting) == "tls_failed"
        assert server.token_requests == 2


PRIVATE_KEY = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"garbage",
        b"\0\xff" * 500,
        PRIVATE_KEY,
        b"-----BEGIN CERTIFICATE-----\nMII",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_ca_file_without_a_certificate(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(proofkey.ConfigurationError, match="^ca_file_invalid: "):
        proofkey.Transport(ca_file=path)


def test_a_ca_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        proofkey.Transport(ca_file=tmp_path / "ca.pem")
    with pytest.raises(OSError):
        proofkey.Transport(ca_file=tmp_path)
    for wrong in (b"ca.pem", 1, ["ca.pem"]):
        with pytest.raises(TypeError):
            proofkey.Transport(ca_file=wrong)  # type: ignore[arg-type]


def test_a_transport_reads_back() -> None:
    transport = proofkey.Transport()
    assert (transport.timeout, transport.public_only) == (10, False)
    transport = proofkey.Transport(timeout=2.5, public_only=True)
    assert (transport.timeout, transport.public_only) == (2.5, True)


@pytest.mark.parametrize("seconds", [0, -1, -0.0, float("nan"), float("inf"), 1e300])
def test_a_timeout_that_cannot_be(seconds: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        proofkey.Transport(timeout=seconds)


def test_the_longest_and_the_shortest_timeout() -> None:
    with Server() as server:
        # The last one is close to the largest number of seconds that Rust can represent.
        for seconds in (1e9, 1e18, 1.8e19):
            server.requests.clear()
            assert finish(server.url("/token"), proofkey.Transport(timeout=seconds)) == "tokens"
        assert finish(server.url("/token"), proofkey.Transport(timeout=1e-9)) == "timeout"
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
    """The error of a login at this URL with a transport that is `public_only`."""
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
        # The control: without `public_only` the same host is reached.
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
        # These are no literals by RFC 3986, but getaddrinfo resolves them to 127.0.0.1.
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
    ],
)
def test_public_only_reaches_no_private_address(host: str) -> None:
    assert forbidden(f"https://{host}/token") == "address_forbidden"


def test_public_only_checks_what_a_name_resolves_to() -> None:
    """Uses the name of this machine, so the expected outcome depends on what that resolves to."""
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


# The environment.

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
    """What each login comes to in a process with this environment; then that process runs `more`."""
    arguments = [f"{endpoint}|{ca_file or ''}" for endpoint, ca_file in logins]
    command = [sys.executable, "-c", CHILD + more, *arguments]
    ran = subprocess.run(
        command,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        stderr=subprocess.DEVNULL,
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
        # The control: another library in the same environment does use the proxy.
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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no variable names the roots of the operating system")
def test_a_ca_file_replaces_the_roots_of_the_operating_system(authority: Authority) -> None:
    with Server(tls=authority.contexts["good"]) as server:
        endpoint = server.url("/token")
        roots = {"SSL_CERT_FILE": str(authority.path), "SSL_CERT_DIR": ""}
        assert in_a_child((endpoint, None), (endpoint, authority.stranger_path), **roots) == ["tokens", "tls_failed"]
        assert in_a_child((endpoint, None), SSL_CERT_FILE=str(authority.stranger_path)) == ["tls_failed"]
        assert server.token_requests == 1


# Threads.


def test_literal_addresses_and_localhost_start_no_thread() -> None:
    """They work even if the native code cannot start a thread."""
    no_threads = {"RUST_MIN_STACK": str(1 << 62)}
    with Server() as four, Server(host="::1") as six, Server(hostile.closes_within_the_request) as named:
        endpoints = [four.url("/token"), six.url("/token"), f"http://localhost:{four.port}/token"]
        assert in_a_child(*((endpoint, None) for endpoint in endpoints), **no_threads) == ["tokens"] * 3
        # The control: getaddrinfo resolves this to 127.0.0.1, but it is no literal and is looked up in a thread.
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
        # The pool keeps at most one connection for each thread and host, and none once it is dropped.
        until(lambda: 0 < server.open_connections <= 20)
        del transport
        until(lambda: server.open_connections == 0)


def native_threads() -> int:
    """How many threads of this process Python does not know of."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) - threading.active_count() if tasks.exists() else 0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + hostile.DEADLINE / 4
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
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
    """Responds by path, with a 404 for all other paths."""

    def behave(connection: hostile.Connection) -> None:
        while request := connection.request():
            found = pages(connection.server.url())
            connection.send(found.get(request.path) or response(b"not here", "404 Not Found", "text/plain"))

    return behave


def page(**members: object) -> Callable[[str], Pages]:
    return lambda url: {RFC8414: response(metadata(url, **members))}


OPENID: dict[str, object] = {"id_token_signing_alg_values_supported": ["RS256"]}
HTML = response(b"<html>welcome</html>", kind="text/html")
ERROR = response(b'{"error": "oops"}', "500 Internal Server Error")

DISCOVERIES: dict[str, tuple[Callable[[str], Pages], str, list[str]]] = {
    # The pages, "found" or the name of an error, and the paths that were asked for.
    "at once": (page(**OPENID), "found", [RFC8414]),
    "without OpenID Connect": (page(), "found", [RFC8414, OIDC]),
    "404, then found": (lambda url: {OIDC: response(metadata(url))}, "found", [RFC8414, OIDC]),
    "a page, then found": (lambda url: {RFC8414: HTML, OIDC: response(metadata(url))}, "found", [RFC8414, OIDC]),
    "nowhere": (lambda url: {}, "metadata_not_found", [RFC8414, OIDC]),
    "a page that asks for a sign-in, then found": (
        lambda url: {RFC8414: response(b"<html>", "401 Unauthorized", "text/html"), OIDC: response(metadata(url))},
        "found",
        [RFC8414, OIDC],
    ),
    "pages only": (lambda url: {RFC8414: HTML, OIDC: HTML}, "metadata_not_found", [RFC8414, OIDC]),
    "another issuer": (page(issuer="https://as.example"), "metadata_issuer_mismatch", [RFC8414]),
    "another slash": (lambda url: {RFC8414: response(metadata(url + "/"))}, "metadata_issuer_mismatch", [RFC8414]),
    "another issuer, second": (
        lambda url: {OIDC: response(metadata("https://as.example"))},
        "metadata_issuer_mismatch",
        [RFC8414, OIDC],
    ),
    "no issuer": (page(issuer=None), "metadata_not_found", [RFC8414, OIDC]),
    "a redirect, then found": (
        lambda url: {
            RFC8414: response(b"", "302 Found", "text/plain", f"Location: {url}/elsewhere"),
            OIDC: response(metadata(url)),
        },
        "found",
        [RFC8414, OIDC],
    ),
    "a redirect, second": (
        lambda url: {OIDC: response(b"", "307 Elsewhere", "text/plain", f"Location: {url}/elsewhere")},
        "metadata_not_found",
        [RFC8414, OIDC],
    ),
    "500": (lambda url: {RFC8414: ERROR, OIDC: response(metadata(url))}, "response_status", [RFC8414]),
    "503, second": (lambda url: {OIDC: response(b"", "503 Later")}, "response_status", [RFC8414, OIDC]),
    "too large": (lambda url: {RFC8414: response(metadata(url).ljust(MIB + 1))}, "response_too_large", [RFC8414]),
    "a list": (lambda url: {RFC8414: response(b"[]"), OIDC: response(b"[]")}, "metadata_not_found", [RFC8414, OIDC]),
    "PAR required": (page(require_pushed_authorization_requests=True), "par_required", [RFC8414]),
    "PAR possible": (page(require_pushed_authorization_requests=False), "found", [RFC8414, OIDC]),
}
USELESS: dict[str, tuple[Callable[[str], Pages], str]] = {
    "cut": (lambda url: {RFC8414: response(metadata(url)[:-1])}, "metadata_malformed"),
    "another encoding": (lambda url: {RFC8414: response(b'{"issuer": "\xff"}')}, "metadata_malformed"),
    "an issuer that is not a string": (page(issuer=["https://as.example"]), "metadata_malformed"),
    "an endpoint that is not a string": (page(token_endpoint=1), "metadata_malformed"),
    "methods that are not a list": (page(code_challenge_methods_supported="S256"), "metadata_malformed"),
    "a flag that is a string": (page(authorization_response_iss_parameter_supported="true"), "metadata_malformed"),
    "no token endpoint": (page(token_endpoint=None), "metadata_endpoint_missing"),
    "an insecure endpoint": (page(token_endpoint="http://as.example/t"), "metadata_endpoint_insecure"),
    "an endpoint that is no URL": (page(token_endpoint="/token"), "metadata_endpoint_malformed"),
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


@pytest.mark.parametrize("case", USELESS)
def test_the_second_place_counts_if_the_first_has_useless_metadata(case: str) -> None:
    pages, name = USELESS[case]
    with Server(serves(pages)) as server:
        assert discover(server.url()) == name
        assert [request.path for request in server.requests] == [RFC8414, OIDC]
    with Server(serves(lambda url: {**pages(url), OIDC: response(metadata(url))})) as server:
        assert discover(server.url()) == "found"


def test_metadata_with_openid_connect_is_preferred() -> None:
    def pages(url: str) -> Pages:
        first = metadata(url, authorization_response_iss_parameter_supported=True)
        return {RFC8414: response(first), OIDC: response(metadata(url, token_endpoint=f"{url}/second", **OPENID))}

    with Server(serves(pages)) as server:
        found = proofkey.Provider.discover(server.url())
        assert found.token_endpoint == server.url("/second")
        assert found.iss_parameter_supported, "what the first document promises stays promised"


@pytest.mark.parametrize(
    ("case", "family"),
    [
        ("never responds", proofkey.TransportError),
        ("closes before the response", proofkey.TransportError),
        ("garbage: another protocol", proofkey.MetadataError),
        ("a header without end", proofkey.TransportError),
    ],
)
def test_discovery_at_a_server_that_misbehaves(case: str, family: type[proofkey.Error]) -> None:
    row = ROWS[case]
    with Server(row.behave) as server:
        with pytest.raises(family) as failed:
            proofkey.Provider.discover(server.url(), transport=proofkey.Transport(timeout=row.timeout))
        assert (failed.value.name, failed.value.endpoint) == (row.name, "metadata")
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
    with Server(serves(lambda url: {asked[1]: response(metadata(url + path))})) as server:
        found = proofkey.Provider.discover(server.url(path))
        assert [request.path for request in server.requests] == asked
        assert found.token_endpoint == f"{server.url(path)}/token"


@pytest.mark.parametrize("supported", [True, False])
def test_whether_the_server_sends_iss_is_remembered(supported: bool) -> None:
    def pages(url: str) -> Pages:
        document = metadata(url, authorization_response_iss_parameter_supported=supported)
        return {RFC8414: response(document), "/token": response(TOKENS)}

    with Server(serves(pages)) as server:
        provider = proofkey.Provider.discover(server.url())
        assert (provider.issuer, provider.iss_parameter_supported) == (server.url(), supported)
        client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
        login = client.begin(state="s")
        assert outcome(client, login) == ("iss_missing" if supported else "tokens")
        login = client.begin(state="s")
        with pytest.raises(proofkey.CallbackError, match="iss_mismatch"):
            client.finish(login, f"{CALLBACK_URL}&iss=https%3A%2F%2Fas.example")
        assert client.finish(login, f"{CALLBACK_URL}&iss={server.url()}").access_token.expose()


def test_a_discovery_sends_no_secret() -> None:
    with Server(serves(page())) as server:
        assert discover(server.url()) == "found"
        for request in server.requests:
            assert (request.method, request.body) == ("GET", b"")
            assert request.headers.keys() & {"authorization", "cookie", "content-type"} == set()
