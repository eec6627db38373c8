"""Stores of finished logins: one callback of one sealed login, delivered by many threads of many processes, is one request.

Run as a program, this file is one of the processes: the URL of the store, what the client is made of, the sealed login and
its callback come as JSON on stdin, then a line to start; what happened to each thread goes to stdout.
"""

import json
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import proofkey
import pytest
from proofkey import store, testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
SECRET = "the secret of these tests, of 32 bytes and more"
THREADS = 50
PROCESSES = 4
STATE = "the-state-of-these-tests"


def client_of(endpoints: dict[str, str]) -> proofkey.Client:
    return proofkey.Client(proofkey.Provider(**endpoints), "my-app", redirect_uri=REDIRECT_URI)  # type: ignore[arg-type]


def endpoints_of(token_endpoint: str) -> dict[str, str]:
    return {"authorization_endpoint": "https://as.example/a", "token_endpoint": token_endpoint}


def deliver(told: dict[str, Any], finished: store.SpendStore, start: Callable[[], object]) -> Counter[str]:
    """What becomes of each of many threads that deliver the same callback."""
    client, keys, outcomes = client_of(told["endpoints"]), proofkey.SealKeys(SECRET), Counter[str]()
    together = threading.Barrier(THREADS + 1)

    def finish() -> None:
        login = client.resume(told["sealed"], keys, "test")
        together.wait()
        try:
            client.finish(login, told["callback_url"], store=finished)
            outcomes["tokens"] += 1
        except proofkey.Error as error:
            outcomes[error.name] += 1

    threads = [threading.Thread(target=finish) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    start()
    together.wait()
    for thread in threads:
        thread.join()
    return outcomes


def main() -> None:
    told = json.loads(sys.stdin.readline())
    print(json.dumps(deliver(told, store.from_url(told["store"]), ready)), flush=True)


def ready() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


@pytest.fixture(scope="module")
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


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.redis)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        return f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}"
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/logins.db"


@pytest.fixture
def finished(url: str) -> store.SpendStore:
    return store.from_url(url)


def delivered(client: proofkey.Client, sealed: str, finished: store.SpendStore) -> proofkey.Tokens:
    """Finishes the login, whose state the callback has as if from its server."""
    login = client.resume(sealed, proofkey.SealKeys(SECRET), "test")
    return client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", store=finished)


def begun(client: proofkey.Client) -> str:
    return client.begin(state=STATE).seal(proofkey.SealKeys(SECRET), "test")


def test_many_threads_of_many_processes_make_one_request(url: str) -> None:
    processes = 1 if url == "memory://" else PROCESSES
    with testing.Provider() as server:
        endpoints = {
            "authorization_endpoint": server.authorization_endpoint,
            "token_endpoint": server.token_endpoint,
            "issuer": server.issuer,
        }
        login = client_of(endpoints).begin()
        told = {
            "store": url,
            "endpoints": endpoints,
            "sealed": login.seal(proofkey.SealKeys(SECRET), "test"),
            "callback_url": server.sign_in(login.url),
        }
        workers = [
            subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        for worker in workers:
            assert worker.stdin is not None and worker.stdout is not None
            worker.stdin.write(json.dumps(told) + "\n")
            worker.stdin.flush()
            assert worker.stdout.readline() == "ready\n"
        outcomes = Counter[str]()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            written, _ = worker.communicate()
            outcomes += Counter(json.loads(written))
        assert outcomes == {"tokens": 1, "login_spent": processes * THREADS - 1}
        assert [seen.path for seen in server.seen] == ["/authorize", "/token"]


def test_without_a_store_each_delivery_is_a_request() -> None:
    """The control: what the tests above would see if a store did nothing."""

    class Nothing:
        def spend(self, login_id: str, until: int, /) -> None: ...
        def unspend(self, login_id: str, /) -> None: ...

    with testing.Provider() as server:
        endpoints = {
            "authorization_endpoint": server.authorization_endpoint,
            "token_endpoint": server.token_endpoint,
            "issuer": server.issuer,
        }
        login = client_of(endpoints).begin()
        sealed, callback_url = login.seal(proofkey.SealKeys(SECRET), "test"), server.sign_in(login.url)
        told = {"endpoints": endpoints, "sealed": sealed, "callback_url": callback_url}
        assert deliver(told, Nothing(), lambda: None) == {"tokens": 1, "token_error": THREADS - 1}
        assert [seen.path for seen in server.seen].count("/token") == THREADS


def test_one_is_the_first_until_it_is_taken_back(finished: store.SpendStore) -> None:
    one, other = os.urandom(16).hex(), os.urandom(16).hex()
    for _ in range(2):
        finished.spend(one, 2**40)
        with pytest.raises(proofkey.CallbackError, match="login_spent"):
            finished.spend(one, 2**40)
        finished.unspend(one)
    finished.spend(other, 2**40)
    finished.unspend(one)
    with pytest.raises(proofkey.CallbackError, match="login_spent"):
        finished.spend(other, 2**40)


def test_what_was_not_sent_may_be_tried_again(finished: store.SpendStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = client_of(endpoints_of(f"http://127.0.0.1:{port}/token"))
    sealed = begun(client)
    for _ in range(2):
        with pytest.raises(proofkey.TransportError, match="connect_failed"):
            delivered(client, sealed, finished)
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=answer, args=[listener, b'{"access_token": "a"}'])
        thread.start()
        assert delivered(client, sealed, finished).access_token.expose() == "a"
        thread.join()
    with pytest.raises(proofkey.CallbackError, match="login_spent"):
        delivered(client, sealed, finished)
    finished.unspend(client.begin(state=STATE).id)


def test_what_may_have_been_sent_is_over(finished: store.SpendStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = client_of(endpoints_of(f"http://127.0.0.1:{listener.getsockname()[1]}/token"))
        sealed = begun(client)
        thread = threading.Thread(target=answer, args=[listener, b""])
        thread.start()
        with pytest.raises(proofkey.TransportError) as failed:
            delivered(client, sealed, finished)
        thread.join()
    assert failed.value.request_sent
    with pytest.raises(proofkey.CallbackError, match="login_spent"):
        delivered(client, sealed, finished)
    finished.unspend(client.begin(state=STATE).id)


def answer(listener: socket.socket, body: bytes) -> None:
    """Answers one request with this body, or hangs up."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        if body:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)


class Seen:
    """A store that writes down what it is asked, and raises what it is told to."""

    def __init__(self, spend: BaseException | None = None, unspend: BaseException | None = None) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.raises = {"spend": spend, "unspend": unspend}

    def spend(self, *arguments: object) -> None:
        self._call("spend", *arguments)

    def unspend(self, *arguments: object) -> None:
        self._call("unspend", *arguments)

    def _call(self, *call: object) -> None:
        self.calls.append(call)
        if error := self.raises[str(call[0])]:
            raise error


CLOSED = endpoints_of("http://127.0.0.1:1/token")


def test_a_store_gets_an_id_and_a_time_and_only_for_a_good_callback() -> None:
    client, seen = client_of(CLOSED), Seen()
    login = client.begin(state=STATE)
    for callback in ("code=c&state=other", f"state={STATE}", f"error=access_denied&state={STATE}", "code=c"):
        with pytest.raises((proofkey.CallbackError, proofkey.AuthorizationError)):
            client.finish(client.begin(state=STATE), f"{REDIRECT_URI}?{callback}", store=seen)
    assert seen.calls == []
    with pytest.raises(proofkey.TransportError, match="connect_failed"):
        client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", store=seen)
    assert seen.calls == [("spend", login.id, login.expires_at), ("unspend", login.id)]


@pytest.mark.parametrize("raised", [OSError("down"), KeyboardInterrupt(), proofkey.TransportError("store_unavailable")])
def test_what_a_store_raises_stops_the_code_and_keeps_the_login(raised: BaseException) -> None:
    client, down = client_of(CLOSED), Seen(spend=raised)
    login = client.begin(state=STATE)
    for _ in range(2):
        with pytest.raises(type(raised)) as caught:
            client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", store=down)
        assert caught.value is raised
    assert [call[0] for call in down.calls] == ["spend", "spend"]


def test_a_spent_login_is_not_kept() -> None:
    client, spent = client_of(CLOSED), Seen(spend=proofkey.CallbackError("login_spent"))
    login = client.begin(state=STATE)
    for _ in range(2):
        with pytest.raises(proofkey.CallbackError, match="login_spent"):
            client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", store=spent)
    assert len(spent.calls) == 1


def test_a_mark_that_cannot_be_taken_back_is_told_and_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_value))
    failure = OSError("down")
    with pytest.raises(proofkey.TransportError, match="connect_failed"):
        client = client_of(CLOSED)
        callback_url = f"{REDIRECT_URI}?code=c&state={STATE}"
        client.finish(client.begin(state=STATE), callback_url, store=Seen(unspend=failure))
    assert told == [failure]


def test_what_is_no_store_is_no_store() -> None:
    client = client_of(CLOSED)
    login = client.begin(state=STATE)
    with pytest.raises(AttributeError, match="spend"):
        client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", store=object())  # type: ignore[arg-type]
    assert login.accept(f"{REDIRECT_URI}?code=c&state={STATE}").request is not None


def test_sqlite_forgets_what_is_over(tmp_path: Path) -> None:
    finished = store.SqliteStore(tmp_path / "logins.db")
    for login_id, until in [("old", 0), ("new", 2**40)]:
        finished.spend(login_id, until)
    with closing(sqlite3.connect(tmp_path / "logins.db")) as database:
        assert database.execute("SELECT * FROM spent").fetchall() == [("new", 2**40)]
    assert os.listdir(tmp_path) == ["logins.db"]


def test_sqlite_makes_its_file_again(tmp_path: Path) -> None:
    finished = store.SqliteStore(tmp_path / "logins.db")
    (tmp_path / "logins.db").unlink()
    finished.spend("an-id", 2**40)
    with pytest.raises(proofkey.CallbackError):
        finished.spend("an-id", 2**40)


def test_sqlite_out_of_order(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database, whatever its name says" * 100)
    for path in ("folder", "text", "no-such-folder/logins.db"):
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            store.SqliteStore(tmp_path / path)
        assert failed.value.request_sent is False
    for path in ("", ":memory:"):
        with pytest.raises(ValueError, match="needs a file"):
            store.SqliteStore(path)


@pytest.mark.redis
def test_redis_forgets_by_itself(redis_port: int) -> None:
    import redis

    client = redis.Redis(port=redis_port)
    finished = store.RedisStore(client)
    for until, shortest, longest in [(0, 1, 60), (2**33, 10**9, 2**33)]:
        finished.spend("an-id", until)
        assert shortest <= int(client.ttl("proofkey:spent:an-id")) <= longest
        finished.unspend("an-id")


def test_redis_whose_answer_was_lost() -> None:
    """The client asks again by itself, and finds the mark that its first question made."""

    class Lossy:
        values: dict[str, str] = {}

        def set(self, name: str, value: str, **options: object) -> None:
            self.values.setdefault(name, value)

        def get(self, name: str) -> bytes:
            return self.values[name].encode()

    finished = store.RedisStore(Lossy())  # type: ignore[arg-type]
    finished.spend("an-id", 2**33)
    with pytest.raises(proofkey.CallbackError, match="login_spent"):
        finished.spend("an-id", 2**33)


def test_redis_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    finished = store.from_url(f"redis://:needle@127.0.0.1:{port}")
    calls: list[Callable[[], None]] = [lambda: finished.spend("an-id", 2**33), lambda: finished.unspend("an-id")]
    for call in calls:
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            call()
        assert failed.value.request_sent is False
        assert "needle" not in str(failed.value) + str(failed.value.__cause__)


def test_fail_open_goes_on_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    down = Seen(*[proofkey.TransportError("store_unavailable", request_sent=False)] * 2)
    finished = store.FailOpen(down)
    finished.spend("an-id", 2**40)
    assert [(record.name, record.levelname) for record in caplog.records] == [("proofkey.store", "WARNING")]
    # Nothing was marked by this process, so that it takes nothing back.
    finished.unspend("an-id")
    assert [call[0] for call in down.calls] == ["spend"]
    finished.unspend("an-id")
    assert [call[0] for call in down.calls] == ["spend", "unspend"]
    assert len(caplog.records) == 2


def test_fail_open_is_a_store_like_the_one_inside(caplog: pytest.LogCaptureFixture) -> None:
    finished = store.FailOpen(store.MemoryStore())
    for _ in range(2):
        finished.spend("an-id", 2**40)
        with pytest.raises(proofkey.CallbackError, match="login_spent"):
            finished.spend("an-id", 2**40)
        finished.unspend("an-id")
    assert caplog.records == []
    with pytest.raises(OSError, match="other"):
        store.FailOpen(Seen(spend=OSError("other"))).spend("an-id", 0)


def test_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(store.from_url("sqlite:///relative.db"), store.SqliteStore)
    assert isinstance(store.from_url(f"sqlite:///{tmp_path}/absolute.db"), store.SqliteStore)
    assert sorted(os.listdir(tmp_path)) == ["absolute.db", "relative.db"]
    assert isinstance(store.from_url("rediss://127.0.0.1"), store.RedisStore)
    assert isinstance(store.from_url("memory://"), store.MemoryStore)
    for url in ("", "sqlite://", "sqlite:///", "sqlite:path", "sqlite:///:memory:", "memory://x", "mysql://needle@host/"):
        with pytest.raises(ValueError, match="(?i)store") as refused:
            store.from_url(url)
        assert "needle" not in str(refused.value)


def test_a_store_between_accept_and_the_request() -> None:
    """For programs with their own HTTP."""
    client, finished = client_of(CLOSED), store.MemoryStore()
    sealed = begun(client)
    outcomes = []
    for _ in range(2):
        login = client.resume(sealed, proofkey.SealKeys(SECRET), "test")
        login.accept(f"{REDIRECT_URI}?code=c&state={STATE}")
        try:
            finished.spend(login.id, login.expires_at)
            outcomes.append("sent")
        except proofkey.CallbackError as error:
            outcomes.append(error.name)
    assert outcomes == ["sent", "login_spent"]


if __name__ == "__main__":
    main()
