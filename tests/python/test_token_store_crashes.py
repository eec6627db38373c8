"""Processes that are killed in the middle of a refresh, at every step, and what the next caller gets.

Run as a program, this file is the process that is killed. It reads the URL of the store, the endpoints and the step as
JSON from its argument.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import hostile
import proofkey
import pytest
from hostile import DEADLINE
from proofkey import testing, token_store
from proofkey.testing import faults
from token_stores import (
    CLOSED,
    KEYS,
    STORED,
    _closed,
    client_of,
    endpoints_of,
    refresh_tokens,
    run_out,
    signed_in,
    url,
)

__all__ = ["_closed", "url"]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying:
    """Another store, with this step in which the process is killed."""

    def __init__(self, store: token_store.TokenStore, step: str) -> None:
        self._store = store
        self._step = step
        self._saves = 0

    def load(self, key: str, /) -> str | None:
        return self._store.load(key)

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        """The first is the mark that a refresh begins, the second the new tokens."""
        self._saves += 1
        if self._saves == 1:
            saved = self._store.save(key, sealed, read)
            if self._step == "before sending":
                kill()
            return saved
        if self._step == "after the response":
            kill()
        if self._step == "during the write":
            die_while_writing()
        saved = self._store.save(key, sealed, read)
        if self._step == "after the write":
            kill()
        return saved

    def delete(self, key: str, read: str, /) -> bool:
        return self._store.delete(key, read)

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        return self._store.lease(key, owner, seconds)

    def release(self, key: str, owner: str, /) -> None:
        self._store.release(key, owner)


def die_while_writing() -> None:
    """From now on, the system kills this process when it writes the 101st byte of a file."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def refresh_and_die(told: dict[str, Any]) -> None:
    dying = Dying(token_store._store(told["store"]), told["step"])
    token_store.SealedTokenStore(dying, KEYS).fresh(client_of(told["endpoints"]), "user")


@contextmanager
def dying(url: str, endpoints: dict[str, str], step: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is killed at this step, while it refreshes; at no step of its own if that is "after sending"."""
    told = json.dumps({"store": url, "endpoints": endpoints, "step": step})
    with subprocess.Popen([sys.executable, __file__, "refresh_and_die", told]) as process:
        yield process
        killed = process.wait(DEADLINE)
    assert killed in (-signal.SIGKILL, -signal.SIGXFSZ)


STEPS = ["before sending", "after sending", "after the response", "during the write", "after the write"]


def killed_in_a_refresh(url: str, server: testing.AuthorizationServer, step: str) -> None:
    if step != "after sending":
        with dying(url, endpoints_of(server), step):
            pass
        return
    to_kill: list[subprocess.Popen[bytes]] = []

    def change(handle: faults.Handler, _: threading.Event) -> faults.Handler:
        """Rotates the refresh token, and then kills the client before it gets the response."""

        def killing() -> Any:
            response = handle()
            to_kill.pop().kill()
            return response

        return killing

    with server.inject(faults.Fault("killed", "token", change)) as injected, ExitStack() as running:
        process = running.enter_context(dying(url, endpoints_of(server), step))
        to_kill.append(process)
        injected.wait()


def next_caller(url: str, endpoints: dict[str, str], user: str = "user", timeout: float = 10) -> proofkey.Tokens:
    return token_store.from_url(url, KEYS).fresh(client_of(endpoints, timeout), user)


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_a_strict_server_refreshes(url: str, step: str) -> None:
    """The server takes a refresh token that is sent twice for stolen. It may cost this login, and no other."""
    if step == "during the write" and not url.startswith(("file:", "sqlite:")):
        return  # What writes there is another process: it has the command, or has it not.
    with testing.AuthorizationServer() as server:
        store = token_store.from_url(url, KEYS)
        for user in ("other", "user"):
            client, tokens = signed_in(server)
            store.save(client, user, expired(tokens))
        killed_in_a_refresh(url, server, step)
        was_sent = step != "before sending"
        if not url.startswith("file:") and step != "after the write":
            # Nobody sends the refresh token while it is not certain that nobody else does.
            with pytest.raises(proofkey.StoredTokensError, match="store_busy"):
                next_caller(url, endpoints_of(server), timeout=0.1)
            assert len(refresh_tokens(server)) <= was_sent
        if not url.startswith("file:"):
            run_out(url)

        if step in ("before sending", "after the write"):
            assert next_caller(url, endpoints_of(server)).access_token.expose() != tokens.access_token.expose()
            assert len(refresh_tokens(server)) == 1
        else:
            with pytest.raises(proofkey.TokenError) as ended:
                next_caller(url, endpoints_of(server))
            assert (ended.value.name, ended.value.error) == ("refresh_outcome_unknown", "invalid_grant")
            assert ended.value.recovery == "restart_login"
            assert tokens.refresh_token is not None
            assert set(refresh_tokens(server)) == {tokens.refresh_token.expose()}
            assert "already used" in str(ended.value.error_description), "it was sent once more"
            with pytest.raises(proofkey.StoredTokensError, match="tokens_absent"):
                next_caller(url, endpoints_of(server))
        next_caller(url, endpoints_of(server), "other")


def expired(tokens: proofkey.Tokens) -> proofkey.Tokens:
    return proofkey.Tokens.from_dict({**tokens.to_dict(), "expires_at": 0})


@contextmanager
def crashed(url: str, step: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The endpoints of a server that does not rotate, and the refresh tokens that reach it. A process with this store was
    killed at this step of a refresh."""
    sent: list[str] = []
    to_kill: list[subprocess.Popen[bytes]] = []

    def behave(connection: hostile.Connection) -> None:
        while request := connection.request():
            sent.append(parse_qs(request.body.decode())["refresh_token"][0])
            if to_kill:
                to_kill.pop().kill()
                return
            connection.send(hostile.response(b'{"access_token": "new", "token_type": "Bearer", "expires_in": 3600}'))

    with hostile.Server(behave) as there:
        endpoints = {**CLOSED, "token_endpoint": there.url("/token")}
        token_store.from_url(url, KEYS).save(client_of(endpoints), "user", STORED)
        with dying(url, endpoints, step) as process:
            if step == "after sending":
                to_kill.append(process)
        if not url.startswith("file:"):
            run_out(url)
        yield endpoints, sent


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_a_server_that_does_not_rotate_refreshes(url: str, step: str) -> None:
    """Nothing is lost, whenever the process is killed."""
    if step == "during the write" and not url.startswith(("file:", "sqlite:")):
        return
    with crashed(url, step) as (endpoints, sent):
        assert next_caller(url, endpoints).access_token.expose() == "new"
    assert sent == (["r"] if step in ("before sending", "after the write") else ["r", "r"])


@pytest.mark.parametrize("step", ["before sending", "after sending"])
def test_many_callers_after_a_crash_send_the_token_once_more(url: str, step: str) -> None:
    with crashed(url, step) as (endpoints, sent):
        before = len(sent)
        told = json.dumps({"store": url, "endpoints": endpoints})
        callers = [
            subprocess.Popen([sys.executable, __file__, "refresh", told], stdout=subprocess.PIPE) for _ in range(4)
        ]
        assert [caller.communicate()[0] for caller in callers] == [b"new\n"] * 4
    assert len(sent) == before + 1


def refresh(told: dict[str, Any]) -> None:
    print(next_caller(told["store"], told["endpoints"]).access_token.expose())


# Forks, and the locks of files.


def test_a_forked_child_keeps_no_lock_of_its_parent(tmp_path: Path) -> None:
    """The parent forks while it refreshes, and is killed. The child goes on with something else."""
    folder = str(tmp_path / "tokens")
    store = token_store.FileTokenStore(folder)
    command = [sys.executable, "-W", "ignore", __file__, "lease_and_fork", json.dumps({"folder": folder})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None and parent.stdin is not None
        assert parent.stdout.readline() == b"forked\n"
        # The control: the parent lives, and has it.
        assert store.lease("key", "me", 60) is False
        with pytest.raises(proofkey.StoredTokensError, match="store_busy"):
            store.save("key", "sealed", None)
        parent.kill()
        parent.wait(DEADLINE)
        assert store.lease("key", "me", 60) is True
        store.release("key", "me")
        # The child lives: it answers, and ends.
        parent.stdin.write(b"end\n")
        parent.stdin.close()
        assert parent.stdout.read() == b"the child has no lease\n"


def lease_and_fork(told: dict[str, Any]) -> None:
    store = token_store.FileTokenStore(told["folder"])
    assert store.lease("key", "parent", 60)
    if os.fork() == 0:
        print("forked", flush=True)
        sys.stdin.readline()
        store.release("key", "parent")  # It is not the child's to return.
        print("the child has no lease" if store.lease("key", "child", 60) else "busy", flush=True)
    else:
        signal.pause()


def test_a_fork_does_not_end_the_lease_of_the_parent(tmp_path: Path) -> None:
    folder = str(tmp_path / "tokens")
    command = [sys.executable, "-W", "ignore", __file__, "fork_and_ask", json.dumps({"folder": folder})]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "child: False\nparent: saved\n", "")


def fork_and_ask(told: dict[str, Any]) -> None:
    store = token_store.FileTokenStore(told["folder"])
    assert store.lease("key", "parent", 60)
    child = os.fork()
    if child == 0:
        store.release("key", "parent")
        print("child:", store.lease("key", "child", 60), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    assert store.lease("key", "another", 60) is False
    assert store.save("key", "sealed", None)
    store.release("key", "parent")
    assert store.lease("key", "another", 60) is True
    print("parent: saved", flush=True)


def test_forks_while_many_threads_take_leases(tmp_path: Path) -> None:
    """A child is never left with a lock that nobody can take any more, and never hangs."""
    folder = str(tmp_path / "tokens")
    command = [sys.executable, "-W", "ignore", __file__, "fork_often", json.dumps({"folder": folder})]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3 * DEADLINE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def fork_often(told: dict[str, Any]) -> None:
    store, over = token_store.FileTokenStore(told["folder"]), threading.Event()

    def take(key: str) -> None:
        while not over.is_set():
            assert store.lease(key, "thread", 60)
            store.release(key, "thread")

    threads = [threading.Thread(target=take, args=[f"key-{at}"]) for at in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        child = os.fork()
        if child == 0:
            signal.alarm(int(DEADLINE))  # It ends a child that hangs.
            os._exit(0 if store.save("of-the-child", "sealed", store.load("of-the-child")) else 1)
        assert os.waitpid(child, 0)[1] == 0, "the child failed or hung"
    over.set()
    for thread in threads:
        thread.join()
    print("done")


def test_a_module_that_is_loaded_again_can_still_fork(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", __file__, "reload_and_fork", json.dumps({"folder": str(tmp_path / "t")})]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")


def reload_and_fork(told: dict[str, Any]) -> None:
    import importlib

    importlib.reload(token_store)
    store = token_store.FileTokenStore(told["folder"])
    child = os.fork()
    if child == 0:
        os._exit(0 if store.save("key", "sealed", None) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.load("key") == "sealed"
    print("done")


if __name__ == "__main__":
    program: Callable[[dict[str, Any]], None] = globals()[sys.argv[1]]
    program(json.loads(sys.argv[2]))
