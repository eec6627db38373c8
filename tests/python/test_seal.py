"""Sealed logins: the vectors, a login across two processes, and what cannot be sealed or opened."""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import proofkey
import pytest
import vectors
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
SECRET = "the secret of these tests, of 32 bytes and more"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


@pytest.fixture
def keys() -> proofkey.SealKeys:
    return proofkey.SealKeys(SECRET)


def client_of(server: testing.AuthorizationServer) -> proofkey.Client:
    return proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)


def example(client_id: str = "my-app") -> proofkey.Client:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    return proofkey.Client(provider, client_id, redirect_uri=REDIRECT_URI)


def cases(array: str, fields: set[str]) -> list[dict[str, Any]]:
    document = vectors.read("seal.json")
    rows: list[dict[str, Any]] = document[array]
    assert len(rows) == document["counts"][array]
    assert all(set(row) == fields for row in rows)
    return rows


def opener(row: dict[str, Any]) -> tuple[proofkey.Client, proofkey.SealKeys]:
    known = dict(row["client"])
    client_id, redirect_uri = known.pop("client_id"), known.pop("redirect_uri")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", proofkey.WeakSecretWarning)
        keys = proofkey.SealKeys(*row["secrets"])
    client = proofkey.Client(proofkey.Provider(**known), client_id, redirect_uri=redirect_uri)
    return client.trust_token_endpoint_tls(), keys


def test_the_file_is_what_the_script_makes(tmp_path: Path) -> None:
    made = tmp_path / "seal.json"
    subprocess.run([sys.executable, vectors.VECTORS / "make_seal.py", made], check=True)
    assert made.read_bytes() == (vectors.VECTORS / "seal.json").read_bytes()


def test_vectors_of_keys() -> None:
    ran = 0
    for row in cases("keys", {"secret", "key_hex", "key_id"}):
        for secret in (row["secret"], row["secret"].encode()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", proofkey.WeakSecretWarning)
                keys = proofkey.SealKeys(secret)
            assert example().begin().seal(keys, "").startswith(f"proofkey1.{row['key_id']}.")
        ran += 1
    assert ran == 5


def test_vectors_that_open() -> None:
    ran = 0
    for row in cases("sealed", {"name", "secrets", "context", "client", "nonce_hex", "login", "sealed"}):
        (client, keys), expected = opener(row), row["login"]
        login = client.resume(row["sealed"], keys, row["context"])
        assert (login.data, login.expires_at) == (expected["data"], expected["expires_at"]), row["name"]
        assert accepted(login, row) == expected["verifier"], row["name"]
        # Sealed again, the login opens again, and its text has the same length. A client remembers which it has used.
        client, _ = opener(row)
        login = client.resume(row["sealed"], keys, row["context"])
        again = login.seal(keys, row["context"])
        assert len(again) == len(row["sealed"])
        assert accepted(client.resume(again, keys, row["context"]), row) == expected["verifier"]
        ran += 1
    assert ran == 28


def accepted(login: proofkey.Login, row: dict[str, Any]) -> str:
    """The verifier that is sent with the code."""
    redirect_uri, client = row["client"]["redirect_uri"], row["client"]
    if redirect_uri is None:
        request = login.accept_pasted_code("c").request
    else:
        params = {"code": "c", "state": row["login"]["state"]}
        if client["iss_parameter_supported"]:
            params["iss"] = client["issuer"]
        query = "&".join(f"{name}={quoted(value)}" for name, value in params.items())
        form = "application/x-www-form-urlencoded"
        if row["login"]["form_post"]:
            request = login.accept(redirect_uri, content_type=form, body=query).request
        else:
            request = login.accept(f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}").request
    assert request is not None
    pairs = parse_qsl(request.body.decode())
    sent = dict(pairs)
    assert sent.get("redirect_uri") == redirect_uri
    assert " ".join(value for name, value in pairs if name == "resource") == row["login"].get("resource", "")
    return sent["code_verifier"]


def quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_vectors_that_are_refused() -> None:
    ran = 0
    for row in cases("refused", {"name", "secrets", "context", "client", "sealed", "error_name"}):
        client, keys = opener(row)
        with pytest.raises(proofkey.Error) as refused:
            client.resume(row["sealed"], keys, row["context"])
        assert refused.value.name == row["error_name"], row["name"]
        family = proofkey.CallbackError if row["error_name"] == "login_expired" else proofkey.SealError
        assert type(refused.value) is family
        ran += 1
    assert ran == 145


def test_vectors_of_the_clock_have_expired_by_now() -> None:
    client, keys = opener(vectors.read("seal.json")["sealed"][0])
    for row in cases("clock", {"now", "error_name", "sealed"}):
        with pytest.raises(proofkey.CallbackError, match="login_expired"):
            client.resume(row["sealed"], keys, "github")


def test_a_login_in_two_processes(server: testing.AuthorizationServer, keys: proofkey.SealKeys) -> None:
    login = client_of(server).begin(scope="files.read", data="/photos")
    sealed = login.seal(keys, "github")
    callback_url = server.sign_in(login.url)
    newer = proofkey.SealKeys("a newer secret, as random as it gets", SECRET)
    resumed = client_of(server).resume(sealed, newer, "github")
    assert (resumed.data, resumed.scope) == ("/photos", ["files.read"])
    assert (resumed.id, resumed.replay_key) == (login.id, login.replay_key)
    assert resumed.expires_at == login.expires_at
    assert client_of(server).finish(resumed, callback_url).scope == ["files.read"]


def test_a_sealed_login_reveals_nothing_and_fits_a_cookie(keys: proofkey.SealKeys) -> None:
    login = example().begin(data="the data", state="the-state")
    sealed = login.seal(keys, "the context")
    assert sealed.replace("_", "").replace("-", "").replace(".", "").isalnum()
    assert len(sealed) < 700
    assert sealed != login.seal(keys, "the context")
    for hidden in ("the data", "the-state", "the context", "as.example"):
        assert hidden not in sealed


def test_a_secret_is_not_sent_to_the_token_endpoint_of_another_client(keys: proofkey.SealKeys) -> None:
    """Two tenants of one issuer: a public client may finish the login of the other, one with a secret may not."""

    def tenant(name: str, **options: Any) -> proofkey.Client:
        provider = proofkey.Provider(
            issuer="https://as.example",
            authorization_endpoint="https://as.example/a",
            token_endpoint=f"https://as.example/{name}/token",
        )
        return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, **options)

    secrets: list[Any] = ["the-secret", lambda: "the-secret"]
    for secret in secrets:
        sealed = tenant("one", client_secret=secret).begin(state="s").seal(keys, "")
        assert tenant("one", client_secret=secret).resume(sealed, keys, "").id
        with pytest.raises(proofkey.SealError, match="seal_client"):
            other = tenant("other", client_secret=secret)
            other.finish(other.resume(sealed, keys, ""), f"{REDIRECT_URI}?code=c&state=s")
        request = tenant("other").resume(sealed, keys, "").accept(f"{REDIRECT_URI}?code=c&state=s").request
        assert request is not None
        assert request.url == "https://as.example/one/token"


def test_a_resumed_login_has_no_url(keys: proofkey.SealKeys) -> None:
    resumed = example().resume(example().begin().seal(keys, ""), keys, "")
    with pytest.raises(RuntimeError, match="no url"):
        resumed.url


def test_a_used_login_cannot_be_sealed(keys: proofkey.SealKeys) -> None:
    login = example().begin(state="s")
    login.accept(f"{REDIRECT_URI}?code=c&state=s")
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        login.seal(keys, "")


def test_what_is_too_large(keys: proofkey.SealKeys) -> None:
    assert example().begin(data="ä" * 128).data == "ä" * 128
    assert example().begin().data == ""
    with pytest.raises(proofkey.ConfigurationError, match="data_too_large"):
        example().begin(data="ä" * 129)
    with pytest.raises(proofkey.SealError, match="seal_too_large"):
        example().begin(scope="s" * 9000).seal(keys, "")


def test_short_secrets() -> None:
    refused: list[list[str | bytes]] = [["x" * 15], [b"x" * 15], [""], ["x" * 32, "x" * 15]]
    for secrets in refused:
        with pytest.raises(proofkey.SealError, match="secret_weak"):
            proofkey.SealKeys(*secrets)
    weak: list[list[str | bytes]] = [["x" * 16], [b"x" * 31], ["x" * 32, "x" * 31]]
    for secrets in weak:
        with pytest.warns(proofkey.WeakSecretWarning, match="fewer than 32 bytes") as warned:
            proofkey.SealKeys(*secrets)
        assert warned[0].filename == __file__
    with warnings.catch_warnings(), pytest.raises(proofkey.WeakSecretWarning):
        warnings.simplefilter("error")
        proofkey.SealKeys("x" * 16)
    proofkey.SealKeys("ä" * 16)


def test_arguments_of_wrong_types(keys: proofkey.SealKeys) -> None:
    client, login = example(), example().begin()
    wrong: Any
    for wrong in (None, 1, ["x" * 32]):
        calls: list[Callable[[], object]] = [
            lambda: proofkey.SealKeys(wrong),
            lambda: proofkey.SealKeys(SECRET, wrong),
            lambda: client.resume(wrong, keys, ""),
            lambda: client.resume("", wrong, ""),
            lambda: client.resume("", keys, wrong),
            lambda: login.seal(wrong, ""),
            lambda: login.seal(keys, wrong),
            lambda: client.begin(data=wrong if wrong is not None else bytes()),  # type: ignore[arg-type]
        ]
        for call in calls:
            with pytest.raises(TypeError):
                call()
    with pytest.raises(TypeError):
        proofkey.SealKeys()  # type: ignore[call-arg]


def test_lone_surrogates(keys: proofkey.SealKeys) -> None:
    with pytest.raises(proofkey.SealError, match="seal_malformed"):
        example().resume("proofkey1.\udc80", keys, "")
    for call in (lambda: example().begin().seal(keys, "\udc80"), lambda: proofkey.SealKeys(SECRET + "\udc80")):
        with pytest.raises(proofkey.ConfigurationError, match="text_invalid"):
            call()


def test_an_id_reveals_nothing() -> None:
    login = example().begin(state="the-state")
    assert len(login.id) == 22
    assert login.id == example().begin(state="the-state").id
    assert login.id != example().begin(state="the-statf").id
    assert "state" not in login.id


def test_the_verifier_is_in_no_url_and_not_in_the_sealed_text(
    server: testing.AuthorizationServer, keys: proofkey.SealKeys
) -> None:
    login = client_of(server).begin()
    sealed, callback_url = login.seal(keys, ""), server.sign_in(login.url)
    client_of(server).finish(client_of(server).resume(sealed, keys, ""), callback_url)
    verifier = dict(server.seen[-1].params)["code_verifier"]
    assert verifier not in sealed + login.url + callback_url + login.id
    assert dict(parse_qsl(urlsplit(login.url).query))["code_challenge"] == proofkey.s256(verifier)
