"""The app in gunicorn or uvicorn, as in production, and Redis: processes that a test can kill."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKERS, THREADS = 4, 8
# Without a limit, the first worker accepts up to a thousand connections, and the others have nothing to do.
GTHREAD = ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS)]
GTHREAD += ["--worker-connections", str(2 * THREADS)]
GUNICORN = ["gunicorn", "--no-control-socket", "--bind", "fd://{}"]
FLASK = [*GUNICORN, *GTHREAD, "app:app"]
DJANGO = [*GUNICORN, *GTHREAD, "django_app:app"]
GEVENT = [*GUNICORN, "--worker-class", "gevent", "--workers", "1", "gevent_app:app"]
FASTAPI = ["uvicorn", "--fd", "{}", "--no-access-log", "--workers", str(WORKERS), "fastapi_app:app"]


class App:
    """The app, served by several workers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._port, self._log = process, port, log
        self.url = f"http://127.0.0.1:{port}"

    @property
    def log(self) -> str:
        """What the server and the app wrote."""
        return self._log.read_text()

    def kill_a_worker(self) -> set[int]:
        """Kills the worker with the most connections, and returns the client ports of these connections."""
        pid = max(self._workers(), key=lambda worker: len(self._client_ports(worker)))
        # A stopped worker accepts no connection, so that the ports are those of the worker when it dies.
        os.kill(pid, signal.SIGSTOP)
        while not _is_stopped(pid):
            os.sched_yield()
        ports = self._client_ports(pid)
        os.kill(pid, signal.SIGKILL)
        return ports

    def _workers(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def _client_ports(self, pid: int) -> set[int]:
        files = {os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir()}
        ports = set()
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, ours, theirs, state, *_, inode = line.split()[:10]
            if state == _ESTABLISHED and _port(ours) == self._port and f"socket:[{inode}]" in files:
                ports.add(_port(theirs))
        return ports


@contextmanager
def app(folder: Path, issuer: str, store: str = "", served: list[str] = FLASK) -> Iterator[App]:
    """Runs the app until the end of the block. Its files are in the folder. `served` is what serves it, with "{}" for
    the descriptor of a socket that listens."""
    sessions, log = folder / "sessions", folder / "log"
    sessions.mkdir()
    settings = {
        "SECRET_KEY": "only for the tests under load, 32 bytes or more",
        "PROOFKEY_TEST_ISSUER": issuer,
        "PROOFKEY_TEST_CLIENT_ID": "my-app",
        "PROOFKEY_REPLAY_STORE": store,
    }
    environment = {**os.environ, **settings, **{f"FLASK_{name}": value for name, value in settings.items()}}
    environment |= {"SESSIONS": str(sessions), "THREADS": str(THREADS)}
    # The socket is opened here, so that the port is known, and clients can connect before the workers have started.
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener, log.open("wb") as output:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", *(word.format(listener.fileno()) for word in served)],
            cwd=HERE,
            env=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    with process:
        try:
            yield App(process, port, log)
        finally:
            process.terminate()


class Redis:
    """A Redis that loses its data when it is killed, and restarts at the same port."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")
        assert self._process.stdout is not None
        assert any("Ready to accept connections" in line for line in self._process.stdout)

    def kill(self) -> None:
        with self._process:
            self._process.kill()


def _is_stopped(pid: int) -> bool:
    """Whether all threads of the process are stopped."""
    states = [(each / "stat").read_text().rpartition(")")[2].split()[0] for each in Path(f"/proc/{pid}/task").iterdir()]
    return set(states) == {"T"}


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


_ESTABLISHED = "01"
