"""Writes cases of the vectors as arrays of C. Fields that a runner does not know are an error: no case is half-run."""

import itertools
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Case = dict[str, Any]

ABOUT = {"name", "note", "req", "source", "basis", "why"}
"""Fields for people who read the files."""


def load(vectors: Path, name: str) -> Case:
    """A file of the vectors."""
    document: Case = json.loads((vectors / f"{name}.json").read_bytes())
    return document


def cases(document: Case, array: str, known: set[str]) -> list[Case]:
    """All the cases of an array, none with a field that is not known."""
    print(f"#define DECLARED_{array.upper()} {document['counts'][array]}u")
    for case in document[array]:
        if unknown := set(case) - known - ABOUT:
            sys.exit(f"{array}: {case}: unknown fields {unknown}")
    return document[array]


def name(case: Case) -> str:
    """A literal of what the case is called."""
    return text(case.get("name", case.get("why", "")))


def fields(where: str, found: Iterable[str], expected: Iterable[str]) -> None:
    """Ends the program unless these are the expected fields."""
    if set(found) != set(expected):
        sys.exit(f"{where}: unknown or absent fields {set(found) ^ set(expected)}")


def table(name: str, struct: str, rows: Iterable[list[str]]) -> None:
    """Prints an array of structs."""
    body = ",\n".join("    {" + ", ".join(row) + "}" for row in rows)
    print(f"static const struct {struct} {name}[] = {{\n{body}\n}};")


numbers = itertools.count()


def data(value: str | bytes | None) -> str:
    """A `struct bytes`; prints the array it points at. C99 promises literals of 4095 characters only."""
    if value is None:
        return "{NULL, 0}"
    value = value.encode() if isinstance(value, str) else value
    name = f"data{next(numbers)}"
    # The NUL is not counted: it is for the runner, which prints the text or compares it with one that is lent.
    print(f"static const unsigned char {name}[] = {{{','.join(map(str, value + bytes(1)))}}};")
    return f"{{(const char *){name}, {len(value)}}}"


def text(value: str | None) -> str:
    """A text without NUL that is short enough for a literal."""
    return "NULL" if value is None else json.dumps(value)


def number(value: bool | None) -> str:
    """1, 0, or -1 if the case says nothing about it."""
    return {True: "1", False: "0", None: "-1"}[value]


def integer(value: int) -> str:
    """An int64_t."""
    return "INT64_MIN" if value == -(2**63) else f"INT64_C({value})"
