"""Makes logout_token.json: logout tokens, signed by a library that shares no code with the crates.

The argument is the file to write, by default logout_token.json in this folder. README.md describes the format.
"""

import hashlib
import hmac
import json
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Case = dict[str, Any]

ISSUER, CLIENT_ID, NOW, LEEWAY = "https://op.example", "client-1", 1_700_000_000, 60
EVENT = "http://schemas.openid.net/event/backchannel-logout"
CLAIMS: Case = {
    "iss": ISSUER,
    "sub": "248289761001",
    "aud": CLIENT_ID,
    "iat": NOW - 5,
    "exp": NOW + 115,
    "jti": "bWJq",
    "sid": "08a5019c-17e1-4977-8f42-65a12843ea02",
    "events": {EVENT: {}},
}
HEADER: Case = {"alg": "RS256", "kid": "k1", "typ": "logout+jwt"}
SUITE = "oidcc-client-test-rp-backchannel-rpinitlogout"
"""What the names of the conformance suite's modules begin with."""


def seeded(text: str, size: int) -> int:
    return int.from_bytes(hashlib.shake_256(f"logout_token.json {text}".encode()).digest(size), "big")


def prime(text: str) -> int:
    """A prime of 1024 bits whose upper two bits are set. A number that passes Fermat's test four times will do."""
    start = seeded(text, 128) | (3 << 1022) | 1
    return next(n for n in count(start, 2) if n % 65537 != 1 and all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7)))


def rsa_key() -> rsa.RSAPrivateKey:
    p, q = prime("p"), prime("q")
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


RSA = rsa_key()
P256 = ec.derive_private_key(seeded("P-256", 31), ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(seeded("Ed25519", 32).to_bytes(32, "big"))
STRANGER = ed25519.Ed25519PrivateKey.from_private_bytes(seeded("stranger", 32).to_bytes(32, "big"))


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int) -> str:
    return b64(value.to_bytes(size, "big"))


def jwks() -> Case:
    public, point = RSA.public_key().public_numbers(), P256.public_key().public_numbers()
    return {
        "keys": [
            {"kty": "RSA", "kid": "k1", "use": "sig", "n": number(public.n, 256), "e": "AQAB"},
            {"kty": "EC", "kid": "k2", "use": "sig", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)},
            {"kty": "OKP", "kid": "k3", "use": "sig", "crv": "Ed25519", "x": b64(ED25519.public_key().public_bytes_raw())},
        ]
    }


def es256(signed: bytes) -> bytes:
    r, s = decode_dss_signature(P256.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def hs256(signed: bytes) -> bytes:
    """With the public modulus as the secret: the confusion of algorithms (RFC 8725 section 2.1)."""
    return hmac.digest(number(RSA.public_key().public_numbers().n, 256).encode(), signed, "sha256")


SIGN: dict[str, Callable[[bytes], bytes]] = {
    "RS256": lambda signed: RSA.sign(signed, padding.PKCS1v15(), hashes.SHA256()),
    "ES256": es256,
    "EdDSA": ED25519.sign,
    "HS256": hs256,
    "none": lambda signed: b"",
}


def part(value: Any) -> str:
    return b64((value if isinstance(value, str) else json.dumps(value)).encode())


def changed(members: Case, changes: Case) -> Case:
    """The members with these instead; `None` removes one."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}


def token(header: Case | None = None, claims: Case | str | None = None, sign: Callable[[bytes], bytes] | None = None) -> str:
    """A token with these members changed. Claims that are a text take the place of all."""
    head = changed(HEADER, header or {})
    signed = f"{part(head)}.{part(claims if isinstance(claims, str) else changed(CLAIMS, claims or {}))}"
    return f"{signed}.{b64((sign or SIGN[head.get('alg', 'RS256')])(signed.encode()))}"


def accepted() -> Iterator[Case]:
    def case(name: str, header: Case | None = None, claims: Case | None = None, **more: Any) -> Case:
        all_claims = changed(CLAIMS, claims or {})
        logout = {name: all_claims.get(name) for name in ("iss", "sub", "sid", "jti", "iat", "exp")}
        return {"name": name, "jwt": token(header, claims), "logout": {**logout, **more.pop("logout", {})}, **more}

    suite = {"ignored_claim": "Logout Tokens MAY contain other Claims.", "jti": "4f0c4d3c"}
    yield case("conformance", claims=suite, conformance=SUITE)
    yield case("session-and-user")
    yield case("session-alone", claims={"sub": None})
    yield case("user-alone", claims={"sid": None})
    yield case("typ-absent", {"typ": None})
    yield case("typ-jwt", {"typ": "JWT"})
    yield case("typ-in-capitals", {"typ": "LOGOUT+JWT"})
    yield case("typ-as-a-media-type", {"typ": "application/logout+jwt"})
    yield case("kid-absent", {"kid": None})
    yield case("es256", {"alg": "ES256", "kid": "k2"}, alg=["RS256", "ES256"])
    yield case("eddsa", {"alg": "EdDSA", "kid": "k3"}, alg=["EdDSA"])
    yield case("aud-in-a-list", claims={"aud": [CLIENT_ID]})
    yield case("aud-with-a-trusted-one", claims={"aud": ["other", CLIENT_ID]}, trusted_audiences=["other"])
    yield case("iat-in-a-minute", claims={"iat": NOW + 60})
    yield case("iat-long-ago", claims={"iat": 0})
    yield case("iat-with-a-fraction", claims={"iat": NOW - 0.5}, logout={"iat": NOW - 1})
    yield case("exp-less-than-a-minute-ago", claims={"exp": NOW - 59})
    yield case("exp-in-a-day", claims={"exp": NOW + 86460})
    yield case("event-with-members", claims={"events": {EVENT: {"reason": "admin"}}})
    yield case("further-events", claims={"events": {EVENT: {}, "https://op.example/event": 1}})
    yield case("azp-is-ignored", claims={"azp": "other"})
    yield case("sub-is-null", claims={"sub": None})
    yield case("jti-with-a-newline", claims={"jti": "a\nb"})


def refused() -> Iterator[Case]:
    def case(name: str, error: str, header: Case | None = None, claims: Any = None, **more: Any) -> Case:
        sign = more.pop("sign", None)
        jwt = more.pop("jwt", None)
        made = token(header, claims, sign) if jwt is None else jwt
        return {"name": name, "jwt": made, "error_name": f"logout_token_{error}", **more}

    def suite(name: str, error: str, header: Case | None = None, claims: Any = None) -> Case:
        return case(f"conformance-{name}", error, header, claims, conformance=f"{SUITE}-{name}")

    yield suite("wrong-alg", "alg", {"alg": "ES256", "kid": "k2"})
    yield suite("alg-none", "alg", {"alg": "none"})
    yield suite("wrong-issuer", "iss", claims={"iss": f"{ISSUER}/invalid"})
    yield suite("wrong-aud", "aud", claims={"aud": f"{CLIENT_ID}-invalid"})
    yield suite("no-event", "events", claims={"events": None})
    yield suite("wrong-event", "events", claims={"events": {f"{EVENT}-invalid": {}}})
    yield suite("with-nonce", "nonce", claims={"nonce": "n-0S6_WzA2Mj"})

    good = token()
    signed, signature = good.rsplit(".", 1)
    header, payload = signed.split(".")
    # Not a token.
    yield case("empty", "malformed", jwt="")
    yield case("one-part", "malformed", jwt=header)
    yield case("two-parts", "malformed", jwt=signed)
    yield case("five-parts", "malformed", jwt=f"{good}.e.f")
    yield case("space-before", "malformed", jwt=f" {good}")
    yield case("newline-after", "malformed", jwt=f"{good}\n")
    yield case("padded", "malformed", jwt=f"{good}==")
    yield case("standard-base64", "malformed", jwt=f"{header}.{payload}.+///")
    yield case("not-ascii", "malformed", jwt=f"{header}.{payload}.é")
    yield case("claims-not-json", "malformed", claims="{")
    yield case("claims-a-list", "malformed", claims="[]")
    yield case("claim-twice", "malformed", claims=json.dumps(CLAIMS)[:-1] + f', "iss": "{ISSUER}"}}')
    yield case("event-and-issuer-twice", "malformed", claims=f'{{"events":{{}},{json.dumps(CLAIMS)[1:]}')
    yield case("too-long", "malformed", claims={"padding": "x" * 16384})
    # Its header.
    yield case("typ-at-jwt", "typ", {"typ": "at+jwt"})
    yield case("typ-dpop", "typ", {"typ": "dpop+jwt"})
    yield case("typ-secevent", "typ", {"typ": "secevent+jwt"})
    yield case("typ-empty", "typ", {"typ": ""})
    yield case("typ-a-number", "malformed", {"typ": 1})
    yield case("crit", "crit", {"crit": ["exp"]})
    yield case("crit-empty", "crit", {"crit": []})
    yield case("alg-absent", "alg", {"alg": None})
    yield case("alg-hs256-with-the-public-key", "alg", {"alg": "HS256"})
    yield case("alg-none-in-capitals", "alg", {"alg": "NONE"}, sign=SIGN["none"])
    yield case("alg-unsupported", "alg", {"alg": "ES512"}, sign=SIGN["RS256"])
    yield case("alg-eddsa-not-registered", "alg", {"alg": "EdDSA", "kid": "k3"})
    yield case("kid-a-number", "malformed", {"kid": 1})
    # Its claims, before any key is fetched.
    yield case("iss-absent", "iss", claims={"iss": None})
    yield case("iss-with-a-slash", "iss", claims={"iss": f"{ISSUER}/"})
    yield case("iss-in-capitals", "iss", claims={"iss": ISSUER.upper()})
    yield case("iss-a-list", "iss", claims={"iss": [ISSUER]})
    yield case("aud-absent", "aud", claims={"aud": None})
    yield case("aud-empty", "aud", claims={"aud": []})
    yield case("aud-with-another", "aud", claims={"aud": [CLIENT_ID, "other"]})
    yield case("aud-with-a-number", "aud", claims={"aud": [CLIENT_ID, 1]})
    yield case("aud-an-object", "aud", claims={"aud": {CLIENT_ID: 1}})
    yield case("iat-absent", "iat", claims={"iat": None})
    yield case("iat-in-the-future", "iat", claims={"iat": NOW + 61})
    yield case("iat-a-text", "iat", claims={"iat": str(NOW)})
    yield case("exp-absent", "exp", claims={"exp": None})
    yield case("exp-a-minute-ago", "exp", claims={"exp": NOW - 60})
    yield case("exp-a-text", "exp", claims={"exp": str(NOW + 60)})
    yield case("exp-in-more-than-a-day", "exp", claims={"exp": NOW + 86461})
    yield case("exp-never", "exp", claims={"exp": 1e300})
    yield case("events-null", "events", claims=json.dumps({**CLAIMS, "events": None}))
    yield case("events-a-list", "events", claims={"events": [EVENT]})
    yield case("events-a-text", "events", claims={"events": EVENT})
    yield case("events-empty", "events", claims={"events": {}})
    yield case("event-a-text", "events", claims={"events": {EVENT: ""}})
    yield case("event-null", "events", claims={"events": {EVENT: None}})
    yield case("event-https", "events", claims={"events": {EVENT.replace("http:", "https:"): {}}})
    yield case("an-id-token", "events", {"typ": "JWT"}, {"events": None, "jti": None, "nonce": "n-0S6_WzA2Mj"})
    yield case("nonce-null", "nonce", claims=json.dumps({**CLAIMS, "nonce": None}))
    yield case("nonce-empty", "nonce", claims={"nonce": ""})
    yield case("neither-session-nor-user", "subject", claims={"sid": None, "sub": None})
    yield case("sid-empty", "subject", claims={"sid": ""})
    yield case("sid-a-number", "subject", claims={"sid": 1})
    yield case("sub-empty", "subject", claims={"sub": ""})
    yield case("sub-too-long", "subject", claims={"sub": "s" * 256})
    yield case("sub-not-ascii", "subject", claims={"sub": "é"})
    yield case("sub-a-list", "subject", claims={"sub": ["248289761001"]})
    yield case("jti-absent", "jti", claims={"jti": None})
    yield case("jti-empty", "jti", claims={"jti": ""})
    yield case("jti-a-number", "jti", claims={"jti": 1})
    yield case("claims-before-the-signature", "iss", claims={"iss": "https://evil.example"}, sign=STRANGER.sign)
    # Its signature, with the keys.
    first = "A" if signature[0] != "A" else "B"
    yield case("signature-changed", "signature", jwt=f"{signed}.{first}{signature[1:]}", fetches=1)
    yield case("signature-empty", "signature", jwt=f"{signed}.", fetches=1)
    yield case("signature-of-another-token", "signature", sign=lambda _: SIGN["RS256"](b"other"), fetches=1)
    yield case("signature-of-a-stranger", "signature", {"alg": "EdDSA", "kid": "k3"}, sign=STRANGER.sign, alg=["EdDSA"], fetches=1)
    yield case("kid-unknown", "signature", {"kid": "k9"}, fetches=1)
    yield case("kid-of-another-type", "signature", {"kid": "k2"}, fetches=1)
    yield case(
        "key-in-the-header",
        "signature",
        {"alg": "EdDSA", "kid": "s", "jwk": {"kty": "OKP", "crv": "Ed25519", "kid": "s", "x": b64(STRANGER.public_key().public_bytes_raw())}},
        sign=STRANGER.sign,
        alg=["EdDSA"],
        fetches=1,
    )


def document() -> Case:
    arrays: dict[str, list[Case]] = {"accepted": list(accepted()), "refused": list(refused())}
    for case in arrays["refused"]:
        case.setdefault("fetches", 0)
    return {
        "$schema": "schema/logout_token.schema.json",
        "about": "logout tokens (OpenID Connect Back-Channel Logout section 2.6), made by make_logout_token.py",
        "counts": {name: len(array) for name, array in arrays.items()},
        **arrays,
        "context": {"issuer": ISSUER, "client_id": CLIENT_ID, "now": NOW, "leeway": LEEWAY},
        "jwks": jwks(),
    }


if __name__ == "__main__":
    to = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("logout_token.json")
    to.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", "utf-8")
