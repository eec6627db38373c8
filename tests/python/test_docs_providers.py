"""The programs and claims of the pages about providers: dropbox.md, github.md, google.md and openid.md."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import markdown_pages as pages
import proofkey
import pytest
from conftest import ROOT
from docs_programs import USERS, run
from proofkey import testing
from proofkey.testing import faults

KNOWN_PROVIDERS = ROOT / "crates/proofkey/src/provider/known_providers.rs"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS) as running:
        yield running


class Api:
    """Stands in for a provider's API, and records the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        assert options.pop("timeout") == 10
        request = httpx.Request(method, url, headers=options.get("headers"), json=options.get("json"))
        if "auth" in options:
            request = next(httpx.BasicAuth(*options["auth"]).auth_flow(request))
        self.requests.append(request)
        return httpx.Response(200, request=request)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api()
    monkeypatch.setattr(httpx, "request", api.request)
    monkeypatch.setattr(httpx, "post", lambda url, **options: api.request("POST", url, **options))
    return api


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize("page", ["dropbox.md", "github.md", "google.md"])
def test_the_date_and_the_source_are_those_of_the_known_provider(page: str) -> None:
    source = KNOWN_PROVIDERS.read_text(encoding="utf-8")
    name = page.removesuffix(".md").upper()
    facts = re.search(rf'const {name}: &Facts = &Facts {{\s+as_of: "([\d-]+)",\s+source: "([^"]+)"', source)
    assert facts is not None
    assert f"Facts as of {facts[1]}" in pages.text_of(pages.named(page))
    assert facts[2] in pages.links(pages.named(page))


# dropbox.md


def connect(names: dict[str, Any], server: testing.AuthorizationServer, *, now: str | None = "first") -> Any:
    """The user "first" posts the form, and `now` is signed in when the callback arrives. Returns the last response."""
    browser = names["app"].test_client()
    with browser.session_transaction() as session:
        session["user"] = "first"
    form = re.search(r'action="([^"]+)">\s*<button name="(\w+)"', browser.get("/photos").text)
    assert form is not None
    began = browser.post(form[1], data={form[2]: ""})
    assert query(began.location)["token_access_type"] == "offline"
    callback_url = server.sign_in(began.location)
    with browser.session_transaction() as session:
        session["user"] = now
    with server.inject_once(faults.members("token", account_id="dbid:1")):
        return browser.get(callback_url)


def test_dropbox_connects_the_user_who_asked(server: testing.AuthorizationServer) -> None:
    names = run("dropbox.md", 0, server)
    response = connect(names, server)
    assert (response.status_code, response.location) == (302, "/photos")
    assert list(names["connected"]) == ["first"]
    assert names["connected"]["first"]["refresh_token"]


@pytest.mark.parametrize("now", ["second", None])
def test_dropbox_connects_no_other_user(server: testing.AuthorizationServer, now: str | None) -> None:
    names = run("dropbox.md", 0, server)
    response = connect(names, server, now=now)
    assert (response.status_code, "user_changed" in response.text, names["connected"]) == (400, True, {})


def test_dropbox_is_not_connected_without_the_form(server: testing.AuthorizationServer) -> None:
    names = run("dropbox.md", 0, server)
    browser = names["app"].test_client()
    with browser.session_transaction() as session:
        session["user"] = "first"
    assert "post_required" in browser.get("/auth/dropbox?connect=").text
    cross_site = browser.post("/auth/dropbox", data={"connect": ""}, headers={"Sec-Fetch-Site": "cross-site"})
    assert "post_required" in cross_site.text
    assert testing.sign_in(browser, "/auth/dropbox").status_code == 400, "a plain sign-in belongs to no user"
    assert names["connected"] == {}


def test_dropbox_refreshes_and_disconnects(server: testing.AuthorizationServer, api: Api) -> None:
    names = run("dropbox.md", 0, server)
    connect(names, server)
    stored = dict(names["connected"]["first"])
    with names["app"].test_request_context():
        assert names["access_token"]("first") == stored["access_token"]
        names["connected"]["first"]["expires_at"] = 0
        fresh = names["access_token"]("first")
        assert fresh == names["connected"]["first"]["access_token"] != stored["access_token"]
        names["disconnect"]("first")
    (asked,) = api.requests
    assert (asked.method, str(asked.url)) == ("POST", "https://api.dropboxapi.com/2/auth/token/revoke")
    assert (asked.headers["Authorization"], names["connected"]) == (f"Bearer {fresh}", {})


def test_a_background_job_refreshes_with_the_configured_address(server: testing.AuthorizationServer) -> None:
    names = run("dropbox.md", 0, server)
    connect(names, server)
    names["app"].config["PROOFKEY_BASE_URL"] = "http://localhost"
    names["connected"]["first"]["expires_at"] = 0
    with names["app"].app_context():
        assert names["access_token"]("first")


def test_dropbox_shows_a_code(server: testing.AuthorizationServer, capsys: pytest.CaptureFixture[str]) -> None:
    names = run("dropbox.md", 1, server)
    login = names["begin"]()
    asked = query(login.url)
    assert login.url in capsys.readouterr().out
    assert (asked["token_access_type"], "redirect_uri" in asked, asked["client_id"]) == ("offline", False, "app-key")
    exchange = names["finish"](login, " a-code\n")
    assert dict(parse_qsl(exchange.request.body.decode()))["code"] == "a-code"


def test_dropbox_has_no_revocation_endpoint() -> None:
    client = proofkey.Client(proofkey.Provider.known("dropbox"), "app-key")
    with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
        client.revoke(proofkey.Tokens.from_dict({"access_token": "a"}))


# github.md


def test_github_knows_users_by_their_number(server: testing.AuthorizationServer) -> None:
    client = run("github.md", 0, server)["app"].test_client()
    assert testing.sign_in(client, "/auth/github").text == "github:1"


def test_an_authorization_of_github_is_given_back(server: testing.AuthorizationServer, api: Api) -> None:
    names = run("github.md", 0, server)
    names["client_id"], names["client_secret"] = "my-app", "s3cret"
    names["give_back"](proofkey.Tokens.from_dict({"access_token": "needle"}))
    (asked,) = api.requests
    assert (asked.method, asked.url.path) == ("DELETE", "/applications/my-app/grant")
    assert asked.headers["Authorization"] == "Basic bXktYXBwOnMzY3JldA=="
    assert asked.content == b'{"access_token":"needle"}'


def test_github_may_send_iss() -> None:
    client = proofkey.Client(proofkey.Provider.known("github"), "my-app", redirect_uri="https://app.example/callback")
    callback_url = "https://app.example/callback?code=c&state=s"
    for sent in ("", "&iss=https://github.com/login/oauth"):
        assert client.begin(state="s").accept(callback_url + sent).request
    with pytest.raises(proofkey.CallbackError, match="iss_mismatch"):
        client.begin(state="s").accept(callback_url + "&iss=https://other.example")


def test_github_grants_with_commas() -> None:
    assert proofkey.Provider.known("github").quirks == ["scope_separated_by_comma"]


# google.md


@pytest.mark.parametrize(("user", "email"), [("user-1", "user-1@example.com"), ("user-2", None)])
def test_google_knows_users_by_issuer_and_subject(
    server: testing.AuthorizationServer, user: str, email: str | None
) -> None:
    client = run("google.md", 0, server)["app"].test_client()
    assert query(client.get("/auth/google").location)["prompt"] == "select_account"
    assert testing.sign_in(client, "/auth/google", user=user).text == f"{server.issuer} {user}"
    with client.session_transaction() as session:
        assert session.get("email") == email, "an address that is not verified is not kept"


def test_google_is_asked_for_a_refresh_token(server: testing.AuthorizationServer) -> None:
    asked = query(run("google.md", 1, server)["connect"]("my-app", "s3cret").url)
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")


def test_google_revokes_tokens_and_has_no_sign_out_page() -> None:
    client = proofkey.Client(proofkey.Provider.known("google"), "my-app")
    with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
        client.end_session_url(proofkey.Tokens.from_dict({"access_token": "a"}))
    assert client.provider.revocation_endpoint == "https://oauth2.googleapis.com/revoke"


# openid.md


def test_openid(server: testing.AuthorizationServer) -> None:
    names = run("openid.md", 0, server)
    login = names["begin"]()
    assert names["finish"](login, server.sign_in(login.url)) == (server.issuer, "user-1")


def test_openid_needs_an_issuer_and_keys(server: testing.AuthorizationServer) -> None:
    bare = proofkey.Provider(authorization_endpoint=server.authorization_endpoint, token_endpoint=server.token_endpoint)
    with pytest.raises(proofkey.ConfigurationError):
        proofkey.Client(bare, "my-app", redirect_uri="https://app.example/callback").begin(scope="openid")
