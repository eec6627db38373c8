"""The parts of the Markdown pages of the repository."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

_ELSEWHERE = {".git", "node_modules", "target"}
_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

PAGES = sorted(path for path in ROOT.rglob("*.md") if not _ELSEWHERE & set(path.relative_to(ROOT).parts))


class Block(NamedTuple):
    """A block between fences."""

    page: Path
    info: str
    """The text after the opening fence, for example "python"."""
    text: str


def named(name: str) -> Path:
    """The page with this file name in docs/."""
    return ROOT / "docs" / name


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, info: str) -> list[Block]:
    """The blocks of one kind, in order."""
    return [Block(page, *match) for match in _FENCE.findall(text_of(page)) if match[0] == info]


def kinds(page: Path) -> set[str]:
    """The kinds of blocks on a page."""
    return {info for info, _ in _FENCE.findall(text_of(page))}


def programs(page: Path) -> list[str]:
    """The Python programs of a page. A block that begins with an import begins a program; the others continue it."""
    found: list[str] = []
    for block in blocks(page, "python"):
        if not found or re.match(r'("""|import |from )', block.text):
            found.append("")
        found[-1] += "\n\n" + block.text
    return found


def prose(page: Path) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", text_of(page))


def code_spans(page: Path) -> Iterator[str]:
    """The text between backticks in the prose."""
    for span in re.findall(r"`([^`]+)`", prose(page)):
        yield " ".join(span.split())


def links(page: Path) -> list[str]:
    """The targets of the links in the prose."""
    without_code = re.sub(r"`[^`]+`", "", prose(page))
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", without_code)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub generates them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = sum(1 for other in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", other))
        found.add(f"{slug}-{count}" if count else slug)
    return found


def table(page: Path, heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, each cell without its backticks."""
    section = text_of(page).split(f"\n{heading}\n", 1)[1]
    lines = re.split(r"\n(?!\|)", section[section.index("\n|") + 1 :])[0].splitlines()
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    return rows[2:]
