"""The pages of the Flask extension, and what an app may put in their place."""

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
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


class Page(HTMLParser):
    """Checks that what is opened is closed, in the right order."""

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
def test_they_are_whole(response: flask.Response) -> None:
    page = Page(text_of(response))
    assert page.declared == "doctype html"
    assert page.seen[0] == ("html", {"lang": "en"})
    assert page.seen[1] == ("meta", {"charset": "utf-8"})
    assert page.attributes("meta")[1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert page.texts["title"] and page.texts["title"] == page.texts["h1"]
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "http" not in text_of(response).replace("https and sees http", ""), "nothing comes from elsewhere"
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for rule in ("base-uri 'none'", "frame-ancestors 'none'"):
        assert rule in policy
    for tag in ("style", "script"):
        for attributes in page.attributes(tag):
            assert f"{tag}-src 'nonce-{attributes['nonce']}'" in policy


def test_a_way_to_try_again() -> None:
    refusal = LoginRefused("expired", provider="idp")
    assert Page(text_of(_pages.refused(refusal, '/"><b>'))).attributes("a") == [{"href": '/"><b>'}]
    assert Page(text_of(_pages.refused(refusal, None))).attributes("a") == []


def test_the_name_of_the_error(server: testing.Provider) -> None:
    error = proofkey.CallbackError("login_expired")
    page = Page(text_of(_pages.refused(LoginRefused("expired", provider="idp", error=error), None)))
    assert page.texts["small"] == "expired · login_expired"


def test_a_page_of_the_apps_own(server: testing.Provider) -> None:
    site = Site(server)
    told: list[LoginRefused] = []

    @site.auth.on_error
    def refused(refusal: LoginRefused) -> flask.typing.ResponseReturnValue:
        told.append(refusal)
        return f"sorry: {refusal.cause}", 418

    with server.bend(faults.denied()):
        browser = site.browser()
        page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.text) == (418, "sorry: denied")
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    [refusal] = told
    assert (refusal.cause, refusal.provider, refusal.status) == ("denied", "idp", 400)
    assert isinstance(refusal.error, proofkey.AuthorizationError) and refusal.error.error == "access_denied"
    assert isinstance(refusal.__cause__, proofkey.AuthorizationError)


def test_none_is_the_built_in_page(server: testing.Provider) -> None:
    site = Site(server)
    told: list[str] = []
    site.auth.on_error(lambda refusal: told.append(refusal.cause))
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    assert told == ["not_issued_here"]


def test_a_refusal_is_logged_by_its_name(server: testing.Provider, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(server)
    site.browser().get(f"{CALLBACK}?state=x")
    with server.bend(faults.cut_before_answer("token")):
        browser = site.browser()
        browser.get(site.callback_url(browser))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "proofkey: the login with idp ended: not_issued_here"),
        ("ERROR", "proofkey: the login with idp ended: network_after (answer_interrupted)"),
    ]


def test_the_apps_other_handlers_are_left_alone(server: testing.Provider) -> None:
    site = Site(server)
    site.app.register_error_handler(Exception, lambda error: ("the app's page for everything", 500))
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    page = site.browser().get("/nowhere")
    assert page.text == "the app's page for everything"


def test_a_handler_may_refuse(server: testing.Provider) -> None:
    """And answer anything that a view may."""
    site = Site(server)
    site.auth._handlers["idp"] = lambda login: ({"user": login.provider}, 201)
    browser = site.browser()
    page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.json) == (201, {"user": "idp"})
