"""Tokens as a dict: the vectors of `tokens_stored.json`, and what only a dict can hold."""

import datetime
import json
from typing import Any

import proofkey
import pytest
import vectors

FILE = vectors.read("tokens_stored.json")


def ran(array: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = FILE[array]
    assert len(cases) == FILE["counts"][array] > 0
    return cases


def members(tokens: proofkey.Tokens) -> dict[str, Any]:
    def text(secret: proofkey.Secret | None) -> str | None:
        return secret.expose() if secret is not None else None

    return {
        "access_token": tokens.access_token.expose(),
        "refresh_token": text(tokens.refresh_token),
        "id_token": text(tokens.id_token),
        "expires_at": tokens.expires_at,
        "scope": tokens.scope,
        "resource": tokens.resource,
    }


def test_readable() -> None:
    for case in ran("readable"):
        assert case.keys() <= {"name", "why", "json", "expect"}
        tokens = proofkey.Tokens.from_dict(json.loads(case["json"].removeprefix("\ufeff")))
        assert members(tokens) == case["expect"], case["name"]
        assert members(proofkey.Tokens.from_dict(tokens.to_dict())) == case["expect"], case["name"]


def test_refused() -> None:
    for case in ran("refused"):
        assert case.keys() <= {"name", "why", "json", "error_name"}
        with pytest.raises(proofkey.Error) as refused:
            proofkey.Tokens.from_dict(json.loads(case["json"]))
        assert refused.value.name == case["error_name"], case["name"]


def test_written() -> None:
    for case in ran("written"):
        written = proofkey.Tokens.from_dict(json.loads(case["json"])).to_dict()
        assert list(written.items()) == list(json.loads(case["written"]).items()), case["name"]


def test_a_value_that_json_has_not() -> None:
    with pytest.raises(TypeError, match="datetime is not JSON serializable"):
        proofkey.Tokens.from_dict({"access_token": "a", "expires_at": datetime.datetime(2030, 1, 1)})


def test_a_refusal_does_not_show_the_tokens() -> None:
    with pytest.raises(proofkey.StoredTokensError) as refused:
        proofkey.Tokens.from_dict({"access_token": "needle", "refresh_token": ["needle"]})
    assert "needle" not in str(refused.value) + repr(refused.value.__dict__)
