"""Measures what `TokenAuth` adds to a request, and many refreshes at once in one event loop.

The requests go to a function instead of a network, which would hide the difference. The refreshes go to the test
server, in a process and on a processor of its own; each takes the refresh token of the one before. Every library makes
its client in each round, so that none has connections left over. The longest pause is how long the loop, which should
wake up each millisecond, did not. Each round runs every candidate in turn, and only ratios within a round count.
"""

import asyncio
import secrets
import sys
from contextlib import ExitStack
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from timeit import Timer

import httpx
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuth2Client
from httpx_oauth.oauth2 import OAuth2
from login import CLIENT, callback_url, provider, without_proxies

import proofkey
from proofkey import token_source, token_store
from proofkey.httpx import TokenAuth

REQUEST_ROUNDS, REQUESTS = 101, 50
REFRESH_ROUNDS, REFRESHES = 5, 200
TICK = 0.001

API = "https://api.example.com"
STORED = {"access_token": secrets.token_urlsafe(), "refresh_token": secrets.token_urlsafe(), "expires_at": 2**32}
AUTHORIZATION = {"Authorization": f"Bearer {STORED['access_token']}"}
ALONE = "httpx, the header set by hand"


def answer(request):
    return httpx.Response(200 if request.headers.get("Authorization") == AUTHORIZATION["Authorization"] else 401)


def clients(folder):
    """Clients of one API, the one without `TokenAuth` first."""
    client = proofkey.Client(proofkey.Provider.known("github"), CLIENT.client_id)
    tokens = proofkey.Tokens.from_dict(STORED)
    store = token_store.from_url(f"file://{folder}/tokens", proofkey.SealKeys(secrets.token_bytes(32)))
    store.save(client, "user-1", tokens)
    in_memory = token_source.TokensInMemory(client, tokens)
    in_files = token_source.StoredTokens(store, client, "user-1")
    transport = httpx.MockTransport(answer)
    return {
        ALONE: httpx.Client(transport=transport, headers=AUTHORIZATION),
        "tokens in memory": httpx.Client(transport=transport, auth=TokenAuth(in_memory, origins=[API])),
        "tokens in a file store": httpx.Client(transport=transport, auth=TokenAuth(in_files, origins=[API])),
        "Authlib's OAuth2Client": OAuth2Client(CLIENT.client_id, token={**STORED}, transport=transport),
    }


def requests():
    with TemporaryDirectory() as folder, ExitStack() as stack:
        made = {name: stack.enter_context(client) for name, client in clients(folder).items()}
        for name, client in made.items():
            if client.get(API).status_code != 200:
                sys.exit(f"{name} sends another token: there is nothing to compare")
        timers = [Timer(lambda client=client: client.get(API)) for client in made.values()]
        rounds = [[timer.timeit(REQUESTS) / REQUESTS for timer in timers] for _ in range(REQUEST_ROUNDS)]
    alone, memory, files, authlib = zip(*rounds, strict=True)
    for what, ours, name, theirs in (
        ("request, tokens in memory", memory, ALONE, alone),
        ("request, tokens in a file store", files, ALONE, alone),
        ("request, tokens in memory", memory, "Authlib's OAuth2Client", authlib),
    ):
        row(what, ours, name, theirs, 1e6, "µs")


class WithProofkey:
    name = "proofkey"

    def __init__(self, client, tokens):
        self.provider, self.tokens = client.provider, tokens

    async def refresh_all(self):
        transport = proofkey.Transport()
        client = proofkey.AsyncClient(
            proofkey.Client(
                self.provider, CLIENT.client_id, client_secret=CLIENT.client_secret, transport=transport
            )
        )
        self.tokens = await asyncio.gather(*map(client.refresh, self.tokens))

    def access_tokens(self):
        return {tokens.access_token.expose() for tokens in self.tokens}


class Other:
    """A library that takes the refresh token as a str and returns a dict."""

    def __init__(self, client, tokens):
        self.endpoint = client.provider.token_endpoint
        self.tokens = [{"refresh_token": each.refresh_token.expose()} for each in tokens]

    def access_tokens(self):
        return {tokens["access_token"] for tokens in self.tokens}


class WithHttpxOauth(Other):
    name = "httpx-oauth"

    async def refresh_all(self):
        client = OAuth2(
            CLIENT.client_id, CLIENT.client_secret, "", self.endpoint, refresh_token_endpoint=self.endpoint,
            token_endpoint_auth_method="client_secret_basic",
        )  # fmt: skip
        self.tokens = await asyncio.gather(*(client.refresh_token(each["refresh_token"]) for each in self.tokens))


class WithAuthlib(Other):
    name = "Authlib's AsyncOAuth2Client"

    async def refresh_all(self):
        # With httpx's own timeout of five seconds, those that wait for a connection fail on a slow machine.
        async with AsyncOAuth2Client(CLIENT.client_id, CLIENT.client_secret, timeout=60) as client:
            calls = (client.refresh_token(self.endpoint, each["refresh_token"]) for each in self.tokens)
            self.tokens = await asyncio.gather(*calls)


async def timed(candidate):
    """Refreshes all tokens. The seconds that it took, the processor time in this process with all its threads, and the
    longest pause of the loop."""
    longest = 0.0

    async def tick():
        nonlocal longest
        last = perf_counter()
        while True:
            await asyncio.sleep(TICK)
            now = perf_counter()
            longest, last = max(longest, now - last - TICK), now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(TICK)
    began, cpu = perf_counter(), process_time()
    await candidate.refresh_all()
    took, cpu = perf_counter() - began, process_time() - cpu
    await asyncio.sleep(2 * TICK)  # counts a pause at the end
    ticking.cancel()
    return took, cpu, longest


def refresh(candidate, seen):
    result = asyncio.run(timed(candidate))
    new = candidate.access_tokens() - seen
    if len(new) != REFRESHES:
        sys.exit(f"{candidate.name} gets {len(new)} new access tokens: there is nothing to compare")
    seen |= new
    return result


def refreshes(issuer):
    found = proofkey.Provider.discover(issuer)
    client = proofkey.Client(
        found, CLIENT.client_id, client_secret=CLIENT.client_secret, redirect_uri="http://127.0.0.1:8400/callback"
    )
    libraries = (WithProofkey, WithHttpxOauth, WithAuthlib)
    candidates = [library(client, [sign_in(client) for _ in range(REFRESHES)]) for library in libraries]
    seen = set()
    rounds = [[refresh(candidate, seen) for candidate in candidates] for _ in range(REFRESH_ROUNDS)]
    measured = (f"{REFRESHES} refreshes at once", "the same, processor time", "the same, longest pause of the loop")
    for column, what in enumerate(measured):
        ours, *others = ([each[place][column] for each in rounds] for place in range(len(candidates)))
        for candidate, theirs in zip(candidates[1:], others, strict=True):
            row(what, ours, candidate.name, theirs, 1e3, "ms")


def sign_in(client):
    login = client.begin(scope="files.read")
    return client.finish(login, callback_url(login.url))


def row(what, ours, name, theirs, scale, unit):
    ratio = median(our / their for our, their in zip(ours, theirs, strict=True))
    ours, theirs = (f"{median(each) * scale:.0f} {unit}" for each in (ours, theirs))
    ratio = f"{ratio:.2f}" if ratio > 0.1 else f"1/{1 / ratio:.0f}"
    print(f"| API calls | {what} | {ours} | {name} | {theirs} | {ratio} | – | – |", flush=True)


def main():
    without_proxies()
    requests()
    with provider() as (issuer, _):
        refreshes(issuer)


if __name__ == "__main__":
    main()
