"""Signing in to a Flask app: the code of the app, and where its settings come from."""

import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import flask
import proofkey
import pytest
from flask_site import CALLBACK, SECRET, Site, cause, is_signed_in
from proofkey import testing
from proofkey.flask import ProofKey, SignedIn
from werkzeug.test import create_environ, run_wsgi_app


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def asked(url: str) -> dict[str, str]:
    """The parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_signing_in(server: testing.AuthorizationServer) -> None:
    site = Site(server, scope="files.read", extra={"prompt": "consent"})
    browser = site.browser()
    request = asked(site.begin(browser, "/auth/idp?next=/photos?page=2"))
    assert (request["client_id"], request["redirect_uri"]) == ("my-app", f"http://localhost{CALLBACK}")
    assert (request["scope"], request["prompt"], request["code_challenge_method"]) == ("files.read", "consent", "S256")
    page = testing.sign_in(browser, "/auth/idp?next=/photos")
    assert page.request.path == "/photos"
    [user] = site.signed_in
    assert (user.provider, user.next, user.connect_to, user.tokens.scope) == ("idp", "/photos", None, ["files.read"])
    assert repr(user) == "<SignedIn with idp>"
    with browser.session_transaction() as session:
        assert session["user"] == "user-1"


def test_without_next_the_login_ends_at_the_start_page(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    assert testing.sign_in(site.browser(), "/auth/idp").text == "home"
    assert site.signed_in[0].next == "/"


def test_a_provider_that_is_discovered_by_its_issuer(server: testing.AuthorizationServer) -> None:
    site = Site(server, issuer=server.issuer)
    for _ in range(3):
        assert testing.sign_in(site.browser(), "/auth/idp").text == "home"


def test_paths_without_a_provider(server: testing.AuthorizationServer) -> None:
    site = Site(server, config={"PROOFKEY_OTHER_CLIENT_ID": "other"})
    for path in ("/auth/other", "/auth/other/callback", "/auth/", "/auth/idp/else"):
        assert site.browser().get(path).status_code == 404


def test_one_object_and_several_apps(server: testing.AuthorizationServer) -> None:
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
        assert asked(url)["client_id"] == f"client-of-{app.name}"
        assert asked(url)["redirect_uri"] == "http://localhost/sign-in/idp/callback"
        assert browser.get(server.sign_in(url)).text == "welcome"
    assert seen == [("one", "idp"), ("two", "idp"), ("one", "idp")]


def test_several_providers_do_not_mix() -> None:
    with testing.AuthorizationServer() as first, testing.AuthorizationServer() as second:
        app = flask.Flask("site")
        app.secret_key = SECRET
        auth = ProofKey(
            app, one={"client_id": "a", "provider": first.provider}, two={"client_id": "b", "issuer": second.issuer}
        )
        for name in ("one", "two"):
            auth.on_login(name)(lambda user: user.provider)
        browser = app.test_client()
        urls = {name: browser.get(f"/auth/{name}").location for name in ("one", "two")}
        assert browser.get(second.sign_in(urls["two"])).text == "two"
        assert browser.get(first.sign_in(urls["one"])).text == "one"
        # CB-17: a callback that is sent to the other provider's URL is sent to neither token endpoint.
        callback = first.sign_in(browser.get("/auth/one").location)
        assert cause(browser.get(callback.replace("/auth/one/", "/auth/two/"))) == ("not_issued_here", 400)
        assert [[seen.path for seen in server.seen].count("/token") for server in (first, second)] == [1, 1]
        assert browser.get(callback).text == "one", "it still works at its own URL"


def test_settings_from_the_environment(server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_SECRET_KEY", SECRET)
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_CLIENT_ID", "1234567890123456789012")
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_ISSUER", server.issuer)
    monkeypatch.setenv("FLASK_PROOFKEY_MY_IDP_SCOPE", "files.read")
    app = flask.Flask("site")
    app.config.from_prefixed_env()
    auth = ProofKey(app, url_prefix="/auth", **{"my-idp": {"scope": "files.write"}})
    auth.on_login("my-idp")(lambda user: "welcome")
    request = asked(app.test_client().get("/auth/my-idp").location)
    assert request["client_id"] == "1234567890123456789012", "which JSON reads as a number"
    assert request["scope"] == "files.write", "a keyword overrides the environment"


@pytest.mark.parametrize("value", [True, 1.5, ["a"]])
def test_a_setting_that_is_not_a_str(
    server: testing.AuthorizationServer, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(server, config={"PROOFKEY_IDP_SCOPE": value})
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    reason = caplog.messages[0]
    assert reason.startswith(f"proofkey: idp: PROOFKEY_IDP_SCOPE: a str, not {type(value).__name__}; ")
    assert reason.endswith("double quotes")


def test_an_unknown_keyword_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="^github: no such setting: client_key, secret$"):
        ProofKey(github={"client_id": "a", "secret": "b", "client_key": "c"})
    with pytest.raises(TypeError, match="^prefix: no such setting"):
        ProofKey(prefix={"/": "/"})


def test_a_handler_is_registered_once() -> None:
    auth = ProofKey()
    auth.on_login("idp")(lambda user: "one")
    with pytest.raises(ValueError, match="^name: 'idp' already has a handler$"):
        auth.on_login("idp")(lambda user: "two")


def test_an_app_without_the_extension() -> None:
    with flask.Flask("other").test_request_context(), pytest.raises(RuntimeError, match=r"call auth\.init_app\(app\)"):
        ProofKey()["idp"]


@pytest.mark.parametrize("form_post", [False, True])
def test_routes_of_the_apps_own(server: testing.AuthorizationServer, form_post: bool) -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    idp = {"client_id": "a", "provider": server.provider, "redirect_path": "/back"}
    auth = ProofKey(app, idp={**idp, "response_mode": "form_post"} if form_post else idp)

    @app.get("/go")
    def go() -> flask.typing.ResponseReturnValue:
        return auth["idp"].begin(next="/there", scope="more", extra={"ui": "x"}, login_hint="user-1")

    @app.route("/back", methods=["GET", "POST"])
    def back() -> str:
        user = auth["idp"].finish()
        return f"{user.next} {user.tokens.scope}"

    browser = app.test_client()
    url = browser.get("/go").location
    request = asked(url)
    assert (request["redirect_uri"], request["scope"]) == ("http://localhost/back", "more")
    assert (request["ui"], request["login_hint"]) == ("x", "user-1")
    callback = server.browse(url)
    if form_post:
        page = app.test_client().post(callback.url, data=callback.body, content_type=callback.content_type)
        assert "Almost there" in page.text, "it comes without the cookie"
        form = f"{callback.body}&proofkey_again=1"
        page = browser.post(callback.url, data=form, content_type=callback.content_type)
    else:
        page = browser.get(callback.url)
    assert page.text == "/there ['more']"
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    # A refusal that nothing catches becomes the page, without a link to a start route, since there is none.
    again = browser.get("/back?state=x")
    assert cause(again) == ("not_issued_here", 400)
    assert "<a " not in again.text
    assert cause(browser.get("/go", headers={"Sec-Purpose": "prefetch"})) == ("prefetch", 503)


@pytest.mark.parametrize("prefix", ["/auth", "", "/deep/er"])
def test_prefixes(server: testing.AuthorizationServer, prefix: str) -> None:
    site = Site(server, url_prefix=prefix)
    assert testing.sign_in(site.browser(), f"{prefix}/idp").text == "home"


def test_an_app_below_a_path(server: testing.AuthorizationServer) -> None:
    """Mounted at /app, which is in front of every path that the browser sees."""
    site = Site(server)
    status, headers = call(site.app, "/auth/idp")
    url = headers["Location"]
    assert (status, asked(url)["redirect_uri"]) == ("302 FOUND", f"http://localhost/app{CALLBACK}")
    cookie = headers["Set-Cookie"].partition(";")[0]
    query = urlsplit(server.sign_in(url)).query
    status, headers = call(site.app, f"{CALLBACK}?{query}", cookie)
    assert (status, headers["Location"]) == ("302 FOUND", "/app/")


def call(app: flask.Flask, path: str, cookie: str = "") -> tuple[str, dict[str, str]]:
    environ = create_environ(path, "http://localhost/app", headers={"Cookie": cookie})
    _, status, headers = run_wsgi_app(app, environ)
    return status, dict(headers)


def test_importing_proofkey_does_not_import_flask() -> None:
    code = (
        "import sys, proofkey; assert 'flask' not in sys.modules; import proofkey.flask; assert 'flask' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_providers_that_are_known_by_name() -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    auth = ProofKey(
        app, github={"client_id": "a"}, microsoft={"client_id": "b", "tenant": "common"}, nobody={"client_id": "c"}
    )
    for name in ("github", "microsoft", "nobody"):
        auth.on_login(name)(lambda user: "welcome")
    browser = app.test_client()
    assert browser.get("/auth/github").location.startswith("https://github.com/login/oauth/authorize?")
    assert browser.get("/auth/microsoft").location.startswith("https://login.microsoftonline.com/common/")
    page = browser.get("/auth/nobody")
    assert cause(page) == ("configuration", 503)
    assert "endpoint_missing" in page.text
    assert proofkey.ConfigurationError("endpoint_missing").hint not in page.text


def test_the_page_after_a_second_delivery_has_a_link_to_try_again(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    assert is_signed_in(browser.get(url))
    assert 'href="/auth/idp"' in browser.get(url).text
