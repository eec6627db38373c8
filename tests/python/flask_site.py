"""Small Flask apps that sign in with the test provider, and what the browsers in front of them see."""

import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import flask
from flask.testing import FlaskClient
from proofkey import testing
from proofkey.flask import CAUSES, ProofKey, SignedIn
from werkzeug.test import TestResponse

SECRET = "the secret of this app, 32 random bytes"
CALLBACK = "/auth/idp/callback"


class Site:
    """An app with one provider, "idp". What its handler gets is in `signed_in`."""

    def __init__(
        self,
        server: testing.Provider,
        *,
        config: Mapping[str, object] | None = None,
        base: str = "http://localhost",
        url_prefix: str = "/auth",
        **settings: Any,
    ) -> None:
        self.server, self.base = server, base
        self.app = flask.Flask("site")
        self.app.config.update({"SECRET_KEY": SECRET, **(config or {})})
        provider = {} if "issuer" in settings else {"provider": server.provider}
        self.auth = ProofKey(self.app, url_prefix=url_prefix, idp={"client_id": "my-app", **provider, **settings})
        self.signed_in: list[SignedIn] = []
        self.auth.on_login("idp")(self._signed_in)
        self.app.add_url_rule("/", "home", lambda: "home")

    def _signed_in(self, login: SignedIn) -> flask.typing.ResponseReturnValue:
        self.signed_in.append(login)
        flask.session["user"] = "user-1"
        return flask.redirect(login.next)

    def browser(self) -> FlaskClient:
        """One without cookies."""
        return self.app.test_client()

    def begin(self, browser: FlaskClient, path: str = "/auth/idp", **request: Any) -> str:
        """Where the app sends the browser to sign in."""
        page = browser.get(path, base_url=self.base, **request)
        assert page.status_code == 302, page.text
        return page.location

    def callback_url(self, browser: FlaskClient) -> str:
        """Begins and signs in there: the URL that the browser is sent back to."""
        return self.server.sign_in(self.begin(browser))

    @property
    def codes_sent(self) -> int:
        """How many token requests the provider got."""
        return sum(seen.path == "/token" for seen in self.server.seen)


def cause(page: TestResponse) -> tuple[str, int]:
    """What a refusal page says, and its status, which has to be that of the cause."""
    found = re.search(r"<small>([a-z_]+)( · [a-z_]+)?</small>", page.text)
    assert found is not None, f"{page.status} is no refusal: {page.text}"
    assert page.status_code == CAUSES[found[1]].status
    return found[1], page.status_code


def is_signed_in(page: TestResponse) -> bool:
    return page.status_code == 302 and page.location == "/"


def cookies(browser: FlaskClient) -> dict[str, str]:
    """Of the extension, by name."""
    kept = browser._cookies or {}
    return {cookie.decoded_key: cookie.decoded_value for cookie in kept.values() if "proofkey-" in cookie.decoded_key}


def cookie_bytes(browser: FlaskClient) -> int:
    """As they stand in the header, with "=" and "; "."""
    return sum(len(name) + len(value) + 3 for name, value in cookies(browser).items())


@contextmanager
def clock(seconds: int) -> Iterator[None]:
    """The extension's clock is off by so many seconds. That of the native module, which opens a login, is not: what
    begins inside began in the past, and is finished now."""
    off = SimpleNamespace(time=lambda: time.time() + seconds)
    with mock.patch("proofkey.flask._flow.time", off):
        yield


class Gate:
    """A token endpoint that refuses connections until it is opened; then one gets through to the provider's."""

    def __init__(self, server: testing.Provider) -> None:
        self._to = ("127.0.0.1", int(server.issuer.rpartition(":")[2]))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.token_endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}/token"

    def open(self) -> None:
        self._socket.listen()
        threading.Thread(target=self._lead, daemon=True).start()

    def _lead(self) -> None:
        with self._socket, self._socket.accept()[0] as client, socket.create_connection(self._to) as provider:
            there = threading.Thread(target=pump, args=(client, provider), daemon=True)
            there.start()
            pump(provider, client)


def pump(source: socket.socket, target: socket.socket) -> None:
    """Passes on what comes, until nothing more does."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # The other side has left.
