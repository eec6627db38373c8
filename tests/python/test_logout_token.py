"""Logout tokens: the cases of `logout_token.json`, over the network and without, and replays in a store."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import proofkey
import pytest
import vectors
from proofkey import replay_store, testing
from proofkey.testing import faults

FILE = vectors.read("logout_token.json")
CONTEXT = FILE["context"]
NOW = CONTEXT["now"]
ACCEPTED = {"name", "jwt", "logout", "conformance", "alg", "trusted_audiences"}
REFUSED = {"name", "jwt", "error_name", "fetches", "conformance", "alg"}


def client(case: dict[str, Any]) -> proofkey.Client:
    issuer = CONTEXT["issuer"]
    provider = proofkey.Provider(
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        issuer=issuer,
        jwks_uri=f"{issuer}/keys",
    )
    return proofkey.Client(
        provider,
        CONTEXT["client_id"],
        id_token_leeway=CONTEXT["leeway"],
        id_token_algorithms=case.get("alg", ["RS256"]),
        trusted_audiences=case.get("trusted_audiences"),
    )


def receive(known: proofkey.Client, jwt: str) -> tuple[proofkey.LogoutToken | proofkey.Error, int]:
    """The token or the error, and how often the keys were asked for."""
    fetches = 0
    try:
        check = known.begin_logout_token(jwt, now=NOW)
        while request := check.request:
            assert (request.method, request.url, check.wait_seconds) == ("GET", f"{CONTEXT['issuer']}/keys", 0)
            fetches += 1
            check.receive(200, {}, json.dumps(FILE["jwks"]), now=NOW)
        return check.logout_token, fetches
    except proofkey.Error as error:
        return error, fetches


def test_accepted() -> None:
    ran = modules = 0
    for case in FILE["accepted"]:
        assert set(case) <= ACCEPTED
        known = client(case)
        token, fetches = receive(known, case["jwt"])
        assert isinstance(token, proofkey.LogoutToken), (case["name"], token)
        found = (token.issuer, token.subject, token.sid, token.jti, token.issued_at, token.expires_at)
        assert (*found, fetches) == (*case["logout"].values(), 1), case["name"]
        again, fetches = receive(known, case["jwt"])
        assert isinstance(again, proofkey.LogoutToken) and fetches == 0, "the key is here already"
        ran, modules = ran + 1, modules + ("conformance" in case)
    assert (ran, modules) == (FILE["counts"]["accepted"], 1) == (23, 1)


def test_refused() -> None:
    ran = modules = 0
    for case in FILE["refused"]:
        assert set(case) <= REFUSED
        error, fetches = receive(client(case), case["jwt"])
        assert isinstance(error, proofkey.LogoutTokenError), (case["name"], error)
        assert (error.name, fetches) == (case["error_name"], case["fetches"]), case["name"]
        ran, modules = ran + 1, modules + ("conformance" in case)
    assert (ran, modules) == (FILE["counts"]["refused"], 7) == (79, 7)


def test_the_file_is_what_the_generator_makes(tmp_path: Path) -> None:
    made = tmp_path / "logout_token.json"
    subprocess.run([sys.executable, vectors.VECTORS / "make_logout_token.py", made], check=True)
    assert made.read_text("utf-8") == (vectors.VECTORS / "logout_token.json").read_text("utf-8")


def test_over_the_network() -> None:
    with testing.AuthorizationServer() as server:
        known = proofkey.Client(server.provider, "my-app")
        token = known.logout_token(server.logout_token("my-app", user="user-1", sid="s"))
        assert (token.issuer, token.subject, token.sid) == (server.issuer, "user-1", "s")
        assert token.expires_at - token.issued_at == 120
        known.logout_token(server.logout_token("my-app", sid="s"))
        assert [seen.path for seen in server.seen] == ["/jwks"]
        assert repr(token) == f"<proofkey.LogoutToken of {server.issuer}>"


def test_the_keys_that_are_missing_are_asked_for_once_a_minute() -> None:
    with testing.AuthorizationServer() as server:
        known = proofkey.Client(server.provider, "my-app")
        with server.inject(faults.unavailable("jwks")):
            for _ in range(3):
                with pytest.raises(proofkey.MetadataError, match="keys_unavailable"):
                    known.logout_token(server.logout_token("my-app", sid="s"))
        assert [seen.path for seen in server.seen] == ["/jwks"]


def test_a_token_counts_once() -> None:
    store = replay_store.MemoryReplayStore()
    with testing.AuthorizationServer() as server:
        known = proofkey.Client(server.provider, "my-app")
        posted = server.logout_token("my-app", sid="s")
        token, again = known.logout_token(posted), known.logout_token(posted)
    assert token.replay_key == again.replay_key and token.replay_key.startswith("jti:")
    token.claim(store)
    with pytest.raises(proofkey.LogoutTokenError, match="logout_token_replayed"):
        again.claim(store)
    store.release(token.replay_key)
    again.claim(store)


class Broken:
    """A store that raises this."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def claim(self, key: str, until: int, /) -> None:
        raise self.error

    def release(self, key: str, /) -> None:
        raise self.error


@pytest.mark.parametrize("error", [proofkey.TransportError("store_unavailable"), OSError("no such disk")])
def test_a_store_that_cannot_tell(error: Exception) -> None:
    with testing.AuthorizationServer() as server:
        token = proofkey.Client(server.provider, "my-app").logout_token(server.logout_token("my-app", sid="s"))
    with pytest.raises(type(error)) as raised:
        token.claim(Broken(error))
    assert raised.value is error


def test_text_that_is_no_token() -> None:
    known = client({})
    for text in ("", "\udc80", "a.b.c", "\0" * 40_000):
        with pytest.raises(proofkey.LogoutTokenError, match="logout_token_malformed"):
            known.begin_logout_token(text)
    with pytest.raises(TypeError, match="logout_token"):
        known.begin_logout_token(7)  # type: ignore[arg-type]


def test_a_check_that_is_over() -> None:
    check = client({}).begin_logout_token(FILE["accepted"][0]["jwt"], now=NOW)
    with pytest.raises(RuntimeError, match="no logout_token yet"):
        _ = check.logout_token
    with pytest.raises(proofkey.MetadataError, match="keys_unavailable"):
        check.receive(503, {}, b"", now=NOW)
    with pytest.raises(RuntimeError, match="begin another"):
        _ = check.request


def test_the_test_server_posts_it() -> None:
    with testing.AuthorizationServer() as server:
        assert server.send_logout(f"{server.issuer}/token", server.logout_token("my-app", sid="s")) == 401
        [seen] = server.seen
        assert [name for name, _ in seen.params] == ["logout_token"]
        with pytest.raises(testing.SignInError):
            server.send_logout("https://app.example/logout", server.logout_token("my-app", sid="s"))
