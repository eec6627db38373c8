"""Callbacks that the provider posts (QK-18): they arrive without cookies, and are posted once more from this site."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode

import flask
import pytest
from proofkey import testing
from sites import CALLBACK, FlaskSite, Make, Site, cause, cookies, is_signed_in
from werkzeug.test import Client, TestResponse

FORM = "application/x-www-form-urlencoded"


class Form(HTMLParser):
    """The form of a page, as a browser posts it when the button is pressed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.forms: list[dict[str, str | None]] = []
        self.buttons = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(attributes)
        if tag == "input":
            self.fields.append((attributes["name"] or "", attributes["value"] or ""))
        self.buttons += tag == "button"


def post_from_elsewhere(site: Site, form: list[tuple[str, str]]) -> TestResponse:
    """Posts the form as from another site: the browser sends no cookies, because they are Lax."""
    return post(site.browser(), form)


def post(browser: Client, form: list[tuple[str, str]]) -> TestResponse:
    """Posts a form of this site."""
    return browser.post(CALLBACK, data=urlencode(form), content_type=FORM)


def begun(site: Site) -> tuple[Client, list[tuple[str, str]]]:
    browser = site.browser()
    response = site.server.browse(site.begin(browser))
    assert response.body is not None
    return browser, parse_qsl(response.body)


def test_signing_in(make: Make) -> None:
    site = make(response_mode="form_post")
    browser, form = begun(site)
    page = post_from_elsewhere(site, [*form, ("user", '{"name":"x"}'), ("proofkey_other", "1")])
    assert page.status_code == 200
    again = Form(page.text)
    assert again.forms == [{"method": "post"}], "to the same URL"
    assert again.fields == [*form, ("proofkey_again", "1")], "and no other fields"
    assert again.buttons == 1
    assert "Set-Cookie" not in page.headers
    assert site.codes_sent == 0
    finished = post(browser, again.fields)
    assert is_signed_in(finished)
    assert site.codes_sent == 1
    assert cause(post(browser, again.fields)) == ("already_finished", 400)


def test_the_headers_of_the_page(make: Make) -> None:
    site = make(response_mode="form_post")
    page = post_from_elsewhere(site, begun(site)[1])
    policy = dict(part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";"))
    [script] = re.findall(r'<script nonce="([^"]+)">', page.text)
    [style] = re.findall(r'<style nonce="([^"]+)">', page.text)
    assert policy == {
        "default-src": "'none'", "script-src": f"'nonce-{script}'", "style-src": f"'nonce-{style}'",
        "base-uri": "'none'", "frame-ancestors": "'none'",
    }, "and no form-action, which would forbid the app to redirect to another origin"  # fmt: skip
    assert script not in post_from_elsewhere(site, begun(site)[1]).text
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("state", [None, "", "A" * 56, "AQ" + "A" * 54, "x", "\0"])
def test_no_page_without_an_authentic_state(make: Make, state: str | None) -> None:
    site = make(response_mode="form_post")
    form = [("code", "x"), *([] if state is None else [("state", state)])]
    assert cause(post_from_elsewhere(site, form)) == ("not_issued_here", 400)


def test_no_page_for_two_states(make: Make) -> None:
    site = make(response_mode="form_post")
    form = begun(site)[1]
    state = dict(form)["state"]
    assert cause(post_from_elsewhere(site, [*form, ("state", state)])) == ("callback_malformed", 400)


def test_values_are_escaped(make: Make) -> None:
    site = make(response_mode="form_post")
    hostile = "\"><script>alert(1)</script>'&amp;\r\n<b>é"
    form = [
        ("state", dict(begun(site)[1])["state"]),
        ("error", hostile),
        ("error_description", hostile),
        ("iss", hostile),
    ]
    page = post_from_elsewhere(site, form)
    assert "alert(1)</script>" not in page.text and "<b>" not in page.text
    assert [value for name, value in Form(page.text).fields if name == "error"] == [hostile]


def test_a_repeated_parameter_is_refused_in_the_end(make: Make) -> None:
    site = make(response_mode="form_post")
    browser, form = begun(site)
    page = post_from_elsewhere(site, [*form, ("code", "other")])
    twice = Form(page.text).fields
    assert cause(post(browser, twice)) == ("callback_malformed", 400)
    assert is_signed_in(post(browser, [*form, ("proofkey_again", "1")]))


@pytest.mark.parametrize("again", [[], [("proofkey_again", "1")]])
def test_a_form_that_is_too_large(make: Make, again: list[tuple[str, str]]) -> None:
    site = make(response_mode="form_post")
    browser, form = begun(site)
    form = [*form, *again]
    padding = 64 * 1024 - len(urlencode([*form, ("x", "")]))
    assert cause(post(browser, [*form, ("x", "x" * (padding + 1))])) == ("callback_malformed", 400)
    if not again:
        assert post(browser, [*form, ("x", "x" * padding)]).status_code == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_a_form(make: Make, content_type: str) -> None:
    site = make(response_mode="form_post")
    browser, form = begun(site)
    assert cause(browser.post(CALLBACK, data=urlencode(form), content_type=content_type)) == ("not_issued_here", 400)


def test_a_form_that_the_app_has_already_read(server: testing.AuthorizationServer) -> None:
    """For example in a hook for CSRF tokens or for logging."""
    site = FlaskSite(server, response_mode="form_post")
    site.app.before_request(lambda: flask.request.form.get("csrf_token") and None)
    browser, form = begun(site)
    assert is_signed_in(post(browser, [*form, ("proofkey_again", "1")]))


def test_a_form_of_an_attacker_finishes_no_login(make: Make) -> None:
    """The attacker's page posts the attacker's callback. The browser posts it again, and has no cookie for it."""
    site = make(response_mode="form_post")
    victim, _ = begun(site)
    _, form_of_attacker = begun(site)
    again = Form(post_from_elsewhere(site, form_of_attacker).text).fields
    assert cause(post(victim, again)) == ("no_cookie", 400)
    assert len(cookies(victim)) == 1
    assert site.codes_sent == 0
