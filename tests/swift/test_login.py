"""Logins of the programs in Swift, which tests/swift/run.sh built, against the bundled server."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from proofkey import testing
from proofkey.testing import faults
from swift_program import run

REDIRECT_URI = "com.example.app:/callback"
ALL = ["signed in as user-1", "userinfo user-1", "refreshed", "revoked"]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def login(server: testing.AuthorizationServer, *, forged: bool = False) -> tuple[int, list[str], str]:
    def browse(url: str) -> list[str]:
        callback = server.sign_in(url)
        return [f"{REDIRECT_URI}?code=stolen&state=forged", callback] if forged else [callback]

    return run("login", server.issuer, "my-app", REDIRECT_URI, "openid profile", browse=browse)


def paths(server: testing.AuthorizationServer) -> list[str]:
    """The endpoints that were asked, in order, without the authorization endpoint and the metadata."""
    return [seen.path for seen in server.seen if seen.path != "/authorize"]


def test_a_whole_login(server: testing.AuthorizationServer) -> None:
    assert login(server) == (0, ALL, "")
    assert paths(server) == ["/jwks", "/token", "/userinfo", "/token", "/revoke", "/revoke"]
    assert [seen.error for seen in server.seen] == [None] * len(server.seen)


def test_the_quick_start(server: testing.AuthorizationServer) -> None:
    status, lines, complaints = run("quickstart", server.issuer, browse=lambda url: [server.sign_in(url)])
    assert (status, lines, complaints) == (0, ["Signed in as user-1"], "")


def test_a_forged_callback_comes_first(server: testing.AuthorizationServer) -> None:
    assert login(server, forged=True) == (0, ALL, "ignored: state_mismatch\n")


def test_a_denied_consent(server: testing.AuthorizationServer) -> None:
    server.inject(faults.denied())
    status, lines, complaints = login(server)
    assert (status, lines) == (1, [])
    assert complaints == "authorization_error: the authorization server refused: access_denied. Next: ask_user\n"
    assert "/token" not in paths(server)


def test_process_death(server: testing.AuthorizationServer) -> None:
    arguments = [server.issuer, "my-app", REDIRECT_URI, "openid profile"]
    status, (url, sealed), _ = run("login", "begin", *arguments)
    assert status == 0
    assert run("login", "finish", *arguments, told=f"{sealed}\n{server.sign_in(url)}\n") == (0, ALL, "")


class AtLocalhost(testing.AuthorizationServer):
    """Under a name with two addresses, of which only the second one, 127.0.0.1, is listened at."""

    @property
    def issuer(self) -> str:
        return super().issuer.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("kind", [testing.AuthorizationServer, AtLocalhost])
def test_a_connection_that_is_cut_after_something_was_sent(kind: type[testing.AuthorizationServer]) -> None:
    """At localhost, Foundation on Linux says that there was no connection at all."""
    with kind() as server:
        cut = server.inject(faults.cut_before_response("token"))
        status, lines, complaints = login(server)
    assert (status, lines) == (1, [])
    assert complaints.startswith("response_interrupted: ")
    assert complaints.endswith("Next: restart_login, something was sent\n")
    assert cut.hits == 1, "the code is not sent again"


def test_no_connection_so_that_nothing_is_sent() -> None:
    """The server is gone when the code is to be exchanged."""
    server = testing.AuthorizationServer().start()

    def browse(url: str) -> list[str]:
        callback = server.sign_in(url)
        server.stop()
        return [callback]

    status, lines, complaints = run("login", server.issuer, "my-app", REDIRECT_URI, "profile", browse=browse)
    assert (status, lines) == (1, [])
    assert complaints == "connect_failed: could not connect, so nothing was sent (token endpoint). Next: retry_later\n"


def test_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, lines, complaints = run("login", f"http://127.0.0.1:{port}", "my-app", REDIRECT_URI, "openid")
    assert (status, lines) == (1, [])
    assert complaints.startswith("connect_failed: ")


def test_an_id_token_of_somebody_else(server: testing.AuthorizationServer) -> None:
    server.inject(faults.nonce_wrong())
    status, lines, complaints = login(server)
    assert (status, lines) == (1, [])
    assert complaints.startswith("id_token_nonce: the ID token belongs to another login")


@pytest.mark.parametrize(
    ("fault", "name", "sent"),
    [
        (faults.redirects("token", 307), "response_redirect", True),
        (faults.oversized("token"), "response_too_large", True),
        (faults.cut_within_body("token"), "response_interrupted", True),
        (faults.slow("token", at_most=20), "timeout", True),
        (faults.html("token"), "response_content_type", True),
        (faults.refuses("token", "invalid_grant"), "token_error", True),
        (faults.redirects("jwks", 302), "keys_unavailable", False),
        (faults.oversized("jwks"), "response_too_large", False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_response_that_cannot_be_used(
    server: testing.AuthorizationServer, fault: faults.Fault[Any], name: str, sent: bool
) -> None:
    injected = server.inject(fault)
    status, lines, complaints = login(server)
    assert (status, lines) == (1, [])
    assert complaints.startswith(f"{name}: "), complaints
    assert complaints.endswith(", something was sent\n") is sent, complaints
    assert injected.hits == 1
    assert "/elsewhere" not in paths(server)


@pytest.mark.parametrize("scope", ["openid profile", "files.read"])
def test_a_device(scope: str) -> None:
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        status, lines, complaints = run(
            "device", server.issuer, "my-tv", scope, decide=lambda _, code: server.allow_device(code)
        )
        assert (status, complaints) == (0, "")
        assert lines == ["signed in as user-1" if "openid" in scope else "granted files.read"]


def test_a_device_that_its_user_refuses() -> None:
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        status, lines, complaints = run(
            "device", server.issuer, "my-tv", "files.read", decide=lambda _, code: server.deny_device(code)
        )
        assert (status, lines) == (1, [])
        assert complaints.startswith("token_error: ")
        assert complaints.endswith(": access_denied (the user denied it). Next: ask_user\n")


def test_a_device_whose_server_is_away_for_a_while() -> None:
    """A device code may be sent again."""
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        away = server.inject_once(faults.unavailable("token"))
        status, lines, complaints = run(
            "device", server.issuer, "my-tv", "openid", decide=lambda _, code: server.allow_device(code)
        )
        assert (status, lines, complaints) == (0, ["signed in as user-1"], "")
        assert away.hits == 1
