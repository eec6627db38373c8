"""What replay stores and token stores share: opening SQLite files and Redis servers, and their errors."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import proofkey

if TYPE_CHECKING:
    import redis


@contextmanager
def sqlite_file(path: str, tables: str, timeout: int, *, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
    """A transaction on a file with these tables, which are made if need be. It waits for other writers."""
    try:
        with closing(sqlite3.connect(path, timeout=timeout, isolation_level=None)) as database:
            database.execute(begin)
            for table in tables.split(";"):
                database.execute(table)
            yield database
            database.execute("COMMIT")
    except sqlite3.Error as error:
        raise proofkey.TransportError("store_unavailable", request_sent=False) from error


def check_sqlite_file(path: str, tables: str) -> None:
    """Fails now, rather than at the first login, if the file cannot be used. Never waits, because whoever opens the
    store may hold up other requests meanwhile."""
    try:
        with sqlite_file(path, tables, timeout=0):
            pass
    except proofkey.TransportError as error:
        # A file that is locked is in use, so it can be used. Before Python 3.11, the exception has only this text.
        if str(error.__cause__) != "database is locked":
            raise


def redis_client(url: str) -> "redis.Redis":
    """The client of a URL. `ValueError`, without the URL, if it cannot be read."""
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # One retry, at once, in case the server has closed an idle connection.
    options: dict[str, Any] = {"retry": Retry(NoBackoff(), 1), "socket_timeout": 2, "socket_connect_timeout": 2}
    try:
        parts = urlsplit(url)
        # redis-py connects to another host or database than was meant if it cannot read these.
        if parts.hostname and parts.port != 0 and not parts.fragment and re.fullmatch(r"/?|/[0-9]+", parts.path):
            client: redis.Redis = redis.Redis.from_url(url, **options)
            pool = client.connection_pool
            pool.connection_class(**pool.connection_kwargs)  # Connects to nothing, but checks the options in the query.
            return client
    except (TypeError, ValueError, redis.RedisError):
        pass  # Its text may contain a part of the password.
    raise ValueError(
        "the URL of this Redis store cannot be read: it is redis://:password@host:6379/0, with the characters "
        "/ ? # @ : % [ ] of the password percent-encoded"
    )


@contextmanager
def redis_errors() -> Iterator[None]:
    """Errors of Redis as `TransportError` "store_unavailable"."""
    import redis

    try:
        yield
    except redis.RedisError as error:
        raise proofkey.TransportError("store_unavailable", request_sent=False) from error
