"""The recipe of docs/flask.md with Flask-WTF's CSRFProtect and Flask-Talisman, the packages, over https."""

import re
from collections.abc import Iterator

import flask
import pytest
from docs_programs import USERS, run
from flask.testing import FlaskClient
from proofkey import testing
from werkzeug.test import TestResponse

BASE = "https://localhost"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS) as running:
        yield running


@pytest.fixture
def app(server: testing.AuthorizationServer) -> flask.Flask:
    app = run("flask.md", 2, server)["app"]
    assert isinstance(app, flask.Flask)
    app.config["PROOFKEY_BASE_URL"] = BASE
    return app


def finished(browser: FlaskClient, server: testing.AuthorizationServer, begun: TestResponse) -> TestResponse:
    """What the app shows in the end. The provider's form comes first, and then the same form from this site."""
    callback = server.browse(begun.location or "")
    first = browser.post(callback.url, data=callback.body, content_type=callback.content_type)
    assert "Almost there" in first.text
    assert first.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'nonce-")
    body = f"{callback.body}&proofkey_again=1"
    return browser.post(callback.url, data=body, content_type=callback.content_type)


def test_a_posted_callback_needs_no_token(app: flask.Flask, server: testing.AuthorizationServer) -> None:
    browser = app.test_client()
    page = finished(browser, server, browser.get("/auth/github", base_url=BASE))
    assert page.text == "Signed in"
    assert "form-action" not in page.headers.get("Content-Security-Policy", "")


def test_a_form_that_connects_needs_a_token(app: flask.Flask, server: testing.AuthorizationServer) -> None:
    browser = app.test_client()
    finished(browser, server, browser.get("/auth/github", base_url=BASE))
    form = browser.get("/settings", base_url=BASE)
    assert form.headers["Content-Security-Policy"], "Talisman's, which the app's own pages keep"
    token = re.search(r'value="([^"]+)"', form.text)
    assert token is not None
    headers = {"Referer": f"{BASE}/settings"}
    refused = browser.post("/auth/github", data={"connect": ""}, base_url=BASE, headers=headers)
    assert refused.status_code == 400
    begun = browser.post(
        "/auth/github", data={"connect": "", "csrf_token": token[1]}, base_url=BASE, headers=headers
    )
    assert finished(browser, server, begun).text == "Connected to user 1"
