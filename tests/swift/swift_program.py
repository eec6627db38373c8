"""Runs the programs in Swift that tests/swift/consumer.sh built."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

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
    """The exit status, the lines that the program printed, and its complaints. `browse` turns the authorization URL into
    the URLs that it is then told; `decide` gets the URI and the code that the user of a device is shown."""
    command = [str(RUN), str(PROGRAMS / program), *arguments]
    pipe = subprocess.PIPE
    environment = {**os.environ, "SEAL_SECRET": SECRET}
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as running:
        try:
            if (browse or decide) and running.stdout:
                first = running.stdout.readline()
                if browse and first.startswith("Open "):
                    told = "".join(f"{url}\n" for url in browse(first.removeprefix("Open ").strip()))
                elif decide and first.startswith("Go to "):
                    decide(*first.removeprefix("Go to ").strip().split(" and enter "))
            output, complaints = running.communicate(told, timeout=60)
        except BaseException:
            running.kill()
            raise
    return running.returncode, output.splitlines(), complaints
