"""The table of outcomes, written by the tests and compared with the copy that is checked in."""

from importlib.metadata import version

from cases import CASES
from driver import FRAMEWORKS, HERE

CHECKED_IN = HERE / "table.md"
WRITTEN = HERE.parents[1] / "target" / "adapters" / "table.md"

RACE = "50 requests with one code"

_ABOUT = """\
# How authorization servers respond, with their own PKCE and with proofkey's

Each framework runs as a server on loopback and gets the same raw requests twice: with its own PKCE, set up as its
documentation says, and with the adapter of `proofkey.server`. `tests/adapters/run.sh` checks every cell; with
`--update-table` it writes this file. A cell names the endpoint that refuses, and its OAuth error. **Bold** is wrong:
the request was accepted, or the response is not an OAuth response. *Italics* mean that the request was refused, but
later or with another error than it should be.

- Everything in a request is right except what the row names: a verifier of 42 characters comes with its own challenge.
- `plain` should be refused. The frameworks accept it by default, which RFC 7636 allows.
- In the rows "optional", a confidential client may do without PKCE, and a public client may not.
- In the row "50 requests with one code", all have the right verifier. They wait for each other between the last check
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
