"""Reads `tests/vectors`. A field that no class here names is an error, so that no field goes unread."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


@dataclass(frozen=True)
class AppendixA:
    octets: list[int]
    base64url: str


@dataclass(frozen=True)
class AppendixB:
    verifier_octets: list[int]
    verifier: str
    sha256_octets: list[int]
    challenge: str


@dataclass(frozen=True)
class S256:
    name: str
    verifier: str
    challenge: str
    req: list[str]
    source: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class InvalidVerifier:
    name: str
    value: str | None
    why: str
    expected: str
    error_name: str
    req: list[str]
    value_hex: str | None = None


@dataclass(frozen=True)
class InvalidChallenge:
    name: str
    value: str | list[str] | None
    method: str
    why: str
    basis: str
    expected: str
    error_name: str
    req: list[str]
    policy: str | None = None


@dataclass(frozen=True)
class ChallengeMethod:
    value: str
    rfc7636: str
    default_policy: str
    why: str
    req: list[str]


@dataclass(frozen=True)
class VerifyCase:
    name: str
    verifier: str | None
    challenge: str | None
    method: str | None
    ok: bool
    error: str | None
    error_name: str | None
    policy: str
    req: list[str]
    ok_if_plain_allowed: bool | None = None
    error_name_if_plain_allowed: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class ErrorGroup:
    """Consecutive numbers, which docs/errors.md describes together."""

    first: int
    last: int
    title: str
    about: str


@dataclass(frozen=True)
class ErrorRow:
    name: str
    number: int
    layer: str
    class_name: str
    """The member "class": the exception class in Python."""
    oauth: str | None
    fault: str
    recovery: str
    message: str
    symptom: str
    causes: list[str]


@dataclass(frozen=True)
class ConformanceCase:
    """A module of the OpenID conformance suite. A step is a word, or a fault of the test server to inject."""

    name: str
    plan: str
    steps: list[str | dict[str, Any]]
    expect: str
    requests: list[str]
    id_token_alg: Literal["RS256", "ES256"] = "RS256"
    client_auth: Literal["none", "client_secret_basic"] = "none"
    response_mode: Literal["query", "form_post"] = "query"
    scope: str = "openid"
    claims: list[str] | None = None
    note: str | None = None


@dataclass(frozen=True)
class Pkce:
    schema: str
    about: str
    counts: dict[str, int]
    rfc7636_appendix_a: AppendixA
    rfc7636_appendix_b: AppendixB
    s256: list[S256]
    invalid_verifiers: list[InvalidVerifier]
    invalid_challenges: list[InvalidChallenge]
    challenge_methods: list[ChallengeMethod]
    verify_cases: list[VerifyCase]


@dataclass(frozen=True)
class Errors:
    schema: str
    about: str
    counts: dict[str, int]
    groups: list[ErrorGroup]
    errors: list[ErrorRow]

    @property
    def of_python(self) -> dict[str, ErrorRow]:
        """The errors that Python has, by name. The others are those of the C ABI."""
        return {row.name: row for row in self.errors if row.layer in {"core", "flow", "storage", "logout", "every"}}


@dataclass(frozen=True)
class Conformance:
    schema: str
    about: str
    counts: dict[str, int]
    conformance_cases: list[ConformanceCase]


Row = TypeVar("Row")


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    return document


def pkce(document: dict[str, Any] | None = None) -> Pkce:
    data = _top(document or read("pkce.json"))
    data["rfc7636_appendix_a"] = AppendixA(**data["rfc7636_appendix_a"])
    data["rfc7636_appendix_b"] = AppendixB(**data["rfc7636_appendix_b"])
    _rows(data, "s256", S256)
    _rows(data, "invalid_verifiers", InvalidVerifier)
    _rows(data, "invalid_challenges", InvalidChallenge)
    _rows(data, "challenge_methods", ChallengeMethod)
    _rows(data, "verify_cases", VerifyCase)
    return Pkce(**data)


def errors(document: dict[str, Any] | None = None) -> Errors:
    data = _top(document or read("errors.json"))
    # A field of a dataclass cannot be called "class".
    data["errors"] = [{("class_name" if key == "class" else key): row[key] for key in row} for row in data["errors"]]
    _rows(data, "groups", ErrorGroup)
    _rows(data, "errors", ErrorRow)
    return Errors(**data)


def conformance() -> Conformance:
    data = _top(read("conformance.json"))
    _rows(data, "conformance_cases", ConformanceCase)
    return Conformance(**data)


def _top(document: dict[str, Any]) -> dict[str, Any]:
    data = dict(document)
    data["schema"] = data.pop("$schema")
    return data


def _rows(data: dict[str, Any], key: str, row: type[Row]) -> None:
    data[key] = [row(**fields) for fields in data[key]]
