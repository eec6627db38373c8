"""What the tests do with every server: make a client, begin a login, let the user sign in."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

import browser
import proofkey
from servers import SETTINGS, Server

Algorithm = Literal["RS256", "ES256", "EdDSA"]

USER, PASSWORD = SETTINGS["user"], SETTINGS["password"]


def provider_of(server: Server, *, jwks_uri: str | None = None) -> proofkey.Provider:
    """The server's settings, without discovery."""
    return proofkey.Provider(
        authorization_endpoint=server.authorization_endpoint,
        token_endpoint=server.token_endpoint,
        issuer=server.issuer,
        iss_parameter_supported=server.iss_parameter_supported,
        jwks_uri=jwks_uri,
    )


def client_of(
    server: Server,
    client_id: str = "public",
    *,
    provider: proofkey.Provider | None = None,
    secret: str | None = None,
    id_token_algorithms: Algorithm | None = None,
) -> proofkey.Client:
    settings = SETTINGS["clients"][client_id]
    return proofkey.Client(
        provider or provider_of(server),
        client_id,
        redirect_uri=SETTINGS["redirect_uri"],
        client_secret=secret or settings["secret"],
        auth_method=settings["auth_method"] if settings["secret"] else None,
        id_token_algorithms=id_token_algorithms,
    )


def begin(
    server: Server, client: proofkey.Client, *, state: str | None = None, verifier: proofkey.Verifier | None = None
) -> proofkey.Login:
    return client.begin(scope=server.scope, extra=server.extra, state=state, verifier=verifier)


def sign_in(login: proofkey.Login, user: str = USER) -> str:
    return browser.sign_in(login.url, user, PASSWORD)


def tokens_of(server: Server, client: proofkey.Client) -> proofkey.Tokens:
    login = begin(server, client)
    return client.finish(login, sign_in(login))


def refusal(expected: type[proofkey.Error], call: Callable[[], object]) -> str:
    """The error that the call raises, as text for a cell, or "accepted". An error of another class fails the test."""
    try:
        call()
    except expected as error:
        return named(error)
    return "accepted"


def named(error: proofkey.Error) -> str:
    oauth_error = getattr(error, "error", None)
    return f"`{error.name}`" + (f" {oauth_error}" if oauth_error else "")


def refused(cell: str) -> bool:
    """Whether the server refused, with an OAuth error of its own."""
    return cell.startswith("`token_error` ")


def changed_form(form: str, values: dict[str, str | None]) -> str:
    """The form with other values. `None` removes a parameter."""
    changed = {**dict(parse_qsl(form, strict_parsing=True)), **values}
    return urlencode({name: value for name, value in changed.items() if value is not None})


def send(exchange: proofkey.Exchange | proofkey.Refresh | proofkey.DevicePolling, **changes: str | None) -> dict[str, object]:
    """Sends the request of an exchange with other parameters, and passes the response to the exchange. Returns the
    members of the response."""
    request = exchange.request
    assert request
    body = changed_form(request.body.decode(), changes)
    url = urlsplit(request.url)
    connection = HTTPConnection(url.netloc, timeout=browser.TIMEOUT)
    connection.request(request.method, url.path, body, request.headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    exchange.receive(response.status, response.headers, content)
    members: dict[str, object] = json.loads(content)
    return members
