"""The complete logins in a terminal and of a device, in `examples/swift` and `examples/kotlin`, with the servers that have
metadata and OpenID Connect."""

import kotlin_program
import pytest
import swift_program
from programs import LOGINS, callbacks, enters, scope_and_extra, steps
from servers import SETTINGS, Server

LOGIN = {"swift": swift_program.login, "kotlin": kotlin_program.login}
DEVICE = {"swift": swift_program.device, "kotlin": kotlin_program.device}


def login(program: str, server: Server, *, agrees: bool = True, forged: bool = False) -> tuple[int, list[str], str]:
    def browse(url: str) -> list[str]:
        return callbacks(url, agrees=agrees, forged=forged)

    arguments = [server.issuer, "public", SETTINGS["redirect_uri"], *scope_and_extra(server)]
    return LOGIN[program](*arguments, browse=browse)


@pytest.mark.parametrize("forged", [False, True], ids=["alone", "after a forged callback"])
def test_a_whole_login(program: str, started: Server, forged: bool) -> None:
    status, lines, complaints = login(program, started, forged=forged)
    expected_status, expected, complaint = LOGINS[started.name]
    assert (status, steps(lines)) == (expected_status, expected)
    assert complaints.startswith(("ignored: state_mismatch\n" if forged else "") + complaint)


def test_a_denied_consent(program: str, started: Server) -> None:
    if started.name == "glewlwyd":
        return  # Its page does not let the user refuse.
    status, lines, complaints = login(program, started, agrees=False)
    assert (status, lines) == (1, [])
    assert complaints.startswith("authorization_error: ")
    assert complaints.endswith(". Next: ask_user\n")


def test_a_device(program: str, started: Server) -> None:
    arguments = [started.issuer, "public", f"openid {SETTINGS['scope']}"]
    status, lines, complaints = DEVICE[program](*arguments, decide=enters(started))
    assert (status, steps(lines), complaints) == (0, ["signed in"], "")
