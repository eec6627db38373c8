"""What only the adapter for Starlette and FastAPI has."""

import asyncio
import functools
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio.to_thread
import fastapi
import httpx
import pytest
from proofkey import testing
from proofkey.starlette import LoginRefused, ProofKey, SignedIn
from proofkey.testing import faults
from proofkey.web._http import MAX_FORM
from sites import CALLBACK, SECRET
from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

Server = testing.AuthorizationServer
Browser = httpx.AsyncClient


def run(app: Any, story: Callable[[Browser], Awaitable[None]], base_url: str = "http://localhost") -> None:
    """A browser that calls the app directly, without a network."""

    async def browse() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base_url, timeout=30) as browser:
            await story(browser)

    asyncio.run(browse())


async def signed_in_at(server: Server, browser: Browser, path: str = "/auth/idp") -> httpx.Response:
    """Begins a login and signs in; the response to the callback."""
    return await browser.get(await to_callback(server, browser, path))


async def to_callback(server: Server, browser: Browser, path: str = "/auth/idp") -> str:
    begun = await browser.get(path)
    assert begun.status_code == 302, begun.text
    return await asyncio.to_thread(server.sign_in, begun.headers["location"])


def idp(server: Server, **settings: Any) -> dict[str, Any]:
    return {"client_id": "my-app", "provider": server.provider, **settings}


def adapter(app: Starlette | None, server: Server, **settings: Any) -> ProofKey:
    """The adapter, with a handler that says who has signed in."""
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server, **settings))
    auth.on_login("idp")(lambda request, user: PlainTextResponse(f"welcome {user.next}"))
    return auth


def test_fastapi(server: Server) -> None:
    app = fastapi.FastAPI()
    app.add_middleware(SessionMiddleware, secret_key=SECRET)
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server, scope="openid email"))

    @auth.on_login("idp")
    async def signed_in(request: Request, user: SignedIn) -> Response:
        request.session["user"] = user.profile["email"]
        return RedirectResponse(user.next, 303)

    @app.get("/")
    def home(request: Request) -> dict[str, str]:
        return {"hello": request.session.get("user", "stranger"), "to": str(request.url_for("proofkey_idp"))}

    @app.post("/go")
    async def go(request: Request) -> Response:
        assert await request.body() == b"x=1"
        return await auth["idp"].begin(request, next="/there")

    async def story(browser: Browser) -> None:
        assert (await signed_in_at(server, browser)).headers["location"] == "/"
        home = {"hello": "user-1@example.com", "to": "http://localhost/auth/idp"}
        assert (await browser.get("/")).json() == home
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert (await browser.post("/go", content=b"x=1", headers=form)).status_code == 302
        assert (await browser.get("/auth/idp", headers={"Sec-Purpose": "prefetch"})).status_code == 503

    run(app, story)


def asynchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that hides that a function is async, as many do."""
    return lambda *arguments: function(*arguments)


@pytest.mark.parametrize("wrap", [lambda function: function, asynchronous, functools.partial])
def test_async_functions(server: Server, wrap: Any) -> None:
    """They run in the event loop, and read the profile without waiting there."""
    app, loop = Starlette(), list[str]()
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server, scope="openid profile"))
    here = threading.current_thread()

    async def signed_in(request: Request, user: SignedIn) -> Response:
        loop.append("on_login" if threading.current_thread() is here else "elsewhere")
        asked = [seen.path for seen in server.seen].count("/userinfo")
        name = user.profile["name"]
        assert asked == 1 == [seen.path for seen in server.seen].count("/userinfo")
        return PlainTextResponse(f"{name} {user.connect_to}")

    async def refused(request: Request, refusal: LoginRefused) -> Response:
        loop.append("on_error" if threading.current_thread() is here else "elsewhere")
        return PlainTextResponse(refusal.cause, 418)

    async def user(request: Request) -> int:
        loop.append("user_loader" if threading.current_thread() is here else "elsewhere")
        return 7

    auth.on_login("idp")(wrap(signed_in))
    auth.on_error(wrap(refused))
    auth.user_loader(wrap(user))

    async def story(browser: Browser) -> None:
        begun = await browser.post("/auth/idp", data={"connect": ""})
        url = await asyncio.to_thread(server.sign_in, begun.headers["location"])
        with server.inject(faults.id_token(name=None, preferred_username=None)):
            assert (await browser.get(url)).text == "First User 7"
        page = await browser.get(f"{CALLBACK}?state=x")
        assert (page.text, page.headers["cache-control"]) == ("not_issued_here", "no-store")

    run(app, story)
    assert loop == ["user_loader", "user_loader", "on_login", "user_loader", "on_error"]


def test_plain_functions_do_not_hold_the_event_loop(server: Server) -> None:
    app, gate = Starlette(), threading.Event()
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server))

    @auth.on_login("idp")
    def signed_in(request: Request, user: SignedIn) -> Response:
        return PlainTextResponse("opened" if gate.wait(20) else "the event loop stood still")

    async def story(browser: Browser) -> None:
        waiting = asyncio.create_task(signed_in_at(server, browser))
        while not server.seen or server.seen[-1].path != "/token":
            await asyncio.sleep(0)
        gate.set()
        assert (await waiting).text == "opened"

    run(app, story)


def test_200_callbacks_that_wait_hold_up_nothing_else(server: Server) -> None:
    """Each is in a thread of the adapter's, or waits for one. The threads of the app's own functions stay free."""
    app = Starlette()
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server), threads=20)
    auth.on_login("idp")(lambda request, user: PlainTextResponse("welcome"))

    async def health(request: Request) -> Response:
        return PlainTextResponse("healthy")

    app.add_route("/async", health)
    app.add_route("/sync", lambda request: PlainTextResponse("healthy"))

    async def story(browser: Browser) -> None:
        browsers = [
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=browser.base_url)
            for _ in range(200)
        ]
        urls = [await to_callback(server, each) for each in browsers]
        with server.inject(faults.slow("token")) as held:
            # No timeout: the test opens the token endpoint itself.
            waiting = [
                asyncio.create_task(each.get(url, timeout=None)) for each, url in zip(browsers, urls, strict=True)
            ]
            await asyncio.to_thread(held.wait)
            limiter = auth._limiter.get()
            while limiter.borrowed_tokens < 20 or limiter.statistics().tasks_waiting < 180:
                await asyncio.sleep(0)
            assert anyio.to_thread.current_default_thread_limiter().borrowed_tokens == 0
            for path in ("/async", "/sync"):
                assert (await asyncio.wait_for(browser.get(path), 5)).text == "healthy"
            assert not any(task.done() for task in waiting)
            held.undo()
            pages = await asyncio.gather(*waiting)
        assert {page.text for page in pages} == {"welcome"}

    run(app, story)


def test_mounted_below_a_path(server: Server) -> None:
    inner = Starlette()
    adapter(inner, server)
    outer = Starlette(routes=[Mount("/below", inner)])

    async def story(browser: Browser) -> None:
        begun = await browser.get("/below/auth/idp")
        assert "redirect_uri=http%3A%2F%2Flocalhost%2Fbelow%2Fauth%2Fidp%2Fcallback" in begun.headers["location"]
        assert (await signed_in_at(server, browser, "/below/auth/idp")).text == "welcome /below/"
        again = await browser.get("/below/auth/idp/callback?state=x")
        assert 'href="/below/auth/idp"' in again.text

    run(outer, story)


def test_a_proxy_that_strips_a_path(server: Server) -> None:
    """`uvicorn --root-path /below`."""
    app = Starlette()
    adapter(app, server)

    async def stripped(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": "/below", "path": f"/below{scope['path']}"}, receive, send)

    async def story(browser: Browser) -> None:
        begun = await browser.get("/auth/idp")
        assert "redirect_uri=http%3A%2F%2Flocalhost%2Fbelow%2Fauth%2Fidp%2Fcallback" in begun.headers["location"]

    run(stripped, story)


def test_routes_that_the_app_adds_itself(server: Server) -> None:
    auth = adapter(None, server, redirect_path="/back")
    app = Starlette(routes=[*auth.routes])

    async def story(browser: Browser) -> None:
        assert (await signed_in_at(server, browser)).text == "welcome /"
        page = await browser.get("/back?state=x")
        assert "not_issued_here" in page.text, "it needs no exception handler of the app"

    run(app, story)


def test_routes_come_before_a_mount_that_takes_every_path(server: Server, tmp_path: Any) -> None:
    app = Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path))])
    adapter(app, server)

    async def story(browser: Browser) -> None:
        assert (await signed_in_at(server, browser)).text == "welcome /"

    run(app, story)


def test_at_the_root_other_paths_are_the_apps(server: Server) -> None:
    app = Starlette()
    auth = ProofKey(app, secret_key=SECRET, url_prefix="", idp=idp(server))
    app.add_route("/{page}", lambda request: PlainTextResponse(request.path_params["page"]))
    auth.on_login("idp")(lambda request, user: PlainTextResponse("welcome"))

    async def story(browser: Browser) -> None:
        assert (await signed_in_at(server, browser, "/idp")).text == "welcome"
        assert (await browser.get("/about")).text == "about"

    run(app, story)


@pytest.mark.parametrize("source", ["keyword", "config"])
def test_the_callback_arrives_at_the_redirect_path(server: Server, source: str) -> None:
    app = Starlette()
    keywords = idp(server, **({"redirect_path": "/back?tenant=1"} if source == "keyword" else {}))
    config = {} if source == "keyword" else {"PROOFKEY_IDP_REDIRECT_PATH": "/back?tenant=1"}
    auth = ProofKey(app, secret_key=SECRET, config=config, idp=keywords)
    auth.on_login("idp")(lambda request, user: PlainTextResponse("welcome"))

    async def story(browser: Browser) -> None:
        url = await to_callback(server, browser)
        assert url.startswith("http://localhost/back?tenant=1&")
        assert (await browser.get(url)).text == "welcome"
        assert (await browser.get(CALLBACK)).status_code == 404

    run(app, story)


def test_settings(server: Server) -> None:
    """The keywords of the app win over its configuration; the newest key seals, and older ones still open."""
    old, new = "an older secret of the app, 32 bytes", "the newest secret of the app, 32 bytes"
    config = {"PROOFKEY_BASE_URL": "https://wrong.example", "PROOFKEY_IDP_SCOPE": "files.read", "SECRET_KEY": "short"}
    apps = [Starlette(), Starlette()]
    for app, secret_key in zip(apps, [old, [new, old]], strict=True):
        auth = ProofKey(app, secret_key=secret_key, base_url="https://app.example", config=config, idp=idp(server))
        auth.on_login("idp")(lambda request, user: PlainTextResponse(f"{user.tokens.scope}"))
        assert [finding.text for finding in auth.doctor() if not finding.is_good] == []
    before, after = apps

    async def story(browser: Browser) -> None:
        url = await to_callback(server, browser)
        assert url.startswith(f"https://app.example{CALLBACK}?")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(after), cookies=browser.cookies) as other:
            assert (await other.get(url)).text == "['files.read']"

    run(before, story, "https://app.example")


def test_an_address_is_needed_except_on_localhost(server: Server) -> None:
    app = Starlette()
    adapter(app, server)

    async def story(browser: Browser) -> None:
        for host in ("app.example", "localhost.evil.example", "[", "", "localhost@evil.example", "127.0.0.1:x"):
            page = await browser.get("/auth/idp", headers={"Host": host})
            assert (page.status_code, "<small>base_url</small>" in page.text) == (503, True)

    run(app, story)


async def ask(app: Any, scope: dict[str, Any], body: AsyncIterator[bytes] | None = None) -> tuple[int, str, int]:
    """Calls an app as a web server does: the status, the body, and how many chunks it has read."""
    chunks, sent, read = body, list[dict[str, Any]](), 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        if chunks is None:
            return {"type": "http.request", "body": b""}
        read += 1
        return {"type": "http.request", "body": await anext(chunks), "more_body": True}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    usual = {"type": "http", "method": "GET", "scheme": "http", "query_string": b"", "http_version": "1.1"}
    await app({**usual, **scope}, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode(), read


def test_cookies_in_two_headers(server: Server) -> None:
    """HTTP/2 splits the cookies, for a better compression."""
    app = Starlette()
    adapter(app, server)

    async def story(browser: Browser) -> None:
        url = httpx.URL(await to_callback(server, browser))
        [(name, value)] = browser.cookies.items()
        headers = [(b"host", b"localhost"), (b"cookie", b"a=b"), (b"cookie", f"{name}={value}".encode())]
        scope = {"path": url.path, "query_string": url.query, "headers": headers}
        assert (await ask(app, scope))[:2] == (200, "welcome /")

    run(app, story)


def test_a_form_is_read_up_to_64_kib(server: Server) -> None:
    app = Starlette()
    adapter(app, server, response_mode="form_post")

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"state=x&" * 512

    async def story(browser: Browser) -> None:
        kind = (b"content-type", b"Application/X-WWW-Form-Urlencoded ; charset=utf-8")
        scope = {"method": "POST", "path": CALLBACK, "headers": [(b"host", b"localhost"), kind]}
        status, text, read = await ask(app, scope, endless())
        assert (status, "<small>callback_malformed</small>" in text) == (400, True)
        assert read == MAX_FORM // 4096 + 1
        kind = (b"content-type", b"text/plain")
        status, text, read = await ask(app, {**scope, "headers": [kind, (b"host", b"localhost")]}, endless())
        assert (status, read) == (400, 0)

    run(app, story)


def test_a_function_that_returns_no_response(server: Server) -> None:
    """The error says which function it is."""
    app = Starlette()
    auth = ProofKey(app, secret_key=SECRET, idp=idp(server))
    auth.on_login("idp")(lambda request, user: "welcome")
    auth.on_error(lambda request, refusal: json.dumps({}))

    async def told(path: str) -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as browser:
            url = path or await to_callback(server, browser)
            await browser.get(url)

    with pytest.raises(TypeError, match="^on_login: the function for 'idp' returned str, not a Response$"):
        asyncio.run(told(""))
    with pytest.raises(TypeError, match="^on_error: the function returned str, not a Response or None$"):
        asyncio.run(told(f"{CALLBACK}?state=x"))


def test_a_second_event_loop(server: Server) -> None:
    """Tests often make a loop for each request."""
    app = Starlette()
    adapter(app, server)

    async def story(browser: Browser) -> None:
        assert (await signed_in_at(server, browser)).text == "welcome /"

    for _ in range(2):
        run(app, story)


def test_signing_out_without_a_session(server: Server) -> None:
    app = Starlette()
    auth = adapter(app, server)

    async def leave(request: Request) -> Response:
        assert (await auth["idp"].client(request)).redirect_uri == f"http://localhost{CALLBACK}"
        return await auth["idp"].logout(request, return_to="/bye")

    app.add_route("/logout", leave)

    async def story(browser: Browser) -> None:
        assert (await browser.get("/logout")).headers["location"] == "/bye"

    run(app, story)
