"""Keeps the app of flask_login.py and a provider running, and draws the last sign-in as a sequence diagram.

`make demo-serve` runs it. Both listen on loopback until Ctrl-C. Secrets are masked.
"""

import secrets
from urllib.parse import parse_qsl, urlsplit

from diagram import Message, Pairs, page
from flask import Response, g, request, session
from flask_login import app, auth
from werkzeug.serving import WSGIRequestHandler, make_server

from proofkey import testing
from proofkey.flask import LoginRefused

USERS = [
    testing.User("user-1", {"login": "first-user", "name": "First User"}),
    testing.User("user-2", {"login": "second-user", "name": "Second User"}),
]


class Journal:
    """The messages of the last sign-in, as the app and the provider saw them."""

    def __init__(self, server: testing.AuthorizationServer) -> None:
        self._server = server
        self._state = ""
        self._messages: list[Message] = []
        self._seen = 0

    def messages(self) -> list[Message]:
        """Oldest first."""
        self._catch_up()
        return self._messages

    def record(self, response: Response) -> Response:
        """Records the app's response."""
        if request.endpoint == "proofkey.start" and response.location:
            self._begin(response)
        elif request.endpoint == "proofkey.callback" and request.args.get("state") == self._state:
            self._come_back(response)
        return response

    def _begin(self, response: Response) -> None:
        self._state = dict(parse_qsl(urlsplit(response.location).query))["state"]
        cookies = [("Set-Cookie", f"{cookie.partition('=')[0]}=…") for cookie in response.headers.getlist("Set-Cookie")]
        note = "The cookie is sealed: the browser cannot read the verifier in it."
        self._messages = [
            Message("browser", "app", f"{request.method} {request.path}", params()),
            Message("app", "browser", f"{response.status_code} to /authorize", cookies, note),
        ]

    def _come_back(self, response: Response) -> None:
        if self._catch_up():
            title, is_refusal = f"back to {request.path}", "error" in request.args
            self._messages.append(Message("provider", "browser", title, params(), is_refusal=is_refusal))
        self._messages.append(Message("browser", "app", f"{request.method} {request.path}", params()))
        self._exchange()
        refusal: LoginRefused | None = g.get("refusal")
        title = f"{response.status_code} {refusal or f'to {response.location}'}"
        self._messages.append(Message("app", "browser", title, [], is_refusal=refusal is not None))

    def _catch_up(self) -> bool:
        """Adds what the browser has asked the provider since the last call, and returns whether there was anything."""
        count = len(self._messages)
        seen = self._server.seen
        for asked in seen[self._seen :]:
            if asked.path == "/authorize" and dict(asked.params).get("state") == self._state:
                note = "Only the hash of the verifier is sent."
                self._messages.append(Message("browser", "provider", "GET /authorize", asked.params, note))
        self._seen = len(seen)
        return len(self._messages) > count

    def _exchange(self) -> None:
        """Adds what the app asked the provider during this request."""
        for asked in self._server.seen[g.seen_before :]:
            if asked.path == "/token" and dict(asked.params).get("code") == request.args.get("code"):
                note = "Sent directly, once state and iss were checked. The provider hashes the verifier."
                self._messages.append(Message("app", "provider", "POST /token", asked.params, note))
                title = f"{asked.status} {asked.error or 'tokens'}"
                self._messages.append(Message("provider", "app", title, [], is_refusal=asked.error is not None))


class QuietHandler(WSGIRequestHandler):
    """Logs nothing, because the log would contain the codes of callbacks."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def main() -> None:
    with testing.AuthorizationServer(users=USERS, id_token_alg="ES256", consent="page") as server:
        app.config.update(
            SECRET_KEY=secrets.token_hex(),
            PROOFKEY_GITHUB_ISSUER=server.issuer,
            PROOFKEY_GITHUB_CLIENT_ID="demo-app",
            PROOFKEY_GITHUB_SCOPE="openid",
        )
        draw(server)
        http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
        print(f"Open http://localhost:{http.port}/last-login and sign in. Ctrl-C ends it.", flush=True)
        http.serve_forever()


def draw(server: testing.AuthorizationServer) -> None:
    """Adds the diagram to the app."""
    journal = Journal(server)
    app.after_request(journal.record)

    @app.before_request
    def count() -> None:
        g.seen_before = len(server.seen)

    @auth.on_error
    def remember(refusal: LoginRefused) -> None:
        g.refusal = refusal

    @app.get("/last-login")
    def last_login() -> Response:
        response = Response(page(session.get("user"), journal.messages()))
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response


def params() -> Pairs:
    """The query parameters of the current request."""
    return list(request.args.items(multi=True))


if __name__ == "__main__":
    main()
