"""The README's Python runs as printed, and the demonstration ends well."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_blocks_were_found() -> None:
    assert len(BLOCKS) == 2


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block: str) -> None:
    ran = subprocess.run([sys.executable, "-I", "-c", block], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    if "print(" in block:
        assert f"# {ran.stdout.strip()}" in block, "what it prints stands beside it"


def test_demo() -> None:
    demo = ROOT / "examples" / "python" / "demo.py"
    ran = subprocess.run([sys.executable, "-I", str(demo)], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "three tries with a stolen code refused" in ran.stdout
    # Verifiers, codes and tokens are masked; 43 characters in a row are a challenge, and there is one.
    assert len(re.findall(r"masked\)", ran.stdout)) == 5
    assert len(set(re.findall(r"[\w-]{32,}", ran.stdout))) == 1
