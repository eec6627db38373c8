"""A login that was begun and sealed in one language is finished in another, against the bundled server.

The programs, which run.sh builds, have two verbs. `begin` prints the authorization URL and the sealed login. `finish`
reads the sealed login and the callback URL, and prints the user, or without OpenID the granted scope, and the login's
data.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from proofkey import testing

PROGRAMS = Path(__file__).resolve().parents[2] / "target" / "seal_table" / "programs"
ALL = ("rust", "python", "c", "swift", "kotlin")
LANGUAGES = [language for language in ALL if (PROGRAMS / language).exists()]
# The scope that is asked for, and what `finish` prints.
FLOWS = {"files.read": ["files.read", "/photos"], "openid profile": ["user-1", "/photos"]}
SECRET = "the secret that seals these logins, of 32 bytes and more"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def run(
    server: testing.AuthorizationServer, language: str, verb: str, scope: str, *lines: str, secret: str = SECRET
) -> tuple[list[str], str]:
    """The lines that the program printed, and its complaints."""
    settings = {
        "ISSUER": server.issuer,
        "CLIENT_ID": "my-app",
        "REDIRECT_URI": "http://127.0.0.1:8400/callback",
        "SCOPE": scope,
        "SECRET": secret,
    }
    done = subprocess.run(
        [PROGRAMS / language, verb],
        env={**os.environ, **settings},
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode == 0) is (done.stderr == ""), done.stderr
    return done.stdout.splitlines(), done.stderr


def begun(server: testing.AuthorizationServer, language: str, scope: str) -> tuple[str, str]:
    """The sealed login, and the callback of its user."""
    lines, complaints = run(server, language, "begin", scope)
    assert complaints == ""
    url, sealed = lines
    return sealed, server.sign_in(url)


def test_every_language_is_in_the_table() -> None:
    assert len(LANGUAGES) >= 2
    if os.environ.get("CI") == "true":
        assert LANGUAGES == list(ALL)


@pytest.mark.parametrize("scope", FLOWS)
def test_the_table(server: testing.AuthorizationServer, scope: str, capsys: pytest.CaptureFixture[str]) -> None:
    table: dict[str, dict[str, str]] = {}
    for first in LANGUAGES:
        table[first] = {}
        for second in LANGUAGES:
            lines, complaints = run(server, second, "finish", scope, *begun(server, first, scope))
            table[first][second] = "yes" if lines == FLOWS[scope] else complaints.strip() or f"printed {lines}"
    with capsys.disabled():
        print(f"\n\n| {scope}: begun in, finished in | {' | '.join(LANGUAGES)} |\n|{' --- |' * (len(LANGUAGES) + 1)}")
        for first, row in table.items():
            print(f"| {first} | {' | '.join(row.values())} |")
    cells = [cell for row in table.values() for cell in row.values()]
    assert cells == ["yes"] * len(LANGUAGES) ** 2
    # The server saw a code, and a verifier that fits its challenge, for each of them.
    tokens = [seen for seen in server.seen if seen.path == "/token"]
    assert [seen.error for seen in tokens] == [None] * len(cells)


@pytest.mark.parametrize("language", LANGUAGES)
def test_another_secret_opens_nothing(server: testing.AuthorizationServer, language: str) -> None:
    sealed, callback = begun(server, LANGUAGES[0], "files.read")
    lines, complaints = run(server, language, "finish", "files.read", sealed, callback, secret=SECRET[::-1])
    assert lines == []
    assert "seal_key_unknown" in complaints
    assert "/token" not in [seen.path for seen in server.seen]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_changed_login_is_not_opened(server: testing.AuthorizationServer, language: str) -> None:
    sealed, callback = begun(server, LANGUAGES[0], "files.read")
    changed = sealed[:-10] + ("A" if sealed[-10] != "A" else "B") + sealed[-9:]
    lines, complaints = run(server, language, "finish", "files.read", changed, callback)
    assert lines == []
    assert "seal_forged" in complaints
    assert "/token" not in [seen.path for seen in server.seen]
