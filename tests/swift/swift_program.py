"""Runs the programs in Swift that tests/swift/consumer.sh built."""

import os
from collections.abc import Callable
from pathlib import Path

import terminal

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "target" / "swift" / "consumer" / "build" / "debug"
RUN = ROOT / "tests" / "swift" / "run-in.sh"
SECRET = "the secret of this test, which has 32 bytes and more"


def run(
    program: str,
    *arguments: str,
    browse: Callable[[str], list[str]] | None = None,
    decide: Callable[[str, str], object] | None = None,
    told: str = "",
) -> tuple[int, list[str], str]:
    """See `terminal.run`."""
    command = [str(RUN), str(PROGRAMS / program), *arguments]
    environment = {**os.environ, "SEAL_SECRET": SECRET}
    return terminal.run(command, environment=environment, browse=browse, decide=decide, told=told)


def login(*arguments: str, browse: Callable[[str], list[str]]) -> tuple[int, list[str], str]:
    """Runs `examples/swift/login.swift`."""
    return run("login", *arguments, browse=browse)


def device(*arguments: str, decide: Callable[[str, str], object]) -> tuple[int, list[str], str]:
    """Runs `examples/swift/device.swift`."""
    return run("device", *arguments, decide=decide)
