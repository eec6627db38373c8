"""The built-in pages, and the pages with which an app replaces them."""

from collections.abc import Callable
from html.parser import HTMLParser

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults
from proofkey.web import CAUSES, LoginRefused, Response, _pages
from sites import CALLBACK, Site, cause

Make = Callable[..., Site]


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


def text_of(response: Response) -> str:
    return response.body.decode()


PAGES = [
    *(_pages.refused(LoginRefused(name, provider="idp"), "/auth/idp") for name in CAUSES),
    _pages.refused(LoginRefused("expired", provider="idp", error=proofkey.CallbackError("login_expired")), None),
    _pages.post_again([("state", "x")]),
]


@pytest.mark.parametrize("response", PAGES)
def test_pages_are_complete(response: Response) -> None:
    page, headers = Page(text_of(response)), dict(response.headers)
    assert len(headers) == len(response.headers)
    assert page.declared == "doctype html"
    assert page.seen[0] == ("html", {"lang": "en"})
    assert page.seen[1] == ("meta", {"charset": "utf-8"})
    assert page.attributes("meta")[1] == {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert page.texts["title"] and page.texts["title"] == page.texts["h1"]
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "://" not in text_of(response), "nothing is loaded from elsewhere"
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    policy = headers["Content-Security-Policy"]
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


def test_the_name_of_the_error() -> None:
    error = proofkey.CallbackError("login_expired")
    page = Page(text_of(_pages.refused(LoginRefused("expired", provider="idp", error=error), None)))
    assert page.texts["small"] == "expired · login_expired"


def test_the_app_can_show_its_own_page(make: Make, server: testing.AuthorizationServer) -> None:
    site = make()
    refusals: list[LoginRefused] = []

    def refused(refusal: LoginRefused) -> tuple[str, int]:
        refusals.append(refusal)
        return f"sorry: {refusal.cause}", 418

    site.on_error = refused
    with server.inject(faults.denied()):
        browser = site.browser()
        page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.text) == (418, "sorry: denied")
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    [refusal] = refusals
    assert (refusal.cause, refusal.provider, refusal.status) == ("denied", "idp", 400)
    assert isinstance(refusal.error, proofkey.AuthorizationError) and refusal.error.error == "access_denied"
    assert isinstance(refusal.__cause__, proofkey.AuthorizationError)


@pytest.mark.parametrize("path", ["/auth/idp", "/own", "/mine"])
def test_a_page_of_the_apps_own_for_a_login_that_cannot_begin(make: Make, path: str) -> None:
    site = make(client_id="")
    site.on_error = lambda refusal: (refusal.cause, 418)
    page = site.browser().get(path)
    assert page.status_code == 418
    if site.framework == "flask" or path != "/mine":  # Elsewhere, a view that catches a refusal adds its headers.
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_handler_that_returns_none_gets_the_built_in_page(make: Make) -> None:
    site = make()
    causes: list[str] = []

    def refused(refusal: LoginRefused) -> None:
        causes.append(refusal.cause)

    site.on_error = refused
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    assert causes == ["not_issued_here"]


def test_a_refusal_is_logged_by_its_name(
    make: Make, server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    site = make()
    site.browser().get(f"{CALLBACK}?state=x")
    with server.inject(faults.cut_before_response("token")):
        browser = site.browser()
        browser.get(site.callback_url(browser))
    seen = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == site.logger]
    assert seen[0] == ("WARNING", "proofkey: login with idp failed: not_issued_here")
    [(level, line)] = seen[1:]
    assert level == "ERROR"
    assert line.startswith("proofkey: login with idp failed: network_after: response_interrupted: the c")
