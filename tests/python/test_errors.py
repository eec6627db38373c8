"""The exception classes: the error table in Python, their texts, and how they can be copied and pickled."""

import copy
import pickle
from typing import Any

import proofkey
import pytest
import vectors
from proofkey import server
from proofkey._error_table import CLASSES

FAMILIES: list[type[proofkey.Error]] = [
    proofkey.Error, proofkey.VerifierError, proofkey.ConfigurationError, proofkey.CallbackError, proofkey.SealError,
    proofkey.AuthorizationError, proofkey.TokenError, proofkey.IdTokenError, proofkey.LogoutTokenError,
    proofkey.UserinfoError, proofkey.MetadataError, proofkey.TransportError, proofkey.StoredTokensError,
    proofkey.ApiError, server.RequestError,
]  # fmt: skip
FROM_SERVER = [proofkey.AuthorizationError, proofkey.TokenError, proofkey.UserinfoError, proofkey.MetadataError]


def class_of(name: str) -> Any:
    return next(family for family in FAMILIES if family.__name__ == CLASSES[name])  # type: ignore[index]


def test_the_tree_of_classes() -> None:
    for family in FAMILIES:
        assert issubclass(family, proofkey.Error)
        module = "proofkey.server" if family is server.RequestError else "proofkey"
        assert family.__module__ == module
        assert family.__doc__
    value_errors = {family.__name__ for family in FAMILIES if issubclass(family, ValueError)}
    assert value_errors == {"VerifierError", "ConfigurationError"}
    assert not issubclass(proofkey.Error, ValueError)


def test_python_has_the_rows_of_its_layers_and_no_others(errors: vectors.Errors) -> None:
    assert CLASSES == {name: row.class_name for name, row in errors.of_python.items()}
    assert {family.__name__ for family in FAMILIES} == set(CLASSES.values())
    assert len(errors.errors) == errors.counts["errors"]


def test_an_error_has_everything_that_its_row_has(errors: vectors.Errors) -> None:
    for name, row in errors.of_python.items():
        error = class_of(name)(name)
        assert (error.name, error.number, error.message) == (name, row.number, row.message)
        assert (error.fault, error.recovery) == (row.fault, row.recovery)
        assert error.endpoint is None
        assert error.status == (400 if isinstance(error, server.RequestError) else None)
        assert str(error) == f"{name}: {row.message}. Next: {error.hint}"


def test_errors_can_be_copied_and_pickled() -> None:
    for name in CLASSES:
        error = class_of(name)(name)
        for again in (
            copy.copy(error),
            copy.deepcopy(error),
            *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        ):
            assert type(again) is type(error)
            assert (str(again), repr(again), again.args) == (str(error), repr(error), (name,))
            assert vars(again) == vars(error)


@pytest.mark.parametrize("family", FROM_SERVER)
def test_the_words_of_the_server_are_copied_and_pickled(family: Any) -> None:
    said = {"error": "access_denied", "error_description": "no\nway", "error_uri": "https://example.com/"}
    error = pickle.loads(pickle.dumps(family("token_error", **said)))
    assert (error.error, error.error_description, error.error_uri) == tuple(said.values())
    assert copy.copy(error).error_description == "no\nway"


@pytest.mark.parametrize("family", FROM_SERVER)
def test_the_words_of_the_server_cannot_forge_a_log_line(family: Any) -> None:
    hostile = "\r\n2026-01-01 INFO all is well\x1b[2J\u202e\u2028\udc80\0'\""
    error = family("token_error", error=hostile, error_description=hostile, error_uri=hostile)
    assert error.error == error.error_description == error.error_uri == hostile
    assert str(error).isprintable()
    assert hostile not in str(error)
    assert str(error).startswith(f"token_error: {error.message}. The server said: '\\r\\n2026")
    assert str(error).endswith(f". Next: {error.hint}")
    assert len(str(family("token_error", error_description="x" * 1_000_000))) < 500


def test_a_server_that_said_nothing() -> None:
    error = proofkey.TokenError("token_error")
    assert error.error is error.error_description is error.error_uri is None
    assert str(error) == f"token_error: {error.message}. Next: {error.hint}"


def test_transport_errors_say_what_was_sent() -> None:
    assert proofkey.TransportError("connect_failed", request_sent=False).request_sent is False
    assert proofkey.TransportError("timeout").request_sent is True, "unknown counts as sent"
    error = proofkey.TransportError("timeout", request_sent=False)
    assert pickle.loads(pickle.dumps(error)).request_sent is False


RECOVERIES = {
    "invalid_client": "fix_configuration",
    "unauthorized_client": "fix_configuration",
    "invalid_request": "fix_configuration",
    "unsupported_grant_type": "fix_configuration",
    "unsupported_response_type": "fix_configuration",
    "invalid_scope": "fix_scope",
    "invalid_grant": "restart_login",
    "login_required": "restart_login",
    "consent_required": "restart_login",
    "interaction_required": "restart_login",
    "account_selection_required": "restart_login",
    "server_error": "retry_later",
    "temporarily_unavailable": "retry_later",
    "access_denied": "ask_user",
}


@pytest.mark.parametrize("code", [*RECOVERIES, "of-the-servers-own"])
def test_what_to_do_next_depends_on_the_words_of_the_server(code: str, errors: vectors.Errors) -> None:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client = proofkey.Client(provider, "my-app", redirect_uri="https://client.example/cb")
    with pytest.raises(proofkey.AuthorizationError) as at_callback:
        client.begin(state="s").accept(f"https://client.example/cb?error={code}&state=s")
    exchange = client.begin(state="s").accept("https://client.example/cb?code=c&state=s")
    with pytest.raises(proofkey.TokenError) as at_token_endpoint:
        exchange.receive(400, {"Content-Type": "application/json"}, f'{{"error": "{code}"}}')
    for error in (at_callback.value, at_token_endpoint.value):
        row = errors.of_python[error.name]
        assert (error.error, error.recovery) == (code, RECOVERIES.get(code, row.recovery))
        assert error.message == row.message
        assert str(error).endswith(f". Next: {error.hint}")
    assert (at_callback.value.endpoint, at_callback.value.status) == (None, None)
    assert (at_token_endpoint.value.endpoint, at_token_endpoint.value.status) == ("token", 400)


@pytest.mark.parametrize(
    ("status", "recovery"),
    [
        (429, "retry_later"),
        (500, "retry_later"),
        (503, "retry_later"),
        (404, "fix_configuration"),
        (401, "fix_configuration"),
    ],
)
def test_what_to_do_next_depends_on_the_status(status: int, recovery: str) -> None:
    discovery = proofkey.Discovery("https://as.example")
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client = proofkey.Client(provider, "my-app", redirect_uri="https://client.example/cb")
    exchange = client.begin(state="s").accept("https://client.example/cb?code=c&state=s")
    with pytest.raises(proofkey.TokenError) as refused:
        exchange.receive(status, {}, b"")
    assert (refused.value.name, refused.value.recovery) == ("response_status", recovery)
    assert (refused.value.endpoint, refused.value.status) == ("token", status)
    if status >= 500:
        with pytest.raises(proofkey.MetadataError) as failed:
            discovery.receive(status, {}, b"")
        assert (failed.value.name, failed.value.recovery) == ("response_status", recovery)
        assert (failed.value.endpoint, failed.value.status) == ("metadata", status)


def test_request_errors_are_responses(errors: vectors.Errors) -> None:
    responses = 0
    request_error: Any = server.RequestError
    for name, row in errors.of_python.items():
        if row.oauth in (None, "from_server"):
            with pytest.raises(ValueError, match="is not an error of a request"):
                request_error(name)
            continue
        error = request_error(name)
        assert (error.error, error.status) == (row.oauth, 400)
        if name == "binding_malformed":
            assert error.as_dict() == {"error": "invalid_grant"}
        else:
            assert error.as_dict() == {"error": row.oauth, "error_description": row.message}
        responses += 1
    assert responses == 11


def test_no_cache_keeps_the_response_to_a_token_request() -> None:
    # RFC 6749 section 5.2 names the type, section 5.1 the other two.
    error = server.RequestError("verifier_mismatch")
    expected = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
    assert error.headers == expected
    error.headers["Cache-Control"] = "max-age=60"
    assert error.headers == server.RequestError("verifier_missing").headers == expected
    assert pickle.loads(pickle.dumps(error)).headers == expected


@pytest.mark.parametrize("family", FAMILIES)
def test_names_are_checked(family: Any) -> None:
    for name in ("", "nothing", "verifier_length\0", "\u00e9", "VERIFIER_LENGTH"):
        with pytest.raises(ValueError, match="^no error has this name$"):
            family(name)
    for wrong in (None, 1, b"verifier_length"):
        with pytest.raises(TypeError):
            family(wrong)
