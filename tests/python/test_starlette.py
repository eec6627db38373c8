"""The example for apps without Flask: it runs, and has the guarantees of the extension."""

import asyncio
import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import proofkey
import pytest
from conftest import ROOT
from proofkey import replay_store, testing
from proofkey.testing import faults

EXAMPLE = ROOT / "examples" / "python" / "starlette_login.py"
REDIRECT_URI = "https://app.example/auth/callback"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("starlette_login", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = load()


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


class App:
    """A worker of the app. `finished` is the replay store that all workers share."""

    def __init__(
        self,
        server: testing.AuthorizationServer,
        finished: replay_store.ReplayStore,
        redirect_uri: str = REDIRECT_URI,
    ) -> None:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri)
        keys = proofkey.SealKeys("the secret that all workers of this test share")
        self.asgi = example.create_app(client, redirect_uri, keys, finished)

    def browser(self, base_url: str = "https://app.example") -> "Browser":
        return Browser(self.asgi, base_url)


class Browser:
    """Calls an app without a network, and keeps its cookies."""

    def __init__(self, app: Any, base_url: str) -> None:
        self.cookies = httpx.Cookies()
        self._app, self._base_url = app, base_url

    def get(self, url: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url, cookies=self.cookies) as http:
                response = await http.get(url)
                self.cookies = http.cookies
                return response

        return asyncio.run(ask())


def begin(browser: Browser, server: testing.AuthorizationServer) -> str:
    return server.sign_in(browser.get("/auth").headers["location"])


def test_the_example_runs() -> None:
    ran = subprocess.run([sys.executable, "-I", str(EXAMPLE)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", "Hello user-1@example.com\n")


def test_one_worker_begins_and_another_finishes(server: testing.AuthorizationServer) -> None:
    finished = replay_store.MemoryReplayStore()
    first, second = App(server, finished).browser(), App(server, finished).browser()
    callback_url = begin(first, server)
    second.cookies = first.cookies
    response = second.get(callback_url)
    assert (response.status_code, response.text) == (200, "Hello user-1@example.com")
    assert (response.headers["cache-control"], response.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "login_already_used" in first.get(callback_url).text, "the workers share the store"


def test_the_cookie_is_this_hosts_alone_and_unreadable(server: testing.AuthorizationServer) -> None:
    response = App(server, replay_store.MemoryReplayStore()).browser().get("/auth")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-login=proofkey1.")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert attribute in cookie
    on_loopback = App(server, replay_store.MemoryReplayStore(), "http://127.0.0.1:8000/auth/callback").browser(
        "http://127.0.0.1:8000"
    )
    cookie = on_loopback.get("/auth").headers["set-cookie"]
    assert cookie.startswith("login=proofkey1.")
    assert "Secure" not in cookie


def test_a_browser_that_did_not_begin_is_refused(server: testing.AuthorizationServer) -> None:
    app = App(server, replay_store.MemoryReplayStore())
    callback_url = begin(app.browser(), server)
    response = app.browser().get(callback_url)
    assert (response.status_code, "seal_malformed" in response.text) == (400, True)
    other = app.browser()
    begin(other, server)
    assert "state_mismatch" in other.get(callback_url).text
    assert [seen.path for seen in server.seen].count("/token") == 0


def test_a_user_who_refuses(server: testing.AuthorizationServer) -> None:
    browser = App(server, replay_store.MemoryReplayStore()).browser()
    with server.inject(faults.denied("<script>")):
        response = browser.get(begin(browser, server))
    assert (response.status_code, response.text) == (400, "The sign-in did not work (authorization_error). Try again.")


def test_one_callback_20_times_at_once_makes_one_request(server: testing.AuthorizationServer) -> None:
    app = App(server, replay_store.MemoryReplayStore())

    async def everybody() -> list[int]:
        transport = httpx.ASGITransport(app.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as browser:
            url = (await browser.get("/auth")).headers["location"]
            callback_url = await asyncio.to_thread(server.sign_in, url)
            responses = await asyncio.gather(*(browser.get(callback_url) for _ in range(20)))
            return [response.status_code for response in responses]

    assert Counter(asyncio.run(everybody())) == {200: 1, 400: 19}
    assert [seen.path for seen in server.seen].count("/token") == 1


def test_a_cookie_that_a_subdomain_could_set_is_not_read(server: testing.AuthorizationServer) -> None:
    app = App(server, replay_store.MemoryReplayStore())
    browser, planted = app.browser(), app.browser()
    callback_url = begin(browser, server)
    planted.cookies.set("login", browser.cookies["__Host-login"])
    assert "seal_malformed" in planted.get(callback_url).text


def test_if_nothing_was_sent_a_reload_tries_again(server: testing.AuthorizationServer) -> None:
    browser = App(server, replay_store.MemoryReplayStore()).browser()
    assert browser.get(begin(browser, server)).status_code == 200, "from now on the keys for ID tokens are cached"
    callback_url = begin(browser, server)
    server.stop()
    assert "connect_failed" in browser.get(callback_url).text
    assert "connect_failed" in browser.get(callback_url).text, "the claim was released"


def test_a_code_that_may_have_been_sent_is_not_sent_again(server: testing.AuthorizationServer) -> None:
    browser = App(server, replay_store.MemoryReplayStore()).browser()
    callback_url = begin(browser, server)
    with server.inject(faults.cut_before_response("token")):
        assert "response_interrupted" in browser.get(callback_url).text
    assert "login_already_used" in browser.get(callback_url).text
