"""The complete login in C, `examples/c/login.c`, with the servers that have metadata and OpenID Connect."""

from urllib.parse import urlsplit

import c_program
from programs import DENIED, LOGINS, callbacks, scope_and_extra, steps
from servers import SETTINGS, Server

PORT = urlsplit(SETTINGS["redirect_uri"]).port or 0


def login(server: Server, *, agrees: bool = True, forged: bool = False) -> tuple[int, str, str]:
    def browse(url: str) -> list[str]:
        return callbacks(url, agrees=agrees, forged=forged)

    return c_program.login(server.issuer, "public", PORT, browse, *scope_and_extra(server))


def test_a_whole_login(started: Server) -> None:
    status, output, complaints = login(started)
    expected_status, expected, complaint = LOGINS[started.name]
    assert (status, steps(output.splitlines())) == (expected_status, expected)
    assert complaints.startswith(complaint)


def test_a_forged_callback_comes_first(started: Server) -> None:
    status, output, complaints = login(started, forged=True)
    assert (status, output.split(" as ")[0]) == (LOGINS[started.name][0], "signed in")
    assert complaints.startswith("ignored or refused: state_mismatch\n")


def test_a_denied_consent(started: Server) -> None:
    if started.name not in DENIED:
        return
    status, output, complaints = login(started, agrees=False)
    assert (status, output) == (1, "")
    assert complaints.endswith(f": {DENIED[started.name]}. Next: ask_user\n")
