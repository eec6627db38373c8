"""Small Flask apps that sign in with the test server, and what their browsers see."""

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
    """An app with one provider, "idp". `signed_in` has everything that its handler gets."""

    def __init__(
        self,
        server: testing.AuthorizationServer,
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

    def _signed_in(self, user: SignedIn) -> flask.typing.ResponseReturnValue:
        self.signed_in.append(user)
        flask.session["user"] = "user-1"
        return flask.redirect(user.next)

    def browser(self) -> FlaskClient:
        """A browser without cookies."""
        return self.app.test_client()

    def begin(self, browser: FlaskClient, path: str = "/auth/idp", **request: Any) -> str:
        """Begins a login; the URL that the app sends the browser to."""
        page = browser.get(path, base_url=self.base, **request)
        assert page.status_code == 302, page.text
        return page.location

    def callback_url(self, browser: FlaskClient) -> str:
        """Begins a login and signs in; the URL that the browser is sent back to."""
        return self.server.sign_in(self.begin(browser))

    @property
    def codes_sent(self) -> int:
        """How many token requests the test server has received."""
        return sum(seen.path == "/token" for seen in self.server.seen)


def cause(page: TestResponse) -> tuple[str, int]:
    """The cause on an error page, and its status, which must be that of the cause."""
    found = re.search(r"<small>([a-z_]+)( · [a-z_]+)?</small>", page.text)
    assert found is not None, f"{page.status} is not an error page: {page.text}"
    assert page.status_code == CAUSES[found[1]].status
    return found[1], page.status_code


def is_signed_in(page: TestResponse) -> bool:
    return page.status_code == 302 and page.location == "/"


def cookies(browser: FlaskClient) -> dict[str, str]:
    """The cookies of the extension, by name."""
    kept = browser._cookies or {}
    return {cookie.decoded_key: cookie.decoded_value for cookie in kept.values() if "proofkey-" in cookie.decoded_key}


def cookie_bytes(browser: FlaskClient) -> int:
    """The size of these cookies in the header, with "=" and "; "."""
    return sum(len(name) + len(value) + 3 for name, value in cookies(browser).items())


@contextmanager
def clock(seconds: int) -> Iterator[None]:
    """Sets the extension's clock ahead by so many seconds. The clock of the native module, which opens sealed logins,
    stays right: with a negative number, a login that begins here began in the past."""
    off = SimpleNamespace(time=lambda: time.time() + seconds)
    with mock.patch("proofkey.flask._flow.time", off):
        yield


class Gate:
    """A token endpoint that refuses connections until it is opened. Then it passes one on to the test server's."""

    def __init__(self, server: testing.AuthorizationServer) -> None:
        self._to = ("127.0.0.1", int(server.issuer.rpartition(":")[2]))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.token_endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}/token"

    def open(self) -> None:
        self._socket.listen()
        threading.Thread(target=self._pass_on, daemon=True).start()

    def _pass_on(self) -> None:
        with self._socket, self._socket.accept()[0] as client, socket.create_connection(self._to) as server:
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client)


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copies everything from one socket to the other, until the first one ends."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # One side has closed the connection.
