"""Checks every vector file against its schema, its counts and the error table."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import vectors

FILES = sorted(path.name for path in vectors.VECTORS.glob("*.json"))
SCHEMAS = sorted(path.name for path in (vectors.VECTORS / "schema").glob("*.json"))


def validator_of(document: dict[str, Any]) -> jsonschema.Draft202012Validator:
    schema = vectors.read(document["$schema"])
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from objects(member)
    elif isinstance(value, list):
        for member in value:
            yield from objects(member)


def test_every_schema_has_its_file() -> None:
    assert [name.replace(".json", ".schema.json") for name in FILES] == SCHEMAS
    assert len(FILES) >= 8


@pytest.mark.parametrize("name", FILES)
def test_file_is_valid(name: str) -> None:
    document = vectors.read(name)
    assert document["$schema"] == f"schema/{name.replace('.json', '.schema.json')}"
    assert [error.message for error in validator_of(document).iter_errors(document)] == []


@pytest.mark.parametrize("name", FILES)
def test_counts_are_the_lengths_of_all_arrays_of_cases(name: str) -> None:
    document = vectors.read(name)
    arrays = {key: len(value) for key, value in document.items() if isinstance(value, list)}
    arrays.pop("groups", None)  # of errors.json: they hold no cases
    assert document["counts"] == arrays


@pytest.mark.parametrize("name", FILES)
def test_an_unknown_field_is_refused_at_every_level(name: str) -> None:
    document = vectors.read(name)
    validator = validator_of(document)
    for place in document.keys() - {"$schema", "about"} | {None}:
        mutated = copy.deepcopy(document)
        target = mutated if place is None else mutated[place]
        (target[0] if isinstance(target, list) else target)["surprise"] = 1
        assert not validator.is_valid(mutated), place


@pytest.mark.parametrize("name", FILES)
def test_error_names_are_in_the_table(name: str, errors: vectors.Errors) -> None:
    table = {row.name for row in errors.errors}
    used = {
        value
        for member in objects(vectors.read(name))
        for key, value in member.items()
        if key.startswith("error_name") and value is not None
    }
    assert used <= table


def test_names_and_numbers_are_unique(errors: vectors.Errors) -> None:
    assert len({row.name for row in errors.errors}) == len({row.number for row in errors.errors}) == len(errors.errors)


def test_every_error_is_in_one_group(errors: vectors.Errors) -> None:
    for row in errors.errors:
        assert sum(group.first <= row.number <= group.last for group in errors.groups) == 1, row.name


def test_messages_fit_an_error_description(errors: vectors.Errors) -> None:
    # RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E.
    for row in errors.errors:
        assert all(" " <= character <= "~" and character not in '"\\' for character in row.message), row.name
