"""The faults of the test server, by the errors that they cause in proofkey's own client."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

import proofkey
import pytest
import raw
from proofkey import testing
from proofkey.testing import faults


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def client_of(server: testing.AuthorizationServer, timeout: float = 10) -> proofkey.Client:
    transport = proofkey.Transport(timeout=timeout)
    return proofkey.Client(server.provider, "my-app", redirect_uri=raw.REDIRECT_URI, transport=transport)


def outcome(server: testing.AuthorizationServer, timeout: float = 10) -> tuple[str, str | None]:
    """The outcome of a login: "tokens", or the name of the error and the error code of the server."""
    client = client_of(server, timeout)
    login = client.begin()
    try:
        client.finish(login, server.sign_in(login.url))
        return "tokens", None
    except (proofkey.AuthorizationError, proofkey.TokenError) as error:
        return error.name, error.error
    except proofkey.Error as error:
        return error.name, None


ROWS: list[tuple[faults.Fault[Any], str, str | None]] = [
    (faults.denied(), "authorization_error", "access_denied"),
    (faults.denied("temporarily_unavailable"), "authorization_error", "temporarily_unavailable"),
    (faults.iss_wrong(), "iss_mismatch", None),
    (faults.iss_missing(), "iss_missing", None),
    (faults.state_wrong(), "state_mismatch", None),
    (faults.state_missing(), "state_missing", None),
    (faults.parameters_twice(), "callback_duplicate", None),
    (faults.code_expired(), "token_error", "invalid_grant"),
    (faults.code_used(), "token_error", "invalid_grant"),
    (faults.refuses("token", "invalid_client", status=401), "token_error", "invalid_client"),
    (faults.refuses_with_200("token", "invalid_grant"), "token_error", "invalid_grant"),
    (faults.garbage("token"), "response_malformed", None),
    (faults.html("token"), "response_content_type", None),
    (faults.empty("token"), "response_malformed", None),
    (faults.oversized("token"), "response_too_large", None),
    (faults.cut_before_response("token"), "response_interrupted", None),
    (faults.cut_within_body("token"), "response_interrupted", None),
    (faults.members("token", access_token=None), "access_token_missing", None),
    (faults.members("token", token_type="mac"), "token_type_unsupported", None),
    (faults.redirects("token", 302), "response_redirect", None),
    (faults.redirects("token", 307), "response_redirect", None),
    (faults.redirects("token", 308), "response_redirect", None),
    (faults.too_many_requests("token", retry_after=7), "response_status", None),
    (faults.unavailable("token"), "response_status", None),
]


@pytest.mark.parametrize(("fault", "name", "error"), ROWS, ids=[f"{row[0].name}-{row[1]}-{row[2]}" for row in ROWS])
def test_the_error_of_each_fault(
    server: testing.AuthorizationServer, fault: faults.Fault[Any], name: str, error: str | None
) -> None:
    assert outcome(server) == ("tokens", None)
    with server.inject(fault) as injected:
        assert outcome(server) == (name, error)
        assert injected.hits == 1
        assert outcome(server) == (name, error)
        assert injected.hits == 2
    assert outcome(server) == ("tokens", None)
    server.inject_once(fault)
    assert outcome(server) == (name, error)
    assert outcome(server) == ("tokens", None)
    assert "/elsewhere" not in [seen.path for seen in server.seen]


def test_every_fault_is_tested() -> None:
    elsewhere = {  # in test_testing_openid.py, and below
        "alg_none", "aud_wrong", "end_session_state_missing", "end_session_state_wrong", "id_token",
        "id_token_expired", "key_ids_missing", "keys_rotated", "kid_missing", "kid_unknown", "nonce_missing",
        "nonce_wrong", "signature_wrong", "slow", "sub_wrong",
    }  # fmt: skip
    assert {row[0].name for row in ROWS} | elsewhere == {*faults.__all__} - {"Fault"}


METADATA: list[tuple[faults.Fault[Any], str]] = [
    (faults.garbage("metadata"), "metadata_malformed"),
    (faults.html("metadata"), "metadata_not_found"),
    (faults.empty("metadata"), "metadata_not_found"),
    (faults.oversized("metadata"), "response_too_large"),
    (faults.cut_before_response("metadata"), "response_interrupted"),
    (faults.redirects("metadata", 302), "metadata_not_found"),
    (faults.members("metadata", issuer="https://other.example"), "metadata_issuer_mismatch"),
    (faults.members("metadata", token_endpoint=None), "metadata_endpoint_missing"),
]


@pytest.mark.parametrize(("fault", "name"), METADATA, ids=[row[0].name + "-" + row[1] for row in METADATA])
def test_metadata(server: testing.AuthorizationServer, fault: faults.Fault[Any], name: str) -> None:
    with server.inject(fault) as injected, pytest.raises(proofkey.Error) as refused:
        proofkey.Provider.discover(server.issuer)
    assert (refused.value.name, injected.hits > 0) == (name, True)
    assert proofkey.Provider.discover(server.issuer).token_endpoint == server.token_endpoint


@pytest.mark.parametrize("at", ["metadata", "jwks", "authorize", "token", "revoke", "userinfo", "end_session"])
def test_every_endpoint_can_have_a_fault(server: testing.AuthorizationServer, at: faults.Endpoint) -> None:
    path = "/.well-known/oauth-authorization-server" if at == "metadata" else f"/{at}"
    form: raw.Form | None = {} if at in ("token", "revoke") else None
    before = raw.ask(server.issuer + path, form)
    with server.inject(faults.unavailable(at)) as injected:
        assert raw.ask(server.issuer + path, form).status == 503
        assert injected.hits == 1
    assert raw.ask(server.issuer + path, form).status == before.status != 503


def test_retry_after(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin()
    fault = faults.too_many_requests("token", retry_after=7)
    with server.inject(fault), pytest.raises(proofkey.TokenError) as refused:
        client.finish(login, server.sign_in(login.url))
    assert (refused.value.retry_after, refused.value.status) == (7, 429)
    assert [seen.status for seen in server.seen] == [302, 429]


def test_a_code_is_used_up_by_a_spoilt_response_and_not_by_a_refusal(server: testing.AuthorizationServer) -> None:
    for fault, left in [(faults.unavailable("token"), 200), (faults.garbage("token"), 400)]:
        login = raw.Login(server).sign_in()
        with server.inject(fault):
            login.exchange()
        assert login.exchange().status == left


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_a_client_that_follows_a_redirect_is_seen(
    server: testing.AuthorizationServer, status: Literal[302, 303, 307, 308]
) -> None:
    login = raw.Login(server).sign_in()
    with server.inject(faults.redirects("token", status)):
        response = login.exchange()
    assert (response.status, response.headers["Location"]) == (status, "/elsewhere")
    raw.ask(server.issuer + response.headers["Location"], login.form)
    assert server.seen[-1].path == "/elsewhere"
    assert dict(server.seen[-1].params)["code_verifier"] == login.form["code_verifier"]
    with testing.AuthorizationServer() as other, server.inject(faults.redirects("token", status, other.token_endpoint)):
        assert raw.Login(server).sign_in().exchange().headers["Location"] == other.token_endpoint
        assert outcome(server)[0] == "response_redirect"
        assert other.seen == []


def test_slow_until_undone(server: testing.AuthorizationServer) -> None:
    outcomes: list[tuple[str, str | None]] = []
    held = server.inject(faults.slow("token"))
    thread = threading.Thread(target=lambda: outcomes.append(outcome(server)))
    thread.start()
    held.wait()
    assert outcomes == []
    held.undo()
    thread.join(10)
    assert outcomes == [("tokens", None)]


def test_slower_than_the_clients_time_limit(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.slow("token")):
        assert outcome(server, timeout=0.2) == ("timeout", None)


def test_slow_has_a_limit(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.slow("token", at_most=0.01)) as injected:
        assert outcome(server) == ("tokens", None)
        assert injected.hits == 1


def test_responses_that_are_held_are_released_when_the_server_stops() -> None:
    with testing.AuthorizationServer() as server:
        held = server.inject(faults.slow("end_session", at_most=3600))
        thread = threading.Thread(target=hang_up, args=(server,))
        thread.start()
        held.wait()
    thread.join(10)
    for served in threading.enumerate():
        if "process_request_thread" in served.name:
            served.join(10)
            assert not served.is_alive()


def hang_up(server: testing.AuthorizationServer) -> None:
    """Sends a request, and waits until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", int(server.issuer.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(b"GET /end_session HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while connection.recv(65536):
            pass


def test_waiting_for_a_fault_that_does_not_happen(server: testing.AuthorizationServer) -> None:
    injected = server.inject(faults.garbage("token"))
    with pytest.raises(
        TimeoutError, match=r"Fault\(name='garbage', at='token'\) has not occurred within 0\.01 seconds"
    ):
        injected.wait(0.01)


def test_several_at_once(server: testing.AuthorizationServer) -> None:
    server.inject(faults.state_missing())
    server.inject(faults.iss_missing())
    server.inject_once(faults.denied())
    login = raw.Login(server)
    assert login.authorize().callback == {"error": "access_denied"}
    assert set(login.authorize().callback) == {"code"}


def test_once_is_once_in_fifty_threads(server: testing.AuthorizationServer) -> None:
    injected = server.inject_once(faults.too_many_requests("token", retry_after=1))
    outcomes: list[str] = []
    together = threading.Barrier(50)

    def login() -> None:
        together.wait()
        outcomes.append(outcome(server)[0])

    in_fifty_threads(login)
    assert sorted(outcomes) == ["response_status", *["tokens"] * 49]
    assert injected.hits == 1


def in_fifty_threads(run: Callable[[], None]) -> None:
    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_refresh_and_revocation_through_the_client(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))
    with server.inject(faults.unavailable("token")), pytest.raises(proofkey.TokenError, match="response_status"):
        client.refresh(tokens)
    tokens = client.refresh(tokens)
    with server.inject(faults.unavailable("revoke")), pytest.raises(proofkey.TokenError, match="response_status"):
        client.revoke(tokens)
    client.revoke(tokens)
    with pytest.raises(proofkey.TokenError, match="invalid_grant"):
        client.refresh(tokens)


def test_a_browser_that_gets_nowhere(server: testing.AuthorizationServer) -> None:
    for fault, text in [
        (faults.cut_before_response("authorize"), "sent no complete response"),
        (faults.unavailable("authorize"), "responded with 503 and no redirect"),
        (faults.redirects("authorize", 302, "/authorize"), "redirects in a loop"),
    ]:
        with server.inject(fault), pytest.raises(testing.SignInError, match=text):
            server.sign_in(raw.Login(server).url)
