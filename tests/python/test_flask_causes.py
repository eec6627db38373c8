"""Every cause of a refusal, told apart: how it comes about, and what it is called."""

from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from flask_site import CALLBACK, SECRET, Gate, Site, cause, clock, cookies, is_signed_in
from proofkey import testing
from proofkey.flask import CAUSES, LoginRefused
from proofkey.testing import faults
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import TestResponse


@pytest.fixture
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


Story = Callable[[testing.Provider], TestResponse]


def no_cookie(server: testing.Provider) -> TestResponse:
    site = Site(server)
    return site.browser().get(site.callback_url(site.browser()))


def expired_cookie_came(server: testing.Provider) -> TestResponse:
    """The browser still has the cookie, and the native module finds the login too old."""
    site = Site(server)
    browser = site.browser()
    with clock(-601):
        url = site.callback_url(browser)
    assert len(cookies(browser)) == 1
    return browser.get(url)


def expired_cookie_gone(server: testing.Provider) -> TestResponse:
    """The browser has dropped the cookie: the state tells."""
    site = Site(server)
    with clock(-601):
        url = site.callback_url(site.browser())
    return site.browser().get(url)


def other_host(server: testing.Provider) -> TestResponse:
    site = Site(server, base="http://127.0.0.1")
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("127.0.0.1", "localhost", 1))


def base_url_of_another_host(server: testing.Provider) -> TestResponse:
    site = Site(server, config={"PROOFKEY_BASE_URL": "http://127.0.0.1"})
    browser = site.browser()
    return browser.get(site.callback_url(browser))


def made_up(server: testing.Provider) -> TestResponse:
    return Site(server).browser().get(f"{CALLBACK}?code=x&state=AQ{'A' * 54}")


def state_missing(server: testing.Provider) -> TestResponse:
    return Site(server).browser().get(f"{CALLBACK}?code=x")


def state_altered(server: testing.Provider) -> TestResponse:
    """The time in it: the MAC is over everything."""
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    at = url.index("state=") + len("state=") + 24
    return browser.get(url[:at] + ("B" if url[at] == "A" else "A") + url[at + 1 :])


def other_secret(server: testing.Provider) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    after = Site(server, config={"SECRET_KEY": "another secret, after a restart, of 32 bytes"}).browser()
    take_over(site, browser, after)
    return after.get(url)


def take_over(_site: Site, browser: Any, other: Any) -> None:
    """Puts the cookies of one browser into another."""
    for name, value in cookies(browser).items():
        other.set_cookie(name, value)


def already_finished(server: testing.Provider) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    assert is_signed_in(browser.get(url))
    return browser.get(url)


def bent(fault: faults.Fault[Any], **settings: Any) -> Story:
    def story(server: testing.Provider) -> TestResponse:
        site = Site(server, **settings)
        browser = site.browser()
        with server.bend(fault) as bend:
            page = browser.get(site.callback_url(browser))
            assert bend.hits
        return page

    return story


def network_before(server: testing.Provider) -> TestResponse:
    site = Site(server, issuer=server.issuer)
    server.stop()
    return site.browser().get("/auth/idp")


def network_at_discovery(server: testing.Provider) -> TestResponse:
    """The metadata was asked for, and no answer came: nothing of a login was sent."""
    with server.bend(faults.cut_before_answer("metadata")):
        return Site(server, issuer=server.issuer).browser().get("/auth/idp")


def twice(name: str) -> Story:
    def story(server: testing.Provider) -> TestResponse:
        site = Site(server)
        browser = site.browser()
        url = site.callback_url(browser)
        value = url.partition(f"{name}=")[2].partition("&")[0]
        page = browser.get(f"{url}&{name}={value}")
        assert is_signed_in(browser.get(url)), "the right answer may still come"
        return page

    return story


def code_missing(server: testing.Provider) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("code=", "kode="))


def user_changed(server: testing.Provider) -> TestResponse:
    site = Site(server)
    users = iter(["one", "two"])
    site.auth.user_loader(lambda: next(users))
    browser = site.browser()
    return browser.get(server.sign_in(browser.post("/auth/idp", data={"connect": ""}).location))


def connect_by_link(server: testing.Provider) -> TestResponse:
    site = Site(server)
    site.auth.user_loader(lambda: "one")
    return site.browser().get("/auth/idp?connect=1")


def too_many(server: testing.Provider) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    for _ in range(7):
        site.begin(browser)
    page = browser.get("/auth/idp", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'href="/auth/idp"' in page.text
    site.begin(browser, headers={"Sec-Fetch-Site": "same-origin"})
    return page


TRUSTED = {"TRUSTED_HOSTS": ["app.example"]}


def proxy(server: testing.Provider) -> TestResponse:
    """TLS ends before the app, which sees http."""
    site = Site(server, config=TRUSTED)
    return site.browser().get("/auth/idp", base_url="http://app.example")


def base_url(server: testing.Provider) -> TestResponse:
    return Site(server).browser().get("/auth/idp", base_url="https://app.example")


def configured(**settings: Any) -> Story:
    return lambda server: Site(server, **settings).browser().get("/auth/idp")


def without_a_secret(server: testing.Provider) -> TestResponse:
    return Site(server, config={"SECRET_KEY": None}).browser().get(f"{CALLBACK}?state=x")


def store_down(server: testing.Provider) -> TestResponse:
    site = Site(server, config={"PROOFKEY_STORE": "sqlite:////nowhere/at/all.db"})
    return site.browser().get("/auth/idp")


def prefetch(server: testing.Provider) -> TestResponse:
    return Site(server).browser().get("/auth/idp", headers={"Sec-Purpose": "prefetch;prerender"})


STORIES: list[tuple[str, int, Story]] = [
    ("no_cookie", 400, no_cookie),
    ("expired", 400, expired_cookie_came),
    ("expired", 400, expired_cookie_gone),
    ("other_host", 400, other_host),
    ("other_host", 400, base_url_of_another_host),
    ("not_issued_here", 400, made_up),
    ("not_issued_here", 400, state_missing),
    ("not_issued_here", 400, state_altered),
    ("not_issued_here", 400, other_secret),
    ("already_finished", 400, already_finished),
    ("denied", 400, bent(faults.denied())),
    ("provider_error", 502, bent(faults.denied("temporarily_unavailable"))),
    ("provider_error", 502, bent(faults.code_used())),
    ("issuer_mismatch", 400, bent(faults.iss_wrong())),
    ("issuer_mismatch", 400, bent(faults.iss_missing())),
    ("network_before", 502, network_before),
    ("network_before", 502, network_at_discovery),
    ("network_after", 502, bent(faults.cut_before_answer("token"))),
    ("callback_malformed", 400, twice("state")),
    ("callback_malformed", 400, twice("code")),
    ("callback_malformed", 400, code_missing),
    ("user_changed", 400, user_changed),
    ("post_required", 400, connect_by_link),
    ("too_many", 400, too_many),
    ("proxy", 503, proxy),
    ("base_url", 503, base_url),
    ("configuration", 503, configured(client_id="")),
    ("configuration", 503, configured(scope="not \\ allowed")),
    ("configuration", 503, configured(extra={"state": "mine"})),
    ("configuration", 503, configured(config={"SECRET_KEY": "weak"})),
    ("configuration", 503, configured(scope=" ".join(f"scope-{number:040}" for number in range(70)))),
    ("configuration", 503, configured(scope=" ".join(f"scope-{number:040}" for number in range(250)))),
    ("configuration", 503, without_a_secret),
    ("store", 503, store_down),
    ("prefetch", 503, prefetch),
]


@pytest.mark.parametrize(
    ("name", "status", "story"), STORIES, ids=[f"{row[0]}-{index}" for index, row in enumerate(STORIES)]
)
def test_each_is_told_apart(server: testing.Provider, name: str, status: int, story: Story) -> None:
    page = story(server)
    assert cause(page) == (name, status)
    assert CAUSES[name].title in page.text.replace("&#x27;", "'")


def test_all_of_them_are_told() -> None:
    assert {name for name, _, _ in STORIES} == set(CAUSES)


def test_an_older_secret_still_opens(server: testing.Provider) -> None:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    renewed = Site(
        server, config={"SECRET_KEY": "the new secret, of at least 32 bytes, too", "SECRET_KEY_FALLBACKS": [SECRET]}
    )
    after = renewed.browser()
    take_over(site, browser, after)
    assert is_signed_in(after.get(url))
    assert is_signed_in(after.get(renewed.callback_url(after)))


def test_behind_a_proxy_that_is_named(server: testing.Provider) -> None:
    site = Site(server, config=TRUSTED, base="http://app.example")
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app, x_proto=1)  # type: ignore[method-assign]
    browser = site.browser()
    page = browser.get("/auth/idp", base_url=site.base, headers={"X-Forwarded-Proto": "https"})
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in page.location
    assert all(name.startswith("__Host-proofkey-") for name in cookies(browser))
    back = server.sign_in(page.location)
    assert is_signed_in(browser.get(back))


def test_behind_a_proxy_with_the_address_configured(server: testing.Provider) -> None:
    """FL-10: what the app sees is http at a name of the inside, what counts is the configured address."""
    site = Site(server, config={"PROOFKEY_BASE_URL": "https://app.example/"}, base="http://10.0.0.7:8000")
    browser = site.browser()
    url = site.begin(browser)
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in url
    [(name, value)] = cookies(browser).items()
    query = server.sign_in(url).partition("?")[2]
    proxied = site.app.test_client(use_cookies=False)
    page = proxied.get(f"{CALLBACK}?{query}", base_url=site.base, headers={"Cookie": f"{name}={value}"})
    assert is_signed_in(page)


@pytest.mark.parametrize("fault", [faults.unavailable("metadata"), faults.cut_within_body("metadata")])
def test_metadata_that_fails_meanwhile_loses_no_login(server: testing.Provider, fault: faults.Fault[Any]) -> None:
    """The callback comes to another worker, which has not found the provider yet."""
    one, two = Site(server, issuer=server.issuer), Site(server, issuer=server.issuer)
    browser, other = one.browser(), two.browser()
    url = one.callback_url(browser)
    take_over(one, browser, other)
    with server.bend(fault):
        assert cause(other.get(url))[1] == 502
    assert is_signed_in(other.get(url))


def test_a_provider_that_is_away_loses_no_login(server: testing.Provider) -> None:
    """Connecting to the token endpoint fails; a moment later the page is loaded again."""
    gate = Gate(server)
    site = Site(server, issuer=server.issuer)
    server.bend(faults.members("metadata", token_endpoint=gate.token_endpoint))
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
def test_looking_ahead_spends_nothing(server: testing.Provider, headers: dict[str, str] | None) -> None:
    """CB-18, FL-06; without headers it is HEAD."""
    site = Site(server)
    told: list[LoginRefused] = []
    site.auth.on_error(told.append)
    browser = site.browser()
    ask = browser.head if headers is None else browser.get
    page = ask("/auth/idp", headers=headers)
    assert (page.status_code, page.headers["Cache-Control"], cookies(browser)) == (503, "no-store", {})
    url = site.callback_url(browser)
    page = ask(url, headers=headers)
    assert (page.status_code, page.headers["Cache-Control"], site.codes_sent) == (503, "no-store", 0)
    assert is_signed_in(browser.get(url))
    assert told == []


def test_a_refusal_as_an_exception() -> None:
    refusal = LoginRefused("expired", provider="idp")
    assert (str(refusal), refusal.status, refusal.error) == ("expired", 400, None)
    assert (refusal.title, refusal.text) == (CAUSES["expired"].title, CAUSES["expired"].text)
    assert repr(refusal) == "LoginRefused('expired')"


def test_an_app_may_catch_it(server: testing.Provider) -> None:
    site = Site(server)

    @site.app.get("/mine")
    def mine() -> flask.typing.ResponseReturnValue:
        try:
            return site.auth["idp"].begin(connect=True)
        except LoginRefused as refusal:
            return refusal.cause, 418

    page = site.browser().get("/mine")
    assert (page.status_code, page.text) == (418, "post_required")
