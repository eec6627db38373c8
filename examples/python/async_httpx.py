"""A login in an async application, with httpx as the HTTP library. `finish` and `http_client` are the parts to copy.

It needs `pip install httpx`, and runs against the bundled test server:

    python examples/python/async_httpx.py
"""

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import proofkey
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"


def http_client() -> httpx.AsyncClient:
    """One client for the whole application. It keeps no cookies, which users would share, and ignores proxies."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(cookies=no_cookies, follow_redirects=False, trust_env=False)


async def finish(http: httpx.AsyncClient, login: proofkey.Login, callback_url: str) -> proofkey.Tokens:
    """What `client.finish()` does, without blocking. A code can be used only once: never send it again."""
    exchange = login.accept(callback_url)
    while request := exchange.request:
        await asyncio.sleep(exchange.wait_seconds)
        sent = http.request(request.method, request.url, headers=request.headers, content=request.body)
        response = await asyncio.wait_for(sent, timeout=10)  # for the whole request: httpx limits each read alone
        exchange.receive(response.status_code, response.headers, response.content)
    return exchange.tokens


async def main() -> None:
    with testing.AuthorizationServer() as server:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        async with http_client() as http:
            login = client.begin(scope="files.read")
            callback_url = await asyncio.to_thread(server.sign_in, login.url)  # in place of the browser
            tokens = await finish(http, login, callback_url)
            print("signed in, with the scope", tokens.scope)


if __name__ == "__main__":
    asyncio.run(main())
