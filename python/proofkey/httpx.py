"""Access tokens for requests with httpx: `pip install proofkey[httpx]`.

>>> import httpx
>>> import proofkey
>>> from proofkey import testing, token_source
>>> from proofkey.httpx import TokenAuth
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="openid")
...     tokens = client.trust_token_endpoint_tls().finish(login, server.sign_in(login.url))
...     source = token_source.TokensInMemory(client, tokens)
...     with httpx.Client(auth=TokenAuth(source, origins=[server.issuer])) as api:
...         api.get(server.userinfo_endpoint).json()["sub"]
'user-1'
"""

from collections.abc import AsyncGenerator, Generator, Iterable
from functools import partial

import anyio.lowlevel
import anyio.to_thread
import httpx

from proofkey._api import Origins, is_rejected
from proofkey._errors import ApiError
from proofkey._native import Secret, Tokens
from proofkey.token_source import TokenSource

__all__ = ["TokenAuth"]


class TokenAuth(httpx.Auth):
    """Sends the access token of one user to the `origins` of an API, for example ["https://api.example.com"]; for
    `httpx.Client` and `httpx.AsyncClient`.

    The tokens of `source` (`proofkey.token_source`) are refreshed before they expire, and once if the API responds with
    401 and `invalid_token` (RFC 6750 section 3); the request is then sent once more. Every other response is passed on.

    Nothing is sent to other origins: `ApiError` "origin_not_named". httpx drops the token when a redirect leads to another
    origin. `ApiError` also if the API refuses the new token, too ("access_token_rejected"), or wants a larger scope
    ("insufficient_scope") or another sign-in of the user ("insufficient_user_authentication", RFC 9470); and for a body
    that is a file or an iterator, if the token was refused: it is sent only once ("body_not_replayable"). Errors of the
    source are raised as they are: if `recovery` is "restart_login", the user has to sign in again.
    """

    def __init__(self, source: TokenSource, *, origins: Iterable[str]) -> None:
        self._source = source
        self._origins = Origins(origins)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """What `httpx.Client` calls."""
        self._check(request)
        tokens = self._source.fresh()
        if _is_rejected(tokens, (yield _authorized(request, tokens))):
            tokens = self._source.fresh(rejected=tokens.access_token)
            _check_body(request)
            if _is_rejected(tokens, (yield _authorized(request, tokens))):
                raise ApiError("access_token_rejected", status=401)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """What `httpx.AsyncClient` calls."""
        self._check(request)
        tokens = await self._fresh()
        if _is_rejected(tokens, (yield _authorized(request, tokens))):
            tokens = await self._fresh(rejected=tokens.access_token)
            _check_body(request)
            if _is_rejected(tokens, (yield _authorized(request, tokens))):
                raise ApiError("access_token_rejected", status=401)

    def _check(self, request: httpx.Request) -> None:
        url = request.url
        self._origins.check(url.scheme, url.raw_host.decode("ascii"), url.port)

    async def _fresh(self, rejected: Secret | None = None) -> Tokens:
        # Threads of their own: those that wait for a refresh must not keep everybody else from having one.
        try:
            limiter = _THREADS.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(8)
            _THREADS.set(limiter)
        return await anyio.to_thread.run_sync(partial(self._source.fresh, rejected=rejected), limiter=limiter)


def _authorized(request: httpx.Request, tokens: Tokens) -> httpx.Request:
    request.headers["Authorization"] = tokens.authorization_header().expose()
    return request


def _is_rejected(tokens: Tokens, response: httpx.Response) -> bool:
    challenges = response.headers.get_list("WWW-Authenticate")
    return is_rejected(tokens, response.request.headers.get("Authorization"), response.status_code, challenges)


def _check_body(request: httpx.Request) -> None:
    if not isinstance(request.stream, httpx.ByteStream):
        raise ApiError("body_not_replayable", status=401)


_THREADS: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("proofkey.httpx")
"""Those of each event loop."""
