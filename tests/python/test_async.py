"""Logins in an event loop, with the example that uses httpx."""

import asyncio
import importlib.util
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import hostile
import httpx
import proofkey
import pytest
from conftest import ROOT
from proofkey import testing

EXAMPLE = ROOT / "examples" / "python" / "async_httpx.py"
REDIRECT_URI = "http://127.0.0.1:8400/callback"
CALLBACK_URL = f"{REDIRECT_URI}?code=c&state=s"


def load() -> Any:
    spec = importlib.util.spec_from_file_location("async_httpx", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = load()
http_client: Callable[[], httpx.AsyncClient] = example.http_client
finish: Callable[[httpx.AsyncClient, proofkey.Login, str], Awaitable[proofkey.Tokens]] = example.finish


def begin(server: hostile.Server) -> proofkey.Login:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=server.url("/token"))
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI).begin(state="s")


def test_the_example_runs() -> None:
    ran = subprocess.run([sys.executable, "-I", str(EXAMPLE)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "signed in, with the scope ['files.read']\n"


def test_20_users_at_once_each_get_their_own() -> None:
    async def sign_in(http: httpx.AsyncClient, user: int) -> list[str] | None:
        login = client.begin(scope=f"user.{user}")
        callback_url = await asyncio.to_thread(server.sign_in, login.url)
        return (await finish(http, login, callback_url)).scope

    async def everybody() -> list[list[str] | None]:
        async with http_client() as http:
            return await asyncio.gather(*(sign_in(http, user) for user in range(20)))

    with testing.AuthorizationServer() as server:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        assert asyncio.run(everybody()) == [[f"user.{user}"] for user in range(20)]
        seen = Counter((request.path, request.status) for request in server.seen)
        assert seen == {("/authorize", 302): 20, ("/token", 200): 20}


def test_one_callback_in_20_tasks_makes_one_request() -> None:
    async def deliver(http: httpx.AsyncClient) -> str:
        try:
            await finish(http, login, CALLBACK_URL)
        except proofkey.CallbackError as error:
            return error.name
        return "tokens"

    async def everybody() -> list[str]:
        async with http_client() as http:
            return await asyncio.gather(*(deliver(http) for _ in range(20)))

    with hostile.Server() as server:
        login = begin(server)
        assert Counter(asyncio.run(everybody())) == {"tokens": 1, "login_already_used": 19}
        assert server.token_requests == 1


def test_the_loop_runs_while_a_server_is_slow() -> None:
    """The server responds only after another task has run."""

    async def together() -> list[str]:
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        order: list[str] = []

        def behave(connection: hostile.Connection) -> None:
            connection.request()
            loop.call_soon_threadsafe(asked.set)
            if connection.server.ended.wait(0.2):
                return
            order.append("the server")
            connection.send(hostile.response(hostile.TOKENS))

        async def other() -> None:
            await asked.wait()
            order.append("the other task")

        with hostile.Server(behave) as server:
            async with http_client() as http:
                await asyncio.gather(finish(http, begin(server), CALLBACK_URL), other())
        return order

    assert asyncio.run(together()) == ["the other task", "the server"]


def test_no_cookie_of_one_user_is_sent_for_another() -> None:
    def behave(connection: hostile.Connection) -> None:
        while connection.request():
            headers = ["application/json", "Set-Cookie: user=first; Path=/"]
            connection.send(hostile.response(hostile.TOKENS, "200 OK", *headers))

    async def two() -> None:
        async with http_client() as http:
            for _ in range(2):
                await finish(http, begin(server), CALLBACK_URL)

    with hostile.Server(behave) as server:
        asyncio.run(two())
        assert [request.headers.get("cookie") for request in server.requests] == [None, None]


def test_a_redirect_is_not_followed() -> None:
    async def one() -> None:
        async with http_client() as http:
            await finish(http, begin(server), CALLBACK_URL)

    with hostile.Server() as bystander:
        with hostile.Server(hostile.redirects(307, away=True), elsewhere=bystander.url()) as server:
            with pytest.raises(proofkey.TokenError, match="response_redirect"):
                asyncio.run(one())
            assert (server.token_requests, bystander.connections) == (1, 0)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def one() -> None:
        async with http_client() as http:
            await finish(http, begin(server), CALLBACK_URL)

    with hostile.Server() as proxy, hostile.Server() as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        asyncio.run(one())
        assert (server.token_requests, proxy.connections) == (1, 0)
        # The control: without the example's setting, httpx uses the proxy.
        assert httpx.get(server.url("/"), timeout=hostile.DEADLINE).status_code == 200
        assert [urlsplit(request.path).port for request in proxy.requests] == [server.port]


def test_a_server_that_drips_runs_into_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example's limit is for the whole response; the one of httpx is for each read."""
    limits: list[float] = []
    wait_for = asyncio.wait_for

    async def sooner(response: Awaitable[Any], timeout: float) -> Any:
        limits.append(timeout)
        return await wait_for(response, timeout / 20)

    async def one() -> None:
        async with http_client() as http:
            await finish(http, begin(server), CALLBACK_URL)

    monkeypatch.setattr(asyncio, "wait_for", sooner)
    with hostile.Server(hostile.drips_the_body) as server:
        with pytest.raises(asyncio.TimeoutError):
            asyncio.run(one())
        assert (server.token_requests, limits) == (1, [10])
