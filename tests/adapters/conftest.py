from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from driver import FRAMEWORKS, Framework, Server, running
from table import WRITTEN, Table

Servers = Callable[[Framework, str, str], Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-table", action="store_true", help="write the outcomes into table.md")


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Servers by framework, kind and policy, each started on first use."""
    started: dict[tuple[str, str, str], Server] = {}
    with ExitStack() as stack:

        def server(framework: Framework, kind: str, policy: str) -> Server:
            key = (framework.name, kind, policy)
            if key not in started:
                started[key] = stack.enter_context(running(framework, kind, policy))
            return started[key]

        yield server


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> Framework:
    return FRAMEWORKS[request.param]


@pytest.fixture(scope="session")
def table() -> Iterator[Table]:
    table = Table()
    yield table
    WRITTEN.write_text(table.render())
