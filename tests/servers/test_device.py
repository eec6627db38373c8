"""Devices without a browser (RFC 8628), in Python and with `examples/c/device.c`, at the servers that have the grant."""

import browser
import c_program
import proofkey
import pytest
from flow import PASSWORD, USER, client_of, send
from programs import enters
from servers import SETTINGS, Server

SCOPE = f"openid {SETTINGS['scope']}"


def authorized(server: Server, *, pkce: bool = False) -> proofkey.DeviceAuthorization:
    client = client_of(server, provider=proofkey.Provider.discover(server.issuer))
    return client.authorize_device(scope=SCOPE, pkce=pkce)


def decide(device: proofkey.DeviceAuthorization, *, agrees: bool = True) -> None:
    assert device.verification_uri_complete
    browser.decide(device.verification_uri_complete, USER, PASSWORD, agrees=agrees)


def ask(polling: proofkey.DevicePolling) -> None:
    """Asks for the tokens once, without waiting, and for the keys if they are wanted."""
    asked = False
    while polling.request is not None and not (asked and polling.request.method == "POST"):
        asked = polling.request.method == "POST"
        send(polling)


@pytest.mark.parametrize("pkce", [False, True])
def test_the_user_agrees(started: Server, *, pkce: bool) -> None:
    device = authorized(started, pkce=pkce)
    polling = device.begin_polling()
    ask(polling)
    assert polling.request is not None, "the user has not decided yet"
    assert polling.wait_seconds >= device.interval
    decide(device)
    while polling.request is not None:  # Keycloak counts the seconds since it was asked, and may find this too soon.
        ask(polling)
    claims = polling.tokens.claims
    assert claims is not None
    assert claims["iss"] == started.issuer
    assert polling.tokens.scope == SCOPE.split()


def test_the_user_refuses(started: Server) -> None:
    if started.name == "glewlwyd":
        return  # Its page does not let the user refuse.
    device = authorized(started)
    decide(device, agrees=False)
    with pytest.raises(proofkey.TokenError) as raised:
        ask(device.begin_polling())
    assert raised.value.error == "access_denied"


def test_in_c(started: Server) -> None:
    status, output, complaints = c_program.device(started.issuer, "public", enters(started), SCOPE)
    assert (status, output.startswith("signed in as "), complaints) == (0, True, "")
