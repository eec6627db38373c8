"""What the test provider does wrong on demand, as the client of the package names it."""

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
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


def client_of(server: testing.Provider, timeout: float = 10) -> proofkey.Client:
    transport = proofkey.Transport(timeout=timeout)
    return proofkey.Client(server.provider, "my-app", redirect_uri=raw.REDIRECT_URI, transport=transport)


def outcome(server: testing.Provider, timeout: float = 10) -> tuple[str, str | None]:
    """One login: "tokens", or the name of the error and what the server said."""
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
    (faults.garbage("token"), "answer_malformed", None),
    (faults.html("token"), "answer_content_type", None),
    (faults.empty("token"), "answer_malformed", None),
    (faults.oversized("token"), "answer_too_large", None),
    (faults.cut_before_answer("token"), "answer_interrupted", None),
    (faults.cut_within_body("token"), "answer_interrupted", None),
    (faults.members("token", access_token=None), "access_token_missing", None),
    (faults.members("token", token_type="mac"), "token_type_unsupported", None),
    (faults.redirects("token", 302), "answer_redirect", None),
    (faults.redirects("token", 307), "answer_redirect", None),
    (faults.redirects("token", 308), "answer_redirect", None),
    (faults.too_many_requests("token", retry_after=7), "answer_status", None),
    (faults.unavailable("token"), "answer_status", None),
]


@pytest.mark.parametrize(("fault", "name", "error"), ROWS, ids=[f"{row[0].name}-{row[1]}-{row[2]}" for row in ROWS])
def test_what_the_client_makes_of_it(
    server: testing.Provider, fault: faults.Fault[Any], name: str, error: str | None
) -> None:
    assert outcome(server) == ("tokens", None)
    with server.bend(fault) as bend:
        assert outcome(server) == (name, error)
        assert bend.hits == 1
        assert outcome(server) == (name, error)
        assert bend.hits == 2
    assert outcome(server) == ("tokens", None)
    server.bend_once(fault)
    assert outcome(server) == (name, error)
    assert outcome(server) == ("tokens", None)
    assert "/elsewhere" not in [seen.path for seen in server.seen]


def test_all_of_them_are_seen_here() -> None:
    elsewhere = {  # in test_testing_openid.py, and below
        "alg_none", "aud_wrong", "id_token", "id_token_expired", "kid_unknown", "nonce_missing", "nonce_wrong",
        "signature_wrong", "slow", "sub_wrong",
    }  # fmt: skip
    assert {row[0].name for row in ROWS} | elsewhere == {*faults.__all__} - {"Fault"}


METADATA: list[tuple[faults.Fault[Any], str]] = [
    (faults.garbage("metadata"), "metadata_malformed"),
    (faults.html("metadata"), "metadata_malformed"),
    (faults.empty("metadata"), "metadata_malformed"),
    (faults.oversized("metadata"), "answer_too_large"),
    (faults.cut_before_answer("metadata"), "answer_interrupted"),
    (faults.redirects("metadata", 302), "answer_redirect"),
    (faults.members("metadata", issuer="https://other.example"), "metadata_issuer_mismatch"),
    (faults.members("metadata", token_endpoint=None), "metadata_endpoint_missing"),
]


@pytest.mark.parametrize(("fault", "name"), METADATA, ids=[row[0].name + "-" + row[1] for row in METADATA])
def test_metadata(server: testing.Provider, fault: faults.Fault[Any], name: str) -> None:
    with server.bend(fault) as bend, pytest.raises(proofkey.Error) as refused:
        proofkey.Provider.discover(server.issuer)
    assert (refused.value.name, bend.hits > 0) == (name, True)
    assert proofkey.Provider.discover(server.issuer).token_endpoint == server.token_endpoint


@pytest.mark.parametrize("at", ["metadata", "jwks", "authorize", "token", "revoke", "userinfo", "end_session"])
def test_every_endpoint_can_be_bent(server: testing.Provider, at: faults.Endpoint) -> None:
    path = "/.well-known/oauth-authorization-server" if at == "metadata" else f"/{at}"
    form: raw.Form | None = {} if at in ("token", "revoke") else None
    before = raw.ask(server.issuer + path, form)
    with server.bend(faults.unavailable(at)) as bend:
        assert raw.ask(server.issuer + path, form).status == 503
        assert bend.hits == 1
    assert raw.ask(server.issuer + path, form).status == before.status != 503


def test_how_long_to_wait(server: testing.Provider) -> None:
    client = client_of(server)
    login = client.begin()
    with server.bend(faults.too_many_requests("token", retry_after=7)), pytest.raises(proofkey.TokenError) as refused:
        client.finish(login, server.sign_in(login.url))
    assert refused.value.retry_after == 7
    assert [seen.status for seen in server.seen] == [302, 429]


def test_a_refusal_uses_nothing_up_and_a_spoilt_answer_does(server: testing.Provider) -> None:
    for fault, left in [(faults.unavailable("token"), 200), (faults.garbage("token"), 400)]:
        login = raw.Login(server).sign_in()
        with server.bend(fault):
            login.redeem()
        assert login.redeem().status == left


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_whoever_follows_a_redirect_is_seen(server: testing.Provider, status: Literal[302, 303, 307, 308]) -> None:
    login = raw.Login(server).sign_in()
    with server.bend(faults.redirects("token", status)):
        answer = login.redeem()
    assert (answer.status, answer.headers["Location"]) == (status, "/elsewhere")
    raw.ask(server.issuer + answer.headers["Location"], login.form)
    assert server.seen[-1].path == "/elsewhere"
    assert dict(server.seen[-1].params)["code_verifier"] == login.form["code_verifier"]
    with testing.Provider() as other, server.bend(faults.redirects("token", status, other.token_endpoint)):
        assert raw.Login(server).sign_in().redeem().headers["Location"] == other.token_endpoint
        assert outcome(server)[0] == "answer_redirect"
        assert other.seen == []


def test_slow_until_undone(server: testing.Provider) -> None:
    outcomes: list[tuple[str, str | None]] = []
    held = server.bend(faults.slow("token"))
    thread = threading.Thread(target=lambda: outcomes.append(outcome(server)))
    thread.start()
    held.wait()
    assert outcomes == []
    held.undo()
    thread.join(10)
    assert outcomes == [("tokens", None)]


def test_slower_than_the_client_waits(server: testing.Provider) -> None:
    with server.bend(faults.slow("token")):
        assert outcome(server, timeout=0.2) == ("timeout", None)


def test_slow_has_an_end(server: testing.Provider) -> None:
    with server.bend(faults.slow("token", at_most=0.01)) as bend:
        assert outcome(server) == ("tokens", None)
        assert bend.hits == 1


def test_the_end_of_the_provider_lets_go_of_what_is_held() -> None:
    with testing.Provider() as server:
        held = server.bend(faults.slow("end_session", at_most=3600))
        thread = threading.Thread(target=hang_up, args=(server,))
        thread.start()
        held.wait()
    thread.join(10)
    for served in threading.enumerate():
        if "process_request_thread" in served.name:
            served.join(10)
            assert not served.is_alive()


def hang_up(server: testing.Provider) -> None:
    """Waits until the server has nothing more to say."""
    with socket.create_connection(("127.0.0.1", int(server.issuer.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(b"GET /end_session HTTP/1.1\r\nHost: a\r\n\r\n")
        while connection.recv(65536):
            pass


def test_waiting_for_what_does_not_happen(server: testing.Provider) -> None:
    bend = server.bend(faults.garbage("token"))
    with pytest.raises(TimeoutError, match=r"Fault\(name='garbage', at='token'\) has bent nothing within 0.01 seconds"):
        bend.wait(0.01)


def test_several_at_once(server: testing.Provider) -> None:
    server.bend(faults.state_missing())
    server.bend(faults.iss_missing())
    server.bend_once(faults.denied())
    login = raw.Login(server)
    assert login.authorize().callback == {"error": "access_denied"}
    assert set(login.authorize().callback) == {"code"}


def test_once_is_once_in_fifty_threads(server: testing.Provider) -> None:
    bend = server.bend_once(faults.too_many_requests("token", retry_after=1))
    outcomes: list[str] = []
    together = threading.Barrier(50)

    def login() -> None:
        together.wait()
        outcomes.append(outcome(server)[0])

    in_fifty_threads(login)
    assert sorted(outcomes) == ["answer_status", *["tokens"] * 49]
    assert bend.hits == 1


def in_fifty_threads(run: Callable[[], None]) -> None:
    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_refresh_and_revocation_through_the_client(server: testing.Provider) -> None:
    client = client_of(server)
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))
    with server.bend(faults.unavailable("token")), pytest.raises(proofkey.TokenError, match="answer_status"):
        client.refresh(tokens)
    tokens = client.refresh(tokens)
    with server.bend(faults.unavailable("revoke")), pytest.raises(proofkey.TokenError, match="answer_status"):
        client.revoke(tokens)
    client.revoke(tokens)
    with pytest.raises(proofkey.TokenError, match="invalid_grant"):
        client.refresh(tokens)


def test_a_browser_that_gets_no_answer(server: testing.Provider) -> None:
    for fault, text in [
        (faults.cut_before_answer("authorize"), "gave no whole answer"),
        (faults.unavailable("authorize"), "answered 503"),
        (faults.redirects("authorize", 302, "/authorize"), "in circles"),
    ]:
        with server.bend(fault), pytest.raises(testing.SignInError, match=text):
            server.sign_in(raw.Login(server).url)
