"""The examples for FastAPI and Django sign in, against the bundled test server."""

import asyncio
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from proofkey import testing

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"
SECRET = "for this test, and long enough for it"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[testing.AuthorizationServer]:
    users = [testing.User("user-1", {"login": "<first>"})]
    with testing.AuthorizationServer(users=users, id_token_alg="ES256") as running:
        monkeypatch.setenv("SECRET_KEY", SECRET)
        monkeypatch.setenv("PROOFKEY_GITHUB_CLIENT_ID", "12345")
        monkeypatch.setenv("PROOFKEY_GITHUB_ISSUER", running.issuer)
        monkeypatch.setenv("PROOFKEY_GITHUB_SCOPE", "openid")
        yield running


def test_fastapi_login(server: testing.AuthorizationServer) -> None:
    app = runpy.run_path(str(EXAMPLES / "fastapi_login.py"))["app"]

    async def story() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as browser:
            assert (await browser.get("/")).json()["hello"] == "stranger"
            url = (await browser.get("/auth/github")).headers["location"]
            signed_in = await browser.get(await asyncio.to_thread(server.sign_in, url))
            assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
            assert (await browser.get("/")).json()["hello"] == "<first>"

    asyncio.run(story())


DJANGO = f"""
import sys
sys.path.insert(0, {str(EXAMPLES)!r})
import django_login
from django.core.management import call_command
from django.test import Client
from proofkey.testing import _browser
call_command("check", "--tag", "proofkey")
call_command("migrate", verbosity=0)
browser = Client(SERVER_NAME="localhost")
print(browser.get("/").content.decode())
callback = _browser.visit(browser.get("/auth/github")["Location"], None)
print(browser.get(callback.url)["Location"])
print(browser.get("/").content.decode())
"""


def test_django_login(server: testing.AuthorizationServer, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", DJANGO],
        env={**os.environ, "DB": str(tmp_path / "login.sqlite3")},
        cwd=tmp_path, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    checked, before, to, after = ran.stdout.splitlines()
    assert checked == "System check identified no issues (0 silenced)."
    assert before.startswith("Hello stranger. <a ")
    assert to == "/"
    assert after.startswith("Hello &lt;first&gt;. <a ")


@pytest.mark.parametrize("name", ["fastapi_login", "django_login"])
def test_the_part_about_signing_in_is_short(name: str) -> None:
    """Ten lines, without imports and Django's settings."""
    code = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8").split('"""')[2]
    code = code.partition("# From here on")[2] or code
    lines = [line for line in code.splitlines() if line and not line.startswith(("from ", "import ", "#"))]
    assert len([line for line in lines if "__main__" not in line and "execute_from" not in line]) <= 11
