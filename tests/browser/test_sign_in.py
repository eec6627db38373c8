"""Signing in to an app with a real browser, and what users do meanwhile: go back, reload, open other tabs."""

import json
from pathlib import Path

import pytest
from conftest import ARGUMENTS, CHROMIUM, Shoot, allow, expect_cause, expect_text
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from proofkey import testing
from website import Website


def test_signing_in(page: Page, site: Website, server: testing.AuthorizationServer, shoot: Shoot) -> None:
    page.goto(site.url("/auth/plain?next=/tabs/1"))
    shoot(page, "consent")
    page.get_by_label("Second User").check()
    allow(page)
    expect_text(page, "Signed in as somebody")
    assert page.url == site.url("/tabs/1")
    assert dict(server.seen[1].params)["user"] == "user-2"
    assert [seen.path for seen in server.seen] == ["/authorize", "/consent", "/token"]


def test_denying_and_trying_again(page: Page, site: Website, shoot: Shoot) -> None:
    page.goto(site.url("/auth/plain"))
    page.get_by_role("button", name="Deny").click()
    expect_cause(page, "denied")
    shoot(page, "denied")
    page.get_by_role("link", name="Try again").click()
    allow(page)
    expect_text(page, "Signed in as somebody")


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 4, 2)])
def test_six_tabs_at_once(context: BrowserContext, site: Website, order: tuple[int, ...]) -> None:
    tabs = [context.new_page() for _ in order]
    for number, tab in enumerate(tabs):
        tab.goto(site.url(f"/auth/plain?next=/tabs/{number}"))
    for number in order:
        allow(tabs[number])
        expect_text(tabs[number], "Signed in as somebody")
        assert tabs[number].url == site.url(f"/tabs/{number}")


def test_the_back_button(page: Page, site: Website) -> None:
    page.goto(site.url("/"))
    page.goto(site.url("/auth/plain"))
    allow(page)
    expect_text(page, "Signed in as somebody")
    page.go_back()
    # The provider's page has the state of the login that is finished.
    allow(page)
    expect_cause(page, "already_finished")
    page.get_by_role("link", name="Try again").click()
    allow(page)
    expect_text(page, "Signed in as somebody")


def test_the_callback_is_reloaded(page: Page, site: Website, server: testing.AuthorizationServer, shoot: Shoot) -> None:
    page.goto(site.url("/auth/shown"))
    allow(page)
    expect_text(page, "Signed in, and shown at the callback")
    page.reload()
    expect_cause(page, "already_finished")
    shoot(page, "already_finished")
    assert [seen.path for seen in server.seen].count("/token") == 1, "the code is not sent again"
    page.goto(site.url("/"))
    expect_text(page, "Signed in as somebody")


def test_the_callback_in_another_browser(
    chromium: Browser, page: Page, site: Website, server: testing.AuthorizationServer, shoot: Shoot
) -> None:
    page.goto(site.url("/auth/shown"))
    allow(page)
    expect_text(page, "Signed in, and shown at the callback")
    other = chromium.new_context().new_page()
    other.goto(page.url)
    expect_cause(other, "no_cookie")
    shoot(other, "no_cookie")
    other.goto(site.url("/"))
    expect_text(other, "Not signed in")
    other.context.close()
    assert [seen.path for seen in server.seen].count("/token") == 1


def test_cookies_are_blocked(
    playwright: Playwright, site: Website, server: testing.AuthorizationServer, tmp_path: Path
) -> None:
    preferences = tmp_path / "Default" / "Preferences"
    preferences.parent.mkdir()
    preferences.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    context = playwright.chromium.launch_persistent_context(tmp_path, executable_path=CHROMIUM, args=ARGUMENTS)
    page = context.new_page()
    page.goto(site.url("/auth/plain"))
    allow(page)
    expect_cause(page, "no_cookie")
    assert context.cookies() == []
    context.close()
    assert "/token" not in [seen.path for seen in server.seen]


@pytest.mark.parametrize("how", ["link", "rule", "prerender"])
def test_the_browser_prefetches_the_start(
    page: Page, site: Website, server: testing.AuthorizationServer, how: str
) -> None:
    page.goto(site.url(f"/prefetch/{how}"))
    prefetch = site.next_visit("/auth/plain")
    assert prefetch.purpose.startswith("prefetch")
    assert prefetch.status == 503
    assert (server.seen, page.context.cookies()) == ([], []), "no login has begun"
    page.get_by_role("link", name="Sign in").click()
    allow(page)
    expect_text(page, "Signed in as somebody")


def test_a_form_post(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/posted?next=/tabs/1"))
    allow(page)
    expect_text(page, "Signed in as somebody")
    assert page.url == site.url("/tabs/1")
    # The browser does not send the cookie from the provider's site; from the app's own page it does.
    first, second = (site.next_visit("/auth/posted/callback") for _ in range(2))
    assert [(visit.method, visit.has_login_cookie) for visit in (first, second)] == [("POST", False), ("POST", True)]


def test_a_form_post_without_javascript(chromium: Browser, site: Website, shoot: Shoot) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(site.url("/auth/posted"))
    allow(page)
    expect(page.locator("h1")).to_have_text("Back to the app")
    shoot(page, "form_post")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("h1")).to_have_text("Almost there")
    shoot(page, "post_again")
    page.get_by_role("button", name="Continue").click()
    expect_text(page, "Signed in as somebody")
    page.context.close()


def test_a_form_post_of_a_refusal(page: Page, site: Website) -> None:
    page.goto(site.url("/auth/posted"))
    page.get_by_role("button", name="Deny").click()
    expect_cause(page, "denied")
