"""A client for programs with asyncio."""

import asyncio
import contextvars
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from proofkey._native import Client, DeviceAuthorization, Login, LogoutToken, Tokens
from proofkey.replay_store import ReplayStore

__all__ = ["AsyncClient"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class AsyncClient:
    """The methods of a `Client` that use the network, to be awaited in an asyncio event loop. What does not use the network
    does not block either: call it on the `client`, for example `client.begin()`.

    Each call runs in one of at most `threads` threads, and waits for one if there are more calls. Nothing else is in
    them, so a slow server holds up nobody but its own callers. A request takes ten seconds at most, or the `timeout` of
    the client's `Transport`.

    A task that is cancelled stops waiting at once. Its request is not sent if it still waits for a thread; otherwise it
    runs to its end. No refresh token is lost: `save` is called all the same, and who refreshes the old tokens within a
    minute gets the new ones. The login of a cancelled `finish()` counts as used: begin a new one.

    >>> import asyncio, proofkey
    >>> from proofkey import testing
    >>> async def sign_in(server: testing.AuthorizationServer) -> proofkey.Tokens:
    ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    ...     login = client.begin(scope="files.read")
    ...     callback_url = await asyncio.to_thread(server.sign_in, login.url)  # the user
    ...     return await proofkey.AsyncClient(client).finish(login, callback_url)
    >>> with testing.AuthorizationServer() as server:
    ...     asyncio.run(sign_in(server)).scope
    ['files.read']
    """

    def __init__(self, client: Client, *, threads: int = 32) -> None:
        self.client = client
        self._most = threads
        self._threads, self._process = self._started(), os.getpid()

    def _started(self) -> ThreadPoolExecutor:
        # Not those of asyncio.to_thread(), which are few and also look up the names of hosts.
        return ThreadPoolExecutor(self._most, thread_name_prefix="proofkey")

    async def finish(
        self,
        login: Login,
        callback_url: str,
        /,
        *,
        content_type: str | None = None,
        body: bytes | bytearray | str | None = None,
        replay_store: ReplayStore | None = None,
    ) -> Tokens:
        """`Client.finish()`."""
        options: dict[str, Any] = {"content_type": content_type, "body": body, "replay_store": replay_store}
        return await self._run(self.client.finish, login, callback_url, **options)

    async def refresh(self, tokens: Tokens, /, *, save: Callable[[Tokens], None] | None = None) -> Tokens:
        """`Client.refresh()`. `save` is called in a thread."""
        return await self._run(self.client.refresh, tokens, save=save)

    async def userinfo(self, tokens: Tokens, /) -> dict[str, Any]:
        """`Client.userinfo()`."""
        return await self._run(self.client.userinfo, tokens)

    async def revoke(self, tokens: Tokens, /) -> None:
        """`Client.revoke()`."""
        await self._run(self.client.revoke, tokens)

    async def logout_token(self, logout_token: str, /) -> LogoutToken:
        """`Client.logout_token()`."""
        return await self._run(self.client.logout_token, logout_token)

    async def fetch_keys(self) -> None:
        """`Client.fetch_keys()`."""
        await self._run(self.client.fetch_keys)

    async def authorize_device(
        self,
        *,
        scope: str | Iterable[str] | None = None,
        resource: str | Iterable[str] | None = None,
        pkce: bool = False,
        extra: dict[str, str] | None = None,
    ) -> DeviceAuthorization:
        """`Client.authorize_device()`. Its `finish()` blocks until the user has decided: use `begin_polling()`."""
        authorize = partial(self.client.authorize_device, scope=scope, resource=resource, pkce=pkce, extra=extra)
        return await self._run(authorize)

    async def _run(self, call: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
        if self._process != os.getpid():
            # A forked child has none of its parent's threads.
            self._threads, self._process = self._started(), os.getpid()
        context = contextvars.copy_context()
        blocking = partial(context.run, call, *arguments, **options)
        return await asyncio.get_running_loop().run_in_executor(self._threads, blocking)
