"""A login in an async application, with httpx as the HTTP library: `finish` is the part to copy.

It needs `pip install httpx`, and runs against a server of its own on loopback:

    python examples/python/async_httpx.py
"""

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import proofkey
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"


def http_client() -> httpx.AsyncClient:
    """One for the whole application. Its users have nothing in common: no cookies, and no proxies of the environment."""
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(cookies=no_cookies, follow_redirects=False, trust_env=False)


async def finish(http: httpx.AsyncClient, login: proofkey.Login, callback_url: str) -> proofkey.Tokens:
    """What `client.finish()` does, without blocking. A code is used once: whatever is raised, send nothing again."""
    exchange = login.accept(callback_url)
    while request := exchange.request:
        answer = http.request(request.method, request.url, headers=request.headers, content=request.body)
        response = await asyncio.wait_for(answer, timeout=10)  # for all of it: httpx counts each read anew
        exchange.receive(response.status_code, response.headers, response.content)
    return exchange.tokens


async def main() -> None:
    with testing.Provider() as server:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        async with http_client() as http:
            login = client.begin(scope="files.read")
            callback_url = await asyncio.to_thread(server.sign_in, login.url)  # what the browser does
            tokens = await finish(http, login, callback_url)
            print("signed in, with the scope", tokens.scope)


if __name__ == "__main__":
    asyncio.run(main())
