"""Replay stores: a callback that is delivered by many threads of many processes makes one token request.

Run as a program, this file is one of those processes. It reads the URL of the store, the endpoints, the sealed login
and its callback as JSON from stdin, waits for a line to start, and writes the outcome of each thread to stdout.
"""

import json
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
from proofkey import replay_store, testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
SECRET = "the secret of these tests, of 32 bytes and more"
THREADS = 50
PROCESSES = 4
STATE = "the-state-of-these-tests"


def client_of(endpoints: dict[str, str]) -> proofkey.Client:
    return proofkey.Client(proofkey.Provider(**endpoints), "my-app", redirect_uri=REDIRECT_URI)  # type: ignore[arg-type]


def endpoints_of(token_endpoint: str) -> dict[str, str]:
    return {"authorization_endpoint": "https://as.example/a", "token_endpoint": token_endpoint}


def deliver(told: dict[str, Any], finished: replay_store.ReplayStore, start: Callable[[], object]) -> Counter[str]:
    """The outcomes of many threads that deliver the same callback."""
    client, keys, outcomes = client_of(told["endpoints"]), proofkey.SealKeys(SECRET), Counter[str]()
    together = threading.Barrier(THREADS + 1)

    def finish() -> None:
        login = client.resume(told["sealed"], keys, "test")
        together.wait()
        try:
            client.finish(login, told["callback_url"], replay_store=finished)
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
    print(json.dumps(deliver(told, replay_store.from_url(told["store"]), ready)), flush=True)


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
def finished(url: str) -> replay_store.ReplayStore:
    return replay_store.from_url(url)


def delivered(client: proofkey.Client, sealed: str, finished: replay_store.ReplayStore) -> proofkey.Tokens:
    """Finishes the login with a callback that has its state."""
    login = client.resume(sealed, proofkey.SealKeys(SECRET), "test")
    return client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", replay_store=finished)


def begun(client: proofkey.Client) -> str:
    return client.begin(state=STATE).seal(proofkey.SealKeys(SECRET), "test")


def test_many_threads_of_many_processes_make_one_request(url: str) -> None:
    processes = 1 if url == "memory://" else PROCESSES
    with testing.AuthorizationServer() as server:
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
        assert outcomes == {"tokens": 1, "login_already_used": processes * THREADS - 1}
        assert [seen.path for seen in server.seen] == ["/authorize", "/token"]


def test_a_store_that_does_nothing_is_made_up_for_by_the_client() -> None:
    """Within one process: the client remembers which logins it has used."""

    class Nothing:
        def claim(self, key: str, until: int, /) -> None: ...
        def release(self, key: str, /) -> None: ...

    with testing.AuthorizationServer() as server:
        endpoints = {
            "authorization_endpoint": server.authorization_endpoint,
            "token_endpoint": server.token_endpoint,
            "issuer": server.issuer,
        }
        login = client_of(endpoints).begin()
        sealed, callback_url = login.seal(proofkey.SealKeys(SECRET), "test"), server.sign_in(login.url)
        told = {"endpoints": endpoints, "sealed": sealed, "callback_url": callback_url}
        assert deliver(told, Nothing(), lambda: None) == {"tokens": 1, "login_already_used": THREADS - 1}
        assert [seen.path for seen in server.seen].count("/token") == 1


def test_a_key_is_claimed_once_until_it_is_released(finished: replay_store.ReplayStore) -> None:
    one, other = f"login:{os.urandom(16).hex()}", f"login:{os.urandom(16).hex()}"
    for _ in range(2):
        finished.claim(one, 2**40)
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            finished.claim(one, 2**40)
        finished.release(one)
    finished.claim(other, 2**40)
    finished.release(one)
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        finished.claim(other, 2**40)


def test_if_nothing_was_sent_the_login_may_be_finished_later(finished: replay_store.ReplayStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = client_of(endpoints_of(f"http://127.0.0.1:{port}/token"))
    sealed = begun(client)
    for _ in range(2):
        with pytest.raises(proofkey.TransportError, match="connect_failed"):
            delivered(client, sealed, finished)
    with socket.create_server(("127.0.0.1", port)) as listener:
        thread = threading.Thread(target=response, args=[listener, b'{"access_token": "a"}'])
        thread.start()
        assert delivered(client, sealed, finished).access_token.expose() == "a"
        thread.join()
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        delivered(client, sealed, finished)
    finished.release(client.begin(state=STATE).replay_key)


def test_if_the_code_may_have_been_sent_the_login_is_over(finished: replay_store.ReplayStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = client_of(endpoints_of(f"http://127.0.0.1:{listener.getsockname()[1]}/token"))
        sealed = begun(client)
        thread = threading.Thread(target=response, args=[listener, b""])
        thread.start()
        with pytest.raises(proofkey.TransportError) as failed:
            delivered(client, sealed, finished)
        thread.join()
    assert failed.value.request_sent
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        delivered(client, sealed, finished)
    finished.release(client.begin(state=STATE).replay_key)


def response(listener: socket.socket, body: bytes) -> None:
    """Sends this body as the response to one request, or closes the connection if it is empty."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        if body:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)


class Seen:
    """A store that records its calls, and raises what it is told to."""

    def __init__(self, claim: BaseException | None = None, release: BaseException | None = None) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.raises = {"claim": claim, "release": release}

    def claim(self, *arguments: object) -> None:
        self._call("claim", *arguments)

    def release(self, *arguments: object) -> None:
        self._call("release", *arguments)

    def _call(self, *call: object) -> None:
        self.calls.append(call)
        if error := self.raises[str(call[0])]:
            raise error


CLOSED = endpoints_of("http://127.0.0.1:1/token")


def test_a_store_is_only_asked_about_callbacks_that_pass_the_checks() -> None:
    client, seen = client_of(CLOSED), Seen()
    login = client.begin(state=STATE)
    for callback in ("code=c&state=other", f"state={STATE}", f"error=access_denied&state={STATE}", "code=c"):
        with pytest.raises((proofkey.CallbackError, proofkey.AuthorizationError)):
            client.finish(client.begin(state=STATE), f"{REDIRECT_URI}?{callback}", replay_store=seen)
    assert seen.calls == []
    with pytest.raises(proofkey.TransportError, match="connect_failed"):
        client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", replay_store=seen)
    assert seen.calls == [("claim", login.replay_key, login.expires_at), ("release", login.replay_key)]
    assert login.replay_key == f"login:{login.id}"


@pytest.mark.parametrize("raised", [OSError("down"), KeyboardInterrupt(), proofkey.TransportError("store_unavailable")])
def test_if_a_store_raises_the_code_is_not_sent_and_the_login_stays_usable(raised: BaseException) -> None:
    client, down = client_of(CLOSED), Seen(claim=raised)
    login = client.begin(state=STATE)
    for _ in range(2):
        with pytest.raises(type(raised)) as caught:
            client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", replay_store=down)
        assert caught.value is raised
    assert [call[0] for call in down.calls] == ["claim", "claim"]


def test_a_login_that_the_store_knows_is_over() -> None:
    client, claimed = client_of(CLOSED), Seen(claim=proofkey.CallbackError("login_already_used"))
    login = client.begin(state=STATE)
    for _ in range(2):
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", replay_store=claimed)
    assert len(claimed.calls) == 1


def test_a_failing_release_is_reported_as_unraisable_and_hides_no_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(unraisable.exc_value))
    failure = OSError("down")
    with pytest.raises(proofkey.TransportError, match="connect_failed"):
        client = client_of(CLOSED)
        callback_url = f"{REDIRECT_URI}?code=c&state={STATE}"
        client.finish(client.begin(state=STATE), callback_url, replay_store=Seen(release=failure))
    assert reported == [failure]


def test_an_object_without_the_methods_is_not_a_store() -> None:
    client = client_of(CLOSED)
    login = client.begin(state=STATE)
    with pytest.raises(AttributeError, match="claim"):
        client.finish(login, f"{REDIRECT_URI}?code=c&state={STATE}", replay_store=object())  # type: ignore[arg-type]
    assert login.accept(f"{REDIRECT_URI}?code=c&state={STATE}").request is not None


def test_sqlite_forgets_what_has_expired(tmp_path: Path) -> None:
    finished = replay_store.SqliteReplayStore(tmp_path / "logins.db")
    for key, until in [("login:old", 0), ("login:new", 2**40)]:
        finished.claim(key, until)
    with closing(sqlite3.connect(tmp_path / "logins.db")) as database:
        [(table,)] = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert database.execute(f"SELECT * FROM {table}").fetchall() == [("login:new", 2**40)]
    assert os.listdir(tmp_path) == ["logins.db"]


def test_sqlite_creates_a_missing_file_again(tmp_path: Path) -> None:
    finished = replay_store.SqliteReplayStore(tmp_path / "logins.db")
    (tmp_path / "logins.db").unlink()
    finished.claim("an-id", 2**40)
    with pytest.raises(proofkey.CallbackError):
        finished.claim("an-id", 2**40)


def test_sqlite_with_a_path_that_cannot_work(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database, whatever its name says" * 100)
    for path in ("folder", "text", "no-such-folder/logins.db"):
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            replay_store.SqliteReplayStore(tmp_path / path)
        assert failed.value.request_sent is False
    for path in ("", ":memory:"):
        with pytest.raises(ValueError, match="needs a file"):
            replay_store.SqliteReplayStore(path)


@pytest.mark.redis
def test_keys_in_redis_expire(redis_port: int) -> None:
    import redis

    client = redis.Redis(port=redis_port)
    finished = replay_store.RedisReplayStore(client)
    for until, shortest, longest in [(0, 1, 60), (2**33, 10**9, 2**33)]:
        finished.claim("login:an-id", until)
        [key] = client.keys("*login:an-id")
        assert shortest <= int(client.ttl(key)) <= longest
        finished.release("login:an-id")


def test_a_lost_reply_of_redis() -> None:
    """The Redis client repeats the command by itself, and finds the value that the first attempt set."""

    class Lossy:
        values: dict[str, str] = {}

        def set(self, name: str, value: str, **options: object) -> None:
            self.values.setdefault(name, value)

        def get(self, name: str) -> bytes:
            return self.values[name].encode()

    finished = replay_store.RedisReplayStore(Lossy())  # type: ignore[arg-type]
    finished.claim("an-id", 2**33)
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        finished.claim("an-id", 2**33)


def test_an_unreachable_redis() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    finished = replay_store.from_url(f"redis://:needle@127.0.0.1:{port}")
    calls: list[Callable[[], None]] = [lambda: finished.claim("an-id", 2**33), lambda: finished.release("an-id")]
    for call in calls:
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            call()
        assert failed.value.request_sent is False
        assert "needle" not in str(failed.value) + str(failed.value.__cause__)


def test_fail_open_goes_on_and_logs_it(caplog: pytest.LogCaptureFixture) -> None:
    failure = proofkey.TransportError("store_unavailable", request_sent=False)
    down = Seen(claim=failure, release=failure)
    finished = replay_store.FailOpen(down)
    finished.claim("an-id", 2**40)
    assert [(record.name, record.levelname) for record in caplog.records] == [("proofkey.replay_store", "WARNING")]
    # This process claimed nothing, so there is nothing to release.
    finished.release("an-id")
    assert [call[0] for call in down.calls] == ["claim"]
    finished.release("an-id")
    assert [call[0] for call in down.calls] == ["claim", "release"]
    assert len(caplog.records) == 2


def test_fail_open_behaves_like_the_store_inside(caplog: pytest.LogCaptureFixture) -> None:
    finished = replay_store.FailOpen(replay_store.MemoryReplayStore())
    for _ in range(2):
        finished.claim("an-id", 2**40)
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            finished.claim("an-id", 2**40)
        finished.release("an-id")
    assert caplog.records == []
    with pytest.raises(OSError, match="other"):
        replay_store.FailOpen(Seen(claim=OSError("other"))).claim("an-id", 0)


def test_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(replay_store.from_url("sqlite:///relative.db"), replay_store.SqliteReplayStore)
    assert isinstance(replay_store.from_url(f"sqlite:///{tmp_path}/absolute.db"), replay_store.SqliteReplayStore)
    assert sorted(os.listdir(tmp_path)) == ["absolute.db", "relative.db"]
    assert isinstance(replay_store.from_url("rediss://127.0.0.1"), replay_store.RedisReplayStore)
    assert isinstance(replay_store.from_url("memory://"), replay_store.MemoryReplayStore)
    for url in (
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:path",
        "sqlite:///:memory:",
        "memory://x",
        "mysql://needle@host/",
    ):
        with pytest.raises(ValueError, match="(?i)store") as refused:
            replay_store.from_url(url)
        assert "needle" not in str(refused.value)


def test_a_store_between_accept_and_the_request() -> None:
    """How programs with their own HTTP use a store."""
    client, finished = client_of(CLOSED), replay_store.MemoryReplayStore()
    sealed = begun(client)
    outcomes = []
    for _ in range(2):
        login = client.resume(sealed, proofkey.SealKeys(SECRET), "test")
        login.accept(f"{REDIRECT_URI}?code=c&state={STATE}")
        try:
            finished.claim(login.replay_key, login.expires_at)
            outcomes.append("sent")
        except proofkey.CallbackError as error:
            outcomes.append(error.name)
    assert outcomes == ["sent", "login_already_used"]


if __name__ == "__main__":
    main()
