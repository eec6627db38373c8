"""What the complete logins of `examples` do at the servers that have metadata and OpenID Connect, in every language."""

from collections.abc import Callable

import browser
from flow import PASSWORD, USER
from servers import SETTINGS, Server

WHOLE = ["signed in", "userinfo", "refreshed", "revoked"]
LOGINS = {
    "oidc-provider": (0, WHOLE, ""),
    # Its revocation endpoint accepts confidential clients only: 401 with an empty body.
    "glewlwyd": (1, WHOLE[:-1], "response_status: "),
    "keycloak": (0, WHOLE, ""),
}
"""Exit status, what the program prints, and its complaint."""

DENIED = {"oidc-provider": "access_denied (End-User aborted interaction)", "keycloak": "access_denied"}
"""What the server says if the user refuses. The page of Glewlwyd does not let them."""


def callbacks(url: str, *, agrees: bool, forged: bool) -> list[str]:
    """The callback URLs that a program gets, once the user has decided."""
    # A server may remember who agreed.
    decided = browser.sign_in(url, USER, PASSWORD) if agrees else browser.deny(url, SETTINGS["other_user"], PASSWORD)
    return [f"{SETTINGS['redirect_uri']}?code=stolen&state=forged", decided] if forged else [decided]


def scope_and_extra(server: Server) -> list[str]:
    """The last arguments of a program."""
    return [f"openid {server.scope}", *(f"{name}={value}" for name, value in server.extra.items())]


def steps(lines: list[str]) -> list[str]:
    """What a program printed, without what differs from login to login."""
    return [next((said for said in WHOLE if line.startswith(said)), line) for line in lines]


def enters(server: Server) -> Callable[[str, str], None]:
    """What a user does who is shown a URI and a code."""
    parameter = {"oidc-provider": "user_code", "glewlwyd": "code", "keycloak": "user_code"}[server.name]
    return lambda uri, code: browser.decide(f"{uri}?{parameter}={code}", USER, PASSWORD)
