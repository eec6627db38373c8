"""Calls to an API with httpx, httpx in an event loop, and Requests: when tokens are sent, refreshed and held back."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from functools import partial
from typing import Any, Protocol

import anyio.to_thread
import hidden
import hostile
import httpx
import proofkey
import proofkey.httpx
import proofkey.requests
import pytest
import requests
import resource_server
import slow_server
import vectors
from proofkey import testing, token_source, token_store
from proofkey._native import api_refusal
from proofkey.testing import faults
from resource_server import ResourceServer
from token_stores import refresh_tokens, signed_in

KEYS = proofkey.SealKeys("the secret of these tests, of 32 bytes and more")
EXPIRED = proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": "r", "expires_at": 0})


class Call(Protocol):
    """Sends a request with the tokens of a source to an API, and returns the status, and the body."""

    def __call__(
        self, source: token_source.TokenSource, origin: str, url: str, *, body: Any = None, follow: bool = False
    ) -> tuple[int, str]: ...


def by_httpx(
    source: token_source.TokenSource, origin: str, url: str, *, body: Any = None, follow: bool = False
) -> tuple[int, str]:
    auth = proofkey.httpx.TokenAuth(source, origins=[origin])
    with httpx.Client(auth=auth, trust_env=False, follow_redirects=follow, timeout=20) as http:
        response = http.request("GET" if body is None else "POST", url, content=body)
        return response.status_code, response.text


def by_async_httpx(
    source: token_source.TokenSource, origin: str, url: str, *, body: Any = None, follow: bool = False
) -> tuple[int, str]:
    async def call() -> tuple[int, str]:
        auth = proofkey.httpx.TokenAuth(source, origins=[origin])
        content = chunks() if body is not None and not isinstance(body, bytes) else body
        async with httpx.AsyncClient(auth=auth, trust_env=False, follow_redirects=follow, timeout=20) as http:
            response = await http.request("GET" if body is None else "POST", url, content=content)
            return response.status_code, response.text

    async def chunks() -> Any:
        for chunk in body:
            yield chunk

    return asyncio.run(call())


def by_requests(
    source: token_source.TokenSource, origin: str, url: str, *, body: Any = None, follow: bool = False
) -> tuple[int, str]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = proofkey.requests.TokenAuth(source, origins=[origin])
        method = "GET" if body is None else "POST"
        response = session.request(method, url, data=body, allow_redirects=follow, timeout=20)
        return response.status_code, response.text


@pytest.fixture(params=[by_httpx, by_async_httpx, by_requests])
def call(request: pytest.FixtureRequest) -> Call:
    chosen: Call = request.param
    return chosen


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


@pytest.fixture
def api(server: testing.AuthorizationServer) -> Iterator[ResourceServer]:
    with resource_server.running(server) as running:
        yield running


@pytest.fixture(params=["stored", "in memory"])
def source(
    request: pytest.FixtureRequest, server: testing.AuthorizationServer, tmp_path: Path
) -> token_source.TokenSource:
    client, tokens = signed_in(server)
    if request.param == "in memory":
        return token_source.TokensInMemory(client, tokens)
    store = token_store.from_url(f"sqlite:///{tmp_path}/tokens.db", KEYS)
    store.save(client, "user-42", tokens)
    return token_source.StoredTokens(store, client, "user-42")


def client_at(server: hostile.Server) -> proofkey.Client:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=server.url("/token"))
    return proofkey.Client(provider, "my-app")


def paths(api: ResourceServer) -> list[str]:
    return [request.path for request in api.requests]


def test_the_access_token_is_sent(call: Call, source: token_source.TokenSource, api: ResourceServer) -> None:
    assert call(source, api.origin, api.url("/files")) == (200, "the files")
    header = source.fresh().authorization_header().expose()
    assert [request.authorization for request in api.requests] == [header]
    assert header.startswith("Bearer ")


def test_tokens_that_expire_soon_are_refreshed_first(call: Call, tmp_path: Path) -> None:
    with testing.AuthorizationServer(access_token_lifetime=59) as server, resource_server.running(server) as api:
        client, tokens = signed_in(server)
        source = token_source.TokensInMemory(client, tokens)
        assert call(source, api.origin, api.url("/files")) == (200, "the files")
        assert (len(refresh_tokens(server)), paths(api)) == (1, ["/files"])


def test_a_rejected_token_is_refreshed_once(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    server.advance(3600)
    assert call(source, api.origin, api.url("/files")) == (200, "the files")
    assert (len(refresh_tokens(server)), paths(api)) == (1, ["/files", "/files"])
    assert call(source, api.origin, api.url("/files")) == (200, "the files")
    assert (len(refresh_tokens(server)), len(api.requests)) == (1, 3), "the new token is used from now on"


def test_a_new_token_that_is_rejected_too_is_an_error(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    with pytest.raises(proofkey.ApiError, match="access_token_rejected") as raised:
        call(source, api.origin, api.url("/strict"))
    assert (raised.value.status, raised.value.recovery) == (401, "fix_configuration")
    assert (len(refresh_tokens(server)), paths(api)) == (1, ["/strict", "/strict"])


def test_a_scope_that_is_missing_is_named_and_nothing_is_refreshed(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    with pytest.raises(proofkey.ApiError, match="insufficient_scope") as raised:
        call(source, api.origin, api.url("/write"))
    assert (raised.value.status, raised.value.scope, raised.value.acr_values) == (403, ["files.write"], None)
    assert (refresh_tokens(server), paths(api)) == ([], ["/write"])
    # The first token is rejected, and the second one lacks the scope.
    server.advance(3600)
    with pytest.raises(proofkey.ApiError, match="insufficient_scope"):
        call(source, api.origin, api.url("/write"))
    assert (len(refresh_tokens(server)), len(api.requests)) == (1, 3)


def test_another_sign_in_is_asked_for_with_what_the_api_wants(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    with pytest.raises(proofkey.ApiError, match="insufficient_user_authentication") as raised:
        call(source, api.origin, api.url("/pay"))
    error = raised.value
    assert (error.status, error.scope, error.acr_values, error.max_age) == (401, None, ["phr"], 5)
    assert (refresh_tokens(server), paths(api)) == ([], ["/pay"])
    client = proofkey.Client(server.provider, "my-app", redirect_uri="https://app.example/callback")
    url = client.begin(scope="openid", acr_values=error.acr_values, max_age=error.max_age).url
    assert "acr_values=phr&" in f"{url}&"
    assert "max_age=5&" in f"{url}&"


def test_other_responses_are_passed_on(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    assert call(source, api.origin, api.url("/busy")) == (429, "refused")
    assert (refresh_tokens(server), paths(api)) == ([], ["/busy"])


def test_a_redirect_to_another_origin_drops_the_token(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    """The other origin says that the token is invalid: it never had one."""
    header = 'WWW-Authenticate: Bearer error="invalid_token"'
    lies = hostile.says(hostile.response(b"no", "401 Unauthorized", "text/plain", header))
    with hostile.Server(lies) as other:
        api.elsewhere = other.url("/steal")
        assert call(source, api.origin, api.url("/away"), follow=True) == (401, "no")
        assert [request.headers.get("authorization") for request in other.requests] == [None]
    assert (refresh_tokens(server), paths(api)) == ([], ["/away"])


def test_a_redirect_to_the_same_origin_keeps_the_token(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    assert call(source, api.origin, api.url("/moved"), follow=True) == (200, "the files")
    assert paths(api) == ["/moved", "/files"]
    server.advance(3600)
    assert call(source, api.origin, api.url("/moved"), follow=True) == (200, "the files")
    assert paths(api)[2:] == ["/moved", "/moved", "/files"]


def test_a_new_token_that_is_rejected_after_a_redirect_is_an_error(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    server.advance(3600)
    with pytest.raises(proofkey.ApiError, match="access_token_rejected"):
        call(source, api.origin, api.url("/closed"), follow=True)
    assert (len(refresh_tokens(server)), paths(api)) == (1, ["/closed", "/closed", "/strict"])


def test_a_prepared_request_may_be_sent_again(
    source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    auth = proofkey.requests.TokenAuth(source, origins=[api.origin])
    prepared = requests.Request("GET", api.url("/files"), auth=auth).prepare()
    with requests.Session() as session:
        for _ in range(2):
            server.advance(3600)
            assert session.send(prepared, timeout=20).text == "the files"
    assert (len(refresh_tokens(server)), len(api.requests)) == (2, 4)


@pytest.mark.parametrize("origin", ["https://127.0.0.1", "http://127.0.0.1", "http://localhost:{port}", "http://[::1]:{port}"])
def test_nothing_is_sent_to_an_origin_that_was_not_named(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer, origin: str
) -> None:
    server.advance(3600)
    with pytest.raises(proofkey.ApiError, match="origin_not_named") as raised:
        call(source, origin.format(port=api.server_address[1]), api.url("/files"))
    assert (raised.value.status, raised.value.recovery) == (None, "fix_configuration")
    assert (api.requests, refresh_tokens(server)) == ([], [])


def test_a_body_in_memory_is_sent_again(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    server.advance(3600)
    assert call(source, api.origin, api.url("/files"), body=b"a text") == (200, "the files")
    assert [(request.method, request.body) for request in api.requests] == [("POST", b"a text")] * 2


def test_a_body_that_was_read_is_not_sent_again(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    server.advance(3600)
    with pytest.raises(proofkey.ApiError, match="body_not_replayable") as raised:
        call(source, api.origin, api.url("/files"), body=iter([b"a ", b"text"]))
    assert (raised.value.status, raised.value.recovery) == (401, "retry_later")
    assert [request.body for request in api.requests] == [b"a text"]
    # As the error says, it can be sent again, because the tokens are new.
    assert call(source, api.origin, api.url("/files"), body=iter([b"a ", b"text"])) == (200, "the files")
    assert (len(refresh_tokens(server)), api.requests[1].body) == (1, b"a text")


def test_a_file_is_not_sent_again(source: token_source.TokenSource, api: ResourceServer, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"a text")
    for call in (by_httpx, by_requests):
        with open(tmp_path / "upload", "rb") as file, pytest.raises(proofkey.ApiError, match="body_not_replayable"):
            call(source, api.origin, api.url("/strict"), body=file)
    assert [request.body for request in api.requests] == [b"a text"] * 2


def test_a_grant_that_ended_needs_another_login(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    client = proofkey.Client(server.provider, "my-app")
    client.revoke(source.fresh())
    with pytest.raises(proofkey.TokenError, match="invalid_grant") as raised:
        call(source, api.origin, api.url("/files"))
    assert raised.value.recovery == "restart_login"
    assert paths(api) == ["/files"]


def test_tokens_without_a_refresh_token(call: Call, api: ResourceServer, server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    alone = proofkey.Tokens.from_dict({"access_token": tokens.access_token.expose()})
    source = token_source.TokensInMemory(client, alone)
    assert call(source, api.origin, api.url("/files")) == (200, "the files")
    server.advance(3600)
    with pytest.raises(proofkey.TokenError, match="refresh_token_absent"):
        call(source, api.origin, api.url("/files"))


def test_a_slow_body_is_passed_on_while_it_comes(source: token_source.TokenSource, api: ResourceServer) -> None:
    async def asynchronous() -> bytes:
        auth = proofkey.httpx.TokenAuth(source, origins=[api.origin])
        async with httpx.AsyncClient(auth=auth, trust_env=False, timeout=20) as http:
            async with http.stream("GET", api.url("/slow")) as response:
                body = response.aiter_raw()
                first = await anext(body)
                api.go_on.set()
                return b"%b|%b" % (first, b"".join([chunk async for chunk in body]))

    assert asyncio.run(asynchronous()) == b"the |files"
    api.go_on.clear()
    auth = proofkey.httpx.TokenAuth(source, origins=[api.origin])
    with httpx.Client(auth=auth, trust_env=False, timeout=20) as http, http.stream("GET", api.url("/slow")) as response:
        rest = response.iter_raw()
        first = next(rest)
        api.go_on.set()
        assert (first, b"".join(rest)) == (b"the ", b"files")
    api.go_on.clear()
    by_name = proofkey.requests.TokenAuth(source, origins=[api.origin])
    with requests.Session() as session:
        session.trust_env = False
        slow = session.get(api.url("/slow"), auth=by_name, stream=True, timeout=20)
        first = slow.raw.read(4)
        api.go_on.set()
        assert (first, slow.raw.read()) == (b"the ", b"files")


def test_200_tasks_refresh_once(
    source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    async def everybody() -> list[int]:
        auth = proofkey.httpx.TokenAuth(source, origins=[api.origin])
        limits = httpx.Limits(max_connections=20)
        async with httpx.AsyncClient(auth=auth, trust_env=False, timeout=None, limits=limits) as http:
            responses = await asyncio.gather(*(http.get(api.url("/files")) for _ in range(200)))
            return [response.status_code for response in responses]

    server.advance(3600)
    assert asyncio.run(everybody()) == [200] * 200
    assert len(refresh_tokens(server)) == 1
    assert 201 <= len(api.requests) <= 400


@pytest.mark.parametrize("call", [by_httpx, by_requests])
def test_32_threads_refresh_once(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    together = threading.Barrier(32)

    def one(_number: int) -> int:
        together.wait(20)
        return call(source, api.origin, api.url("/files"))[0]

    server.advance(3600)
    with ThreadPoolExecutor(32) as threads:
        assert list(threads.map(one, range(32))) == [200] * 32
    assert len(refresh_tokens(server)) == 1


def test_the_loop_runs_while_tokens_are_refreshed() -> None:
    async def call(slow: hostile.Server) -> None:
        with hostile.Server() as api:
            held = token_source.TokensInMemory(client_at(slow), EXPIRED)
            auth = proofkey.httpx.TokenAuth(held, origins=[api.url()])
            async with httpx.AsyncClient(auth=auth, trust_env=False, timeout=20) as http:
                await http.get(api.url("/files"))
            assert [request.headers["authorization"] for request in api.requests] == ["Bearer needle-access-token"]

    assert asyncio.run(slow_server.order_of(call)) == ["the other task", "the server"]


def test_cancelled_tasks_lose_no_tokens(api: ResourceServer) -> None:
    """The task is cancelled while the request is under way; the tokens are saved all the same."""
    saved: list[proofkey.Tokens] = []
    asked, was_cancelled, done = threading.Event(), threading.Event(), threading.Event()

    def behave(connection: hostile.Connection) -> None:
        connection.request()
        asked.set()
        assert was_cancelled.wait(hostile.DEADLINE)
        connection.send(hostile.response(hostile.TOKENS))

    def save(new: proofkey.Tokens) -> None:
        saved.append(new)
        done.set()

    async def cancel() -> None:
        auth = proofkey.httpx.TokenAuth(held, origins=[api.origin])
        async with httpx.AsyncClient(auth=auth, trust_env=False) as http:
            task = asyncio.create_task(http.get(api.url("/files")))
            assert await asyncio.to_thread(asked.wait, hostile.DEADLINE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            was_cancelled.set()

    with hostile.Server(behave) as slow:
        held = token_source.TokensInMemory(client_at(slow), EXPIRED, save=save)
        asyncio.run(cancel())
        assert done.wait(hostile.DEADLINE)
        assert held.fresh().access_token.expose() == "needle-access-token"
        assert (len(saved), slow.token_requests, api.requests) == (1, 1, [])


def test_tokens_are_saved_before_anybody_gets_them(server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    attempts: list[proofkey.Tokens] = []

    def save(new: proofkey.Tokens) -> None:
        attempts.append(new)
        if len(attempts) == 1:
            raise OSError("the disk is full")

    source = token_source.TokensInMemory(client, tokens, save=save)
    with pytest.raises(OSError, match="the disk is full"):
        source.fresh(rejected=tokens.access_token)
    new = source.fresh(rejected=tokens.access_token)
    assert [attempt.access_token.expose() for attempt in attempts] == [new.access_token.expose()] * 2
    assert len(refresh_tokens(server)) == 1
    assert source.fresh(rejected=tokens.access_token).access_token.expose() == new.access_token.expose()


def test_tokens_that_are_valid_outlast_a_server_that_is_down() -> None:
    with testing.AuthorizationServer(access_token_lifetime=59) as server:
        client, tokens = signed_in(server)
        source = token_source.TokensInMemory(client, tokens)
        with server.inject(faults.unavailable("token")):
            assert source.fresh().access_token.expose() == tokens.access_token.expose()
            with pytest.raises(proofkey.TokenError, match="response_status"):
                source.fresh(rejected=tokens.access_token)


def test_a_grant_that_ended_is_an_error_although_its_tokens_are_valid() -> None:
    with testing.AuthorizationServer(access_token_lifetime=59) as server:
        client, tokens = signed_in(server)
        client_that_revokes = proofkey.Client(server.provider, "my-app")
        client_that_revokes.revoke(tokens)
        with pytest.raises(proofkey.TokenError, match="invalid_grant"):
            token_source.TokensInMemory(client, tokens).fresh()


def test_a_thread_that_was_held_up_does_not_put_back_old_tokens() -> None:
    """While the first refresh returns, others refresh twice."""
    first, second, third = (
        proofkey.Tokens.from_dict({"access_token": text, "refresh_token": text}) for text in ("a", "b", "c")
    )

    class HeldUp:
        def __init__(self) -> None:
            self.calls = 0

        def refresh(self, tokens: proofkey.Tokens, *, save: object) -> proofkey.Tokens:
            self.calls += 1
            if self.calls == 1:
                held.fresh(rejected=first.access_token)
                held.fresh(rejected=second.access_token)
            return second if tokens is first else third

    client: Any = HeldUp()
    held = token_source.TokensInMemory(client, first)
    assert held.fresh(rejected=first.access_token) is third
    assert held.fresh() is third


def test_refreshes_need_none_of_the_threads_of_others(
    source: token_source.TokenSource, api: ResourceServer
) -> None:
    """Somebody else has taken up the threads of the event loop."""

    async def call() -> int:
        taken, go_on = threading.Event(), threading.Event()

        def take() -> None:
            taken.set()
            assert go_on.wait(hostile.DEADLINE)

        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        other = asyncio.create_task(anyio.to_thread.run_sync(take))
        while not taken.is_set():
            await asyncio.sleep(0)
        auth = proofkey.httpx.TokenAuth(source, origins=[api.origin])
        async with httpx.AsyncClient(auth=auth, trust_env=False, timeout=20) as http:
            try:
                return (await asyncio.wait_for(http.get(api.url("/files")), hostile.DEADLINE)).status_code
            finally:
                go_on.set()
                await other

    assert asyncio.run(call()) == 200


def test_no_error_and_no_repr_shows_a_token(
    call: Call, source: token_source.TokenSource, api: ResourceServer, server: testing.AuthorizationServer
) -> None:
    access_token = hidden.Hidden(source.fresh().access_token.expose())
    for path in ("/write", "/pay"):
        error = hidden.refused(partial(call, source, api.origin, api.url(path)), proofkey.ApiError)
        ours = [frame for frame in hidden.shown(error).split("  File ") if "/proofkey/" in frame]
        assert ours
        assert not any(access_token.text in frame for frame in ours)
    for auth in (proofkey.httpx.TokenAuth, proofkey.requests.TokenAuth):
        assert access_token.text not in repr(auth(source, origins=[api.origin])) + repr(source)


WRONG = [
    "https://api.example.com", [], ["api.example.com"], ["https://api.example.com/"], ["https://api.example.com/v1"],
    ["https://user@api.example.com"], ["http://api.example.com"], ["https://b\u00fccher.example"], ["https://a:b"],
    ["https://"], ["ftp://api.example.com"], ["https://api.example.com?x"], [" https://api.example.com"],
    ["https://api.example.com\n"], ["https://\u212aelvin.example"],
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_origins_that_are_none(wrong: Any) -> None:
    client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
    source = token_source.TokensInMemory(client, proofkey.Tokens.from_dict({"access_token": "a"}))
    for auth in (proofkey.httpx.TokenAuth, proofkey.requests.TokenAuth):
        with pytest.raises(ValueError, match="^origins: "):
            auth(source, origins=wrong)


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://API.example.com", "https://api.EXAMPLE.com:443/x"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("http://[::1]:8080", "http://[::1]:8080/x"),
        ("http://localhost", "http://localhost:80/"),
    ],
)
def test_origins_are_compared_as_browsers_do(origin: str, url: str) -> None:
    client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
    source = token_source.TokensInMemory(client, proofkey.Tokens.from_dict({"access_token": "a"}))
    request = httpx.Request("GET", url)
    next(proofkey.httpx.TokenAuth(source, origins=[origin]).sync_auth_flow(request))
    assert request.headers["Authorization"] == "Bearer a"
    prepared = requests.Request("GET", url, auth=proofkey.requests.TokenAuth(source, origins=[origin])).prepare()
    assert prepared.headers["Authorization"] == "Bearer a"


def test_the_vectors() -> None:
    document = vectors.read("www_authenticate.json")
    rows = document["api_refusals"]
    assert len(rows) == document["counts"]["api_refusals"]
    for row in rows:
        expected = tuple(row["refusal"].values()) if row["refusal"] else None
        assert api_refusal(row["status"], row["www_authenticate"]) == expected, row["name"]
