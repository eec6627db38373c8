"""The pytest fixture. Pytest loads this module wherever proofkey is installed, so it imports nothing else."""

from collections.abc import Iterator

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from proofkey.testing import AuthorizationServer


@pytest.fixture
def proofkey_server() -> "Iterator[AuthorizationServer]":
    """A `proofkey.testing.AuthorizationServer` that runs for the length of the test."""
    from proofkey.testing import AuthorizationServer

    with AuthorizationServer() as server:
        yield server
