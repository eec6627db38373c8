"""Versions and addresses that stand in several files, and the changelog."""

import shutil
from pathlib import Path

import pytest
import version

FILES = {*version.VERSION_PLACES, *version.ADDRESS_PLACES}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files that have a version, in a folder of their own."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(version.ROOT / name, tmp_path / name)
    changelog = tmp_path / "CHANGELOG.md"
    top = version.sections(version.ROOT)[1].partition(" (")[0]
    changelog.write_text(f"# Changelog\n\n{top} (not yet released)\n\n- First.\n", encoding="utf-8")
    return tmp_path


def test_every_place_has_the_version_of_cargo_toml() -> None:
    assert version.differences() == []


@pytest.mark.parametrize("name", sorted(version.VERSION_PLACES))
def test_another_version_is_found(root: Path, name: str) -> None:
    path = root / name
    current = version.first(root, version.VERSION_PLACES)
    path.write_text(path.read_text(encoding="utf-8").replace(current, "9.8.7"), encoding="utf-8")
    found = version.differences(root)
    assert found
    assert name == "Cargo.toml" or all(line.startswith(f"{name}: 9.8.7") for line in found)


def test_a_place_without_a_version_is_found(root: Path) -> None:
    (root / "README.md").write_text("# proofkey\n", encoding="utf-8")
    assert [line.partition(":")[0] for line in version.differences(root)] == ["README.md"]


def test_a_release_closes_its_section_and_the_next_opens_one(root: Path) -> None:
    released = version.first(root, version.VERSION_PLACES)
    version.cut("2026-01-31", root)
    assert version.sections(root)[1] == f"## {released} (2026-01-31)\n\n- First.\n"
    version.set_version("9.8.7", root)
    assert version.differences(root) == []
    assert version.sections(root)[1:] == [
        "## 9.8.7 (not yet released)\n\nNothing yet.\n\n",
        f"## {released} (2026-01-31)\n\n- First.\n",
    ]


def test_what_cannot_be_released(root: Path) -> None:
    with pytest.raises(SystemExit, match="not released yet"):
        version.set_version("9.8.7", root)
    version.cut("2026-01-31", root)
    with pytest.raises(SystemExit, match="released already"):
        version.cut("2026-02-01", root)
    version.set_version("9.8.7", root)
    with pytest.raises(SystemExit, match="no entries"):
        version.cut("2026-02-01", root)
