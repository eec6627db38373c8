"""Runs a program that signs a user in from a terminal."""

import subprocess
from collections.abc import Callable, Mapping


def run(
    command: list[str],
    *,
    environment: Mapping[str, str],
    browse: Callable[[str], list[str]] | None = None,
    decide: Callable[[str, str], object] | None = None,
    told: str = "",
) -> tuple[int, list[str], str]:
    """The exit status, the lines that the program printed, and its complaints. `browse` turns the authorization URL into
    the URLs that it is then told; `decide` gets the URI and the code that the user of a device is shown."""
    pipe = subprocess.PIPE
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
