"""An app, and the settings of the gunicorn that serves it: the master loads it, uses what it made, and then forks.

The environment names the provider and a server of `test_processes.Echo`, and a folder for the stores.
"""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import proofkey
import raw
from hostile import DEADLINE, REDIRECT_URI
from proofkey import replay_store, token_store

# gunicorn's settings are the globals of this module that it knows by name.
preload_app = True
wsgi_app = "preloaded:serve"
workers = 3

_told = json.loads(os.environ["PRELOADED"])
_folder = Path(_told["folder"])
_client = proofkey.Client(proofkey.Provider(**_told["provider"]), "my-app", redirect_uri=REDIRECT_URI)
_echo = proofkey.Client(
    proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=_told["echo"]),
    "my-app",
    transport=proofkey.Transport(timeout=DEADLINE),
)
_keys = proofkey.SealKeys("s" * 32)
_finished = replay_store.SqliteReplayStore(_folder / "logins.db")
_store = token_store.from_url(f"sqlite:///{_folder}/tokens.db", _keys)
_together = multiprocessing.get_context("fork").Barrier(workers)


def _begin() -> tuple[proofkey.Login, str]:
    login = _client.begin(scope="openid")
    return login, raw.ask(login.url).headers["Location"]


def _ask_echo(name: str) -> str:
    old = proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": name})
    return _echo.refresh(old).access_token.expose()


# Everything is used before the fork: connections are pooled, keys fetched, databases open.
_shared = _client.finish(*_begin())
_store.save(_client, "shared", _shared)
_finished.claim("of the master", 2**40)
_login, _callback_url = _begin()
_sealed = _login.seal(_keys, "")


# A pooled connection is kept for a second only, so this one is used just before the fork and just after it.
def pre_fork(arbiter: Any, worker: Any) -> None:
    _ask_echo("master")


def post_fork(arbiter: Any, worker: Any) -> None:
    _ask_echo(f"worker {os.getpid()}")


def _finish_the_shared_login() -> str:
    try:
        _client.finish(_client.resume(_sealed, _keys, ""), _callback_url, replay_store=_finished)
        return "tokens"
    except proofkey.CallbackError as error:
        return error.name


def serve(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    # A worker serves one request at a time, so each has one here.
    _together.wait(DEADLINE)
    tokens = _client.finish(*_begin())
    _store.save(_client, str(os.getpid()), tokens)
    stored = _store.load(_client, str(os.getpid()))
    fresh = _store.fresh(_client, "shared", rejected=_shared.access_token)
    found = {
        "worker": os.getpid(),
        "verified": tokens.signature_verified,
        "stored": stored is not None and stored.access_token.expose() == tokens.access_token.expose(),
        "refreshed": fresh.access_token.expose() != _shared.access_token.expose(),
        "fresh": fresh.access_token.expose(),
        "shared login": _finish_the_shared_login(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
