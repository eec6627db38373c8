"""The complete logins in Swift, `examples/swift/login.swift` and `device.swift`, with the servers that have metadata and
OpenID Connect."""

import pytest
import swift_program
from programs import LOGINS, callbacks, enters, scope_and_extra, steps
from servers import SETTINGS, Server


def login(server: Server, *, agrees: bool = True, forged: bool = False) -> tuple[int, list[str], str]:
    def browse(url: str) -> list[str]:
        return callbacks(url, agrees=agrees, forged=forged)

    arguments = [server.issuer, "public", SETTINGS["redirect_uri"], *scope_and_extra(server)]
    return swift_program.run("login", *arguments, browse=browse)


@pytest.mark.parametrize("forged", [False, True], ids=["alone", "after a forged callback"])
def test_a_whole_login(started: Server, forged: bool) -> None:
    status, lines, complaints = login(started, forged=forged)
    expected_status, expected, complaint = LOGINS[started.name]
    assert (status, steps(lines)) == (expected_status, expected)
    assert complaints.startswith(("ignored: state_mismatch\n" if forged else "") + complaint)


def test_a_denied_consent(started: Server) -> None:
    if started.name == "glewlwyd":
        return  # Its page does not let the user refuse.
    status, lines, complaints = login(started, agrees=False)
    assert (status, lines) == (1, [])
    assert complaints.startswith("authorization_error: ")
    assert complaints.endswith(". Next: ask_user\n")


def test_a_device(started: Server) -> None:
    arguments = [started.issuer, "public", f"openid {SETTINGS['scope']}"]
    status, lines, complaints = swift_program.run("device", *arguments, decide=enters(started))
    assert (status, steps(lines), complaints) == (0, ["signed in"], "")
