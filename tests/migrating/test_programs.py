"""The programs of docs/migrating.md: before and after, the same user is signed in, with the same claims."""

import json
import os
import re
import sqlite3
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import markdown_pages as pages
import msal
import proofkey
import pytest
import requests
import requests_oauthlib
from a2wsgi import ASGIMiddleware
from authlib.integrations.base_client import OAuthError
from conftest import CLIENT, SECRET
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from programs import PAGE, SIDES, continued, lines, program, run
from proofkey import testing, token_store
from proofkey.testing import faults
from werkzeug.test import Client, TestResponse

BINARIES = pages.ROOT / "target/migrating/cargo/debug"
PAIRS = {
    "Authlib, Flask": ("### Flask", "python"),
    "Authlib, FastAPI and Starlette": ("### FastAPI and Starlette", "python"),
    "Authlib, Django": ("### Django", "python"),
    "Authlib, OAuth2Session": ("### Without a framework", "python"),
    "Authlib, tokens in a database": ("### Tokens in a database", "python"),
    "oauth2 (Rust)": ("## From oauth2 (Rust)", "rust"),
}


def browser_for(app: Any) -> Any:
    return Client(app, TestResponse)


def about_the_user(claims: dict[str, Any]) -> dict[str, Any]:
    """The claims without those about the one sign-in."""
    assert claims["sub"] == "user-1"
    assert claims["email"] == "user-1@example.com"
    of_the_sign_in = {"at_hash", "auth_time", "exp", "iat", "nonce", "sid"}
    return {name: value for name, value in claims.items() if name not in of_the_sign_in}


def same(claims: list[Any]) -> bool:
    before, after = map(about_the_user, claims)
    return before == after


def test_the_lines_are_those_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    rows = pages.table(PAGE, "## How many lines")
    stated = {re.sub(r"\[|`|\]\(.*", "", name): (int(before), int(after)) for name, before, after in rows}
    counted: dict[str, tuple[int, int]] = {}
    for name, (heading, language) in PAIRS.items():
        before, after = (lines(program(heading, side, language), language) for side in SIDES)
        counted[name] = before, after
    with capsys.disabled():
        print()
        for name, (before, after) in counted.items():
            print(f"{name:32} {before:3} -> {after:3} lines")
    assert counted == stated


def test_lines() -> None:
    assert lines('# why\n\nx = """\n\n"""  # what\ny = (\n    1,\n)\n') == 6
    assert lines("// why\n\nfn main() {\n}\n", "rust") == 2


# Flask


def flask(side: str, server: testing.AuthorizationServer) -> Any:
    return run(program("### Flask", side), server)["app"].test_client()


def test_flask(server: testing.AuthorizationServer) -> None:
    assert same([testing.sign_in(flask(side, server), "/login").json for side in SIDES])


def test_a_user_of_flask_who_declines(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.denied()):
        assert testing.sign_in(flask("before", server), "/login").status_code == 500
        page = testing.sign_in(flask("after", server), "/login")
    assert (page.status_code, "declined" in page.text) == (400, True)


# What the page says about Authlib.


def test_authlib_believes_an_error_without_a_state(server: testing.AuthorizationServer) -> None:
    app = run(program("### Flask", "before"), server)["app"]
    app.testing = True
    with pytest.raises(OAuthError, match="made_up"):
        app.test_client().get("/callback?error=made_up")


def test_authlib_keeps_abandoned_logins_of_flask(server: testing.AuthorizationServer) -> None:
    client = flask("before", server)
    for _ in range(3):
        client.get("/login")
    with client.session_transaction() as session:
        assert [len(value["data"]["code_verifier"]) for value in session.values()] == [48] * 3
    testing.sign_in(client, "/login")
    with client.session_transaction() as session:
        assert len([name for name in session if name.startswith("_state_")]) == 3, "until they are an hour old"


def test_authlib_without_its_setting_has_no_pkce(server: testing.AuthorizationServer) -> None:
    text = program("### Flask", "before").replace(', "code_challenge_method": "S256"', "")
    location = run(text, server)["app"].test_client().get("/login").location
    assert "state=" in location
    assert "code_challenge" not in location


def test_authlib_replaces_the_first_tab_of_fastapi(server: testing.AuthorizationServer) -> None:
    browser = fastapi("before", server)
    tabs = [browser.get("/login").location for _ in range(2)]
    assert browser.get(server.sign_in(tabs[0])).status_code == 500


# FastAPI


def fastapi(side: str, server: testing.AuthorizationServer) -> Any:
    return browser_for(ASGIMiddleware(run(program("### FastAPI and Starlette", side), server)["app"]))


def test_fastapi(server: testing.AuthorizationServer) -> None:
    assert same([testing.sign_in(fastapi(side, server), "/login").json for side in SIDES])


def test_a_second_tab_of_fastapi(server: testing.AuthorizationServer) -> None:
    browser = fastapi("after", server)
    tabs = [browser.get("/login").location for _ in range(2)]
    assert [browser.get(server.sign_in(url)).status_code for url in tabs] == [303, 303]


# Django


@pytest.fixture(scope="module", autouse=True)
def tables() -> Iterator[None]:
    call_command("migrate", verbosity=0)
    yield
    connections.close_all()


def test_django(server: testing.AuthorizationServer) -> None:
    shown = []
    for side in SIDES:
        with override_settings(ROOT_URLCONF=tuple(run(program("### Django", side), server)["urlpatterns"])):
            browser = browser_for(WSGIHandler())
            assert browser.get("/").text == " "
            shown.append(testing.sign_in(browser, "/login").text)
    assert shown == ["user-1 user-1@example.com"] * 2


# The redirect URIs of other libraries


@pytest.mark.parametrize("heading", ["## From Flask-Dance", "## From mozilla-django-oidc", "## From social-auth"])
def test_a_redirect_uri_stays(server: testing.AuthorizationServer, heading: str) -> None:
    [path] = re.findall(r'"redirect_path": "(.+?)"', pages.text_of(PAGE).split(f"\n{heading}\n", 1)[1].split("\n## ")[0])
    if "Flask" in heading:
        text = program("### Flask", "after").replace("/callback", path)
        claims: Any = testing.sign_in(run(text, server)["app"].test_client(), "/login").json
        assert about_the_user(claims)
        return
    text = program("### Django", "after").replace("/callback", path)
    with override_settings(ROOT_URLCONF=tuple(run(text, server)["urlpatterns"])):
        assert testing.sign_in(browser_for(WSGIHandler()), "/login").text == "user-1 user-1@example.com"


# Without a framework


def test_without_a_framework(server: testing.AuthorizationServer) -> None:
    claims = []
    for side in SIDES:
        names = run(program("### Without a framework", side), server)
        url, kept = names["begin"]()
        claims.append(names["finish"](kept, server.sign_in(url)))
    assert same(claims)


# Tokens in a database


@pytest.fixture
def old(server: testing.AuthorizationServer) -> Iterator[dict[str, Any]]:
    """The program before, with a user who has signed in."""
    names = run(program("### Tokens in a database", "before"), server)
    yield names
    names["database"].close()


def stored() -> dict[str, Any]:
    database = sqlite3.connect("app.db")
    try:
        [(user, token)] = database.execute("SELECT user, token FROM tokens")
    finally:
        database.close()
    assert user == "user-1"
    found: dict[str, Any] = json.loads(token)
    return found


def test_tokens_in_a_database(server: testing.AuthorizationServer, old: dict[str, Any]) -> None:
    new = run(program("### Tokens in a database", "after"), server)
    assert same([testing.sign_in(names["app"].test_client(), "/login").json for names in (old, new)])


def test_authlib_refreshes_the_tokens_in_its_table(server: testing.AuthorizationServer, old: dict[str, Any]) -> None:
    browser = old["app"].test_client()
    testing.sign_in(browser, "/login")
    first = stored()
    old["database"].execute("UPDATE tokens SET token = ?", [json.dumps({**first, "expires_at": 1})])
    assert about_the_user(browser.get("/").json)
    assert stored()["refresh_token"] != first["refresh_token"]


def test_tokens_that_move(server: testing.AuthorizationServer, old: dict[str, Any]) -> None:
    testing.sign_in(old["app"].test_client(), "/login")
    new = run(program("### Tokens in a database", "after"), server)
    run(continued("### Tokens in a database"), server, new)
    moved = new["app"].test_cli_runner().invoke(args=["move-tokens"])
    assert (moved.exit_code, moved.output) == (0, "")

    browser = new["app"].test_client()
    with browser.session_transaction() as session:
        session["user"] = "user-1"
    assert about_the_user(browser.get("/").json)
    with new["app"].test_request_context("/"):
        client = new["auth"]["work"].client
        store = token_store.from_url("sqlite:///tokens.db", proofkey.SealKeys(SECRET))
        tokens = store.fresh(client, "user-1")
        assert tokens.access_token.expose() == stored()["access_token"]
        assert tokens.claims
        assert tokens.claims["sub"] == "user-1"
        again = store.fresh(client, "user-1", rejected=tokens.access_token)
    assert again.access_token.expose() != tokens.access_token.expose(), "its refresh token moved, too"


# The tokens of other libraries


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("https")
def test_tokens_of_requests_oauthlib(server: testing.AuthorizationServer) -> None:
    after = run(program("### Without a framework", "after"), server)
    session = requests_oauthlib.OAuth2Session(
        CLIENT.client_id, scope=["openid", "email"], redirect_uri=CLIENT.redirect_uris[1], pkce="S256"
    )
    url, _ = session.authorization_url(server.authorization_endpoint)
    callback = server.sign_in(url)
    token = session.fetch_token(
        server.token_endpoint, authorization_response=callback, client_secret=CLIENT.client_secret
    )
    tokens = after["proofkey"].Tokens.from_dict(json.loads(json.dumps(token)))
    assert (tokens.scope, tokens.expires_at) == (["openid", "email"], int(token["expires_at"]))
    assert about_the_user(after["client"].userinfo(after["client"].refresh(tokens)))


class Http:
    """MSAL takes https alone, and an authority with a path. These requests go to the test server all the same."""

    authority = "https://login.example.com/tenant"

    def __init__(self, server: testing.AuthorizationServer) -> None:
        self._issuer = server.issuer

    def get(self, url: str, **options: Any) -> requests.Response:
        return self._answered(requests.get(url.replace(self.authority, self._issuer), timeout=10))

    def post(self, url: str, *, data: dict[str, str], headers: dict[str, str], **options: Any) -> requests.Response:
        return requests.post(url.replace(self.authority, self._issuer), data, headers=headers, timeout=10)

    def close(self) -> None:
        pass

    def _answered(self, response: requests.Response) -> requests.Response:
        response._content = response.content.replace(self._issuer.encode(), self.authority.encode())
        return response


def test_tokens_of_msal(server: testing.AuthorizationServer) -> None:
    cache = msal.SerializableTokenCache()
    app = msal.ConfidentialClientApplication(
        CLIENT.client_id,
        client_credential=CLIENT.client_secret,
        oidc_authority=Http.authority,
        http_client=Http(server),
        token_cache=cache,
    )
    flow = app.initiate_auth_code_flow(["email"], redirect_uri=CLIENT.redirect_uris[1], response_mode="form_post")
    callback = server.browse(flow["auth_uri"].replace(Http.authority, server.issuer))
    assert callback.body
    parameters = dict(parse_qsl(callback.body))
    with server.inject(faults.id_token(iss=Http.authority)):
        result = app.acquire_token_by_auth_code_flow(flow, parameters)
    assert "error" not in result, result
    tokens = run(program("## From MSAL", "after"), server)["from_msal"](cache.serialize())
    assert tokens.access_token.expose() == result["access_token"]
    after = run(program("### Without a framework", "after"), server)
    assert about_the_user(after["client"].userinfo(after["client"].refresh(tokens)))


# Rust


def sign_in_with(binary: str, server: testing.AuthorizationServer) -> dict[str, Any]:
    """Runs a program that shows a URL and waits for the browser on loopback; returns the claims that it prints."""
    environment = {**os.environ, "PROOFKEY_NO_BROWSER": "1"}
    command = [str(BINARIES / binary), server.issuer]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdout and running.stderr
        try:
            url = next(found[0] for line in running.stderr if (found := re.search(r"http://\S+/authorize\?\S+", line)))
            urllib.request.urlopen(server.sign_in(url), timeout=10).close()
            shown, errors = running.communicate(timeout=10)
        finally:
            running.kill()
    assert running.returncode == 0, errors
    return {name: json.loads(value) for name, value in (line.split(": ", 1) for line in shown.splitlines())}


@pytest.mark.cargo
def test_rust(server: testing.AuthorizationServer) -> None:
    assert same([sign_in_with(side, server) for side in SIDES])
