"""`testing.sign_in` with small Flask apps, which keep their pending logins in a dict."""

import secrets
from collections.abc import Iterator

import flask
import proofkey
import pytest
from proofkey import testing
from proofkey.flask import ProofKey, SignedIn
from proofkey.testing import faults
from werkzeug.wrappers import Response

Reply = str | Response | tuple[str, int]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def app_for(
    server: testing.AuthorizationServer,
    *,
    redirect_uri: str = "http://localhost/auth/github/callback",
    form_post: bool = False,
) -> flask.Flask:
    """An app that uses `proofkey.Client` without the Flask extension."""
    app = flask.Flask(__name__)
    app.secret_key = "for this test"
    pending: dict[str, proofkey.Login] = {}
    client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri)

    @app.get("/auth/github")
    def begin() -> Reply:
        login = client.begin(scope="files.read", response_mode="form_post" if form_post else None)
        flask.session["login"] = secrets.token_urlsafe()
        pending[flask.session["login"]] = login
        return flask.redirect(login.url)

    @app.route("/auth/github/callback", methods=["GET", "POST"])
    def callback() -> Reply:
        request = flask.request
        login = pending.pop(flask.session.pop("login", ""), None)
        if login is None:
            return "no login of yours", 400
        body = request.get_data() if request.method == "POST" else None
        try:
            tokens = client.finish(login, request.url, content_type=request.content_type, body=body)
        except proofkey.Error as error:
            return error.name, 400
        flask.session["scope"] = tokens.scope
        return flask.redirect("/")

    @app.get("/")
    def home() -> Reply:
        return f"signed in for {flask.session['scope']}"

    @app.get("/start")
    def start() -> Reply:
        return flask.redirect("/auth/github")

    @app.get("/away")
    def away() -> Reply:
        return flask.redirect("https://github.com/login/oauth/authorize?client_id=x")

    @app.get("/plain")
    def plain() -> Reply:
        return flask.redirect("http://provider.invalid/authorize?client_id=x")

    @app.get("/circle")
    def circle() -> Reply:
        return flask.redirect("/circle")

    return app


def test_signing_in(server: testing.AuthorizationServer) -> None:
    client = app_for(server).test_client()
    page = testing.sign_in(client, "/auth/github")
    assert (page.status_code, page.text, page.request.path) == (200, "signed in for ['files.read']", "/")
    assert [seen.path for seen in server.seen] == ["/authorize", "/token"]
    assert client.get("/").text == "signed in for ['files.read']", "the test client keeps the session"


def test_the_app_redirects_to_itself_first(server: testing.AuthorizationServer) -> None:
    assert testing.sign_in(app_for(server).test_client(), "/start").text == "signed in for ['files.read']"


def test_a_form_is_posted(server: testing.AuthorizationServer) -> None:
    page = testing.sign_in(app_for(server, form_post=True).test_client(), "/auth/github")
    assert page.text == "signed in for ['files.read']"


@pytest.mark.parametrize("origin", ["https://app.example", "http://127.0.0.1:5000"])
def test_an_app_at_another_host(server: testing.AuthorizationServer, origin: str) -> None:
    app = app_for(server, redirect_uri=f"{origin}/auth/github/callback")
    assert testing.sign_in(app.test_client(), f"{origin}/auth/github").text == "signed in for ['files.read']"
    with pytest.raises(testing.SignInError) as refused:
        testing.sign_in(app.test_client(), "/auth/github")
    host = origin.split("/")[2].split(":")[0]
    assert str(refused.value) == (
        f"the login began at localhost, but its redirect URI is at {host}, which does not get its cookies: begin at "
        f"{origin}/auth/github, or use a redirect URI at localhost"
    )


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (faults.denied(), "authorization_error"),
        (faults.state_wrong(), "state_mismatch"),
        (faults.garbage("token"), "response_malformed"),
    ],
)
def test_a_refusal_is_returned_as_the_app_shows_it(
    server: testing.AuthorizationServer, fault: faults.Fault[object], text: str
) -> None:
    with server.inject(fault):
        page = testing.sign_in(app_for(server).test_client(), "/auth/github")
    assert (page.status_code, page.text) == (400, text)


def test_another_user_through_the_page() -> None:
    with testing.AuthorizationServer(users=[testing.User("one"), testing.User("two")], consent="page") as server:
        assert testing.sign_in(app_for(server).test_client(), "/auth/github", user="two").status_code == 200
        assert dict(server.seen[1].params)["user"] == "two"


def test_a_form_begins_the_login(server: testing.AuthorizationServer) -> None:
    """As in a browser: the form comes from a page of the same site, and redirects are followed without it."""
    app = app_for(server)
    posted: list[object] = []

    @app.post("/connect")
    def connect() -> Reply:
        sent = flask.request.headers
        posted.append((sent["Sec-Fetch-Site"], sent["Referer"], flask.request.form.to_dict()))
        return flask.redirect("/auth/github")

    page = testing.sign_in(app.test_client(), "/connect", form={"connect": "", "csrf_token": "t"})
    assert page.text == "signed in for ['files.read']"
    assert posted == [("same-origin", "http://localhost/connect", {"connect": "", "csrf_token": "t"})]
    with pytest.raises(testing.SignInError, match="the app responded with 405 at /connect"):
        testing.sign_in(app.test_client(), "/connect")


def test_connecting_an_account_with_the_extension(server: testing.AuthorizationServer) -> None:
    app = flask.Flask(__name__)
    app.secret_key = "for this test, as long as it has to be"
    auth = ProofKey(app, idp={"client_id": "my-app", "provider": server.provider})
    auth.user_loader(lambda: flask.session.get("user"))

    @auth.on_login("idp")
    def signed_in(user: SignedIn) -> str:
        return f"connected to {user.connect_to}"

    client = app.test_client()
    with client.session_transaction() as session:
        session["user"] = "user-7"
    assert testing.sign_in(client, "/auth/idp", form={"connect": ""}).text == "connected to user-7"


STUCK = [
    ("/", "the app responded with 500 at / and did not redirect to the test server"),
    ("/nowhere", "the app responded with 404 at /nowhere and did not redirect to the test server"),
    ("/circle", "the app redirects in a loop"),
    ("/away", "a test server is on loopback over http, but the browser was sent to https://github.com"),
    ("/plain", "a test server is on loopback over http, but the browser was sent to http://provider.invalid"),
]


@pytest.mark.parametrize(("start", "text"), STUCK)
def test_the_error_says_where_it_got_stuck(server: testing.AuthorizationServer, start: str, text: str) -> None:
    with pytest.raises(testing.SignInError) as refused:
        testing.sign_in(app_for(server).test_client(), start)
    assert str(refused.value) == text


def test_the_server_refuses(server: testing.AuthorizationServer) -> None:
    with pytest.raises(testing.SignInError, match="no user 'three'"):
        testing.sign_in(app_for(server).test_client(), "/auth/github", user="three")


def test_an_app_that_leaves_after_the_callback(server: testing.AuthorizationServer) -> None:
    app = flask.Flask(__name__)
    login = proofkey.Client(server.provider, "a", redirect_uri="http://localhost/cb").begin()
    app.add_url_rule("/go", view_func=lambda: flask.redirect(login.url), endpoint="go")
    app.add_url_rule("/cb", view_func=lambda: flask.redirect("https://shop.example/?secret"), endpoint="cb")
    with pytest.raises(testing.SignInError) as refused:
        testing.sign_in(app.test_client(), "/go")
    assert str(refused.value) == "after the callback, the app redirected to another site: https://shop.example"
