"""Runs every case of `pkce.json`, and checks its values and its error name."""

import base64
import hashlib
from typing import Any

import proofkey
import pytest
import shapes
import vectors
from proofkey import server

POLICIES = {
    "strict": server.Policy.strict(),
    "plain": server.Policy.strict().allow_plain(),
    "optional": server.Policy.strict().optional_for_confidential_client(),
}


def by_hand(text: str) -> str:
    """An independent implementation of S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def bind_pairs(challenge: str | None, method: str | None) -> list[tuple[str, str | None]]:
    return [("code_challenge", challenge), ("code_challenge_method", method)]


def refused(error: pytest.ExceptionInfo[server.RequestError]) -> tuple[str, str]:
    return error.value.name, error.value.error


def test_appendix_a(pkce: vectors.Pkce) -> None:
    # The five octets of the appendix, with zeros up to 32 octets: those only add characters at the end.
    appendix = pkce.rfc7636_appendix_a
    octets = bytes(appendix.octets)
    assert base64.urlsafe_b64encode(octets).rstrip(b"=").decode() == appendix.base64url
    assert proofkey.Verifier.from_entropy(octets.ljust(32, b"\0")).expose().startswith(appendix.base64url)


def test_appendix_b(pkce: vectors.Pkce) -> None:
    appendix = pkce.rfc7636_appendix_b
    verifier = proofkey.Verifier.from_entropy(bytes(appendix.verifier_octets))
    assert verifier.expose() == appendix.verifier
    assert verifier.challenge() == appendix.challenge == by_hand(appendix.verifier)
    assert hashlib.sha256(appendix.verifier.encode()).digest() == bytes(appendix.sha256_octets)
    assert proofkey.Verifier.from_entropy(bytes(appendix.sha256_octets)).expose() == appendix.challenge


def test_s256(pkce: vectors.Pkce) -> None:
    ran = 0
    for case in pkce.s256:
        verifier = proofkey.Verifier(case.verifier)
        assert verifier.expose() == case.verifier, case.name
        assert verifier.challenge() == proofkey.s256(case.verifier) == by_hand(case.verifier) == case.challenge, (
            case.name
        )
        for _, params in shapes.every(bind_pairs(case.challenge, "S256")):
            stored = str(server.bind(params))
            assert stored == f"S256:{case.challenge}", case.name
        for _, params in shapes.every([("code_verifier", case.verifier)]):
            server.verify(stored, params)
        ran += 1
    assert ran == pkce.counts["s256"]


def test_invalid_verifiers(pkce: vectors.Pkce) -> None:
    stored = f"S256:{pkce.rfc7636_appendix_b.challenge}"
    ran = 0
    for case in pkce.invalid_verifiers:
        for text in texts_of(case):
            # Bytes that were decoded leniently have another length in UTF-8.
            length = len(text.encode("utf-8", "surrogatepass"))
            expected = case.error_name if case.value is not None or 43 <= length <= 128 else "verifier_length"
            for make in (proofkey.Verifier, proofkey.s256):
                with pytest.raises(proofkey.VerifierError) as error:
                    make(text)
                assert error.value.name == expected, case.name
            # In a request, an empty parameter counts as not sent (RFC 6749 section 3.2).
            expected = expected if text else "verifier_missing"
            for shape, params in shapes.every([("code_verifier", text)]):
                with pytest.raises(server.RequestError) as refusal:
                    server.verify(stored, params)
                assert refused(refusal) == (expected, "invalid_grant"), (case.name, shape)
        ran += 1
    assert ran == pkce.counts["invalid_verifiers"]


def texts_of(case: vectors.InvalidVerifier) -> list[str]:
    """The text; or, for bytes, what lenient decoding by WSGI, frameworks and the system makes of them."""
    assert (case.value is None) != (case.value_hex is None), case.name
    if case.value is not None:
        return [case.value]
    octets = bytes.fromhex(case.value_hex or "")
    return [
        octets.decode("latin-1"),
        octets.decode("utf-8", "surrogateescape"),
        octets.decode("utf-8", "replace"),
    ]


def test_invalid_challenges(pkce: vectors.Pkce) -> None:
    ran = 0
    for case in pkce.invalid_challenges:
        values = case.value if isinstance(case.value, list) else [case.value]
        pairs = [("code_challenge", value) for value in values] + [("code_challenge_method", case.method)]
        policy = POLICIES[case.policy or "strict"]
        met = set()
        for shape, params in shapes.every(pairs):
            with pytest.raises(server.RequestError) as refusal:
                policy.bind(params)
            assert refused(refusal) == (case.error_name, case.expected), (case.name, shape)
            met.add(shape)
        assert met >= {"pairs", "getall", "Werkzeug", "Django", "Starlette query", "parse_qs", "dict of lists"}
        ran += 1
    assert ran == pkce.counts["invalid_challenges"]


def test_challenge_methods(pkce: vectors.Pkce) -> None:
    def outcome(policy: server.Policy, params: Any) -> str | None:
        try:
            return policy.bind(params).method
        except server.RequestError as refusal:
            return refusal.error

    ran = 0
    for case in pkce.challenge_methods:
        pairs = bind_pairs(pkce.rfc7636_appendix_b.challenge, case.value)
        for shape, params in shapes.every(pairs):
            assert outcome(POLICIES["strict"], params) == case.default_policy, (case.value, shape)
        for shape, params in shapes.every(pairs):
            assert outcome(POLICIES["plain"], params) == case.rfc7636, (case.value, shape)
        ran += 1
    assert ran == pkce.counts["challenge_methods"]


def test_verify_cases(pkce: vectors.Pkce) -> None:
    def outcomes(policy: server.Policy, case: vectors.VerifyCase) -> set[tuple[str | None, str | None]]:
        """The names of the errors with their OAuth errors, over every shape and every form of the binding."""
        seen: set[tuple[str | None, str | None]] = set()
        for _, params in shapes.every(bind_pairs(case.challenge, case.method)):
            try:
                binding = policy.bind(params)
            except server.RequestError as refusal:
                seen.add((refusal.name, refusal.error))
        if seen:
            return seen
        for stored in (binding, str(binding), server.Binding(str(binding))):
            for _, params in shapes.every([("code_verifier", case.verifier)]):
                try:
                    server.verify(stored, params)
                    seen.add((None, None))
                except server.RequestError as refusal:
                    seen.add((refusal.name, refusal.error))
        return seen

    ran = 0
    for case in pkce.verify_cases:
        policy = POLICIES[case.policy]
        assert outcomes(policy, case) == {(case.error_name, case.error)}, case.name
        assert case.ok == (case.error is None)
        if case.ok_if_plain_allowed is not None:
            (outcome,) = outcomes(policy.allow_plain(), case)
            assert outcome[0] == case.error_name_if_plain_allowed, case.name
            assert case.ok_if_plain_allowed == (outcome[0] is None), case.name
        ran += 1
    assert ran == pkce.counts["verify_cases"]


@pytest.mark.parametrize(
    "array", ["s256", "invalid_verifiers", "invalid_challenges", "challenge_methods", "verify_cases"]
)
def test_unknown_fields_are_refused(array: str) -> None:
    document = vectors.read("pkce.json")
    document[array][0]["surprise"] = 1
    with pytest.raises(TypeError, match="surprise"):
        vectors.pkce(document)


@pytest.mark.parametrize("read", [vectors.pkce, vectors.errors])
def test_unknown_arrays_are_refused(read: Any) -> None:
    document = vectors.read(f"{read.__name__}.json") | {"surprise": []}
    with pytest.raises(TypeError, match="surprise"):
        read(document)
