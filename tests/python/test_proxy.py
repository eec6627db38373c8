"""A proxy that a transport was given: what it sees, and what happens if it does not connect."""

from base64 import b64encode

import hostile
import proofkey
import pytest
from hostile import REDIRECT_URI, Authority, Behaviour, Server

CALLBACK_URL = f"{REDIRECT_URI}?code=c&state=s"


def client_of(token_endpoint: str, transport: proofkey.Transport) -> proofkey.Client:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=token_endpoint)
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, transport=transport)


def test_a_login_through_a_proxy(authority: Authority) -> None:
    with Server(hostile.tunnels(authority.contexts["for another host"])) as proxy:
        url = proxy.url().replace("://", "://me:p%40ss@")
        client = client_of("https://as.example/token", proofkey.Transport(ca_file=authority.path, proxy=url))
        tokens = client.finish(client.begin(state="s"), CALLBACK_URL)
        assert tokens.access_token.expose() == "needle-access-token"
        connect, request = proxy.requests
        assert (connect.method, connect.path, connect.body) == ("CONNECT", "as.example:443", b"")
        assert connect.headers["proxy-authorization"] == f"Basic {b64encode(b'me:p@ss').decode()}"
        assert (request.method, request.path) == ("POST", "/token")
        assert "proxy-authorization" not in request.headers


@pytest.mark.parametrize(
    "behave",
    [
        hostile.says(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        hostile.says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        hostile.says(b"HTTP/1.1 302 Found\r\nLocation: https://as.example/\r\n\r\n"),
        hostile.says(b"SSH-2.0-OpenSSH\r\n\r\n"),
        hostile.says(b"HTTP/1.1 200 OK\r\n\r\n"),
        hostile.closes,
    ],
)
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_proxy_that_does_not_connect(behave: Behaviour, encrypted: bool, authority: Authority) -> None:
    tls = authority.contexts["good"] if encrypted else None
    with Server(behave, tls=tls) as proxy:
        transport = proofkey.Transport(ca_file=authority.path, proxy=proxy.url())
        client = client_of("https://as.example/token", transport)
        login = client.begin(state="s")
        with pytest.raises(proofkey.TransportError) as raised:
            client.finish(login, CALLBACK_URL)
        assert raised.value.name in ("connect_failed", "tls_failed")
        assert raised.value.request_sent is False
        assert all(request.method == "CONNECT" for request in proxy.requests)
        if not encrypted:
            proxy.behave = hostile.tunnels(authority.contexts["for another host"])
            assert client.finish(login, CALLBACK_URL), "nothing was sent, so the same login still works"


def test_a_proxy_cannot_take_the_place_of_the_server(authority: Authority) -> None:
    with Server(hostile.tunnels(authority.contexts["good"])) as proxy:
        client = client_of("https://as.example/token", proofkey.Transport(ca_file=authority.path, proxy=proxy.url()))
        with pytest.raises(proofkey.TransportError, match="tls_failed"):
            client.finish(client.begin(state="s"), CALLBACK_URL)
        assert [request.method for request in proxy.requests] == ["CONNECT"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_needs_no_proxy(host: str) -> None:
    with Server() as proxy, Server() as server:
        endpoint = server.url("/token").replace("127.0.0.1", host)
        client = client_of(endpoint, proofkey.Transport(proxy=proxy.url()))
        assert client.finish(client.begin(state="s"), CALLBACK_URL)
        assert (proxy.connections, server.token_requests) == (0, 1)


def test_a_proxy_would_not_check_the_address(authority: Authority) -> None:
    with Server(hostile.tunnels(authority.contexts["for another host"])) as proxy:
        transport = proofkey.Transport(ca_file=authority.path, proxy=proxy.url(), public_only=True)
        client = client_of("https://as.example/token", transport)
        with pytest.raises(proofkey.TransportError, match="address_forbidden"):
            client.finish(client.begin(state="s"), CALLBACK_URL)
        assert proxy.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        *("", "proxy.example", "proxy.example:3128", "http://", "http:///", "socks5://proxy.example", "ftp://proxy.example"),
        *("http://proxy.example/path", "http://proxy.example?x=1", "http://proxy.example#x", "http://proxy example"),
        *("http://proxy.example:port", "http://proxy.example:65536"),
    ],
)
def test_a_url_that_is_no_proxy(url: str) -> None:
    with pytest.raises(proofkey.ConfigurationError, match="proxy_invalid"):
        proofkey.Transport(proxy=url)


@pytest.mark.parametrize("url", ["http://proxy.example", "https://proxy.example:8080/", "http://[::1]:3128", "HTTP://P"])
def test_a_url_of_a_proxy(url: str) -> None:
    assert repr(proofkey.Transport(proxy=url)) == "<proofkey.Transport>"
