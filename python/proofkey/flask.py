"""Sign-in with OAuth providers for Flask apps: `pip install proofkey[flask]`. See `ProofKey`."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import click
from flask import Blueprint, Flask, abort, after_this_request, current_app, has_request_context, request, session
from flask.cli import with_appcontext
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

import proofkey
from proofkey import web
from proofkey.web import CAUSES, Cause, Finding, LoginRefused, SignedIn, SignIn
from proofkey.web._doctor import session_cookie
from proofkey.web._http import MAX_FORM, PRIVATE

if TYPE_CHECKING:
    import httpx

__all__ = ["CAUSES", "Cause", "Flow", "LoginRefused", "ProofKey", "SignedIn"]

_Handler = Callable[[SignedIn], Any]
_ErrorHandler = Callable[[LoginRefused], Any]
_UserLoader = Callable[[], Any]
_HandlerT = TypeVar("_HandlerT", bound=_Handler)
_ErrorHandlerT = TypeVar("_ErrorHandlerT", bound=_ErrorHandler)
_UserLoaderT = TypeVar("_UserLoaderT", bound=_UserLoader)


class ProofKey:
    """Lets the users of a Flask app sign in with OAuth providers and connect accounts.

        app = Flask(__name__)
        app.secret_key = os.environ["SECRET_KEY"]
        auth = ProofKey(app, github={"client_id": "…", "client_secret": "…"})

        @auth.on_login("github")
        def signed_in(user):
            session["user"] = user.profile["login"]
            return redirect(user.next)

    `/auth/github` begins a login, and `/auth/github?next=/photos` begins one that ends at `/photos`. Register
    `/auth/github/callback` with the provider as the redirect URI. A form that posts the field `connect` to
    `/auth/github` connects an account to the user who is signed in (see `user_loader`).

    The settings of a provider are keywords, as above, or come from the app's configuration: `PROOFKEY_GITHUB_CLIENT_ID`
    and so on. "dropbox", "github", "google" and "microsoft" (with `tenant`) are known by name; other providers need an
    `issuer` or their endpoints. One object can serve several apps: call `init_app` for each.

    Pending logins live in sealed cookies in the browser that began them. So no server-side store is needed, and any
    worker can finish a login. By default each worker accepts a login once; with `PROOFKEY_REPLAY_STORE` ("sqlite:///…"
    or "redis://…") all workers together accept it once.
    """

    def __init__(self, app: Flask | None = None, *, url_prefix: str = "/auth", **providers: Mapping[str, Any]) -> None:
        SignIn({}, providers)  # Refuses unknown keywords now.
        self._prefix, self._providers = url_prefix.rstrip("/"), providers
        self._handlers: dict[str, _Handler] = {}
        self._on_error: _ErrorHandler | None = None
        self._load_user: _UserLoader | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Adds the routes and the command `flask proofkey doctor` to an app. The app's configuration is read at its
        first login."""
        app.extensions["proofkey"] = SignIn(
            app.config, self._providers, prefix=self._prefix, names=self._names, logger=app.logger
        )
        routes = Blueprint("proofkey", __name__, url_prefix=self._prefix or None)

        # Functions and not methods, so that other extensions can mark them.
        @routes.route("/<name>", methods=["GET", "POST"])
        def start(name: str) -> ResponseReturnValue:
            return self._start(name)

        @routes.route("/<name>/callback", methods=["GET", "POST"])
        def callback(name: str) -> ResponseReturnValue:
            return self._callback(name)

        routes.cli.add_command(_doctor)
        app.register_blueprint(routes)
        app.register_error_handler(LoginRefused, self._refuse)

    def on_login(self, name: str) -> Callable[[_HandlerT], _HandlerT]:
        """Registers the function that runs after a user has signed in with this provider, and enables the provider's
        two routes. The function takes a `SignedIn` and returns a response; it may be async."""

        def register(handler: _HandlerT) -> _HandlerT:
            if name in self._handlers:
                raise ValueError(f"name: {name!r} already has a handler")
            self._handlers[name] = handler
            return handler

        return register

    def on_error(self, handler: _ErrorHandlerT) -> _ErrorHandlerT:
        """Registers the function that replaces the built-in error page. It takes a `LoginRefused` and returns a
        response, or `None` for the built-in page. Do not begin a new login in it: the browser could loop forever."""
        self._on_error = handler
        return handler

    def user_loader(self, loader: _UserLoaderT) -> _UserLoaderT:
        """Registers the function that returns the id of the user who is signed in to the app, a str or an int, or
        `None`. It is needed to connect accounts, and asked once in each request that begins or ends a login; once more
        after the `on_login` function, if there is a token store."""
        self._load_user = loader
        return loader

    def __getitem__(self, name: str) -> "Flow":
        """One provider of the current app, for routes of your own."""
        return Flow(_sign_in(), name, self._user)

    def _names(self) -> list[str]:
        return sorted({*self._providers, *self._handlers})

    def _user(self) -> Any:
        return current_app.ensure_sync(self._load_user)() if self._load_user else None

    def _start(self, name: str) -> ResponseReturnValue:
        if name not in self._handlers:
            abort(404)
        arrived = _request()
        return self[name].begin(next=arrived.value("next"), connect=_sign_in().is_connect(arrived, name))

    def _callback(self, name: str) -> ResponseReturnValue:
        if name not in self._handlers:
            abort(404)
        finished = self[name].finish()
        shown: ResponseReturnValue = current_app.ensure_sync(self._handlers[name])(finished)
        if _sign_in().saves_tokens:
            self[name].save_tokens(finished, self._user())
        return shown

    def _refuse(self, refusal: LoginRefused) -> ResponseReturnValue:
        """Turns a `LoginRefused` that no route has caught into a response."""
        sign_in = _sign_in()
        sign_in.log(refusal)
        shown = None
        if self._on_error is not None and refusal.cause != "prefetch":
            shown = current_app.ensure_sync(self._on_error)(refusal)
        if shown is None:
            shown = _response(sign_in.page(_request(), refusal, has_route=refusal.provider in self._handlers))
        return shown


class Flow:
    """One provider of the current app, for routes of your own: `auth["github"]`. The built-in routes use the same
    `begin` and `finish`."""

    def __init__(self, sign_in: SignIn, name: str, load_user: _UserLoader) -> None:
        self._sign_in, self._name, self._load_user = sign_in, name, load_user

    def begin(self, *, next: str | None = None, connect: bool = False, **options: Any) -> Response:
        """Begins a login: returns a redirect to the provider, with the sealed login in a cookie.

        `next` is where the user goes afterwards: a path of this site; anything else becomes the start page of the app.
        `connect` connects an account to the user who is signed in, which only a form of this site may begin. `scope`
        replaces the configured scope, `extra` adds to the configured parameters, and all other keywords are those of
        `Client.begin`.

        `LoginRefused` if the login cannot begin.
        """
        after_this_request(_adding(PRIVATE))
        user = self._load_user() if connect else None
        return _response(
            self._sign_in.begin(_request(), self._name, next=next, connect=connect, user=user, **options)
        )

    def finish(self) -> SignedIn:
        """Finishes the login whose callback is the current request. `LoginRefused` says why that failed; if nothing
        catches it, the browser gets the error page.
        """
        try:
            finished = self._sign_in.finish(_request(), self._name, user=self._load_user())
        except LoginRefused as refusal:
            after_this_request(_adding(refusal.headers))
            raise
        if isinstance(finished, web.Response):
            abort(_response(finished))
        after_this_request(_adding(finished.headers))
        _renew_session()
        return finished

    def save_tokens(self, user: SignedIn, user_id: object) -> None:
        """Saves the tokens of a login that a route of your own has finished, for the id of your user. The built-in route
        does it after the `on_login` function, for the user that `user_loader` then returns."""
        self._sign_in.save_tokens(_request(), user, user_id)

    def api(self, user_id: object) -> "httpx.Client":
        """A client for the provider's API, with the tokens that were saved for this user:

            with auth["github"].api(session["user"]) as api:
                repositories = api.get("/user/repos").json()

        The tokens go to the setting `api_origins` and nowhere else, and are refreshed as `proofkey.httpx.TokenAuth` does.
        `LoginRefused` "grant_ended", here or from its requests, if the user has to sign in again; if nothing catches it,
        the browser gets the error page with a link to do so. `proofkey.ApiError` if the API wants something else.
        """
        return self._sign_in.api(_request() if has_request_context() else None, self._name, user_id)

    def logout(self, tokens: proofkey.Tokens | None = None, *, return_to: str | None = None) -> Response:
        """Signs the user out: clears the session, revokes the tokens, and sends the browser to the provider's sign-out
        page. Without such a page or an ID token, the browser goes to `return_to`, a path of this site.

        If the provider cannot be reached, the user is signed out here all the same, and the failure is logged.
        """
        session.clear()
        if hasattr(current_app, "login_manager"):
            # Flask-Login keeps a mark in the session until it has removed its remember-me cookie.
            import flask_login

            flask_login.logout_user()
        _renew_session()
        return _response(self._sign_in.logout(_request(), self._name, tokens, return_to=return_to))

    @property
    def client(self) -> proofkey.Client:
        """The client for the redirect URI of the current request, for example to refresh or revoke tokens; outside a
        request, for PROOFKEY_BASE_URL. `LoginRefused` if the provider has to be discovered first and cannot be."""
        return self._sign_in.client(_request() if has_request_context() else None, self._name)

    @property
    def redirect_uri(self) -> str:
        """The redirect URI to register with the provider."""
        return self._sign_in.redirect_uri(_request(), self._name)


def _sign_in() -> SignIn:
    found: SignIn | None = current_app.extensions.get("proofkey")
    if found is None:
        raise RuntimeError("ProofKey is not set up for this app: call auth.init_app(app)")
    return found


def _request() -> web.Request:
    return web.Request(
        method=request.method,
        scheme=request.scheme,
        host=request.host,
        root_path=request.root_path.rstrip("/"),
        query=request.query_string,
        cookie=request.environ.get("HTTP_COOKIE", "").encode("latin-1"),
        headers=request.headers,
        form=_form(),
        trusted_host=bool(current_app.config.get("TRUSTED_HOSTS")),
    )


def _form() -> bytes | None:
    if request.mimetype != "application/x-www-form-urlencoded":
        return None
    request.max_content_length = MAX_FORM
    try:
        # Encoded again from the parsed form: once anything has read the form, the body is empty.
        return urlencode(list(request.form.items(multi=True))).encode()
    except RequestEntityTooLarge:
        return b" " * (MAX_FORM + 1)


def _response(made: web.Response) -> Response:
    return current_app.response_class(made.body, made.status, made.headers)


def _adding(headers: list[tuple[str, str]]) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        for name, value in headers:
            if name != "Set-Cookie":
                response.headers[name] = value
            elif value not in response.headers.getlist(name):
                response.headers.add(name, value)
        return response

    return add


def _renew_session() -> None:
    """Gives a server-side session a new id, so that somebody who knew the old id does not share the sign-in. Flask's
    own session is a cookie and has no id."""
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(session)


@click.command("doctor")
@with_appcontext
def _doctor() -> None:
    """Check how signing in is set up. The exit status is 1 if something has to change."""
    config, failed = current_app.config, False
    found: Iterator[Finding] = _sign_in().doctor()
    session_found = session_cookie(
        config.get("PROOFKEY_BASE_URL"), config["SESSION_COOKIE_NAME"], config["SESSION_COOKIE_SECURE"],
        config["SESSION_COOKIE_SAMESITE"],
    )  # fmt: skip
    for finding in (*found, *session_found):
        click.echo(finding)
        failed |= not finding.is_good
    raise SystemExit(int(failed))
