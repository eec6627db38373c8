"""Sign-in with OAuth providers for Starlette and FastAPI apps: `pip install proofkey[starlette]`. See `ProofKey`."""

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import proofkey
from proofkey import web
from proofkey.web import CAUSES, Cause, Finding, LoginRefused, SignedIn, SignIn
from proofkey.web._http import MAX_FORM

if TYPE_CHECKING:
    import httpx

__all__ = ["CAUSES", "Cause", "Flow", "LoginRefused", "ProofKey", "SignedIn"]

_Handler = Callable[[Request, SignedIn], Any]
_ErrorHandler = Callable[[Request, LoginRefused], Any]
_UserLoader = Callable[[Request], Any]
_HandlerT = TypeVar("_HandlerT", bound=_Handler)
_ErrorHandlerT = TypeVar("_ErrorHandlerT", bound=_ErrorHandler)
_UserLoaderT = TypeVar("_UserLoaderT", bound=_UserLoader)
_T = TypeVar("_T")


class ProofKey:
    """Lets the users of a Starlette or FastAPI app sign in with OAuth providers and connect accounts.

        app = FastAPI()
        app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
        auth = ProofKey(app, secret_key=os.environ["SECRET_KEY"], github={"client_id": "…", "client_secret": "…"})

        @auth.on_login("github")
        async def signed_in(request, user):
            request.session["user"] = user.profile["login"]
            return RedirectResponse(user.next, status_code=303)

    The routes, the settings of a provider and the causes of a refusal are those of `proofkey.flask`. `secret_key` seals
    logins: 32 random bytes or more, the same in all workers; a list has the newest first. `base_url` is the address
    that browsers use, and needed everywhere but on localhost. `replay_store` is the URL of a replay store. `config` is
    where settings such as `PROOFKEY_GITHUB_CLIENT_ID` come from, for example `os.environ`.

    Whatever waits for a provider does so in `threads` threads of its own, so that the rest of the app goes on. The
    functions that the app registers may be async. Before an async `on_login` function runs, the profile is fetched.

    `routes` has the routes of the providers whose `on_login` function is registered, for an app that mounts them
    itself. On localhost, without `base_url`, the address is that of the app or `Mount` whose route is called.
    """

    def __init__(
        self,
        app: Starlette | None = None,
        *,
        secret_key: str | bytes | Sequence[str | bytes],
        base_url: str | None = None,
        replay_store: str | None = None,
        token_store: str | None = None,
        url_prefix: str = "/auth",
        config: Mapping[str, Any] | None = None,
        threads: int = 40,
        **providers: Mapping[str, Any],
    ) -> None:
        newest, *older = [secret_key] if isinstance(secret_key, str | bytes) else secret_key
        of_the_app = {
            "PROOFKEY_BASE_URL": base_url, "PROOFKEY_REPLAY_STORE": replay_store, "PROOFKEY_TOKEN_STORE": token_store,
        }  # fmt: skip
        settings = {**(config or {}), **{key: value for key, value in of_the_app.items() if value}}
        settings |= {"SECRET_KEY": newest, "SECRET_KEY_FALLBACKS": older}
        self._providers, self._threads = providers, threads
        self._handlers: dict[str, _Handler] = {}
        self._on_error: _ErrorHandler | None = None
        self._load_user: _UserLoader | None = None
        self._sign_in = SignIn(
            settings, providers, prefix=url_prefix, names=self._names, logger=logging.getLogger(__name__)
        )
        self._limiter: RunVar[anyio.CapacityLimiter] = RunVar("proofkey")
        self.routes: list[Route] = []
        self._apps: list[Starlette] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Starlette) -> None:
        """Adds the routes to an app, and turns a `LoginRefused` of its own routes into a page."""
        self._apps.append(app)
        app.router.routes[:0] = self.routes  # In front of a `Mount` that takes every path.
        app.add_exception_handler(LoginRefused, self._refuse)  # type: ignore[arg-type]

    def on_login(self, name: str) -> Callable[[_HandlerT], _HandlerT]:
        """Registers the function that runs after a user has signed in with this provider, and adds the provider's two
        routes; `request.url_for("proofkey_github")` is the first one of "github". The function takes the request and a
        `SignedIn`, and returns a response."""

        def register(handler: _HandlerT) -> _HandlerT:
            if name in self._handlers:
                raise ValueError(f"name: {name!r} already has a handler")
            self._handlers[name] = handler
            added = self._routes(name)
            self.routes += added
            for app in self._apps:
                app.router.routes[:0] = added
            return handler

        return register

    def on_error(self, handler: _ErrorHandlerT) -> _ErrorHandlerT:
        """Registers the function that replaces the built-in error page. It takes the request and a `LoginRefused`, and
        returns a response, or `None` for the built-in page. Do not begin a new login in it: the browser could loop
        forever."""
        self._on_error = handler
        return handler

    def user_loader(self, loader: _UserLoaderT) -> _UserLoaderT:
        """Registers the function that takes a request and returns the id of the user who is signed in to the app, a str
        or an int, or `None`. It is needed to connect accounts, and asked once in each request that begins or ends a
        login; once more after the `on_login` function, if there is a token store."""
        self._load_user = loader
        return loader

    def __getitem__(self, name: str) -> "Flow":
        """One provider, for routes of your own."""
        return Flow(self, name)

    def doctor(self) -> list[Finding]:
        """Looks for mistakes in the configuration, as `SignIn.doctor` does. It uses the network."""
        return list(self._sign_in.doctor())

    def _names(self) -> list[str]:
        return sorted({*self._providers, *self._handlers})

    def _routes(self, name: str) -> list[Route]:
        async def start(request: Request) -> Response:
            arrived = await _arrived(request, with_form=True)
            try:
                return await self[name].begin(request, next=arrived.value("next"), connect=self._sign_in.is_connect(arrived, name))
            except LoginRefused as refusal:
                return await self._refuse(request, refusal)

        async def callback(request: Request) -> Response:
            return await self._finish(request, name)

        methods = ["GET", "POST"]
        return [
            Route(f"{self._sign_in.prefix}/{name}", start, methods=methods, name=f"proofkey_{name}"),
            Route(self._sign_in.callback_path(name), callback, methods=methods, name=f"proofkey_{name}_callback"),
        ]

    async def _finish(self, request: Request, name: str) -> Response:
        arrived, user = await _arrived(request, with_form=True), await self._user(request)
        headers: list[tuple[str, str]] = []
        try:
            finished = await self._run(self._sign_in.finish, arrived, name, user=user)
            if isinstance(finished, web.Response):
                return _response(finished)
            headers = finished.headers
            shown = await self._call(self._handlers[name], request, finished, first=finished.fetch_profile)
            if not isinstance(shown, Response):
                raise TypeError(f"on_login: the function for {name!r} returned {type(shown).__name__}, not a Response")
            if self._sign_in.saves_tokens:
                await self._run(self._sign_in.save_tokens, arrived, finished, await self._user(request))
        except LoginRefused as refusal:
            shown = await self._refuse(request, refusal)
        return _with(shown, headers)

    async def _refuse(self, request: Request, refusal: LoginRefused) -> Response:
        """Turns a `LoginRefused` into a response."""
        self._sign_in.log(refusal)
        shown = None
        if self._on_error is not None and refusal.cause != "prefetch":
            shown = await self._call(self._on_error, request, refusal)
        if shown is None:
            has_route = refusal.provider in self._handlers
            shown = _response(self._sign_in.page(await _arrived(request), refusal, has_route=has_route))
        if not isinstance(shown, Response):
            raise TypeError(f"on_error: the function returned {type(shown).__name__}, not a Response or None")
        return _with(shown, refusal.headers)

    async def _user(self, request: Request) -> Any:
        return await self._call(self._load_user, request) if self._load_user else None

    async def _call(
        self, function: Callable[..., Any], *arguments: Any, first: Callable[[], None] | None = None
    ) -> Any:
        """Calls a function of the app. What it returns shows whether it is async, even if it is wrapped. `first`
        blocks, and runs in a thread before an async function does anything."""
        is_async = inspect.iscoroutinefunction(function)
        found = function(*arguments) if is_async else await self._run(function, *arguments)
        if not inspect.isawaitable(found):
            return found
        if first is not None:
            await self._run(first)
        return await found

    async def _run(self, function: Callable[..., _T], *arguments: Any, **keywords: Any) -> _T:
        """Calls a function that blocks in a thread. These threads are not those of the app's own functions, which a
        provider that stalls would take up."""
        try:
            limiter = self._limiter.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(self._threads)
            self._limiter.set(limiter)
        return await anyio.to_thread.run_sync(lambda: function(*arguments, **keywords), limiter=limiter)


class Flow:
    """One provider, for routes of your own: `auth["github"]`. The callback arrives at the setting `redirect_path`, and
    the `on_login` function is called."""

    def __init__(self, auth: ProofKey, name: str) -> None:
        self._auth, self._name = auth, name

    async def begin(
        self, request: Request, *, next: str | None = None, connect: bool = False, **options: Any
    ) -> Response:
        """Begins a login: returns a redirect to the provider, with the sealed login in a cookie. The arguments are
        those of `proofkey.web.SignIn.begin`. `LoginRefused`; if nothing catches it, the browser gets the error page."""
        user = await self._auth._user(request) if connect else None
        begin, arrived = self._auth._sign_in.begin, await _arrived(request)
        return _response(await self._run(begin, arrived, next=next, connect=connect, user=user, **options))

    async def logout(
        self, request: Request, tokens: proofkey.Tokens | None = None, *, return_to: str | None = None
    ) -> Response:
        """Signs the user out: clears the session, revokes the tokens, and sends the browser to the provider's sign-out
        page. Without such a page or an ID token, the browser goes to `return_to`, a path of this site."""
        if "session" in request.scope:
            request.session.clear()
        arrived = await _arrived(request)
        return _response(await self._run(self._auth._sign_in.logout, arrived, tokens=tokens, return_to=return_to))

    async def api(self, user_id: object, request: Request | None = None) -> "httpx.AsyncClient":
        """A client for the provider's API, with the tokens that were saved for this user of the app:

            async with await auth["github"].api(user_id, request) as api:
                repositories = (await api.get("/user/repos")).json()

        The tokens go to the setting `api_origins` and nowhere else, and are refreshed as `proofkey.httpx.TokenAuth` does.
        `LoginRefused` "grant_ended", here or from its requests, if the user has to sign in again; if nothing catches it,
        the browser gets the error page with a link to do so. `proofkey.ApiError` if the API wants something else.
        """
        return await self._run(self._auth._sign_in.async_api, await _arrived(request) if request else None, user=user_id)

    async def client(self, request: Request | None = None) -> proofkey.Client:
        """The client for the redirect URI of the request, for example to refresh or revoke tokens: in a thread, because
        it blocks. Without a request, as in a background job, for `base_url`. `LoginRefused` if the provider has to be
        discovered first and cannot be."""
        return await self._run(self._auth._sign_in.client, await _arrived(request) if request else None)

    async def _run(self, function: Callable[..., _T], arrived: web.Request | None, **keywords: Any) -> _T:
        return await self._auth._run(function, arrived, self._name, **keywords)


async def _arrived(request: Request, *, with_form: bool = False) -> web.Request:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return web.Request(
        method=request.method,
        scheme=request.scope["scheme"],
        host=request.headers.get("host", ""),
        root_path=request.scope.get("root_path", "").rstrip("/"),
        query=request.scope["query_string"],
        cookie=b"; ".join(value for name, value in request.scope["headers"] if name == b"cookie"),
        headers=request.headers,
        form=await _form(request) if with_form and kind == "application/x-www-form-urlencoded" else None,
    )


async def _form(request: Request) -> bytes:
    """The body, and no more than one chunk above the limit."""
    form = b""
    async for chunk in request.stream():
        form += chunk
        if len(form) > MAX_FORM:
            break
    return form


def _response(made: web.Response) -> Response:
    return _with(Response(made.body, made.status), made.headers)


def _with(response: Response, headers: list[tuple[str, str]]) -> Response:
    for name, value in headers:
        if name != "Set-Cookie":
            response.headers[name] = value
        elif value not in response.headers.getlist(name):
            response.headers.append(name, value)
    return response
