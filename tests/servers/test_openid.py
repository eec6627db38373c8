"""The OpenID Connect cases of the table, with every server. A server without OpenID Connect causes an error."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable

import proofkey
import pytest
from browser import User
from conftest import Cells
from flow import PASSWORD, USER, Algorithm, client_of, named, provider_of, send, sign_in
from relay import relayed
from servers import SETTINGS, Server

OTHER_USER, SIGNED_OUT = SETTINGS["other_user"], SETTINGS["signed_out_uri"]


def put(cells: Cells, case: str, right: list[str], run: Callable[[], str]) -> None:
    """Puts what `run` returns, or the error that it raises, into the cell. Outcomes in `right` need no note."""
    try:
        outcome = run()
    except proofkey.Error as error:
        outcome = named(error)
    cells.put(case, outcome, right=outcome in right)


def client_by_discovery(
    server: Server, client_id: str = "public", *, id_token_algorithms: Algorithm | None = None
) -> proofkey.Client:
    provider = proofkey.Provider.discover(server.issuer)
    return client_of(server, client_id, provider=provider, id_token_algorithms=id_token_algorithms)


def begin(
    server: Server,
    client: proofkey.Client,
    *,
    state: str | None = None,
    verifier: proofkey.Verifier | None = None,
    nonce: str | None = None,
    max_age: int | None = None,
) -> proofkey.Login:
    scope = f"openid {server.scope}"
    return client.begin(
        scope=scope, extra=server.extra, state=state, verifier=verifier, nonce=nonce, max_age=max_age
    )


def tokens_of(server: Server, client: proofkey.Client, user: str = USER) -> proofkey.Tokens:
    login = begin(server, client)
    return client.finish(login, sign_in(login, user))


def id_token(tokens: proofkey.Tokens) -> str:
    assert tokens.id_token
    return tokens.id_token.expose()


def header(tokens: proofkey.Tokens) -> dict[str, str]:
    """The header of the ID token."""
    part = id_token(tokens).split(".")[0]
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return header


def subject(tokens: proofkey.Tokens) -> str:
    assert tokens.claims
    return str(tokens.claims["sub"])


@pytest.mark.parametrize(
    ("case", "client_id", "algorithm"),
    [
        # The algorithms in the metadata.
        ("ID token", "public", None),
        # The algorithm that the client was registered with.
        ("ID token (ES256)", "es256", "ES256"),
        ("ID token (EdDSA)", "eddsa", "EdDSA"),
    ],
)
def test_an_id_token(server: Server, cells: Cells, case: str, client_id: str, algorithm: Algorithm | None) -> None:
    def run() -> str:
        client = client_by_discovery(server, client_id, id_token_algorithms=algorithm)
        nonce = secrets.token_urlsafe()
        login = begin(server, client, nonce=nonce)
        tokens = client.finish(login, sign_in(login))
        assert tokens.signature_verified
        assert tokens.claims
        assert tokens.claims["iss"] == server.issuer
        assert tokens.claims["aud"] in (client_id, [client_id])
        assert tokens.claims["sub"]
        assert tokens.claims["nonce"] == nonce
        return header(tokens)["alg"]

    put(cells, case, [algorithm or "RS256"], run)


def test_the_hash_of_the_access_token(server: Server, cells: Cells) -> None:
    def run() -> str:
        tokens = tokens_of(server, client_by_discovery(server))
        assert tokens.claims
        half = hashlib.sha256(tokens.access_token.expose().encode()).digest()[:16]
        right = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
        # The claim is optional (OpenID Connect Core section 3.1.3.6).
        return {None: "not sent", right: "right"}[tokens.claims.get("at_hash")]

    put(cells, "at_hash", ["right", "not sent"], run)


def test_another_algorithm(server: Server, cells: Cells) -> None:
    """The server signs with RS256, and the client expects ES256."""

    def run() -> str:
        client = client_by_discovery(server, id_token_algorithms="ES256")
        return f"accepted: {tokens_of(server, client)}"

    put(cells, "another algorithm", ["`id_token_alg`"], run)


def test_another_nonce(server: Server, cells: Cells) -> None:
    """The response to another login, with everything else right: two logins share their state and their verifier."""

    def run() -> str:
        client = client_by_discovery(server)
        state, verifier = secrets.token_urlsafe(), proofkey.Verifier.generate().expose()
        theirs, ours = (begin(server, client, state=state, verifier=proofkey.Verifier(verifier)) for _ in range(2))
        return f"accepted: {client.finish(ours, sign_in(theirs))}"

    put(cells, "another nonce", ["`id_token_nonce`"], run)


def test_max_age(server: Server, cells: Cells) -> None:
    """The user has just signed in, so the condition is met; the server has to say so with `auth_time`."""

    def run() -> str:
        client = client_by_discovery(server)
        login = begin(server, client, max_age=3600)
        tokens = client.finish(login, sign_in(login))
        assert tokens.claims
        assert tokens.claims["auth_time"]
        return "tokens"

    put(cells, "max_age", ["tokens"], run)


def test_userinfo(server: Server, cells: Cells) -> None:
    def run() -> str:
        client = client_by_discovery(server)
        tokens = tokens_of(server, client)
        return "same user" if client.userinfo(tokens)["sub"] == subject(tokens) else "another user"

    put(cells, "userinfo", ["same user"], run)


def test_userinfo_of_another_user(server: Server, cells: Cells) -> None:
    """The app has stored the access token of one user with the ID token of another."""

    def run() -> str:
        client = client_by_discovery(server)
        tokens, theirs = tokens_of(server, client), tokens_of(server, client, OTHER_USER)
        if subject(theirs) == subject(tokens):
            return "no other user"
        mixed = proofkey.Tokens.from_dict({**theirs.to_dict(), "id_token": id_token(tokens)})
        return f"accepted: {client.userinfo(mixed)}"

    put(cells, "userinfo of another user", ["`userinfo_sub`"], run)


def test_refresh(server: Server, cells: Cells) -> None:
    def run() -> str:
        client = client_by_discovery(server)
        first = tokens_of(server, client)
        exchange = client.begin_refresh(first)
        response = send(exchange)
        second = exchange.tokens
        exchange.saved()
        third = client.refresh(second)
        assert subject(third) == subject(second) == subject(first)
        assert id_token(second) == response.get("id_token", id_token(first))
        assert second.signature_verified
        return "new" if "id_token" in response else "kept"

    put(cells, "ID token on refresh", ["kept", "new"], run)


def test_new_keys(server: Server, cells: Cells) -> None:
    """The first login after a change of keys fetches them once more, and the second one does not."""

    def run() -> str:
        with relayed(server.jwks_uri) as (jwks_uri, requests):
            client = client_of(server, provider=provider_of(server, jwks_uri=jwks_uri))
            old = header(tokens_of(server, client))["kid"]
            assert len(requests) == 1
            server.change_keys()
            counts = []
            for _ in range(2):
                tokens = tokens_of(server, client)
                assert tokens.signature_verified
                assert header(tokens)["kid"] != old
                counts.append(len(requests))
        return "fetched once" if counts == [2, 2] else f"fetched: {counts}"

    put(cells, "new keys", ["fetched once"], run)


def test_signing_out(server: Server, cells: Cells) -> None:
    """The browser that signed in is sent back to the URL that the client gave."""

    def run() -> str:
        client, user = client_by_discovery(server), User(USER, PASSWORD)
        login = begin(server, client)
        tokens = client.finish(login, user.walk(login.url))
        assert user.walk(client.end_session_url(tokens, return_to=SIGNED_OUT)) == SIGNED_OUT
        return "came back"

    put(cells, "signing out", ["came back"], run)
