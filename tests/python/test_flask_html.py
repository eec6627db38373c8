"""The pages of the Flask extension, and the pages with which an app replaces them."""

from collections.abc import Iterator
from html.parser import HTMLParser

import flask
import proofkey
import pytest
from flask_site import CALLBACK, Site, cause
from proofkey import testing
from proofkey.flask import CAUSES, LoginRefused, _pages
from proofkey.testing import faults


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


class Page(HTMLParser):
    """A page in which every element is closed, in the right order."""

    VOID = ("meta", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.declared = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_decl(self, decl: str) -> None:
        self.declared = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


def text_of(response: flask.Response) -> str:
    return response.get_data(as_text=True)


PAGES = [
    *(_pages.refused(LoginRefused(name, provider="idp"), "/auth/idp") for name in CAUSES),
    _pages.refused(LoginRefused("expired", provider="idp", error=proofkey.CallbackError("login_expired")), None),
    _pages.post_again([("state", "x")]),
]


@pytest.mark.parametrize("response", PAGES)
def test_pages_are_complete(response: flask.Response) -> None:
    page = Page(text_of(response))
    assert page.declared == "doctype html"
    assert page.seen[0] == ("html", {"lang": "en"})
    assert page.seen[1] == ("meta", {"charset": "utf-8"})
    assert page.attributes("meta")[1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert page.texts["title"] and page.texts["title"] == page.texts["h1"]
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "://" not in text_of(response), "nothing is loaded from elsewhere"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for rule in ("base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    for tag in ("style", "script"):
        for attributes in page.attributes(tag):
            assert f"{tag}-src 'nonce-{attributes['nonce']}'" in policy


def test_the_link_to_try_again() -> None:
    refusal = LoginRefused("expired", provider="idp")
    assert Page(text_of(_pages.refused(refusal, '/"><b>'))).attributes("a") == [{"href": '/"><b>'}]
    assert Page(text_of(_pages.refused(refusal, None))).attributes("a") == []


def test_the_name_of_the_error(server: testing.AuthorizationServer) -> None:
    error = proofkey.CallbackError("login_expired")
    page = Page(text_of(_pages.refused(LoginRefused("expired", provider="idp", error=error), None)))
    assert page.texts["small"] == "expired · login_expired"


def test_the_app_can_show_its_own_page(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    refusals: list[LoginRefused] = []

    @site.auth.on_error
    def refused(refusal: LoginRefused) -> flask.typing.ResponseReturnValue:
        refusals.append(refusal)
        return f"sorry: {refusal.cause}", 418

    with server.inject(faults.denied()):
        browser = site.browser()
        page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.text) == (418, "sorry: denied")
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    [refusal] = refusals
    assert (refusal.cause, refusal.provider, refusal.status) == ("denied", "idp", 400)
    assert isinstance(refusal.error, proofkey.AuthorizationError) and refusal.error.error == "access_denied"
    assert isinstance(refusal.__cause__, proofkey.AuthorizationError)


def test_a_handler_that_returns_none_gets_the_built_in_page(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    causes: list[str] = []
    site.auth.on_error(lambda refusal: causes.append(refusal.cause))
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    assert causes == ["not_issued_here"]


def test_a_refusal_is_logged_by_its_name(server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(server)
    site.browser().get(f"{CALLBACK}?state=x")
    with server.inject(faults.cut_before_response("token")):
        browser = site.browser()
        browser.get(site.callback_url(browser))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "proofkey: login with idp failed: not_issued_here"),
        ("ERROR", "proofkey: login with idp failed: network_after (response_interrupted)"),
    ]


def test_error_handlers_of_the_app_still_work(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    site.app.register_error_handler(Exception, lambda error: ("the app's page for everything", 500))
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    page = site.browser().get("/nowhere")
    assert page.text == "the app's page for everything"


def test_a_handler_can_return_whatever_a_view_can(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    site.auth._handlers["idp"] = lambda user: ({"user": user.provider}, 201)
    browser = site.browser()
    page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.json) == (201, {"user": "idp"})
