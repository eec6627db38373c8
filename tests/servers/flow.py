"""What the tests do with every server: a client for it, a login, a user who signs in."""

from collections.abc import Callable

import browser
import proofkey
from servers import SETTINGS, Server

USER, PASSWORD = SETTINGS["user"], SETTINGS["password"]


def provider_of(server: Server) -> proofkey.Provider:
    """Without discovery."""
    return proofkey.Provider(
        authorization_endpoint=server.authorization_endpoint,
        token_endpoint=server.token_endpoint,
        issuer=server.issuer,
        iss_promised=server.iss_promised,
    )


def client_of(
    server: Server, client_id: str = "public", *, provider: proofkey.Provider | None = None, secret: str | None = None
) -> proofkey.Client:
    settings = SETTINGS["clients"][client_id]
    if settings["secret"] is None:
        return proofkey.Client(provider or provider_of(server), client_id, redirect_uri=SETTINGS["redirect_uri"])
    return proofkey.Client(
        provider or provider_of(server),
        client_id,
        redirect_uri=SETTINGS["redirect_uri"],
        client_secret=secret or settings["secret"],
        auth_method=settings["auth_method"],
    )


def begin(
    server: Server, client: proofkey.Client, *, state: str | None = None, verifier: proofkey.Verifier | None = None
) -> proofkey.Login:
    return client.begin(scope=server.scope, extra=server.extra, state=state, verifier=verifier)


def sign_in(login: proofkey.Login) -> str:
    return browser.sign_in(login.url, USER, PASSWORD)


def tokens_of(server: Server, client: proofkey.Client) -> proofkey.Tokens:
    login = begin(server, client)
    return client.finish(login, sign_in(login))


def refusal(expected: type[proofkey.Error], call: Callable[[], object]) -> str:
    """The error as a cell; anything but an error of this class, or none at all, is a failure of the test."""
    try:
        call()
    except expected as error:
        return named(error)
    return "accepted"


def named(error: proofkey.Error) -> str:
    said = getattr(error, "error", None)
    return f"`{error.name}`" + (f" {said}" if said else "")


def refused(cell: str) -> bool:
    """By the server, and in its own words."""
    return cell.startswith("`token_error` ")
