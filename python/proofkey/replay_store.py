"""Replay stores: they let a sealed login count only once, whichever worker gets its callback.

A sealed login can be opened any number of times. Within its ten minutes, a callback that is delivered twice (a double
click, a reload, a browser that prefetches) would send its code twice, and servers react to a repeated code by revoking
the tokens that they issued for it. With a store that all workers share, only one delivery sends the code:

>>> import secrets, proofkey
>>> from proofkey import replay_store, testing
>>> keys = proofkey.SealKeys(secrets.token_bytes(32))  # in your app: one secret for all workers
>>> store = replay_store.from_url("memory://")  # "sqlite:///logins.db" for one machine, "redis://host" for several
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read", data="/photos")
...     cookie = login.seal(keys, "github")  # encrypted, valid for ten minutes
...     callback_url = server.sign_in(login.url)
...     login = client.resume(cookie, keys, "github")  # in whichever worker gets the callback
...     tokens = client.finish(login, callback_url, replay_store=store)
>>> login.data, tokens.scope
('/photos', ['files.read'])

A store learns only a hash of the state and a time, and forgets both when the login is over.
"""

import logging
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING, Protocol

import proofkey
from proofkey._error_table import ErrorName
from proofkey._native import MemoryReplayStore
from proofkey._stores import check_sqlite_file, redis_client, redis_errors, sqlite_file

if TYPE_CHECKING:
    import redis

__all__ = ["FailOpen", "MemoryReplayStore", "RedisReplayStore", "ReplayStore", "SqliteReplayStore", "from_url"]


class ReplayStore(Protocol):
    """What `client.finish(replay_store=…)` takes: any object with these two methods.

    A key is the `replay_key` of a login: "login:" and a hash of its state.
    """

    def claim(self, key: str, until: int, /) -> None:
        """Claims a key. Of several calls with the same key, in whatever process, exactly one returns.

        The claim is kept until `until`, in seconds since the epoch, and one minute longer, because clocks differ. The
        other calls raise `proofkey.CallbackError("login_already_used")`. Any other exception means that the store
        cannot tell; the code is not sent then, either. `proofkey.TransportError("store_unavailable")` says that the key
        is as free as before, "store_reply_lost" that it may be claimed.
        """

    def release(self, key: str, /) -> None:
        """Gives a claim back, because nothing was sent. Only the caller that claimed the key may release it."""


class SqliteReplayStore:
    """Keeps claims in an SQLite file, for all processes of one machine.

    The file is created if it does not exist. It must be on a local disk, where locks work. Each call opens it anew, so
    threads and forked processes share nothing, and waits up to five seconds for other writers. There is no write-ahead
    log: it would add two more files, and would help only readers, which a replay store does not have.

    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = SqliteReplayStore(os.path.join(folder.name, "logins.db"))
    >>> store.claim("login:an-id", 2**40)
    >>> store.claim("login:an-id", 2**40)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    proofkey.CallbackError: login_already_used: this login was already used. Next: ...
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], /) -> None:
        self._path = os.fspath(path)
        if self._path in ("", ":memory:"):
            # Each connection would have a database of its own, which ends with the connection.
            raise ValueError("path: SqliteReplayStore needs a file; use MemoryReplayStore to keep claims in memory")
        check_sqlite_file(self._path, _TABLE)

    def claim(self, key: str, until: int, /) -> None:
        """Claims a key. See `ReplayStore`."""
        with sqlite_file(self._path, _TABLE, timeout=5) as database:
            database.execute("DELETE FROM claims WHERE until < ?", (_now() - _CLOCK_SKEW,))
            added = database.execute("INSERT OR IGNORE INTO claims VALUES (?, ?)", (key, until)).rowcount
        if not added:
            raise proofkey.CallbackError("login_already_used")

    def release(self, key: str, /) -> None:
        """Gives a claim back. See `ReplayStore`."""
        with sqlite_file(self._path, _TABLE, timeout=5) as database:
            database.execute("DELETE FROM claims WHERE key = ?", (key,))


class RedisReplayStore:
    """Keeps claims in Redis, for all machines that share it: `SET` with `NX` and an expiry.

    `client` is a `redis.Redis` of redis-py 5 or later (`pip install proofkey[redis]`); `from_url()` makes one. A Redis
    that evicts keys before they expire, or loses writes in a failover, loses claims.

    If Redis cannot be reached, that is `TransportError` "store_unavailable", and the login is as free as before. If it
    was told to set the claim and its reply was lost, that is "store_reply_lost". The code was not sent in either case.
    After a lost reply, this process recognises the claim as its own: a reload that reaches it continues the login. To
    other processes the login may count as used.
    """

    def __init__(self, client: "redis.Redis", /) -> None:
        self._client = client
        self._lock = threading.Lock()
        # The values of the claims whose reply was lost, with their ends. By process: a fork must not share a claim.
        self._unknown: dict[tuple[int, str], tuple[str, int]] = {}

    def claim(self, key: str, until: int, /) -> None:
        """Claims a key. See `ReplayStore`."""
        import redis

        # A duration, because the server's clock may differ from this one.
        seconds = max(until - _now(), 0) + _CLOCK_SKEW
        name = _PREFIX + key
        with redis_errors():
            # Tells a server that is down, where nothing can be claimed, from a reply that is lost.
            self._client.ping()
        mine = self._take_value(key)
        try:
            is_first = self._client.set(name, mine, nx=True, ex=seconds)
            # The client sends a command again if its reply was lost. Then the existing claim may be this call's own.
            if is_first or self._client.get(name) in (mine, mine.encode()):
                return
        except redis.RedisError as error:
            self._keep_value(key, mine, until + _CLOCK_SKEW)
            is_lost = isinstance(error, (redis.ConnectionError, redis.TimeoutError))
            reason: ErrorName = "store_reply_lost" if is_lost else "store_unavailable"
            raise proofkey.TransportError(reason, request_sent=False) from error
        raise proofkey.CallbackError("login_already_used")

    def _take_value(self, key: str) -> str:
        """The value of a claim whose reply was lost, for one caller alone; else a new one."""
        with self._lock:
            value, _ = self._unknown.pop((os.getpid(), key), (secrets.token_hex(8), 0))
            return value

    def _keep_value(self, key: str, value: str, until: int) -> None:
        with self._lock:
            alive = {other: kept for other, kept in self._unknown.items() if kept[1] >= _now()}
            self._unknown = {**alive, (os.getpid(), key): (value, until)}

    def release(self, key: str, /) -> None:
        """Gives a claim back. See `ReplayStore`."""
        with redis_errors():
            self._client.delete(_PREFIX + key)


class FailOpen:
    """Wraps another store and continues without it when it does not respond. The logger "proofkey.replay_store" then
    gets a warning.

    A relaxation, for applications that would rather send a code twice than refuse a login: while the store is down, a
    sealed login can be finished more than once within its ten minutes. All other checks still apply.

    >>> store = FailOpen(MemoryReplayStore())
    """

    def __init__(self, store: ReplayStore, /) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._unclaimed: dict[str, int] = {}

    def claim(self, key: str, until: int, /) -> None:
        """Claims a key, if the store responds. See `ReplayStore`."""
        try:
            self._store.claim(key, until)
        except proofkey.TransportError:
            _LOGGER.warning("the replay store does not respond; %s continues without a claim", key)
            with self._lock:
                alive = {other: end for other, end in self._unclaimed.items() if end >= _now()}
                self._unclaimed = {**alive, key: until}

    def release(self, key: str, /) -> None:
        """Gives a claim back, if this process has made one. See `ReplayStore`."""
        with self._lock:
            # By now the store may respond again, and hold this key for somebody else.
            if self._unclaimed.pop(key, None) is not None:
                return
        try:
            self._store.release(key)
        except proofkey.TransportError:
            _LOGGER.warning("the replay store does not respond; %s stays claimed", key)


def from_url(url: str, /) -> ReplayStore:
    """The store that a URL names: "sqlite:///relative/path", "sqlite:////absolute/path", "redis://host:6379/0",
    "rediss://…" (Redis over TLS) or "memory://". `ValueError` for anything else.

    >>> from_url("memory://")  # doctest: +ELLIPSIS
    <proofkey.replay_store.MemoryReplayStore object at ...>
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/"):
        return SqliteReplayStore(rest[1:])
    if scheme in ("redis", "rediss"):
        return RedisReplayStore(redis_client(url))
    if url == "memory://":
        return MemoryReplayStore()
    raise ValueError("the URL of a replay store is sqlite:///path, redis://host, rediss://host or memory://")


def _now() -> int:
    return int(time.time())


_LOGGER = logging.getLogger("proofkey.replay_store")

_CLOCK_SKEW = 60
"""How many seconds the clocks of two machines may differ. A login that begins in the future is accepted up to the same
limit."""

_PREFIX = "proofkey:replay:"

_TABLE = "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID"
