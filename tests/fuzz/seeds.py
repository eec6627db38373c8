"""Writes the first inputs of the fuzz targets, mostly from tests/vectors, into the folder that is the only argument.

Each target splits its input into fields at the bytes 0xFF. Each function here has the name of its target, and its
docstring lists the fields.
"""

import hashlib
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

VECTORS = pathlib.Path(__file__).parent.parent / "vectors"


# The three accepted spellings of loopback, and others that are not accepted.
HOSTS = (
    *("127.0.0.1", "[::1]", "localhost"),
    *("127.0.0.2", "127.0.0.12", "127.1", "0x7f.1", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]", "[::1]x"),
    *("LOCALHOST", "localhost.", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"),
)


def vectors(name: str) -> dict[str, Any]:
    file: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text("utf-8"))
    return file


def field(value: object) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def callback() -> Iterator[list[Any]]:
    """Redirect URI, issuer, flags (p: iss is supported, f: posted as a form, m: the other one was requested,
    l: too late), state, URL, type, body."""
    for case in vectors("callback")["callback_cases"]:
        flags = "p" * bool(case.get("iss_advertised")) + "f" * (case.get("method") == "POST")
        redirect_uri = case.get("redirect_uri", "https://client.example/cb")
        expected = [redirect_uri, case.get("expected_iss"), flags, case["expected_state"]]
        yield [*expected, case["url"], case.get("content_type"), case.get("body")]
    for redirect_uri in "https://client.example", "https://client.example/cb?a=1&a=1&state=x&code=y":
        query = redirect_uri.partition("?")[2] + "&code=c&state=s"
        yield [redirect_uri, "", "", "s", f"{redirect_uri.partition('?')[0]}?{query}"]
        yield [redirect_uri, "", "l", "s", f"{redirect_uri.partition('?')[0]}?{query}"]


def device() -> Iterator[list[Any]]:
    """Type, the response with the codes, the responses to polls, one a line."""
    cases = vectors("device")["device_authorization_responses"]
    for case in cases:
        yield [case["content_type"], case["body"], ""]
    for case in vectors("device")["polling"]:
        polls = [step.get("body", "").replace("\n", " ") for step in case["steps"]]
        yield ["application/json", cases[0]["body"], "\n".join(polls)]


def response() -> Iterator[list[Any]]:
    """Flags (c: scopes by comma, r: a refresh, m: at the end of time), status, type, body."""
    for case in vectors("token")["token_responses"]:
        request, quirk = case.get("request", {}), case.get("quirk")
        flags = "c" * (quirk == "scope_separated_by_comma") + "r" * (request.get("grant") == "refresh_token")
        yield [flags, case["status"], case["content_type"], case["body"]]
    body = json.dumps({"access_token": "a", "expires_in": "60", "scope": ["a b", "c"]})
    for media_type in "text/html", "application/xhtml+xml", "image/png", "application/jwt+json", "":
        yield ["", 200, media_type, body]
    for flags in "m", "r", "cm":
        yield [flags, 200, "application/json", body]
        yield [flags, 200, "text/plain", "access_token=a&expires_in=99999999999&scope=a,b+c"]


def uri() -> Iterator[list[Any]]:
    """Two texts."""
    for case in vectors("redirect_uri")["redirect_uri_match"]:
        yield [case["registered"], case["requested"]]
    for case in vectors("authorization_url")["authorization_url"]:
        yield [case["endpoint"], case["params"]["redirect_uri"]]
    for case in vectors("metadata")["discovery_urls"]:
        yield [case["issuer"], case["issuer"]]
    for first in "com.example.app:/cb", "https://as.example:8443/a?b=c&d", "https://a_b.example", "https://1.2.3.4.5/":
        yield [first, first]
    for host in HOSTS:
        yield [f"http://{host}/cb", f"http://{host}:1/cb"]
        yield [f"https://{host}:8443/cb", f"https://{host}/cb"]


def form() -> Iterator[list[Any]]:
    """Flags (d, g: quirks), query of the endpoint, client id, secret, scope, state, code, extra names and values."""
    for case in vectors("authorization_url")["form_encoding"]:
        text = case["decoded"]
        yield ["", "", "c", text, "a b", "s", text, "x", text, "resource", "a", "resource", "b"]
        yield ["dg", "p=" + case["encoded"], "c", text, "", "s", "c", "prompt", text]
    for case in vectors("authorization_url")["authorization_url"]:
        params = case["params"]
        extra = [text for pair in params.get("extra", {}).items() for text in pair]
        query, scope = case["endpoint"].partition("?")[2], " ".join(params.get("scope", []))
        yield ["", query, params["client_id"], "", scope, params.get("state", "s"), "c", *extra]
    for case in vectors("token")["client_secret_basic"]:
        yield ["", "", case["client_id"], case["client_secret"], "openid", "a b", "4/0Aea"]


def metadata() -> Iterator[list[Any]]:
    """Issuer, document."""
    for case in vectors("metadata")["metadata_cases"]:
        yield [case["expected_issuer"], json.dumps(case["document"])]
    servers = [("https://as.example", "https://as.example"), ("http://127.0.0.1:8400", "http://localhost")]
    for issuer, host in [*servers, *(("https://as.example", f"http://{host}") for host in HOSTS)]:
        document = {
            "issuer": issuer,
            "authorization_endpoint": "https://as.example/authorize",
            "token_endpoint": f"{host}/token",
            "revocation_endpoint": f"{host}/revoke",
            "jwks_uri": f"{host}/keys",
            "userinfo_endpoint": f"{host}/userinfo",
            "end_session_endpoint": f"{host}/logout",
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["plain"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
            "require_pushed_authorization_requests": False,
        }
        yield [issuer, json.dumps(document)]
    for name, value in document.items():
        yield [issuer, json.dumps(document).replace("{", f"{{{json.dumps(name)}: {json.dumps(value)}, ")]


# The public keys of RFC 8037 appendix A.2 and RFC 7515 appendix A.3. The target signs with their private keys.
ED25519 = {"kid": "k-eddsa", "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
P256 = {
    "kid": "k-es256",
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


def id_token() -> Iterator[list[Any]]:
    """Flags (see the target), header, claims, those of a refresh, two responses with keys, access token, userinfo."""
    file = vectors("id_token")
    good = file["id_token_cases"][0]["claims"]
    keys = json.dumps({"keys": [ED25519, P256, *(key for key in file["id_token_jwks"]["keys"] if key["kty"] == "RSA")]})
    userinfo = json.dumps({"sub": good["sub"], "name": "A"})
    for case in file["id_token_cases"]:
        context, header, claims = case["ctx"], json.dumps(case["header"]), json.dumps(case["claims"])
        flags = "z" * (context["leeway"] == 0) + "b" * (case["signature"] == "invalid")
        for flag, name in ("t", "trusted_audiences"), ("m", "max_age"), ("a", "required_acr"):
            flags += flag * (name in context)
        access_token = context.get("access_token", "a")
        if context["nonce"] is None:
            claims, refreshed = json.dumps(good), claims
        else:
            refreshed = claims
        # The target has no RSA key: it signs the RS256 cases with its own.
        for flag, algorithm, kid in ("e", "ES256", "k-es256"), ("", "EdDSA", "k-eddsa"):
            own = header.replace("RS256", algorithm).replace("k1", kid)
            yield [flags + flag, own, claims, refreshed, keys, keys, access_token, userinfo]
        yield ["f", case["jwt"]]

    def seed(flags: str, header: dict[str, Any], *keys: dict[str, Any], more: object = None, **other: Any) -> list[Any]:
        claims = json.dumps({**good, **other})
        return [flags, json.dumps(header), claims, claims, json.dumps({"keys": keys}), more, "a", userinfo]

    for flags, algorithm, key, other in ("e", "ES256", P256, ED25519), ("", "EdDSA", ED25519, P256):
        named, nameless = {"alg": algorithm, "kid": key["kid"]}, {"alg": algorithm}
        yield seed(flags, named, other, more=json.dumps({"keys": [key]}))
        yield seed(flags, nameless, key, other)
        yield seed(flags, nameless, key, key)
        yield seed(flags, named, {**key, "x": other["x"]}, key)
        yield seed(flags + "o", named, key)
        for purpose in {"use": "enc"}, {"key_ops": ["verify"]}, {"key_ops": ["sign"]}, {"alg": "RS256"}:
            yield seed(flags, named, {"use": "sig", **key, **purpose}, other)
        yield seed(flags, named, {**key, "use": "enc", "key_ops": ["verify"]}, other)
        # On both sides of each limit.
        for audience in "api", [], ["api"], ["client-1"], ["client-1", "client-1"]:
            yield seed(flags + "t", named, key, aud=audience)
            yield seed(flags + "t", named, key, aud=audience, azp="client-1")
        for length in 255, 256:
            yield seed(flags, named, key, sub="a" * length)
        for at in 1_699_999_639, 1_699_999_640, 1_700_000_060, 1_700_000_061:
            yield seed(flags + "m", named, key, auth_time=at, nbf=at, iat=at)
            yield seed(flags + "m", named, key, auth_time=at)


def pkce() -> Iterator[list[Any]]:
    """Flags (p: plain, o: optional), challenge, method, stored binding, verifier."""
    file = vectors("pkce")
    for case in file["verify_cases"]:
        stored = f"{case['method'] or 'S256'}:{case['challenge']}" if case["challenge"] else "none"
        for flags in "", "po":
            yield [flags, case["challenge"], case["method"], stored, case["verifier"]]
    for case in file["invalid_verifiers"]:
        value = bytes.fromhex(case["value_hex"]) if "value_hex" in case else case["value"]
        yield ["p", value, "plain", "none", value]
    for case in file["invalid_challenges"]:
        yield ["", case["value"], case["method"], f"S256:{case['value']}", "a" * 43]
    for case in file["challenge_methods"]:
        yield ["", "a" * 43, case["value"], f"{case['value']}:{'a' * 43}", "a" * 43]


def seal() -> Iterator[list[Any]]:
    """One letter (t: a text, p: a payload, f: the fields of a payload), and right after it what it announces."""
    for case in vectors("seal")["refused"]:
        yield [f"t{case['sealed']}"]
    for case in vectors("seal")["sealed"]:
        client = {**case["client"], "issuer": "https://as.example", "client_id": "s6BhdRkqt3"}
        # No byte of these times is 0xFF.
        began_at, expires_at = 0x60000000.to_bytes(8, "big"), 0x200000000.to_bytes(8, "big")
        login = {**case["login"], "began_at": began_at, "expires_at": expires_at}
        values = [client["issuer"], client["authorization_endpoint"], client["token_endpoint"]]
        values += [bytes([client["iss_parameter_supported"]]), client["client_id"], "https://client.example/cb"]
        values += [login[name] for name in ("state", "verifier", "scope", "began_at", "expires_at", "data")]
        asked = [str(login.get(name, "")) for name in ("nonce", "max_age", "acr_values")]
        asked += [bytes([login["form_post"]]), login.get("resource", "")]
        yield ["f", *values, *asked]
        context = hashlib.sha256(b"github").digest()[:16]
        texts = [context, *map(field, values + asked)]
        yield [b"p\x01" + b"".join(len(text).to_bytes(2, "big") + text for text in texts)]


def abi() -> Iterator[list[Any]]:
    """A program: for each call a function, its texts, handles and times, and the slot for what it makes."""
    provider = [0, 0, 1, 0, 5, 2, 0, 7, 3, 0, 8, 3, 0, 9, 3, 0, 10, 3, 0, 12, 38, 0]
    client = [13, 16, 0, 0, 15, 4, 0, 18, 31, 0, 21, 38, 0]
    keys, seal = [55, 17, 0], [57, 37, 0, 0, 0, 128, 10, 1]

    def begin(scope: int) -> list[int]:
        return [22, scope, 0, 0, 30, 11, 0, *([31, 12, 0] if scope == 13 else []), 33, 38, 0, 10, 0, 35, 38, 0]

    def respond(body: int, status: int = 0) -> list[int]:
        return [49, body, 0, 0, status, 51, 21, 20, 0, 40, 38, 0, 1, 43, 38, 0, 0, 10]

    accept, tokens = [36, 5, 0, 10, 0], [47, 38, 0, 0, 53, 36, 0, 10]
    login = [*provider, *client, *begin(15), *keys, *seal, *accept, *respond(24), *tokens]
    yield [bytes(login)]
    yield [bytes([*provider, *client, *begin(13), *accept, *respond(28), *tokens])]
    yield [bytes([*provider, *client, *begin(15), *accept, *respond(25, 3), *tokens])]
    yield [bytes([*provider, *client, *begin(15), 36, 7, 0, 10, 0, 35, 38, 0, 36, 6, 0, 10, 0])]
    yield [bytes([2, 2, 0, *respond(26), 46, 38, 0, 1, 12, 38, 1])]
    # With a refresh, a revocation of both tokens, userinfo, and the end of the session.
    yield [bytes([*login, 59, 38, 0, 0, 10, 0, *respond(24), *tokens, 42, 38, 0, 59, 38, 0, 0, 10, 1, 40, 38, 1, 1])]
    yield [bytes([*login, 60, 38, 0, 0, 0, *respond(38), *respond(38)])]
    # A device that waits for its network and for its user.
    codes = [63, 40, 0, *client, 64, 15, 0, 0, 67, 38, 0, 0, *respond(41), 68, 38, 0, 0, 69, 38, 0, 10, 0]
    yield [bytes([*provider, *codes, 70, 38, 0, 10, 2, *respond(42, 3), *respond(24), *tokens])]
    yield [bytes([*login, 61, 38, 0, 0, 0, *respond(30), 48, 38, 0, 0, 54, 34, 0, 62, 11, 0, 0, 64])]


def main(folder: pathlib.Path) -> None:
    for make in abi, callback, device, form, id_token, metadata, pkce, response, seal, uri:
        corpus = folder / make.__name__
        corpus.mkdir(parents=True, exist_ok=True)
        for fields in make():
            seed = b"\xff".join(map(field, fields))
            (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    main(pathlib.Path(sys.argv[1]))
