"""The pytest fixture. Pytest loads this module wherever proofkey is installed, so it loads nothing else."""

from collections.abc import Iterator

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from proofkey.testing import Provider


@pytest.fixture
def proofkey_provider() -> "Iterator[Provider]":
    """A `proofkey.testing.Provider` that runs for the length of the test."""
    from proofkey.testing import Provider

    with Provider() as provider:
        yield provider
