"""The Python blocks of the README run, and so do the Flask example and the demonstration."""

import re
import runpy
import subprocess
import sys

import pytest
from conftest import ROOT
from proofkey import testing

EXAMPLES = ROOT / "examples" / "python"

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_blocks_were_found() -> None:
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block: str) -> None:
    ran = subprocess.run([sys.executable, "-I", "-c", block], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    if "print(" in block:
        assert f"# {ran.stdout.strip()}" in block, "the block shows in a comment what it prints"


def test_flask_login(monkeypatch: pytest.MonkeyPatch) -> None:
    users = [testing.User("user-1", {"login": "<first>"})]
    with testing.AuthorizationServer(users=users, id_token_alg="ES256") as server:
        monkeypatch.setenv("FLASK_SECRET_KEY", "for this test, and long enough for it")
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_CLIENT_ID", "12345")
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_ISSUER", server.issuer)
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_SCOPE", "openid")
        client = runpy.run_path(str(EXAMPLES / "flask_login.py"))["app"].test_client()
        assert client.get("/").text.startswith('Hello stranger. <a href="/auth/github">')
        assert testing.sign_in(client, "/auth/github").text.startswith("Hello &lt;first&gt;. ")


def test_flask_login_is_in_the_readme_and_has_ten_lines() -> None:
    code = (EXAMPLES / "flask_login.py").read_text(encoding="utf-8").split('"""')[2]
    assert code.strip() + "\n" in BLOCKS
    assert len([line for line in code.splitlines() if line and not line.startswith("from ")]) == 10


def test_demo() -> None:
    ran = subprocess.run([sys.executable, str(EXAMPLES / "demo.py")], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    for name in ("code_challenge", "code_verifier", "invalid_grant", "token_error", "no_cookie", "login_already_used"):
        assert name in ran.stdout
    # Codes and verifiers are masked. The long random texts are a state, a challenge and a nonce.
    assert len(re.findall(r"\(masked\)", ran.stdout)) == 3
    assert len(set(re.findall(r"[\w-]{22,}", ran.stdout))) == 3
