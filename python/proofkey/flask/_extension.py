"""The Flask extension: the part that an app uses."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Flask, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from proofkey.flask import _cli, _config, _pages
from proofkey.flask._app import App
from proofkey.flask._causes import LoginRefused
from proofkey.flask._config import ProviderConfig
from proofkey.flask._flow import Flow, SignedIn

_Handler = Callable[[SignedIn], ResponseReturnValue]
_ErrorHandler = Callable[[LoginRefused], ResponseReturnValue | None]
_UserLoader = Callable[[], str | int | None]
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
        for name, keywords in providers.items():
            _config.check(name, keywords)
        self._prefix, self._providers = url_prefix.rstrip("/"), providers
        self._handlers: dict[str, _Handler] = {}
        self._on_error: _ErrorHandler | None = None
        self._load_user: _UserLoader | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Adds the routes and the command `flask proofkey doctor` to an app. The app's configuration is read at its
        first login."""
        app.extensions["proofkey"] = App(app, self._prefix, self._config, self._names)
        routes = Blueprint("proofkey", __name__, url_prefix=self._prefix or None)
        routes.add_url_rule("/<name>", "start", self._start, methods=["GET", "POST"])
        routes.add_url_rule("/<name>/callback", "callback", self._callback, methods=["GET", "POST"])
        routes.cli.add_command(_cli.doctor(self._names))
        app.register_blueprint(routes)
        app.register_error_handler(LoginRefused, self._refuse)

    def on_login(self, name: str) -> Callable[[_HandlerT], _HandlerT]:
        """Registers the function that runs after a user has signed in with this provider, and enables the provider's
        two routes. The function takes a `SignedIn` and returns a response."""

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
        """Registers the function that returns the id of the user who is signed in to the app, or `None`. It is needed
        to connect accounts."""
        self._load_user = loader
        return loader

    def __getitem__(self, name: str) -> Flow:
        """One provider of the current app, for routes of your own."""
        return Flow(self._app, name, self._load_user)

    @property
    def _app(self) -> App:
        found: App | None = current_app.extensions.get("proofkey")
        if found is None:
            raise RuntimeError("ProofKey is not set up for this app: call auth.init_app(app)")
        return found

    def _config(self, app: Flask, name: str) -> ProviderConfig:
        return ProviderConfig.of(app, name, self._providers.get(name, {}))

    def _names(self) -> list[str]:
        return sorted({*self._providers, *self._handlers})

    def _start(self, name: str) -> ResponseReturnValue:
        if name not in self._handlers:
            abort(404)
        return self[name].begin(next=request.values.get("next"), connect="connect" in request.values)

    def _callback(self, name: str) -> ResponseReturnValue:
        if name not in self._handlers:
            abort(404)
        return self._handlers[name](self[name].finish())

    def _refuse(self, refusal: LoginRefused) -> ResponseReturnValue:
        """Turns a `LoginRefused` that no route has caught into a response."""
        if refusal.cause == "prefetch":
            return _pages.refused(refusal, None)
        level = "warning" if refusal.status == 400 else "error"
        getattr(current_app.logger, level)("proofkey: login with %s failed: %s", refusal.provider, refusal)
        shown = self._on_error(refusal) if self._on_error else None
        return _pages.refused(refusal, self._retry(refusal)) if shown is None else shown

    def _retry(self, refusal: LoginRefused) -> str | None:
        """The link to try again. `None` where a link cannot begin the login: that takes a form of the app."""
        if refusal.provider not in self._handlers or refusal.cause in ("post_required", "user_changed"):
            return None
        return url_for("proofkey.start", name=refusal.provider, next=refusal.next)
