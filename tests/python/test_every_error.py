"""Every error that Python can raise, made through the public API: what raises what."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import hostile
import httpx
import proofkey
import pytest
import redis
import vectors
from conftest import ROOT
from proofkey import replay_store, server, testing, token_source, token_store
from proofkey.httpx import TokenAuth
from proofkey.testing import faults
from proofkey.web import LoginRefused, Request, SignIn
from rfc7636 import B_CHALLENGE, STORED, B

ISSUER = "https://as.example"
REDIRECT_URI = "https://client.example/cb"
KEYS = proofkey.SealKeys("the secret of these tests, of 32 bytes and more")
FOLDER = TemporaryDirectory()
"""For the stores here. It is deleted at the end."""
OTHER_KEYS = proofkey.SealKeys("another secret, which is of 32 bytes and more, too")
NOW = 1_700_000_000
JSON = {"Content-Type": "application/json"}
CLAIMS = {"iss": ISSUER, "sub": "248", "aud": "my-app", "exp": NOW + 300, "iat": NOW, "nonce": "n"}


def provider(**more: Any) -> proofkey.Provider:
    endpoints = {"authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"}
    return proofkey.Provider(**{**endpoints, **more})


def client(**more: Any) -> proofkey.Client:
    return proofkey.Client(provider(**more), "my-app", redirect_uri=REDIRECT_URI)


def openid() -> proofkey.Client:
    return client(issuer=ISSUER, jwks_uri=f"{ISSUER}/keys")


def accept(query: str, at: str = REDIRECT_URI, **more: Any) -> proofkey.Exchange:
    """Checks a callback with this query."""
    return client(**more).begin(state="s").accept(f"{at}?{query}")


def device(**changed: object) -> proofkey.DeviceAuthorization:
    """The codes of a device, at the time 0, with these members changed."""
    known = proofkey.Client(provider(device_authorization_endpoint=f"{ISSUER}/device"), "my-tv")
    members: dict[str, object] = {"device_code": "d", "user_code": "u", "expires_in": 600}
    request = known.begin_device_authorization()
    request.receive(200, JSON, json.dumps({**members, "verification_uri": f"{ISSUER}/go", **changed}), now=0)
    return request.device


def respond(status: int, headers: dict[str, str], body: str) -> proofkey.Tokens:
    """Receives this response of the token endpoint."""
    exchange = accept("code=c&state=s")
    exchange.receive(status, headers, body)
    return exchange.tokens


def grant(**members: object) -> proofkey.Tokens:
    """Receives tokens with these members in the response."""
    return respond(200, JSON, json.dumps({"access_token": "a", **members}))


def jwt(header: dict[str, object], claims: dict[str, object]) -> str:
    parts = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))
    return f"{'.'.join(parts)}."


def id_token(header: Any = None, asked: Any = None, **claims: object) -> None:
    """Receives an ID token with these claims; `None` removes one. `asked` are options of `begin`."""
    claims = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    id_token_of(jwt({"alg": "RS256", **(header or {})}, claims), **(asked or {}))


def id_token_of(text: str, **asked: Any) -> None:
    """Receives this ID token. It needs no signature, because the client relies on TLS instead."""
    login = openid().trust_token_endpoint_tls().begin(scope="openid", state="s", nonce="n", now=NOW, **asked)
    exchange = login.accept(f"{REDIRECT_URI}?code=c&state=s", now=NOW)
    exchange.receive(200, JSON, json.dumps({"access_token": "a", "id_token": text}), now=NOW)


def unsupported_algorithm() -> object:
    known = metadata(jwks_uri=f"{ISSUER}/keys", id_token_signing_alg_values_supported=["ES512"])
    return proofkey.Client(known, "my-app", redirect_uri=REDIRECT_URI).begin(scope="openid")


def wrong_signature() -> object:
    with testing.AuthorizationServer() as op, op.inject(faults.signature_wrong()):
        known = proofkey.Client(op.provider, "my-app", redirect_uri=REDIRECT_URI)
        login = known.begin(scope="openid")
        return known.finish(login, op.sign_in(login.url))


def keys(body: str) -> None:
    """Receives this response to the request for the keys, which comes before the code is sent."""
    exchange = openid().begin(scope="openid", state="s").accept(f"{REDIRECT_URI}?code=c&state=s")
    exchange.receive(200, JSON, body)


def userinfo(body: bytes) -> object:
    """Asks for the claims about the user of the ID token above, and gets this response."""
    tokens = proofkey.Tokens.from_dict({"access_token": "a", "id_token": jwt({"alg": "RS256"}, {**CLAIMS})})
    with hostile.Server(hostile.says(hostile.response(body))) as there:
        return client(userinfo_endpoint=there.url("/userinfo")).userinfo(tokens)


def logout_token(header: Any = None, claims: Any = None, *, sign: bool = True, twice: bool = False) -> None:
    """Receives a logout token with this header and these claims; `None` removes one."""
    with testing.AuthorizationServer() as op:
        posted = op.logout_token("my-app", sid="s", header=header, claims=claims)
        known, store = proofkey.Client(op.provider, "my-app"), replay_store.MemoryReplayStore()
        for _ in range(1 + twice):
            known.logout_token(posted if sign else f"{posted[:-4]}AAAA").claim(store)


def metadata(**members: object) -> proofkey.Provider:
    """Reads metadata with these members; `None` removes one."""
    usual = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/authorize", "token_endpoint": f"{ISSUER}/token"}
    document = {name: value for name, value in {**usual, **members}.items() if value is not None}
    return proofkey.Provider.from_metadata(ISSUER, json.dumps(document))


def finish(behave: hostile.Behaviour, scheme: str = "http", **transport: Any) -> object:
    """Finishes a login over the network, with a server that behaves like this."""
    with hostile.Server(behave) as there:
        token_endpoint = there.url("/token", scheme)
        return finish_at(token_endpoint, transport=proofkey.Transport(**transport))


def finish_at(token_endpoint: str, **more: Any) -> object:
    known = proofkey.Client(provider(token_endpoint=token_endpoint), "my-app", redirect_uri=REDIRECT_URI, **more)
    return known.finish(known.begin(state="s"), f"{REDIRECT_URI}?code=c&state=s")


def refreshed_in_its_own_hook() -> object:
    """Refreshes tokens, and again in the hook that should save them."""
    body = b'{"access_token": "b", "token_type": "Bearer"}'
    with hostile.Server(hostile.says(hostile.response(body))) as there:
        known, tokens = client(token_endpoint=there.url("/token")), grant(refresh_token="r")

        def save(_: proofkey.Tokens) -> None:
            known.refresh(tokens)

        return known.refresh(tokens, save=save)


def discover_nothing() -> None:
    discovery = proofkey.Discovery(ISSUER)
    for _ in range(2):
        discovery.receive(404, {}, b"")


def used_twice() -> object:
    login = client().begin(state="s")
    login.accept(f"{REDIRECT_URI}?code=c&state=s")
    return login.accept(f"{REDIRECT_URI}?code=c&state=s")


def expired() -> object:
    return client().begin(state="s", now=NOW).accept(f"{REDIRECT_URI}?code=c&state=s", now=NOW + 601)


def lost() -> None:
    """The callback of a login arrives in a browser that did not begin it."""
    with testing.AuthorizationServer() as running:
        idp = {"client_id": "my-app", "provider": running.provider}
        sign_in = SignIn({"SECRET_KEY": "the secret of this app, 32 random bytes"}, {"idp": idp})
        location = dict(sign_in.begin(Request("GET", "http", "localhost"), "idp").headers)["Location"]
        query = running.sign_in(location).partition("?")[2].encode()
    try:
        sign_in.finish(Request("GET", "http", "localhost", query=query), "idp")
    except LoginRefused as refusal:
        assert refusal.error is not None
        raise refusal.error from None


def stored(**members: object) -> proofkey.Tokens:
    """Reads stored tokens with these members."""
    return proofkey.Tokens.from_dict({"access_token": "a", **members})


def files() -> token_store.SealedTokenStore:
    return token_store.SealedTokenStore(token_store.FileTokenStore(Path(mkdtemp(dir=FOLDER.name), "tokens")), KEYS)


def refreshing(behave: hostile.Behaviour) -> object:
    """Refreshes stored tokens twice, with a server that behaves like this."""
    with hostile.Server(behave) as there:
        known, store = client(token_endpoint=there.url("/token")), files()
        store.save(known, "user", stored(refresh_token="r", expires_at=0))
        with suppress(proofkey.TransportError):
            store.fresh(known, "user")
        return store.fresh(known, "user")


def refreshed_after_a_lost_response() -> object:
    """The server closes the first connection, and then refuses."""
    behaviours = iter([hostile.closes, hostile.says(hostile.response(b'{"error": "invalid_grant"}', "400 Bad Request"))])
    return refreshing(lambda connection: next(behaviours)(connection))


def no_longer_in_the_keyring() -> object:
    """The key of a store was put there, and is gone."""
    folder = Path(mkdtemp(dir=FOLDER.name), "tokens")
    assert token_store.FileTokenStore(folder).save("key", "keyring", None)
    return token_store.for_this_user("my-cli", folder=folder)


def busy() -> object:
    """Somebody else refreshes the tokens and does not come to an end."""
    folder = Path(mkdtemp(dir=FOLDER.name), "tokens")
    store = token_store.SealedTokenStore(token_store.FileTokenStore(folder), KEYS)
    impatient = proofkey.Client(provider(), "my-app", transport=proofkey.Transport(timeout=0.01))
    store.save(impatient, "user", stored(refresh_token="r", expires_at=0))
    [path] = folder.glob("*.lock")
    other = token_store.FileTokenStore(folder)
    assert other.lease(path.stem, "somebody else", 60)
    try:
        return store.fresh(impatient, "user")
    finally:
        other.release(path.stem, "somebody else")


def call(status: str, challenge: str, *, content: Any = None, origin: str | None = None) -> object:
    """Calls an API that responds like this, with tokens that can be refreshed."""
    refusal = hostile.response(b"", status, "text/plain", f"WWW-Authenticate: {challenge}")
    with hostile.Server() as there, hostile.Server(hostile.says(refusal)) as api:
        source = token_source.TokensInMemory(client(token_endpoint=there.url("/token")), grant(refresh_token="r"))
        auth = TokenAuth(source, origins=[origin or api.url()])
        with httpx.Client(auth=auth, trust_env=False) as http:
            return http.post(api.url("/"), content=content)


def sealed(scope: str = "read") -> str:
    return client().begin(scope=scope).seal(KEYS, "github")


def changed(text: str) -> str:
    """The sealed text with another character in its middle."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


class Stalled:
    """A Redis client that gets no reply to the command that claims a key."""

    def ping(self) -> bool:
        return True

    def set(self, *_arguments: object, **_options: object) -> None:
        raise redis.TimeoutError


MAKE: dict[str, Callable[[], object]] = {
    # Verifiers.
    "verifier_length": lambda: proofkey.Verifier("short"),
    "verifier_character": lambda: proofkey.Verifier("+" * 43),
    "entropy_length": lambda: proofkey.Verifier.from_entropy(b"sixteen bytes..."),
    # Authorization servers.
    "challenge_missing": lambda: server.bind({}),
    "challenge_malformed": lambda: server.bind({"code_challenge": "short", "code_challenge_method": "S256"}),
    "method_unsupported": lambda: server.bind({"code_challenge": B_CHALLENGE}),
    "method_without_challenge": lambda: server.bind({"code_challenge_method": "S256"}),
    "verifier_missing": lambda: server.verify(STORED, {}),
    "verifier_mismatch": lambda: server.verify(STORED, {"code_verifier": B[::-1]}),
    "verifier_unexpected": lambda: server.verify("none", {"code_verifier": B}),
    "binding_malformed": lambda: server.verify(None, {"code_verifier": B}),
    "parameter_duplicate": lambda: server.verify(STORED, {"code_verifier": [B, B]}),
    # Settings and requests.
    "endpoint_malformed": lambda: provider(token_endpoint="as.example/token"),
    "endpoint_insecure": lambda: provider(token_endpoint="http://as.example/token"),
    "redirect_uri_malformed": lambda: proofkey.Client(provider(), "my-app", redirect_uri="/callback"),
    "redirect_uri_insecure": lambda: proofkey.Client(provider(), "my-app", redirect_uri="http://client.example/cb"),
    "client_id_invalid": lambda: proofkey.Client(provider(), ""),
    "scope_invalid": lambda: client().begin(scope="two  spaces"),
    "parameter_reserved": lambda: client().begin(extra={"state": "mine"}),
    "state_invalid": lambda: client().begin(state=""),
    "par_required": lambda: metadata(require_pushed_authorization_requests=True),
    "endpoint_missing": lambda: client().revoke(grant()),
    "issuer_missing": lambda: client().begin(scope="openid"),
    "redirect_uri_not_loopback": lambda: client().login_with_browser(),
    "pkce_not_advertised": lambda: provider().require_advertised_pkce(),
    "nonce_invalid": lambda: openid().begin(scope="openid", nonce=""),
    "data_too_large": lambda: client().begin(data="x" * 257),
    "ca_file_invalid": lambda: proofkey.Transport(ca_file=__file__),
    "proxy_invalid": lambda: proofkey.Transport(proxy="socks5://proxy.example"),
    "openid_scope_missing": lambda: client().begin(scope="email", max_age=300),
    "resource_invalid": lambda: client().begin(resource="api"),
    "acr_values_invalid": lambda: openid().begin(scope="openid", acr_values=["two words"]),
    "client_secret_empty": lambda: proofkey.Client(provider(), "my-app", client_secret=""),
    "issuer_well_known": lambda: proofkey.Discovery(f"{ISSUER}/.well-known/openid-configuration"),
    # Callbacks.
    "callback_malformed": lambda: accept("code=%zz&state=s"),
    "callback_duplicate": lambda: accept("code=c&code=other&state=s"),
    "state_missing": lambda: accept("code=c"),
    "state_mismatch": lambda: accept("code=c&state=of-another-login"),
    "iss_missing": lambda: accept("code=c&state=s", issuer=ISSUER, iss_parameter_supported=True),
    "iss_mismatch": lambda: accept("code=c&state=s&iss=https://evil.example", issuer=ISSUER),
    "redirect_uri_mismatch": lambda: accept("code=c&state=s", at=f"{REDIRECT_URI}/"),
    "code_missing": lambda: accept("state=s"),
    "code_invalid": lambda: accept("code=%0A&state=s"),
    "unexpected_token": lambda: accept("code=c&state=s&access_token=a"),
    "response_mode_unsupported": lambda: accept("response=jwt"),
    "authorization_error": lambda: accept("error=access_denied&state=s"),
    "login_already_used": used_twice,
    "login_expired": expired,
    "login_lost": lost,
    # Sealed logins.
    "seal_malformed": lambda: client().resume("", KEYS, "github"),
    "seal_key_unknown": lambda: client().resume(sealed(), OTHER_KEYS, "github"),
    "seal_forged": lambda: client().resume(changed(sealed()), KEYS, "github"),
    "seal_context": lambda: client().resume(sealed(), KEYS, "gitlab"),
    "seal_client": lambda: proofkey.Client(provider(), "other-app").resume(sealed(), KEYS, "github"),
    "secret_weak": lambda: proofkey.SealKeys("dev"),
    "seal_too_large": lambda: sealed(scope="s" * 9000),
    # Responses.
    "response_malformed": lambda: respond(200, JSON, "[]"),
    "response_content_type": lambda: respond(200, {"Content-Type": "text/html"}, "<html>"),
    "response_status": lambda: respond(503, {}, ""),
    "response_redirect": lambda: respond(302, {"Location": f"{ISSUER}/login"}, ""),
    "response_duplicate": lambda: respond(200, JSON, '{"access_token": "a", "access_token": "b"}'),
    "access_token_missing": lambda: grant(access_token=None),
    "access_token_invalid": lambda: grant(access_token="a\nb"),
    "refresh_token_invalid": lambda: grant(refresh_token=7),
    "token_type_unsupported": lambda: grant(token_type="DPoP"),
    "token_type_invalid": lambda: grant(token_type=7),
    "token_error": lambda: respond(400, JSON, '{"error": "invalid_grant"}'),
    "refresh_token_absent": lambda: client().refresh(grant()),
    "refresh_under_way": refreshed_in_its_own_hook,
    "refresh_outcome_unknown": refreshed_after_a_lost_response,
    "device_code_expired": lambda: device().begin_polling(now=600),
    "device_code_invalid": lambda: device(device_code=None),
    "user_code_invalid": lambda: device(user_code="a\nb"),
    "verification_uri_invalid": lambda: device(verification_uri="http://as.example/device"),
    "device_lifetime_invalid": lambda: device(expires_in=None),
    # ID tokens and userinfo.
    "id_token_missing": lambda: id_token_of(""),
    "id_token_malformed": lambda: id_token_of("five.parts.are.encrypted.tokens"),
    "id_token_alg": lambda: id_token(header={"alg": "none"}),
    "id_token_signature": wrong_signature,
    "id_token_iss": lambda: id_token(iss="https://other.example"),
    "id_token_aud": lambda: id_token(aud="other-app"),
    "id_token_azp": lambda: id_token(azp="other-app"),
    "id_token_sub": lambda: id_token(sub=None),
    "id_token_exp": lambda: id_token(exp=NOW - 60),
    "id_token_iat": lambda: id_token(iat=NOW + 61),
    "id_token_nbf": lambda: id_token(nbf=NOW + 61),
    "id_token_nonce": lambda: id_token(nonce="of-another-login"),
    "id_token_crit": lambda: id_token(header={"crit": ["x"]}),
    "id_token_typ": lambda: id_token(header={"typ": "at+jwt"}),
    "id_token_at_hash": lambda: id_token(at_hash="of another access token"),
    "id_token_c_hash": lambda: id_token(c_hash="of another code"),
    "id_token_auth_time": lambda: id_token(asked={"max_age": 300}, auth_time=NOW - 361),
    "id_token_acr": lambda: id_token(asked={"acr_values": "2fa"}, acr="password"),
    "id_token_alg_unsupported": unsupported_algorithm,
    "userinfo_malformed": lambda: userinfo(b"[]"),
    "userinfo_sub": lambda: userinfo(b'{"sub": "of-another-user"}'),
    # Logout tokens.
    "logout_token_malformed": lambda: openid().logout_token(""),
    "logout_token_typ": lambda: logout_token({"typ": "at+jwt"}),
    "logout_token_crit": lambda: logout_token({"crit": ["x"]}),
    "logout_token_alg": lambda: logout_token({"alg": "none"}),
    "logout_token_signature": lambda: logout_token(sign=False),
    "logout_token_iss": lambda: logout_token(claims={"iss": "https://other.example"}),
    "logout_token_aud": lambda: logout_token(claims={"aud": "other-app"}),
    "logout_token_iat": lambda: logout_token(claims={"iat": None}),
    "logout_token_exp": lambda: logout_token(claims={"exp": 0}),
    "logout_token_events": lambda: logout_token(claims={"events": {}}),
    "logout_token_nonce": lambda: logout_token(claims={"nonce": "n"}),
    "logout_token_subject": lambda: logout_token(claims={"sid": None}),
    "logout_token_jti": lambda: logout_token(claims={"jti": None}),
    "logout_token_replayed": lambda: logout_token(twice=True),
    # Metadata.
    "metadata_malformed": lambda: metadata(token_endpoint=7),
    "metadata_issuer_missing": lambda: metadata(issuer=None),
    "metadata_issuer_mismatch": lambda: metadata(issuer=f"{ISSUER}/"),
    "metadata_endpoint_insecure": lambda: metadata(token_endpoint="http://as.example/token"),
    "metadata_endpoint_malformed": lambda: metadata(token_endpoint="/token"),
    "metadata_endpoint_missing": lambda: metadata(token_endpoint=None),
    "keys_unavailable": lambda: keys("{}"),
    "metadata_not_found": discover_nothing,
    "keys_unsupported": lambda: keys('{"keys": [{"kty": "oct"}]}'),
    # Network and stores.
    "connect_failed": lambda: finish_at("http://127.0.0.1:1/token"),
    "tls_failed": lambda: finish(hostile.speaks_plain_text, scheme="https"),
    "timeout": lambda: finish(hostile.never_responds, timeout=0.2),
    "response_interrupted": lambda: finish(hostile.closes),
    "response_too_large": lambda: finish(hostile.never_ends_a_header),
    "address_forbidden": lambda: finish(hostile.well, public_only=True),
    "store_unavailable": lambda: replay_store.SqliteReplayStore("/no/such/folder/logins.db"),
    "store_reply_lost": lambda: replay_store.RedisReplayStore(Stalled()).claim("an-id", 0),  # type: ignore[arg-type]
    # Stored tokens.
    "stored_tokens_malformed": lambda: stored(expires_at=float("nan")),
    "stored_access_token_invalid": lambda: stored(access_token=None),
    "stored_refresh_token_invalid": lambda: stored(refresh_token=7),
    "stored_token_type_unsupported": lambda: stored(token_type="DPoP"),
    "stored_expiry_invalid": lambda: stored(expires_at="tomorrow"),
    "stored_expiry_relative": lambda: stored(expires_in=3600),
    "stored_scope_invalid": lambda: stored(scope={}),
    "stored_resource_invalid": lambda: stored(resource=7),
    "tokens_absent": lambda: files().fresh(client(), "user"),
    "store_busy": busy,
    "store_insecure": lambda: token_store.FileTokenStore(Path(__file__).parent),
    "store_key_unavailable": no_longer_in_the_keyring,
    # Calling APIs.
    "access_token_rejected": lambda: call("401 Unauthorized", 'Bearer error="invalid_token"'),
    "insufficient_scope": lambda: call("403 Forbidden", 'Bearer error="insufficient_scope"'),
    "insufficient_user_authentication": lambda: call(
        "401 Unauthorized", 'Bearer error="insufficient_user_authentication"'
    ),
    "body_not_replayable": lambda: call("401 Unauthorized", 'Bearer error="invalid_token"', content=iter([b"a"])),
    "origin_not_named": lambda: call("200 OK", "", origin="https://api.example.com"),
    # The languages.
    "text_invalid": lambda: provider(issuer="\udc80"),
}

ELSEWHERE = {
    "entropy_unavailable": "crates/proofkey-core/src/verifier.rs",
    "openid_unsupported": "crates/proofkey/tests/login.rs",  # without the feature id-token
    "internal": "tests/c/panic.c",  # with the feature test-panic
}
"""The errors that Python code cannot provoke, and the tests that make them."""


@pytest.mark.parametrize("name", MAKE)
def test_the_call_raises_exactly_this_error(name: str, errors: vectors.Errors) -> None:
    row = errors.of_python[name]
    with pytest.raises(proofkey.Error) as raised:
        MAKE[name]()
    error = raised.value
    assert (error.name, type(error).__name__) == (name, row.class_name)
    assert (error.number, error.message, error.fault) == (row.number, row.message, row.fault)
    assert error.recovery == row.recovery
    if isinstance(error, server.RequestError):
        assert error.error == row.oauth


def test_every_error_is_made(errors: vectors.Errors) -> None:
    assert MAKE.keys() | ELSEWHERE.keys() == errors.of_python.keys()
    assert not MAKE.keys() & ELSEWHERE.keys()
    for path in ELSEWHERE.values():
        assert (ROOT / path).exists()
