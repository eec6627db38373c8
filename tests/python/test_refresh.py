"""Refreshed and revoked tokens: from many threads, with hooks that save them, and what late callers get."""

import io
import threading
import time
from collections.abc import Iterator
from typing import Any

import hostile
import proofkey
import pytest
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def signed_in(server: testing.AuthorizationServer) -> tuple[proofkey.Client, proofkey.Tokens]:
    client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin(scope="a b")
    return client, client.finish(login, server.sign_in(login.url))


def test_fifty_threads_with_one_expired_token_make_one_request(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    refreshed: list[str] = []
    together = threading.Barrier(50)

    def refresh() -> None:
        together.wait()
        refreshed.append(client.refresh(tokens).access_token.expose())

    threads = [threading.Thread(target=refresh) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refreshed) == 50
    assert len(set(refreshed)) == 1
    # A later call with the old tokens gets the new ones, and does not trip the server's reuse detection.
    assert client.refresh(tokens).access_token.expose() == refreshed[0]
    assert [seen.path for seen in server.seen] == ["/authorize", "/token", "/token"]
    renewed = client.refresh(tokens)
    assert renewed.scope == ["a", "b"]
    assert not renewed.scope_changed


def test_fifty_threads_with_one_revoked_token_are_all_refused(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    client.revoke(tokens)
    outcomes: list[str | None] = []
    together = threading.Barrier(50)

    def refresh() -> None:
        together.wait()
        try:
            client.refresh(tokens)
        except proofkey.TokenError as error:
            outcomes.append(error.error)

    threads = [threading.Thread(target=refresh) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["invalid_grant"] * 50


def test_nobody_gets_tokens_that_were_not_saved(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    saved: list[dict[str, Any]] = []

    def full(new: proofkey.Tokens) -> None:
        raise OSError("the disk is full")

    for _ in range(2):
        with pytest.raises(OSError, match="full"):
            client.refresh(tokens, save=full)
    renewed = client.refresh(tokens, save=lambda new: saved.append(new.to_dict()))
    assert [entry["access_token"] for entry in saved] == [renewed.access_token.expose()]
    assert client.refresh(tokens, save=full).access_token.expose() == renewed.access_token.expose(), "saved once"
    assert [seen.path for seen in server.seen].count("/token") == 2
    # The stored tokens can be refreshed.
    restored = proofkey.Tokens.from_dict(saved[0])
    assert client.refresh(restored).access_token.expose() != renewed.access_token.expose()


def test_a_hook_may_use_the_client(server: testing.AuthorizationServer) -> None:
    """No lock is held meanwhile that another refresh or the interpreter needs."""
    client, tokens = signed_in(server)
    _, others = signed_in(server)
    used: list[proofkey.Tokens] = []

    def save(new: proofkey.Tokens) -> None:
        used.append(client.refresh(others))

    assert client.refresh(tokens, save=save).access_token.expose()
    assert used


def test_a_hook_that_refreshes_the_same_tokens_gets_an_error(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)

    def save(new: proofkey.Tokens) -> None:
        client.refresh(tokens)

    with pytest.raises(proofkey.TokenError, match="refresh_under_way"):
        client.refresh(tokens, save=save)


def test_a_hook_does_its_work_before_it_returns(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)

    async def later(new: proofkey.Tokens) -> None:
        raise AssertionError("nobody awaits it")

    before = len(server.seen)
    with pytest.raises(TypeError, match="save must be a plain function"):
        client.refresh(tokens, save=later)  # type: ignore[arg-type]
    assert len(server.seen) == before, "nothing was sent"
    with pytest.raises(TypeError, match="save must return None, not coroutine"):
        client.refresh(tokens, save=lambda new: later(new))  # type: ignore[arg-type]
    database = io.StringIO()
    with pytest.raises(TypeError, match="save must return None, not StringIO"):
        client.refresh(tokens, save=lambda new: database)  # type: ignore[arg-type]
    assert not database.closed, "it is the application's"


@pytest.fixture
def unrotated() -> Iterator[hostile.Server]:
    """A server that does not rotate refresh tokens."""

    def respond(connection: hostile.Connection) -> None:
        while connection.request():
            connection.send(hostile.response(b'{"access_token": "new", "expires_in": 3600}'))

    with hostile.Server(respond) as running:
        yield running


def refreshing(server: hostile.Server) -> proofkey.Client:
    provider = proofkey.Provider(
        authorization_endpoint="https://as.example/a",
        token_endpoint=server.url("/token"),
        revocation_endpoint=server.url("/revoke"),
    )
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)


def stored(access_token: str) -> proofkey.Tokens:
    return proofkey.Tokens.from_dict({"access_token": access_token, "refresh_token": "r"})


def test_a_strict_client_does_not_get_what_a_laxer_one_accepted(unrotated: hostile.Server) -> None:
    strict = refreshing(unrotated)
    lax = strict.trust_token_endpoint_tls()
    for client, expected in [(lax, 1), (strict, 2), (lax, 2), (strict, 2)]:
        client.refresh(stored("old"))
        assert unrotated.token_requests == expected


def test_revoked_tokens_are_not_given_to_a_late_caller(unrotated: hostile.Server) -> None:
    for revoked in (stored("new"), stored("old")):
        client, before = refreshing(unrotated), unrotated.token_requests
        client.refresh(stored("old"))
        client.refresh(stored("old"))
        assert unrotated.token_requests == before + 1
        client.revoke(revoked)
        client.refresh(stored("old"))
        assert unrotated.token_requests == before + 2


def test_expired_tokens_are_not_given_to_a_late_caller(unrotated: hostile.Server) -> None:
    unrotated.behave = hostile.says(hostile.response(b'{"access_token": "new", "expires_in": 1}'))
    client = refreshing(unrotated)
    new = client.refresh(stored("old"))
    while not new.expires_within(0):
        time.sleep(0.05)
    client.refresh(stored("old"))
    assert unrotated.token_requests == 2


def test_a_caller_with_the_refreshed_tokens_makes_its_own_request(unrotated: hostile.Server) -> None:
    client = refreshing(unrotated)
    for access_token, expected in [("old", 1), ("old", 1), ("new", 2), ("new", 2), ("old", 3)]:
        client.refresh(stored(access_token))
        assert unrotated.token_requests == expected, access_token


def test_tokens_without_a_refresh_token() -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client = proofkey.Client(provider, "c")
    with pytest.raises(proofkey.TokenError, match="refresh_token_absent"):
        client.refresh(proofkey.Tokens.from_dict({"access_token": "a"}))
    with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
        client.revoke(proofkey.Tokens.from_dict({"access_token": "a"}))


def test_revocation_sends_the_refresh_token_first(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    client.revoke(tokens)
    client.revoke(tokens)
    hints = [dict(seen.params)["token_type_hint"] for seen in server.seen if seen.path == "/revoke"]
    assert hints == ["refresh_token", "access_token"] * 2


def test_expires_within() -> None:
    def tokens(expires_at: int | None) -> proofkey.Tokens:
        return proofkey.Tokens.from_dict({"access_token": "a", "expires_at": expires_at})

    assert tokens(0).expires_within(0)
    assert tokens(2**36).expires_within(2**31) is False
    assert tokens(None).expires_within(2**31) is False, "unknown is neither expired nor eternal"
