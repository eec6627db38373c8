"""The table of outcomes. The tests fill it in and compare each cell with table.md."""

from pathlib import Path

from cases import CASES, MAIN
from servers import SERVERS, TARGET

CHECKED_IN = Path(__file__).with_name("table.md")
PAGE = Path(__file__).parents[2] / "docs" / "servers.md"
WRITTEN = TARGET / "table.md"

_ABOUT = """\
# How real authorization servers behave

Seen through the Python package. `tests/servers/run.sh` checks every cell; with `--update-table` it writes this file. A
name in `code` is proofkey's error, and what follows it the server's own. The clients are public, basic
(`client_secret_basic`) and post (`client_secret_post`); the odd ones have the secret `odd secret:+/%25&=?~`. The cell
of an ID token is the algorithm of its signature, which was verified; ES256 and EdDSA have a client each.

"""


class Table:
    def __init__(self) -> None:
        self._cells: dict[tuple[str, str], str] = {}
        self._expected = _read(CHECKED_IN.read_text()) if CHECKED_IN.exists() else {}

    def put(self, server: str, case: str, outcome: str) -> None:
        self._cells[server, case] = outcome

    def expected(self, server: str, case: str) -> str | None:
        return self._expected.get((server, case))

    @property
    def complete(self) -> bool:
        return len(self._cells) == len(SERVERS) * len(CASES)

    def rows(self, cases: list[str]) -> str:
        head = ["", *(f"{server.name} {server.version}" for server in SERVERS.values())]
        lines = [head, ["---"] * len(head)]
        lines += [[case, *(self._cells.get((name, case), "not run") for name in SERVERS)] for case in cases]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def render(self) -> str:
        notes = [
            f"- **{server.name}**, {', '.join(case for case in CASES if server.notes.get(case) == note)}: {note}."
            for server in SERVERS.values()
            for note in dict.fromkeys(server.notes.values())
        ]
        return f"{_ABOUT}{self.rows(CASES)}\nWhere a server does not do what it should:\n\n" + "\n".join(notes) + "\n"

    def page(self) -> str:
        """The page of the documentation, with the main rows in place of its table."""
        before, _, after = PAGE.read_text().partition("|  | ")
        return before + self.rows(MAIN) + "\n" + after.partition("\n\n")[2]


def _read(text: str) -> dict[tuple[str, str], str]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {
        (name, row[0]): cell for row in rows[1:] if row[0] in CASES for name, cell in zip(SERVERS, row[1:], strict=True)
    }
