"""Every cause of a refused login: how it happens, and that the page names it."""

from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient
from flask_site import CALLBACK, SECRET, Gate, Site, cause, clock, cookies, is_signed_in
from proofkey import testing
from proofkey.flask import CAUSES, LoginRefused
from proofkey.testing import faults
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import TestResponse


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


Story = Callable[[testing.AuthorizationServer], TestResponse]


def no_cookie(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    return site.browser().get(site.callback_url(site.browser()))


def expired_cookie_came(server: testing.AuthorizationServer) -> TestResponse:
    """The browser still has the cookie, and the sealed login in it has expired."""
    site = Site(server)
    browser = site.browser()
    with clock(-601):
        url = site.callback_url(browser)
    assert len(cookies(browser)) == 1
    return browser.get(url)


def expired_cookie_gone(server: testing.AuthorizationServer) -> TestResponse:
    """The browser has dropped the cookie, but the state says when the login began."""
    site = Site(server)
    with clock(-601):
        url = site.callback_url(site.browser())
    return site.browser().get(url)


def other_host(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server, base="http://127.0.0.1")
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("127.0.0.1", "localhost", 1))


def base_url_of_another_host(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server, config={"PROOFKEY_BASE_URL": "http://127.0.0.1"})
    browser = site.browser()
    return browser.get(site.callback_url(browser))


def made_up(server: testing.AuthorizationServer) -> TestResponse:
    return Site(server).browser().get(f"{CALLBACK}?code=x&state=AQ{'A' * 54}")


def state_missing(server: testing.AuthorizationServer) -> TestResponse:
    return Site(server).browser().get(f"{CALLBACK}?code=x")


def state_altered(server: testing.AuthorizationServer) -> TestResponse:
    """The time in the state is changed; its MAC no longer fits."""
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    at = url.index("state=") + len("state=") + 24
    return browser.get(url[:at] + ("B" if url[at] == "A" else "A") + url[at + 1 :])


def other_secret(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    after = Site(server, config={"SECRET_KEY": "another secret, after a restart, of 32 bytes"}).browser()
    copy_cookies(browser, after)
    return after.get(url)


def copy_cookies(browser: FlaskClient, other: FlaskClient) -> None:
    for name, value in cookies(browser).items():
        other.set_cookie(name, value)


def already_finished(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    assert is_signed_in(browser.get(url))
    return browser.get(url)


def with_fault(fault: faults.Fault[Any], **settings: Any) -> Story:
    def story(server: testing.AuthorizationServer) -> TestResponse:
        site = Site(server, **settings)
        browser = site.browser()
        with server.inject(fault) as injected:
            page = browser.get(site.callback_url(browser))
            assert injected.hits
        return page

    return story


def network_before(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server, issuer=server.issuer)
    server.stop()
    return site.browser().get("/auth/idp")


def network_at_discovery(server: testing.AuthorizationServer) -> TestResponse:
    """The request for the metadata gets no response; nothing of a login was sent."""
    with server.inject(faults.cut_before_response("metadata")):
        return Site(server, issuer=server.issuer).browser().get("/auth/idp")


def twice(name: str) -> Story:
    def story(server: testing.AuthorizationServer) -> TestResponse:
        site = Site(server)
        browser = site.browser()
        url = site.callback_url(browser)
        value = url.partition(f"{name}=")[2].partition("&")[0]
        page = browser.get(f"{url}&{name}={value}")
        assert is_signed_in(browser.get(url)), "the right callback may still come"
        return page

    return story


def code_missing(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    return browser.get(site.callback_url(browser).replace("code=", "kode="))


def user_changed(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    users = iter(["one", "two"])
    site.auth.user_loader(lambda: next(users))
    browser = site.browser()
    return browser.get(server.sign_in(browser.post("/auth/idp", data={"connect": ""}).location))


def connect_by_link(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    site.auth.user_loader(lambda: "one")
    return site.browser().get("/auth/idp?connect=1")


def too_many(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server)
    browser = site.browser()
    for _ in range(7):
        site.begin(browser)
    page = browser.get("/auth/idp", headers={"Sec-Fetch-Site": "cross-site"})
    assert 'href="/auth/idp"' in page.text
    site.begin(browser, headers={"Sec-Fetch-Site": "same-origin"})
    return page


TRUSTED = {"TRUSTED_HOSTS": ["app.example"]}


def proxy(server: testing.AuthorizationServer) -> TestResponse:
    """TLS ends at a proxy in front of the app, which sees http."""
    site = Site(server, config=TRUSTED)
    return site.browser().get("/auth/idp", base_url="http://app.example")


def base_url(server: testing.AuthorizationServer) -> TestResponse:
    return Site(server).browser().get("/auth/idp", base_url="https://app.example")


def configured(**settings: Any) -> Story:
    return lambda server: Site(server, **settings).browser().get("/auth/idp")


def without_a_secret(server: testing.AuthorizationServer) -> TestResponse:
    return Site(server, config={"SECRET_KEY": None}).browser().get(f"{CALLBACK}?state=x")


def store_down(server: testing.AuthorizationServer) -> TestResponse:
    site = Site(server, config={"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"})
    return site.browser().get("/auth/idp")


def prefetch(server: testing.AuthorizationServer) -> TestResponse:
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
def test_each_cause_has_its_page(server: testing.AuthorizationServer, name: str, status: int, story: Story) -> None:
    page = story(server)
    assert cause(page) == (name, status)
    assert CAUSES[name].title in page.text.replace("&#x27;", "'")


def test_every_cause_is_tested() -> None:
    assert {name for name, _, _ in STORIES} == set(CAUSES)


def test_an_older_secret_still_opens(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    renewed = Site(
        server, config={"SECRET_KEY": "the new secret, of at least 32 bytes, too", "SECRET_KEY_FALLBACKS": [SECRET]}
    )
    after = renewed.browser()
    copy_cookies(browser, after)
    assert is_signed_in(after.get(url))
    assert is_signed_in(after.get(renewed.callback_url(after)))


def test_behind_a_proxy_with_proxy_fix(server: testing.AuthorizationServer) -> None:
    site = Site(server, config=TRUSTED, base="http://app.example")
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app, x_proto=1)  # type: ignore[method-assign]
    browser = site.browser()
    page = browser.get("/auth/idp", base_url=site.base, headers={"X-Forwarded-Proto": "https"})
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in page.location
    assert all(name.startswith("__Host-proofkey-") for name in cookies(browser))
    back = server.sign_in(page.location)
    assert is_signed_in(browser.get(back))


def test_behind_a_proxy_with_a_configured_address(server: testing.AuthorizationServer) -> None:
    """FL-10: the app sees http at an internal name, but the configured address counts."""
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
def test_a_failing_discovery_at_the_callback_loses_no_login(
    server: testing.AuthorizationServer, fault: faults.Fault[Any]
) -> None:
    """The callback goes to another worker, which has not discovered the provider yet."""
    one, two = Site(server, issuer=server.issuer), Site(server, issuer=server.issuer)
    browser, other = one.browser(), two.browser()
    url = one.callback_url(browser)
    copy_cookies(browser, other)
    with server.inject(fault):
        assert cause(other.get(url))[1] == 502
    assert is_signed_in(other.get(url))


def test_an_unreachable_provider_loses_no_login(server: testing.AuthorizationServer) -> None:
    """Connecting to the token endpoint fails, and a reload finishes the login later."""
    gate = Gate(server)
    site = Site(server, issuer=server.issuer)
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
def test_a_prefetch_uses_nothing_up(server: testing.AuthorizationServer, headers: dict[str, str] | None) -> None:
    """CB-18, FL-06. The case without headers is a HEAD request."""
    site = Site(server)
    refusals: list[LoginRefused] = []
    site.auth.on_error(refusals.append)
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


def test_an_app_can_catch_a_refusal(server: testing.AuthorizationServer) -> None:
    site = Site(server)

    @site.app.get("/mine")
    def mine() -> flask.typing.ResponseReturnValue:
        try:
            return site.auth["idp"].begin(connect=True)
        except LoginRefused as refusal:
            return refusal.cause, 418

    page = site.browser().get("/mine")
    assert (page.status_code, page.text) == (418, "post_required")
