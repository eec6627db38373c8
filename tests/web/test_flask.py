"""What only the Flask extension has."""

import asyncio
import os
import re
from typing import Any

import flask
import pytest
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from proofkey import testing
from proofkey.flask import LoginRefused, ProofKey, SignedIn
from proofkey.testing import faults
from sites import CALLBACK, SECRET, FlaskSite, cause, is_signed_in
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

Server = testing.AuthorizationServer
Reply = flask.typing.ResponseReturnValue


def test_one_object_and_several_apps(server: Server) -> None:
    auth = ProofKey(url_prefix="/sign-in/")
    seen: list[tuple[str, str]] = []

    @auth.on_login("idp")
    def signed_in(user: SignedIn) -> str:
        seen.append((flask.current_app.name, user.provider))
        return "welcome"

    def create_app(name: str) -> flask.Flask:
        app = flask.Flask(name)
        app.config.update(
            SECRET_KEY=SECRET, PROOFKEY_IDP_ISSUER=server.issuer, PROOFKEY_IDP_CLIENT_ID=f"client-of-{name}"
        )
        auth.init_app(app)
        return app

    one, two = create_app("one"), create_app("two")
    for app in (one, two, one):
        browser = app.test_client()
        url = browser.get("/sign-in/idp").location
        assert f"client_id=client-of-{app.name}&" in url
        assert "redirect_uri=http%3A%2F%2Flocalhost%2Fsign-in%2Fidp%2Fcallback" in url
        assert browser.get(server.sign_in(url)).text == "welcome"
    assert seen == [("one", "idp"), ("two", "idp"), ("one", "idp")]


def test_an_app_without_the_extension() -> None:
    with flask.Flask("other").test_request_context(), pytest.raises(RuntimeError, match=r"call auth\.init_app\(app\)"):
        ProofKey()["idp"]


def test_settings_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", SECRET)
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_CLIENT_ID", "1234567890123456789012")
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_ISSUER", server.issuer)
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_SCOPE", "files.read")
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_QUIRKS", '["offline_by_access_type"]')
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_EXTRA", '{"display": "touch"}')
    app = flask.Flask("site")
    app.config.from_prefixed_env()
    auth = ProofKey(app, url_prefix="/auth", **{"my-idp": {"scope": "files.write"}})
    auth.on_login("my-idp")(lambda user: "welcome")
    url = app.test_client().get("/auth/my-idp").location
    assert "client_id=1234567890123456789012&" in url, "which JSON reads as a number"
    assert "scope=files.write&" in url, "a keyword overrides the environment"
    assert "access_type=offline" in url and "display=touch" in url


@pytest.mark.parametrize("form_post", [False, True])
def test_routes_of_the_apps_own(server: Server, form_post: bool) -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    idp = {"client_id": "a", "provider": server.provider, "redirect_path": "/back"}
    auth = ProofKey(app, idp={**idp, "response_mode": "form_post"} if form_post else idp)

    @app.get("/go")
    def go() -> Reply:
        return auth["idp"].begin(next="/there", scope="more")

    @app.route("/back", methods=["GET", "POST"])
    def back() -> str:
        user = auth["idp"].finish()
        return f"{user.next} {user.tokens.scope} {auth['idp'].redirect_uri} {auth['idp'].client.redirect_uri}"

    browser = app.test_client()
    callback = server.browse(browser.get("/go").location)
    if form_post:
        page = app.test_client().post(callback.url, data=callback.body, content_type=callback.content_type)
        assert "Almost there" in page.text, "it comes without the cookie"
        form = f"{callback.body}&proofkey_again=1"
        page = browser.post(callback.url, data=form, content_type=callback.content_type)
    else:
        page = browser.get(callback.url)
    assert page.text == "/there ['more'] http://localhost/back http://localhost/back"
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    # A refusal that nothing catches becomes the page, without a link to a start route, since there is none.
    again = browser.get("/back?state=x")
    assert cause(again) == ("not_issued_here", 400)
    assert "<a " not in again.text
    assert cause(browser.get("/go", headers={"Sec-Purpose": "prefetch"})) == ("prefetch", 503)


def test_a_refusal_that_a_route_of_the_apps_own_catches(server: Server) -> None:
    site = FlaskSite(server)

    @site.app.get("/catch")
    def catch() -> Reply:
        try:
            site.auth["idp"].finish()
        except LoginRefused as refusal:
            return refusal.cause
        return "welcome"

    browser = site.browser()
    with server.inject(faults.denied()):
        page = browser.get(site.callback_url(browser).replace(CALLBACK, "/catch"))
    assert (page.text, page.headers["Cache-Control"]) == ("denied", "no-store")
    assert any("Max-Age=0" in line for line in page.headers.getlist("Set-Cookie")), "the login is over"


def test_an_app_below_a_path(server: Server) -> None:
    site = FlaskSite(server)
    site.app.wsgi_app = DispatcherMiddleware(NotFound(), {"/below": site.app.wsgi_app})  # type: ignore[method-assign]
    browser = site.browser()
    url = site.begin(browser, "/below/auth/idp")
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Fbelow%2Fauth%2Fidp%2Fcallback" in url
    assert browser.get(server.sign_in(url)).location == "/below/"


def test_names_that_flask_trusts(server: Server) -> None:
    site = FlaskSite(server, config={"TRUSTED_HOSTS": [".app.example"]}, base="https://one.app.example")
    browser = site.browser()
    assert is_signed_in(browser.get(site.callback_url(browser)))
    assert site.browser().get("/auth/idp", base_url="https://app.evil.example").status_code == 400
    assert cause(site.browser().get("/auth/idp", base_url="http://one.app.example")) == ("proxy", 503)
    anybody = FlaskSite(server)
    assert cause(anybody.browser().get("/auth/idp", base_url="https://one.app.example")) == ("base_url", 503)


def test_behind_a_proxy(server: Server) -> None:
    site = FlaskSite(server, config={"TRUSTED_HOSTS": ["app.example"]})
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example", "X-Forwarded-Prefix": "/below"}
    inside = "http://10.0.0.7:8000"
    assert site.browser().get("/auth/idp", base_url=inside, headers=forwarded).status_code == 400
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    begun = site.browser().get("/auth/idp", base_url=inside, headers=forwarded)
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fbelow%2Fauth%2Fidp%2Fcallback" in (begun.location or "")
    assert begun.headers["Set-Cookie"].startswith("__Host-proofkey-")


def test_async_functions(server: Server) -> None:
    site = FlaskSite(server, scope="openid")
    auth: ProofKey = site.auth
    auth._handlers.clear()

    @auth.on_login("idp")
    async def signed_in(user: SignedIn) -> Reply:
        await asyncio.sleep(0)
        return f"{user.profile['sub']} {user.connect_to}"

    @auth.on_error
    async def refused(refusal: LoginRefused) -> Reply:
        await asyncio.sleep(0)
        return refusal.cause, 418

    @auth.user_loader
    async def user() -> int:
        await asyncio.sleep(0)
        return 7

    browser = site.browser()
    begun = browser.post("/auth/idp", data={"connect": ""})
    assert browser.get(server.sign_in(begun.location or "")).text == "user-1 7"
    assert browser.get(f"{CALLBACK}?state=x").text == "not_issued_here"


def test_an_async_function_that_looks_like_a_plain_one(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Its coroutine is an object, and every object is true: it must not be taken for a user."""

    async def nobody() -> None:
        return None

    site = FlaskSite(server)
    site.user = nobody
    assert cause(site.browser().post("/auth/idp", data={"connect": ""})) == ("configuration", 503)
    assert "user_loader: it returned coroutine; return a str or an int" in caplog.text


def test_error_handlers_of_the_app_still_work(server: Server) -> None:
    site = FlaskSite(server)
    site.app.register_error_handler(Exception, lambda error: ("the app's page for everything", 500))
    assert cause(site.browser().get(f"{CALLBACK}?state=x")) == ("not_issued_here", 400)
    assert site.browser().get("/nowhere").text == "the app's page for everything"


def test_a_handler_can_return_whatever_a_view_can(server: Server) -> None:
    site = FlaskSite(server)
    site.auth._handlers["idp"] = lambda user: ({"user": user.provider}, 201)
    browser = site.browser()
    page = browser.get(site.callback_url(browser))
    assert (page.status_code, page.json) == (201, {"user": "idp"})


def test_a_handler_that_fails(server: Server) -> None:
    """The URL of the response contains the code, whoever made the response."""

    def fails(user: SignedIn) -> str:
        raise ZeroDivisionError

    site = FlaskSite(server)
    site.handler = fails
    browser = site.browser()
    url = site.callback_url(browser)
    page = browser.get(url)
    assert (page.status_code, page.headers["Cache-Control"]) == (500, "no-store")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert cause(browser.get(url)) == ("already_finished", 400)


class ServerSide(SecureCookieSessionInterface):
    """As Flask-Session does: the session has an id, which `regenerate` renews."""

    def open_session(self, app: flask.Flask, request: flask.Request) -> Any:
        session = super().open_session(app, request)
        assert session is not None
        session.setdefault("sid", "known to an attacker")
        return session

    def regenerate(self, session: SessionMixin) -> None:
        session["sid"] = os.urandom(8).hex()


def test_the_session_gets_a_new_id(server: Server) -> None:
    site = FlaskSite(server)
    site.app.session_interface = ServerSide()
    browser = site.browser()
    assert site.session(browser)["sid"] == "known to an attacker"
    url = site.callback_url(browser)
    assert site.session(browser)["sid"] == "known to an attacker"
    assert is_signed_in(browser.get(url))
    first = site.session(browser)["sid"]
    assert re.fullmatch("[0-9a-f]{16}", first)
    browser.get("/logout")
    assert site.session(browser)["sid"] not in (first, "known to an attacker")


# The doctor.

GOOD = {
    "PROOFKEY_BASE_URL": "https://app.example",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_COOKIE_NAME": "__Host-session",
}


def doctor(site: FlaskSite) -> tuple[int, list[str]]:
    ran = site.app.test_cli_runner().invoke(args=["proofkey", "doctor"])
    assert SECRET not in ran.output and "client-s3cret" not in ran.output
    return ran.exit_code, ran.output.splitlines()


def test_the_doctor_finds_everything_right(server: Server) -> None:
    status, lines = doctor(FlaskSite(server, config=GOOD, client_secret="client-s3cret"))
    assert lines[0] == f"ok   SECRET_KEY has {len(SECRET)} bytes"
    assert lines[-3:] == [
        "ok   SESSION_COOKIE_SECURE is True, and the site is https",
        "ok   SESSION_COOKIE_SAMESITE is Lax",
        "ok   SESSION_COOKIE_NAME is __Host-session",
    ]
    assert (status, all(line.startswith("ok   ") for line in lines)) == (0, True)


def test_the_doctor_of_a_new_app(server: Server) -> None:
    """Flask's default for SameSite is accepted: browsers treat it as Lax, and nothing here relies on it alone."""
    status, lines = doctor(FlaskSite(server))
    assert status == 0
    assert any(line.startswith("ok   SESSION_COOKIE_SAMESITE is not set: ") for line in lines)


FINDINGS: list[tuple[dict[str, object], str]] = [
    ({"PROOFKEY_IPD_SCOPE": "x"}, "FIX  PROOFKEY_IPD_SCOPE: no such provider; "),
    ({"SESSION_COOKIE_SECURE": False}, "FIX  SESSION_COOKIE_SECURE is False, and the site is https"),
    ({"SESSION_COOKIE_SAMESITE": "Strict"}, "FIX  SESSION_COOKIE_SAMESITE is Strict: "),
    ({"SESSION_COOKIE_SAMESITE": "None"}, "FIX  SESSION_COOKIE_SAMESITE is None: "),
    ({"SESSION_COOKIE_NAME": "session"}, 'FIX  SESSION_COOKIE_NAME is session: with the prefix "__Host-"'),
]


@pytest.mark.parametrize(("config", "finding"), FINDINGS, ids=[row[1][5:40] for row in FINDINGS])
def test_what_the_doctor_finds(server: Server, config: dict[str, object], finding: str) -> None:
    status, lines = doctor(FlaskSite(server, config={**GOOD, **config}))
    [fix] = [line for line in lines if not line.startswith("ok   ")]
    assert (fix[: len(finding)], status) == (finding, 1)
