"""`flask proofkey doctor`: each finding, and what it never prints."""

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
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


def doctor(site: Site) -> tuple[int, list[str]]:
    ran = site.app.test_cli_runner().invoke(args=["proofkey", "doctor"])
    assert SECRET not in ran.output and "client-s3cret" not in ran.output
    return ran.exit_code, ran.output.splitlines()


def test_all_is_well(server: testing.Provider) -> None:
    status, lines = doctor(Site(server, config=GOOD, client_secret="client-s3cret"))
    assert lines == [
        f"ok   SECRET_KEY has {len(SECRET)} bytes",
        "ok   PROOFKEY_BASE_URL is https://app.example",
        "ok   SESSION_COOKIE_SECURE is True, under https",
        "ok   SESSION_COOKIE_SAMESITE is Lax",
        "ok   a login counts once in each worker: see PROOFKEY_STORE",
        "ok   providers: idp",
        "ok   idp: the redirect URI to register is https://app.example/auth/idp/callback",
        f"ok   idp: {server.token_endpoint}, PKCE: unknown",
        lines[8],
    ]
    assert lines[8].startswith("ok   idp: its clock is ")
    assert status == 0


def test_a_fresh_app_on_localhost_is_well(server: testing.Provider) -> None:
    """Flask's own default for SameSite is no fault: browsers take it for Lax, and nothing here rests on it alone."""
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
    ({"SECRET_KEY_FALLBACKS": ["y" * 40, "short"]}, "FIX  SECRET_KEY_FALLBACKS has one of 5 bytes"),
    ({"PROOFKEY_BASE_URL": "http://app.example"}, "FIX  PROOFKEY_BASE_URL is http://app.example"),
    ({"SESSION_COOKIE_SECURE": False}, "FIX  SESSION_COOKIE_SECURE is False, under https"),
    ({"SESSION_COOKIE_SAMESITE": "Strict"}, "FIX  SESSION_COOKIE_SAMESITE is Strict: "),
    ({"SESSION_COOKIE_SAMESITE": "None"}, "FIX  SESSION_COOKIE_SAMESITE is None: "),
    ({"PROOFKEY_STORE": "mongodb://x"}, "FIX  PROOFKEY_STORE: a store is sqlite:///path, "),
    ({"PROOFKEY_STORE": "sqlite:////nowhere/at/all.db"}, "FIX  PROOFKEY_STORE: unable to open database file"),
]


@pytest.mark.parametrize(("config", "finding"), FINDINGS, ids=[row[1][5:40] for row in FINDINGS])
def test_what_has_to_change(server: testing.Provider, config: dict[str, object], finding: str) -> None:
    status, lines = doctor(Site(server, config={**GOOD, **config}))
    # The library refuses an address of http for the redirect URI, too.
    fixes = [line for line in lines if line.startswith("FIX") and "redirect_uri_insecure" not in line]
    assert (len(fixes), fixes[0][: len(finding)], status) == (1, finding, 1)


def test_what_is_well_in_other_ways(server: testing.Provider, tmp_path: Path) -> None:
    config = {
        "SECRET_KEY_FALLBACKS": ["y" * 40],
        "TRUSTED_HOSTS": ["app.example"],
        "PROOFKEY_STORE": f"sqlite:///{tmp_path}/finished.db",
    }
    status, lines = doctor(Site(server, config=config, redirect_path="/back", url_prefix="/x"))
    assert status == 0
    assert "ok   SECRET_KEY_FALLBACKS has one of 40 bytes" in lines
    assert "ok   a login counts once across all workers" in lines
    assert any(line.startswith("ok   the address is that of the request, for TRUSTED_HOSTS") for line in lines)
    assert "ok   idp: the redirect URI to register is http://localhost:5000/back" in lines


def fixes(site: Site) -> list[str]:
    status, lines = doctor(site)
    assert status == 1
    return [line for line in lines if line.startswith("FIX")]


def test_a_provider_that_is_set_up_wrongly(server: testing.Provider) -> None:
    for site, name in [
        (Site(server, client_id=""), "client_id_invalid"),
        (Site(server, provider=None), "endpoint_missing"),
        (Site(server, redirect_path="/back#top"), "redirect_uri_malformed"),
    ]:
        [fix] = fixes(site)
        assert fix.startswith(f"FIX  idp: {name}: ")


def test_a_provider_that_does_not_answer(server: testing.Provider) -> None:
    with server.bend(faults.unavailable("metadata")):
        [fix] = fixes(Site(server, issuer=server.issuer))
    assert fix.startswith("FIX  idp: answer_status: ")
    site = Site(server)
    server.stop()
    assert fixes(site) == ["FIX  idp: the token endpoint cannot be reached"]


def test_a_clock_that_is_off(server: testing.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for here, status in [(0, 0), (30, 0), (31, 1), (-31, 1)]:
        monkeypatch.setattr(_cli, "_skew", dict.fromkeys([server.token_endpoint], here).get)
        found, lines = doctor(Site(server))
        assert (found, lines[-1]) == (
            status,
            f"{'FIX ' if status else 'ok  '} idp: its clock is {here:+d} seconds from here",
        )


def test_no_provider_at_all(server: testing.Provider) -> None:
    site = Site(server)
    site.auth._handlers.clear()
    site.auth._providers.clear()
    assert fixes(site) == ["FIX  providers: none: call @auth.on_login(name)"]


def test_a_secret_may_be_bytes(server: testing.Provider) -> None:
    site = Site(server, config={"SECRET_KEY": b"\xff" * 32})
    assert doctor(site)[0] == 0
    assert isinstance(site.app.extensions["proofkey"].keys, proofkey.SealKeys)
