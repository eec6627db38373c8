import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import django.conf
import pytest
import vectors
from hostile import Authority

# Django's QueryDict needs settings for its character set.
django.conf.settings.configure()

ROOT = Path(__file__).resolve().parents[2]

# Its PostgreSQL server.
sys.path.append(str(ROOT / "tests/adapters"))


@pytest.fixture(scope="session")
def pkce() -> vectors.Pkce:
    return vectors.pkce()


@pytest.fixture(scope="session")
def errors() -> vectors.Errors:
    return vectors.errors()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def wheel() -> Path:
    return _built("PROOFKEY_WHEEL", "*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return _built("PROOFKEY_SDIST", "*.tar.gz")


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.PIPE, text=True, cwd="/") as running:
        assert running.stdout is not None
        try:
            assert any("Ready to accept connections" in line for line in running.stdout)
            yield port
        finally:
            running.terminate()
            running.stdout.read()


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[Callable[[], str]]:
    """Makes an empty database on a PostgreSQL server of its own, and returns its URL for SQLAlchemy."""
    import postgres

    with postgres.running() as new_database:

        def url() -> str:
            name, _, folder = new_database().partition("@")
            return f"postgresql+psycopg://tests@/{name}?host={folder}"

        yield url


@pytest.fixture(scope="session")
def mariadb_database() -> Iterator[Callable[[], str]]:
    """Makes an empty database on a MariaDB server of its own, and returns its URL for SQLAlchemy."""
    import mariadb

    with mariadb.running() as new_database:
        yield new_database


def _built(variable: str, pattern: str) -> Path:
    """The file that run.sh built, or else the newest one in target/wheels."""
    if named := os.environ.get(variable):
        return Path(named)
    found = sorted((ROOT / "target" / "wheels").glob(pattern), key=lambda path: path.stat().st_mtime)
    assert found, f"no {pattern} in target/wheels: tests/python/run.sh builds it"
    return found[-1]
