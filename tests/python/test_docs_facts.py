"""The pages: links lead somewhere, what they name exists, and tables say what the code says."""

import builtins
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown_pages as pages
import proofkey
import proofkey.flask
import pytest
from conftest import ROOT
from proofkey import server, store, testing
from proofkey._native import error_names
from proofkey.flask import CAUSES, _settings
from proofkey.testing import faults

KINDS_OF_BLOCKS = {"c", "html", "ini", "json", "mermaid", "nginx", "python", "python before", "rust", "sh", "text"}
DIAGRAMS = {"flowchart", "sequenceDiagram", "stateDiagram-v2"}

# What the pages call things, and what those may be.
NAMES: dict[str, list[Any]] = {
    "auth": [proofkey.flask.ProofKey],
    "client": [proofkey.Client],
    "exchange": [proofkey.Exchange],
    "faults": [faults],
    "flow": [proofkey.flask.Flow],
    "keys": [proofkey.SealKeys],
    "login": [proofkey.Login, proofkey.flask.SignedIn],
    "provider": [proofkey.Provider],
    "proofkey": [proofkey],
    "server": [server, testing.Provider],
    "store": [store],
    "testing": [testing],
    "tokens": [proofkey.Tokens],
    **{name: [getattr(proofkey, name)] for name in proofkey.__all__ if name[0].isupper()},
}
ERRORS_OF_OTHERS = {"MismatchingStateError", "OAuth2Error"}
# What is behind an attribute, where a name goes on.
KINDS = {
    "access_token": proofkey.Secret,
    "client": proofkey.Client,
    "id_token": proofkey.Secret,
    "refresh_token": proofkey.Secret,
    "tokens": proofkey.Tokens,
}
FILES = r"\.(?:py|pyi|md|mjs|rs|c|h|sh|json|toml|db|sqlite)$"


def of_pages(pick: Any) -> list[Any]:
    found = [(page, value) for page in pages.PAGES for value in pick(page)]
    return [pytest.param(page, value, id=f"{page.relative_to(ROOT)}-{value}") for page, value in found]


def test_the_pages_were_found() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in pages.PAGES}
    assert names >= {
        "README.md",
        "docs/README.md",
        "docs/server.md",
        "crates/proofkey/README.md",
        "tests/servers/table.md",
    }
    assert not any("/target/" in name or "node_modules" in name for name in names)


@pytest.mark.parametrize(("page", "target"), of_pages(lambda page: dict.fromkeys(pages.links(page))))
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    if re.match(r"https://[\w.-]+(/\S*)?$", target):
        return  # Nothing outside is asked.
    assert ":" not in target, "neither http, nor a path of one machine"
    path, _, anchor = target.partition("#")
    file = page if not path else (page.parent / path).resolve()
    assert file.exists() and file.is_relative_to(ROOT)
    if anchor:
        assert anchor in pages.anchors(file)


def test_a_file_that_a_page_names_exists() -> None:
    folders = "bindings|crates|docs|examples|include|python|tests"
    for page in pages.PAGES:
        for path in re.findall(rf"(?<![\w./-])(?:{folders})/[\w./-]*\w", " ".join(pages.code_spans(page))):
            assert (ROOT / path).exists(), f"{page.name}: {path}"


def test_the_index_names_every_page() -> None:
    index = pages.named("README.md")
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in pages.links(index)}
    assert set(index.parent.glob("*.md")) - {index} <= linked


@pytest.mark.parametrize(
    ("page", "text"), of_pages(lambda page: [block.text for block in pages.blocks(page, "mermaid")])
)
def test_a_diagram_is_of_a_known_kind(page: Path, text: str) -> None:
    assert text.split(None, 1)[0] in DIAGRAMS
    # They end a line for the one that draws, and a label.
    assert not re.search(r"[;#]", text)


def test_every_block_says_what_it_is() -> None:
    assert {kind for page in pages.PAGES for kind in pages.kinds(page)} <= KINDS_OF_BLOCKS


def named_in(page: Path) -> Iterator[str]:
    """What the prose of a page names, for example "proofkey.Client.begin"."""
    for span in pages.code_spans(page):
        for name in re.findall(r"(?<![\w./:@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", span):
            if name.split(".")[0] in NAMES and not re.search(FILES, name) and ".example" not in name:
                yield name


@pytest.mark.parametrize(("page", "name"), of_pages(lambda page: dict.fromkeys(named_in(page))))
def test_what_a_page_names_exists(page: Path, name: str) -> None:
    first, *rest = name.split(".")
    assert any(exists(owner, rest) for owner in NAMES[first]), name


def exists(owner: Any, path: list[str]) -> bool:
    if not path:
        return True
    first, *rest = path
    if inspect.ismodule(owner):
        if not hasattr(owner, first):
            try:
                importlib.import_module(f"{owner.__name__}.{first}")
            except ImportError:
                # An adapter for a framework that is not installed here.
                return not rest and importlib.util.find_spec(f"{owner.__name__}.{first}") is not None
    elif not hasattr(owner, first) and first not in instance_attributes(owner):
        return False
    return exists(KINDS[first] if first in KINDS else getattr(owner, first, None), rest)


def instance_attributes(owner: Any) -> set[str]:
    """What `__init__` sets, and what is only annotated."""
    if not inspect.isclass(owner) or owner.__module__.startswith("proofkey._native"):
        return set()
    annotated = {name for base in owner.__mro__ for name in vars(base).get("__annotations__", {})}
    try:
        return annotated | set(re.findall(r"self\.([a-z]\w*)(?::[^=]+)? = ", inspect.getsource(owner)))
    except (OSError, TypeError):
        return annotated


def test_names_that_do_not_exist_are_found() -> None:
    assert not exists(proofkey, ["Client", "sign_in"])
    assert not exists(proofkey, ["oauth"])
    assert not exists(proofkey.flask.SignedIn, ["tokenz"])
    assert not exists(proofkey.flask.SignedIn, ["tokens", "access_token", "show"])
    assert exists(proofkey.flask.SignedIn, ["tokens", "access_token", "expose"])
    assert exists(proofkey, ["flask", "ProofKey", "on_login"])


@pytest.mark.parametrize(
    ("page", "name"), of_pages(lambda page: set(re.findall(r"\b[A-Z]\w*(?:Error|Warning)\b", pages.prose(page))))
)
def test_an_exception_that_a_page_names_exists(page: Path, name: str) -> None:
    homes = [proofkey, server, testing, builtins]
    assert any(hasattr(home, name) for home in homes) or name in ERRORS_OF_OTHERS, name


CONFIG = re.compile(r'config(?:\.get\(|\[)"([A-Z_]+)"')


def test_every_setting_of_the_extension_is_on_its_page() -> None:
    page = pages.named("flask.md")
    rows = pages.table(page, "## Settings of a provider")
    assert {name: config for name, config, _ in rows} == {
        **dict.fromkeys(_settings._TEXTS, "yes"),
        **dict.fromkeys(_settings._OTHERS, "no"),
    }


def test_every_setting_of_the_app_is_on_its_page() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "python/proofkey/flask").glob("*.py")]
    read = {name for source in sources for name in CONFIG.findall(source)} | {"SECRET_KEY"}
    rows = pages.table(pages.named("flask.md"), "## Settings of the app")
    assert {row[0] for row in rows} == read


def test_every_cause_is_on_its_page() -> None:
    rows = pages.table(pages.named("flask.md"), "## Causes")
    assert [(name, int(status), title) for name, status, title, _ in rows] == [
        (cause.name, cause.status, cause.title) for cause in CAUSES.values()
    ]


def test_every_fault_is_on_its_page() -> None:
    rows = pages.table(pages.named("testing.md"), "## Faults")
    told = {name.partition("(")[0]: place for name, place, _ in rows}
    assert list(told) == [row[0].partition("(")[0] for row in rows], "none is there twice"
    assert told == {name: place_of(name) for name in faults.__all__ if name != "Fault"}


def place_of(name: str) -> str:
    make = getattr(faults, name)
    return "an endpoint" if "at" in inspect.signature(make).parameters else str(make().at)


def test_every_error_of_an_id_token_is_on_its_page() -> None:
    rows = pages.table(pages.named("openid.md"), "## What is checked, and when")
    told = [name.strip(" `") for row in rows for name in row[2].split(",")]
    assert sorted(told) == sorted(name for name in error_names() if name.startswith("id_token_"))


def test_every_variable_that_a_page_names_is_read() -> None:
    keys = "|".join(key.upper() for key in _settings._TEXTS)
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "python/proofkey").rglob("*.py"))
    sources += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "crates").rglob("*.rs"))
    sources += (ROOT / "include/proofkey.h").read_text(encoding="utf-8")
    for page in pages.PAGES:
        for name in set(re.findall(r"\bPROOFKEY_[A-Z_]+\b(?!_)", pages.text_of(page))):
            assert name in sources or re.fullmatch(rf"PROOFKEY_[A-Z]+_({keys})", name), f"{page.name}: {name}"
