"""Calling the provider's API after a login, with the tokens that were saved then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import proofkey
import pytest
import resource_server
from proofkey import testing, token_store
from proofkey.testing import faults
from proofkey.web import LoginRefused, Request, SignIn
from resource_server import ResourceServer
from sites import SECRET, Make, Site, cause

Server = testing.AuthorizationServer


@pytest.fixture
def api(server: Server) -> Iterator[ResourceServer]:
    with resource_server.running(server) as running:
        yield running


@pytest.fixture
def site(make: Make, api: ResourceServer, tmp_path: Path) -> Site:
    made = make(config={"PROOFKEY_TOKEN_STORE": f"sqlite:///{tmp_path}/tokens.db"}, api_origins=[api.origin])
    made.user = lambda: "user-1"
    return made


def refreshed(server: Server) -> int:
    return sum("refresh_token" in dict(seen.params) for seen in server.seen)


def test_the_tokens_of_a_login_are_saved_and_used(site: Site, server: Server) -> None:
    browser = site.browser()
    site.sign_in(browser)
    assert browser.get("/files").text == "the files"
    server.advance(3600)
    assert browser.get("/files").text == "the files"
    assert refreshed(server) == 1
    assert browser.get("/files").text == "the files"
    assert refreshed(server) == 1


def test_a_program_without_requests_finds_them_by_the_id_of_the_user(site: Site, tmp_path: Path) -> None:
    site.sign_in(site.browser())
    store = token_store.from_url(f"sqlite:///{tmp_path}/tokens.db", proofkey.SealKeys(SECRET))
    saved = store.load(site.client(), "user-1")
    assert saved is not None
    assert site.tokens is not None
    assert saved.access_token.expose() == site.tokens.access_token.expose()


def test_a_grant_that_was_withdrawn_is_a_page_with_a_way_to_connect_again(site: Site, server: Server) -> None:
    browser = site.browser()
    site.sign_in(browser)
    assert site.tokens is not None
    site.client().revoke(site.tokens)
    page = browser.get("/files")
    assert cause(page) == ("grant_ended", 400)
    assert 'href="/auth/idp"' in page.text
    site.sign_in(browser)
    assert browser.get("/files").text == "the files"


def test_a_user_without_tokens_has_to_sign_in(site: Site) -> None:
    assert cause(site.browser().get("/files")) == ("grant_ended", 400)


def test_a_user_who_connected_an_account(site: Site) -> None:
    browser = site.browser()
    begun = browser.post("/auth/idp", data={"connect": "1"}, base_url=site.base)
    browser.get(site.server.sign_in(begun.location or ""))
    assert site.signed_in[-1].connect_to == "user-1"
    assert browser.get("/files").text == "the files"


def test_tokens_that_cannot_be_saved_do_not_end_the_login(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.user = None
    browser = site.browser()
    assert site.sign_in(browser).text == "home"
    assert site.session(browser)["user"] == "user-1"
    expected = "proofkey: the tokens of a login with idp were not saved: user_loader returned nobody after the login"
    assert expected in site.logged(caplog)


@pytest.mark.parametrize("broken", ["save", "__init__"])
def test_a_store_that_fails_is_logged(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_arguments: object) -> bool:
        raise proofkey.TransportError("store_unavailable", request_sent=False)

    browser = site.browser()
    callback_url = site.callback_url(browser)
    # Another worker has begun the login, and this one opens the store now.
    site.core._clients.__dict__.pop("token_store", None)
    monkeypatch.setattr(token_store.SqliteTokenStore, broken, fail)
    assert browser.get(callback_url, follow_redirects=True).text == "home"
    [line] = [line for line in site.logged(caplog) if "were not saved" in line]
    assert "store_unavailable" in line


def test_without_a_token_store_nothing_is_saved_and_a_call_says_what_to_set(
    make: Make, api: ResourceServer, caplog: pytest.LogCaptureFixture
) -> None:
    site = make(api_origins=[api.origin])
    browser = site.browser()
    site.sign_in(browser)
    assert cause(browser.get("/files")) == ("configuration", 503)
    [line] = site.logged(caplog)
    assert "PROOFKEY_TOKEN_STORE: it is not set" in line


def test_a_store_that_cannot_be_opened_shows_before_the_user_leaves(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    site = make(config={"PROOFKEY_TOKEN_STORE": "tokens.db"})
    assert cause(site.browser().get("/auth/idp", base_url=site.base)) == ("configuration", 503)
    assert any("PROOFKEY_TOKEN_STORE: the URL of a token store is" in line for line in site.logged(caplog))


def sign_in_at(server: Server, tmp_path: Path, **provider: Any) -> SignIn:
    settings = {"SECRET_KEY": SECRET, "PROOFKEY_BASE_URL": "http://localhost"}
    store = {"PROOFKEY_TOKEN_STORE": f"sqlite:///{tmp_path}/tokens.db"}
    return SignIn({**settings, **store}, {"idp": {"client_id": "my-app", "provider": server.provider, **provider}})


@pytest.mark.parametrize("wrong", [None, "api.example.com", ["https://api.example.com/v1"], "https://a.example http://b.example"])
def test_origins_that_cannot_be_used(server: Server, tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(LoginRefused) as refused:
        sign_in_at(server, tmp_path, api_origins=wrong).api(None, "idp", "user-1")
    assert refused.value.cause == "configuration"
    assert "api_origins: " in refused.value.for_log()


def test_nobody_has_no_tokens(server: Server, tmp_path: Path) -> None:
    with pytest.raises(LoginRefused, match="grant_ended"):
        sign_in_at(server, tmp_path, api_origins="https://api.example.com").api(None, "idp", None)


def test_a_server_that_is_down_is_no_end_of_the_grant(site: Site, server: Server) -> None:
    site.sign_in(site.browser())
    server.advance(3600)
    request = Request("GET", "http", "localhost")
    with server.inject(faults.unavailable("token")), site.core.api(request, "idp", "user-1") as client:
        with pytest.raises(proofkey.TokenError, match="response_status"):
            client.get("/files")


def test_the_doctor_opens_the_store(server: Server, tmp_path: Path) -> None:
    good = [str(finding) for finding in sign_in_at(server, tmp_path).doctor() if finding.is_good]
    assert "ok   tokens are saved after each login, for the user that the app then knows" in good
    broken = sign_in_at(server, tmp_path / "none").doctor()
    assert any("PROOFKEY_TOKEN_STORE: store_unavailable" in str(finding) for finding in broken if not finding.is_good)
