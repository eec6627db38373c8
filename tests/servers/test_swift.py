"""The complete login in Swift, `examples/swift/login.swift`, with the servers that have metadata and OpenID Connect."""

from collections.abc import Iterator

import browser
import pytest
import swift_program
from flow import PASSWORD, USER
from servers import SERVERS, SETTINGS, Server

REDIRECT_URI = SETTINGS["redirect_uri"]
OTHER_USER = SETTINGS["other_user"]
WHOLE = ["signed in", "userinfo", "refreshed", "revoked"]
LOGINS = {
    "oidc-provider": (0, WHOLE, ""),
    # Its revocation endpoint accepts confidential clients only: 401 with an empty body.
    "glewlwyd": (1, WHOLE[:-1], "response_status: "),
}
"""Exit status, what the program prints, and its complaint."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.config.getoption("servers").split(",")
    metafunc.parametrize("started", [name for name in LOGINS if name in names], indirect=True, scope="module")


@pytest.fixture(scope="module")
def started(request: pytest.FixtureRequest) -> Iterator[Server]:
    with SERVERS[request.param].running() as running:
        yield running


def login(server: Server, *, agrees: bool = True, forged: bool = False) -> tuple[int, list[str], str]:
    def browse(url: str) -> list[str]:
        # A server may remember who agreed.
        callback = browser.sign_in(url, USER, PASSWORD) if agrees else browser.deny(url, OTHER_USER, PASSWORD)
        return [f"{REDIRECT_URI}?code=stolen&state=forged", callback] if forged else [callback]

    extra = (f"{name}={value}" for name, value in server.extra.items())
    arguments = [server.issuer, "public", REDIRECT_URI, f"openid {server.scope}", *extra]
    return swift_program.run("login", *arguments, browse=browse)


@pytest.mark.parametrize("forged", [False, True], ids=["alone", "after a forged callback"])
def test_a_whole_login(started: Server, forged: bool) -> None:
    status, lines, complaints = login(started, forged=forged)
    expected_status, expected, complaint = LOGINS[started.name]
    assert (status, [next((said for said in WHOLE if line.startswith(said)), line) for line in lines]) == (
        expected_status,
        expected,
    )
    assert complaints.startswith(("ignored: state_mismatch\n" if forged else "") + complaint)


def test_a_denied_consent(started: Server) -> None:
    if started.name == "glewlwyd":
        return  # Its page does not let the user refuse.
    status, lines, complaints = login(started, agrees=False)
    assert (status, lines) == (1, [])
    assert complaints.startswith("authorization_error: ")
    assert complaints.endswith(". Next: ask_user\n")
