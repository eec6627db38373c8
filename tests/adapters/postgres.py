"""A PostgreSQL server of its own for the tests. Nobody else can connect to it, and nothing of it remains."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg


@contextmanager
def running() -> Iterator[Callable[[], str]]:
    """Runs the server. The function makes an empty database, and returns its name and the folder of the socket, as
    NAME@FOLDER."""
    # It refuses to run as root. Then its own user has to reach the folder, which rules out most folders of root.
    user = "postgres" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="proofkey-postgres-") as folder:
        if user:
            shutil.chown(folder, user)
        data = str(Path(folder, "data"))
        initdb = ["initdb", "--no-sync", "--auth=trust", "--username=tests", "--pgdata", data]
        subprocess.run(initdb, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        options = ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        with subprocess.Popen(
            ["postgres", "-D", data, *options], user=user, cwd=folder, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            try:
                started = "".join(iter_until(server.stderr, "ready to accept connections"))
                assert server.poll() is None, started
                # Goes on reading what it logs: otherwise the pipe would fill up.
                threading.Thread(target=server.stderr.read, daemon=True).start()
                numbers = count()
                yield lambda: f"{_new_database(folder, next(numbers))}@{folder}"
            finally:
                server.send_signal(signal.SIGINT)  # Ends it although clients are still connected.


def iter_until(lines: Iterator[str], end: str) -> Iterator[str]:
    """The lines up to the one that contains a text."""
    for line in lines:
        yield line
        if end in line:
            return


def _new_database(folder: str, number: int) -> str:
    name = f"tests_{number}"
    with psycopg.connect(host=folder, user="tests", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return name
