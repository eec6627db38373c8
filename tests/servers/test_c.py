"""The complete login in C, `examples/c/login.c`, with the servers that have metadata and OpenID Connect."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import browser
import c_program
import pytest
from flow import PASSWORD, USER
from servers import SERVERS, SETTINGS, Server

OTHER_USER = SETTINGS["other_user"]
PORT = urlsplit(SETTINGS["redirect_uri"]).port or 0

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


def login(server: Server, *, agrees: bool = True, forged: bool = False) -> tuple[int, str, str]:
    def browse(url: str) -> list[str]:
        # A server may remember who agreed.
        callback = browser.sign_in(url, USER, PASSWORD) if agrees else browser.deny(url, OTHER_USER, PASSWORD)
        return [f"{SETTINGS['redirect_uri']}?code=stolen&state=forged", callback] if forged else [callback]

    extra = (f"{name}={value}" for name, value in server.extra.items())
    return c_program.login(server.issuer, "public", PORT, browse, f"openid {server.scope}", *extra)


def test_a_whole_login(started: Server) -> None:
    status, output, complaints = login(started)
    expected_status, expected, complaint = LOGINS[started.name]
    printed = [next((said for said in WHOLE if line.startswith(said)), line) for line in output.splitlines()]
    assert (status, printed) == (expected_status, expected)
    assert complaints.startswith(complaint)


def test_a_forged_callback_comes_first(started: Server) -> None:
    status, output, complaints = login(started, forged=True)
    assert (status, output.split(" as ")[0]) == (LOGINS[started.name][0], "signed in")
    assert complaints.startswith("ignored or refused: state_mismatch\n")


def test_a_denied_consent(started: Server) -> None:
    if started.name == "glewlwyd":
        return  # Its page does not let the user refuse.
    status, output, complaints = login(started, agrees=False)
    assert (status, output) == (1, "")
    assert complaints.endswith(": access_denied (End-User aborted interaction). Next: ask_user\n")
