"""Files that a command reads: secrets come from files and from stdin, never from arguments, which other users can see."""

import sys
from pathlib import Path


def read(path: str) -> str:
    """The text of a file, or of stdin for "-", without the line break at its end."""
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    return text.rstrip("\r\n")
