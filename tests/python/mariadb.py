"""A MariaDB server of its own for the tests. Nobody else can connect to it, and nothing of it remains."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pymysql


@contextmanager
def running() -> Iterator[Callable[[], str]]:
    """Runs the server. The function makes an empty database, and returns its URL for SQLAlchemy."""
    # Its own user has to reach the folder, which rules out most folders of root.
    user = "mysql" if os.geteuid() == 0 else None
    with TemporaryDirectory(prefix="proofkey-mariadb-") as folder:
        if user:
            shutil.chown(folder, user)
        data, socket = Path(folder, "data"), Path(folder, "socket")
        install = ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", f"--datadir={data}"]
        subprocess.run(install, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        options = ["--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking"]
        quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", f"--pid-file={folder}/pid"]
        with subprocess.Popen(
            ["mariadbd", *options, *quick], user=user, cwd=folder, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            try:
                started = []
                while "ready for connections" not in (line := server.stderr.readline()):
                    started.append(line)
                    assert line, "".join(started)
                # Goes on reading what it logs: otherwise the pipe would fill up.
                threading.Thread(target=server.stderr.read, daemon=True).start()
                numbers = count()
                yield lambda: _new_database(str(socket), next(numbers))
            finally:
                server.terminate()


def _new_database(socket: str, number: int) -> str:
    name = f"tests_{number}"
    with closing(pymysql.connect(unix_socket=socket, user="root")) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    return f"mariadb+pymysql://root@/{name}?unix_socket={socket}"
