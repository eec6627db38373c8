"""Signing in to a web app without Flask: Starlette, httpx and an event loop. FastAPI apps take the same routes.

It needs `pip install starlette httpx`. `create_app` and `finish` are the part to copy; the rest signs in once, with a
server of its own on loopback (`pip install proofkey[testing]`):

    python examples/python/starlette_login.py
"""

import asyncio
import secrets

import httpx
import proofkey
from proofkey import store, testing
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CALLBACK = "/auth/callback"
COOKIE = "__Host-login"  # Browsers take it only over https and from this very host. On plain http, drop the prefix.
LIFETIME = 600
NOT_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}  # The callback's URL carries the code.


def create_app(
    client: proofkey.Client, redirect_uri: str, keys: proofkey.SealKeys, finished: store.SpendStore
) -> Starlette:
    """`redirect_uri` is that of the client. `finished` is a store that all workers share."""
    is_https = redirect_uri.startswith("https://")
    cookie = COOKIE if is_https else COOKIE.removeprefix("__Host-")

    async def begin(request: Request) -> Response:
        login = client.begin(scope="openid email")
        response = RedirectResponse(login.url, 302, NOT_KEPT)
        sealed = login.seal(keys, "sign-in")
        response.set_cookie(cookie, sealed, max_age=LIFETIME, secure=is_https, httponly=True, samesite="lax")
        return response

    async def callback(request: Request) -> Response:
        # The address is the one that is registered; behind a proxy the app sees another.
        callback_url = f"{redirect_uri}?{request.url.query}"
        try:
            login = client.resume(request.cookies.get(cookie, ""), keys, "sign-in")
            tokens = await finish(login, callback_url, finished)
        except proofkey.Error as error:
            # The name is for the log, and the same for everybody; the provider's words are not for the page.
            return PlainTextResponse(f"The sign-in did not work ({error.name}). Try again.", 400, NOT_KEPT)
        claims = tokens.claims or {}
        response = PlainTextResponse(f"Hello {claims['email']}", headers=NOT_KEPT)
        response.delete_cookie(cookie, secure=is_https, httponly=True, samesite="lax")
        return response  # Yours: begin a session for the user (claims["iss"], claims["sub"]).

    return Starlette(routes=[Route("/auth", begin), Route(CALLBACK, callback)])


async def finish(login: proofkey.Login, callback_url: str, finished: store.SpendStore) -> proofkey.Tokens:
    """What `client.finish(login, callback_url, store=finished)` does, without blocking the event loop."""
    exchange = login.accept(callback_url)
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
        while request := exchange.request:
            if request.method == "POST":
                # The code goes out now. Of several deliveries of one callback, one gets past this line.
                await run_in_threadpool(finished.spend, login.id, login.expires_at)
            try:
                sent = http.request(request.method, request.url, headers=request.headers, content=request.body)
                answer = await asyncio.wait_for(sent, timeout=10)
            except httpx.ConnectError as error:
                if request.method == "POST":
                    await run_in_threadpool(finished.unspend, login.id)  # Nothing was sent: a reload may try again.
                raise proofkey.TransportError("connect_failed", request_sent=False) from error
            except (httpx.HTTPError, asyncio.TimeoutError) as error:
                raise proofkey.TransportError("answer_interrupted") from error
            exchange.receive(answer.status_code, answer.headers, answer.content)
    return exchange.tokens


async def main() -> None:
    with testing.Provider() as server:
        redirect_uri = f"https://app.example{CALLBACK}"
        client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri)
        keys = proofkey.SealKeys(secrets.token_bytes(32))  # yours: one secret for all workers
        app = create_app(client, redirect_uri, keys, store.MemoryStore())
        # A browser, which asks the app without a network in between.
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app.example") as browser:
            to_provider = await browser.get("/auth")
            callback_url = await asyncio.to_thread(server.sign_in, to_provider.headers["Location"])
            print((await browser.get(callback_url)).text)


if __name__ == "__main__":
    asyncio.run(main())
