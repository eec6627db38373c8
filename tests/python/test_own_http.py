"""What a program that brings its own HTTP does after the login, by the loop that serves every conversation."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Protocol
from urllib.parse import urlsplit

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults

REDIRECT_URI = "http://127.0.0.1:8400/callback"
JSON = {"Content-Type": "application/json"}


class Conversation(Protocol):
    @property
    def request(self) -> proofkey.Request | None: ...
    @property
    def wait_seconds(self) -> int: ...
    def receive(self, status: int, headers: dict[str, str], body: bytes, /) -> None: ...


def run(conversation: Conversation) -> None:
    while request := conversation.request:
        time.sleep(conversation.wait_seconds)
        url = urlsplit(request.url)
        connection = HTTPConnection(url.netloc, timeout=10)
        connection.request(request.method, url.path, request.body, request.headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        conversation.receive(response.status, dict(response.headers), body)


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def signed_in(server: testing.AuthorizationServer) -> tuple[proofkey.Client, proofkey.Tokens]:
    client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin(scope="openid")
    exchange = login.accept(server.sign_in(login.url))
    run(exchange)
    return client, exchange.tokens


def test_revocation(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    revocation = client.begin_revocation(tokens)
    run(revocation)
    assert [dict(seen.params)["token_type_hint"] for seen in server.seen if seen.path == "/revoke"] == [
        "refresh_token",
        "access_token",
    ]
    with pytest.raises(RuntimeError, match="begin another"):
        revocation.receive(200, {}, b"")
    with pytest.raises(proofkey.TokenError) as refused:
        client.refresh(tokens)
    assert refused.value.error == "invalid_grant"

    failing = client.begin_revocation(tokens)
    with server.inject(faults.unavailable("revoke")), pytest.raises(proofkey.TokenError) as failed:
        run(failing)
    assert (failed.value.name, failed.value.endpoint, failed.value.status) == ("response_status", "revocation", 503)
    with pytest.raises(RuntimeError, match="begin another"):
        _ = failing.request


def test_a_refresh_is_nobody_elses_before_it_is_saved(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    refresh = client.begin_refresh(tokens)
    for begin in (client.begin_refresh, client.refresh):
        with pytest.raises(proofkey.TokenError, match="refresh_under_way"):
            begin(tokens)
    run(refresh)
    with pytest.raises(proofkey.TokenError, match="refresh_under_way"):
        client.begin_refresh(tokens)
    refresh.saved()
    late = client.begin_refresh(tokens)
    assert late.request is None
    new = refresh.tokens.access_token.expose()
    assert late.tokens.access_token.expose() == client.refresh(tokens).access_token.expose() == new
    assert [seen.path for seen in server.seen].count("/token") == 2


def test_a_refresh_that_is_freed_is_over(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    first = client.begin_refresh(tokens)
    del first
    second = client.begin_refresh(tokens)
    run(second)
    unsaved = second.tokens.access_token.expose()
    del second
    third = client.begin_refresh(tokens)
    assert (third.request, third.tokens.access_token.expose()) == (None, unsaved)


def test_a_login_that_is_resumed_twice_sends_its_code_once() -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, client_secret=lambda: "secret")
    keys = proofkey.SealKeys("s" * 32)
    sealed = client.begin(state="s").seal(keys, "")

    def accept() -> proofkey.Exchange:
        return client.resume(sealed, keys, "").accept(f"{REDIRECT_URI}?code=c&state=s")

    accept()
    exchange = accept()
    assert exchange.request is not None
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        accept()
    exchange.release()
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        _ = exchange.request
    assert accept().request is not None
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        accept()


def test_userinfo(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    userinfo = client.begin_userinfo(tokens)
    with pytest.raises(RuntimeError, match="no claims yet"):
        _ = userinfo.claims
    run(userinfo)
    assert tokens.claims is not None
    assert userinfo.claims["sub"] == tokens.claims["sub"]
    other = client.begin_userinfo(tokens)
    with pytest.raises(proofkey.UserinfoError, match="userinfo_sub"):
        other.receive(200, JSON, b'{"sub": "somebody else"}')
    with pytest.raises(RuntimeError, match="begin another"):
        _ = other.claims


def test_endpoints_that_are_not_there() -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client, tokens = proofkey.Client(provider, "my-app"), proofkey.Tokens.from_dict({"access_token": "a"})
    for begin in (client.begin_revocation, client.begin_userinfo):
        with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
            begin(tokens)
