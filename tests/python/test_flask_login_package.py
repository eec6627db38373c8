"""The recipe of docs/flask.md with Flask-Login, the package: `login_view`, `@login_required`, and signing out."""

from collections.abc import Callable, Iterator

import flask
import pytest
from docs_programs import USERS, run
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from proofkey import testing
from proofkey.flask import ProofKey

# Flask-Login 0.6.3 calls it, and Python warns of it from 3.12 on.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")

REMEMBERED = "remember_token"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS) as running:
        yield running


@pytest.fixture
def recipe(server: testing.AuthorizationServer) -> dict[str, object]:
    return run("flask.md", 1, server)


def app_of(recipe: dict[str, object]) -> flask.Flask:
    app = recipe["app"]
    assert isinstance(app, flask.Flask)
    return app


def signed_in(app: flask.Flask) -> FlaskClient:
    browser = app.test_client()
    assert testing.sign_in(browser, "/photos").text == "The photos of 1"
    assert browser.get_cookie(REMEMBERED)
    return browser


def is_signed_out(browser: FlaskClient) -> bool:
    """Whether the site no longer knows the browser, even after the browser has forgotten the session."""
    refused = [browser.get("/photos")]
    browser.delete_cookie("session")
    refused.append(browser.get("/photos"))
    return all(page.status_code == 302 and page.location.startswith("/auth/github?next=") for page in refused)


def test_a_page_that_needs_a_login_leads_to_it_and_back(recipe: dict[str, object]) -> None:
    browser = signed_in(app_of(recipe))
    assert browser.get("/photos").text == "The photos of 1"
    browser.delete_cookie("session")
    assert browser.get("/photos").text == "The photos of 1", "remembered"


def test_the_user_who_connects_an_account_stays_signed_in(recipe: dict[str, object]) -> None:
    browser = signed_in(app_of(recipe))
    page = testing.sign_in(browser, "/auth/github?next=/photos", form={"connect": ""}, user="user-2")
    assert page.text == "The photos of 1"
    nobody = app_of(recipe).test_client()
    refused = nobody.post("/auth/github", data={"connect": ""})
    assert (refused.status_code, "post_required" in refused.text) == (400, True)


def alone(auth: ProofKey) -> ResponseReturnValue:
    return auth["github"].logout(return_to="/photos")


def after_logout_user(auth: ProofKey) -> ResponseReturnValue:
    logout_user()
    return auth["github"].logout(return_to="/photos")


def before_logout_user(auth: ProofKey) -> ResponseReturnValue:
    response = auth["github"].logout(return_to="/photos")
    logout_user()
    return response


@pytest.mark.parametrize("sign_out", [alone, after_logout_user, before_logout_user])
def test_a_remembered_user_is_signed_out(
    recipe: dict[str, object], sign_out: Callable[[ProofKey], ResponseReturnValue]
) -> None:
    app, auth = app_of(recipe), recipe["auth"]
    assert isinstance(auth, ProofKey)
    app.view_functions["sign_out"] = lambda: sign_out(auth)
    browser = signed_in(app)
    assert browser.post("/sign-out").status_code == 302
    assert browser.get_cookie(REMEMBERED) is None
    assert is_signed_out(browser)


def test_signing_out_twice_does_no_harm(recipe: dict[str, object]) -> None:
    browser = signed_in(app_of(recipe))
    for _ in range(2):
        assert browser.post("/sign-out").location == "/photos"
    assert is_signed_out(browser)
