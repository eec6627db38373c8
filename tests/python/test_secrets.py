"""Neither objects nor exceptions show a verifier or any other input, however they are looked at."""

import copy
import gc
import io
import logging
import pickle
import pprint
import reprlib
import sys
from collections.abc import Callable
from typing import Any

import proofkey
import pytest
from hidden import Hidden, refused, shown
from proofkey import server
from rfc7636 import B_CHALLENGE, STORED

SECRET = Hidden("needle-dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
NEEDLE = SECRET.text[:20]


def test_the_needle_is_found_where_it_shows() -> None:
    """The control: `shown` finds a secret in an exception that has one."""
    error = refused(lambda: int(SECRET.text), ValueError)
    assert NEEDLE in shown(error)


def test_a_verifier_is_redacted() -> None:
    verifier = proofkey.Verifier(SECRET.text)
    stream = io.StringIO()
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("%s %r", verifier, verifier)
    views = [
        repr(verifier), str(verifier), f"{verifier}", f"{verifier!r}", f"{verifier!a}", format(verifier), f"{verifier}",
        "%s %r" % (verifier, verifier), "{0} {0!r}".format(verifier), ascii(verifier), pprint.pformat([verifier]),
        reprlib.repr(verifier), repr([verifier]), repr({"verifier": verifier}), stream.getvalue(),
    ]  # fmt: skip
    for view in views:
        assert "<proofkey.Verifier redacted>" in view
        assert NEEDLE not in view
    assert repr(verifier) == str(verifier) == "<proofkey.Verifier redacted>"
    with pytest.raises(TypeError):
        format(verifier, ">40")


def test_only_expose_gives_a_verifier_away() -> None:
    verifier = proofkey.Verifier(SECRET.text)
    with pytest.raises(TypeError):
        vars(verifier)
    ways_out = {"expose"}
    for name in dir(verifier):
        try:
            value: Any = getattr(verifier, name)
            shows = repr(value)
            if callable(value) and name not in {"__class__", "__dir__", "__init_subclass__", "__subclasshook__"}:
                shows += repr(value())
        except TypeError as error:
            shows = shown(error)
        assert (NEEDLE in shows) == (name in ways_out), name
    for referent in gc.get_referents(verifier):
        assert NEEDLE not in repr(referent)
    assert not gc.is_tracked(verifier) or all(referent is proofkey.Verifier for referent in gc.get_referents(verifier))


def test_a_verifier_is_not_copied() -> None:
    verifier = proofkey.Verifier(SECRET.text)
    ways: list[Callable[[], object]] = [
        lambda: copy.copy(verifier),
        lambda: copy.deepcopy(verifier),
        lambda: copy.deepcopy({"login": [verifier]}),
        lambda: verifier.__reduce__(),
        *(
            lambda protocol=protocol: pickle.dumps(verifier, protocol)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
        *(
            lambda protocol=protocol: verifier.__reduce_ex__(protocol)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ),
    ]
    if sys.version_info >= (3, 11):
        ways.append(lambda: verifier.__getstate__())
    for way in ways:
        error = refused(way, TypeError)
        assert str(error) == "a Verifier cannot be copied or pickled: it is the secret of one request"


def test_a_verifier_is_not_compared() -> None:
    verifier, same = proofkey.Verifier(SECRET.text), proofkey.Verifier(SECRET.text)
    ways: list[Callable[[], object]] = [
        lambda: verifier == same,
        lambda: verifier != same,
        lambda: verifier == verifier,
        lambda: verifier == SECRET.text,
        lambda: SECRET.text == verifier,
        lambda: verifier is not None and None == verifier,  # noqa: E711
        lambda: verifier < same,  # type: ignore[operator]
        lambda: verifier in [same],
        lambda: sorted([verifier, same]),  # type: ignore[type-var]
    ]
    for way in ways:
        assert "cannot be compared" in str(refused(way, TypeError))
    for unhashable in (lambda: hash(verifier), lambda: {verifier}, lambda: {verifier: 1}):
        assert "unhashable" in str(refused(unhashable, TypeError))
    # Comparing identities is allowed: it says nothing about the text.
    assert verifier is not same
    assert verifier in [verifier]


REFUSALS: dict[str, tuple[Callable[[], object], type[BaseException]]] = {
    "Verifier, character": (lambda: proofkey.Verifier(SECRET.text + "!"), proofkey.VerifierError),
    "Verifier, length": (lambda: proofkey.Verifier(SECRET.text * 9), proofkey.VerifierError),
    "Verifier, surrogate": (lambda: proofkey.Verifier(SECRET.text + "\udc80"), proofkey.VerifierError),
    "Verifier, bytes": (lambda: proofkey.Verifier(SECRET.text.encode()), TypeError),  # type: ignore[arg-type]
    "s256, character": (lambda: proofkey.s256(SECRET.text + "é"), proofkey.VerifierError),
    "s256, surrogate": (lambda: proofkey.s256(SECRET.text + "\udc80"), proofkey.VerifierError),
    "s256, list": (lambda: proofkey.s256([SECRET.text]), TypeError),  # type: ignore[arg-type]
    "entropy": (lambda: proofkey.Verifier.from_entropy(SECRET.text.encode() * 3), proofkey.VerifierError),
    "entropy, text": (lambda: proofkey.Verifier.from_entropy(SECRET.text), TypeError),  # type: ignore[arg-type]
    "verify, mismatch": (lambda: server.verify(STORED, {"code_verifier": SECRET.text}), server.RequestError),
    "verify, character": (lambda: server.verify(STORED, {"code_verifier": SECRET.text + "\n"}), server.RequestError),
    "verify, surrogate": (
        lambda: server.verify(STORED, {"code_verifier": SECRET.text + "\udc80"}),
        server.RequestError,
    ),
    "verify, twice": (lambda: server.verify(STORED, {"code_verifier": [SECRET.text] * 2}), server.RequestError),
    "verify, unexpected": (lambda: server.verify("none", {"code_verifier": SECRET.text}), server.RequestError),
    "verify, bytes": (lambda: server.verify(STORED, {"code_verifier": SECRET.text.encode()}), TypeError),  # type: ignore[arg-type]
    "verify, body": (lambda: server.verify(STORED, SECRET.text), TypeError),  # type: ignore[arg-type]
    "verify, pair": (lambda: server.verify(STORED, [(SECRET.text,)]), TypeError),  # type: ignore[list-item]
    "verify, binding": (lambda: server.verify(SECRET.text, {}), server.RequestError),
    "bind, challenge": (
        lambda: server.bind({"code_challenge": SECRET.text, "code_challenge_method": "S256"}),
        server.RequestError,
    ),
    "bind, method": (
        lambda: server.bind({"code_challenge": B_CHALLENGE, "code_challenge_method": SECRET.text}),
        server.RequestError,
    ),
    "bind, value": (lambda: server.bind({"code_challenge": {SECRET.text}}), TypeError),  # type: ignore[arg-type]
    "Binding": (lambda: server.Binding(SECRET.text), server.RequestError),
    "Error": (lambda: proofkey.Error(SECRET.text), ValueError),  # type: ignore[arg-type]
    "RequestError": (lambda: server.RequestError(SECRET.text), ValueError),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_exception_shows_no_input(case: str) -> None:
    error = refused(*REFUSALS[case])
    if isinstance(error, ValueError) and not isinstance(error, proofkey.Error):
        # Raised in Python, so the frame of the constructor holds the name that was passed in.
        assert NEEDLE not in str(error) + repr(error)
    else:
        assert NEEDLE not in shown(error)
    assert error.__cause__ is error.__context__ is None


def test_an_error_response_shows_no_input() -> None:
    error = refused(*REFUSALS["verify, mismatch"])
    assert isinstance(error, server.RequestError)
    assert NEEDLE not in repr(error.as_dict())
    assert B_CHALLENGE not in shown(error)
