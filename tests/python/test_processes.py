"""Forks at bad moments, second interpreters, and an interpreter that exits while a request is under way.

Run as a program, this file is the process that forks or exits: its arguments are the name of a function and what to
call it with, as JSON. It writes what the function returns to stdout. The servers are in the process of the tests.
"""

import contextlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hostile
import proofkey
import pytest
import raw
from hostile import DEADLINE, REDIRECT_URI, Authority, Connection, Server
from proofkey import testing

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def run(program: Callable[..., object], /, **told: object) -> Any:
    """What the function returns in a process of its own, which must write nothing to stderr."""
    # Python 3.12 warns of every fork of a process with threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", __file__, program.__name__, json.dumps(told)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3 * DEADLINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    return json.loads(ended.stdout)


def main() -> None:
    name, told = sys.argv[1:]
    print(json.dumps(globals()[name](**json.loads(told))))


class Child:
    """A forked process that does this work. It ends like any program: its interpreter deletes all objects."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._read, write = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            signal.alarm(int(DEADLINE))  # It ends a child that hangs.
            os.write(write, json.dumps(work()).encode())
            sys.exit()
        os.close(write)

    def result(self) -> Any:
        with os.fdopen(self._read) as pipe:
            written = pipe.read()
        assert os.waitpid(self._id, 0)[1] == 0, "the child failed or hung"
        return json.loads(written)


# Pooled connections.


class Echo:
    """A behaviour: grants each refresh token an access token of the same name, and notes what happens on which
    connection. Two requests "at once" get their responses only when both have arrived."""

    def __init__(self) -> None:
        self.events: list[tuple[int, str]] = []
        self.together = threading.Barrier(2)

    def __call__(self, connection: Connection) -> None:
        try:
            while request := connection.request():
                name = parse_qs(request.body.decode())["refresh_token"][0]
                self.events.append((id(connection), name))
                if name.endswith("at once"):
                    with contextlib.suppress(threading.BrokenBarrierError):
                        self.together.wait(DEADLINE / 2)
                connection.send(hostile.response(json.dumps({"access_token": f"for {name}"}).encode()))
        finally:
            self.events.append((id(connection), "closed"))

    def connection_of(self, name: str) -> int:
        [connection] = [connection for connection, event in self.events if event == name]
        return connection


def shares_no_connection(token_endpoint: str, ca_file: str) -> dict[str, str]:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=token_endpoint)
    client = proofkey.Client(provider, "my-app", transport=proofkey.Transport(ca_file=ca_file, timeout=DEADLINE))

    def ask(name: str) -> str:
        old = proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": name})
        return client.refresh(old).access_token.expose()

    for attempt in range(20):
        got = {"before": ask(f"{attempt} before")}
        began = time.monotonic()
        child = Child(lambda: ask(f"{attempt} child at once"))
        got["parent"] = ask(f"{attempt} parent at once")
        got["child"] = child.result()
        got["after"] = ask(f"{attempt} after")
        # A connection is pooled for a second: later it would be another one anyway.
        if time.monotonic() - began < 0.9:
            return {"attempt": str(attempt), **got}
    raise AssertionError("this machine is too slow for pooled connections")


@forks
def test_a_parent_and_its_child_generate_different_verifiers() -> None:
    proofkey.Verifier.generate()  # so that any internal state exists before the fork
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, "\n".join(proofkey.Verifier.generate().expose() for _ in range(20)).encode())
        finally:
            os._exit(0)
    os.close(write)
    ours = {proofkey.Verifier.generate().expose() for _ in range(20)}
    with os.fdopen(read) as pipe:
        theirs = set(pipe.read().splitlines())
    assert os.waitpid(child, 0)[1] == 0
    assert len(ours) == len(theirs) == 20
    assert not ours & theirs


@forks
@pytest.mark.parametrize("certificate", [None, "good"], ids=["http", "https"])
def test_a_child_shares_no_connection_with_its_parent(certificate: str | None, authority: Authority) -> None:
    echo = Echo()
    with Server(echo, tls=authority.contexts[certificate] if certificate else None) as server:
        got = run(shares_no_connection, token_endpoint=server.url("/token"), ca_file=str(authority.path))
        attempt = got.pop("attempt")
        names = [f"{attempt} {name}" for name in ("before", "parent at once", "child at once", "after")]
        before, parent, child, after = map(echo.connection_of, names)
        events = list(echo.events)
    assert got == dict(zip(["before", "parent", "child", "after"], [f"for {name}" for name in names], strict=True))
    assert before == parent == after != child
    between = events[events.index((before, names[0])) : events.index((after, names[3]))]
    assert (before, "closed") not in between, "the child ended, and the connection of its parent is still open"


# Locks of threads that a child does not have.


class Held:
    """A behaviour: passes every request on to another server, but the first one for `path` only when told to."""

    def __init__(self, upstream: testing.AuthorizationServer, path: str) -> None:
        self._upstream, self._path = urlsplit(upstream.issuer).netloc, path
        self._arrived, self._released = threading.Event(), threading.Event()

    def __call__(self, connection: Connection) -> None:
        while request := connection.request():
            match request.path.rstrip("?"):
                case "/wait-until-it-arrives":
                    self._arrived.wait(DEADLINE)
                    connection.send(hostile.response(b""))
                case "/release":
                    self._released.set()
                    connection.send(hostile.response(b""))
                case path:
                    if path == self._path and not self._arrived.is_set():
                        self._arrived.set()
                        self._released.wait(DEADLINE)
                    connection.send(self._pass_on(request))

    def _pass_on(self, request: hostile.Request) -> bytes:
        with contextlib.closing(HTTPConnection(self._upstream, timeout=DEADLINE)) as upstream:
            kept = {name: request.headers[name] for name in {"content-type", "authorization"} & request.headers.keys()}
            upstream.request(request.method, request.path, request.body, kept)
            passed = upstream.getresponse()
            status, kind = f"{passed.status} {passed.reason}", passed.headers["Content-Type"]
            return hostile.response(passed.read(), status, kind)


def forks_meanwhile(doing: str, endpoints: dict[str, str], control: str) -> dict[str, object]:
    provider = proofkey.Provider(**endpoints)  # type: ignore[arg-type]
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
    direct = {**endpoints, "token_endpoint": f"{endpoints['issuer']}/token", "jwks_uri": f"{endpoints['issuer']}/jwks"}
    setup = proofkey.Client(proofkey.Provider(**direct), "my-app", redirect_uri=REDIRECT_URI)  # type: ignore[arg-type]

    def begin(client: proofkey.Client, scope: str = "") -> tuple[proofkey.Login, str]:
        login = client.begin(scope=scope)
        return login, raw.ask(login.url).headers["Location"]

    mine, others = setup.finish(*begin(setup)), setup.finish(*begin(setup))
    busy, pending = begin(client, "openid" if doing == "keys" else "files.read"), begin(client)
    results: list[str] = []

    def work() -> None:
        try:
            client.refresh(mine) if doing == "refresh" else client.finish(*busy)
            results.append("tokens")
        except proofkey.TokenError as error:
            results.append(str(error.error))

    def use_everything() -> dict[str, object]:
        used: dict[str, object] = {
            "refresh": bool(client.refresh(others).access_token.expose()),
            "login begun before": bool(client.finish(*pending).access_token.expose()),
            "login with openid": client.finish(*begin(client, "openid")).signature_verified,
        }
        if doing == "refresh":
            used["the same refresh"] = bool(client.refresh(mine).access_token.expose())
        else:
            uses: dict[str, Callable[[], object]] = {
                "finish": lambda: client.finish(*busy),
                "accept": lambda: busy[0].accept(busy[1]),
                "seal": lambda: busy[0].seal(proofkey.SealKeys("s" * 32), ""),
            }
            for name, use in uses.items():
                try:
                    use()
                except proofkey.CallbackError as error:
                    used[name] = error.name
        return used

    thread = threading.Thread(target=work)
    thread.start()
    raw.ask(f"{control}/wait-until-it-arrives")
    used: dict[str, object] = Child(use_everything).result()
    raw.ask(f"{control}/release")
    thread.join()
    return {**used, "in the parent": results}


@forks
@pytest.mark.parametrize(("doing", "path"), [("refresh", "/token"), ("finish", "/token"), ("keys", "/jwks")])
def test_a_child_of_a_busy_process_does_not_hang(doing: str, path: str) -> None:
    with testing.AuthorizationServer() as upstream, Server(Held(upstream, path)) as server:
        endpoints = {
            "issuer": upstream.issuer,
            "authorization_endpoint": upstream.authorization_endpoint,
            "token_endpoint": server.url("/token"),
            "jwks_uri": server.url("/jwks"),
        }
        used = run(forks_meanwhile, doing=doing, endpoints=endpoints, control=server.url())
    expected: dict[str, object] = {"refresh": True, "login begun before": True, "login with openid": True}
    if doing == "refresh":
        # The child was first, and the server takes each refresh token once.
        expected |= {"the same refresh": True, "in the parent": ["invalid_grant"]}
    else:
        expected |= dict.fromkeys(["finish", "accept", "seal"], "login_already_used") | {"in the parent": ["tokens"]}
    assert used == expected


def forks_while_a_login_is_sealed() -> list[bool]:
    endpoints = {"authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t"}
    client = proofkey.Client(proofkey.Provider(**endpoints), "my-app", redirect_uri=REDIRECT_URI)  # type: ignore[arg-type]
    keys, login = proofkey.SealKeys("s" * 32), client.begin(scope="s" * 5000)
    ended = threading.Event()

    def seal() -> None:
        while not ended.is_set():
            login.seal(keys, "")

    def open_in_a_child() -> str:
        return client.resume(login.seal(keys, ""), keys, "").id

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        return [Child(open_in_a_child).result() == login.id for _ in range(30)]
    finally:
        ended.set()


@forks
def test_a_login_that_is_sealed_meanwhile_can_be_sealed_in_a_child() -> None:
    assert run(forks_while_a_login_is_sealed) == 30 * [True]


def preloads(endpoints: dict[str, str]) -> list[list[object]]:
    provider = proofkey.Provider(**endpoints)  # type: ignore[arg-type]
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)

    def sign_in() -> list[object]:
        login = client.begin(scope="openid")
        tokens = client.finish(login, raw.ask(login.url).headers["Location"])
        return [tokens.access_token.expose(), tokens.signature_verified]

    outcomes = [sign_in()]
    forking = multiprocessing.get_context("fork")
    together, results = forking.Barrier(4), forking.SimpleQueue()

    def work() -> None:
        together.wait(DEADLINE)
        results.put(sign_in())

    workers = [forking.Process(target=work, daemon=True) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(DEADLINE)
        assert worker.exitcode == 0
    return outcomes + [results.get() for _ in workers] + [sign_in()]


@forks
def test_a_client_that_was_used_before_the_fork_works_in_every_worker() -> None:
    """With the transport that clients share."""
    with testing.AuthorizationServer() as server:
        endpoints = {
            "issuer": server.issuer,
            "authorization_endpoint": server.authorization_endpoint,
            "token_endpoint": server.token_endpoint,
            "jwks_uri": server.jwks_uri,
        }
        outcomes = run(preloads, endpoints=endpoints)
        paths = [seen.path for seen in server.seen]
    assert len({access_token for access_token, _ in outcomes}) == 6
    assert all(verified for _, verified in outcomes)
    # Each process fetches the keys once.
    assert (paths.count("/token"), paths.count("/jwks")) == (6, 5)


@forks
def test_what_gunicorn_preloads_works_in_every_worker(tmp_path: Path) -> None:
    echo = Echo()
    with (
        testing.AuthorizationServer() as server,
        Server(echo) as echoing,
        socket.create_server(("127.0.0.1", 0)) as listener,
        (tmp_path / "log").open("wb") as log,
    ):
        endpoints = {
            "issuer": server.issuer,
            "authorization_endpoint": server.authorization_endpoint,
            "token_endpoint": server.token_endpoint,
            "jwks_uri": server.jwks_uri,
        }
        told = {"provider": endpoints, "echo": echoing.url("/token"), "folder": str(tmp_path)}
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "gunicorn", "--no-control-socket"]
        gunicorn = subprocess.Popen(
            [*command, "--config", "python:preloaded", "--bind", f"fd://{listener.fileno()}"],
            env={**os.environ, "PRELOADED": json.dumps(told), "PYTHONPATH": str(Path(__file__).parent)},
            pass_fds=[listener.fileno()],
            stderr=log,
        )
        url = "http://{}:{}/".format(*listener.getsockname())
        try:
            with ThreadPoolExecutor() as pool:
                found = [response.members for response in pool.map(raw.ask, 3 * [url])]
        finally:
            gunicorn.terminate()
            ended = gunicorn.wait(DEADLINE)
        paths = [seen.path for seen in server.seen]
    assert (ended, "Traceback" in (tmp_path / "log").read_text()) == (0, False)
    ids = {each.pop("worker") for each in found}
    assert (len(ids), gunicorn.pid in ids) == (3, False)
    connections = {echo.connection_of(f"worker {worker}") for worker in ids}
    of_master = {connection for connection, event in echo.events if event == "master"}
    assert (len(connections), connections & of_master) == (3, set())
    # The login and the refresh that the workers share happen once.
    assert sorted(each.pop("shared login") for each in found) == 2 * ["login_already_used"] + ["tokens"]
    assert len({each.pop("fresh") for each in found}) == 1
    assert found == 3 * [{"verified": True, "stored": True, "refreshed": True}]
    assert (paths.count("/token"), paths.count("/jwks")) == (1 + 3 + 2, 1 + 3)


# Interpreters.


def in_interpreters(create: str) -> str:
    """What two further interpreters and then the main one print; `create` is a statement that defines `run(code)`."""
    code = f"""
import sys
sys.path[:] = {sys.path!r}
try:
    import proofkey
    from proofkey import VerifierError
    for _ in range(2):
        try:
            proofkey.s256("")
        except VerifierError as error:
            print(error.name)
    login = proofkey.Client(
        proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="http://127.0.0.1:1/token"),
        "my-app",
        redirect_uri="{REDIRECT_URI}",
    )
    begun = login.begin(state="s")
    try:
        login.finish(begun, "{REDIRECT_URI}?code=c&state=s")
    except proofkey.TransportError as error:
        print(error.name)
except ImportError as error:
    print(f"ImportError: {{error}}")
"""
    program = f"import sys\n{create}\ncode = {code!r}\nfor _ in range(2):\n    run(code)\nexec(code)\n"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=3 * DEADLINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


WORKS = "verifier_length\nverifier_length\nconnect_failed\n"


def test_each_interpreter_that_shares_the_gil_catches_its_own_exceptions() -> None:
    """The interpreters of mod_wsgi."""
    pytest.importorskip("_testcapi")
    assert in_interpreters("from _testcapi import run_in_subinterp as run") == 3 * WORKS


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before Python 3.12 all interpreters share one GIL")
def test_an_interpreter_with_its_own_gil_is_refused() -> None:
    create = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
def run(code):
    assert interpreters.run_string(interpreters.create(), code) is None
"""
    refused = "ImportError: module proofkey._native does not support loading in subinterpreters\n"
    assert in_interpreters(create) == 2 * refused + WORKS


class Release:
    """Deleted while the interpreter ends: then the server responds, and the daemon thread wakes up."""

    def __init__(self, control: str) -> None:
        self.stream = socket.create_connection((urlsplit(control).hostname, urlsplit(control).port))
        self.sleep = time.sleep

    def __del__(self) -> None:
        self.stream.sendall(b"GET /release HTTP/1.1\r\n\r\n")
        self.stream.recv(1)
        # Lets the thread come back from the network, while there still is a process.
        self.sleep(0.3)


def exits_meanwhile(token_endpoint: str, control: str, responds: bool) -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=token_endpoint)
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin(state="s")
    callback_url = f"{REDIRECT_URI}?code=c&state=s"
    threading.Thread(target=lambda: client.finish(login, callback_url), daemon=True).start()
    raw.ask(f"{control}/wait-until-it-arrives")
    if responds:
        # The globals of this file live on in the frame of the thread, but modules are deleted.
        sys.modules["release"] = Release(control)  # type: ignore[assignment]
    sys.exit(7)


@pytest.mark.parametrize("responds", [False, True], ids=["never responds", "responds while the interpreter ends"])
def test_a_process_exits_while_a_daemon_thread_waits_for_the_server(responds: bool) -> None:
    with testing.AuthorizationServer() as upstream, Server(Held(upstream, "/token")) as server:
        told = {"token_endpoint": server.url("/token"), "control": server.url(), "responds": responds}
        command = [sys.executable, __file__, exits_meanwhile.__name__, json.dumps(told)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        raw.ask(server.url("/release"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "", "")


if __name__ == "__main__":
    main()
