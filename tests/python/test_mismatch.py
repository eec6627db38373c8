"""`explain_mismatch` finds and names each mistake, which is made here by hand."""

import base64
import hashlib
from typing import Any

import proofkey
import pytest
import vectors
from proofkey import server, testing
from proofkey.testing import _mismatch

# A verifier that every mistake changes: it has both letter cases, - and _, and 45 characters, so that cutting shows.
V = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXkQg"
DIGEST = hashlib.sha256(V.encode("ascii")).digest()
HEX = DIGEST.hex()


def url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def s256(octets: bytes) -> str:
    return url(hashlib.sha256(octets).digest())


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


# A verifier whose challenge has both characters in which the two alphabets of base64 differ.
SYMBOLS = next(text for text in (f"{V}{number}" for number in range(1000)) if {"-", "_"} <= set(s256(text.encode())))
STANDARD = b64(hashlib.sha256(SYMBOLS.encode()).digest())

CASES: list[tuple[str, str, str]] = [
    ("match", V, s256(V.encode())),
    ("plain", V, V),
    ("plain whitespace", V, f"{V}\n"),
    ("plain padding", f"{V}===", f"{V}==="),
    ("swapped", s256(V.encode()), V),
    # The encoding of the digest.
    ("hex", V, HEX),
    ("hex", V, HEX.upper()),
    ("hex whitespace", V, f"{HEX}\n"),
    ("hex_in_base64", V, url(HEX.encode())),
    ("hex_in_base64", V, url(HEX.upper().encode())),
    ("hex_in_base64 padding", V, b64(HEX.encode())),
    ("padding", V, f"{url(DIGEST)}="),
    ("alphabet", SYMBOLS, STANDARD.rstrip("=")),
    ("padding alphabet", SYMBOLS, STANDARD),
    ("padding alphabet", SYMBOLS, STANDARD.replace("+", " ")),
    ("escaped padding", V, f"{url(DIGEST)}%3D"),
    ("escaped padding alphabet", SYMBOLS, STANDARD.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D")),
    ("whitespace", V, f" {url(DIGEST)}\r\n"),
    ("escaped whitespace", V, f"{url(DIGEST)}%0A"),
    ("folded", V, url(DIGEST).lower()),
    ("folded", V, url(DIGEST).upper()),
    ("truncated", V, url(DIGEST)[:42]),
    ("truncated", V, url(DIGEST)[:16]),
    ("hex truncated", V, HEX[:43]),
    ("hex_in_base64 truncated", V, url(HEX.encode())[:43]),
    ("pad_bits", V, url(DIGEST)[:-1] + chr(ord(url(DIGEST)[-1]) + 1)),
    # The text that was hashed.
    ("verifier_decoded", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
     s256(base64.urlsafe_b64decode("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk="))),
    ("verifier_decoded", "3641a2d12d66101249cdf7a79c000c1f8c05d2aafcf14bf146497bed",
     s256(bytes.fromhex("3641a2d12d66101249cdf7a79c000c1f8c05d2aafcf14bf146497bed"))),
    ("hashed_twice", V, s256(DIGEST)),
    ("hashed_twice", V, s256(HEX.encode())),
    ("hashed_twice", V, s256(url(DIGEST).encode())),
    ("hashed_twice padding", V, s256(DIGEST) + "="),
    *(("verifier_ending", V, s256(f"{V}{end}".encode())) for end in ("\n", "\r\n", "\r", "\0", " ")),
    *(("verifier_ending", f"{V}{end}", s256(V.encode())) for end in ("\n", "\r\n", " ", "\0")),
    ("verifier_ending hex", V, hashlib.sha256(f"{V}\n".encode()).hexdigest()),
    *(("verifier_utf16", V, s256(V.encode(form))) for form in ("utf-16", "utf-16-le", "utf-16-be")),
    ("verifier_utf16", V, s256(b"\xfe\xff" + V.encode("utf-16-be"))),
    ("verifier_utf16 padding", V, s256(V.encode("utf-16-le")) + "="),
    ("verifier_base64", V, s256(f"{V}===".encode())),
    ("verifier_base64", f"{V}===", s256(V.encode())),
    ("verifier_base64", V, s256(V.replace("-", "+").replace("_", "/").encode())),
    ("verifier_base64", V, s256(V.replace("-", "+").replace("_", "/").encode() + b"===")),
    ("verifier_base64", V.replace("-", "+").replace("_", "/"), s256(V.encode())),
    ("verifier_escaped", f"{V}~", s256(f"{V}%7E".encode())),
    ("verifier_escaped", f"{V}%7E", s256(f"{V}~".encode())),
    ("verifier_escaped", V.replace("-", "+"), s256(V.replace("-", "%2B").encode())),
    ("verifier_folded", V, s256(V.lower().encode())),
    ("verifier_folded", V, s256(V.upper().encode())),
    ("verifier_stripped", V, s256(V.replace("-", "").replace("_", "").encode())),
    ("verifier_stripped", V, s256(V.replace("-", "").encode())),
    ("verifier_stripped", V, s256(V.replace("_", "").encode())),
    ("verifier_stripped", f"{V}.~", s256(V.replace("-", "").replace("_", "").encode())),
    ("verifier_stripped", V.replace("-", ""), s256(V.encode())),
    ("verifier_stripped", V.replace("_", ""), s256(V.encode())),
    ("verifier_stripped", V, s256(f"{V}_".encode())),
    ("verifier_stripped", V, s256(f"-{V}".encode())),
    ("verifier_stripped", V[:43].replace("-", "").replace("_", ""), s256(V[:43].encode())),
    ("verifier_stripped", V[:41].replace("-", "").replace("_", "") + "aa", s256(f"{V[:41]}aa".encode())),
    ("verifier_cut", V, s256(V[:43].encode())),
    ("verifier_cut", V * 2, s256(V.encode())),
    ("verifier_cut", V, s256(V[:1].encode())),
    ("verifier_cut", "a" * 300, s256(b"a" * 128)),
    *(("verifier_empty", V, s256(nothing)) for nothing in (b"", b"undefined", b"null", b"None")),
    *(("other_hash", V, url(hashlib.new(name, V.encode()).digest())) for name in ("sha1", "sha384", "sha512")),
    ("other_hash hex", V, hashlib.sha1(V.encode()).hexdigest()),
    # Values that a server refuses before it compares them.
    ("verifier_length", V[:42], s256(V[:42].encode())),
    ("verifier_length", V * 3, s256((V * 3).encode())),
    ("verifier_character", f"{V}=", s256(f"{V}=".encode())),
    ("verifier_character", f"{V}é", s256(f"{V}é".encode())),
    ("verifier_length", "short", s256(V.encode())),
    ("challenge_malformed", V, "short"),
    ("challenge_malformed", V, f"{s256(b'another')}A"),
    ("verifier_length challenge_malformed", "", ""),
    ("verifier_character challenge_malformed", f"{V}\udc80", "\udc80%\udc80%ff"),
    ("verifier_length challenge_malformed", "a" * 10_000_000, "%" * 10_000_000),
    ("challenge_malformed", V, "a" * 10_000_000),
    ("verifier_length", "a" * 10_000_000, s256(V.encode())),
    ("unknown", V, s256(b"another")),
    ("unknown", V, url(DIGEST)[:-1] + ("A" if url(DIGEST)[-1] != "A" else "E")),
    ("unknown", V, f"A{url(DIGEST)[1:]}"),
]  # fmt: skip


@pytest.mark.parametrize(("causes", "verifier", "challenge"), CASES, ids=[causes for causes, _, _ in CASES])
def test_the_mistake_is_named(causes: str, verifier: str, challenge: str) -> None:
    assert testing.explain_mismatch(verifier, challenge).causes == tuple(causes.split())


def test_every_cause_has_a_case_and_a_sentence() -> None:
    assert {cause for causes, _, _ in CASES for cause in causes.split()} == set(_mismatch._SENTENCES)
    for causes, verifier, challenge in CASES:
        said = str(testing.explain_mismatch(verifier, challenge))
        assert said == " ".join(_mismatch._SENTENCES[cause] for cause in causes.split())
        assert said.endswith(".")


def test_match_is_reported_exactly_when_the_server_accepts(pkce: vectors.Pkce) -> None:
    compared = 0
    pairs = [(case.verifier, case.challenge) for case in pkce.verify_cases if case.method == "S256"]
    for verifier, challenge in [*pairs, *((verifier, challenge) for _, verifier, challenge in CASES)]:
        if verifier is None or challenge is None:
            continue
        try:
            binding = server.bind({"code_challenge": challenge, "code_challenge_method": "S256"})
            server.verify(binding, {"code_verifier": verifier})
            accepted = True
        except server.RequestError:
            accepted = False
        assert (testing.explain_mismatch(verifier, challenge).causes == ("match",)) is accepted
        compared += 1
    assert compared > len(CASES)


def test_a_verifier_of_another_login_is_not_a_known_mistake() -> None:
    verifiers = [proofkey.Verifier.from_entropy(hashlib.sha512(bytes([number])).digest()) for number in range(40)]
    for verifier, other in zip(verifiers, verifiers[1:], strict=False):
        found = testing.explain_mismatch(verifier.expose(), other.challenge())
        assert found.causes == ("unknown",)
        for next_thing in ("two logins", "each tab", "retry", "whole one", "this very code"):
            assert next_thing in str(found)


@pytest.mark.parametrize(("causes", "verifier", "challenge"), CASES, ids=[causes for causes, _, _ in CASES])
def test_nothing_that_was_passed_in_is_shown(causes: str, verifier: str, challenge: str) -> None:
    found = testing.explain_mismatch(verifier, challenge)
    for shown in (repr(found), str(found)):
        for value in (verifier[:20], challenge[:20]):
            assert not value or value not in shown


@pytest.mark.parametrize("value", [V.encode(), bytearray(), None, 7, [V], proofkey.Verifier(V)])
def test_other_types_are_refused_without_being_shown(value: Any) -> None:
    for name, pair in (("verifier", (value, V)), ("challenge", (V, value))):
        with pytest.raises(TypeError, match=f"^{name} must be str, not {type(value).__name__}$"):
            testing.explain_mismatch(*pair)
