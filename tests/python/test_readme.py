"""The README's Python runs as printed, and the demonstrations of the Flask app end well."""

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
        assert f"# {ran.stdout.strip()}" in block, "what it prints stands beside it"


def test_flask_login(monkeypatch: pytest.MonkeyPatch) -> None:
    with testing.Provider(users=[testing.User("user-1", {"login": "<first>"})], id_token_alg="ES256") as server:
        monkeypatch.setenv("FLASK_SECRET_KEY", "for this test, and long enough for it")
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_CLIENT_ID", "12345")
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_ISSUER", server.issuer)
        monkeypatch.setenv("FLASK_PROOFKEY_GITHUB_SCOPE", "openid")
        client = runpy.run_path(str(EXAMPLES / "flask_login.py"))["app"].test_client()
        assert client.get("/").text.startswith('Hello stranger. <a href="/auth/github">')
        assert testing.sign_in(client, "/auth/github").text.startswith("Hello &lt;first&gt;. ")


def test_flask_login_takes_ten_lines_and_is_the_readme_s() -> None:
    code = (EXAMPLES / "flask_login.py").read_text(encoding="utf-8").split('"""')[2]
    assert code.strip() + "\n" in BLOCKS
    assert len([line for line in code.splitlines() if line and not line.startswith("from ")]) == 10


def test_demo() -> None:
    ran = subprocess.run([sys.executable, str(EXAMPLES / "demo.py")], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    for name in ("code_challenge", "code_verifier", "invalid_grant", "token_error", "no_cookie", "login_spent"):
        assert name in ran.stdout
    # Codes and verifiers are masked: what is long and random is a state, its challenge and its nonce.
    assert len(re.findall(r"\(masked\)", ran.stdout)) == 3
    assert len(set(re.findall(r"[\w-]{22,}", ran.stdout))) == 3
