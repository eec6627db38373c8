"""The app that the browser visits, in a thread of its own, and a record of the visits."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from flask import Flask, Response, redirect, request, session
from markupsafe import escape
from proofkey import testing
from proofkey.flask import ProofKey, SignedIn
from serving import serving
from werkzeug.wrappers import Response as Redirect


class Visit(NamedTuple):
    """A request to the app, and the status of the response."""

    method: str
    path: str
    purpose: str
    has_login_cookie: bool
    status: int


class Website:
    """An app with four providers: "plain"; "posted", with a form post; "shown", whose callback responds with a page and
    does not redirect; and "unset", without a client id."""

    def __init__(self, server: testing.AuthorizationServer, config: dict[str, object]) -> None:
        self._visits: queue.SimpleQueue[Visit] = queue.SimpleQueue()
        self._app = _app(server, config)
        self._app.after_request(self._record)
        self._port = 0

    def url(self, path: str, *, host: str = "localhost") -> str:
        return f"http://{host}:{self._port}{path}"

    @contextmanager
    def running(self) -> Iterator["Website"]:
        with serving(self._app) as self._port:
            yield self

    def next_visit(self, path: str) -> Visit:
        """Waits until the app has responded to the next request for this path."""
        while True:
            visit = self._visits.get(timeout=30)
            if visit.path == path:
                return visit

    def _record(self, response: Response) -> Response:
        has_login_cookie = any(name.startswith("proofkey-") for name in request.cookies)
        purpose = request.headers.get("Sec-Purpose", "")
        self._visits.put(Visit(request.method, request.path, purpose, has_login_cookie, response.status_code))
        return response


def _app(server: testing.AuthorizationServer, config: dict[str, object]) -> Flask:
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET_KEY, **config)
    app.logger.disabled = True
    known = {"issuer": server.issuer, "client_id": "holiday-photos", "scope": "photos.read photos.share"}
    auth = ProofKey(
        app, plain=known, posted={**known, "response_mode": "form_post"}, shown=known, unset={"issuer": server.issuer}
    )

    @auth.on_login("plain")
    @auth.on_login("posted")
    @auth.on_login("unset")
    def signed_in(user: SignedIn) -> Redirect:
        session["user"] = user.connect_to or "somebody"
        return redirect(user.next)

    @auth.on_login("shown")
    def shown(_user: SignedIn) -> str:
        session["user"] = "somebody"
        return _PAGE.format("Signed in, and shown at the callback")

    @auth.user_loader
    def current_user() -> str | None:
        return session.get("user")

    @app.get("/")
    @app.get("/tabs/<int:_tab>")
    def home(_tab: int = 0) -> str:
        return _PAGE.format(f"Signed in as {escape(session['user'])}" if "user" in session else "Not signed in")

    @app.get("/become/<name>")
    def become(name: str) -> Redirect:
        session["user"] = name
        return redirect("/")

    @app.get("/connect")
    def connect() -> str:
        return _PAGE.format('<form method="post" action="/auth/plain"><button name="connect">Connect</button></form>')

    @app.get("/prefetch/<how>")
    def prefetch(how: str) -> str:
        return _PAGE.format(_PREFETCH[how] + '<a href="/auth/plain">Sign in</a>')

    return app


SECRET_KEY = "only for the tests with a browser"
_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>The app</title><main>{}</main></html>'
_PREFETCH = {
    "link": '<link rel="prefetch" href="/auth/plain">',
    "rule": (
        '<script type="speculationrules">'
        '{"prefetch": [{"source": "list", "urls": ["/auth/plain"], "eagerness": "immediate"}]}</script>'
    ),
    "prerender": (
        '<script type="speculationrules">'
        '{"prerender": [{"source": "list", "urls": ["/auth/plain"], "eagerness": "immediate"}]}</script>'
    ),
}
"""Ways to make the browser load a page before the user follows the link."""
