"""The device authorization grant (RFC 8628): the vectors of `device`, and `finish()` over a real socket."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import hostile
import proofkey
import pytest
import vectors
from proofkey import testing
from proofkey.testing import faults

ABOUT = {"name", "why"}
NOW = 1_700_000_000


def cases(array: str, fields: set[str]) -> list[dict[str, Any]]:
    document = vectors.read("device.json")
    rows: list[dict[str, Any]] = document[array]
    assert len(rows) == document["counts"][array] > 0
    for row in rows:
        assert set(row) <= fields | ABOUT, row
    return rows


def client(**more: Any) -> proofkey.Client:
    provider = proofkey.Provider(
        authorization_endpoint="https://as.example/authorize",
        token_endpoint="https://as.example/token",
        device_authorization_endpoint="https://as.example/device",
        **more,
    )
    return proofkey.Client(provider, "my-tv")


def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except proofkey.TokenError as error:
        if error.name == "device_code_expired" and error.error == "expired_token":
            return f"expired:{error.error}"
        return f"error:{error.error}" if error.name == "token_error" else f"reject:{error.name}"
    return "ok"


def headers(row: dict[str, Any]) -> dict[str, str]:
    named: dict[str, str] = {} if row["content_type"] is None else {"Content-Type": row["content_type"]}
    return {**named, **row.get("headers", {})}


def authorized(interval: int = 5, expires_in: int = 600) -> proofkey.DeviceAuthorization:
    body = {"device_code": "d", "user_code": "u", "verification_uri": "https://as.example/go"}
    request = client().begin_device_authorization(scope=["a", "b"])
    request.receive(200, {}, json.dumps(body | {"interval": interval, "expires_in": expires_in}), now=NOW)
    return request.device


def test_device_authorization_responses() -> None:
    for row in cases("device_authorization_responses", {"status", "content_type", "body", "outcome", "expect"}):
        request = client().begin_device_authorization()

        def receive(row: dict[str, Any] = row, request: proofkey.DeviceRequest = request) -> None:
            request.receive(row["status"], headers(row), row["body"], now=NOW)

        assert outcome(receive) == row["outcome"], row["name"]
        if row["outcome"] == "ok":
            device, expect = request.device, row["expect"]
            assert {
                "user_code": device.user_code,
                "verification_uri": device.verification_uri,
                "verification_uri_complete": device.verification_uri_complete,
                "expires_in": device.expires_at - NOW,
                "interval": device.interval,
            } == expect, row["name"]
        else:
            with pytest.raises(RuntimeError, match="is over"):
                _ = request.device


def test_polling() -> None:
    for row in cases("polling", {"interval", "expires_in", "first", "steps"}):
        now = NOW
        polling = authorized(row["interval"], row["expires_in"]).begin_polling(now=now)
        assert polling.wait_seconds == row["first"], row["name"]
        for step in row["steps"]:
            now += polling.wait_seconds + step.get("delay", 0)

            def advance(step: dict[str, Any] = step, now: int = now, polling: proofkey.DevicePolling = polling) -> None:
                if step.get("lost"):
                    polling.connection_lost(now=now)
                else:
                    polling.receive(step["status"], headers(step), step["body"], now=now)

            assert outcome(advance) == step.get("outcome", "ok"), row["name"]
            if "wait" in step:
                assert (polling.request is not None, polling.wait_seconds) == (True, step["wait"]), row["name"]
        if row["steps"][-1]["outcome"] == "ok":
            assert polling.request is None
            assert polling.tokens.access_token.expose() == "2YotnFZFEjr1zCsicMWpAA"
        else:
            with pytest.raises(RuntimeError, match="is over"):
                _ = polling.request


def test_pkce_is_an_option() -> None:
    without = client().begin_device_authorization(scope="a").request
    assert without is not None
    assert without.body == b"scope=a&client_id=my-tv"
    with_pkce = client().begin_device_authorization(pkce=True).request
    assert with_pkce is not None
    assert b"code_challenge_method=S256" in with_pkce.body


def test_nothing_shows_the_device_code() -> None:
    device = authorized()
    polling = device.begin_polling(now=NOW)
    assert repr(device) == "<proofkey.DeviceAuthorization https://as.example/go>"
    assert repr(polling) == "<proofkey.DevicePolling>"
    for value in (device, polling, client().begin_device_authorization()):
        with pytest.raises(TypeError, match="copied or pickled"):
            value.__reduce_ex__(4)


def test_an_endpoint_is_needed() -> None:
    bare = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    with pytest.raises(proofkey.ConfigurationError) as missing:
        proofkey.Client(bare, "c").authorize_device()
    assert missing.value.name == "endpoint_missing"
    known = bare.with_endpoints(device_authorization_endpoint="https://as.example/device")
    assert known.device_authorization_endpoint == "https://as.example/device"


@contextmanager
def server(
    responses: list[tuple[int, dict[str, Any]] | None], transport: proofkey.Transport | None = None, **endpoints: str
) -> Iterator[tuple[proofkey.Client, list[dict[str, str]]]]:
    """A server with these responses; `None` closes the connection without one."""
    seen: list[dict[str, str]] = []

    def behave(connection: hostile.Connection) -> None:
        while request := connection.request():
            seen.append({"path": request.path, **dict(parse_qsl(request.body.decode()))})
            response = responses.pop(0)
            if response is None:
                return
            status, body = response
            connection.send(hostile.response(json.dumps(body).encode(), f"{status} Status"))

    with hostile.Server(behave) as running:
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "device_authorization_endpoint": "/device"}
        urls = {name: running.url(path) for name, path in names.items()} | endpoints
        provider = proofkey.Provider(
            authorization_endpoint=urls["authorization_endpoint"],
            token_endpoint=urls["token_endpoint"],
            device_authorization_endpoint=urls["device_authorization_endpoint"],
        )
        yield proofkey.Client(provider, "my-tv", transport=transport), seen


CODES = {"device_code": "d", "user_code": "u", "verification_uri": "https://as.example/go", "expires_in": 600}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Takes the place of `time.sleep`, so that no test waits."""
    slept: list[int] = []
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


def test_finish_waits_for_the_user_and_for_the_network(pauses: list[int]) -> None:
    pending = (400, {"error": "authorization_pending"})
    tokens = (200, {"access_token": "a", "token_type": "Bearer"})
    responses = [(200, CODES), pending, (400, {"error": "slow_down"}), None, pending, tokens]
    with server(responses) as (client, seen):
        device = client.authorize_device(scope="films", pkce=True)
        assert device.finish().access_token.expose() == "a"
    assert pauses == [5, 5, 10, 20, 10]
    assert [request["path"] for request in seen] == ["/device"] + ["/token"] * 5
    assert {request["device_code"] for request in seen[1:]} == {"d"}
    assert {proofkey.s256(request["code_verifier"]) for request in seen[1:]} == {seen[0]["code_challenge"]}


def test_finish_says_that_the_user_refused(pauses: list[int]) -> None:
    with server([(200, CODES), (400, {"error": "access_denied"})]) as (client, _):
        with pytest.raises(proofkey.TokenError) as refused:
            client.authorize_device().finish()
    assert (refused.value.error, refused.value.recovery, pauses) == ("access_denied", "ask_user", [5])


def test_finish_waits_as_long_as_it_may_and_goes_on_later(pauses: list[int]) -> None:
    slower = (400, {"error": "slow_down"})
    with server([(200, CODES), slower, slower, (200, {"access_token": "a", "token_type": "Bearer"})]) as (client, _):
        device = client.authorize_device()
        with pytest.raises(proofkey.TransportError, match="timeout") as late:
            device.finish(timeout=4.9)
        assert (late.value.request_sent, pauses) == (False, [])
        with pytest.raises(proofkey.TransportError, match="timeout"):
            device.finish(timeout=15)
        assert pauses == [5, 10]
        assert device.finish().access_token.expose() == "a"
    assert pauses == [5, 10, 15]
    with pytest.raises(ValueError, match="timeout"):
        device.finish(timeout=0)


def test_a_certificate_that_nobody_trusts_is_not_waited_for(pauses: list[int], authority: hostile.Authority) -> None:
    transport = proofkey.Transport(ca_file=authority.path)
    with hostile.Server(tls=authority.contexts["of an unknown authority"]) as there:
        with server([(200, CODES)], transport, token_endpoint=there.url("/token")) as (client, _):
            device = client.authorize_device()
            with pytest.raises(proofkey.TransportError, match="tls_failed") as raised:
                device.finish()
            assert raised.value.request_sent is False
            there.tls = authority.contexts["good"]
            assert device.finish(), "nothing was sent, so the same codes still work"
    assert (pauses, there.token_requests) == ([5, 5], 1)


def test_a_signal_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    with server([(200, CODES)]) as (client, seen):
        with pytest.raises(KeyboardInterrupt):
            client.authorize_device().finish()
        assert len(seen) == 1


@pytest.fixture
def authorization_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[testing.AuthorizationServer]:
    """The test server, whose clock moves by what a client sleeps."""
    with testing.AuthorizationServer(consent="page") as running:
        monkeypatch.setattr("time.sleep", running.advance)
        yield running


def test_a_device_signs_in_at_the_test_server(authorization_server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(proofkey.Provider.discover(authorization_server.issuer), "my-tv")
    device = client.authorize_device(scope="openid films", pkce=True)
    assert device.verification_uri_complete == f"{device.verification_uri}?user_code={device.user_code}"
    with authorization_server.inject_once(faults.refuses("token", "slow_down")):
        authorization_server.allow_device(device.user_code)
        tokens = device.finish()
    assert tokens.claims is not None
    assert (tokens.claims["sub"], tokens.signature_verified, tokens.scope) == ("user-1", True, ["openid", "films"])
    errors = [seen.error for seen in authorization_server.seen if seen.path == "/token"]
    assert errors == ["slow_down", None]
    with pytest.raises(proofkey.TokenError, match="invalid_grant"):
        device.finish()


@pytest.mark.parametrize(
    "fault",
    [
        faults.cut_before_response("token"),
        faults.cut_within_body("token"),
        faults.unavailable("token"),
        faults.too_many_requests("token", retry_after=30),
        faults.refuses_with_200("token", "authorization_pending"),
    ],
)
def test_a_lost_response_is_asked_for_again(
    authorization_server: testing.AuthorizationServer, fault: faults.Fault[Any]
) -> None:
    device = proofkey.Client(authorization_server.provider, "my-tv").authorize_device()
    with authorization_server.inject_once(fault) as lost:
        authorization_server.deny_device(device.user_code)
        with pytest.raises(proofkey.TokenError) as ended:
            device.finish()
    assert (lost.hits, ended.value.error) == (1, "access_denied")


def test_the_test_server_refuses_what_it_should(authorization_server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(authorization_server.provider, "my-tv")
    device = client.authorize_device()
    for decide in (authorization_server.allow_device, authorization_server.deny_device):
        with pytest.raises(ValueError, match="no device waits"):
            decide("BBBB-BBBB")
    with pytest.raises(ValueError, match="no user"):
        authorization_server.allow_device(device.user_code, user="nobody")
    authorization_server.advance(600)
    with pytest.raises(proofkey.TokenError) as expired:
        device.finish()
    assert (expired.value.name, expired.value.error) == ("device_code_expired", "expired_token")
    with authorization_server.inject(faults.html("device_authorization")):
        with pytest.raises(proofkey.TokenError) as html:
            client.authorize_device()
    assert html.value.name == "response_content_type"
