"""`flask proofkey doctor`: each finding, and that it prints no secret."""

from collections.abc import Iterator
from pathlib import Path

import proofkey
import pytest
from flask_site import SECRET, Site
from proofkey import testing
from proofkey.flask import _cli
from proofkey.testing import faults

GOOD = {"PROOFKEY_BASE_URL": "https://app.example", "SESSION_COOKIE_SECURE": True, "SESSION_COOKIE_SAMESITE": "Lax"}


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def doctor(site: Site) -> tuple[int, list[str]]:
    ran = site.app.test_cli_runner().invoke(args=["proofkey", "doctor"])
    assert SECRET not in ran.output and "client-s3cret" not in ran.output
    return ran.exit_code, ran.output.splitlines()


def test_everything_is_right(server: testing.AuthorizationServer) -> None:
    status, lines = doctor(Site(server, config=GOOD, client_secret="client-s3cret"))
    assert lines == [
        f"ok   SECRET_KEY has {len(SECRET)} bytes",
        "ok   PROOFKEY_BASE_URL is https://app.example",
        "ok   SESSION_COOKIE_SECURE is True, and the site is https",
        "ok   SESSION_COOKIE_SAMESITE is Lax",
        "ok   each worker accepts a login once; with PROOFKEY_REPLAY_STORE, all workers together do",
        "ok   providers: idp",
        "ok   idp: the redirect URI to register is https://app.example/auth/idp/callback",
        f"ok   idp: {server.token_endpoint}, PKCE: unknown",
        lines[8],
    ]
    assert lines[8].startswith("ok   idp: the provider's clock differs from this one by ")
    assert status == 0


def test_a_new_app_on_localhost_is_right(server: testing.AuthorizationServer) -> None:
    """Flask's default for SameSite is accepted: browsers treat it as Lax, and nothing here relies on it alone."""
    status, lines = doctor(Site(server, issuer=server.issuer))
    assert status == 0
    assert "ok   PROOFKEY_BASE_URL is not set: logins work on localhost only" in lines
    assert any(line.startswith("ok   SESSION_COOKIE_SAMESITE is not set: ") for line in lines)
    assert "ok   idp: the redirect URI to register is http://localhost:5000/auth/idp/callback" in lines
    assert f"ok   idp: {server.token_endpoint}, PKCE: S256" in lines


FINDINGS: list[tuple[dict[str, object], str]] = [
    ({"SECRET_KEY": "short"}, "FIX  SECRET_KEY has 5 bytes: "),
    ({"SECRET_KEY": None}, "FIX  SECRET_KEY has 0 bytes: "),
    ({"SECRET_KEY": "x" * 31}, "FIX  SECRET_KEY has 31 bytes: "),
    ({"SECRET_KEY_FALLBACKS": ["y" * 40, "short"]}, "FIX  a secret in SECRET_KEY_FALLBACKS has 5 bytes"),
    ({"PROOFKEY_BASE_URL": "http://app.example"}, "FIX  PROOFKEY_BASE_URL is http://app.example"),
    ({"SESSION_COOKIE_SECURE": False}, "FIX  SESSION_COOKIE_SECURE is False, and the site is https"),
    ({"SESSION_COOKIE_SAMESITE": "Strict"}, "FIX  SESSION_COOKIE_SAMESITE is Strict: "),
    ({"SESSION_COOKIE_SAMESITE": "None"}, "FIX  SESSION_COOKIE_SAMESITE is None: "),
    (
        {"PROOFKEY_REPLAY_STORE": "mongodb://x"},
        "FIX  PROOFKEY_REPLAY_STORE: the URL of a replay store is sqlite:///path, ",
    ),
    (
        {"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"},
        "FIX  PROOFKEY_REPLAY_STORE: unable to open database file",
    ),
]


@pytest.mark.parametrize(("config", "finding"), FINDINGS, ids=[row[1][5:40] for row in FINDINGS])
def test_what_has_to_change(server: testing.AuthorizationServer, config: dict[str, object], finding: str) -> None:
    status, lines = doctor(Site(server, config={**GOOD, **config}))
    # With an http address, the redirect URI is refused as well.
    fixes = [line for line in lines if line.startswith("FIX") and "redirect_uri_insecure" not in line]
    assert (len(fixes), fixes[0][: len(finding)], status) == (1, finding, 1)


def test_other_right_settings(server: testing.AuthorizationServer, tmp_path: Path) -> None:
    config = {
        "SECRET_KEY_FALLBACKS": ["y" * 40],
        "TRUSTED_HOSTS": ["app.example"],
        "PROOFKEY_REPLAY_STORE": f"sqlite:///{tmp_path}/finished.db",
    }
    status, lines = doctor(Site(server, config=config, redirect_path="/back", url_prefix="/x"))
    assert status == 0
    assert "ok   a secret in SECRET_KEY_FALLBACKS has 40 bytes" in lines
    assert "ok   all workers together accept a login once" in lines
    assert any(line.startswith("ok   the address comes from the request and TRUSTED_HOSTS") for line in lines)
    assert "ok   idp: the redirect URI to register is http://localhost:5000/back" in lines


def fixes(site: Site) -> list[str]:
    status, lines = doctor(site)
    assert status == 1
    return [line for line in lines if line.startswith("FIX")]


def test_a_provider_with_wrong_settings(server: testing.AuthorizationServer) -> None:
    for site, name in [
        (Site(server, client_id=""), "client_id_invalid"),
        (Site(server, provider=None), "endpoint_missing"),
        (Site(server, redirect_path="/back#top"), "redirect_uri_malformed"),
    ]:
        [fix] = fixes(site)
        assert fix.startswith(f"FIX  idp: {name}: ")


def test_a_provider_that_does_not_respond(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.unavailable("metadata")):
        [fix] = fixes(Site(server, issuer=server.issuer))
    assert fix.startswith("FIX  idp: response_status: ")
    site = Site(server)
    server.stop()
    assert fixes(site) == ["FIX  idp: the token endpoint cannot be reached"]


def test_a_clock_that_is_off(server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for here, status in [(0, 0), (30, 0), (31, 1), (-31, 1)]:
        monkeypatch.setattr(_cli, "_skew", dict.fromkeys([server.token_endpoint], here).get)
        found, lines = doctor(Site(server))
        assert (found, lines[-1]) == (
            status,
            f"{'FIX ' if status else 'ok  '} idp: the provider's clock differs from this one by {here:+d} seconds",
        )


def test_without_a_provider(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    site.auth._handlers.clear()
    site.auth._providers.clear()
    assert fixes(site) == ["FIX  providers: none; add one with @auth.on_login(name)"]


def test_a_secret_can_be_bytes(server: testing.AuthorizationServer) -> None:
    site = Site(server, config={"SECRET_KEY": b"\xff" * 32})
    assert doctor(site)[0] == 0
    assert isinstance(site.app.extensions["proofkey"].keys, proofkey.SealKeys)
