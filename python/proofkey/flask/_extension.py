"""The extension: what an app sees of it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Blueprint, Flask, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from proofkey.flask import _cli, _pages, _settings
from proofkey.flask._app import App
from proofkey.flask._causes import LoginRefused
from proofkey.flask._flow import Flow, SignedIn
from proofkey.flask._settings import Setting

_Handler = Callable[[SignedIn], ResponseReturnValue]
_ErrorHandler = Callable[[LoginRefused], ResponseReturnValue | None]
_UserLoader = Callable[[], str | int | None]
_HandlerT = TypeVar("_HandlerT", bound=_Handler)
_ErrorHandlerT = TypeVar("_ErrorHandlerT", bound=_ErrorHandler)
_UserLoaderT = TypeVar("_UserLoaderT", bound=_UserLoader)


class ProofKey:
    """Sign-in with OAuth providers for a Flask app, and the connecting of accounts.

        app = Flask(__name__)
        app.secret_key = os.environ["SECRET_KEY"]
        auth = ProofKey(app, github={"client_id": "…", "client_secret": "…"})

        @auth.on_login("github")
        def signed_in(login):
            session["user"] = login.profile["login"]
            return redirect(login.next)

    `/auth/github` begins a login, `/auth/github?next=/photos` one that returns there, and `/auth/github/callback` is
    the redirect URI to register. A form that posts the field `connect` to `/auth/github` connects an account for the
    user who is signed in (`user_loader`). One object serves several apps: `init_app`. Settings may also come from the
    configuration: `PROOFKEY_GITHUB_CLIENT_ID` and so on. "dropbox", "github", "google" and "microsoft" (with `tenant`)
    are known by name; others need an `issuer`, or their endpoints.

    Pending logins are in sealed cookies of the browser that began them: no store is needed, and any worker can finish
    one. `PROOFKEY_STORE` ("sqlite:///…" or "redis://…") makes a login count once across all workers, not only in each.
    """

    def __init__(self, app: Flask | None = None, *, url_prefix: str = "/auth", **providers: Mapping[str, Any]) -> None:
        for name, keywords in providers.items():
            _settings.check(name, keywords)
        self._prefix, self._providers = url_prefix.rstrip("/"), providers
        self._handlers: dict[str, _Handler] = {}
        self._on_error: _ErrorHandler | None = None
        self._load_user: _UserLoader | None = None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Adds the routes and the command `flask proofkey doctor` to an app. Its settings are read at its first
        login."""
        app.extensions["proofkey"] = App(app, self._prefix, self._setting)
        routes = Blueprint("proofkey", __name__, url_prefix=self._prefix or None)
        routes.add_url_rule("/<name>", "start", self._start, methods=["GET", "POST"])
        routes.add_url_rule("/<name>/callback", "callback", self._callback, methods=["GET", "POST"])
        routes.cli.add_command(_cli.doctor(self._names))
        app.register_blueprint(routes)
        app.register_error_handler(LoginRefused, self._refuse)

    def on_login(self, name: str) -> Callable[[_HandlerT], _HandlerT]:
        """Registers what is done once somebody has signed in with this provider, and adds its two routes."""

        def register(handler: _HandlerT) -> _HandlerT:
            if name in self._handlers:
                raise ValueError(f"{name} has a handler already")
            self._handlers[name] = handler
            return handler

        return register

    def on_error(self, handler: _ErrorHandlerT) -> _ErrorHandlerT:
        """Registers what is shown instead of the built-in page. It gets a `LoginRefused`; if it returns `None`, the
        page is shown. Never begin a new login from here: the browser would go round in circles."""
        self._on_error = handler
        return handler

    def user_loader(self, loader: _UserLoaderT) -> _UserLoaderT:
        """Registers what tells the user who is signed in to the app, as an id, or `None`: for connecting accounts."""
        self._load_user = loader
        return loader

    def __getitem__(self, name: str) -> Flow:
        """One provider of the current app: for routes of your own."""
        return Flow(self._app, name, self._load_user)

    @property
    def _app(self) -> App:
        found: App | None = current_app.extensions.get("proofkey")
        if found is None:
            raise RuntimeError("this app does not know ProofKey: call auth.init_app(app)")
        return found

    def _setting(self, app: Flask, name: str) -> Setting:
        return Setting.of(app, name, self._providers.get(name, {}))

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
        """What a `LoginRefused` becomes that nobody has caught, in whichever route."""
        if refusal.cause == "prefetch":
            return _pages.refused(refusal, None)
        level = "warning" if refusal.status == 400 else "error"
        getattr(current_app.logger, level)("proofkey: the login with %s ended: %s", refusal.provider, refusal)
        shown = self._on_error(refusal) if self._on_error else None
        return _pages.refused(refusal, self._retry(refusal)) if shown is None else shown

    def _retry(self, refusal: LoginRefused) -> str | None:
        """Where to try again: never by a link where it has to be a form, which is the app's own."""
        if refusal.provider not in self._handlers or refusal.cause in ("post_required", "user_changed"):
            return None
        return url_for("proofkey.start", name=refusal.provider, next=refusal.next)
