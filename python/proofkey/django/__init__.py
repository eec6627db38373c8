"""Sign-in with OAuth providers for Django projects: `pip install proofkey[django]`. See `ProofKey`."""

import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from weakref import WeakSet

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib import auth as django_auth
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

import proofkey
from proofkey import web
from proofkey.web import CAUSES, Cause, LoginRefused, SignedIn, SignIn
from proofkey.web._http import MAX_FORM

if TYPE_CHECKING:
    import httpx

__all__ = ["CAUSES", "Cause", "Flow", "LoginRefused", "ProofKey", "SignedIn"]

_Handler = Callable[[Any, SignedIn], Any]
_ErrorHandler = Callable[[Any, LoginRefused], Any]
_HandlerT = TypeVar("_HandlerT", bound=_Handler)
_ErrorHandlerT = TypeVar("_ErrorHandlerT", bound=_ErrorHandler)


class ProofKey:
    """Lets the users of a Django project sign in with OAuth providers and connect accounts. In `urls.py`:

        auth = ProofKey(github={"client_id": "…", "client_secret": "…"})

        @auth.on_login("github")
        def signed_in(request, user):
            account, _ = User.objects.get_or_create(username=f"github-{user.profile['id']}")
            return account

        urlpatterns = [*auth.urls, …]

    The function returns the Django user to sign in, who is then redirected to `user.next`; or any response. The routes,
    the settings of a provider and the causes of a refusal are those of `proofkey.flask`. Settings come from the
    keywords or from Django's settings: `SECRET_KEY`, `SECRET_KEY_FALLBACKS`, `PROOFKEY_BASE_URL`,
    `PROOFKEY_REPLAY_STORE`, `PROOFKEY_GITHUB_CLIENT_ID` and so on. Without `PROOFKEY_BASE_URL` the address comes from
    the request and `ALLOWED_HOSTS`. `backend` is the authentication backend that the user's session names.

    A form with a CSRF token that posts the field `connect` to `/auth/github` connects an account to the user who is
    signed in; `user.connect_to` is then that user's primary key, as a str.

    With "proofkey.django" in `INSTALLED_APPS`, `manage.py check` finds mistakes in the settings, and with `--deploy` it
    also asks the providers.
    """

    _instances: ClassVar["WeakSet[ProofKey]"] = WeakSet()

    def __init__(
        self,
        *,
        url_prefix: str = "/auth",
        backend: str = "django.contrib.auth.backends.ModelBackend",
        **providers: Mapping[str, Any],
    ) -> None:
        self._providers, self._backend = providers, backend
        self._handlers: dict[str, _Handler] = {}
        self._on_error: _ErrorHandler | None = None
        self._sign_in = SignIn(
            _Settings(), providers, prefix=url_prefix, names=self._names, logger=logging.getLogger(__name__)
        )
        self._instances.add(self)

    @property
    def urls(self) -> list[Any]:
        """The routes, for `urlpatterns`, to be read after the `on_login` functions are registered. `proofkey_start` is
        the one that begins a login: `{% url "proofkey_start" "github" %}`."""
        prefix = self._sign_in.prefix.lstrip("/")
        prefix = prefix and f"{prefix}/"
        callback = csrf_exempt(self._callback)  # The provider posts it; the sealed login protects it.
        return [
            *(path(self._sign_in.callback_path(name).lstrip("/"), callback, {"name": name}) for name in self._names()),
            path(f"{prefix}<str:name>", self._start, name="proofkey_start"),
        ]

    def on_login(self, name: str) -> Callable[[_HandlerT], _HandlerT]:
        """Registers the function that runs after a user has signed in with this provider, and enables the provider's
        two routes. The function takes the request and a `SignedIn`, and returns the Django user to sign in, or a
        response; it may be async."""

        def register(handler: _HandlerT) -> _HandlerT:
            if name in self._handlers:
                raise ValueError(f"name: {name!r} already has a handler")
            self._handlers[name] = handler
            return handler

        return register

    def on_error(self, handler: _ErrorHandlerT) -> _ErrorHandlerT:
        """Registers the function that replaces the built-in error page. It takes the request and a `LoginRefused`, and
        returns a response, or `None` for the built-in page. Do not begin a new login in it: the browser could loop
        forever."""
        self._on_error = handler
        return handler

    def __getitem__(self, name: str) -> "Flow":
        """One provider, for views of your own."""
        return Flow(self, name)

    def refuse(self, request: HttpRequest, refusal: LoginRefused) -> HttpResponseBase:
        """The response to a `LoginRefused` that a view of your own has caught: it is logged, and becomes a page."""
        self._sign_in.log(refusal)
        shown = None
        if self._on_error is not None and refusal.cause != "prefetch":
            shown = _call(self._on_error, request, refusal)
        if shown is None:
            shown = _response(
                self._sign_in.page(_arrived(request), refusal, has_route=refusal.provider in self._handlers)
            )
        return _with(shown, refusal.headers)

    def _names(self) -> list[str]:
        return sorted({*self._providers, *self._handlers})

    def _start(self, request: HttpRequest, name: str) -> HttpResponseBase:
        self._check(name)
        arrived = _arrived(request)
        try:
            return self[name].begin(request, next=arrived.value("next"), connect=self._sign_in.is_connect(arrived, name))
        except LoginRefused as refusal:
            return self.refuse(request, refusal)

    def _callback(self, request: HttpRequest, name: str) -> HttpResponseBase:
        self._check(name)
        headers: list[tuple[str, str]] = []
        try:
            finished = self._sign_in.finish(_arrived(request), name, user=_user(request))
            if isinstance(finished, web.Response):
                return _response(finished)
            headers = finished.headers
            if hasattr(request, "session"):
                request.session.cycle_key()  # Somebody who knew the old key does not share the sign-in.
            shown = _call(self._handlers[name], request, finished, first=finished.fetch_profile)
            if not isinstance(shown, HttpResponseBase):
                django_auth.login(request, shown, backend=self._backend)
                shown = HttpResponseRedirect(finished.next)
            if self._sign_in.saves_tokens:
                self._sign_in.save_tokens(_arrived(request), finished, _user(request))
        except LoginRefused as refusal:
            shown = self.refuse(request, refusal)
        return _with(shown, headers)

    def _check(self, name: str) -> None:
        if name not in self._handlers:
            raise Http404


class Flow:
    """One provider, for views of your own: `auth["github"]`. The callback arrives at the setting `redirect_path`, and
    the `on_login` function is called. Its methods block: an async view calls them with `sync_to_async`."""

    def __init__(self, auth: ProofKey, name: str) -> None:
        self._auth, self._name = auth, name

    def begin(
        self, request: HttpRequest, *, next: str | None = None, connect: bool = False, **options: Any
    ) -> HttpResponse:
        """Begins a login: returns a redirect to the provider, with the sealed login in a cookie. The arguments are
        those of `proofkey.web.SignIn.begin`. `LoginRefused`, which `auth.refuse` turns into a page."""
        user = _user(request) if connect else None
        begun = self._auth._sign_in.begin(
            _arrived(request), self._name, next=next, connect=connect, user=user, **options
        )
        return _response(begun)

    def logout(
        self, request: HttpRequest, tokens: proofkey.Tokens | None = None, *, return_to: str | None = None
    ) -> HttpResponse:
        """Signs the user out: of Django, then revokes the tokens, and sends the browser to the provider's sign-out
        page. Without such a page or an ID token, the browser goes to `return_to`, a path of this site."""
        django_auth.logout(request)
        return _response(self._auth._sign_in.logout(_arrived(request), self._name, tokens, return_to=return_to))

    def api(self, user: Any, request: HttpRequest | None = None) -> "httpx.Client":
        """A client for the provider's API, with the tokens that were saved for this Django user:

            with auth["github"].api(request.user, request) as api:
                repositories = api.get("/user/repos").json()

        The tokens go to the setting `api_origins` and nowhere else, and are refreshed as `proofkey.httpx.TokenAuth` does.
        `LoginRefused` "grant_ended", here or from its requests, if the user has to sign in again; `auth.refuse` turns it
        into a page with a link to do so. `proofkey.ApiError` if the API wants something else.
        """
        user_id = str(user.pk) if user.is_authenticated else None
        return self._auth._sign_in.api(_arrived(request) if request else None, self._name, user_id)

    def client(self, request: HttpRequest | None = None) -> proofkey.Client:
        """The client for the redirect URI of the request, for example to refresh or revoke tokens; without a request, as
        in a background job, for PROOFKEY_BASE_URL. `LoginRefused` if the provider has to be discovered first and cannot
        be."""
        return self._auth._sign_in.client(_arrived(request) if request else None, self._name)


class _Settings(Mapping[str, Any]):
    """Django's settings."""

    def __getitem__(self, key: str) -> Any:
        try:
            return getattr(settings, key)
        except AttributeError:
            raise KeyError(key) from None

    def __iter__(self) -> Iterator[str]:
        return (key for key in dir(settings) if key.isupper())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _arrived(request: HttpRequest) -> web.Request:
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return web.Request(
        method=request.method,
        scheme=request.scheme,
        host=request.get_host(),
        root_path=request.META.get("SCRIPT_NAME", "").rstrip("/"),
        query=request.META.get("QUERY_STRING", "").encode("latin-1", "replace"),
        cookie=request.META.get("HTTP_COOKIE", "").encode("latin-1", "replace"),
        headers=request.headers,
        form=request.body[: MAX_FORM + 1] if is_form else None,
        trusted_host=bool(settings.ALLOWED_HOSTS) and "*" not in settings.ALLOWED_HOSTS,
    )


def _user(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    return str(user.pk) if user is not None and user.is_authenticated else None


def _call(function: Callable[..., Any], *arguments: Any, first: Callable[[], None] | None = None) -> Any:
    """Calls a function of the project. `first` blocks, and is called before an async function."""
    if not inspect.iscoroutinefunction(function):
        return function(*arguments)
    if first is not None:
        first()
    return async_to_sync(function)(*arguments)


def _response(made: web.Response) -> HttpResponse:
    return _with(HttpResponse(made.body, status=made.status), made.headers)


def _with(response: Any, headers: list[tuple[str, str]]) -> Any:
    for name, value in headers:
        if name == "Set-Cookie":
            response.cookies.load(value)
        else:
            response.headers[name] = value
    return response
