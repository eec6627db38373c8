"""Explains why a verifier and a challenge do not match."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes

import proofkey
from proofkey import server


@dataclass(frozen=True)
class Mismatch:
    """What `explain_mismatch` found. It contains nothing of the verifier. `str()` gives sentences for people; `causes`
    is for tests, and later versions may add more words."""

    causes: tuple[str, ...]
    """One word for each mistake, for example `("hex",)`. It is `("match",)` if there is no mistake, and `("unknown",)`
    if no known mistake fits."""

    def __str__(self) -> str:
        return " ".join(_SENTENCES[cause] for cause in self.causes)


def explain_mismatch(verifier: str, challenge: str) -> Mismatch:
    """Finds the mistake that leads from this verifier to this S256 challenge, and says what to change (RFC 7636 section
    4.2).

    **For debugging by developers only.** Do not put the result into a response to a client or into a production log: it
    would tell an attacker which guess was nearly right. It does not replace the check, `proofkey.server.verify`.

    >>> from hashlib import sha256
    >>> from proofkey import testing
    >>> verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    >>> found = testing.explain_mismatch(verifier, sha256(verifier.encode()).hexdigest())
    >>> found.causes
    ('hex',)
    >>> print(found)
    The challenge is the digest in hexadecimal: encode the 32 bytes of the digest itself as base64url.

    If there are several mistakes, all of them are named:

    >>> testing.explain_mismatch(verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM=").causes
    ('padding', 'alphabet')

    A malformed verifier or challenge is a cause like any other. `TypeError` for a value that is not a `str`.
    """
    for name, value in (("verifier", verifier), ("challenge", challenge)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if max(len(verifier), len(challenge)) > _LONGEST:
        return Mismatch(_malformed(verifier, challenge))
    return Mismatch(_mistakes(verifier, challenge) or _malformed(verifier, challenge) or ("unknown",))


def _mistakes(verifier: str, challenge: str) -> tuple[str, ...]:
    """The mistakes that turn the verifier into the challenge; empty if no known ones do."""
    text, sent = _received(challenge)
    if verifier and verifier in (challenge, text):
        return ("plain", *sent)
    for hashed, digest in _digests(verifier):
        written = _written(digest, text)
        if written is not None:
            return (*hashed, *written, *sent) or _malformed(verifier, challenge) or ("match",)
    if _base64url(hashlib.sha256(_octets(challenge)).digest()) == verifier:
        return ("swapped",)
    return ()


def _malformed(verifier: str, challenge: str) -> tuple[str, ...]:
    """What a server refuses before it compares the two."""
    causes = []
    try:
        proofkey.Verifier(verifier)
    except proofkey.VerifierError as error:
        causes.append(error.name)
    try:
        server.Binding(f"S256:{challenge}")
    except server.RequestError:
        causes.append("challenge_malformed")
    return tuple(causes)


def _received(challenge: str) -> tuple[str, tuple[str, ...]]:
    """The challenge as base64url without padding, if it was base64 at all, and the mistakes that were undone."""
    undone = []
    text = unquote(challenge)
    if text != challenge:
        undone.append("escaped")
    if len(text.rstrip("=")) == _LENGTH:
        # In a form, an unescaped plus sign reads as a space.
        text = text.replace(" ", "+")
    if text.strip() != text:
        text = text.strip()
        undone.append("whitespace")
    if text.endswith("="):
        text = text.rstrip("=")
        undone.append("padding")
    if set(text) & set("+/"):
        text = text.translate(_TO_BASE64URL)
        undone.append("alphabet")
    return text, tuple(undone)


def _written(digest: bytes, text: str) -> tuple[str, ...] | None:
    """The mistakes in writing the digest as this text; `None` if the text is not this digest."""
    right = _base64url(digest)
    forms: dict[str, tuple[str, ...]] = {right: ()}
    for hexadecimal in (digest.hex(), digest.hex().upper()):
        forms |= {hexadecimal: ("hex",), _base64url(hexadecimal.encode()): ("hex_in_base64",)}
    if text in forms:
        return forms[text]
    for form, cause in forms.items():
        if len(text) >= _TELLING and form.startswith(text):
            return *cause, "truncated"
        if text in (form.lower(), form.upper()):
            return *cause, "folded"
    if text[:-1] == right[:-1] and len(text) == len(right) and _decoded(text) == digest:
        return ("pad_bits",)
    return None


def _digests(verifier: str) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """The correct digest, then the wrong ones, each with its mistake."""
    octets = _octets(verifier)
    yield (), hashlib.sha256(octets).digest()
    for cause, variants in _VARIANTS.items():
        for variant in variants(octets):
            yield (cause,), hashlib.sha256(variant).digest()
    for other in ("sha1", "sha384", "sha512"):
        yield ("other_hash",), hashlib.new(other, octets, usedforsecurity=False).digest()


def _endings(octets: bytes) -> Iterator[bytes]:
    yield from (octets + end for end in (b"\n", b"\r\n", b"\r", b"\0", b" "))
    yield octets.strip(b" \t\r\n\0")


def _other_base64(octets: bytes) -> Iterator[bytes]:
    """The same base64 with and without padding, in both alphabets."""
    bare = octets.rstrip(b"=")
    for text in (bare, bare + b"=" * (-len(bare) % 4)):
        yield from (text.translate(_OCTETS_TO_BASE64URL), text.translate(_OCTETS_TO_BASE64))


def _escaped(octets: bytes) -> Iterator[bytes]:
    yield unquote_to_bytes(octets)
    # Encoders from before RFC 3986 escape the tilde.
    yield quote_from_bytes(octets, safe="").replace("~", "%7E").encode()


def _stripped(octets: bytes) -> Iterator[bytes]:
    """The verifier without some of its punctuation, or with up to two of the - and _ that it may have lost."""
    yield from (octets.translate(None, punctuation) for punctuation in (b"-", b"_", b"-._~"))
    for one in _with_one_more(octets, 0):
        yield one
        # A verifier that is still too short has lost more. Trying this for every verifier would take too long.
        if len(one) < _LENGTH:
            yield from _with_one_more(one, 1)


def _with_one_more(octets: bytes, start: int) -> Iterator[bytes]:
    for at in range(start, len(octets) + 1):
        yield from (octets[:at] + character + octets[at:] for character in (b"-", b"_"))


def _cut(octets: bytes) -> Iterator[bytes]:
    yield from (octets[:length] for length in range(1, min(len(octets), 129)))


def _decodings(octets: bytes) -> Iterator[bytes]:
    text = octets.decode("ascii", "replace")
    if (decoded := _decoded(text)) is not None:
        yield decoded
    try:
        yield bytes.fromhex(text)
    except ValueError:
        pass


def _utf16(octets: bytes) -> Iterator[bytes]:
    text = octets.decode("utf-8", "replace")
    for encoded in (text.encode("utf-16-le"), text.encode("utf-16-be")):
        yield from (encoded, (b"\xff\xfe" if encoded[1:2] == b"\0" else b"\xfe\xff") + encoded)


def _hashed_once(octets: bytes) -> Iterator[bytes]:
    digest = hashlib.sha256(octets)
    yield from (digest.digest(), digest.hexdigest().encode(), _base64url(digest.digest()).encode())


def _nothing(_: bytes) -> Iterator[bytes]:
    yield from (b"", b"undefined", b"null", b"None")


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes | None:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


_LENGTH = 43
# If this many characters of a digest match, it is no coincidence.
_TELLING = 16
# Longer texts are not searched, because the search grows with them. No verifier or challenge comes near this length.
_LONGEST = 1024
_TO_BASE64URL = str.maketrans("+/", "-_")
_OCTETS_TO_BASE64URL = bytes.maketrans(b"+/", b"-_")
_OCTETS_TO_BASE64 = bytes.maketrans(b"-_", b"+/")

# What may have been hashed in place of the verifier, most likely first.
_VARIANTS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "verifier_decoded": _decodings,
    "hashed_twice": _hashed_once,
    "verifier_ending": _endings,
    "verifier_utf16": _utf16,
    "verifier_base64": _other_base64,
    "verifier_escaped": _escaped,
    "verifier_folded": lambda octets: iter((octets.lower(), octets.upper())),
    "verifier_empty": _nothing,
    "verifier_cut": _cut,
    "verifier_stripped": _stripped,
}

_SENTENCES = {
    "match": "They match. If a server still refuses them, check the challenge that it stored with this code.",
    "plain": "The challenge is the verifier itself (method plain): send the verifier's S256 challenge instead.",
    "swapped": (
        "The two are swapped: the challenge goes into the authorization request, the verifier into the token request."
    ),
    "verifier_decoded": (
        "The verifier was decoded before it was hashed: hash its text, the ASCII characters that are sent."
    ),
    "hashed_twice": "The verifier was hashed twice: hash it once, and encode that digest.",
    "verifier_ending": (
        "One side hashed a line break, a space or a NUL at the end of the verifier: hash the characters of the "
        "verifier and nothing else. The command echo adds a line break; printf does not."
    ),
    "verifier_utf16": "The verifier was hashed as UTF-16: encode it as ASCII, and hash those bytes.",
    "verifier_base64": (
        "Another form of the verifier was hashed, with padding or in the other base64 alphabet: hash exactly the text "
        "that is sent, after any replacing and stripping."
    ),
    "verifier_escaped": (
        "The verifier was percent-encoded before it was hashed, or percent-encoded twice when it was sent: hash it "
        "before it is encoded, and encode the form in one place only."
    ),
    "verifier_folded": "The verifier was changed to one letter case before it was hashed: case matters, so keep it.",
    "verifier_empty": (
        "The empty text or a word such as undefined was hashed, and not the verifier: check where the verifier is kept."
    ),
    "verifier_cut": (
        "Only the beginning of the verifier was hashed: look for a buffer, a column or a field that is too short. A "
        "verifier has up to 128 characters."
    ),
    "verifier_stripped": (
        "Punctuation was removed from the verifier on one side: - and _ are part of it, so leave them in."
    ),
    "other_hash": "A hash other than SHA-256 was used: S256 means SHA-256.",
    "hex": "The challenge is the digest in hexadecimal: encode the 32 bytes of the digest itself as base64url.",
    "hex_in_base64": (
        "The challenge is the base64 of the digest's hexadecimal text: encode the 32 bytes of the digest itself. In "
        "Python, use digest() and not hexdigest()."
    ),
    "padding": "The challenge ends in padding: remove the = at its end.",
    "alphabet": "The challenge is in the standard base64 alphabet: write - for + and _ for /.",
    "pad_bits": "The last character of the challenge has bits set that no digest has: use the encoder of a library.",
    "escaped": (
        "The challenge is percent-encoded once too often: encode the query in one place only, and store the challenge "
        "decoded."
    ),
    "folded": "The challenge was changed to one letter case: case matters in base64, so send and store it unchanged.",
    "truncated": (
        "The challenge is cut off: look for a column or a field that is too short. An S256 challenge has 43 characters."
    ),
    "whitespace": "There is a line break or a space around the challenge: send and store only its 43 characters.",
    "verifier_length": "The verifier has the wrong length: 43 to 128 characters are allowed.",
    "verifier_character": "The verifier contains a forbidden character: only A-Z a-z 0-9 - . _ ~ are allowed.",
    "challenge_malformed": (
        "The challenge is not an S256 challenge: that has 43 characters from A-Z a-z 0-9 - _, and ends in one of "
        "AEIMQUYcgkosw048."
    ),
    "unknown": (
        "Both are well formed, and no known mistake leads from one to the other: they probably belong to two logins. "
        "Check that each tab and each attempt keeps its own verifier, that a retry begins a new login, that the stored "
        "verifier is the whole one, and that the challenge was stored with this very code."
    ),
}
