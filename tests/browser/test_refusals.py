"""The page of every cause of a refused login, reached as a user would reach it."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Shoot, allow, expect_cause, expect_text
from playwright.sync_api import Page
from proofkey import TransportError, replay_store, testing
from proofkey.flask import CAUSES
from proofkey.testing import faults
from proofkey.web import _state
from website import SECRET_KEY, Website

FAULTS: dict[str, faults.Fault[Any]] = {
    "callback_malformed": faults.parameters_twice(),
    "issuer_mismatch": faults.iss_wrong(),
    "network_after": faults.cut_before_response("token"),
    "not_issued_here": faults.state_wrong(),
    "provider_error": faults.refuses("token", "invalid_client"),
}


@pytest.mark.parametrize("cause", FAULTS)
def test_a_fault_of_the_provider(
    page: Page, site: Website, server: testing.AuthorizationServer, shoot: Shoot, cause: str
) -> None:
    page.goto(site.url("/auth/plain"))
    with server.inject(FAULTS[cause]):
        allow(page)
        expect_cause(page, cause)
    shoot(page, cause)
    page.get_by_role("link", name="Try again").click()
    allow(page)
    expect_text(page, "Signed in as somebody")


def cookies_malformed(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/plain"))
    (login,) = page.context.cookies(site.url("/auth/plain"))
    again = {"name": login["name"], "value": "planted", "domain": "localhost", "path": "/auth"}
    page.context.add_cookies([again])  # type: ignore[list-item]
    allow(page)


def configuration(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/unset"))


def expired(page: Page, site: Website) -> None:
    began_at = int(time.time()) - 601
    state = _state.make([SECRET_KEY.encode()], "plain", urlsplit(site.url("/")).netloc, began_at)
    page.goto(site.url(f"/auth/plain/callback?code=old&state={state}"))


def other_host(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/shown"))
    allow(page)
    expect_text(page, "Signed in, and shown at the callback")
    page.goto(page.url.replace("localhost", "127.0.0.1"))


def post_required(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/plain?connect=1"))


def prefetch(page: Page, site: Website) -> None:
    page.set_extra_http_headers({"Sec-Purpose": "prefetch"})
    page.goto(site.url("/auth/plain"))


def too_many(page: Page, site: Website) -> None:
    for _ in range(10):
        page.goto(site.url("/auth/plain"))
    provider = urlsplit(page.url).netloc
    page.goto(f"http://{provider}/elsewhere")
    page.set_content(f'<a href="{site.url("/auth/plain")}">Sign in</a>')
    page.get_by_role("link", name="Sign in").click()


def user_changed(page: Page, site: Website) -> None:
    page.goto(site.url("/become/one"))
    page.goto(site.url("/connect"))
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/authorize?*")
    page.context.new_page().goto(site.url("/become/two"))
    allow(page)


ACTIONS: dict[str, Callable[[Page, Website], None]] = {
    action.__name__: action
    for action in (cookies_malformed, configuration, expired, other_host, post_required, prefetch, too_many, user_changed)
}


@pytest.mark.parametrize("cause", ACTIONS)
def test_an_action_of_the_user(page: Page, site: Website, shoot: Shoot, cause: str) -> None:
    ACTIONS[cause](page, site)
    expect_cause(page, cause)
    shoot(page, cause)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_another_site_cannot_connect_an_account(
    page: Page, site: Website, server: testing.AuthorizationServer, host: str
) -> None:
    page.goto(site.url("/become/one"))
    # For the browser, another port is the same site with the same cookies, and another host is not.
    page.goto(f"http://{host}:{urlsplit(server.issuer).port}/elsewhere")
    form = f'<form method="post" action="{site.url("/auth/plain")}"><button name="connect">Win</button></form>'
    page.set_content(form)
    page.get_by_role("button", name="Win").click()
    expect_cause(page, "post_required")
    assert "/authorize" not in [seen.path for seen in server.seen]


def test_the_provider_is_not_running(
    page: Page, site: Website, server: testing.AuthorizationServer, shoot: Shoot
) -> None:
    server.stop()
    page.goto(site.url("/auth/plain"))
    expect_cause(page, "network_before")
    shoot(page, "network_before")


SETTINGS: dict[str, tuple[str, dict[str, object]]] = {
    "base_url": ("app.example", {}),
    "proxy": ("app.example", {"TRUSTED_HOSTS": ["app.example"]}),
    "store": ("localhost", {"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"}),
}


@pytest.mark.parametrize("cause", SETTINGS)
def test_a_wrong_setting(page: Page, server: testing.AuthorizationServer, shoot: Shoot, cause: str) -> None:
    host, config = SETTINGS[cause]
    with Website(server, config).running() as site:
        page.goto(site.url("/auth/plain", host=host))
        expect_cause(page, cause)
        shoot(page, cause)


def test_the_reply_of_the_store_is_lost(
    page: Page, server: testing.AuthorizationServer, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Store:
        is_broken = True

        def __init__(self) -> None:
            self._inside = replay_store.MemoryReplayStore()

        def claim(self, key: str, until: int, /) -> None:
            if self.is_broken:
                raise TransportError("store_reply_lost", request_sent=False)
            self._inside.claim(key, until)

        def release(self, key: str, /) -> None:
            self._inside.release(key)

    store = Store()
    monkeypatch.setattr(replay_store, "from_url", lambda _url: store)
    with Website(server, {"PROOFKEY_REPLAY_STORE": "redis://lost"}).running() as site:
        page.goto(site.url("/auth/plain"))
        allow(page)
        expect_cause(page, "store_reply_lost")
        shoot(page, "store_reply_lost")
        store.is_broken = False
        page.reload()
        expect_text(page, "Signed in as somebody")


def test_every_cause_is_tested() -> None:
    in_test_sign_in = {"already_finished", "denied", "no_cookie"}
    here = {*FAULTS, *ACTIONS, *SETTINGS, "network_before", "store_reply_lost"}
    # No sign-in ends with it, but a call to an API: see tests/web/test_api.py.
    in_an_api_call = {"grant_ended"}
    assert here | in_test_sign_in | in_an_api_call == set(CAUSES)
