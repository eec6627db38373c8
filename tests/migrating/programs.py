"""The programs of docs/migrating.md, before and after."""

import io
import re
import tokenize
from typing import Any

import markdown_pages as pages
from proofkey import testing

PAGE = pages.named("migrating.md")
SIDES = ("before", "after")

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def program(heading: str, side: str, language: str = "python") -> str:
    """The program of one side below a heading. The one after has the kind of its language alone."""
    return _block(heading, f"{language} before" if side == "before" else language)


def continued(heading: str) -> str:
    """What the page adds to the program after."""
    return _block(heading, "python continued")


def run(text: str, server: testing.AuthorizationServer, names: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs a program against the test server, and returns its global names."""
    names = {"__name__": "page"} if names is None else names
    text = text.replace("https://login.example.com", server.issuer)
    exec(compile(text, PAGE.name, "exec", dont_inherit=True), names)
    return names


def lines(text: str, language: str = "python") -> int:
    """The lines of a program, without comments and blank lines."""
    if language == "rust":
        return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("//"))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = [token for token in tokens if token.type not in _NO_CODE]
    return len({number for token in code for number in range(token.start[0], token.end[0] + 1)})


def _block(heading: str, info: str) -> str:
    section = re.split(r"\n#{2,3} ", pages.text_of(PAGE).split(f"\n{heading}\n", 1)[1])[0]
    [found] = [block.text for block in pages.blocks(PAGE, info) if f"```{info}\n{block.text}```" in section]
    return found
