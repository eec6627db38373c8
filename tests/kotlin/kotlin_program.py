"""Runs `examples/kotlin/Login.kt`, which tests/kotlin/lib.sh compiled."""

import os
from collections.abc import Callable
from pathlib import Path

import terminal

ROOT = Path(__file__).resolve().parents[2]


def login(*arguments: str, browse: Callable[[str], list[str]]) -> tuple[int, list[str], str]:
    """See `terminal.run`."""
    command = ["java", f"@{ROOT}/target/kotlin/java.arguments", "example.LoginKt", *arguments]
    return terminal.run(command, environment=os.environ, browse=browse)
