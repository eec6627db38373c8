"""docs/migrating.md: the names in its tables exist, those of the other libraries and those of proofkey."""

import inspect
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import markdown_pages as pages
import proofkey
import proofkey.flask
import pytest
from programs import PAGE
from proofkey import token_store
from proofkey.web import _settings

CRATE = str(pages.ROOT / "tests/migrating/oauth2-rs/Cargo.toml")
OVERVIEW = "## Names you may be looking for"
OF_OAUTH2 = "## From oauth2 (Rust)"
TABLES = {
    "### Parameters": ["authlib"],
    "## From Flask-Dance": ["flask_dance", "oauthlib"],
    "## From mozilla-django-oidc": ["mozilla_django_oidc"],
    "## From social-auth": ["social_core", "social_django"],
    "## From MSAL": ["msal"],
    "## From requests-oauthlib": ["requests_oauthlib", "oauthlib"],
}
COLUMNS = [(OVERVIEW, 2, ["authlib"]), (OVERVIEW, 3, ["msal"]), *((heading, 0, of) for heading, of in TABLES.items())]

OWN_CLASSES = [
    proofkey.Client,
    proofkey.Login,
    proofkey.Provider,
    proofkey.Tokens,
    proofkey.flask.Flow,
    proofkey.flask.ProofKey,
    proofkey.flask.SignedIn,
    token_store.SealedTokenStore,
]
CALLS: list[Callable[..., Any]] = [proofkey.Client, proofkey.Client.begin, proofkey.flask.Flow.begin]
OWN = {name for owner in OWN_CLASSES for name in dir(owner)} | {"LoginRefused"}
OWN |= {*_settings._TEXTS, *_settings._OTHERS}
OWN |= {name for call in CALLS for name in inspect.signature(call).parameters}


def cells(heading: str, column: int) -> Iterator[str]:
    """The code spans in a column of the table below a heading."""
    section = pages.text_of(PAGE).split(f"\n{heading}\n", 1)[1]
    for line in section[section.index("\n|") + 1 :].split("\n\n", 1)[0].splitlines()[2:]:
        yield from re.findall("`([^`]+)`", line.strip("|").split("|")[column])


def names(span: str) -> set[str]:
    """The names in a piece of code: no paths, no texts, nothing that stands for something."""
    return set() if span.startswith("/") else set(re.findall(r"[A-Za-z_]\w+", re.sub(r'"[^"]*"', "", span)))


def source(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py")))


@pytest.mark.parametrize(("heading", "column", "packages"), COLUMNS)
def test_a_name_of_another_library_is_in_its_source(heading: str, column: int, packages: list[str]) -> None:
    words: set[str] = set()
    for package in packages:
        spec = find_spec(package)
        assert spec and spec.submodule_search_locations
        words |= set(re.findall(r"\w+", source(Path(spec.submodule_search_locations[0]))))
    named = set().union(*(names(span) for span in cells(heading, column)))
    assert len(named) > 10
    unknown = {name for name in named - words if name.removeprefix("SOCIAL_AUTH_") not in words}
    assert unknown == set()


@pytest.mark.parametrize("heading", TABLES)
def test_a_name_of_proofkey_exists(heading: str) -> None:
    for span in cells(heading, 1):
        if re.fullmatch(r"[a-z_]+", span):
            assert span in OWN, span


@pytest.mark.cargo
def test_a_name_of_oauth2_is_in_its_source() -> None:
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--manifest-path", CRATE]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["packages"]
    folder = Path(next(package["manifest_path"] for package in found if package["name"] == "oauth2")).parent
    words = set(re.findall(r"\w+", "\n".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.*s"))))
    spans = [*cells(OF_OAUTH2, 0), *cells(OVERVIEW, 1)]
    named = set().union(*map(names, spans)) - {"openidconnect"}
    assert len(named) > 20
    assert named - words == set()


def test_the_versions_are_those_of_the_page() -> None:
    section = pages.text_of(PAGE).split("\n## How many lines\n", 1)[1].split("\n## ", 1)[0]
    stated = dict(re.findall(r"([\w-]+)\s(\d+\.\d+\.\d+)", section))
    assert f'"={stated.pop("oauth2")}"' in Path(CRATE).read_text(encoding="utf-8")
    assert stated == {name: version(name) for name in stated}
    assert len(stated) == 6


def test_a_name_of_the_crate_is_in_its_source() -> None:
    folder = pages.ROOT / "crates/proofkey/src"
    words = set(re.findall(r"\w+", "\n".join(file.read_text(encoding="utf-8") for file in folder.rglob("*.rs"))))
    named = set().union(*(names(span) for span in cells(OF_OAUTH2, 1)))
    assert len(named) > 20
    assert named - words == set()
