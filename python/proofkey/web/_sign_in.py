"""Signing in, for one app: what the adapters for frameworks call."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import proofkey
from proofkey.web import _doctor, _pages
from proofkey.web._causes import LoginRefused
from proofkey.web._clients import Clients
from proofkey.web._doctor import Finding
from proofkey.web._flow import Flow
from proofkey.web._http import Request, Response
from proofkey.web._settings import check
from proofkey.web._signed_in import SignedIn

if TYPE_CHECKING:
    import httpx


class SignIn:
    """Signs the users of one app in, whatever its framework: requests and responses are data.

    `settings` is the app's configuration: `SECRET_KEY`, `PROOFKEY_BASE_URL`, `PROOFKEY_GITHUB_CLIENT_ID` and so on. It
    is read at the first login. `providers` has the settings of each provider by its name, which override it. `prefix`
    is where the routes of the app are: a login begins at `<prefix>/<name>` and comes back to
    `<prefix>/<name>/callback`. `names` are the providers that have routes.

    The methods block while they wait for a provider: an async app calls them in a thread. They never call the app. A
    login that fails is a `LoginRefused`; its `headers` belong into whatever response the app sends then.

    >>> from proofkey import testing
    >>> with testing.AuthorizationServer() as server:
    ...     provider = {"client_id": "my-app", "issuer": server.issuer}
    ...     sign_in = SignIn({"SECRET_KEY": "32 random bytes, the same everywhere"}, {"idp": provider})
    ...     begun = sign_in.begin(Request("GET", "http", "localhost"), "idp", next="/photos")
    ...     headers = dict(begun.headers)
    ...     callback = server.sign_in(headers["Location"]).partition("?")[2].encode()
    ...     cookie = headers["Set-Cookie"].partition(";")[0].encode()
    ...     user = sign_in.finish(Request("GET", "http", "localhost", query=callback, cookie=cookie), "idp")
    >>> begun.status, user, user.next
    (302, <SignedIn with idp>, '/photos')
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        providers: Mapping[str, Mapping[str, Any]],
        *,
        prefix: str = "/auth",
        names: Callable[[], Iterable[str]] | None = None,
        logger: logging.Logger | None = None,
    ) -> None:
        for name, keywords in providers.items():
            check(name, keywords)
        self.prefix = prefix.rstrip("/")
        self._clients = Clients(
            settings, self.prefix, providers, names or (lambda: providers), logger or logging.getLogger(__name__)
        )

    def start(self, request: Request, provider: str, *, user: object = None) -> Response:
        """Begins the login that a request to the start route asks for: `next` is in its query or form, and the field
        `connect` connects an account to `user`. `LoginRefused`."""
        connect = self.is_connect(request, provider)
        return self.begin(request, provider, next=request.value("next"), connect=connect, user=user)

    def is_connect(self, request: Request, provider: str) -> bool:
        """Whether a request to the start route asks to connect an account, so that the app's user is needed.
        `LoginRefused` for a form that cannot be read: then nobody knows."""
        kind = request.headers.get("content-type", "").partition(";")[0]
        if request.method == "POST" and request.form is None and kind:
            reason = f"the form that begins a login: without enctype, not {ascii(kind)}"
            raise LoginRefused("configuration", provider=provider, reason=reason)
        return request.value("connect") is not None

    def begin(
        self,
        request: Request,
        provider: str,
        *,
        next: str | None = None,
        connect: bool = False,
        user: object = None,
        **options: Any,
    ) -> Response:
        """Begins a login: returns a redirect to the provider, with the sealed login in a cookie.

        `next` is where the user goes afterwards: a path of this site; anything else becomes the start page of the app.
        `connect` connects an account to `user`, the id of the user who is signed in to the app, which only a form of
        this site may begin. `scope` replaces the configured scope, `extra` adds to the configured parameters, and all
        other keywords are those of `Client.begin`. `LoginRefused`.
        """
        return Flow(self._clients, request, provider).begin(next=next, connect=connect, user=user, **options)

    def finish(self, request: Request, provider: str, *, user: object = None) -> SignedIn | Response:
        """Finishes the login whose callback is this request. `user` is the id of the user who is signed in to the app:
        a login that connects an account needs the same one as when it began.

        It returns a `Response` for a callback that the provider posted: that page has the browser post it once more,
        with its cookies. Otherwise a `SignedIn`, whose `headers` belong into the response. `LoginRefused`.
        """
        return Flow(self._clients, request, provider).finish(user=user)

    @property
    def saves_tokens(self) -> bool:
        """Whether the app has a PROOFKEY_TOKEN_STORE."""
        return bool(self._clients.settings.get("PROOFKEY_TOKEN_STORE"))

    def save_tokens(self, request: Request, signed_in: SignedIn, user: object) -> None:
        """Saves the tokens of a login for `user`, the id of the app's user, if there is a PROOFKEY_TOKEN_STORE. A failure
        is logged, because the login itself is over: `api()` then asks the user to sign in again."""
        Flow(self._clients, request, signed_in.provider).save_tokens(signed_in, user)

    def api(self, request: Request | None, provider: str, user: object) -> "httpx.Client":
        """A client for the provider's API, with the tokens that were saved for a user of the app, refreshed as
        `proofkey.httpx.TokenAuth` does. They go to the setting `api_origins` of the provider and nowhere else; a path
        alone is at the first of these. Close it, or use it in a `with` block.

        `LoginRefused`, here or from its requests: "grant_ended" if the user has to sign in again. `proofkey.ApiError` if
        the API wants something else of the user.
        """
        flow = Flow(self._clients, request or Request("GET", "http", ""), provider)
        auth = flow.token_auth(user)
        import httpx

        return httpx.Client(auth=auth, base_url=flow.api_origins[0])

    def async_api(self, request: Request | None, provider: str, user: object) -> "httpx.AsyncClient":
        """The same for an event loop. This method blocks, and the client does not."""
        flow = Flow(self._clients, request or Request("GET", "http", ""), provider)
        auth = flow.token_auth(user)
        import httpx

        return httpx.AsyncClient(auth=auth, base_url=flow.api_origins[0])

    def logout(
        self, request: Request, provider: str, tokens: proofkey.Tokens | None = None, *, return_to: str | None = None
    ) -> Response:
        """Revokes the tokens, and sends the browser to the provider's sign-out page. Without such a page or an ID
        token, the browser goes to `return_to`, a path of this site. The app ends its own session first.

        If the provider cannot be reached, the failure is logged, and the browser goes to `return_to`.
        """
        return Flow(self._clients, request, provider).logout(tokens, return_to)

    def client(self, request: Request | None, provider: str) -> proofkey.Client:
        """The client for the redirect URI of a request, for example to refresh or revoke tokens; without a request, as
        in a background job, for the configured address. `LoginRefused` if the provider has to be discovered first and
        cannot be."""
        return Flow(self._clients, request or Request("GET", "http", ""), provider).client

    def redirect_uri(self, request: Request, provider: str) -> str:
        """The redirect URI to register with the provider. `LoginRefused`."""
        return Flow(self._clients, request, provider).redirect_uri

    def callback_path(self, provider: str) -> str:
        """The path of the callback route, below the address of the app."""
        return self._clients.config(provider).callback_path(self.prefix).partition("?")[0]

    def log(self, refusal: LoginRefused) -> None:
        """Writes a refusal to the log, in one line, with what the provider said and what to do next. Prefetches are not
        logged."""
        if refusal.cause != "prefetch":
            level = logging.WARNING if refusal.status == 400 else logging.ERROR
            self._clients.logger.log(
                level, "proofkey: login with %s failed: %s", refusal.provider, refusal.for_log()
            )

    def page(self, request: Request, refusal: LoginRefused, *, has_route: bool = True) -> Response:
        """The built-in page for a refusal. It has a link to try again if the provider `has_route`, except where only a
        form of the app can begin the login."""
        retry = None
        if has_route and refusal.cause not in ("post_required", "user_changed", "prefetch"):
            retry = Flow(self._clients, request, refusal.provider).start_path(refusal.next)
        return _pages.refused(refusal, retry)

    def doctor(self, *, online: bool = True) -> Iterator[Finding]:
        """Looks for mistakes in the configuration: what is good, and what has to change. With `online`, it begins and
        seals a login with each provider, claims a key in the replay store, fetches the keys for ID tokens, and compares
        clocks. It never raises, and prints no secret."""
        return _doctor.findings(self._clients, online)
