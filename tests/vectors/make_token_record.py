"""Makes token_record.json: the records of token stores, by an implementation that shares no code with the crates.

The argument is the file to write, by default token_record.json in this folder. README.md describes the format.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from make_seal import OLDER, SECRET, Case, base64url, nonce_of, sealed

OWNER: Case = {
    "issuer": "https://as.example",
    "authorization_endpoint": "https://as.example/authorize",
    "token_endpoint": "https://as.example/token",
    "client_id": "s6BhdRkqt3",
    "user": "user-42",
}
TOKENS = '{"access_token":"2YotnFZFEjr1zCsicMWpAA","refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","expires_at":1700003600}'


def context_of(owner: Case) -> bytes:
    server = owner["issuer"] or f"{owner['authorization_endpoint']} {owner['token_endpoint']}"
    return f"{server}\n{owner['client_id']}\n{owner['user']}".encode()


def key_of(owner: Case) -> str:
    return base64url(hashlib.sha256(b"proofkey token store " + context_of(owner)).digest())


def payload(owner: Case, tokens: bytes, began: int = 0, version: bytes = b"\x01") -> bytes:
    return version + hashlib.sha256(context_of(owner)).digest()[:16] + began.to_bytes(8, "big", signed=True) + tokens


def record(name: str, plain: bytes, secret: str = SECRET, associated: str = "proofkey1.{id}.tokens") -> str:
    return sealed(plain, nonce_of(f"record {name}"), secret, associated)


def opens(name: str, owner: Case = {}, tokens: str = TOKENS, began: int = 0, secrets: tuple[str, ...] = (SECRET,)) -> Case:
    """A record that opens. It was sealed with the last of the secrets."""
    owner = {**OWNER, **owner}
    text = record(name, payload(owner, tokens.encode(), began), secrets[-1])
    return {"name": name, "secrets": list(secrets), **owner, "key": key_of(owner), "tokens": tokens, "sealed": text}


def opened() -> Iterator[Case]:
    yield opens("ordinary")
    yield opens("no-issuer", {"issuer": None})
    yield opens("refresh-under-way", began=1_700_000_000)
    yield opens("user-empty", {"user": ""})
    yield opens("user-not-ascii", {"user": "Käse \n\x00 \U0001f511"})
    yield opens("older-secret", secrets=(SECRET, "in between, and not the one either", OLDER))
    yield opens("access-token-alone", tokens='{"access_token":"a"}')
    yield opens("scope-and-resource", tokens='{"access_token":"a","scope":["b","c"],"resource":["https://api.example"]}')


def refused_cases() -> Iterator[Case]:
    good = payload(OWNER, TOKENS.encode())
    text = record("good", good)
    texts = {
        "of-another-user": ("seal_context", record("user", payload({**OWNER, "user": "user-43"}, TOKENS.encode()))),
        "of-another-client": ("seal_context", record("client", payload({**OWNER, "client_id": "x"}, TOKENS.encode()))),
        "of-another-issuer": (
            "seal_context",
            record("issuer", payload({**OWNER, "issuer": "https://as2.example"}, TOKENS.encode())),
        ),
        "a-login": ("seal_forged", record("login", good, associated="proofkey1.{id}.login")),
        "without-a-purpose": ("seal_forged", record("purpose", good, associated="proofkey1.{id}")),
        "changed": ("seal_forged", text[:30] + ("A" if text[30] != "A" else "B") + text[31:]),
        "another-secret": ("seal_key_unknown", record("secret", good, OLDER)),
        "not-a-text": ("seal_malformed", "tokens"),
        "empty": ("seal_malformed", ""),
        "payload-empty": ("seal_malformed", record("payload-empty", b"")),
        "payload-cut": ("seal_malformed", record("payload-cut", good[: 1 + 16 + 7])),
        "version-0": ("seal_malformed", record("version-0", payload(OWNER, TOKENS.encode(), version=b"\x00"))),
        "version-2": ("seal_malformed", record("version-2", payload(OWNER, TOKENS.encode(), version=b"\x02"))),
        "tokens-not-utf-8": ("seal_malformed", record("tokens-not-utf-8", payload(OWNER, b'{"access_token":"\xff"}'))),
        "tokens-absent": ("stored_tokens_malformed", record("tokens-absent", payload(OWNER, b""))),
        "tokens-not-json": ("stored_tokens_malformed", record("tokens-not-json", payload(OWNER, b"{"))),
        "tokens-without-one": ("stored_access_token_invalid", record("tokens-without-one", payload(OWNER, b"{}"))),
    }
    for name, (error_name, sealed_text) in texts.items():
        yield {"name": name, "secrets": [SECRET], **OWNER, "key": key_of(OWNER), "sealed": sealed_text, "error_name": error_name}


def document() -> Case:
    arrays: dict[str, Any] = {"opened": list(opened()), "refused": list(refused_cases())}
    return {
        "$schema": "schema/token_record.schema.json",
        "about": "the records of token stores, made by make_token_record.py",
        "counts": {name: len(array) for name, array in arrays.items()},
        **arrays,
    }


if __name__ == "__main__":
    to = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("token_record.json")
    to.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", "utf-8")
