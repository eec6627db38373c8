from collections.abc import Callable, Iterator
from contextlib import ExitStack

import postgres
import pytest
from driver import FRAMEWORKS, TOOLKITS, Framework, Server, running
from table import WRITTEN, Table

Servers = Callable[[Framework, str, str], Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-table", action="store_true", help="write the outcomes into table.md")


@pytest.fixture(scope="session")
def new_database() -> Iterator[Callable[[], str]]:
    """Makes an empty PostgreSQL database, for `running`."""
    with postgres.running() as new_database:
        yield new_database


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """Servers by framework, kind and policy, each started on first use."""
    started: dict[tuple[str, str, str], Server] = {}
    with ExitStack() as stack:

        def server(framework: Framework, kind: str, policy: str) -> Server:
            key = (framework.name, kind, policy)
            if key not in started:
                database = request.getfixturevalue("new_database")() if framework.postgres else None
                started[key] = stack.enter_context(running(framework, kind, policy, postgres=database))
            return started[key]

        yield server


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> Framework:
    return FRAMEWORKS[request.param]


@pytest.fixture(
    params=[
        pytest.param(toolkit, id=toolkit.name, marks=[pytest.mark.postgres] if toolkit.postgres else [])
        for toolkit in TOOLKITS.values()
    ]
)
def toolkit(request: pytest.FixtureRequest) -> Framework:
    """django-oauth-toolkit as it is not in the table."""
    assert isinstance(request.param, Framework)
    return request.param


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    table = Table()
    yield table
    WRITTEN.write_text(table.render())
