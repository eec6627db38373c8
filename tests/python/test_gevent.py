"""Native calls under gevent: they block the thread of all greenlets, unless they run in a native thread.

Each program runs in a process of its own, because gevent patches the standard library. The test server is a greenlet
there, so a login ends only if other greenlets run while it waits.
"""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from gevent import monkey
monkey.patch_all()

import sys
import gevent
import proofkey
from gevent.threadpool import ThreadPool
from proofkey import replay_store, testing

logins, number = ThreadPool(20), int(sys.argv[2])
store = replay_store.from_url(sys.argv[3])

def call(function, *arguments, **keywords):
    if sys.argv[1] == "pool":
        return logins.apply(function, arguments, keywords)
    return function(*arguments, **keywords)

def sign_in(server, client):
    login = client.begin()
    callback_url = server.sign_in(login.url)
    try:
        tokens = call(client.finish, login, callback_url, replay_store=store)
        return "refreshed" if call(client.refresh, tokens).access_token else ""
    except proofkey.Error as error:
        return error.name

with testing.AuthorizationServer() as server:
    transport = proofkey.Transport(timeout=60 if sys.argv[1] == "pool" else 0.5)
    redirect_uri = "http://127.0.0.1:8400/callback"
    client = proofkey.Client(server.provider, "my-app", redirect_uri=redirect_uri, transport=transport)
    greenlets = [gevent.spawn(sign_in, server, client) for _ in range(number)]
    gevent.joinall(greenlets, raise_error=True)
    print(*sorted({greenlet.value for greenlet in greenlets}))
"""


def ends(how: str, number: int, store: str) -> str:
    command = [sys.executable, "-c", PROGRAM, how, str(number), store]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def test_a_direct_call_blocks_all_greenlets() -> None:
    assert ends("directly", 1, "memory://") == "timeout"


@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/logins.db"])
def test_in_a_pool_of_threads_the_greenlets_run(store: str, tmp_path: Path) -> None:
    assert ends("pool", 50, store.format(tmp_path)) == "refreshed"
