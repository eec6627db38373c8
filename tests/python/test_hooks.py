"""Python code that proofkey calls: replay stores, secrets that are callables, and exception classes. None of it runs
while a lock is held, so it may use the same objects."""

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import proofkey
import pytest
from hostile import DEADLINE, REDIRECT_URI, Server

CALLBACK_URL = f"{REDIRECT_URI}?code=c&state=s"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def client_of(server: Server, **options: Any) -> proofkey.Client:
    provider = proofkey.Provider(
        authorization_endpoint="https://as.example/a", token_endpoint=server.url("/token")
    )
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, **options)


class Store:
    """A replay store whose `claim` does what a test wants."""

    def __init__(self, claim: Callable[[], object]) -> None:
        self._claim = claim
        self.released = 0

    def claim(self, key: str, until: int, /) -> Any:
        return self._claim()

    def release(self, key: str, /) -> None:
        self.released += 1


async def coroutine() -> None:
    raise AssertionError("nobody awaits it")


@pytest.mark.parametrize(
    ("claim", "kind"), [(coroutine, "coroutine"), (lambda: True, "bool"), (lambda: False, "bool"), (lambda: 0, "int")]
)
def test_a_claim_that_returns_something_sends_nothing(server: Server, claim: Callable[[], object], kind: str) -> None:
    client = client_of(server)
    login = client.begin(state="s")
    for _ in range(2):
        with pytest.raises(TypeError, match=f"claim must return None, not {kind}: "):
            client.finish(login, CALLBACK_URL, replay_store=Store(claim))
    assert server.requests == []
    assert client.finish(login, CALLBACK_URL, replay_store=Store(lambda: None)).access_token.expose()
    assert server.token_requests == 1


def test_a_claim_that_uses_the_same_login(server: Server) -> None:
    client, keys = client_of(server), proofkey.SealKeys("s" * 32)
    login = client.begin(state="s")
    uses: list[Callable[[], object]] = [
        lambda: login.seal(keys, ""),
        lambda: login.accept(CALLBACK_URL),
        lambda: client.finish(login, CALLBACK_URL),
    ]
    raised: list[str] = []
    for use in uses:
        raised.clear()

        def claim(use: Callable[[], object] = use) -> None:
            try:
                use()
            except proofkey.CallbackError as error:
                raised.append(error.name)
            raise OSError("the store is down")

        def finish(claim: Callable[[], object] = claim) -> None:
            with pytest.raises(OSError, match="the store is down"):
                client.finish(login, CALLBACK_URL, replay_store=Store(claim))
            raised.append("nothing was sent")

        thread = threading.Thread(target=finish, daemon=True)
        thread.start()
        thread.join(DEADLINE)
        assert raised == ["login_already_used", "nothing was sent"]
    assert server.requests == []
    assert client.finish(login, CALLBACK_URL).access_token.expose()


class Secret:
    """A callable secret, which counts its calls and fails when told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.raises: BaseException | None = None

    def __call__(self) -> str:
        self.calls += 1
        if self.raises:
            raise self.raises
        return "the-secret"


@pytest.mark.parametrize("way", ["finish", "accept"])
def test_a_secret_is_fetched_for_the_callback_of_the_login_alone(server: Server, way: str) -> None:
    secret = Secret()
    client = client_of(server, client_secret=secret, auth_method="client_secret_post")
    login = client.begin(state="s")

    def deliver(callback_url: str) -> bytes:
        if way == "finish":
            client.finish(login, callback_url)
            return server.requests[0].body
        request = login.accept(callback_url).request
        assert request is not None
        return request.body

    for callback_url in (CALLBACK_URL.replace("state=s", "state=forged"), CALLBACK_URL + "&code=d", "https://evil/"):
        with pytest.raises(proofkey.CallbackError):
            deliver(callback_url)
    assert secret.calls == 0
    secret.raises = KeyError("no such secret")
    with pytest.raises(KeyError) as raised:
        deliver(CALLBACK_URL)
    assert raised.value is secret.raises
    assert (secret.calls, server.requests) == (1, [])
    secret.raises = None
    assert b"&client_secret=the-secret" in deliver(CALLBACK_URL)
    assert secret.calls == 2


class Application:
    """Its secret is a bound method, so what it keeps leads back to it."""

    def __init__(self, keep: Callable[[proofkey.Client], object]) -> None:
        provider = proofkey.Provider(
            authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t"
        )
        client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, client_secret=self.secret)
        self.kept = keep(client)

    def secret(self) -> str:
        return "the-secret"


def test_a_secret_that_leads_back_to_its_client_is_garbage() -> None:
    keys = proofkey.SealKeys("s" * 32)
    for keep in (
        lambda client: client,
        lambda client: client.trust_token_endpoint_tls(),
        lambda client: client.begin(),
        lambda client: client.resume(client.begin().seal(keys, ""), keys, ""),
    ):
        dead = weakref.ref(Application(keep))
        gc.collect()
        assert dead() is None


@pytest.mark.parametrize(
    ("make", "receive"),
    [
        ("client.begin(state='s').accept('http://127.0.0.1:8400/callback?code=c&state=s')", "400, {}, b''"),
        ("proofkey.Discovery('https://as.example')", "503, {}, b''"),
        ("client.begin_refresh(proofkey.Tokens.from_dict(tokens))", "400, {}, b''"),
    ],
)
def test_no_lock_is_held_while_an_exception_is_made(make: str, receive: str) -> None:
    program = f"""
import threading, proofkey
from proofkey import _errors
tokens = {{"access_token": "a", "refresh_token": "r"}}
provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
client = proofkey.Client(provider, "my-app", redirect_uri="{REDIRECT_URI}")
conversation = {make}
make, seen = _errors.make, []
def use():
    for attribute in ("request", "tokens", "provider"):
        try:
            getattr(conversation, attribute, None)
        except (proofkey.Error, RuntimeError) as error:
            seen.append(type(error).__name__)
    try:
        conversation.receive({receive})
    except (proofkey.Error, RuntimeError) as error:
        seen.append(type(error).__name__)
def from_another_thread(*arguments, **details):
    _errors.make = make
    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    return make(*arguments, **details)
_errors.make = from_another_thread
try:
    conversation.receive({receive})
except proofkey.Error as error:
    print(error.name, len(seen))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[1] == "3", "each use in the other thread was refused, and none waited"
