"""The records of token stores: the vectors of `token_record.json`, read from a store that has one of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import proofkey
import pytest
import vectors
from proofkey import token_store

FILE = vectors.read("token_record.json")


class One:
    """A store with one record."""

    def __init__(self, key: str, sealed: str) -> None:
        self._record = {key: sealed}

    def load(self, key: str, /) -> str | None:
        return self._record[key]

    def save(self, key: str, sealed: str, read: str | None, /) -> bool:
        raise AssertionError("loading saves nothing")

    def delete(self, key: str, read: str, /) -> bool:
        raise AssertionError("loading deletes nothing")

    def lease(self, key: str, owner: str, seconds: int, /) -> bool:
        raise AssertionError("loading needs no lease")

    def release(self, key: str, owner: str, /) -> None: ...


def load(case: dict[str, Any]) -> proofkey.Tokens | None:
    provider = proofkey.Provider(
        authorization_endpoint=case["authorization_endpoint"],
        token_endpoint=case["token_endpoint"],
        issuer=case["issuer"],
    )
    store = token_store.SealedTokenStore(One(case["key"], case["sealed"]), proofkey.SealKeys(*case["secrets"]))
    return store.load(proofkey.Client(provider, case["client_id"]), case["user"])


def ran(array: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = FILE[array]
    assert len(cases) == FILE["counts"][array] > 0
    return cases


def test_opened() -> None:
    for case in ran("opened"):
        loaded = load(case)
        assert loaded is not None
        assert loaded.to_dict() == proofkey.Tokens.from_dict(json.loads(case["tokens"])).to_dict(), case["name"]


def test_refused() -> None:
    for case in ran("refused"):
        with pytest.raises(proofkey.Error) as refused:
            load(case)
        assert refused.value.name == case["error_name"], case["name"]


def test_the_file_is_what_its_script_makes(tmp_path: Path) -> None:
    made = tmp_path / "token_record.json"
    subprocess.run([sys.executable, vectors.VECTORS / "make_token_record.py", made], check=True)
    assert made.read_text("utf-8") == (vectors.VECTORS / "token_record.json").read_text("utf-8")
