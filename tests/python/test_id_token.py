"""ID tokens: the cases of `id_token.json`, tokens that are signed here by another library, and keys and userinfo."""

import base64
import gc
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import proofkey
import pytest
import vectors
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from proofkey import testing
from proofkey.testing import faults

FILE = vectors.read("id_token.json")
REDIRECT_URI = "https://client.example/cb"
NOW = 1_700_000_000
CONTEXT = {
    "issuer", "client_id", "nonce", "now", "leeway", "alg", "trusted_audiences", "access_token", "code", "max_age",
    "required_acr", "original",
}  # fmt: skip
CASE = {"name", "header", "claims", "signature", "ctx", "outcome", "jwt", "note", "req"}
HASH = {"name", "alg", "input", "hash", "claim", "source", "req"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: object) -> str:
    return b64(json.dumps(value).encode())


def client(issuer: str, client_id: str, **more: Any) -> proofkey.Client:
    provider = proofkey.Provider(
        authorization_endpoint=f"{issuer}/authorize",
        token_endpoint=f"{issuer}/token",
        issuer=issuer,
        jwks_uri=f"{issuer}/keys",
        userinfo_endpoint=f"{issuer}/userinfo",
        end_session_endpoint=f"{issuer}/logout",
    )
    return proofkey.Client(provider, client_id, redirect_uri=REDIRECT_URI, **more)


def run(exchange: proofkey.Exchange | proofkey.Refresh, keys: object, response: dict[str, Any], now: int = NOW) -> proofkey.Tokens:
    """Responds to every request for keys with these keys, and to the token request with this response."""
    asked = 0
    while request := exchange.request:
        asked += request.method == "GET"
        body = keys if request.method == "GET" else {"token_type": "Bearer", **response}
        exchange.receive(200, {"Content-Type": "application/json"}, json.dumps(body), now=now)
    assert asked <= 2
    return exchange.tokens


def exchange(context: dict[str, Any]) -> proofkey.Exchange | proofkey.Refresh:
    """The exchange in which the ID token arrives. In a case without a nonce that is a refresh."""
    known = client(
        context["issuer"],
        context["client_id"],
        id_token_algorithms=context["alg"],
        id_token_leeway=context["leeway"],
        trusted_audiences=context.get("trusted_audiences"),
    )
    if context["nonce"] is None:
        usual = {"iss": context["issuer"], "sub": "248289761001", "aud": context["client_id"]}
        stored = f"{part({'alg': 'RS256'})}.{part(context.get('original', usual))}."
        tokens = proofkey.Tokens.from_dict({"access_token": "a", "refresh_token": "r", "id_token": stored})
        return known.begin_refresh(tokens, now=context["now"])
    login = known.begin(
        scope="openid",
        state="s",
        nonce=context["nonce"],
        max_age=context.get("max_age"),
        acr_values=context.get("required_acr"),
        now=context["now"],
    )
    return login.accept(f"{REDIRECT_URI}?code={context.get('code', 'c')}&state=s", now=context["now"])


def test_id_token_cases() -> None:
    ran = 0
    for case in FILE["id_token_cases"]:
        assert set(case) <= CASE and set(case["ctx"]) <= CONTEXT, case
        context = case["ctx"]
        response = {"access_token": context.get("access_token", "a"), "id_token": case["jwt"]}
        try:
            tokens = run(exchange(context), FILE["id_token_jwks"], response, context["now"])
        except proofkey.Error as error:
            assert isinstance(error, proofkey.IdTokenError), case["name"]
            outcome = f"reject:{error.name}"
        else:
            assert tokens.claims == case["claims"]
            assert tokens.signature_verified
            outcome = "ok"
        assert outcome == case["outcome"], case["name"]
        ran += 1
    assert ran == FILE["counts"]["id_token_cases"] == 58


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def ecdsa(key: ec.EllipticCurvePrivateKey, hash_: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    size = key.key_size // 8

    def sign(signed: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hash_)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def rsa_sign(name: str) -> Callable[[bytes], bytes]:
    sizes: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
    hash_ = sizes[name[2:]]
    if name[:2] == "RS":
        return lambda signed: RSA.sign(signed, padding.PKCS1v15(), hash_)
    return lambda signed: RSA.sign(signed, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)


SIGN: dict[str, Callable[[bytes], bytes]] = {
    **{name: rsa_sign(name) for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
    "ES256": ecdsa(P256, hashes.SHA256()),
    "ES384": ecdsa(P384, hashes.SHA384()),
    "EdDSA": ED25519.sign,
    "Ed25519": ED25519.sign,
}
KEYS = {
    "keys": [
        {
            "kty": "RSA",
            "n": number(RSA.public_key().public_numbers().n),
            "e": number(RSA.public_key().public_numbers().e),
        },
        *(
            {
                "kty": "EC",
                "crv": crv,
                "x": number(key.public_key().public_numbers().x, key.key_size // 8),
                "y": number(key.public_key().public_numbers().y, key.key_size // 8),
            }
            for crv, key in [("P-256", P256), ("P-384", P384)]
        ),
        {"kty": "OKP", "crv": "Ed25519", "x": b64(ED25519.public_key().public_bytes_raw())},
    ]
}
CLAIMS = {"iss": "https://op.example", "sub": "248", "aud": "client-1", "exp": NOW + 300, "iat": NOW, "nonce": "n"}


def signed(algorithm: str, header: dict[str, Any] | None = None, **claims: Any) -> str:
    text = f"{part({'alg': algorithm, **(header or {})})}.{part({**CLAIMS, **claims})}"
    return f"{text}.{b64(SIGN[algorithm](text.encode()))}"


def finish(id_token: str, algorithm: str = "RS256", keys: object = KEYS, access_token: str = "a") -> proofkey.Tokens:
    known = client("https://op.example", "client-1", id_token_algorithms=algorithm)
    login = known.begin(scope="openid", state="s", nonce="n", now=NOW)
    accepted = login.accept(f"{REDIRECT_URI}?code=c&state=s", now=NOW)
    return run(accepted, keys, {"access_token": access_token, "id_token": id_token})


def refused(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(proofkey.IdTokenError) as error:
        finish(*args, **kwargs)
    return error.value.name


@pytest.mark.parametrize("algorithm", SIGN)
def test_every_signature(algorithm: str) -> None:
    name = "EdDSA" if algorithm == "Ed25519" else algorithm
    assert finish(signed(algorithm), name).claims == CLAIMS
    text, _, signature = signed(algorithm).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[len(raw) // 2] ^= 1
    assert refused(f"{text}.{b64(bytes(raw))}", name) == "id_token_signature"
    assert refused(f"{text}.", name) == "id_token_signature"
    assert refused(signed(algorithm), "RS256" if name != "RS256" else "PS256") == "id_token_alg"


def test_members_of_the_wrong_type_are_refused_though_nobody_asked_for_them() -> None:
    assert refused(signed("RS256", auth_time="yesterday")) == "id_token_auth_time"
    assert refused(signed("RS256", auth_time=[NOW])) == "id_token_auth_time"
    assert refused(signed("RS256", {"crit": None})) == "id_token_crit"
    for sub in (248, None, True, ["248"]):
        assert refused(signed("RS256", sub=sub)) == "id_token_sub"


def test_id_token_hashes() -> None:
    """Each hash in a token that is signed by its algorithm. ES512, over P-521, is not supported."""
    ran, unsupported = 0, []
    for case in FILE["id_token_hashes"]:
        assert set(case) <= HASH, case
        algorithm = case["alg"].removesuffix("(Ed25519)")
        ran += 1
        if algorithm not in SIGN:
            unsupported.append(algorithm)
            continue
        name = "EdDSA" if algorithm == "Ed25519" else algorithm
        # The input of c_hash serves as an access token here, since the rule is the same.
        tokens = finish(signed(algorithm, at_hash=case["hash"]), name, access_token=case["input"])
        assert tokens.claims is not None and tokens.claims["at_hash"] == case["hash"]
        other = signed(algorithm, at_hash=case["hash"])
        assert refused(other, name, access_token=case["input"] + "x") == "id_token_at_hash", case["name"]
    assert unsupported == ["ES512"]
    assert refused(f"{part({'alg': 'ES512'})}.{part(CLAIMS)}.AAAA") == "id_token_alg_unsupported"
    assert ran == FILE["counts"]["id_token_hashes"] == 10


def test_which_key_is_used() -> None:
    rsa_key, p256, *_ = KEYS["keys"]

    def outcome(*keys: object, header: dict[str, Any] | None = None, algorithm: str = "RS256") -> str:
        try:
            return str(finish(signed(algorithm, header), algorithm, {"keys": keys}).signature_verified)
        except (proofkey.IdTokenError, proofkey.MetadataError) as error:
            return error.name

    assert outcome(rsa_key) == "True"
    assert outcome({**rsa_key, "use": "sig", "key_ops": ["verify"], "alg": "RS256", "kid": "1"}) == "True"
    unusable: list[dict[str, object]] = [
        {"use": "enc"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"use": "enc", "key_ops": ["verify"]},
        {"alg": "RSA-OAEP"},
        {"alg": 7},
    ]
    for other in unusable:
        assert outcome({**rsa_key, **other}, p256) == "id_token_signature", other
        assert outcome({**rsa_key, **other}) == "keys_unsupported", other
    assert outcome({**rsa_key, "alg": "PS256"}) == "id_token_signature"
    # Without a kid, exactly one key must fit.
    assert outcome(rsa_key, rsa_key) == "id_token_signature"
    assert outcome({**rsa_key, "kid": "1"}, {**rsa_key, "kid": "2"}, header={"kid": "2"}) == "True"
    assert outcome({**rsa_key, "kid": "1"}, header={"kid": "01"}) == "id_token_signature"
    # A modulus with a leading zero, as some servers send it, and one that is too short.
    n = base64.urlsafe_b64decode(rsa_key["n"] + "==")
    assert outcome({**rsa_key, "n": b64(b"\0" + n)}) == "True"
    # So are an exponent like that, padding, and optional members that are null.
    assert outcome({**rsa_key, "e": b64(b"\0\1\0\1"), "n": rsa_key["n"] + "=="}) == "True"
    assert outcome({**rsa_key, "use": None, "key_ops": None, "alg": None, "kid": None}) == "True"
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert outcome({**rsa_key, "n": number(weak.public_key().public_numbers().n)}) == "keys_unsupported"
    # A point that is not on the curve, and coordinates of the wrong length.
    assert outcome({**p256, "x": p256["y"]}, algorithm="ES256") == "id_token_signature"
    assert outcome({**p256, "x": p256["x"][:-2]}, algorithm="ES256") == "keys_unsupported"


def test_an_hmac_by_the_public_key_is_not_accepted() -> None:
    import hmac

    text = f"{part({'alg': 'HS256'})}.{part(CLAIMS)}"
    for secret in (json.dumps(KEYS["keys"][0]).encode(), b"", b"client-secret"):
        assert refused(f"{text}.{b64(hmac.digest(secret, text.encode(), hashlib.sha256))}") == "id_token_alg"


def reachable(root: object) -> list[object]:
    """What the garbage collector finds behind an object, and what its attributes and methods return or raise."""
    found: list[object] = [root, *gc.get_referents(root)]
    for name in dir(root):
        try:
            found.append(getattr(root, name))
        except Exception as error:
            found += [error, *error.args]
    for method in ("__getstate__", "__reduce__", "__sizeof__", "__dir__", "__repr__", "__str__"):
        try:
            found.append(getattr(root, method)())
        except Exception as error:
            found += [error, *error.args]
    return found


def test_tokens_are_out_of_reach_until_their_id_token_is_checked() -> None:
    known = client("https://op.example", "client-1")
    login = known.begin(scope="openid", state="s", nonce="n", now=NOW)
    waiting = login.accept(f"{REDIRECT_URI}?code=c&state=s", now=NOW)
    headers = {"Content-Type": "application/json"}
    waiting.receive(200, headers, json.dumps({"keys": [{**KEYS["keys"][0], "kid": "old"}]}), now=NOW)
    id_token = signed("RS256", {"kid": "new"})
    response = {"access_token": "access-token-text", "refresh_token": "refresh-token-text", "token_type": "Bearer"}
    waiting.receive(200, headers, json.dumps({**response, "id_token": id_token}), now=NOW)

    # The tokens have arrived, and wait for the key of their ID token.
    assert waiting.request is not None and waiting.request.url == "https://op.example/keys"
    with pytest.raises(RuntimeError):
        _ = waiting.tokens
    found = [str(value) + repr(value) for value in reachable(waiting)]
    assert len(found) > 10
    assert not [text for text in found if "token-text" in text or id_token in text]

    # Keys that cannot be read change nothing.
    for _ in range(2):
        with pytest.raises(proofkey.MetadataError, match="keys_unavailable") as failed:
            waiting.receive(503, {}, b"", now=NOW)
        assert failed.value.request_sent
        assert waiting.request is not None and waiting.request.url == "https://op.example/keys"
        with pytest.raises(RuntimeError):
            _ = waiting.tokens

    with pytest.raises(proofkey.IdTokenError):
        waiting.receive(200, headers, json.dumps({"keys": [{**KEYS["keys"][0], "kid": "other"}]}), now=NOW)
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        _ = waiting.tokens
    assert not [value for value in reachable(waiting) if "token-text" in str(value)]


def test_an_exchange_goes_on_when_the_keys_are_back() -> None:
    case = next(case for case in FILE["id_token_cases"] if case["name"] == "ok")
    waiting = exchange(case["ctx"])
    assert waiting.wait_seconds == 0
    waiting.receive(503, {"Retry-After": "5"}, b"", now=NOW)
    assert waiting.wait_seconds == 5
    with pytest.raises(proofkey.MetadataError, match="keys_unavailable") as failed:
        waiting.receive(503, {"Retry-After": "5"}, b"", now=NOW + 5)
    assert (failed.value.request_sent, failed.value.retry_after, waiting.wait_seconds) == (False, 5, 0)
    response = {"access_token": "a", "id_token": case["jwt"]}
    assert run(waiting, FILE["id_token_jwks"], response, case["ctx"]["now"]).signature_verified
    assert waiting.wait_seconds == 0


def test_tokens_with_an_id_token_survive_storage() -> None:
    tokens = finish(signed("RS256"))
    assert tokens.id_token is not None
    stored = tokens.to_dict()
    assert stored["id_token"] == tokens.id_token.expose()
    again = proofkey.Tokens.from_dict(json.loads(json.dumps(stored)))
    assert (again.claims, again.signature_verified) == (CLAIMS, False)
    assert tokens.id_token.expose() not in repr(tokens)
    with pytest.raises(proofkey.IdTokenError, match="id_token_malformed"):
        proofkey.Tokens.from_dict({"access_token": "a", "id_token": "x.y"})


def test_signing_out() -> None:
    known = client("https://op.example", "client-1")
    tokens = finish(signed("RS256"))
    url = known.end_session_url(tokens, return_to="https://client.example/bye")
    assert url.startswith("https://op.example/logout?client_id=client-1&id_token_hint=ey")
    assert url.endswith("&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye")
    assert known.end_session_url(tokens, return_to="https://client.example/bye", state="s&s") == url + "&state=s%26s"


def test_coming_back_from_signing_out() -> None:
    known = client("https://op.example", "client-1")
    return_to = "https://client.example/bye"
    known.accept_end_session(return_to + "?state=s%26s", return_to=return_to, state="s&s")
    for url, expected, state, error in [
        (return_to, return_to, "s", "state_missing"),
        (return_to + "?state=t", return_to, "s", "state_mismatch"),
        (return_to + "?state=s", return_to, "", "state_mismatch"),
        (return_to + "?state=s&state=s", return_to, "s", "callback_duplicate"),
        (return_to + "/?state=s", return_to, "s", "redirect_uri_mismatch"),
        ("?state=s", "", "s", "redirect_uri_mismatch"),
        (return_to + "?state=\udcff", return_to, "s", "state_mismatch"),
    ]:
        with pytest.raises(proofkey.CallbackError) as refused:
            known.accept_end_session(url, return_to=expected, state=state)
        assert refused.value.name == error, url


@pytest.fixture
def op() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=[testing.User("ada", {"name": "Ada"}), testing.User("eve")]) as running:
        yield running


def client_of(op: testing.AuthorizationServer) -> proofkey.Client:
    return proofkey.Client(op.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")


def sign_in(client: proofkey.Client, op: testing.AuthorizationServer) -> proofkey.Tokens:
    login = client.begin(scope="openid profile")
    return client.finish(login, op.sign_in(login.url))


def count(op: testing.AuthorizationServer, path: str) -> int:
    return [seen.path for seen in op.seen].count(path)


def at_once(work: Callable[[], object], threads: int = 50) -> list[object]:
    barrier = threading.Barrier(threads)

    def one(_: int) -> object:
        barrier.wait(30)
        try:
            return work()
        except proofkey.Error as error:
            return error.name

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def test_fifty_logins_fetch_the_keys_once(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    subjects = at_once(lambda: (sign_in(client, op).claims or {}).get("sub"))
    assert subjects == ["ada"] * 50
    assert (count(op, "/jwks"), count(op, "/token")) == (1, 50)


def test_fifty_logins_fetch_a_new_key_once(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    sign_in(client, op)
    op.rotate_keys()
    assert at_once(lambda: sign_in(client, op).signature_verified) == [True] * 50
    assert count(op, "/jwks") == 2


def test_finish_gets_the_tokens_once_and_their_keys_later(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    sign_in(client, op)
    op.rotate_keys()
    login = client.begin(scope="openid")
    callback_url = op.sign_in(login.url)
    with op.inject(faults.unavailable("jwks")):
        for _ in range(2):
            with pytest.raises(proofkey.MetadataError, match="keys_unavailable") as failed:
                client.finish(login, callback_url)
            assert (failed.value.request_sent, failed.value.status) == (True, 503)
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        login.seal(proofkey.SealKeys("s" * 32), "")
    tokens = client.finish(login, callback_url)
    assert tokens.signature_verified
    assert count(op, "/token") == 2
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        client.finish(login, callback_url)


def test_refresh_gets_the_tokens_once_and_their_keys_later(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    tokens = sign_in(client, op)
    op.rotate_keys()
    with op.inject(faults.unavailable("jwks")), pytest.raises(proofkey.MetadataError, match="keys_unavailable"):
        client.refresh(tokens)
    assert client.refresh(tokens).signature_verified
    assert count(op, "/token") == 2


def test_without_keys_the_code_is_not_sent(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    login = client.begin(scope="openid")
    callback_url = op.sign_in(login.url)
    with op.inject(faults.unavailable("jwks")), pytest.raises(proofkey.MetadataError) as refused:
        client.finish(login, callback_url)
    assert (refused.value.name, refused.value.endpoint, refused.value.status) == ("keys_unavailable", "jwks", 503)
    with op.inject(faults.cut_within_body("jwks")), pytest.raises(proofkey.TransportError) as cut:
        client.finish(login, callback_url)
    assert (cut.value.endpoint, cut.value.request_sent) == ("jwks", False), "nothing of the login was sent"
    assert count(op, "/token") == 0
    assert client.finish(login, callback_url).signature_verified


def test_logins_that_wait_for_keys_share_one_fetch(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    logins = [client.begin(scope="openid") for _ in range(8)]
    callbacks = [op.sign_in(login.url) for login in logins]
    waiting = iter(zip(logins, callbacks, strict=True))
    with op.inject(faults.slow("jwks")) as slow, ThreadPoolExecutor(8) as pool:
        ends = [pool.submit(client.finish, *next(waiting)) for _ in range(8)]
        slow.wait()
        slow.undo()
        assert [end.result().signature_verified for end in ends] == [True] * 8
    assert count(op, "/jwks") == 1


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (faults.nonce_wrong(), "id_token_nonce"),
        (faults.nonce_missing(), "id_token_nonce"),
        (faults.signature_wrong(), "id_token_signature"),
        (faults.kid_unknown(), "id_token_signature"),
        (faults.alg_none(), "id_token_alg"),
        (faults.id_token_expired(), "id_token_exp"),
        (faults.aud_wrong(), "id_token_aud"),
    ],
    ids=str,
)
def test_an_id_token_with_a_fault(op: testing.AuthorizationServer, fault: faults.Fault[Any], name: str) -> None:
    client = client_of(op)
    with op.inject(fault), pytest.raises(proofkey.IdTokenError) as refused:
        sign_in(client, op)
    assert refused.value.name == name
    assert sign_in(client, op).claims is not None


def test_userinfo(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    tokens = sign_in(client, op)
    assert client.userinfo(tokens) == {"sub": "ada", "name": "Ada"}
    with op.inject(faults.sub_wrong()), pytest.raises(proofkey.UserinfoError, match="userinfo_sub"):
        client.userinfo(tokens)
    with op.inject(faults.html("userinfo")), pytest.raises(proofkey.UserinfoError, match="userinfo_malformed"):
        client.userinfo(tokens)
    with op.inject(faults.redirects("userinfo", 302)), pytest.raises(proofkey.UserinfoError, match="response_redirect"):
        client.userinfo(tokens)
    with op.inject(faults.unavailable("userinfo")), pytest.raises(proofkey.UserinfoError) as refused:
        client.userinfo(tokens)
    assert (refused.value.status, refused.value.recovery) == (503, "retry_later")
    client.revoke(tokens)
    with pytest.raises(proofkey.UserinfoError) as refused:
        client.userinfo(tokens)
    assert (refused.value.name, refused.value.endpoint) == ("response_status", "userinfo")
    assert (refused.value.status, refused.value.recovery) == (401, "restart_login"), "the access token was revoked"


def test_a_refresh_keeps_the_user(op: testing.AuthorizationServer) -> None:
    client = client_of(op)
    tokens = sign_in(client, op)
    assert tokens.claims is not None
    refreshed = client.refresh(proofkey.Tokens.from_dict(tokens.to_dict()))
    assert refreshed.claims is not None
    assert (refreshed.claims["iss"], refreshed.claims["sub"]) == (op.issuer, "ada")


def test_without_keys_to_check_the_new_id_token_with_a_refresh_token_is_not_sent(
    op: testing.AuthorizationServer,
) -> None:
    tokens, before = sign_in(client_of(op), op), count(op, "/token")
    for endpoints, name in [({"issuer": op.issuer}, "endpoint_missing"), ({"jwks_uri": op.jwks_uri}, "issuer_missing")]:
        keyless = proofkey.Client(
            proofkey.Provider(
                authorization_endpoint=op.authorization_endpoint,
                token_endpoint=op.token_endpoint,
                **endpoints,  # type: ignore[arg-type]
            ),
            "my-app",
        )
        for refresh in (keyless.refresh, keyless.begin_refresh):
            with pytest.raises(proofkey.ConfigurationError, match=f"^{name}: "):
                refresh(tokens)
    assert count(op, "/token") == before


def test_settings_that_cannot_work() -> None:
    with pytest.raises(ValueError, match="RS256, RS384"):
        client("https://op.example", "client-1", id_token_algorithms=["HS256"])
    known = client("https://op.example", "client-1")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"scope": "profile", "max_age": 0}, "openid_scope_missing"),
        ({"scope": "profile", "acr_values": "2fa"}, "openid_scope_missing"),
        ({"scope": "profile", "nonce": "n"}, "openid_scope_missing"),
        ({"scope": "openid", "nonce": ""}, "nonce_invalid"),
        ({"scope": "openid", "nonce": "é"}, "nonce_invalid"),
        ({"scope": "openid", "acr_values": [""]}, "acr_values_invalid"),
        ({"scope": "openid", "acr_values": ["a b"]}, "acr_values_invalid"),
    ]
    for options, name in wrong:
        with pytest.raises(proofkey.ConfigurationError, match=f"^{name}: "):
            known.begin(**options)
