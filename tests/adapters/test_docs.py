"""docs/server.md: its programs run, and its parts of programs are in one of the servers here."""

import doctest
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import proofkey.server.authlib
import pytest
from cases import VERIFIER, challenge
from driver import HERE

PAGE = (HERE.parents[1] / "docs" / "server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = [block for block in BLOCKS if re.match(r"import |from ", block)]
PARTS = [block for block in BLOCKS if block not in PROGRAMS]
MANY = 50


def flat(text: str) -> str:
    """The text without indentation."""
    return "".join(map(str.lstrip, text.splitlines(keepends=True)))


SOURCES = [flat(path.read_text(encoding="utf-8")) for path in (HERE / "servers").glob("*.py")]

Exchange = Callable[[sqlite3.Connection, str, str, dict[str, list[str]]], tuple[int, dict[str, str]]]


def test_the_blocks_were_found() -> None:
    assert (len(PROGRAMS), len(PARTS)) == (4, 7)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs(program: str) -> None:
    exec(compile(program, "docs/server.md", "exec"), {})


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_in_a_server(part: str) -> None:
    assert any(flat(part) in source for source in SOURCES)


def test_the_examples_of_the_adapter() -> None:
    assert doctest.testmod(proofkey.server.authlib) == (0, 3)


class Waiting(sqlite3.Connection):
    """A connection that deletes only when all connections are about to."""

    barrier = Barrier(MANY, timeout=60)

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        if sql.startswith("DELETE "):
            self.barrier.wait()
        return super().execute(sql, *args)


def test_the_store_gives_a_code_to_one_request(tmp_path: Path) -> None:
    store = tmp_path / "codes.sqlite"
    example: dict[str, Any] = {}
    exec(next(program for program in PROGRAMS if "DELETE" in program), example)
    exchange: Exchange = example["exchange_code"]
    right, wrong = {"code_verifier": [VERIFIER]}, {"code_verifier": [VERIFIER[::-1]]}
    with sqlite3.connect(store) as db:
        db.execute(example["SCHEMA"])
    code = example["issue_code"](db, "public", {name: [value] for name, value in challenge()})

    assert exchange(db, "public", "another", right) == (400, {"error": "invalid_grant"})
    assert exchange(db, "another", code, right) == (400, {"error": "invalid_grant"})
    for form in (wrong, {}, wrong):
        assert exchange(db, "public", code, form)[1]["error"] == "invalid_grant"
    assert exchange(db, "public", code, {"code_verifier": [VERIFIER, VERIFIER]})[1]["error"] == "invalid_request"
    db.close()

    def exchange_once(_: int) -> str:
        own = sqlite3.connect(store, timeout=60, factory=Waiting)
        try:
            status, response = exchange(own, "public", code, right)
        finally:
            own.close()
        return response.get("error", "tokens") if status == 400 else "tokens"

    with ThreadPoolExecutor(MANY) as threads:
        assert Counter(threads.map(exchange_once, range(MANY))) == {"tokens": 1, "invalid_grant": MANY - 1}
