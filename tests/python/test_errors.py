"""The exception classes: their texts, their answers, and how they travel."""

import copy
import pickle
from typing import Any

import proofkey
import pytest
import vectors
from proofkey import _native, server

CLASSES = [
    proofkey.Error, proofkey.VerifierError, proofkey.ConfigurationError, proofkey.CallbackError, proofkey.SealError,
    proofkey.AuthorizationError, proofkey.TokenError, proofkey.IdTokenError, proofkey.MetadataError,
    proofkey.TransportError, server.RequestError,
]  # fmt: skip


def test_the_tree_of_classes() -> None:
    for family in CLASSES:
        assert issubclass(family, proofkey.Error)
        module = "proofkey.server" if family is server.RequestError else "proofkey"
        assert family.__module__ == module
        assert family.__doc__
    value_errors = [family for family in CLASSES if issubclass(family, ValueError)]
    assert value_errors == [proofkey.VerifierError, proofkey.ConfigurationError]
    assert not issubclass(proofkey.Error, ValueError)


def raised(name: str, **details: Any) -> Any:
    with pytest.raises(proofkey.Error) as error:
        _native.raise_error(name, **details)
    return error.value


def test_exceptions_travel(errors: vectors.Errors) -> None:
    for row in errors.errors:
        error = raised(row.name)
        for again in (
            copy.copy(error),
            copy.deepcopy(error),
            *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        ):
            assert type(again) is type(error)
            assert (str(again), repr(again), again.args, vars(again)) == (
                str(error),
                repr(error),
                (row.name,),
                vars(error),
            )


def test_what_the_server_said_travels() -> None:
    said = {"error": "access_denied", "error_description": "no\nway", "error_uri": "https://example.com/"}
    for name in ("authorization_error", "token_error"):
        error = pickle.loads(pickle.dumps(raised(name, **said)))
        assert (error.error, error.error_description, error.error_uri) == tuple(said.values())
        assert copy.copy(error).error_description == "no\nway"


def test_server_text_cannot_forge_a_log_line() -> None:
    hostile = "\r\n2026-01-01 INFO all is well\x1b[2J\u202e\u2028\udc80\0'\""
    for name in ("authorization_error", "token_error", "answer_malformed"):
        error = raised(name, error=hostile, error_description=hostile, error_uri=hostile)
        assert error.error == error.error_description == error.error_uri == hostile
        assert str(error).isprintable()
        assert hostile not in str(error)
        assert str(error).startswith(f"{name}: {error.message}. The server said: '\\r\\n2026")
        assert str(error).endswith(f". Next: {error.hint}")
        assert len(str(raised(name, error_description="x" * 1_000_000))) < 500


def test_a_server_that_said_nothing() -> None:
    error = raised("token_error")
    assert error.error is error.error_description is error.error_uri is None
    assert str(error) == f"token_error: {error.message}. Next: {error.hint}"


def test_transport_errors_know_what_was_sent() -> None:
    assert raised("connect_failed", request_sent=False).request_sent is False
    assert raised("timeout").request_sent is True, "unknown counts as sent"
    assert pickle.loads(pickle.dumps(raised("timeout", request_sent=False))).request_sent is False


def test_request_errors_are_answers(errors: vectors.Errors) -> None:
    answered = 0
    for row in errors.errors:
        if row.oauth in (None, "from_server"):
            with pytest.raises(ValueError, match="is not an error of a request"):
                server.RequestError(row.name)
            continue
        error = server.RequestError(row.name)
        assert (error.error, error.status) == (row.oauth, 400)
        if row.name == "binding_malformed":
            assert error.as_dict() == {"error": "invalid_grant"}
        else:
            assert error.as_dict() == {"error": row.oauth, "error_description": row.message}
        answered += 1
    assert answered == 11


def test_no_cache_keeps_the_answer_to_a_token_request() -> None:
    # RFC 6749 section 5.2 names the type, section 5.1 the other two.
    error = server.RequestError("verifier_mismatch")
    expected = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
    assert error.headers == expected
    error.headers["Cache-Control"] = "max-age=60"
    assert error.headers == server.RequestError("verifier_missing").headers == expected
    assert pickle.loads(pickle.dumps(error)).headers == expected


@pytest.mark.parametrize("family", CLASSES)
def test_names_are_checked(family: Any) -> None:
    for name in ("", "nothing", "verifier_length\0", "\u00e9", "VERIFIER_LENGTH"):
        with pytest.raises(ValueError, match="^no error has this name$"):
            family(name)
    for wrong in (None, 1, b"verifier_length"):
        with pytest.raises(TypeError):
            family(wrong)


def test_raise_error_refuses_other_details() -> None:
    with pytest.raises(TypeError):
        _native.raise_error("verifier_length", error="x")
