"""The table of outcomes, written by the tests and compared with the copy that is checked in."""

from importlib.metadata import version
from pathlib import Path

from cases import CASES
from driver import FRAMEWORKS, HERE

CHECKED_IN = HERE / "table.md"
WRITTEN = HERE.parents[1] / "target" / "adapters" / "table.md"

RACE = "50 requests with one code"

_ABOUT = """\
# What authorization servers answer, with their own PKCE and with proofkey's

Each framework is a server on loopback that gets the same raw requests twice: with its own PKCE as its documentation
sets it up, and with the adapter of `proofkey.server`. `tests/adapters/run.sh` checks every cell; with `--update-table`
it writes this file. A cell names the endpoint that refuses, and its OAuth error. **Bold** is wrong: let through, or no
OAuth answer at all. *Slanted* is refused, but later or by another name than it should be.

- All of a request is right but for what the row says: a verifier of 42 characters comes with a challenge that fits it.
- `plain` is not wanted. The frameworks take it unless they are told otherwise, which RFC 7636 allows.
- Under "optional" a confidential client may do without PKCE, and a public one may not.
- In the last row 50 requests come with one code and the right verifier. They wait for each other between the last check
  and the first token, and the cell says how many get tokens.

"""


class Table:
    def __init__(self) -> None:
        self._cells: dict[tuple[str, str, str], str] = {}

    def put(self, framework: str, kind: str, row: str, outcome: str) -> None:
        self._cells[framework, kind, row] = outcome

    @property
    def complete(self) -> bool:
        return len(self._cells) == 2 * len(FRAMEWORKS) * (len(CASES) + 1)

    def render(self) -> str:
        head = ["", "right"]
        for framework in FRAMEWORKS.values():
            head += [f"{framework.name} {version(framework.package)}", "with proofkey"]
        rights = {case.name: case.right for case in CASES} | {RACE: "1"}
        lines = [head, ["---"] * len(head)]
        for row, right in rights.items():
            lines.append([row, right, *(self._cell(name, kind, row, right) for name, kind in _columns())])
        for name, mark in (("**wrong**", "**"), ("*refused otherwise*", "*")):
            marks = ([self._mark(*column, row, right) for row, right in rights.items()] for column in _columns())
            lines.append([f"{name}, of {len(rights)}", "", *(str(each.count(mark)) for each in marks)])
        return _ABOUT + "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def _cell(self, framework: str, kind: str, row: str, right: str) -> str:
        mark = self._mark(framework, kind, row, right)
        return f"{mark}{self._seen(framework, kind, row)}{mark}"

    def _mark(self, framework: str, kind: str, row: str, right: str) -> str:
        seen = self._seen(framework, kind, row)
        if seen == right:
            return ""
        return "*" if "invalid_" in seen and "invalid_" in right else "**"

    def _seen(self, framework: str, kind: str, row: str) -> str:
        return self._cells.get((framework, kind, row), "not run")


def _columns() -> list[tuple[str, str]]:
    return [(name, kind) for name in FRAMEWORKS for kind in ("before", "after")]
