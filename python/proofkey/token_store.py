"""Token stores: tokens at rest, encrypted, shared by all workers, and refreshed once.

>>> import secrets, tempfile, proofkey
>>> from proofkey import testing, token_store
>>> folder = tempfile.TemporaryDirectory()
>>> keys = proofkey.SealKeys(secrets.token_bytes(32))  # in your app: one secret for all workers, kept for good
>>> store = token_store.from_url(f"sqlite:///{folder.name}/tokens.db", keys)
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read")
...     store.save(client, "user-42", client.finish(login, server.sign_in(login.url)))
...     tokens = store.fresh(client, "user-42")  # in whichever worker needs them
>>> tokens.scope
['files.read']
>>> folder.cleanup()

`from_url()` opens a store, and `for_this_user()` that of a program on a user's machine. A `TokenStore` of your own can take the place of those here: it keeps texts, and decides
nothing. `SealedTokenStore` does the rest.
"""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import proofkey
from proofkey._native import (
    FileTokenStore,
    SealedTokenStore,
    after_fork_in_child,
    after_fork_in_parent,
    before_fork,
)
from proofkey._file_key import file_keys, state_folder
from proofkey._stores import check_sqlite_file, redis_client, redis_errors, sqlite_file

if TYPE_CHECKING:
    import redis
    import sqlalchemy

__all__ = [
    "FileTokenStore",
    "RedisTokenStore",
    "SealedTokenStore",
    "SqlAlchemyTokenStore",
    "SqliteTokenStore",
    "TokenStore",
    "for_this_user",
    "from_url",
]


class TokenStore(Protocol):
    """What `SealedTokenStore` keeps its records in: any object with these methods.

    Every method is one short step. No transaction and no pooled connection stays open between two of them. A key is 43
    characters of base64url, a sealed text is printable ASCII of a few thousand characters. Every exception means that
    the store cannot tell; `SealedTokenStore` passes it on.
    """

    def load(self, key: str, /) -> str | None:
        """The sealed text that was saved last under this key; `None` if there is none."""

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """Compare and set: saves `sealed` if what is stored is still `read`, `None` for nothing. `False` if it is not;
        nothing is saved then.

        No two sealed texts are equal, so a store that sends a command again, because the reply was lost, may take
        `sealed` itself for the success of its first attempt. When this returns, the text has to survive a crash of the
        process: it may be the only copy of a refresh token.
        """

    def delete(self, key: str, read: str, /) -> bool:
        """Compare and delete: deletes what is stored, if it is still `read`. `False` if it is something else."""

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        """Takes the lease of a key for `owner`, a random text. `False` if somebody else has it.

        It ends after this many seconds, even if nobody returns it. Of several calls at once, in whatever thread, process
        or machine, at most one gets it.
        """

    def release(self, key: str, owner: str, /) -> None:
        """Returns the lease, if `owner` still has it."""


class SqliteTokenStore:
    """A `TokenStore` in an SQLite file, for all processes of one machine.

    The file is created if it does not exist. It must be on a local disk, where locks work. Each call opens it anew, so
    threads and forked processes share nothing, and waits up to five seconds for other writers.

    >>> import os, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = SqliteTokenStore(os.path.join(folder.name, "tokens.db"))
    >>> store.save("a-key", "sealed", None), store.load("a-key")
    (True, 'sealed')
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], /) -> None:
        self._path = os.fspath(path)
        if self._path in ("", ":memory:"):
            # Each connection would have a database of its own, which ends with the connection.
            raise ValueError("path: SqliteTokenStore needs a file")
        check_sqlite_file(self._path, _SQLITE_TABLES)

    def load(self, key: str, /) -> str | None:
        """See `TokenStore`."""
        with sqlite_file(self._path, _SQLITE_TABLES, timeout=5, begin="BEGIN") as database:
            row = database.execute("SELECT sealed FROM tokens WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """See `TokenStore`."""
        with sqlite_file(self._path, _SQLITE_TABLES, timeout=5) as database:
            if read is None:
                return database.execute("INSERT OR IGNORE INTO tokens VALUES (?, ?)", (key, sealed)).rowcount == 1
            update = "UPDATE tokens SET sealed = ? WHERE key = ? AND sealed = ?"
            return database.execute(update, (sealed, key, read)).rowcount == 1

    def delete(self, key: str, read: str, /) -> bool:
        """See `TokenStore`."""
        with sqlite_file(self._path, _SQLITE_TABLES, timeout=5) as database:
            database.execute("DELETE FROM tokens WHERE key = ? AND sealed = ?", (key, read))
            return database.execute("SELECT 1 FROM tokens WHERE key = ?", (key,)).fetchone() is None

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        """See `TokenStore`."""
        with sqlite_file(self._path, _SQLITE_TABLES, timeout=5) as database:
            database.execute("DELETE FROM leases WHERE key = ? AND until < ?", (key, time.time()))
            row = (key, owner, time.time() + seconds)
            return database.execute("INSERT OR IGNORE INTO leases VALUES (?, ?, ?)", row).rowcount == 1

    def release(self, key: str, owner: str, /) -> None:
        """See `TokenStore`."""
        with sqlite_file(self._path, _SQLITE_TABLES, timeout=5) as database:
            database.execute("DELETE FROM leases WHERE key = ? AND owner = ?", (key, owner))


class RedisTokenStore:
    """A `TokenStore` in Redis, for all machines that share it.

    `client` is a `redis.Redis` of redis-py 5 or later (`pip install proofkey[redis]`); `from_url()` makes one. A Redis
    that evicts keys loses tokens, and their users sign in again: use `maxmemory-policy noeviction`. One that loses
    writes in a crash or a failover may lose the newest refresh tokens: use `appendonly yes`.
    """

    def __init__(self, client: "redis.Redis", /) -> None:
        self._client = client

    def load(self, key: str, /) -> str | None:
        """See `TokenStore`."""
        with redis_errors():
            stored: Any = self._client.get(_TOKENS + key)
        return stored.decode() if isinstance(stored, bytes) else stored

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """See `TokenStore`."""
        return self._run(_SAVE, _TOKENS + key, sealed, read or "")

    def delete(self, key: str, read: str, /) -> bool:
        """See `TokenStore`."""
        return self._run(_DELETE, _TOKENS + key, read)

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        """See `TokenStore`."""
        return self._run(_LEASE, _LEASES + key, owner, str(seconds))

    def release(self, key: str, owner: str, /) -> None:
        """See `TokenStore`."""
        self._run(_DELETE, _LEASES + key, owner)

    def _run(self, script: str, key: str, *arguments: str) -> bool:
        with redis_errors():
            return bool(self._client.eval(script, 1, key, *arguments))


class SqlAlchemyTokenStore:
    """A `TokenStore` in a database that SQLAlchemy knows, for all machines that share it: PostgreSQL, MySQL, MariaDB.

    `engine` is a `sqlalchemy.Engine` of SQLAlchemy 2 (`pip install proofkey[sqlalchemy]` and a driver); `from_url()`
    makes one. The tables `proofkey_tokens` and `proofkey_token_leases` are made if they do not exist. The clocks of the
    machines may differ by a minute.
    """

    def __init__(self, engine: "sqlalchemy.Engine", /) -> None:
        import sqlalchemy as sql
        from sqlalchemy.dialects import mysql

        self._engine = engine
        self._process = os.getpid()
        tables = sql.MetaData()
        # By default, MySQL takes "a" for "A"; and its TEXT is too short for the largest tokens.
        exact: dict[str, Any] = {"charset": "ascii", "collation": "ascii_bin"}
        text = sql.String(64).with_variant(mysql.VARCHAR(64, **exact), "mysql", "mariadb")
        long_text = sql.Text().with_variant(mysql.MEDIUMTEXT(**exact), "mysql", "mariadb")
        sealed = sql.Column("sealed", long_text, nullable=False)
        self._tokens = sql.Table("proofkey_tokens", tables, sql.Column("key", text, primary_key=True), sealed)
        self._leases = sql.Table(
            "proofkey_token_leases",
            tables,
            sql.Column("key", text, primary_key=True),
            sql.Column("owner", text, nullable=False),
            sql.Column("until", sql.Float(53), nullable=False),
        )
        for table in tables.sorted_tables:
            self._make(table)

    def _make(self, table: "sqlalchemy.Table") -> None:
        import sqlalchemy as sql

        try:
            table.create(self._engine, checkfirst=True)
        except sql.exc.SQLAlchemyError as error:
            # Another process may have made it in the meantime.
            with _sql_errors():
                if not sql.inspect(self._engine).has_table(table.name):
                    raise proofkey.TransportError("store_unavailable", request_sent=False) from error

    def load(self, key: str, /) -> str | None:
        """See `TokenStore`."""
        import sqlalchemy as sql

        tokens = self._tokens.c
        with self._transaction() as database:
            stored: str | None = database.scalar(sql.select(tokens.sealed).where(tokens.key == key))
        return stored

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """See `TokenStore`."""
        if read is None:
            return self._insert(self._tokens.insert().values(key=key, sealed=sealed))
        tokens = self._tokens.c
        update = self._tokens.update().where(tokens.key == key, tokens.sealed == read).values(sealed=sealed)
        with self._transaction() as database:
            updated: int = database.execute(update).rowcount
        return updated == 1

    def delete(self, key: str, read: str, /) -> bool:
        """See `TokenStore`."""
        tokens = self._tokens.c
        with self._transaction() as database:
            database.execute(self._tokens.delete().where(tokens.key == key, tokens.sealed == read))
            return database.execute(self._tokens.select().where(tokens.key == key)).first() is None

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        """See `TokenStore`."""
        leases, until = self._leases.c, time.time() + seconds
        update = self._leases.update().where(leases.key == key, leases.until < time.time())
        with self._transaction() as database:
            if database.execute(update.values(owner=owner, until=until)).rowcount == 1:
                return True
        return self._insert(self._leases.insert().values(key=key, owner=owner, until=until))

    def release(self, key: str, owner: str, /) -> None:
        """See `TokenStore`."""
        import sqlalchemy as sql

        leases, tokens = self._leases.c, self._tokens.c
        with self._transaction() as database:
            # The row stays as long as the tokens do: InnoDB dead-locks if some delete a row that others insert.
            is_used = database.execute(sql.select(tokens.key).where(tokens.key == key)).first() is not None
            over = self._leases.update().values(until=0) if is_used else self._leases.delete()
            database.execute(over.where(leases.key == key, leases.owner == owner))

    def _insert(self, insert: "sqlalchemy.Insert") -> bool:
        """Whether this row is the first with its key."""
        import sqlalchemy as sql

        with _sql_errors():
            try:
                with self._connection() as database:
                    database.execute(insert)
            except sql.exc.IntegrityError:
                return False
        return True

    @contextmanager
    def _transaction(self) -> "Iterator[sqlalchemy.Connection]":
        with _sql_errors(), self._connection() as database:
            yield database

    def _connection(self) -> "AbstractContextManager[sqlalchemy.Connection]":
        if self._process != os.getpid():
            # A forked child must not use its parent's connections.
            self._engine.dispose(close=False)
            self._process = os.getpid()
        begun: AbstractContextManager[sqlalchemy.Connection] = self._engine.begin()
        return begun


@contextmanager
def _sql_errors() -> Iterator[None]:
    import sqlalchemy as sql

    try:
        yield
    except sql.exc.SQLAlchemyError as error:
        raise proofkey.TransportError("store_unavailable", request_sent=False) from error


def for_this_user(name: str, /, *, folder: str | os.PathLike[str] | None = None) -> SealedTokenStore:
    """The store of a program on a user's machine: a `FileTokenStore` in `folder`, by default the folder with this name
    among those of the user's programs ($XDG_STATE_HOME or ~/.local/state, ~/Library/Application Support on macOS,
    %LOCALAPPDATA% on Windows).

    The key that opens it is made at the first call. It goes into the system keyring, if the package `keyring` is
    installed (`pip install proofkey[keyring]`) and finds one, and is read back. Otherwise, as over SSH and in
    containers, it goes into a file in the same folder that only this user can read, and a line on stderr says so once.

    `StoredTokensError`: "store_key_unavailable" if the keyring no longer gives the key, "store_insecure" as for
    `FileTokenStore`, and "store_busy" if another process waits for the keyring's user for longer than ten seconds.
    `ValueError` for a name that is not that of a folder.

    >>> import tempfile
    >>> from proofkey import token_store
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = token_store.for_this_user("my-cli", folder=f"{folder.name}/my-cli")
    >>> folder.cleanup()
    """
    place = state_folder(name) if folder is None else os.path.abspath(os.fspath(folder))
    files = FileTokenStore(place)
    return SealedTokenStore(files, file_keys(files, place, name))


def from_url(url: str | None, keys: proofkey.SealKeys, /) -> SealedTokenStore:
    """The store that a URL names, else the environment variable PROOFKEY_TOKEN_STORE, with what it keeps sealed:

    - "file:///absolute/folder", for programs on a user's machine;
    - "sqlite:///relative/path" or "sqlite:////absolute/path", for one machine;
    - "redis://host:6379/0" or "rediss://…" (Redis over TLS), for several;
    - "postgresql+driver://…", "mysql+driver://…" or "mariadb+driver://…", likewise, as SQLAlchemy reads it.

    `ValueError` for anything else.

    >>> import secrets, tempfile, proofkey
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     from_url(f"file://{folder}/tokens", proofkey.SealKeys(secrets.token_bytes(32)))  # doctest: +ELLIPSIS
    <proofkey.token_store.SealedTokenStore object at ...>
    """
    if url is None:
        url = os.environ.get("PROOFKEY_TOKEN_STORE", "")
    return SealedTokenStore(_store(url), keys)


def _store(url: str) -> TokenStore:
    scheme, _, rest = url.partition("://")
    if scheme == "file" and rest.startswith("/"):
        from urllib.request import url2pathname

        return FileTokenStore(url2pathname(rest))
    if scheme == "sqlite" and rest.startswith("/"):
        return SqliteTokenStore(rest[1:])
    if scheme in ("redis", "rediss"):
        return RedisTokenStore(redis_client(url))
    if scheme.partition("+")[0] in ("postgresql", "mysql", "mariadb"):
        return SqlAlchemyTokenStore(_engine(url))
    raise ValueError(
        "the URL of a token store is file:///folder, sqlite:///path, redis://host, rediss://host, postgresql://host/db, "
        "mysql://host/db or mariadb://host/db"
    )


def _engine(url: str) -> "sqlalchemy.Engine":
    import sqlalchemy as sql

    try:
        # A connection that the server has closed meanwhile is replaced.
        return sql.create_engine(url, pool_pre_ping=True)
    except (sql.exc.ArgumentError, ValueError):
        pass  # Its text may contain a part of the password.
    raise ValueError("the URL of this SQL store cannot be read: it is postgresql+driver://user:password@host:5432/name")


# A forked child must not keep a lock of its parent alive.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=before_fork, after_in_parent=after_fork_in_parent, after_in_child=after_fork_in_child
    )

_SQLITE_TABLES = """
CREATE TABLE IF NOT EXISTS tokens (key TEXT PRIMARY KEY, sealed TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID
"""

_TOKENS = "proofkey:tokens:"
_LEASES = "proofkey:token-lease:"

# Each takes the success of a first attempt, whose reply was lost, for its own.
_SAVE = """
local stored = redis.call('GET', KEYS[1]) or ''
if stored == ARGV[1] then return 1 end
if stored ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""
_DELETE = """
local stored = redis.call('GET', KEYS[1])
if stored == ARGV[1] then redis.call('DEL', KEYS[1]) end
return (not stored or stored == ARGV[1]) and 1 or 0
"""
_LEASE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then return 1 end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
"""
