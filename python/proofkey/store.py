"""Stores of finished logins: what makes a sealed login count once, whichever worker gets its callback.

A sealed login can be opened as often as somebody has its text. Within its ten minutes, a callback that is delivered twice
(a double click, a reload, a browser that fetches ahead) would send its code twice, and servers answer a code that comes
again by revoking what they gave for it. With a store that all workers share, one delivery sends the code:

>>> import secrets, proofkey
>>> from proofkey import store, testing
>>> keys = proofkey.SealKeys(secrets.token_bytes(32))  # yours: one secret for all workers
>>> finished = store.from_url("memory://")  # yours: "sqlite:///logins.db" for one machine, "redis://host" for several
>>> with testing.Provider() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read", data="/photos")
...     cookie = login.seal(keys, "github")  # unreadable, for ten minutes
...     callback_url = server.sign_in(login.url)
...     login = client.resume(cookie, keys, "github")  # in whichever worker the callback comes to
...     tokens = client.finish(login, callback_url, store=finished)
>>> login.data, tokens.scope
('/photos', ['files.read'])

A store learns a hash of the state and a time, nothing else, and forgets them when the login is over.
"""

import logging
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol

import proofkey
from proofkey._native import MemoryStore

if TYPE_CHECKING:
    import redis

__all__ = ["FailOpen", "MemoryStore", "RedisStore", "SpendStore", "SqliteStore", "from_url"]


class SpendStore(Protocol):
    """What `client.finish(store=…)` asks. Any object with these two methods is one."""

    def spend(self, login_id: str, until: int, /) -> None:
        """Marks a login as finished, and keeps the mark until `until`, in seconds since the epoch, and a minute longer,
        because clocks differ. Of several calls with one id, in whatever process, one returns.

        The others raise `proofkey.CallbackError("login_spent")`; whatever else is raised means that the store cannot say,
        and the code is not sent either.
        """

    def unspend(self, login_id: str, /) -> None:
        """Takes the mark back, because nothing was sent. Only who set it calls this."""


class SqliteStore:
    """Remembers finished logins in a file, for all processes of one machine.

    The file is made if it is not there, and must be on a local disk, where locks work. Each call opens it anew, so that
    threads and forks share nothing; it waits up to five seconds for the others. There is no write-ahead log: that would
    leave two more files beside it, to help readers, which there are none of.

    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> finished = SqliteStore(os.path.join(folder.name, "logins.db"))
    >>> finished.spend("an-id", 2**40)
    >>> finished.spend("an-id", 2**40)
    Traceback (most recent call last):
        ...
    proofkey.CallbackError: login_spent: this login was already used. Next: begin a new login: nothing of this one can be used again
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], /) -> None:
        self._path = os.fspath(path)
        if self._path in ("", ":memory:"):
            # Each connection would have a database of its own, and forget with it.
            raise ValueError("SqliteStore needs a file; MemoryStore is the one in memory")
        with self._transaction():
            pass  # A file that cannot be used is found now, and not at the first login.

    def spend(self, login_id: str, until: int, /) -> None:
        """Marks a login as finished. See `SpendStore`."""
        with self._transaction() as database:
            database.execute("DELETE FROM spent WHERE until < ?", (_now() - _CLOCK_SKEW,))
            added = database.execute("INSERT OR IGNORE INTO spent VALUES (?, ?)", (login_id, until)).rowcount
        if not added:
            raise proofkey.CallbackError("login_spent")

    def unspend(self, login_id: str, /) -> None:
        """Takes the mark back. See `SpendStore`."""
        with self._transaction() as database:
            database.execute("DELETE FROM spent WHERE login_id = ?", (login_id,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                database.execute(_TABLE)
                yield database
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise proofkey.TransportError("store_unavailable", request_sent=False) from error


class RedisStore:
    """Remembers finished logins in Redis, for all machines that share it: `SET` with `NX` and an expiry.

    It takes a `redis.Redis` of redis-py 5 or later (`pip install proofkey[redis]`); `from_url()` makes one. A Redis that
    evicts keys before they expire, or loses writes when a replica takes over, loses the marks with them.
    """

    def __init__(self, client: "redis.Redis", /) -> None:
        self._client = client

    def spend(self, login_id: str, until: int, /) -> None:
        """Marks a login as finished. See `SpendStore`."""
        # As a length of time: the server's clock need not agree with this one.
        seconds = max(until - _now(), 0) + _CLOCK_SKEW
        key, mine = _KEY + login_id, secrets.token_hex(8)
        with _redis_answers():
            is_first = self._client.set(key, mine, nx=True, ex=seconds)
            # The client asks again if it missed the answer: then the mark may be this call's own.
            if is_first or self._client.get(key) in (mine, mine.encode()):
                return
        raise proofkey.CallbackError("login_spent")

    def unspend(self, login_id: str, /) -> None:
        """Takes the mark back. See `SpendStore`."""
        with _redis_answers():
            self._client.delete(_KEY + login_id)


class FailOpen:
    """Goes on when the store inside does not answer, and says so to the logger "proofkey.store".

    A relaxation, for applications to which a failed login is worse than a code that is sent twice: while the store is
    down, a sealed login can be finished more than once in its ten minutes. Everything else is checked as ever.

    >>> finished = FailOpen(MemoryStore())
    """

    def __init__(self, store: SpendStore, /) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._unmarked: dict[str, int] = {}

    def spend(self, login_id: str, until: int, /) -> None:
        """Marks a login as finished, if the store answers. See `SpendStore`."""
        try:
            self._store.spend(login_id, until)
        except proofkey.TransportError:
            _LOGGER.warning("the store does not answer; login %s goes on without it", login_id)
            with self._lock:
                alive = {other: end for other, end in self._unmarked.items() if end >= _now()}
                self._unmarked = {**alive, login_id: until}

    def unspend(self, login_id: str, /) -> None:
        """Takes the mark back, if there is one of this process. See `SpendStore`."""
        with self._lock:
            # The store may answer again, and hold the mark of somebody else.
            if self._unmarked.pop(login_id, None) is not None:
                return
        try:
            self._store.unspend(login_id)
        except proofkey.TransportError:
            _LOGGER.warning("the store does not answer; login %s stays finished", login_id)


def from_url(url: str, /) -> SpendStore:
    """The store that a setting names: "sqlite:///relative/path", "sqlite:////absolute/path", "redis://host:6379/0",
    "rediss://…" (with TLS), or "memory://". `ValueError` for anything else.

    >>> from_url("memory://")  # doctest: +ELLIPSIS
    <proofkey.store.MemoryStore object at ...>
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/"):
        return SqliteStore(rest[1:])
    if scheme in ("redis", "rediss"):
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        # One retry, at once: for a connection that the server closed while it was idle.
        retry = Retry(NoBackoff(), 1)
        return RedisStore(redis.Redis.from_url(url, retry=retry, socket_timeout=2, socket_connect_timeout=2))
    if url == "memory://":
        return MemoryStore()
    raise ValueError("a store is sqlite:///path, redis://host, rediss://host or memory://")


@contextmanager
def _redis_answers() -> Iterator[None]:
    import redis

    try:
        yield
    except redis.RedisError as error:
        raise proofkey.TransportError("store_unavailable", request_sent=False) from error


def _now() -> int:
    return int(time.time())


_LOGGER = logging.getLogger("proofkey.store")

_CLOCK_SKEW = 60
"""How far the clocks of two machines may be apart, in seconds: as long as a login from the future is accepted."""

_KEY = "proofkey:spent:"

_TABLE = "CREATE TABLE IF NOT EXISTS spent (login_id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID"
