"""The pytest fixture, run by another pytest, and what it costs the projects that do not use it."""

import os
import subprocess
import sys
from pathlib import Path

TEST = """
import proofkey

def test_one(proofkey_server):
    client = proofkey.Client(proofkey_server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    login = client.begin()
    assert client.finish(login, proofkey_server.sign_in(login.url)).access_token.expose()

def test_two(proofkey_server):
    assert proofkey_server.seen == []
"""


def run_pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Where the wheel is installed, its entry point would load the module a second time.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "proofkey._pytest", "-p", "no:cacheprovider", "-q", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def test_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    ran = run_pytest(tmp_path, "-W", "error")
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
    shown = run_pytest(tmp_path, "--fixtures")
    assert "A `proofkey.testing.AuthorizationServer` that runs for the length of the test." in shown.stdout


def test_an_unused_fixture_loads_nothing_but_the_native_module() -> None:
    program = """
import sys
import pytest
before = set(sys.modules)
import proofkey._pytest
print(*sorted(set(sys.modules) - before))
"""
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["proofkey", "proofkey._native", "proofkey._pytest"]
