"""Verifiers and `s256`: what they produce, and what they refuse."""

import re
import string
import sys
from typing import Any

import proofkey
import pytest
from rfc7636 import B_CHALLENGE, B, Liar

ALPHABET = string.ascii_letters + string.digits + "-._~"
READERS = [proofkey.Verifier, proofkey.s256]


def test_generated_verifiers_are_43_base64url_characters_and_differ() -> None:
    made = [proofkey.Verifier.generate().expose() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", text) for text in made)
    # 43 characters hold 258 bits, of which 256 are used: the last one takes 16 values, the others all 64.
    assert len({text[-1] for text in made}) == 16
    assert [len({text[at] for text in made}) for at in range(42)] == [64] * 42


def test_text_goes_in_and_comes_out() -> None:
    verifier = proofkey.Verifier(B)
    assert verifier.expose() == B
    assert verifier.challenge() == proofkey.s256(B) == B_CHALLENGE
    assert type(verifier.expose()) is type(verifier.challenge()) is type(proofkey.s256(B)) is str


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("length", range(200))
def test_length(read: Any, length: int) -> None:
    if 43 <= length <= 128:
        read("a" * length)
    else:
        with pytest.raises(proofkey.VerifierError, match="^verifier_length: "):
            read("a" * length)


@pytest.mark.parametrize("read", READERS)
def test_characters(read: Any) -> None:
    accepted = set()
    for code in [*range(0x300), 0x2028, 0xD800, 0xDC80, 0xDFFF, 0xFF33, 0x1F600, 0x10FFFF]:
        for text in (chr(code) + B, B + chr(code), B[:20] + chr(code) + B[20:]):
            try:
                read(text)
                accepted.add(chr(code))
            except proofkey.VerifierError as error:
                assert error.name == "verifier_character"
    assert accepted == set(ALPHABET)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("text", "name"),
    [
        (B + "\n", "verifier_character"),
        (B + "\0", "verifier_character"),
        (" " + B, "verifier_character"),
        (B + "=", "verifier_character"),
        ("\udc80" * 43, "verifier_length"),
        ("\udc80" * 42, "verifier_character"),
        ("\ud83d\ude00" * 20, "verifier_character"),
        ("a" * 10_000_000, "verifier_length"),
        ("ü" * 10_000_000, "verifier_length"),
        ("\udc80" * 10_000_000, "verifier_length"),
    ],
    ids=lambda value: value if len(value) < 20 else value[:4].encode("unicode_escape").decode() + f"x{len(value)}",
)
def test_hostile_text(read: Any, text: str, name: str) -> None:
    with pytest.raises(proofkey.VerifierError) as error:
        read(text)
    assert error.value.name == name


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "value",
    [None, B.encode(), bytearray(B.encode()), memoryview(B.encode()), 43, 4.3, True, [B], (B,), {B: B}, object()],
)
def test_other_types_are_type_errors(read: Any, value: Any) -> None:
    with pytest.raises(TypeError, match="^a verifier must be str, not ") as error:
        read(value)
    assert B not in str(error.value)
    assert error.value.__context__ is None


def test_bytes_get_a_hint() -> None:
    with pytest.raises(TypeError, match="decode it first"):
        proofkey.s256(B.encode())  # type: ignore[arg-type]


@pytest.mark.parametrize("read", READERS)
def test_overridden_methods_of_a_str_are_not_called(read: Any) -> None:
    result = read(Liar(B))
    assert (result if isinstance(result, str) else result.challenge()) == B_CHALLENGE
    with pytest.raises(proofkey.VerifierError):
        read(Liar("\udc80" + B))


def test_verifiers_without_their_marks_are_refused_as_too_short() -> None:
    # A much copied snippet removes - and _ from the base64url of 32 bytes, which often leaves fewer than 43 characters.
    with pytest.raises(proofkey.VerifierError, match="^verifier_length: "):
        proofkey.Verifier(B.replace("-", "").replace("_", ""))


@pytest.mark.parametrize("length", range(130))
def test_entropy_length(length: int) -> None:
    entropy = bytes(range(length))
    if 32 <= length <= 96:
        assert len(proofkey.Verifier.from_entropy(entropy).expose()) == -(-length * 4 // 3)
    else:
        with pytest.raises(proofkey.VerifierError, match="^entropy_length: "):
            proofkey.Verifier.from_entropy(entropy)


@pytest.mark.parametrize("value", [None, B, 32, [1] * 32, bytearray(32), memoryview(bytes(32))])
def test_entropy_is_bytes(value: Any) -> None:
    with pytest.raises(TypeError, match="^entropy must be bytes, not "):
        proofkey.Verifier.from_entropy(value)


def test_a_verifier_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="^verifier_length: a code verifier has 43 to 128 characters. Next: change"):
        proofkey.s256("")


@pytest.mark.parametrize("read", READERS)
def test_arguments(read: Any) -> None:
    for arguments, keywords in [((), {}), ((B, B), {}), ((), {"text": B}), ((B,), {"method": "plain"})]:
        with pytest.raises(TypeError):
            read(*arguments, **keywords)


def test_no_reference_to_the_argument_is_kept() -> None:
    text = "".join(["x", B])
    before = sys.getrefcount(text)
    kept = [proofkey.Verifier(text) for _ in range(10)]
    assert sys.getrefcount(text) == before
    assert len(kept) == 10


def test_it_cannot_be_subclassed_or_given_attributes() -> None:
    with pytest.raises(TypeError):
        type("Loud", (proofkey.Verifier,), {})
    verifier: Any = proofkey.Verifier(B)
    with pytest.raises(AttributeError):
        verifier.note = 1
    with pytest.raises(TypeError):
        proofkey.Verifier.__new__(proofkey.Verifier)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        object.__new__(proofkey.Verifier)
