import os
from pathlib import Path

import django.conf
import pytest
import vectors
from hostile import Authority

# Django's QueryDict needs settings for its character set.
django.conf.settings.configure()

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def pkce() -> vectors.Pkce:
    return vectors.pkce()


@pytest.fixture(scope="session")
def errors() -> vectors.Errors:
    return vectors.errors()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def wheel() -> Path:
    return _built("PROOFKEY_WHEEL", "*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return _built("PROOFKEY_SDIST", "*.tar.gz")


def _built(variable: str, pattern: str) -> Path:
    """The file that run.sh built, or else the newest one in target/wheels."""
    if named := os.environ.get(variable):
        return Path(named)
    found = sorted((ROOT / "target" / "wheels").glob(pattern), key=lambda path: path.stat().st_mtime)
    assert found, f"no {pattern} in target/wheels: tests/python/run.sh builds it"
    return found[-1]
