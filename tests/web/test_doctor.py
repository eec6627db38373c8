"""`SignIn.doctor`: each finding, and that it prints no secret. The adapters add what is theirs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults
from proofkey.web import SignIn, _doctor
from sites import SECRET

GOOD = {"PROOFKEY_BASE_URL": "https://app.example"}


def app(
    server: testing.AuthorizationServer, config: Mapping[str, Any] | None = None, *, prefix: str = "/auth", **idp: Any
) -> SignIn:
    provider = {} if "issuer" in idp else {"provider": server.provider}
    return SignIn(
        {"SECRET_KEY": SECRET, **(config or {})}, {"idp": {"client_id": "my-app", **provider, **idp}}, prefix=prefix
    )


def doctor(sign_in: SignIn, *, online: bool = True) -> list[str]:
    lines = [str(finding) for finding in sign_in.doctor(online=online)]
    for secret in (SECRET, "client-s3cret", "store-s3cret"):
        assert secret not in "".join(lines)
    assert all(line.isprintable() for line in lines)
    return lines


def fixes(sign_in: SignIn, *, online: bool = True) -> list[str]:
    return [line.removeprefix("FIX  ") for line in doctor(sign_in, online=online) if not line.startswith("ok   ")]


def test_everything_is_right(server: testing.AuthorizationServer) -> None:
    *lines, clock = doctor(app(server, GOOD, client_secret="client-s3cret"))
    assert lines == [
        f"ok   SECRET_KEY has {len(SECRET)} bytes",
        "ok   PROOFKEY_BASE_URL is https://app.example",
        "ok   each worker accepts a login once; with PROOFKEY_REPLAY_STORE, all workers together do",
        "ok   providers: idp",
        "ok   idp: the redirect URI to register is https://app.example/auth/idp/callback",
        f"ok   idp: {server.token_endpoint}, PKCE: unknown",
    ]
    assert clock.startswith("ok   idp: the provider's clock differs from this one by ")


def test_a_new_app_on_localhost_is_right(server: testing.AuthorizationServer) -> None:
    lines = doctor(app(server, issuer=server.issuer, scope="openid"))
    assert all(line.startswith("ok   ") for line in lines)
    local = "PROOFKEY_BASE_URL is not set: logins work on localhost, and on names that the framework checks"
    assert f"ok   {local}" in lines
    assert "ok   idp: the redirect URI to register is http://localhost:5000/auth/idp/callback" in lines
    assert f"ok   idp: {server.token_endpoint}, PKCE: S256" in lines
    assert "ok   idp: the keys for ID tokens can be fetched" in lines


FINDINGS: list[tuple[dict[str, object], str]] = [
    ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 bytes: "),
    ({"SECRET_KEY": None}, "SECRET_KEY has 0 bytes: "),
    ({"SECRET_KEY": "x" * 31}, "SECRET_KEY has 31 bytes: "),
    ({"SECRET_KEY": 5}, "SECRET_KEY, SECRET_KEY_FALLBACKS: str or bytes, not int"),
    ({"SECRET_KEY_FALLBACKS": ["y" * 40, "short"]}, "a secret in SECRET_KEY_FALLBACKS has 5 bytes"),
    ({"PROOFKEY_BASE_URL": "http://app.example"}, "PROOFKEY_BASE_URL: https, because plain http is only for this"),
    ({"PROOFKEY_BASE_URL": "app.example"}, "PROOFKEY_BASE_URL: the address that browsers use, such as https://"),
    ({"PROOFKEY_BASE_URL": 80}, "PROOFKEY_BASE_URL: a str, not int"),
    ({"PROOFKEY_REPLAY_STORE": "mongodb://x"}, "PROOFKEY_REPLAY_STORE: the URL of a replay store is sqlite:///path, "),
    ({"PROOFKEY_REPLAY_STORE": "mongodb://x:store-s3cret@y"}, "PROOFKEY_REPLAY_STORE: the URL of a replay store is "),
    ({"PROOFKEY_REPLAY_STORE": "redis://:store-s3cret@127.0.0.1:1"}, "PROOFKEY_REPLAY_STORE: store_unavailable: "),
    ({"PROOFKEY_REPLAY_STORE": 5}, "PROOFKEY_REPLAY_STORE: a str, not int"),
    ({"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"}, "PROOFKEY_REPLAY_STORE: store_unavailable: "),
]


@pytest.mark.parametrize(("config", "finding"), FINDINGS, ids=[row[1][:40] for row in FINDINGS])
def test_what_has_to_change(server: testing.AuthorizationServer, config: dict[str, object], finding: str) -> None:
    found = fixes(app(server, {**GOOD, **config}))
    # A login needs each of these, so the provider reports it, too.
    assert found[0].startswith(finding)
    assert all(line.startswith(("idp: ", finding)) for line in found)


def test_other_right_settings(server: testing.AuthorizationServer, tmp_path: Path) -> None:
    config = {"SECRET_KEY_FALLBACKS": ["y" * 40], "PROOFKEY_REPLAY_STORE": f"sqlite:///{tmp_path}/finished.db"}
    lines = doctor(app(server, config, redirect_path="/back", prefix="/x"))
    assert all(line.startswith("ok   ") for line in lines)
    assert "ok   a secret in SECRET_KEY_FALLBACKS has 40 bytes" in lines
    assert "ok   all workers together accept a login once" in lines
    assert "ok   idp: the redirect URI to register is http://localhost:5000/back" in lines


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"client_id": ""}, "idp: client_id_invalid: "),
    ({"provider": None}, "idp: endpoint_missing: "),
    ({"redirect_path": "/back#top"}, "idp: redirect_path: a path that begins with one slash, without a fragment"),
    ({"scope": ["s" * 8000]}, "idp: seal_too_large: "),
    ({"scope": ["s" * 3000]}, "idp: scope: it and the other parameters are too large for a cookie"),
    ({"scope": "x" * 1800}, "idp: scope: the redirect would have "),
    ({"auth_method": "client_secret_post"}, "idp: auth_method needs a client_secret; a public client has neither"),
]


@pytest.mark.parametrize(("keywords", "finding"), WRONG, ids=[row[1] for row in WRONG])
def test_a_provider_with_wrong_settings(
    server: testing.AuthorizationServer, keywords: dict[str, Any], finding: str
) -> None:
    [fix] = fixes(app(server, **keywords))
    assert fix.startswith(finding)


def test_without_the_network_wrong_settings_are_found(server: testing.AuthorizationServer) -> None:
    requests = len(server.seen)
    assert fixes(app(server, issuer=server.issuer), online=False) == []
    [fix] = fixes(app(server, issuer=server.issuer, quirks="x"), online=False)
    assert fix == "idp: quirks: 'x' does not exist"
    [fix] = fixes(app(server, auth_method="client_secret_post"), online=False)
    assert fix == "idp: auth_method needs a client_secret; a public client has neither"
    [fix] = fixes(app(server, {"PROOFKEY_REPLAY_STORE": "redis://127.0.0.1:1"}, client_id=""), online=False)
    assert fix.startswith("idp: client_id_invalid: ")
    assert len(server.seen) == requests


def test_a_provider_that_does_not_respond(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.unavailable("metadata")):
        [fix] = fixes(app(server, issuer=server.issuer))
    assert fix.startswith("idp: provider_error: response_status: ")
    with server.inject(faults.unavailable("jwks")):
        [fix] = fixes(app(server, scope="openid"))
    assert fix.startswith("idp: keys_unavailable: ")
    sign_in = app(server)
    server.stop()
    assert fixes(sign_in) == ["idp: the token endpoint cannot be reached"]


def test_a_clock_that_is_off(server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for here, is_good in [(0, True), (30, True), (31, False), (-31, False)]:
        monkeypatch.setattr(_doctor, "_skew", dict.fromkeys([server.token_endpoint], here).get)
        line = f"idp: the provider's clock differs from this one by {here:+d} seconds"
        assert doctor(app(server))[-1] == ("ok   " if is_good else "FIX  ") + line


def test_without_a_provider() -> None:
    assert fixes(SignIn({"SECRET_KEY": SECRET}, {})) == ["providers: none; add one with @auth.on_login(name)"]


def test_a_secret_can_be_bytes(server: testing.AuthorizationServer) -> None:
    sign_in = app(server, {"SECRET_KEY": b"\xff" * 32})
    assert fixes(sign_in) == []
    assert isinstance(sign_in._clients.keys, proofkey.SealKeys)
