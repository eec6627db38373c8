"""The docstrings: every public item has one, the native module and its stub agree, and the examples run."""

import ast
import doctest
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import proofkey
import proofkey.httpx
import proofkey.requests
import pytest
from proofkey import _errors, _native, flask, replay_store, server, testing, token_source

MODULES = [
    proofkey, flask, proofkey.httpx, replay_store, proofkey.requests, server, testing, testing.faults, token_source,
    _errors, _native,
]  # fmt: skip
DOCUMENTED = (ast.ClassDef, ast.FunctionDef)


def members(owner: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The public members that a module or a class defines, and those of its classes."""
    names = owner.__all__ if isinstance(owner, ModuleType) else [name for name in vars(owner) if name[0] != "_"]
    for name in names:
        value = inspect.getattr_static(owner, name) if inspect.isclass(owner) else getattr(owner, name)
        if isinstance(value, staticmethod):
            value = value.__func__
        if isinstance(value, (str, int, ModuleType)) or inspect.ismemberdescriptor(value):
            continue
        if name in getattr(owner, "__dataclass_fields__", ()):
            continue  # the default of a field
        yield prefix + name, value
        if inspect.isclass(value):
            yield from members(value, f"{prefix}{name}.")


@pytest.mark.parametrize("module", MODULES)
def test_every_public_item_is_documented(module: ModuleType) -> None:
    assert module.__doc__
    for name, value in members(module):
        assert inspect.getdoc(value), name


def examples() -> Iterator[Any]:
    for module in MODULES:
        for name, value in [("", module), *members(module)]:
            text = inspect.getdoc(value) or ""
            if ">>>" in text:
                yield pytest.param(module, text, id=f"{module.__name__}.{name}")


@pytest.mark.parametrize(("module", "text"), list(examples()))
def test_examples(module: ModuleType, text: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, dict(vars(module)), "example", None, 0)
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_examples_were_found() -> None:
    assert len(list(examples())) >= 20


def test_the_docstrings_of_the_stub_are_those_of_the_native_module() -> None:
    stub = ast.parse((Path(__file__).parents[2] / "python/proofkey/_native.pyi").read_text(encoding="utf-8"))
    compared = 0
    for node in stub.body:
        if not isinstance(node, DOCUMENTED) or node.name.startswith("_"):
            continue
        native = getattr(_native, node.name)
        assert ast.get_docstring(node) == inspect.getdoc(native), node.name
        compared += 1
        for member in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(member, ast.FunctionDef) and not member.name.startswith("__"):
                assert ast.get_docstring(member) == inspect.getdoc(getattr(native, member.name)), member.name
                compared += 1
    assert compared == len(list(members(_native))) > 80
