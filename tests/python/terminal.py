"""Runs a program that signs a user in from a terminal."""

import subprocess
from collections.abc import Callable, Mapping


def run(
    command: list[str],
    *,
    environment: Mapping[str, str],
    browse: Callable[[str], list[str]] | None = None,
    told: str = "",
) -> tuple[int, list[str], str]:
    """The exit status, the lines that the program printed, and its complaints. `browse` turns the authorization URL into
    the URLs that it is then told."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment) as running:
        try:
            if browse and running.stdout:
                first = running.stdout.readline()
                if first.startswith("Open "):
                    told = "".join(f"{url}\n" for url in browse(first.removeprefix("Open ").strip()))
            output, complaints = running.communicate(told, timeout=60)
        except BaseException:
            running.kill()
            raise
    return running.returncode, output.splitlines(), complaints
