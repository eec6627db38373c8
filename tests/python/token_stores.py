"""The token stores that the tests run on, and what has to be there for a refresh."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import proofkey
import pytest
from proofkey import testing, token_store

REDIRECT_URI = "http://127.0.0.1:8400/callback"
KEYS = proofkey.SealKeys("the secret of these tests, of 32 bytes and more")
CLOSED = {"authorization_endpoint": "https://as.example/a", "token_endpoint": "http://127.0.0.1:1/token"}
STORED = proofkey.Tokens.from_dict({"access_token": "old", "refresh_token": "r", "expires_at": 0})


def client_of(endpoints: dict[str, str], timeout: float = 10) -> proofkey.Client:
    transport = proofkey.Transport(timeout=timeout)
    provider = proofkey.Provider(
        authorization_endpoint=endpoints["authorization_endpoint"],
        token_endpoint=endpoints["token_endpoint"],
        issuer=endpoints.get("issuer"),
    )
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, transport=transport)


def endpoints_of(server: testing.AuthorizationServer) -> dict[str, str]:
    return {
        "authorization_endpoint": server.authorization_endpoint,
        "token_endpoint": server.token_endpoint,
        "issuer": server.issuer,
    }


def signed_in(server: testing.AuthorizationServer) -> tuple[proofkey.Client, proofkey.Tokens]:
    client = client_of(endpoints_of(server))
    login = client.begin(scope="files.read")
    return client, client.finish(login, server.sign_in(login.url))


def refresh_tokens(server: testing.AuthorizationServer) -> list[str]:
    """The refresh tokens that the server saw."""
    return [dict(seen.params)["refresh_token"] for seen in server.seen if "refresh_token" in dict(seen.params)]


BACKENDS = [
    "file",
    "sqlite",
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
]


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes the pooled connections of stores that a test has made: drivers warn of those that are forgotten."""
    import sqlalchemy

    engines: list[sqlalchemy.Engine] = []
    make = sqlalchemy.create_engine

    def made(*arguments: Any, **options: Any) -> sqlalchemy.Engine:
        engines.append(make(*arguments, **options))
        return engines[-1]

    monkeypatch.setattr(sqlalchemy, "create_engine", made)
    yield
    for engine in engines:
        engine.dispose()


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        import redis

        port = request.getfixturevalue("redis_port")
        with closing(redis.Redis(port=port)) as client:
            client.flushall()
        return f"redis://127.0.0.1:{port}"
    if request.param in ("postgres", "mariadb"):
        made: str = request.getfixturevalue(f"{request.param}_database")()
        return made
    return f"file://{tmp_path}/tokens" if request.param == "file" else f"sqlite:///{tmp_path}/tokens.db"


def run_out(url: str) -> None:
    """Lets every lease run out, as time does."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        import sqlite3

        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database, database:
            assert database.execute("UPDATE leases SET until = 1").rowcount > 0
    elif scheme == "redis":
        import redis

        with closing(redis.Redis.from_url(url)) as client:
            leases: Any = client.keys("proofkey:token-lease:*")
            assert leases
            for lease in leases:
                assert client.expire(lease, 0)
    elif scheme.startswith(("postgresql", "mariadb")):
        import sqlalchemy

        with sqlalchemy.create_engine(url).begin() as connection:
            assert connection.execute(sqlalchemy.text("UPDATE proofkey_token_leases SET until = 1")).rowcount > 0
