"""`AsyncClient`: what `Client` does, without blocking the event loop."""

import asyncio
import contextvars
import inspect
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import hostile
import proofkey
import pytest
import slow_server
from proofkey import replay_store, testing
from token_stores import refresh_tokens

REDIRECT_URI = "http://127.0.0.1:8400/callback"
OLD = proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": "r"})
VERBS = ["authorize_device", "fetch_keys", "finish", "logout_token", "refresh", "revoke", "userinfo"]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def client_at(server: hostile.Server) -> proofkey.Client:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=server.url("/token"))
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)


def test_the_verbs(server: testing.AuthorizationServer) -> None:
    async def use() -> None:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        asynchronous = proofkey.AsyncClient(client)
        await asynchronous.fetch_keys()
        login = asynchronous.client.begin(scope="openid")
        callback_url = await asyncio.to_thread(server.sign_in, login.url)
        tokens = await asynchronous.finish(login, callback_url, replay_store=replay_store.MemoryReplayStore())
        assert (await asynchronous.userinfo(tokens))["sub"] == "user-1"
        saved: list[proofkey.Tokens] = []
        new = await asynchronous.refresh(tokens, save=saved.append)
        assert [kept.access_token.expose() for kept in saved] == [new.access_token.expose()]
        await asynchronous.revoke(new)
        assert server.seen[-1].path == "/revoke"
        with pytest.raises(proofkey.UserinfoError):
            await asynchronous.userinfo(new)
        device = await asynchronous.authorize_device(scope="films", extra={"a": "b"})
        assert dict(server.seen[-1].params) == {"client_id": "my-app", "scope": "films", "a": "b"}
        assert device.user_code

    asyncio.run(use())


def test_a_form_that_the_browser_posted(server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin(scope="files.read", response_mode="form_post")
    callback = server.browse(login.url)
    finishing = proofkey.AsyncClient(client).finish
    finished = finishing(login, callback.url, content_type=callback.content_type, body=callback.body)
    assert asyncio.run(_awaited(finished)).scope == ["files.read"]


async def _awaited(call: Awaitable[proofkey.Tokens]) -> proofkey.Tokens:
    return await call


def test_they_take_what_those_of_the_client_take() -> None:
    for verb in VERBS:
        ours, native = (inspect.signature(getattr(kind, verb)) for kind in (proofkey.AsyncClient, proofkey.Client))
        taken = [
            [(one.name, one.kind, one.default) for one in signature.parameters.values() if one.name != "self"]
            for signature in (ours, native)
        ]
        assert taken[0] == taken[1], verb
    methods = [name for name in vars(proofkey.AsyncClient) if not name.startswith("_")]
    assert sorted(methods) == VERBS
    # Such a method of the client says so.
    blocking = {name for name, method in vars(proofkey.Client).items() if "over the network" in (method.__doc__ or "")}
    assert blocking - {"login_with_browser"} <= set(VERBS)


def test_the_loop_runs_while_a_server_is_slow() -> None:
    async def refresh(server: hostile.Server) -> None:
        await proofkey.AsyncClient(client_at(server)).refresh(OLD)

    assert asyncio.run(slow_server.order_of(refresh)) == ["the other task", "the server"]


def test_a_task_that_is_cancelled_loses_no_tokens() -> None:
    """It stops waiting at once, although the server has not responded; then the new tokens are saved."""
    asked, was_cancelled, done = threading.Event(), threading.Event(), threading.Event()
    saved: list[str] = []

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        asked.set()
        assert was_cancelled.wait(hostile.DEADLINE)
        connection.send(hostile.response(hostile.TOKENS))

    def save(new: proofkey.Tokens) -> None:
        saved.append(new.access_token.expose())
        done.set()

    async def cancel(client: proofkey.AsyncClient) -> str:
        task = asyncio.create_task(client.refresh(OLD, save=save))
        assert await asyncio.to_thread(asked.wait, hostile.DEADLINE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        was_cancelled.set()
        assert await asyncio.to_thread(done.wait, hostile.DEADLINE)
        return (await client.refresh(OLD)).access_token.expose()

    with hostile.Server(behave) as server:
        again = asyncio.run(cancel(proofkey.AsyncClient(client_at(server))))
        assert (saved, again, server.token_requests) == (["needle-access-token"], "needle-access-token", 1)


def test_a_call_that_is_cancelled_while_it_waits_for_a_thread_sends_nothing() -> None:
    asked, go_on = threading.Event(), threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        asked.set()
        assert go_on.wait(hostile.DEADLINE)
        connection.send(hostile.response(hostile.TOKENS))

    async def cancel(client: proofkey.AsyncClient) -> None:
        first = asyncio.create_task(client.refresh(OLD))
        assert await asyncio.to_thread(asked.wait, hostile.DEADLINE)
        login = client.client.begin(state="s")
        second = asyncio.create_task(client.finish(login, f"{REDIRECT_URI}?code=c&state=s"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        go_on.set()
        await first
        assert (await client.finish(login, f"{REDIRECT_URI}?code=c&state=s")).access_token

    with hostile.Server(behave) as server:
        asyncio.run(cancel(proofkey.AsyncClient(client_at(server), threads=1)))
        assert [b"refresh_token" in request.body for request in server.requests] == [True, False]


def test_no_more_calls_at_once_than_there_are_threads() -> None:
    lock, both = threading.Lock(), threading.Barrier(2)
    under_way, most = 0, 0

    def behave(connection: hostile.Connection) -> None:
        nonlocal under_way, most
        while connection.request():
            with lock:
                under_way += 1
                most = max(most, under_way)
            both.wait(hostile.DEADLINE)
            with lock:
                under_way -= 1
            connection.send(hostile.response(hostile.TOKENS))

    async def everybody(client: proofkey.AsyncClient) -> None:
        old = [{"access_token": "a", "refresh_token": f"r{number}"} for number in range(10)]
        await asyncio.gather(*(client.refresh(proofkey.Tokens.from_dict(stored)) for stored in old))

    with hostile.Server(behave) as server:
        asyncio.run(everybody(proofkey.AsyncClient(client_at(server), threads=2)))
        assert (most, server.token_requests) == (2, 10)


def test_200_tasks_refresh_once(server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin()
    tokens = client.finish(login, server.sign_in(login.url))

    async def everybody() -> set[str]:
        asynchronous = proofkey.AsyncClient(client)
        new = await asyncio.gather(*(asynchronous.refresh(tokens) for _ in range(200)))
        return {one.access_token.expose() for one in new}

    assert len(asyncio.run(everybody())) == 1
    assert len(refresh_tokens(server)) == 1


def test_save_sees_the_context_of_the_task() -> None:
    user = contextvars.ContextVar("user", default="nobody")
    seen: list[str] = []

    async def one(client: proofkey.AsyncClient) -> None:
        user.set("user-42")
        await client.refresh(OLD, save=lambda _: seen.append(user.get()))

    with hostile.Server() as server:
        asyncio.run(one(proofkey.AsyncClient(client_at(server))))
    assert seen == ["user-42"]


@pytest.mark.parametrize("failing", [lambda client: client.userinfo(OLD), lambda client: client.revoke(OLD)])
def test_errors_are_those_of_the_client(failing: Callable[[Any], Awaitable[object]]) -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")

    async def call() -> object:
        return await failing(proofkey.AsyncClient(proofkey.Client(provider, "my-app")))

    with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
        asyncio.run(call())


def test_a_forked_child_starts_threads_of_its_own() -> None:
    """Those of its parent are not there: a call would wait for them for ever."""
    program = f"""
import asyncio, os, signal, proofkey
provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="http://127.0.0.1:1/token")
client = proofkey.AsyncClient(proofkey.Client(provider, "my-app", redirect_uri="{REDIRECT_URI}"))
tokens = proofkey.Tokens.from_dict({{"access_token": "a", "refresh_token": "r", "expires_at": 0}})

def call() -> None:
    try:
        asyncio.run(client.refresh(tokens))
    except proofkey.TransportError as error:
        assert error.name == "connect_failed"

call()
child = os.fork()
if child == 0:
    signal.alarm(20)
    call()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-W", "ignore::DeprecationWarning", "-c", program], check=True, timeout=60)
