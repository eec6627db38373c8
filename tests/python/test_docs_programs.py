"""Every program of docs/ runs, and the programs of quickstart.md do what the page says."""

import asyncio
import threading
import urllib.request
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace

import httpx
import keyring.core
import markdown_pages as pages
import proofkey
import pytest
import resource_server
from conftest import ROOT
from docs_programs import USERS, run
from proofkey import testing, token_source
from proofkey.testing import faults

# These run in tests/adapters, tests/migrating and tests/web; docs/errors.md is generated, and its program shows an error.
ELSEWHERE = {"server.md", "fastapi.md", "django.md", "web.md", "migrating.md", "errors.md"}
RUN_HERE = [
    page for page in pages.PAGES if page.parent == ROOT / "docs" and page.name not in ELSEWHERE
]
EVERY = [
    pytest.param(page, number, id=f"{page.name}-{number}")
    for page in RUN_HERE
    for number in range(len(pages.programs(page)))
]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS) as running:
        yield running


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("keyring.core._keyring_backend", keyring.core.load_keyring("keyring.backends.fail.Keyring"))


def test_the_programs_were_found() -> None:
    assert {page.name: len(pages.programs(page)) for page in RUN_HERE if pages.programs(page)} == COUNTS


@pytest.mark.parametrize(("page", "number"), EVERY)
def test_a_program_runs(server: testing.AuthorizationServer, page: Path, number: int) -> None:
    run(page, number, server)


@pytest.mark.parametrize("page", RUN_HERE)
def test_code_that_a_page_warns_of_compiles(page: Path) -> None:
    for block in pages.blocks(page, "python before"):
        compile(block.text, page.name, "exec")


def test_flask(server: testing.AuthorizationServer) -> None:
    client = run("quickstart.md", 0, server)["app"].test_client()
    assert "Sign in</a>" in client.get("/").text
    assert testing.sign_in(client, "/auth/github").text == "Hello, user 1"


def test_the_command_line(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with browser(server, monkeypatch):
        run("quickstart.md", 1, server)["main"]()
    assert capsys.readouterr().out == "granted: ['files.read']\n"
    with browser(server, monkeypatch), server.inject(faults.denied()), pytest.raises(SystemExit, match="access_denied"):
        run("quickstart.md", 1, server)["main"]()


def test_plain_python(server: testing.AuthorizationServer) -> None:
    example = run("quickstart.md", 2, server)
    url, cookie = example["begin"]()
    assert SimpleCookie(f"login={cookie}")["login"].value == cookie
    callback_url = server.sign_in(url)
    assert example["finish"](cookie, callback_url).scope == ["files.read"]
    with pytest.raises(proofkey.CallbackError, match="state_mismatch"):
        example["finish"](example["begin"]()[1], callback_url)


def test_an_event_loop(server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(server.provider, "my-app", redirect_uri="https://app.example/callback")
    login = client.begin(scope="files.read")
    callback_url = server.sign_in(login.url)

    async def finish() -> proofkey.Tokens:
        async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
            tokens: proofkey.Tokens = await run("quickstart.md", 3, server)["finish_async"](http, login, callback_url)
            return tokens

    assert asyncio.run(finish()).scope == ["files.read"]


def test_tokens(server: testing.AuthorizationServer, capsys: pytest.CaptureFixture[str]) -> None:
    client = proofkey.Client(server.provider, "my-app", redirect_uri="https://app.example/callback")
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))
    example = run("quickstart.md", 4, server)
    stored = example["keep"](tokens)
    assert tokens.access_token.expose() not in capsys.readouterr().out
    assert example["use"](client, stored) == tokens.access_token.expose(), "it is fresh"
    stored["expires_at"] = 0
    assert example["use"](client, stored) == stored["access_token"] != tokens.access_token.expose()


def test_a_token_store(server: testing.AuthorizationServer) -> None:
    example = run("token-store.md", 0, server)
    client = example["client"]
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))
    example["signed_in"]("user-42", tokens)
    assert example["access_token"]("user-42").expose() == tokens.access_token.expose()
    new = example["access_token"]("user-42", tokens.access_token)
    assert new.expose() != tokens.access_token.expose()
    example["signed_out"]("user-42")
    assert server.seen[-1].path == "/revoke"
    assert example["store"].load(client, "user-42") is None


def test_calling_an_api(server: testing.AuthorizationServer) -> None:
    example = run("calling-apis.md", 0, server)
    client = example["client"]
    login = client.begin()
    example["store"].save(client, "user-42", client.finish(login, server.sign_in(login.url)))
    with_requests = run("calling-apis.md", 1, server)
    with resource_server.running(server) as api:
        example["API"] = with_requests["API"] = api.origin
        server.advance(3600)
        assert example["files"]("user-42") == "the files"
        assert asyncio.run(example["files_async"]("user-42")) == "the files"
        source = token_source.StoredTokens(example["store"], client, "user-42")
        assert with_requests["files"](source) == "the files"
        assert [request.path for request in api.requests] == ["/files"] * 4


def test_tokens_in_a_file(server: testing.AuthorizationServer, tmp_path: Path) -> None:
    example = run("calling-apis.md", 2, server)
    client = proofkey.Client(server.provider, "my-app", redirect_uri="https://app.example/callback")
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))
    example["save"](tokens)
    new = example["source"](client).fresh(rejected=tokens.access_token)
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert example["source"](client).fresh().access_token.expose() == new.access_token.expose()
    assert new.access_token.expose() != tokens.access_token.expose()


def test_calling_an_api_in_a_web_app(server: testing.AuthorizationServer) -> None:
    example = run("calling-apis.md", 3, server)
    app = example["app"]
    with resource_server.running(server) as api:
        example["auth"]._providers["github"]["api_origins"] = [api.origin]
        browser = app.test_client()
        testing.sign_in(browser, "/auth/github")
        with browser.session_transaction() as session:
            assert session["user"] == 1
        with app.test_request_context(), example["auth"]["github"].api(1) as client:
            assert client.get("/files").text == "the files"
        assert "This site can no longer use your account" in app.test_client().get("/repositories").text


def test_a_login_that_an_api_asks_for(server: testing.AuthorizationServer) -> None:
    login_after = run("calling-apis.md", 4, server)["login_after"]
    provider = proofkey.Provider.discover(server.issuer)
    client = proofkey.Client(provider, "my-app", redirect_uri="https://app.example/callback")
    assert login_after(proofkey.ApiError("insufficient_scope", scope=["files.write"]), client).scope == ["files.write"]
    other_sign_in = proofkey.ApiError("insufficient_user_authentication", acr_values=["phr"], max_age=5)
    assert "acr_values=phr" in login_after(other_sign_in, client).url
    assert login_after(proofkey.StoredTokensError("tokens_absent"), client).scope == []
    with pytest.raises(proofkey.ApiError, match="origin_not_named"):
        login_after(proofkey.ApiError("origin_not_named"), client)


def test_awaiting_a_login(server: testing.AuthorizationServer) -> None:
    example = run("calling-apis.md", 5, server)
    login = example["client"].client.begin(scope="files.read")
    callback_url = server.sign_in(login.url)
    assert asyncio.run(example["finish"](login, callback_url)).scope == ["files.read"]


def test_a_token_store_of_a_user(server: testing.AuthorizationServer, tmp_path: Path) -> None:
    store = run("token-store.md", 1, server)["store"]
    store.save(proofkey.Client(server.provider, "a"), "me", proofkey.Tokens.from_dict({"access_token": "a"}))
    assert len(list((tmp_path / "my-cli").glob("*.tokens"))) == 2


@contextmanager
def browser(server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A browser that signs in and opens the callback URL."""
    visits: list[threading.Thread] = []

    def open_url(url: str) -> bool:
        callback_url = server.sign_in(url)
        visits.append(threading.Thread(target=visit, args=(callback_url,)))
        visits[-1].start()
        return True

    monkeypatch.delenv("PROOFKEY_NO_BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: SimpleNamespace(name="one of this test"))
    monkeypatch.setattr(webbrowser, "open", open_url)
    yield
    for thread in visits:
        thread.join()


def visit(url: str) -> None:
    try:
        urllib.request.urlopen(url, timeout=10).close()
    except urllib.error.HTTPError as refused:
        refused.close()


COUNTS = {
    "calling-apis.md": 6,
    "device.md": 2,
    "dropbox.md": 2,
    "flask.md": 3,
    "github.md": 1,
    "google.md": 3,
    "openid.md": 1,
    "proxy.md": 1,
    "quickstart.md": 5,
    "testing.md": 4,
    "token-store.md": 2,
    "workers.md": 2,
}
