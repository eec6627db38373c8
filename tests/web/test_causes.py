"""Every cause of a refused login: how it happens, and that the page names it."""

from collections.abc import Callable
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from unittest import mock

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults
from proofkey.web import CAUSES, LoginRefused
from sites import CALLBACK, SECRET, SITES, TRUSTING, Gate, Make, cause, clock, cookies, is_signed_in, later
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client, TestResponse

Story = Callable[[Make], TestResponse]


def no_cookie(make: Make) -> TestResponse:
    site = make()
    return site.browser().get(site.callback_url(site.browser()))


def cookies_folded(after: str, before: str = "") -> Story:
    """Something between the browser and the app joined several headers with commas."""

    def story(make: Make) -> TestResponse:
        site = make()
        browser = site.browser()
        url = site.callback_url(browser)
        [(name, value)] = cookies(browser).items()
        return site.get(url, f"{before}{name}={value}{after}")

    return story


def cookie_repeated(make: Make) -> TestResponse:
    """A program that listens at another TLS port of this host can set genuine `__Host-` cookies, for other paths."""
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    return site.get(url, f"{name}={value}; {name}={value}")


def expired_cookie_came(make: Make) -> TestResponse:
    """The browser still has the cookie, and the sealed login in it has expired."""
    site = make()
    browser = site.browser()
    with clock(-601):
        url = site.callback_url(browser)
    assert len(cookies(browser)) == 1
    return browser.get(url)


def expired_cookie_gone(make: Make) -> TestResponse:
    """The browser has dropped the cookie, but the state says when the login began."""
    site = make()
    with clock(-601):
        url = site.callback_url(site.browser())
    return site.browser().get(url)


def other_host(make: Make) -> TestResponse:
    site = make(base="http://127.0.0.1")
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("127.0.0.1", "localhost", 1))


def base_url_of_another_host(make: Make) -> TestResponse:
    site = make(config={"PROOFKEY_BASE_URL": "http://127.0.0.1"})
    browser = site.browser()
    return browser.get(site.callback_url(browser))


def made_up(make: Make) -> TestResponse:
    return make().browser().get(f"{CALLBACK}?code=x&state=AQ{'A' * 54}")


def state_missing(make: Make) -> TestResponse:
    return make().browser().get(f"{CALLBACK}?code=x")


def state_altered(make: Make) -> TestResponse:
    """The time in the state is changed; its MAC no longer fits."""
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    at = url.index("state=") + len("state=") + 24
    return browser.get(url[:at] + ("B" if url[at] == "A" else "A") + url[at + 1 :])


def other_secret(make: Make) -> TestResponse:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    after = make(config={"SECRET_KEY": "another secret, after a restart, of 32 bytes"}).browser()
    copy_cookies(browser, after)
    return after.get(url)


def copy_cookies(browser: Client, other: Client) -> None:
    for name, value in cookies(browser).items():
        other.set_cookie(name, value)


def already_finished(make: Make) -> TestResponse:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    assert is_signed_in(browser.get(url))
    return browser.get(url)


def with_fault(fault: faults.Fault[Any], **settings: Any) -> Story:
    def story(make: Make) -> TestResponse:
        site = make(**settings)
        browser = site.browser()
        with site.server.inject(fault) as injected:
            page = browser.get(site.callback_url(browser))
            assert injected.hits
        return page

    return story


def network_before(make: Make) -> TestResponse:
    server = make().server
    site = make(issuer=server.issuer)
    server.stop()
    return site.browser().get("/auth/idp")


def network_at_discovery(make: Make) -> TestResponse:
    """The request for the metadata gets no response; nothing of a login was sent."""
    server = make().server
    with server.inject(faults.cut_before_response("metadata")):
        return make(issuer=server.issuer).browser().get("/auth/idp")


def twice(name: str) -> Story:
    def story(make: Make) -> TestResponse:
        site = make()
        browser = site.browser()
        url = site.callback_url(browser)
        value = url.partition(f"{name}=")[2].partition("&")[0]
        page = browser.get(f"{url}&{name}={value}")
        assert is_signed_in(browser.get(url)), "the right callback may still come"
        return page

    return story


def code_missing(make: Make) -> TestResponse:
    site = make()
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("code=", "kode="))


def user_changed(make: Make) -> TestResponse:
    site = make()
    users = iter(["one", "two"])
    site.user = lambda: next(users)
    browser = site.browser()
    return browser.get(site.server.sign_in(browser.post("/auth/idp", data={"connect": ""}).location or ""))


def connect_by_link(make: Make) -> TestResponse:
    site = make()
    site.user = lambda: "one"
    return site.browser().get("/auth/idp?connect=1")


def too_many(make: Make) -> TestResponse:
    site = make()
    browser = site.browser()
    for _ in range(7):
        site.begin(browser)
    page = browser.get("/auth/idp", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'href="/auth/idp"' in page.text
    site.begin(browser, headers={"Sec-Fetch-Site": "same-origin"})
    return page


def proxy(make: Make) -> TestResponse:
    """TLS ends at a proxy in front of the app, which sees http."""
    site = make(config={"TRUSTED_HOSTS": ["app.example"]})
    return site.browser().get("/auth/idp", base_url="http://app.example")


def base_url(make: Make) -> TestResponse:
    return make().browser().get("/auth/idp", base_url="https://app.example")


def configured(**settings: Any) -> Story:
    return lambda make: make(**settings).browser().get("/auth/idp")


def without_a_secret(make: Make) -> TestResponse:
    return make(config={"SECRET_KEY": None}).browser().get(f"{CALLBACK}?state=x")


def with_a_form_that_is_not_read(make: Make) -> TestResponse:
    """As multipart, for example because the form has an enctype: it must not become a plain sign-in."""
    site = make()
    site.user = lambda: 7
    return site.browser().post("/auth/idp", data={"connect": ""}, content_type="multipart/form-data")


def store_reply_lost(make: Make) -> TestResponse:
    lost = mock.Mock(claim=mock.Mock(side_effect=proofkey.TransportError("store_reply_lost", request_sent=False)))
    with mock.patch("proofkey.replay_store.from_url", lambda url: lost):
        site = make(config={"PROOFKEY_REPLAY_STORE": "redis://lost"})
        browser = site.browser()
        return browser.get(site.callback_url(browser))


def store_down(make: Make) -> TestResponse:
    site = make(config={"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"})
    return site.browser().get("/auth/idp")


def prefetch(make: Make) -> TestResponse:
    return make().browser().get("/auth/idp", headers={"Sec-Purpose": "prefetch;prerender"})


def grant_ended(make: Make) -> TestResponse:
    """The app calls the provider's API for a user who has not signed in with this provider."""
    store = f"file://{mkdtemp(dir=FOLDER.name)}/tokens"
    site = make(config={"PROOFKEY_TOKEN_STORE": store}, api_origins="https://api.example.com")
    site.user = lambda: "user-1"
    return site.browser().get("/files")


FOLDER = TemporaryDirectory()
"""For the stores here. It is deleted at the end."""

STORIES: list[tuple[str, int, Story]] = [
    ("no_cookie", 400, no_cookie),
    ("cookies_malformed", 400, cookies_folded(", other=1")),
    ("cookies_malformed", 400, cookies_folded(", other=1", "other=1, ")),
    ("cookies_malformed", 400, cookies_folded("", "other=1, ")),
    ("cookies_malformed", 400, cookie_repeated),
    ("expired", 400, expired_cookie_came),
    ("expired", 400, expired_cookie_gone),
    ("other_host", 400, other_host),
    ("other_host", 400, base_url_of_another_host),
    ("not_issued_here", 400, made_up),
    ("not_issued_here", 400, state_missing),
    ("not_issued_here", 400, state_altered),
    ("not_issued_here", 400, other_secret),
    ("already_finished", 400, already_finished),
    ("denied", 400, with_fault(faults.denied())),
    ("provider_error", 502, with_fault(faults.denied("temporarily_unavailable"))),
    ("provider_error", 502, with_fault(faults.code_used())),
    ("issuer_mismatch", 400, with_fault(faults.iss_wrong())),
    ("issuer_mismatch", 400, with_fault(faults.iss_missing())),
    ("network_before", 502, network_before),
    ("network_before", 502, network_at_discovery),
    ("network_after", 502, with_fault(faults.cut_before_response("token"))),
    ("callback_malformed", 400, twice("state")),
    ("callback_malformed", 400, twice("code")),
    ("callback_malformed", 400, code_missing),
    ("user_changed", 400, user_changed),
    ("post_required", 400, connect_by_link),
    ("too_many", 400, too_many),
    ("grant_ended", 400, grant_ended),
    ("base_url", 503, base_url),
    ("configuration", 503, configured(client_id="")),
    ("configuration", 503, configured(scope="not \\ allowed")),
    ("configuration", 503, configured(extra={"state": "mine"})),
    ("configuration", 503, configured(config={"SECRET_KEY": "weak"})),
    ("configuration", 503, configured(scope=" ".join(["https://api.example/files.readonly"] * 36))),
    ("configuration", 503, configured(scope=" ".join(f"scope-{number:040}" for number in range(70)))),
    ("configuration", 503, configured(scope=" ".join(f"scope-{number:040}" for number in range(250)))),
    ("configuration", 503, without_a_secret),
    ("configuration", 503, with_a_form_that_is_not_read),
    ("store", 503, store_down),
    ("store_reply_lost", 503, store_reply_lost),
    ("prefetch", 503, prefetch),
]

OF_TRUSTED_HOSTS: list[tuple[str, int, Story]] = [("proxy", 503, proxy)]
"""Only frameworks that compare the host with a list know an address that is not configured."""

ROWS = [
    pytest.param(site, name, status, story, id=f"{site.framework}-{name}-{index}")
    for site in SITES
    for index, (name, status, story) in enumerate([*STORIES, *(OF_TRUSTED_HOSTS if site in TRUSTING else [])])
]


@pytest.mark.parametrize(("make", "name", "status", "story"), ROWS, indirect=["make"])
def test_each_cause_has_its_page(make: Make, name: str, status: int, story: Story) -> None:
    page = story(make)
    assert cause(page) == (name, status)
    assert CAUSES[name].title in page.text.replace("&#x27;", "'")


def test_every_cause_is_tested() -> None:
    assert {name for name, _, _ in [*STORIES, *OF_TRUSTED_HOSTS]} == set(CAUSES)


def test_an_older_secret_still_opens(make: Make) -> None:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    new = "the new secret, of at least 32 bytes, too"
    renewed = make(config={"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": [SECRET]})
    after = renewed.browser()
    copy_cookies(browser, after)
    assert is_signed_in(after.get(url))
    assert is_signed_in(after.get(renewed.callback_url(after)))


@pytest.mark.parametrize("make", TRUSTING, indirect=True, ids=[site.framework for site in TRUSTING])
def test_behind_a_proxy_with_proxy_fix(make: Make) -> None:
    site = make(config={"TRUSTED_HOSTS": ["app.example"]}, base="http://app.example")
    site.wsgi = ProxyFix(site.wsgi, x_proto=1)
    browser = site.browser()
    url = site.begin(browser, headers={"X-Forwarded-Proto": "https"})
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in url
    assert all(name.startswith("__Host-proofkey-") for name in cookies(browser))
    assert is_signed_in(browser.get(site.server.sign_in(url)))


def test_behind_a_proxy_with_a_configured_address(make: Make, server: testing.AuthorizationServer) -> None:
    """FL-10: the app sees http at an internal name, but the configured address counts."""
    site = make(config={"PROOFKEY_BASE_URL": "https://app.example/"}, base="http://10.0.0.7:8000")
    browser = site.browser()
    url = site.begin(browser)
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in url
    [(name, value)] = cookies(browser).items()
    query = server.sign_in(url).partition("?")[2]
    assert is_signed_in(site.get(f"{CALLBACK}?{query}", f"{name}={value}"))


@pytest.mark.parametrize("fault", [faults.unavailable("metadata"), faults.cut_within_body("metadata")])
def test_a_failing_discovery_at_the_callback_loses_no_login(
    make: Make, server: testing.AuthorizationServer, fault: faults.Fault[Any]
) -> None:
    """The callback goes to another worker, which has not discovered the provider yet."""
    one, two = make(issuer=server.issuer), make(issuer=server.issuer)
    browser, other = one.browser(), two.browser()
    url = one.callback_url(browser)
    copy_cookies(browser, other)
    with server.inject(fault):
        assert cause(other.get(url))[1] == 502
    with later(5):
        assert is_signed_in(other.get(url))


def test_an_unreachable_provider_loses_no_login(make: Make, server: testing.AuthorizationServer) -> None:
    """Connecting to the token endpoint fails, and a reload finishes the login later."""
    gate = Gate(server)
    site = make(issuer=server.issuer)
    server.inject(faults.members("metadata", token_endpoint=gate.token_endpoint))
    browser = site.browser()
    url = site.callback_url(browser)
    for _ in range(2):
        assert cause(browser.get(url)) == ("network_before", 502)
    gate.open()
    assert is_signed_in(browser.get(url))


PREFETCHES = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Purpose": "prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
    {"Purpose": "Prefetch"},
]


@pytest.mark.parametrize("headers", [*PREFETCHES, None])
def test_a_prefetch_uses_nothing_up(make: Make, headers: dict[str, str] | None) -> None:
    """CB-18, FL-06. The case without headers is a HEAD request."""
    site = make()
    refusals: list[LoginRefused] = []
    site.on_error = refusals.append
    browser = site.browser()
    ask = browser.head if headers is None else browser.get
    page = ask("/auth/idp", headers=headers)
    assert (page.status_code, page.headers["Cache-Control"], cookies(browser)) == (503, "no-store", {})
    url = site.callback_url(browser)
    page = ask(url, headers=headers)
    assert (page.status_code, page.headers["Cache-Control"], site.codes_sent) == (503, "no-store", 0)
    assert is_signed_in(browser.get(url))
    assert refusals == []


def test_a_refusal_as_an_exception() -> None:
    refusal = LoginRefused("expired", provider="idp")
    assert (str(refusal), refusal.status, refusal.error) == ("expired", 400, None)
    assert (refusal.title, refusal.text) == (CAUSES["expired"].title, CAUSES["expired"].text)
    assert repr(refusal) == "LoginRefused('expired')"


def test_an_app_can_catch_a_refusal(make: Make) -> None:
    page = make().browser().get("/mine")
    assert (page.status_code, page.text) == (418, "post_required")
