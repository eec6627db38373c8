import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from programs import LOGINS
from servers import KEYCLOAK, SERVERS, Server
from table import WRITTEN, Table

# SIGTERM raises KeyboardInterrupt, so that the fixtures stop the servers.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--servers", default=",".join(SERVERS), help="servers to run, separated by commas")
    parser.addoption("--programs", default="swift,kotlin", help="languages of the logins in a terminal")
    parser.addoption("--update-table", action="store_true", help="write the outcomes to table.md")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        names = metafunc.config.getoption("servers").split(",")
        metafunc.parametrize("server", names, indirect=True, scope="session")
    if "program" in metafunc.fixturenames:
        metafunc.parametrize("program", [name for name in metafunc.config.getoption("programs").split(",") if name])
    if "started" in metafunc.fixturenames:
        names = metafunc.config.getoption("servers").split(",")
        metafunc.parametrize("started", [name for name in LOGINS if name in names], indirect=True, scope="module")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with SERVERS[request.param].running() as running:
        yield running


@pytest.fixture(scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One of the servers at which whole programs sign in."""
    with {**SERVERS, KEYCLOAK.name: KEYCLOAK}[request.param].running() as running:
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
        """Writes a cell and compares it with table.md. `right`: the server did what it should. If it did not, it needs
        a note about the case; if it did, there must be none."""
        self.table.put(self.server.name, case, outcome)
        where = f"{self.server.name}, {case}: {outcome}"
        if not right and case not in self.server.notes:
            pytest.fail(f"{where}. This is wrong, and no note explains it", pytrace=False)
        if right and case in self.server.notes:
            pytest.fail(f"{where}. This is right, but a note says otherwise", pytrace=False)
        expected = self.table.expected(self.server.name, case)
        if not self.update and outcome != expected:
            pytest.fail(f"{where}. table.md says: {expected}", pytrace=False)


@pytest.fixture
def cells(server: Server, table: Table, request: pytest.FixtureRequest) -> Cells:
    return Cells(server, table, request.config.getoption("update_table"))
