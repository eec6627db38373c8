import os
from pathlib import Path

import django.conf
import pytest
import vectors

# Django's QueryDict asks for a character set.
django.conf.settings.configure()

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pkce() -> vectors.Pkce:
    return vectors.pkce()


@pytest.fixture(scope="session")
def errors() -> vectors.Errors:
    return vectors.errors()


@pytest.fixture(scope="session")
def wheel() -> Path:
    return _built("PROOFKEY_WHEEL", "*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return _built("PROOFKEY_SDIST", "*.tar.gz")


def _built(variable: str, pattern: str) -> Path:
    """What run.sh built, or the newest in target/wheels."""
    if named := os.environ.get(variable):
        return Path(named)
    found = sorted((ROOT / "target" / "wheels").glob(pattern), key=lambda path: path.stat().st_mtime)
    assert found, f"no {pattern} in target/wheels: tests/python/run.sh builds it"
    return found[-1]
