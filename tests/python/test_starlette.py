"""The example for apps without Flask: it runs, and keeps what the extension promises."""

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
from proofkey import store, testing
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
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


class App:
    """A worker of the app: what all of them share comes from outside."""

    def __init__(self, server: testing.Provider, finished: store.SpendStore, redirect_uri: str = REDIRECT_URI) -> None:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri)
        keys = proofkey.SealKeys("the secret that all workers of this test share")
        self.asgi = example.create_app(client, redirect_uri, keys, finished)

    def browser(self, base_url: str = "https://app.example") -> "Browser":
        return Browser(self.asgi, base_url)


class Browser:
    """Asks an app without a network in between, and keeps its cookies."""

    def __init__(self, app: Any, base_url: str) -> None:
        self.cookies = httpx.Cookies()
        self._app, self._base_url = app, base_url

    def get(self, url: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=self._base_url, cookies=self.cookies) as http:
                answer = await http.get(url)
                self.cookies = http.cookies
                return answer

        return asyncio.run(ask())


def begin(browser: Browser, server: testing.Provider) -> str:
    return server.sign_in(browser.get("/auth").headers["location"])


def test_the_example_runs() -> None:
    ran = subprocess.run([sys.executable, "-I", str(EXAMPLE)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, "", "Hello user-1@example.com\n")


def test_one_worker_begins_and_another_finishes(server: testing.Provider) -> None:
    finished = store.MemoryStore()
    first, second = App(server, finished).browser(), App(server, finished).browser()
    callback_url = begin(first, server)
    second.cookies = first.cookies
    answer = second.get(callback_url)
    assert (answer.status_code, answer.text) == (200, "Hello user-1@example.com")
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")
    assert "login_spent" in first.get(callback_url).text, "the other worker knows it from the store"


def test_the_cookie_is_this_hosts_alone_and_unreadable(server: testing.Provider) -> None:
    answer = App(server, store.MemoryStore()).browser().get("/auth")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-login=proofkey1.")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=600", "Path=/"):
        assert attribute in cookie
    on_loopback = App(server, store.MemoryStore(), "http://127.0.0.1:8000/auth/callback").browser(
        "http://127.0.0.1:8000"
    )
    cookie = on_loopback.get("/auth").headers["set-cookie"]
    assert cookie.startswith("login=proofkey1.")
    assert "Secure" not in cookie


def test_a_browser_that_did_not_begin_is_refused(server: testing.Provider) -> None:
    app = App(server, store.MemoryStore())
    callback_url = begin(app.browser(), server)
    answer = app.browser().get(callback_url)
    assert (answer.status_code, "seal_malformed" in answer.text) == (400, True)
    other = app.browser()
    begin(other, server)
    assert "state_mismatch" in other.get(callback_url).text
    assert [seen.path for seen in server.seen].count("/token") == 0


def test_a_user_who_says_no(server: testing.Provider) -> None:
    browser = App(server, store.MemoryStore()).browser()
    with server.bend(faults.denied("<script>")):
        answer = browser.get(begin(browser, server))
    assert (answer.status_code, answer.text) == (400, "The sign-in did not work (authorization_error). Try again.")


def test_one_callback_20_times_at_once_makes_one_request(server: testing.Provider) -> None:
    app = App(server, store.MemoryStore())

    async def everybody() -> list[int]:
        transport = httpx.ASGITransport(app.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as browser:
            url = (await browser.get("/auth")).headers["location"]
            callback_url = await asyncio.to_thread(server.sign_in, url)
            answers = await asyncio.gather(*(browser.get(callback_url) for _ in range(20)))
            return [answer.status_code for answer in answers]

    assert Counter(asyncio.run(everybody())) == {200: 1, 400: 19}
    assert [seen.path for seen in server.seen].count("/token") == 1


def test_a_cookie_that_a_sub_domain_can_set_is_not_read(server: testing.Provider) -> None:
    app = App(server, store.MemoryStore())
    browser, planted = app.browser(), app.browser()
    callback_url = begin(browser, server)
    planted.cookies.set("login", browser.cookies["__Host-login"])
    assert "seal_malformed" in planted.get(callback_url).text


def test_what_was_not_sent_can_be_tried_again(server: testing.Provider) -> None:
    browser = App(server, store.MemoryStore()).browser()
    assert browser.get(begin(browser, server)).status_code == 200, "the keys of the ID tokens are at hand from now on"
    callback_url = begin(browser, server)
    server.stop()
    assert "connect_failed" in browser.get(callback_url).text
    assert "connect_failed" in browser.get(callback_url).text, "it is not taken for finished"


def test_what_may_have_been_sent_is_not_sent_again(server: testing.Provider) -> None:
    browser = App(server, store.MemoryStore()).browser()
    callback_url = begin(browser, server)
    with server.bend(faults.cut_before_answer("token")):
        assert "answer_interrupted" in browser.get(callback_url).text
    assert "login_spent" in browser.get(callback_url).text
