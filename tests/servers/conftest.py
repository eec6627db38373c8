import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from servers import SERVERS, Server
from table import WRITTEN, Table

# Whoever ends the run ends the servers too: the fixtures are torn down.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--servers", default=",".join(SERVERS), help="those to run, with commas between them")
    parser.addoption("--update-table", action="store_true", help="write what is seen into table.md")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        names = metafunc.config.getoption("servers").split(",")
        metafunc.parametrize("server", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with SERVERS[request.param].running() as running:
        yield running


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    table = Table()
    yield table
    WRITTEN.write_text(table.render())


@dataclass
class Cells:
    """The cells of one server."""

    server: Server
    table: Table
    update: bool

    def put(self, case: str, outcome: str, *, right: bool) -> None:
        """Writes a cell and compares it. One that is not right needs a note with the server; one that is has none."""
        self.table.put(self.server.name, case, outcome)
        where = f"{self.server.name}, {case}: {outcome}"
        if not right and case not in self.server.notes:
            pytest.fail(f"{where}. That is not right, and no note says why", pytrace=False)
        if right and case in self.server.notes:
            pytest.fail(f"{where}. That is right, but a note says otherwise", pytrace=False)
        expected = self.table.expected(self.server.name, case)
        if not self.update and outcome != expected:
            pytest.fail(f"{where}. table.md says: {expected}", pytrace=False)


@pytest.fixture
def cells(server: Server, table: Table, request: pytest.FixtureRequest) -> Cells:
    return Cells(server, table, request.config.getoption("update_table"))
