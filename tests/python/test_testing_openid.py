"""ID tokens, keys, userinfo and signing out at the test server, with a client that does not use proofkey."""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
import raw
from cryptography.exceptions import InvalidSignature
from proofkey import testing
from proofkey.testing import faults

USER = testing.User(
    "user-7", {"name": "Seven", "email": "seven@example.com", "phone_number": "+1", "groups": ["staff"]}
)


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=[USER], id_token_alg="ES256") as running:
        yield running


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_an_id_token(alg: Literal["RS256", "ES256", "EdDSA"]) -> None:
    with testing.AuthorizationServer(users=[USER], id_token_alg=alg) as server:
        response = raw.tokens(server, "openid email", nonce="the-nonce")
        id_token = response["id_token"]
        raw.verify(id_token, server.jwks_uri)
        metadata = raw.ask(f"{server.issuer}/.well-known/openid-configuration").members
        assert metadata["id_token_signing_alg_values_supported"] == [alg]
    header, claims = raw.header_of(id_token), raw.claims_of(id_token)
    assert (header["alg"], header["typ"], set(header)) == (alg, "JWT", {"alg", "kid", "typ"})
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(response["access_token"].encode()).digest()
    assert raw.decoded(claims.pop("at_hash")) == digest[: len(digest) // 2]
    issued, signed_in = claims["iat"], claims.pop("auth_time")
    assert claims.pop("sid")
    assert issued - 60 < signed_in <= issued
    assert claims == {
        "iss": server.issuer,
        "sub": "user-7",
        "aud": "my-app",
        "exp": issued + 3600,
        "iat": issued,
        "nonce": "the-nonce",
        "email": "seven@example.com",
        "groups": ["staff"],
    }


def test_further_audiences_bring_azp() -> None:
    app = testing.RegisteredClient("my-app", audiences=["api"])
    with testing.AuthorizationServer(clients=[app], id_token_alg="EdDSA") as server:
        claims = raw.claims_of(raw.tokens(server, "openid")["id_token"])
    assert (claims["aud"], claims["azp"]) == (["my-app", "api"], "my-app")
    assert "nonce" not in claims


def test_without_openid_there_is_no_id_token(server: testing.AuthorizationServer) -> None:
    assert "id_token" not in raw.tokens(server, "email openid2")


def test_a_refreshed_id_token(server: testing.AuthorizationServer) -> None:
    first = raw.tokens(server, "openid", nonce="n")
    server.advance(100)
    again = raw.refresh(server, first["refresh_token"]).members
    raw.verify(again["id_token"], server.jwks_uri)
    before, after = raw.claims_of(first["id_token"]), raw.claims_of(again["id_token"])
    assert (after["iss"], after["sub"], after["aud"]) == (before["iss"], before["sub"], before["aud"])
    assert after["auth_time"] == before["auth_time"]
    assert after["iat"] >= before["iat"] + 100
    assert "nonce" not in after


def test_the_lifetime_of_an_id_token() -> None:
    with testing.AuthorizationServer(id_token_alg="EdDSA", id_token_lifetime=5) as server:
        claims = raw.claims_of(raw.tokens(server, "openid")["id_token"])
    assert claims["exp"] - claims["iat"] == 5


def test_rotation(server: testing.AuthorizationServer) -> None:
    def kids() -> list[str]:
        return [key["kid"] for key in raw.ask(server.jwks_uri).members["keys"]]

    first = raw.tokens(server, "openid")["id_token"]
    assert kids() == [raw.header_of(first)["kid"]]
    server.rotate_keys()
    second = raw.tokens(server, "openid")["id_token"]
    assert kids() == [raw.header_of(second)["kid"], raw.header_of(first)["kid"]]
    raw.verify(first, server.jwks_uri)
    raw.verify(second, server.jwks_uri)
    server.rotate_keys()
    raw.verify(second, server.jwks_uri)
    with pytest.raises(StopIteration):
        raw.verify(first, server.jwks_uri)


def test_servers_do_not_share_keys() -> None:
    with testing.AuthorizationServer() as one, testing.AuthorizationServer() as other:
        ours, theirs = raw.ask(one.jwks_uri).members["keys"], raw.ask(other.jwks_uri).members["keys"]
        assert ours[0]["n"] != theirs[0]["n"]
    with testing.AuthorizationServer() as later:
        again = raw.ask(later.jwks_uri).members["keys"][0]
    assert again["n"] in (ours[0]["n"], theirs[0]["n"]), "the keys of stopped servers are used again, to save time"
    assert again["kid"] not in (ours[0]["kid"], theirs[0]["kid"])


def test_userinfo(server: testing.AuthorizationServer) -> None:
    response = raw.tokens(server, "openid profile phone")
    expected = {"sub": "user-7", "name": "Seven", "phone_number": "+1", "groups": ["staff"]}
    assert raw.userinfo(server, response["access_token"]).members == expected
    posted = raw.ask(server.userinfo_endpoint, {}, authorization=f"bearer {response['access_token']}")
    assert posted.members == expected


def test_userinfo_refuses(server: testing.AuthorizationServer) -> None:
    nobody = raw.ask(server.userinfo_endpoint)
    assert (nobody.status, nobody.headers["WWW-Authenticate"]) == (401, "Bearer")
    unknown = raw.userinfo(server, "guess")
    assert (unknown.status, unknown.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')
    no_openid = raw.userinfo(server, raw.tokens(server, "email")["access_token"])
    assert (no_openid.status, no_openid.headers["WWW-Authenticate"]) == (403, 'Bearer error="insufficient_scope"')
    access_token = raw.tokens(server, "openid")["access_token"]
    server.advance(3000)
    assert raw.userinfo(server, access_token).status == 200
    server.advance(600)
    assert raw.userinfo(server, access_token).status == 401
    assert [seen.error for seen in server.seen if seen.path == "/userinfo"] == [
        None, "invalid_token", "insufficient_scope", None, "invalid_token",
    ]  # fmt: skip


def test_signing_out() -> None:
    app = testing.RegisteredClient("my-app", post_logout_redirect_uris=["https://app.example/bye?x=1"])
    with testing.AuthorizationServer(clients=[app]) as server:
        assert raw.ask(server.end_session_endpoint).body == "You are signed out."
        back = {"post_logout_redirect_uri": "https://app.example/bye?x=1", "state": "s&s"}
        response = raw.ask(server.end_session_endpoint, back)
        assert (response.status, response.headers["Location"]) == (302, "https://app.example/bye?x=1&state=s%26s")
        elsewhere = {"post_logout_redirect_uri": "https://other.example/"}
        assert raw.ask(server.end_session_endpoint, elsewhere).status == 400
    with testing.AuthorizationServer() as server:
        assert raw.ask(server.end_session_endpoint, elsewhere).headers["Location"] == "https://other.example/"


def test_coming_back_from_signing_out_with_a_wrong_state(server: testing.AuthorizationServer) -> None:
    back = {"post_logout_redirect_uri": "https://app.example/bye?x=1", "state": "s&s"}

    def location() -> str:
        return raw.ask(server.end_session_endpoint, back).headers["Location"]

    with server.inject(faults.end_session_state_missing()):
        assert location() == "https://app.example/bye?x=1"
        assert raw.ask(server.end_session_endpoint).status == 200
    with server.inject(faults.end_session_state_wrong()):
        assert location() == "https://app.example/bye?x=1&state=of-another-request"
    assert location() == "https://app.example/bye?x=1&state=s%26s"


WRONG: dict[str, tuple[faults.Fault[Any], Callable[[dict[str, Any]], bool]]] = {
    "nonce_wrong": (faults.nonce_wrong(), lambda claims: claims["nonce"] != "n"),
    "nonce_missing": (faults.nonce_missing(), lambda claims: "nonce" not in claims),
    "aud_wrong": (faults.aud_wrong(), lambda claims: claims["aud"] != "my-app"),
    "id_token_expired": (
        faults.id_token_expired(),
        lambda claims: claims["auth_time"] - claims["exp"] > 80000 and claims["iat"] < claims["exp"],
    ),
    "id_token": (
        faults.id_token(iss="https://other.example", azp="other-app", auth_time=None),
        lambda claims: (
            "auth_time" not in claims and (claims["iss"], claims["azp"]) == ("https://other.example", "other-app")
        ),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_id_token_with_wrong_claims_is_signed_properly(name: str, server: testing.AuthorizationServer) -> None:
    fault, wrong = WRONG[name]
    assert fault.name == name
    with server.inject(fault):
        with_fault = raw.tokens(server, "openid", nonce="n")["id_token"]
    without = raw.tokens(server, "openid", nonce="n")["id_token"]
    for id_token, expected in ((with_fault, True), (without, False)):
        raw.verify(id_token, server.jwks_uri)
        assert wrong(raw.claims_of(id_token)) == expected


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_a_wrong_signature(alg: Literal["RS256", "ES256", "EdDSA"]) -> None:
    with testing.AuthorizationServer(id_token_alg=alg) as server, server.inject(faults.signature_wrong()):
        with pytest.raises(InvalidSignature):
            raw.verify(raw.tokens(server, "openid")["id_token"], server.jwks_uri)


def test_a_key_that_is_not_published(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.kid_unknown()), pytest.raises(StopIteration):
        raw.verify(raw.tokens(server, "openid")["id_token"], server.jwks_uri)


def test_keys_without_ids(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.kid_missing()), server.inject(faults.key_ids_missing()):
        header = raw.header_of(raw.tokens(server, "openid")["id_token"])
        keys = raw.ask(server.jwks_uri).members["keys"]
    assert (header, ["kid" in key for key in keys]) == ({"alg": "ES256", "typ": "JWT"}, [False])
    assert raw.ask(server.jwks_uri).members["keys"][0] == {**keys[0], "kid": newest_kid(server)}


def test_a_key_that_is_rotated_right_before_it_signs(server: testing.AuthorizationServer) -> None:
    before = newest_kid(server)
    server.inject_once(faults.keys_rotated())
    id_token = raw.tokens(server, "openid")["id_token"]
    assert raw.header_of(id_token)["kid"] == newest_kid(server) != before
    raw.verify(id_token, server.jwks_uri)
    assert [key["kid"] for key in raw.ask(server.jwks_uri).members["keys"]] == [newest_kid(server), before]


def newest_kid(server: testing.AuthorizationServer) -> str:
    """The ID of the newest key."""
    return str(raw.ask(server.jwks_uri).members["keys"][0]["kid"])


def test_alg_none(server: testing.AuthorizationServer) -> None:
    with server.inject(faults.alg_none()):
        id_token = raw.tokens(server, "openid")["id_token"]
    assert raw.header_of(id_token)["alg"] == "none"
    assert id_token.endswith(".")


def test_a_wrong_sub_at_userinfo(server: testing.AuthorizationServer) -> None:
    response = raw.tokens(server, "openid")
    with server.inject(faults.sub_wrong()):
        told = raw.userinfo(server, response["access_token"]).members["sub"]
    assert told != raw.claims_of(response["id_token"])["sub"] == "user-7"


def test_without_cryptography() -> None:
    """Everything but OpenID Connect works; OpenID Connect says what to install."""
    program = """
import sys
sys.modules["cryptography"] = None
import proofkey
from proofkey import testing

with testing.AuthorizationServer() as server:
    client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    login = client.begin(scope="email")
    assert client.finish(login, server.sign_in(login.url)).access_token.expose()
    try:
        server.sign_in(login.url.replace("scope=email", "scope=openid"))
    except testing.SignInError as error:
        print(error)
    try:
        server.rotate_keys()
    except RuntimeError as error:
        print(error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    needed = "signing ID tokens needs the package cryptography: pip install proofkey[testing]"
    assert ran.stdout.splitlines() == [
        f"the test server responded with 500 and no redirect: {needed}",
        needed,
    ]
