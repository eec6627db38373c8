"""Facts on the pages: links have a target, the names on them exist, and their tables agree with the code."""

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
import proofkey.django
import proofkey.flask
import proofkey.starlette
import pytest
from conftest import ROOT
from proofkey import replay_store, server, testing, token_store
from proofkey._error_table import CLASSES
from proofkey.testing import faults
from proofkey.web import CAUSES, Jar, SignIn, _settings

# The changelog names what no longer exists.
CURRENT = [page for page in pages.PAGES if page != ROOT / "CHANGELOG.md"]
# The names on these two are those of other languages, whose tests compile the pages.
OF_PYTHON = [page for page in CURRENT if page.name not in ("swift.md", "kotlin.md")]

KINDS_OF_BLOCKS = {"c", "html", "ini", "json", "kotlin", "mermaid", "nginx", "python", "rust", "sh", "text"}
KINDS_OF_BLOCKS |= {f"{language} before" for language in ("kotlin", "python", "rust")} | {"python continued"}
KINDS_OF_BLOCKS |= {f"kotlin {kind}" for kind in ("keystore", "okhttp")}
KINDS_OF_BLOCKS |= {f"swift {kind}" for kind in ("apple", "before", "check", "manifest", "quickstart")}
DIAGRAMS = {"flowchart", "sequenceDiagram", "stateDiagram-v2"}

# The first words of dotted names on the pages, and what they may stand for.
NAMES: dict[str, list[Any]] = {
    "auth": [proofkey.flask.ProofKey, proofkey.starlette.ProofKey, proofkey.django.ProofKey],
    "client": [proofkey.Client],
    "exchange": [proofkey.Exchange],
    "faults": [faults],
    "flow": [proofkey.flask.Flow],
    "jar": [Jar],
    "keys": [proofkey.SealKeys],
    "login": [proofkey.Login],
    "provider": [proofkey.Provider],
    "proofkey": [proofkey],
    "proofkey_server": [testing.AuthorizationServer],
    "replay_store": [replay_store],
    "result": [proofkey.flask.SignedIn],
    "sign_in": [SignIn],
    "server": [server, testing.AuthorizationServer],
    "store": [replay_store.ReplayStore, token_store.SealedTokenStore],
    "testing": [testing],
    "tokens": [proofkey.Tokens],
    "user": [proofkey.flask.SignedIn],
    **{name: [getattr(proofkey, name)] for name in proofkey.__all__ if name[0].isupper()},
}
ERRORS_OF_OTHERS = {"MismatchingStateError", "OAuth2Error", "OAuthError", "RequestTokenError"}
# The classes of attributes, for names that continue after one.
KINDS = {
    "access_token": proofkey.Secret,
    "client": proofkey.Client,
    "id_token": proofkey.Secret,
    "refresh_token": proofkey.Secret,
    "tokens": proofkey.Tokens,
}
FILES = r"\.(?:py|pyi|md|mjs|rs|c|h|sh|json|toml|db|sqlite)$"


def of_pages(pick: Any, among: list[Path] = pages.PAGES) -> list[Any]:
    """A parameter for each page and each value that is picked from it."""
    found = [(page, value) for page in among for value in pick(page)]
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
def test_a_link_has_a_target(page: Path, target: str) -> None:
    if re.match(r"https://[\w.-]+(/\S*)?$", target):
        return  # Links to other sites are not followed.
    assert ":" not in target, "neither http nor a path on one machine"
    path, _, anchor = target.partition("#")
    file = page if not path else (page.parent / path).resolve()
    assert file.exists() and file.is_relative_to(ROOT)
    if anchor:
        assert anchor in pages.anchors(file)


def test_a_file_that_a_page_names_exists() -> None:
    folders = "bindings|crates|docs|examples|include|python|tests"
    for page in CURRENT:
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
    # Mermaid reads these as the end of a statement or of a label.
    assert not re.search(r"[;#]", text)


def test_every_block_has_a_known_kind() -> None:
    assert {kind for page in pages.PAGES for kind in pages.kinds(page)} <= KINDS_OF_BLOCKS


def named_in(page: Path) -> Iterator[str]:
    """The dotted names in the prose of a page, for example "proofkey.Client.begin"."""
    for span in pages.code_spans(page):
        for name in re.findall(r"(?<![\w./:@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", span):
            if name.split(".")[0] in NAMES and not re.search(FILES, name) and ".example" not in name:
                yield name


@pytest.mark.parametrize(("page", "name"), of_pages(lambda page: dict.fromkeys(named_in(page)), OF_PYTHON))
def test_a_name_on_a_page_exists(page: Path, name: str) -> None:
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
                # For example an adapter for a framework that is not installed here.
                return not rest and importlib.util.find_spec(f"{owner.__name__}.{first}") is not None
    elif not hasattr(owner, first) and first not in instance_attributes(owner):
        return False
    return exists(KINDS[first] if first in KINDS else getattr(owner, first, None), rest)


def instance_attributes(owner: Any) -> set[str]:
    """The attributes that `__init__` sets or that are annotated."""
    if not inspect.isclass(owner) or owner.__module__.startswith("proofkey._native"):
        return set()
    annotated = {name for base in owner.__mro__ for name in vars(base).get("__annotations__", {})}
    try:
        return annotated | set(re.findall(r"self\.([a-z]\w*)(?::[^=]+)? = ", inspect.getsource(owner)))
    except (OSError, TypeError):
        return annotated


def test_names_that_do_not_exist_are_noticed() -> None:
    """The control for the test above."""
    assert not exists(proofkey, ["Client", "sign_in"])
    assert not exists(proofkey, ["oauth"])
    assert not exists(proofkey.flask.SignedIn, ["tokenz"])
    assert not exists(proofkey.flask.SignedIn, ["tokens", "access_token", "show"])
    assert exists(proofkey.flask.SignedIn, ["tokens", "access_token", "expose"])
    assert exists(proofkey, ["flask", "ProofKey", "on_login"])


def exceptions_in(page: Path) -> list[str]:
    return sorted(set(re.findall(r"\b[A-Z]\w*(?:Error|Warning)\b", pages.prose(page))))


@pytest.mark.parametrize(("page", "name"), of_pages(exceptions_in, OF_PYTHON))
def test_an_exception_on_a_page_exists(page: Path, name: str) -> None:
    homes = [proofkey, server, testing, builtins]
    assert any(hasattr(home, name) for home in homes) or name in ERRORS_OF_OTHERS, name


CONFIG = re.compile(r'(?:config|settings)(?:\.get\(|\[)"([A-Z_]+)"')


def test_every_setting_of_the_extension_is_on_its_page() -> None:
    page = pages.named("flask.md")
    rows = pages.table(page, "## Settings of a provider")
    assert {name: config for name, config, _ in rows} == {
        **dict.fromkeys(_settings._TEXTS, "yes"),
        **dict.fromkeys(_settings._OTHERS, "no"),
    }


def test_every_setting_of_the_app_is_on_its_page() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "python/proofkey/web").glob("*.py")]
    sources.append((ROOT / "python/proofkey/flask.py").read_text(encoding="utf-8"))
    read = {name for source in sources for name in CONFIG.findall(source)}
    rows = pages.table(pages.named("flask.md"), "## Settings of the app")
    assert {row[0] for row in rows} == read


def test_every_cause_is_on_its_page() -> None:
    rows = pages.table(pages.named("flask.md"), "## Causes")
    assert [(name, int(status), title) for name, status, title, _ in rows] == [
        (cause.name, cause.status, cause.title) for cause in CAUSES.values()
    ]


def test_every_fault_is_on_its_page() -> None:
    rows = pages.table(pages.named("testing.md"), "## Faults")
    places = {name.partition("(")[0]: place for name, place, _ in rows}
    assert len(places) == len(rows), "no fault is listed twice"
    assert places == {name: place_of(name) for name in faults.__all__ if name != "Fault"}


def place_of(name: str) -> str:
    make = getattr(faults, name)
    return "an endpoint" if "at" in inspect.signature(make).parameters else str(make().at)


def test_every_error_of_an_id_token_is_on_its_page() -> None:
    rows = pages.table(pages.named("openid.md"), "## What is checked, and when")
    names = [name.strip(" `") for row in rows for name in row[2].split(",")]
    assert sorted(names) == sorted(name for name in CLASSES if name.startswith("id_token_"))


def test_every_variable_on_a_page_is_used() -> None:
    keys = "|".join(key.upper() for key in _settings._TEXTS)
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "python/proofkey").rglob("*.py"))
    sources += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "crates").rglob("*.rs"))
    sources += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "include").glob("*.h"))
    for page in CURRENT:
        for name in set(re.findall(r"\bPROOFKEY_[A-Z_]+\b(?!_)", pages.text_of(page))):
            assert name in sources or re.fullmatch(rf"PROOFKEY_[A-Z]+_({keys})", name), f"{page.name}: {name}"
