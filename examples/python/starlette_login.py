"""Signing in to a web app without Flask, with Starlette, httpx and an event loop. FastAPI accepts the same routes.

It needs `pip install starlette httpx`. `create_app` and `finish` are the parts to copy. The rest signs in once, against
the bundled test server (in a checkout, `pip install '.[testing]'`):

    python examples/python/starlette_login.py
"""

import asyncio
import secrets

import httpx
import proofkey
from proofkey import replay_store, testing
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CALLBACK = "/auth/callback"
COOKIE = "__Host-login"  # Browsers accept the prefix only over https and from this very host. Plain http goes without.
LIFETIME = 600
NOT_KEPT = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}  # The callback's URL carries the code.


def create_app(
    client: proofkey.Client, redirect_uri: str, keys: proofkey.SealKeys, finished: replay_store.ReplayStore
) -> Starlette:
    """`redirect_uri` is the client's. `finished` is a store that all workers share."""
    is_https = redirect_uri.startswith("https://")
    cookie = COOKIE if is_https else COOKIE.removeprefix("__Host-")

    async def begin(request: Request) -> Response:
        login = client.begin(scope="openid email")
        response = RedirectResponse(login.url, 302, NOT_KEPT)
        sealed = login.seal(keys, "sign-in")
        response.set_cookie(cookie, sealed, max_age=LIFETIME, secure=is_https, httponly=True, samesite="lax")
        return response

    async def callback(request: Request) -> Response:
        # Use the registered address: behind a proxy the app sees another one.
        callback_url = f"{redirect_uri}?{request.url.query}"
        try:
            login = client.resume(request.cookies.get(cookie, ""), keys, "sign-in")
            tokens = await finish(login, callback_url, finished)
        except proofkey.Error as error:
            # The error's name is safe to show. The provider's own words are not.
            return PlainTextResponse(f"The sign-in did not work ({error.name}). Try again.", 400, NOT_KEPT)
        claims = tokens.claims or {}
        response = PlainTextResponse(f"Hello {claims['email']}", headers=NOT_KEPT)
        response.delete_cookie(cookie, secure=is_https, httponly=True, samesite="lax")
        return response  # yours: begin a session for the user (claims["iss"], claims["sub"])

    return Starlette(routes=[Route("/auth", begin), Route(CALLBACK, callback)])


async def finish(login: proofkey.Login, callback_url: str, finished: replay_store.ReplayStore) -> proofkey.Tokens:
    """What `client.finish(login, callback_url, replay_store=finished)` does, without blocking the event loop."""
    exchange = login.accept(callback_url)
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
        while request := exchange.request:
            await asyncio.sleep(exchange.wait_seconds)
            if request.method == "POST":
                # The code is sent now. If the callback is delivered several times, only one gets past this line.
                await run_in_threadpool(finished.claim, login.replay_key, login.expires_at)
            try:
                sent = http.request(request.method, request.url, headers=request.headers, content=request.body)
                response = await asyncio.wait_for(sent, timeout=10)
            except httpx.ConnectError as error:
                if request.method == "POST":
                    # Nothing was sent, so a reload may try again.
                    exchange.release()
                    await run_in_threadpool(finished.release, login.replay_key)
                raise proofkey.TransportError("connect_failed", request_sent=False) from error
            except (httpx.HTTPError, asyncio.TimeoutError) as error:
                raise proofkey.TransportError("response_interrupted") from error
            exchange.receive(response.status_code, response.headers, response.content)
    return exchange.tokens


async def main() -> None:
    with testing.AuthorizationServer() as server:
        redirect_uri = f"https://app.example{CALLBACK}"
        client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri)
        keys = proofkey.SealKeys(secrets.token_bytes(32))  # yours: one secret for all workers
        app = create_app(client, redirect_uri, keys, replay_store.MemoryReplayStore())
        # A browser that calls the app directly, without a network.
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app.example") as browser:
            to_provider = await browser.get("/auth")
            callback_url = await asyncio.to_thread(server.sign_in, to_provider.headers["Location"])
            print((await browser.get(callback_url)).text)


if __name__ == "__main__":
    asyncio.run(main())
