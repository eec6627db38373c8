"""Token stores: many threads of many processes refresh once, and every backend keeps the promises of `TokenStore`.

Run as a program, this file is one of those processes. It reads the URL of the store and the endpoints as JSON from
stdin, and then, for each round, the access token that is rejected; it writes what each of its threads got.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import hostile
import proofkey
import pytest
from proofkey import testing, token_store
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

IS_LONG = "PROOFKEY_TEST_LONG" in os.environ
"""In `make test-long`, tokens expire more often."""
PROCESSES = 8
THREADS = 4
ROUNDS = 500 if IS_LONG else 40


def main() -> None:
    told = json.loads(sys.stdin.readline())
    store, client = token_store.from_url(told["store"], KEYS), client_of(told["endpoints"])
    for line in sys.stdin:
        print(json.dumps(ask(store, client, json.loads(line))), flush=True)


def ask(store: token_store.SealedTokenStore, client: proofkey.Client, rejected: str) -> list[str]:
    """What each of many threads gets, in place of this token."""
    outcomes: list[str] = []
    together = threading.Barrier(THREADS)
    old = proofkey.Tokens.from_dict({"access_token": rejected}).access_token

    def fresh() -> None:
        together.wait()
        try:
            outcomes.append(store.fresh(client, "user", rejected=old).access_token.expose())
        except proofkey.Error as error:
            outcomes.append(error.name)

    threads = [threading.Thread(target=fresh) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def store(url: str) -> token_store.SealedTokenStore:
    return token_store.from_url(url, KEYS)


def raw(url: str) -> token_store.TokenStore:
    """The store that a URL names, without the seal."""
    return token_store._store(url)


def test_many_threads_of_many_processes_refresh_once(url: str, store: token_store.SealedTokenStore) -> None:
    with testing.AuthorizationServer() as server:
        client, tokens = signed_in(server)
        store.save(client, "user", tokens)
        told = json.dumps({"store": url, "endpoints": endpoints_of(server)})
        workers = [
            subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(PROCESSES)
        ]
        current = tokens.access_token.expose()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(told + "\n")
        for _ in range(ROUNDS):
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(json.dumps(current) + "\n")
                worker.stdin.flush()
            got = [outcome for worker in workers for outcome in json.loads(line_of(worker))]
            assert len(got) == PROCESSES * THREADS
            [new] = set(got)
            assert new != current
            current = new
        for worker in workers:
            worker.communicate()
            assert worker.returncode == 0
        sent = refresh_tokens(server)
        assert len(sent) == len(set(sent)) == ROUNDS
        loaded = store.load(client, "user")
        assert loaded is not None
        assert loaded.access_token.expose() == current


def line_of(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline()


def test_without_a_store_a_refresh_token_is_sent_twice(server: testing.AuthorizationServer) -> None:
    """The control: two processes, each with the tokens, end the grant."""
    client, tokens = signed_in(server)
    client.refresh(tokens)
    with pytest.raises(proofkey.TokenError, match="invalid_grant"):
        client_of(endpoints_of(server)).refresh(tokens)


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


# What every store promises.


def test_only_what_was_read_is_replaced(url: str) -> None:
    one, other = raw(url), raw(url)
    assert one.load("key") is None
    assert one.save("key", "first", "nothing") is False
    assert one.save("key", "first", None) is True
    assert other.save("key", "second", None) is False
    assert other.save("key", "second", "nothing") is False
    assert other.save("key", "second", "FIRST") is False
    assert other.load("KEY") is None, "capital letters are other letters"
    assert other.save("key", "second", "first") is True
    assert (one.load("key"), one.load("another")) == ("second", None)
    assert one.delete("key", "first") is False
    assert one.delete("key", "second") is True
    assert one.delete("key", "second") is True, "it is not there"
    assert other.load("key") is None
    assert one.save("key", "x" * 1_000_000, None) is True
    assert other.load("key") == "x" * 1_000_000


def test_a_lease_has_one_owner(url: str) -> None:
    one, other = raw(url), raw(url)
    assert one.lease("key", "me", 60) is True
    assert other.lease("key", "you", 60) is False
    assert other.lease("another", "you", 60) is True
    other.release("key", "you")
    assert other.lease("key", "you", 60) is False, "only its owner returns it"
    assert other.load("key") is None, "a lease is not a record"
    assert one.save("key", "sealed", None) is True
    one.release("key", "me")
    assert other.lease("key", "you", 60) is True
    one.release("key", "me")
    assert one.lease("key", "me", 60) is False
    other.release("key", "you")


def test_of_many_who_take_a_lease_one_gets_it(url: str) -> None:
    stores = [raw(url) for _ in range(8)]
    together, got = threading.Barrier(len(stores)), list[bool]()

    def take(store: token_store.TokenStore, owner: str) -> None:
        together.wait()
        got.append(store.lease("key", owner, 60))

    threads = [threading.Thread(target=take, args=[store, str(at)]) for at, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]
    for at, store in enumerate(stores):
        store.release("key", str(at))


def test_a_lease_runs_out(url: str) -> None:
    if url.startswith("file:"):
        return  # It ends with its process: see test_token_store_crashes.py.
    one, other = raw(url), raw(url)
    assert one.lease("key", "me", 60) is True
    run_out(url)
    assert other.lease("key", "you", 60) is True
    one.release("key", "me")
    assert one.lease("key", "me", 60) is False


@pytest.mark.redis
def test_a_lease_in_redis_has_an_end(redis_port: int) -> None:
    import redis

    with closing(redis.Redis(port=redis_port)) as client:
        client.flushall()
        assert token_store.RedisTokenStore(client).lease("key", "me", 75)
        remaining: Any = client.ttl("proofkey:token-lease:key")
        assert 70 <= remaining <= 75


@pytest.mark.redis
@pytest.mark.parametrize("decode", [False, True])
def test_a_command_that_redis_gets_twice_succeeds_once(redis_port: int, decode: bool) -> None:
    """The client sends a command again if its reply was lost."""
    import redis

    with closing(redis.Redis(port=redis_port, decode_responses=decode)) as client:
        client.flushall()
        store = token_store.RedisTokenStore(client)
        for _ in range(2):
            assert store.lease("key", "me", 60) is True
            assert store.save("key", "first", None) is True
        for _ in range(2):
            assert store.save("key", "second", "first") is True
        assert store.load("key") == "second"
        for _ in range(2):
            assert store.delete("key", "second") is True


def test_signing_in_and_out(url: str, server: testing.AuthorizationServer) -> None:
    store, (client, tokens) = token_store.from_url(url, KEYS), signed_in(server)
    assert store.load(client, "user") is None
    with pytest.raises(proofkey.StoredTokensError, match="tokens_absent"):
        store.fresh(client, "user")
    store.save(client, "user", tokens)
    server.advance(3600)
    assert store.fresh(client, "user").to_dict() == tokens.to_dict(), "by this machine's clock, it is fresh"
    new = store.fresh(client, "user", rejected=tokens.access_token)
    assert new.access_token.expose() != tokens.access_token.expose()
    assert store.fresh(client, "user", rejected=tokens.access_token).to_dict() == new.to_dict()
    newer = store.fresh(client, "user", within=3601)
    deleted = store.delete(client, "user")
    assert deleted is not None
    assert deleted.to_dict() == newer.to_dict()
    assert store.delete(client, "user") is None
    assert store.load(client, "user") is None
    assert len(refresh_tokens(server)) == 2


def test_another_wheel_with_the_same_secret_reads_it(url: str, server: testing.AuthorizationServer) -> None:
    client, tokens = signed_in(server)
    token_store.from_url(url, KEYS).save(client, "user", tokens)
    other = token_store.from_url(url, proofkey.SealKeys("another secret of 32 bytes and more, likewise"))
    with pytest.raises(proofkey.SealError, match="seal_key_unknown"):
        other.load(client, "user")
    again = proofkey.SealKeys("a new secret of these tests, which is long", "the secret of these tests, of 32 bytes and more")
    read = token_store.from_url(url, again).fresh(client_of(endpoints_of(server)), "user")
    assert read.to_dict() == tokens.to_dict()
    with pytest.raises(proofkey.SealError, match="seal_key_unknown"):
        token_store.from_url(url, KEYS).load(client, "user")


# Objects that are stores.


class Memory:
    """A store in memory, which does what it is told to instead of the call with this name."""

    def __init__(self, **instead: Callable[..., Any]) -> None:
        self.records: dict[str, str] = {}
        self.leases: dict[str, str] = {}
        self.instead = instead
        self.calls: list[str] = []

    def _told(self, call: str) -> Callable[..., Any] | None:
        self.calls.append(call)
        return self.instead.get(call)

    def load(self, key: str, /) -> Any:
        if told := self._told("load"):
            return told()
        return self.records.get(key)

    def save(self, key: str, sealed: str, read: str | None, /) -> Any:
        if told := self._told("save"):
            return told()
        if self.records.get(key) != read:
            return False
        self.records[key] = sealed
        return True

    def delete(self, key: str, read: str, /) -> Any:
        if told := self._told("delete"):
            return told()
        return self.records.pop(key, read) == read

    def lease(self, key: str, owner: str, seconds: int, /) -> Any:
        if told := self._told("lease"):
            return told()
        return self.leases.setdefault(key, owner) == owner

    def release(self, key: str, owner: str, /) -> None:
        if told := self._told("release"):
            told()
        if self.leases.get(key) == owner:
            del self.leases[key]


def raising(error: BaseException) -> Callable[[], object]:
    def call() -> object:
        raise error

    return call


@pytest.mark.parametrize("raised", [OSError("down"), KeyboardInterrupt(), proofkey.TransportError("store_unavailable")])
@pytest.mark.parametrize("call", ["load", "save", "lease"])
def test_what_a_store_raises_is_passed_on(call: str, raised: BaseException) -> None:
    memory, client = Memory(), client_of(CLOSED)
    store = token_store.SealedTokenStore(memory, KEYS)
    store.save(client, "user", STORED)
    memory.instead[call] = raising(raised)
    with pytest.raises(type(raised)) as caught:
        store.fresh(client, "user")
    assert caught.value is raised
    if call != "lease":
        assert memory.leases == {}, "the lease is returned"


@pytest.mark.parametrize(
    ("call", "returned", "message"),
    [
        ("load", b"bytes", "load must return str or None, not bytes"),
        ("save", None, "save must return bool, not NoneType"),
        ("save", 1, "save must return bool, not int"),
        ("lease", "yes", "lease must return bool, not str"),
    ],
)
def test_a_store_that_returns_something_else_is_wrong(call: str, returned: object, message: str) -> None:
    memory, client = Memory(), client_of(CLOSED)
    store = token_store.SealedTokenStore(memory, KEYS)
    store.save(client, "user", STORED)
    memory.instead[call] = lambda: returned
    with pytest.raises(TypeError, match=message):
        store.fresh(client, "user")


def test_a_store_that_is_async_is_wrong() -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match="load must return str or None, not coroutine"):
        token_store.SealedTokenStore(Memory(load=later), KEYS).load(client_of(CLOSED), "user")


def test_a_failing_release_is_reported_as_unraisable(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: reported.append(unraisable.exc_value))
    failure, client = OSError("down"), client_of(CLOSED)
    store = token_store.SealedTokenStore(Memory(release=raising(failure)), KEYS)
    store.save(client, "user", STORED)
    assert reported == [failure]
    assert store.load(client, "user") is not None


def test_a_secret_is_asked_for_only_when_it_is_needed() -> None:
    asked: list[str] = []

    def secret() -> str:
        asked.append("secret")
        raise OSError("the vault is closed")

    client = proofkey.Client(client_of(CLOSED).provider, "my-app", client_secret=secret)
    store = token_store.SealedTokenStore(Memory(), KEYS)
    store.save(client, "user", proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": "r"}))
    assert store.fresh(client, "user").access_token.expose() == "a"
    assert asked == []
    with pytest.raises(OSError, match="the vault is closed"):
        store.fresh(client, "user", rejected=store.fresh(client, "user").access_token)
    assert asked == ["secret"]
    assert store.fresh(client, "user").access_token.expose() == "a", "the lease is returned, and nothing was sent"


def test_arguments_that_are_something_else() -> None:
    store, client = token_store.SealedTokenStore(Memory(), KEYS), client_of(CLOSED)
    with pytest.raises(TypeError, match="user must be str, not int"):
        store.load(client, 7)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected Secret, not str"):
        store.fresh(client, "user", rejected="a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expected SealKeys, not str"):
        token_store.SealedTokenStore(Memory(), "a secret")  # type: ignore[arg-type]
    with pytest.raises(proofkey.ConfigurationError, match="text_invalid"):
        store.load(client, "\udc80")


# URLs.


@pytest.mark.parametrize(
    "url",
    [
        *("", "tokens.db", "sqlite://tokens.db", "sqlite:///", "sqlite:///:memory:", "file://tokens", "memory://"),
        *("redis://", "redis:///0", "postgresql", "oracle://host/db", "postgresql+psycopg://user:pass@host:port/db"),
    ],
)
def test_a_url_that_names_no_store(url: str) -> None:
    with pytest.raises(ValueError, match="URL|path") as refused:
        token_store.from_url(url, KEYS)
    assert "pass@" not in str(refused.value)


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROOFKEY_TOKEN_STORE", f"file://{tmp_path}/tokens")
    client = client_of(CLOSED)
    token_store.from_url(None, KEYS).save(client, "user", STORED)
    assert [path.suffix for path in sorted((tmp_path / "tokens").iterdir())] == [".lock", ".tokens"]
    monkeypatch.delenv("PROOFKEY_TOKEN_STORE")
    with pytest.raises(ValueError, match="URL of a token store"):
        token_store.from_url(None, KEYS)


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_place_that_cannot_be_used(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    place = f"{tmp_path}/file/tokens"
    with pytest.raises(proofkey.TransportError, match="store_unavailable"):
        token_store.from_url(f"file://{place}" if kind == "file" else f"sqlite:///{place}", KEYS)


def test_a_store_that_is_down() -> None:
    store = token_store.from_url("redis://127.0.0.1:1", KEYS)
    with pytest.raises(proofkey.TransportError, match="store_unavailable"):
        store.load(client_of(CLOSED), "user")
    with pytest.raises(proofkey.TransportError, match="store_unavailable"):
        token_store.from_url("postgresql+psycopg://user:needle@127.0.0.1:1/db", KEYS)


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir(mode=0o755)
    with pytest.raises(proofkey.StoredTokensError, match="store_insecure"):
        token_store.FileTokenStore(tmp_path / "tokens")


def test_a_server_that_does_not_rotate() -> None:
    body = b'{"access_token": "new", "token_type": "Bearer", "expires_in": 3600}'
    sent: list[str] = []

    def behave(connection: hostile.Connection) -> None:
        while request := connection.request():
            sent.append(parse_qs(request.body.decode())["refresh_token"][0])
            connection.send(hostile.response(body))

    with hostile.Server(behave) as there:
        client = client_of({**CLOSED, "token_endpoint": there.url("/token")})
        store = token_store.SealedTokenStore(Memory(), KEYS)
        store.save(client, "user", STORED)
        new = store.fresh(client, "user")
        assert new.refresh_token is not None
        assert (new.access_token.expose(), new.refresh_token.expose(), sent) == ("new", "r", ["r"])


if __name__ == "__main__":
    main()
