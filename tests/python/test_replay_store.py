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
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
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


def test_two_clients_need_a_store() -> None:
    """The control: each of two processes has a client of its own, which knows nothing of the other's logins."""
    with testing.AuthorizationServer() as server:
        one, other = (proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI) for _ in range(2))
        login = one.begin()
        keys, callback_url = proofkey.SealKeys(SECRET), server.sign_in(login.url)
        sealed = login.seal(keys, "test")
        one.finish(one.resume(sealed, keys, "test"), callback_url)
        with pytest.raises(proofkey.TokenError, match="invalid_grant"):
            other.finish(other.resume(sealed, keys, "test"), callback_url)
        assert [seen.path for seen in server.seen].count("/token") == 2


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


def test_sqlite_opens_while_another_process_writes(tmp_path: Path) -> None:
    """Opening waits for nobody: whoever opens a store may hold up other requests."""
    path = tmp_path / "logins.db"
    replay_store.SqliteReplayStore(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        finished = replay_store.SqliteReplayStore(path)
        other.execute("ROLLBACK")
    finished.claim("an-id", 2**40)


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


class Relay:
    """Passes a Redis client's commands on, but closes the connection instead of returning the next `drops` replies to
    SET."""

    def __init__(self, redis_port: int) -> None:
        self.drops = 0
        self.sets = 0
        self._redis_port = redis_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._redis_port)) as server:
            while command := client.recv(65536):
                server.sendall(command)
                reply = server.recv(65536)
                if b"\r\nSET\r\n" in command:
                    self.sets += 1
                    if self.drops:
                        self.drops -= 1
                        return
                client.sendall(reply)


@pytest.fixture
def relay(redis_port: int) -> Iterator[Relay]:
    relay = Relay(redis_port)
    yield relay
    relay.close()


def new_key() -> str:
    return f"login:{os.urandom(16).hex()}"


@pytest.mark.redis
def test_a_lost_reply_of_redis(relay: Relay) -> None:
    """The Redis client repeats the command by itself, and finds the value that the first attempt set."""
    finished, key = replay_store.from_url(relay.url), new_key()
    relay.drops = 1
    finished.claim(key, 2**33)
    assert relay.sets == 2
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        finished.claim(key, 2**33)


@pytest.mark.redis
def test_if_both_replies_are_lost_the_error_says_that_the_login_may_be_used(relay: Relay) -> None:
    here, elsewhere, key = replay_store.from_url(relay.url), replay_store.from_url(relay.url), new_key()
    relay.drops = 2
    with pytest.raises(proofkey.TransportError, match="store_reply_lost: .* may count as used") as failed:
        here.claim(key, 2**33)
    assert failed.value.request_sent is False, "the code was not sent"
    # Another worker cannot know that the code was not sent.
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        elsewhere.claim(key, 2**33)
    # A reload in this one continues the login, once.
    here.claim(key, 2**33)
    for store in (here, elsewhere):
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            store.claim(key, 2**33)


@pytest.mark.redis
def test_after_a_lost_reply_one_of_many_reloads_continues(relay: Relay) -> None:
    finished, key, outcomes = replay_store.from_url(relay.url), new_key(), Counter[str]()
    relay.drops = 2
    with pytest.raises(proofkey.TransportError, match="store_reply_lost"):
        finished.claim(key, 2**33)
    together = threading.Barrier(THREADS)

    def reload() -> None:
        together.wait()
        try:
            finished.claim(key, 2**33)
            outcomes["claimed"] += 1
        except proofkey.Error as error:
            outcomes[error.name] += 1

    threads = [threading.Thread(target=reload) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"claimed": 1, "login_already_used": THREADS - 1}


@pytest.mark.redis
def test_a_forked_process_does_not_share_a_lost_claim(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    finished, key, parent = replay_store.from_url(relay.url), new_key(), os.getpid()
    relay.drops = 2
    with pytest.raises(proofkey.TransportError, match="store_reply_lost"):
        finished.claim(key, 2**33)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: parent + 1)
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            finished.claim(key, 2**33)
    finished.claim(key, 2**33)


@pytest.mark.redis
def test_a_login_survives_a_lost_reply(relay: Relay) -> None:
    """Through `finish`: the code is sent once, by the reload."""
    finished = replay_store.from_url(relay.url)
    with testing.AuthorizationServer() as server:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        login = client.begin()
        callback_url = server.sign_in(login.url)
        relay.drops = 2
        with pytest.raises(proofkey.TransportError, match="store_reply_lost"):
            client.finish(login, callback_url, replay_store=finished)
        assert [seen.path for seen in server.seen] == ["/authorize"]
        assert client.finish(login, callback_url, replay_store=finished).access_token.expose()


@pytest.mark.redis
def test_a_command_that_redis_refuses_claims_nothing(redis_port: int) -> None:
    """A server that is out of memory, or a replica, says so: then nothing is in doubt."""
    import redis

    admin, key = redis.Redis(port=redis_port), new_key()
    finished = replay_store.from_url(f"redis://127.0.0.1:{redis_port}")
    admin.config_set("maxmemory", 1)
    try:
        with pytest.raises(proofkey.TransportError, match="store_unavailable"):
            finished.claim(key, 2**33)
    finally:
        admin.config_set("maxmemory", 0)
    finished.claim(key, 2**33)


def test_an_unreachable_redis() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    finished = replay_store.from_url(f"redis://:needle@127.0.0.1:{port}")
    calls: list[Callable[[], None]] = [lambda: finished.claim("an-id", 2**33), lambda: finished.release("an-id")]
    for call in calls:
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            call()
        assert failed.value.request_sent is False
        assert "needle" not in shown(failed.value)


def shown(error: BaseException) -> str:
    """All that a log could show of an error and of those that it came from."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    texts = [text for each in chain for text in (str(each), repr(each), repr(vars(each)))]
    return "".join([*texts, *traceback.format_exception(error)])


@pytest.mark.redis
def test_a_wrong_password_is_in_no_error_log_or_repr(redis_port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    # A user that Redis does not know: its own default user has no password here, and takes any.
    for login, query in (("user:needle@", ""), ("", "?username=user&password=needle")):
        url = f"redis://{login}127.0.0.1:{redis_port}{query}"
        finished = replay_store.from_url(url)
        for store in (finished, replay_store.FailOpen(finished)):
            assert "needle" not in repr(store) + str(store)
        with pytest.raises(proofkey.TransportError, match="store_unavailable") as failed:
            finished.claim("an-id", 2**33)
        assert "needle" not in shown(failed.value)
        replay_store.FailOpen(finished).claim("an-id", 2**33)
    assert "needle" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "redis://:needle/x@127.0.0.1:6379",
        "redis://:needle#x@127.0.0.1:6379",
        "redis://:needle?x@127.0.0.1:6379",
        "redis://:/needle@127.0.0.1:6379/0",
        "redis://:[needle@127.0.0.1:6379/0",
        "redis://127.0.0.1:needle",
        "redis://127.0.0.1:99999/?password=needle",
        "redis://127.0.0.1:0/?password=needle",
        "redis://127.0.0.1/needle",
        "redis://127.0.0.1/0#needle",
        "redis://127.0.0.1/0?socket_timeout=needle",
        "redis://127.0.0.1/0?needle=1",
        "rediss://127.0.0.1/0?ssl_cert_reqs=needle",
        "redis://",
        "redis:///0",
    ],
)
def test_a_redis_url_that_cannot_be_read(url: str) -> None:
    """redis-py ignores some of them, and would connect to another host, port or database than was meant."""
    with pytest.raises(ValueError, match="the URL of this Redis store cannot be read: .* percent-encoded") as refused:
        replay_store.from_url(url)
    assert "needle" not in str(refused.value) + repr(refused.value.__cause__) + "".join(
        traceback.format_exception(refused.value)
    ).replace(url, "")


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
