"""The complete logins in C, `examples/c/login.c` and `device.c`, against the bundled server."""

import socket
from collections.abc import Iterator

import c_program
import pytest
from proofkey import testing
from proofkey.testing import faults

SCOPE = "openid profile"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def login(server: testing.AuthorizationServer, *, forged: bool = False) -> tuple[int, str, str]:
    """The login of one user; `forged` lets a callback with another state come first."""

    def browse(url: str) -> list[str]:
        callback = server.sign_in(url)
        return [f"{callback.split('?')[0]}?code=stolen&state=forged", callback] if forged else [callback]

    return c_program.login(server.issuer, "my-app", free_port(), browse, SCOPE)


def paths(server: testing.AuthorizationServer) -> list[str]:
    """The endpoints that were asked, in order, without the authorization endpoint and the metadata."""
    return [seen.path for seen in server.seen if seen.path != "/authorize"]


@pytest.mark.curl
def test_a_whole_login(server: testing.AuthorizationServer) -> None:
    status, output, complaints = login(server)
    assert (status, complaints) == (0, "")
    assert output.splitlines() == ["signed in as user-1", "userinfo user-1", "refreshed", "revoked"]
    assert paths(server) == ["/jwks", "/token", "/userinfo", "/token", "/revoke", "/revoke"]
    assert [seen.error for seen in server.seen] == [None] * len(server.seen)


@pytest.mark.curl
def test_a_denied_consent(server: testing.AuthorizationServer) -> None:
    server.inject(faults.denied())
    status, output, complaints = login(server)
    assert (status, output) == (1, "")
    assert complaints.splitlines() == [
        "ignored or refused: authorization_error",
        "authorization_error: the authorization server refused: access_denied. Next: ask_user",
    ]
    assert "/token" not in paths(server)


@pytest.mark.curl
def test_a_forged_callback_comes_first(server: testing.AuthorizationServer) -> None:
    status, output, complaints = login(server, forged=True)
    assert (status, complaints) == (0, "ignored or refused: state_mismatch\n")
    assert output.startswith("signed in as user-1\n")


@pytest.mark.curl
def test_another_issuer(server: testing.AuthorizationServer) -> None:
    server.inject_once(faults.iss_wrong())
    callbacks: list[str] = []

    def browse(url: str) -> list[str]:
        callbacks.append(server.sign_in(url))
        callbacks.append(callbacks[0].replace("iss=https%3A%2F%2Fother.example", f"iss={server.issuer}"))
        return callbacks

    status, _, complaints = c_program.login(server.issuer, "my-app", free_port(), browse, SCOPE)
    assert (status, complaints) == (0, "ignored or refused: iss_mismatch\n")


@pytest.mark.curl
def test_a_connection_that_is_cut_after_something_was_sent(server: testing.AuthorizationServer) -> None:
    cut = server.inject(faults.cut_before_response("token"))
    status, output, complaints = login(server)
    assert (status, output) == (1, "")
    assert complaints.startswith("response_interrupted: ")
    assert complaints.endswith(" (token endpoint). Next: restart_login\n")
    assert cut.hits == 1, "the code is not sent again"


@pytest.mark.curl
def test_no_connection_so_that_nothing_is_sent() -> None:
    """The server is gone when the code is to be exchanged."""
    server = testing.AuthorizationServer().start()

    def browse(url: str) -> list[str]:
        callback = server.sign_in(url)
        server.stop()
        return [callback]

    status, output, complaints = c_program.login(server.issuer, "my-app", free_port(), browse, "profile")
    assert (status, output) == (1, "")
    assert complaints.startswith("connect_failed: ")
    assert complaints.endswith(" (token endpoint). Next: retry_later\n")


@pytest.mark.curl
def test_no_server() -> None:
    status, output, complaints = c_program.login(f"http://127.0.0.1:{free_port()}", "my-app", free_port(), lambda _: [], SCOPE)
    assert (status, output) == (1, "")
    assert complaints.endswith(". Next: retry_later\n")


@pytest.mark.curl
def test_an_id_token_of_somebody_else(server: testing.AuthorizationServer) -> None:
    server.inject(faults.nonce_wrong())
    status, output, complaints = login(server)
    assert (status, output) == (1, "")
    assert complaints == "id_token_nonce: the ID token belongs to another login (token endpoint). Next: restart_login\n"


@pytest.mark.curl
def test_a_connection_that_comes_back(server: testing.AuthorizationServer) -> None:
    """Nothing uses a key of the server up: asked once more, it is there."""
    cut = server.inject_once(faults.cut_before_response("jwks"))
    status, output, complaints = login(server)
    assert (status, complaints, cut.hits) == (0, "", 1)
    assert output.startswith("signed in as user-1\n")


@pytest.mark.curl
def test_a_device() -> None:
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        status, output, complaints = c_program.device(server.issuer, "my-tv", lambda _, code: server.allow_device(code), SCOPE)
        assert (status, output, complaints) == (0, "signed in as user-1\n", "")


@pytest.mark.curl
def test_a_device_that_its_user_refuses() -> None:
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        status, output, complaints = c_program.device(server.issuer, "my-tv", lambda _, code: server.deny_device(code), SCOPE)
        assert (status, output) == (1, "")
        assert complaints.startswith("token_error: the server refused the request (token endpoint, HTTP 400): access_denied")
        assert complaints.endswith(". Next: ask_user\n")
