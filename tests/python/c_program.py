"""Builds programs of C on the C library, and runs those of `examples/c` with a browser."""

import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.error import HTTPError

ROOT = Path(__file__).resolve().parents[2]


@cache
def built(source: str, *libraries: str) -> Path:
    """The program that a file of the repository compiles to."""
    cargo = ["cargo", "build", "--quiet", "--locked", "--release", "--package", "proofkey-c"]
    subprocess.run(cargo, cwd=ROOT, check=True)
    metadata = ["cargo", "metadata", "--format-version=1", "--no-deps"]
    target = json.loads(subprocess.run(metadata, cwd=ROOT, check=True, capture_output=True).stdout)["target_directory"]
    release = Path(target) / "release"
    program = Path(tempfile.mkdtemp()) / Path(source).stem
    warnings = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    linked = [str(release / "libproofkey.a"), *(f"-l{library}" for library in (*libraries, "pthread", "dl", "m"))]
    subprocess.run(["cc", *warnings, "-Iinclude", source, "-o", str(program), *linked], cwd=ROOT, check=True)
    return program


def login(issuer: str, client_id: str, port: int, browse: Callable[[str], list[str]], *scope: str) -> tuple[int, str, str]:
    """Runs the login. `browse` turns the authorization URL into the URLs that a browser then opens, one after another.
    Returns the exit status, what the program printed, and its complaints.
    """

    def opened(line: str) -> None:
        if line.startswith("Open "):
            for url in browse(line.removeprefix("Open ").strip()):
                _visit(url)

    return _run("examples/c/login.c", opened, issuer, client_id, str(port), *scope)


def device(issuer: str, client_id: str, decide: Callable[[str, str], object], scope: str) -> tuple[int, str, str]:
    """Runs the login of a device. `decide` gets the URL and the code that its user is shown. Returns what `login` does."""

    def shown(line: str) -> None:
        if line.startswith("Go to "):
            decide(*line.removeprefix("Go to ").strip().split(" and enter "))

    return _run("examples/c/device.c", shown, issuer, client_id, scope)


def _run(source: str, act: Callable[[str], None], *arguments: str) -> tuple[int, str, str]:
    command = [str(built(source, "curl")), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stderr
        try:
            act(running.stdout.readline())
            output, complaints = running.communicate(timeout=60)
        except BaseException:
            running.kill()
            raise
    return running.returncode, output, complaints


def _visit(url: str) -> None:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as response:
            response.read()
    except HTTPError as refused:
        with refused:
            assert refused.code == 400
