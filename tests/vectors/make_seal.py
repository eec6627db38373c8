"""Makes seal.json: sealed logins, by an implementation that shares no code with the crates.

HKDF comes from the package cryptography, XChaCha20-Poly1305 from libsodium (the package PyNaCl). The argument is the
file to write, by default seal.json in this folder. README.md describes the format.
"""

import hashlib
import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

Case = dict[str, Any]

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

SECRET = "the secret of the vectors, 32 bytes and more"
OLDER = "an older secret of the vectors, which still opens"
CONTEXT = "github"

# In the order of the payload.
FIELDS = (
    *("context", "issuer", "authorization_endpoint", "token_endpoint", "iss_parameter_supported", "client_id"),
    *("redirect_uri", "state", "verifier", "scope", "began_at", "expires_at", "data"),
    *("nonce", "max_age", "acr_values", "form_post", "resource"),
)
# The client and the login of most cases. The login expires in the year 9999, so that it opens by today's clock.
CLIENT: Case = {
    "issuer": "https://as.example",
    "authorization_endpoint": "https://as.example/authorize",
    "token_endpoint": "https://as.example/token",
    "iss_parameter_supported": True,
    "client_id": "s6BhdRkqt3",
    "redirect_uri": "https://client.example/cb",
}
LOGIN: Case = {
    "state": "af0ifjsldkj-0123456789-ABCDEFG",
    "verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "scope": "files.read files.write",
    "began_at": 1_690_000_000,
    "expires_at": 253_402_300_799,
    "data": "/photos?page=12",
    "form_post": False,
}


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def derive(secret: str) -> tuple[bytes, str]:
    """The key of a secret, and its id."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"proofkey1 seal").derive(secret.encode())
    return key, base64url(hashlib.sha256(key).digest()[:6])


def fields_of(client: Case, login: Case, context: str) -> dict[str, bytes]:
    fields = dict.fromkeys(FIELDS, b"")
    for name, value in {**client, **login}.items():
        match value:
            case bool():
                fields[name] = bytes([value])
            case int() if name == "max_age":
                fields[name] = str(value).encode()
            case int():
                fields[name] = value.to_bytes(8, "big", signed=True)
            case str():
                fields[name] = value.encode()
    fields["context"] = hashlib.sha256(context.encode()).digest()[:16]
    return fields


def payload(fields: dict[str, bytes], version: bytes = b"\x01") -> bytes:
    return version + b"".join(len(fields[name]).to_bytes(2, "big") + fields[name] for name in FIELDS)


def sealed(plain: bytes, nonce: bytes, secret: str = SECRET, associated: str = "proofkey1.{id}.login") -> str:
    key, key_id = derive(secret)
    ciphertext = encrypt(plain, associated.format(id=key_id).encode(), nonce, key)
    return f"proofkey1.{key_id}.{base64url(nonce + ciphertext)}"


def nonce_of(name: str) -> bytes:
    """The nonce of a case. Any will do, but no two cases may share one."""
    return hashlib.sha256(name.encode()).digest()[:24]


def opens(
    name: str,
    client: Case = {},
    login: Case = {},
    context: str = CONTEXT,
    secrets: tuple[str, ...] = (SECRET,),
    resumed_by: Case = {},
) -> Case:
    """A case that opens. It was sealed with the last of the secrets. `resumed_by` has what the client has changed
    since."""
    client, login, nonce = {**CLIENT, **client}, {**LOGIN, **login}, nonce_of(name)
    text = sealed(payload(fields_of(client, login, context)), nonce, secrets[-1])
    opener = {"secrets": list(secrets), "context": context, "client": {**client, **resumed_by}}
    return {"name": name, **opener, "nonce_hex": nonce.hex(), "login": login, "sealed": text}


def sealed_cases() -> Iterator[Case]:
    yield opens("everything")
    yield opens("no-issuer", {"issuer": None, "iss_parameter_supported": False})
    yield opens("iss-not-promised", {"iss_parameter_supported": False})
    yield opens("iss-promised-since", {"iss_parameter_supported": False}, resumed_by={"iss_parameter_supported": True})
    yield opens("no-redirect-uri", {"redirect_uri": None})
    nothing = {"issuer": None, "iss_parameter_supported": False, "redirect_uri": None}
    yield opens("nothing-optional", nothing, {"scope": "", "data": ""}, "")
    yield opens("native", {"redirect_uri": "com.example.app:/oauth2redirect"})
    yield opens("loopback", {"redirect_uri": "http://127.0.0.1:51004/cb?a=1", "token_endpoint": "http://[::1]:8400/t"})
    yield opens("endpoint-with-a-query", {"authorization_endpoint": "https://as.example/authorize?p=b2c_1"})
    moved = {"authorization_endpoint": "https://as.example/v2/a", "token_endpoint": "https://as.example/v2/t"}
    yield opens("endpoints-moved", resumed_by=moved)
    yield opens("older-secret", secrets=(SECRET, "in between, and not the one either", OLDER))
    yield opens("secret-of-16-bytes", secrets=("0123456789abcdef",))
    yield opens("secret-not-ascii", secrets=("ein Geheimnis mit Käse, 32 Byte und mehr",))
    yield opens("context-not-ascii", context="Käse \x00 " + "x" * 1000)
    yield opens("verifier-of-128", login={"verifier": "-._~" * 32})
    yield opens("state-printable", login={"state": " !\"#%&'()*+,/:;<=>?@[\\]^`{|}~"})
    yield opens("data-of-256-bytes", login={"data": "ä" * 128})
    yield opens("data-not-printable", login={"data": "\x00\n\x7f\u2028\U0001f511"})
    long = {"redirect_uri": "https://client.example/" + "a" * 2000, "client_id": "c" * 1000}
    yield opens("long", long, {"scope": "s" * 2000})
    yield opens("began-before-1970", login={"began_at": -1})
    yield opens("openid", login={"scope": "openid email", "nonce": "n-0S6_WzA2Mj"})
    asked = {"nonce": "AAAAAAAAAAAAAAAAAAAAAA", "max_age": 0, "acr_values": "urn:x:2 urn:x:1"}
    yield opens("openid-everything", login={"scope": "profile openid", **asked})
    yield opens("form-post", login={"form_post": True})
    yield opens("resource", login={"resource": "https://api.example/v1?tenant=1"})
    yield opens("resources", login={"resource": "https://api.example urn:example:api"})
    yield opens("openid-max-age-largest", login={"scope": "openid", "nonce": "n", "max_age": 2**32 - 1})
    google = {
        "issuer": "https://accounts.google.com",
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "iss_parameter_supported": False,
        "client_id": "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
        "redirect_uri": "https://www.client.example/auth/google/callback",
    }
    github = {
        "issuer": "https://github.com/login/oauth",
        "authorization_endpoint": "https://github.com/login/oauth/authorize",
        "token_endpoint": "https://github.com/login/oauth/access_token",
        "iss_parameter_supported": False,
        "client_id": "Iv1.0123456789abcdef",
        "redirect_uri": "https://www.client.example/auth/github/callback",
    }
    ordinary = {"state": "AAAAAAAAAAAAAAAAAAAAAA", "data": "/settings/accounts"}
    yield opens("google", google, {**ordinary, "scope": "https://www.googleapis.com/auth/drive.file"}, "google")
    yield opens("github", github, {**ordinary, "scope": "read:user user:email"}, "github")


def refused(name: str, error_name: str, text: str, **more: Any) -> Case:
    opener = {"secrets": [SECRET], "context": CONTEXT, "client": {**CLIENT, **more.pop("client", {})}}
    return {"name": name, **opener, **more, "sealed": text, "error_name": error_name}


def good(name: str, client: Case = {}, login: Case = {}) -> str:
    text: str = opens(name, client, login)["sealed"]
    return text


def text_cases() -> Iterator[Case]:
    """Texts that are not sealed logins."""
    text = good("text")
    prefix, key_id, ciphertext = text.split(".")
    # Two bits of the last character are unused and must be zero; here they are not.
    assert len(ciphertext) % 4 == 3
    not_canonical = text[:-1] + {character: after for character, after in pairwise(BASE64URL)}[text[-1]]
    for name, malformed in {
        "empty": "",
        "prefix-alone": "proofkey1.",
        "other-prefix": f"proofkey2.{key_id}.{ciphertext}",
        "prefix-in-capitals": f"PROOFKEY1.{key_id}.{ciphertext}",
        "space-before": f" {text}",
        "newline-after": f"{text}\n",
        "quoted": f'"{text}"',
        "two-parts": f"{prefix}.{key_id}{ciphertext}",
        "four-parts": f"{text}.",
        "key-id-empty": f"{prefix}..{ciphertext}",
        "key-id-short": f"{prefix}.{key_id[:-1]}.{ciphertext}",
        "key-id-long": f"{prefix}.{key_id}A.{ciphertext}",
        "key-id-not-base64url": f"{prefix}.{key_id[:-1]}+.{ciphertext}",
        "ciphertext-empty": f"{prefix}.{key_id}.",
        "padded": f"{text}=",
        "not-base64url": f"{prefix}.{key_id}.+{ciphertext[1:]}",
        "not-ascii": f"{prefix}.{key_id}.ä{ciphertext[2:]}",
        "nul": f"{text}\x00",
        "one-character-too-many": f"{prefix}.{key_id}.{ciphertext[: len(ciphertext) // 4 * 4]}A",
        "not-canonical": not_canonical,
        "39-bytes": f"{prefix}.{key_id}.{base64url(bytes(39))}",
        "8193-characters": f"{prefix}.{key_id}.".ljust(8193, "A"),
    }.items():
        yield refused(name, "seal_malformed", malformed)
    # Base64 never gives exactly 8192 characters.
    yield refused("8191-characters", "seal_forged", f"{prefix}.{key_id}.".ljust(8191, "A"))
    yield refused("40-bytes", "seal_forged", f"{prefix}.{key_id}.{base64url(bytes(40))}")


def key_cases() -> Iterator[Case]:
    """Other keys, and changes that the tag detects."""
    text = good("keys")
    prefix, key_id, ciphertext = text.split(".")
    yield refused("other-secret", "seal_key_unknown", text, secrets=[OLDER, OLDER + "!"])
    yield refused("key-id-of-nobody", "seal_key_unknown", f"{prefix}.AAAAAAAA.{ciphertext}")
    renamed = f"{prefix}.{derive(OLDER)[1]}.{ciphertext}"
    yield refused("key-id-of-another-secret", "seal_forged", renamed, secrets=[SECRET, OLDER])
    raw = urlsafe_b64decode(ciphertext + "=")
    for name, at in {"nonce": 0, "ciphertext": 24, "tag": len(raw) - 1}.items():
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        yield refused(f"{name}-changed", "seal_forged", f"{prefix}.{key_id}.{base64url(changed)}")
    yield refused("cut", "seal_forged", f"{prefix}.{key_id}.{base64url(raw[:-1])}")
    yield refused("longer", "seal_forged", f"{prefix}.{key_id}.{base64url(raw + bytes(1))}")
    plain = payload(fields_of(CLIENT, LOGIN, CONTEXT))
    for name, associated in {
        "sealed-for-another-purpose": "proofkey1.{id}.state",
        "sealed-for-no-purpose": "proofkey1.{id}",
        "sealed-under-another-prefix": "proofkey2.{id}.login",
        "sealed-under-another-key-id": "proofkey1.AAAAAAAA.login",
    }.items():
        yield refused(name, "seal_forged", sealed(plain, nonce_of(name), associated=associated))


def payload_cases() -> Iterator[Case]:
    """Payloads that are sealed properly but are not logins."""
    fields = fields_of(CLIENT, LOGIN, CONTEXT)
    plain = payload(fields)
    payloads = {
        "payload-empty": b"",
        "payload-version-alone": plain[:1],
        "payload-version-0": payload(fields, b"\x00"),
        "payload-version-2": payload(fields, b"\x02"),
        "payload-without-version": plain[1:],
        "payload-cut": plain[:-1],
        "payload-without-last-field": plain[:-2],
        "payload-with-one-more-field": plain + b"\x00\x00",
        "payload-with-one-more-byte": plain + b"\x00",
        "payload-twice": plain + plain,
        "payload-field-beyond-the-end": plain[:1] + b"\xff\xff" + plain[3:],
    }
    wrong: dict[str, list[bytes]] = {
        "context": [b"", b"x" * 15, b"x" * 17],
        "issuer": [b"http://as.example", b"https://as.example?x=1", b"as.example", b"\xff"],
        "authorization_endpoint": [b"", b"http://as.example/authorize", b"https://as.example/#", b"\xff"],
        "token_endpoint": [b"", b"http://as.example/token", b"https://user@as.example/token", b"\xff"],
        "iss_parameter_supported": [b"", b"\x02", b"1", b"\x01\x01"],
        "client_id": [b"", "ä".encode(), b"a\n", b"\xff"],
        "redirect_uri": [b"/cb", b"http://client.example/cb", b"https://client.example/cb#", b"app:/cb", b"\xff"],
        "state": [b"", b"a\n", "ä".encode(), b"\xff"],
        "verifier": [b"", b"a" * 42, b"a" * 129, b"a" * 42 + b"+", b"\xff" * 43],
        "scope": [b" ", b"a  b", b"a ", b'"', "ä".encode(), b"\xff"],
        "began_at": [b"", bytes(7), bytes(9)],
        "expires_at": [b"", bytes(7), bytes(9), (LOGIN["began_at"] - 1).to_bytes(8, "big")],
        "data": [b"a" * 257, b"\xff"],
        # These belong to the scope openid, which this login does not have.
        "nonce": [b"n"],
        "max_age": [b"0"],
        "acr_values": [b"a"],
        "form_post": [b"", b"\x02", b"1"],
        "resource": [b" ", b"api.example", b"https://api.example#x", b"https://a.example  https://b.example", b"\xff"],
    }
    openid = fields_of(CLIENT, {**LOGIN, "scope": "openid", "nonce": "n", "max_age": 1, "acr_values": "a"}, CONTEXT)
    wrong_openid: dict[str, list[bytes]] = {
        "nonce": [b"", b"a\n", "ä".encode(), b"\xff"],
        "max_age": [b"-1", b"+1", b"1.5", b"1 ", b"\x00\x00\x00\x01", b"01", b"4294967296"],
        "acr_values": [b" ", b"a  b", b"a ", "ä".encode(), b"\xff"],
    }
    for kind, good_fields, table in (("", fields, wrong), ("openid-", openid, wrong_openid)):
        for name, values in table.items():
            for number, value in enumerate(values, 1):
                assert value != good_fields[name]
                key = f"payload-{kind}{name.replace('_', '-')}-{number}"
                payloads[key] = payload({**good_fields, name: value})
    for name, plain in payloads.items():
        yield refused(name, "seal_malformed", sealed(plain, nonce_of(name)))


def other_cases() -> Iterator[Case]:
    """A good login, opened by another client, in another context or at another time."""
    no_issuer: Case = {"issuer": None, "iss_parameter_supported": False}
    text, without_issuer = good("other"), good("other-without-issuer", no_issuer)
    for name, context in {"other": "gitlab", "empty": "", "capital": "GitHub", "longer": "github\x00"}.items():
        yield refused(f"context-{name}", "seal_context", text, context=context)
    for name, client in {
        "issuer": {"issuer": "https://as2.example"},
        "issuer-with-a-slash": {"issuer": "https://as.example/"},
        "without-issuer": no_issuer,
        "client-id": {"client_id": "s6bhdrkqt3"},
        "redirect-uri": {"redirect_uri": "https://client.example/cb/"},
        "without-redirect-uri": {"redirect_uri": None},
    }.items():
        yield refused(f"client-{name}", "seal_client", text, client=client)
    for name, client in {
        "with-issuer": {},
        "authorization-endpoint": {"issuer": None, "authorization_endpoint": "https://as.example/authorize2"},
        "token-endpoint": {"issuer": None, "token_endpoint": "https://as.example/token2"},
    }.items():
        client = {"iss_parameter_supported": False, **client}
        yield refused(f"client-{name}", "seal_client", without_issuer, client=client)
    yield refused("context-before-client", "seal_context", text, context="", client={"client_id": "other"})
    expired = good("expired", login={"began_at": 0, "expires_at": 600})
    yield refused("expired", "login_expired", expired)
    yield refused("client-before-expired", "seal_client", expired, client={"client_id": "other"})
    future = {"began_at": LOGIN["expires_at"] - 600}
    yield refused("from-the-future", "login_expired", good("from-the-future", login=future))
    last = {"began_at": 2**63 - 1, "expires_at": 2**63 - 1}
    yield refused("from-the-end-of-time", "login_expired", good("from-the-end-of-time", login=last))
    first = {"began_at": -(2**63), "expires_at": -(2**63)}
    yield refused("from-the-beginning-of-time", "login_expired", good("from-the-beginning-of-time", login=first))


def clock_cases() -> Iterator[Case]:
    """One login, opened at several moments around its ten minutes."""
    began_at = 1_700_000_000
    text = good("clock", login={"began_at": began_at, "expires_at": began_at + 600})
    for now, is_good in {
        began_at: True,
        began_at + 600: True,
        began_at + 601: False,
        began_at - 60: True,
        began_at - 61: False,
        2**63 - 1: False,
        -(2**63): False,
    }.items():
        yield {"now": now, "error_name": None if is_good else "login_expired", "sealed": text}


def document() -> Case:
    arrays = {
        "keys": [
            {"secret": secret, "key_hex": derive(secret)[0].hex(), "key_id": derive(secret)[1]}
            for secret in (SECRET, OLDER, "0123456789abcdef", "ein Geheimnis mit Käse, 32 Byte und mehr", "x" * 200)
        ],
        "sealed": list(sealed_cases()),
        "refused": [*text_cases(), *key_cases(), *payload_cases(), *other_cases()],
        "clock": list(clock_cases()),
    }
    names = [case["name"] for name in ("sealed", "refused") for case in arrays[name]]
    assert len(names) == len(set(names))
    return {
        "$schema": "schema/seal.schema.json",
        "about": "sealed logins, made by make_seal.py",
        "counts": {name: len(array) for name, array in arrays.items()},
        **arrays,
    }


if __name__ == "__main__":
    to = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("seal.json")
    to.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", "utf-8")
