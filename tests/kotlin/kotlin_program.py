"""Runs the programs of `examples/kotlin`, which tests/kotlin/lib.sh compiled."""

import os
from collections.abc import Callable
from pathlib import Path

import terminal

ROOT = Path(__file__).resolve().parents[2]
JAVA = ["java", f"@{ROOT}/target/kotlin/java.arguments"]


def login(*arguments: str, browse: Callable[[str], list[str]]) -> tuple[int, list[str], str]:
    """Runs `Login.kt`: see `terminal.run`."""
    return terminal.run([*JAVA, "example.LoginKt", *arguments], environment=os.environ, browse=browse)


def device(*arguments: str, decide: Callable[[str, str], object]) -> tuple[int, list[str], str]:
    """Runs `Device.kt`: see `terminal.run`."""
    return terminal.run([*JAVA, "example.DeviceKt", *arguments], environment=os.environ, decide=decide)
