"""A small app with one provider, "idp", for each framework, and what its browser sees. `SITES` has all three.

Flask and Django are WSGI; a2wsgi makes Starlette so. So one test client, Werkzeug's, is the browser of all of them.
"""

import json
import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, ClassVar, cast
from unittest import mock

import proofkey
import pytest
from proofkey import testing
from proofkey.web import CAUSES, LoginRefused, SignedIn, SignIn
from werkzeug.test import Client, TestResponse

SECRET = "the secret of this app, 32 random bytes"
CALLBACK = "/auth/idp/callback"

Loader = Callable[[], Any]
Handler = Callable[[SignedIn], str]
ErrorHandler = Callable[[LoginRefused], tuple[str, int] | None]


class Browser(Client):
    """Werkzeug's test client, which takes the host from a URL that has one."""

    def open(self, *args: Any, **request: Any) -> TestResponse:
        if args and isinstance(args[0], str) and "://" in args[0].partition("?")[0]:
            request.setdefault("base_url", "/".join(args[0].split("/")[:3]))
        return super().open(*args, **request)


class Site(ABC):
    """An app that signs users in. `signed_in` has everything that its handler gets.

    Its routes are those of the adapter; `/`, which says "home"; `/own`, which begins a login with `options`;
    `/session`, which shows and changes the app's session; `/logout`, which signs out; `/mine`, which catches the refusal
    of a login; and `/files`, which calls the provider's API for "user-1".
    """

    framework: str
    logger: str
    """The logger that the adapter writes to."""

    auth: Any
    """The adapter."""
    core: SignIn
    """What the adapter translates for."""

    def __init__(
        self,
        server: testing.AuthorizationServer,
        *,
        config: Mapping[str, object] | None = None,
        base: str = "http://localhost",
        url_prefix: str = "/auth",
        others: Mapping[str, Mapping[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        self.server, self.base = server, base
        self.others: dict[str, Any] = {**(others or {})}
        """Further providers and their settings. Their handler returns the provider's name."""
        self.options: dict[str, Any] = {}
        self.signed_in: list[SignedIn] = []
        self.handler: Handler | None = None
        """Replaces the handler, which signs in and redirects. It returns the text of the page, whose
        headers say that it may be cached."""
        self.on_error: ErrorHandler | None = None
        self.user: Loader | None = None
        """Who is signed in to the app."""
        provider = {} if "issuer" in settings else {"provider": server.provider}
        self.wsgi = self.make(
            {"SECRET_KEY": SECRET, **(config or {})}, url_prefix, {"client_id": "my-app", **provider, **settings}
        )

    @abstractmethod
    def make(self, config: dict[str, Any], url_prefix: str, idp: dict[str, Any]) -> Any:
        """Makes the app, as WSGI."""

    @abstractmethod
    def client(self) -> proofkey.Client:
        """The client of the provider, for a request to `base`."""

    def browser(self) -> Client:
        """A browser without cookies."""
        return Browser(self.wsgi, TestResponse)

    def get(self, path: str, cookie: str) -> TestResponse:
        """The page for exactly this `Cookie` header."""
        browser = Client(self.wsgi, TestResponse, use_cookies=False)
        return browser.get(path, base_url=self.base, headers={"Cookie": cookie})

    def begin(self, browser: Client, path: str = "/auth/idp", **request: Any) -> str:
        """Begins a login; the URL that the app sends the browser to."""
        page = browser.get(path, base_url=self.base, **request)
        assert page.status_code == 302, page.text
        return page.location or ""

    def sign_in(self, browser: Client, path: str = "/auth/idp") -> TestResponse:
        """Signs in; the page where the browser ends."""
        page: TestResponse = testing.sign_in(cast(Any, browser), path)
        return page

    def callback_url(self, browser: Client) -> str:
        """Begins a login and signs in; the URL that the browser is sent back to."""
        return self.server.sign_in(self.begin(browser))

    def session(self, browser: Client, **changes: str) -> dict[str, Any]:
        """The app's session of a browser, after these changes."""
        page = browser.get("/session", base_url=self.base, query_string=changes)
        found: dict[str, Any] = json.loads(page.text)
        return found

    def logged(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        """What the app has logged."""
        return [record.getMessage() for record in caplog.records if record.name == self.logger]

    @property
    def codes_sent(self) -> int:
        """How many token requests the test server has received."""
        return sum(seen.path == "/token" for seen in self.server.seen)

    @property
    def tokens(self) -> proofkey.Tokens | None:
        """The tokens of the last login, which `/logout` revokes."""
        return self.signed_in[-1].tokens if self.signed_in else None


class FlaskSite(Site):
    framework = "flask"
    logger = "site"

    def make(self, config: dict[str, Any], url_prefix: str, idp: dict[str, Any]) -> Any:
        import flask
        from proofkey.flask import ProofKey

        app = self.app = flask.Flask("site")
        app.config.update(config)
        auth = self.auth = ProofKey(app, url_prefix=url_prefix, idp=idp, **self.others)
        self.core = app.extensions["proofkey"]
        for name in self.others:
            auth.on_login(name)(lambda user: user.provider)
        auth.user_loader(lambda: self.user() if self.user else None)
        auth.on_error(lambda refusal: self.on_error(refusal) if self.on_error else None)

        @auth.on_login("idp")
        def signed_in(user: SignedIn) -> Any:
            self.signed_in.append(user)
            if self.handler:
                return self.handler(user), {"Cache-Control": "public"}
            flask.session["user"] = "user-1"
            return flask.redirect(user.next)

        @app.get("/session")
        def session() -> Any:
            flask.session.update(flask.request.args)
            return json.dumps(dict(flask.session))

        @app.get("/mine")
        def mine() -> Any:
            try:
                return auth["idp"].begin(connect=True)
            except LoginRefused as refusal:
                return refusal.cause, 418

        @app.get("/files")
        def files() -> Any:
            with auth["idp"].api("user-1") as api:
                return api.get("/files").text

        app.add_url_rule("/", "home", lambda: "home")
        app.add_url_rule("/own", "own", lambda: auth["idp"].begin(**self.options))
        app.add_url_rule("/logout", "logout", lambda: auth["idp"].logout(self.tokens, **self.options))
        return app

    def client(self) -> proofkey.Client:
        with self.app.test_request_context(base_url=self.base):
            client: proofkey.Client = self.auth["idp"].client
            return client


class StarletteSite(Site):
    framework = "starlette"
    logger = "proofkey.starlette"

    def make(self, config: dict[str, Any], url_prefix: str, idp: dict[str, Any]) -> Any:
        from a2wsgi import ASGIMiddleware
        from proofkey.starlette import ProofKey
        from starlette.applications import Starlette
        from starlette.middleware.sessions import SessionMiddleware
        from starlette.requests import Request
        from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

        app = Starlette()
        app.add_middleware(SessionMiddleware, secret_key=SECRET)
        secrets = [config.pop("SECRET_KEY") or b"", *config.pop("SECRET_KEY_FALLBACKS", ())]
        auth = self.auth = ProofKey(
            app, secret_key=secrets, config=config, url_prefix=url_prefix, idp=idp, **self.others
        )
        self.core = auth._sign_in
        for name in self.others:
            auth.on_login(name)(lambda request, user: PlainTextResponse(user.provider))
        auth.user_loader(lambda request: self.user() if self.user else None)

        @auth.on_error
        async def refused(request: Request, refusal: LoginRefused) -> Response | None:
            shown = self.on_error(refusal) if self.on_error else None
            return shown and PlainTextResponse(*shown)

        @auth.on_login("idp")
        def signed_in(request: Request, user: SignedIn) -> Response:
            self.signed_in.append(user)
            if self.handler:
                return PlainTextResponse(self.handler(user), headers={"Cache-Control": "public"})
            request.session["user"] = "user-1"
            return RedirectResponse(user.next, status_code=302)

        async def session(request: Request) -> Response:
            request.session.update(request.query_params)
            return JSONResponse(dict(request.session))

        async def mine(request: Request) -> Response:
            try:
                return await auth["idp"].begin(request, connect=True)
            except LoginRefused as refusal:
                return PlainTextResponse(refusal.cause, 418)

        async def files(request: Request) -> Response:
            async with await auth["idp"].api("user-1", request) as api:
                return PlainTextResponse((await api.get("/files")).text)

        async def own(request: Request) -> Response:
            return await auth["idp"].begin(request, **self.options)

        async def logout(request: Request) -> Response:
            return await auth["idp"].logout(request, self.tokens, **self.options)

        app.add_route("/", lambda request: PlainTextResponse("home"))
        for path, route in {"/session": session, "/mine": mine, "/files": files, "/own": own, "/logout": logout}.items():
            app.add_route(path, route)
        return ASGIMiddleware(cast(Any, app))

    def client(self) -> proofkey.Client:
        return _client(self.core, self.base)


class DjangoSite(Site):
    framework = "django"
    logger = "proofkey.django"

    def make(self, config: dict[str, Any], url_prefix: str, idp: dict[str, Any]) -> Any:
        from django.core.handlers.wsgi import WSGIHandler
        from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
        from django.test import override_settings
        from django.urls import path
        from proofkey.django import ProofKey

        trusted = config.pop("TRUSTED_HOSTS", None)
        # Django has one set of settings for a process, and a test several sites.
        with mock.patch("proofkey.django._Settings", lambda: config):
            auth = self.auth = ProofKey(url_prefix=url_prefix, idp=idp, **self.others)
        self.core = auth._sign_in
        for name in self.others:
            auth.on_login(name)(lambda request, user: HttpResponse(user.provider))

        @auth.on_error
        def refused(request: HttpRequest, refusal: LoginRefused) -> Any:
            shown = self.on_error(refusal) if self.on_error else None
            return shown and HttpResponse(shown[0], status=shown[1])

        @auth.on_login("idp")
        def signed_in(request: HttpRequest, user: SignedIn) -> Any:
            self.signed_in.append(user)
            if self.handler:
                return HttpResponse(self.handler(user), headers={"Cache-Control": "public"})
            request.session["user"] = "user-1"
            return HttpResponseRedirect(user.next)

        def session(request: HttpRequest) -> Any:
            request.session.update(request.GET.dict())
            return JsonResponse(dict(request.session))

        def mine(request: HttpRequest) -> Any:
            try:
                return auth["idp"].begin(request, connect=True)
            except LoginRefused as refusal:
                return HttpResponse(refusal.cause, status=418)

        def own(request: HttpRequest) -> Any:
            try:
                return auth["idp"].begin(request, **self.options)
            except LoginRefused as refusal:
                return auth.refuse(request, refusal)

        def files(request: HttpRequest) -> Any:
            try:
                with auth["idp"].api(request.user, request) as api:
                    return HttpResponse(api.get("/files").text)
            except LoginRefused as refusal:
                return auth.refuse(request, refusal)

        class Routes:
            urlpatterns: ClassVar = [
                *auth.urls,
                path("files", files),
                path("", lambda request: HttpResponse("home")),
                path("session", session),
                path("mine", mine),
                path("own", own),
                path("logout", lambda request: auth["idp"].logout(request, self.tokens, **self.options)),
            ]

        self.urlconf = Routes
        handler = WSGIHandler()

        def wsgi(environ: dict[str, Any], start_response: Any) -> Any:
            environ["proofkey.site"] = self
            if trusted is None:
                return handler(environ, start_response)
            with override_settings(ALLOWED_HOSTS=trusted):
                return handler(environ, start_response)

        return wsgi

    def client(self) -> proofkey.Client:
        return _client(self.core, self.base)


SITES: tuple[type[Site], ...] = (FlaskSite, StarletteSite, DjangoSite)
TRUSTING: tuple[type[Site], ...] = (FlaskSite, DjangoSite)
"""Those whose framework can compare the `Host` header with the app's own names: `TRUSTED_HOSTS` in `config`."""

Make = Callable[..., Site]
"""Takes the settings of a site, and makes it for one framework: the fixture `make`."""


def for_this_site(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Django's middleware that finds the routes and the user of a `DjangoSite`."""

    def middleware(request: Any) -> Any:
        site: DjangoSite = request.META["proofkey.site"]
        request.urlconf = site.urlconf
        pk = site.user() if site.user else None
        request.user = SimpleNamespace(pk=pk, is_authenticated=pk is not None)
        return get_response(request)

    return middleware


def _client(sign_in: Any, base: str) -> proofkey.Client:
    from proofkey.web import Request

    scheme, _, host = base.partition("://")
    client: proofkey.Client = sign_in.client(Request("GET", scheme, host), "idp")
    return client


def cause(page: TestResponse) -> tuple[str, int]:
    """The cause on an error page, and its status, which must be that of the cause."""
    found = re.search(r"<small>([a-z_]+)( · [a-z_]+)?</small>", page.text)
    assert found is not None, f"{page.status} is not an error page: {page.text}"
    assert page.status_code == CAUSES[found[1]].status
    return found[1], page.status_code


def is_signed_in(page: TestResponse) -> bool:
    return page.status_code == 302 and page.location == "/"


def cookies(browser: Client) -> dict[str, str]:
    """The cookies of pending logins, by name."""
    return {name: value for name, value in all_cookies(browser).items() if not name.endswith("-finished")}


def all_cookies(browser: Client) -> dict[str, str]:
    """The cookies of this library, by name."""
    kept = browser._cookies or {}
    return {cookie.decoded_key: cookie.decoded_value for cookie in kept.values() if "proofkey-" in cookie.decoded_key}


def cookie_bytes(browser: Client) -> int:
    """The size of these cookies in the header, with "=" and "; "."""
    return sum(len(name) + len(value) + 3 for name, value in all_cookies(browser).items())


@contextmanager
def clock(seconds: int) -> Iterator[None]:
    """Sets the clock of `proofkey.web` ahead by so many seconds. That of the native module, which opens sealed logins,
    stays right: with a negative number, a login that begins here began in the past."""
    off = SimpleNamespace(time=lambda: time.time() + seconds)
    with mock.patch("proofkey.web._flow.time", off):
        yield


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """Sets the clock ahead that says how old the metadata of a provider is, or its failure."""
    off = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
    with mock.patch("proofkey.web._clients.time", off):
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
