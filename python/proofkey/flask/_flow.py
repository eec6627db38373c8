"""One provider of one app: begins and finishes logins."""

import hashlib
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import abort, after_this_request, current_app, redirect, request, session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

import proofkey
from proofkey.flask import _pages, _state
from proofkey.flask._app import App
from proofkey.flask._causes import LoginRefused, of_error
from proofkey.flask._cookies import DONE, LIFETIME, Jar, ResponseT
from proofkey.flask._next import local_path
from proofkey.flask._state import State


class SignedIn:
    """A user who has just signed in: what an `on_login` function gets."""

    def __init__(
        self, client: proofkey.Client, tokens: proofkey.Tokens, provider: str, next: str, user: str | None
    ) -> None:
        self._client = client
        self.tokens = tokens
        """What the provider granted. Keep it on the server: Flask's session is a cookie that the browser can read."""
        self.provider = provider
        """The provider's name in this app."""
        self.next = next
        """Where the user wanted to go: a path of this site, by default the start page of the app."""
        self.connect_to = user
        """The id of the user to connect the account to; `None` for a plain sign-in."""

    @cached_property
    def profile(self) -> dict[str, Any]:
        """The claims about the user. They come from the ID token, or from the userinfo endpoint if the ID token only
        identifies the user or there is none; that endpoint is asked once. `LoginRefused` if the provider fails."""
        claims = self.tokens.claims
        if claims is not None and not _BARE.issuperset(claims):
            return claims
        try:
            return self._client.userinfo(self.tokens)
        except proofkey.TransportError as error:
            # The login is already over, so a reload cannot help, whether or not this request was sent.
            raise LoginRefused("network_after", provider=self.provider, error=error) from error
        except proofkey.Error as error:
            if claims is not None and isinstance(error, proofkey.ConfigurationError):
                return claims
            raise of_error(error, self.provider) from error

    def __repr__(self) -> str:
        return f"<SignedIn with {self.provider}>"


class Flow:
    """One provider of the current app, for routes of your own: `auth["github"]`. The built-in routes use the same
    `begin` and `finish`."""

    def __init__(self, app: App, name: str, load_user: Callable[[], str | int | None] | None) -> None:
        self._app, self._config, self._load_user = app, app.config(name), load_user
        self._name = name

    def begin(
        self,
        *,
        next: str | None = None,
        connect: bool = False,
        scope: str | list[str] | None = None,
        extra: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Response:
        """Begins a login: returns a redirect to the provider, with the sealed login in a cookie.

        `next` is where the user goes afterwards: a path of this site; anything else becomes the start page of the app.
        `connect` connects an account to the user who is signed in, which only a form of this site may begin. `scope`
        replaces the configured scope, `extra` adds to the configured parameters, and all other keywords are those of
        `Client.begin`.

        `LoginRefused` if the login cannot begin.
        """
        self._enter()
        user = self._user() if connect else None
        if connect and (user is None or not self._is_own_form()):
            raise LoginRefused("post_required", provider=self._name)
        now = int(time.time())
        jar, is_cross_site = self._jar(now), request.headers.get("Sec-Fetch-Site") in _ELSEWHERE
        try:
            # Opens the replay store now: a broken one should show before the user leaves for the provider.
            keys, _ = self._app.keys, self._app.replay_store
            state = _state.make(self._app.secrets, self._name, request.host, now)
            login = self.client.begin(
                scope=scope or self._config["scope"],
                extra={**(self._config["extra"] or {}), **(extra or {})},
                response_mode=self._config["response_mode"],
                state=state,
                data=f"{_hash_of(user)}\n{local_path(next, self._home)}",
                now=now,
                **more,
            )
            sealed = login.seal(keys, self._name)
        except proofkey.Error as error:
            raise of_error(error, self._name) from error
        if not jar.add(_state.login_id(state), sealed, cross_site=is_cross_site):
            raise LoginRefused("too_many" if is_cross_site else "configuration", provider=self._name)
        return jar.save(redirect(login.url))

    def finish(self) -> SignedIn:
        """Finishes the login whose callback is the current request. `LoginRefused` says why that failed; if nothing
        catches it, the browser gets the error page.
        """
        self._enter()
        now = int(time.time())
        jar = self._jar(now)
        try:
            keys, state = self._app.keys, self._state()
            self._post_again()
            sealed, client = self._sealed(jar, state, now), self.client
            login = client.resume(sealed, keys, self._name)
        except proofkey.Error as error:
            raise of_error(error, self._name) from error
        bound, _, target = login.data.partition("\n")
        if bound and bound != _hash_of(self._user()):
            raise LoginRefused("user_changed", provider=self._name)
        try:
            store = self._app.replay_store
            tokens = client.finish(login, self._callback_url(), **_posted_form(), replay_store=store)
        except proofkey.Error as error:
            refusal = of_error(error, self._name)
            refusal.next = target
            if refusal.cause not in _STILL_PENDING:
                self._forget(jar, state)
            raise refusal from error
        self._forget(jar, state)
        _renew_session()
        return SignedIn(client, tokens, self._name, target, self._user() if bound else None)

    def logout(self, tokens: proofkey.Tokens | None = None, *, return_to: str | None = None) -> Response:
        """Signs the user out: clears the session, revokes the tokens, and sends the browser to the provider's sign-out
        page. Without such a page or an ID token, the browser goes to `return_to`, a path of this site.

        If the provider cannot be reached, the user is signed out here all the same, and the failure is logged.
        """
        after_this_request(_private)
        session.clear()
        _renew_session()
        back = local_path(return_to, self._home)
        if tokens is None:
            return redirect(back)
        try:
            return redirect(self._leave(tokens, back))
        except LoginRefused as refusal:
            current_app.logger.warning("proofkey: %s was not told of a logout: %s", self._name, refusal)
            return redirect(back)

    def _leave(self, tokens: proofkey.Tokens, back: str) -> str:
        """Revokes the tokens, and returns where the browser goes next."""
        client = self.client
        try:
            client.revoke(tokens)
        except proofkey.ConfigurationError:
            pass  # The provider has no revocation endpoint.
        except proofkey.Error as error:
            current_app.logger.warning("proofkey: %s did not revoke the tokens: %s", self._name, error.name)
        if tokens.id_token is None:
            return back
        try:
            return client.end_session_url(tokens, return_to=self._origin + back)
        except proofkey.ConfigurationError:
            return back

    @property
    def client(self) -> proofkey.Client:
        """The client for the redirect URI of the current request, for example to refresh or revoke tokens.
        `LoginRefused` if the provider has to be discovered first and cannot be."""
        try:
            return self._app.client(self._config, self.redirect_uri)
        except proofkey.TransportError as error:
            # Discovery may have sent requests, but nothing of a login.
            raise LoginRefused("network_before", provider=self._name, error=error) from error
        except proofkey.Error as error:
            raise of_error(error, self._name) from error

    @property
    def redirect_uri(self) -> str:
        """The redirect URI to register with the provider."""
        return f"{self._base_url}{self._config['redirect_path'] or f'{self._app.prefix}/{self._name}/callback'}"

    @property
    def _base_url(self) -> str:
        """The address of the app. The Host header alone never decides it: whoever sets that header would decide where
        the code goes."""
        configured: str | None = current_app.config.get("PROOFKEY_BASE_URL")
        if configured:
            return configured.rstrip("/")
        is_loopback = urlsplit(request.host_url).hostname in ("localhost", "127.0.0.1", "::1")
        if not is_loopback and not current_app.config.get("TRUSTED_HOSTS"):
            raise LoginRefused("base_url", provider=self._name)
        if not is_loopback and request.scheme == "http":
            raise LoginRefused("proxy", provider=self._name)
        return request.host_url.rstrip("/") + request.root_path.rstrip("/")

    @property
    def _origin(self) -> str:
        url = urlsplit(self._base_url)
        return f"{url.scheme}://{url.netloc}"

    @property
    def _home(self) -> str:
        """The start page of the app. An app that is mounted below a path does not start where the site does."""
        return f"{urlsplit(self._base_url).path}/"

    def _enter(self) -> None:
        """Starts both `begin` and `finish`: makes the response private, and turns prefetching browsers away."""
        after_this_request(_private)
        if _is_prefetch():
            raise LoginRefused("prefetch", provider=self._name)

    def _jar(self, now: int) -> Jar:
        return Jar(request.cookies, self._base_url.startswith("https://"), now)

    def _user(self) -> str | None:
        user = self._load_user() if self._load_user else None
        return None if user is None else str(user)

    def _is_own_form(self) -> bool:
        """Whether the request is a form of this site. Other sites can make a browser post a form here, too.
        `Sec-Fetch-Site` tells them apart; older browsers do not send it, but send `Origin` for forms of other sites."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        is_own = site == "same-origin" if site else origin in (None, self._origin)
        return request.method == "POST" and is_own

    def _state(self) -> State:
        """The state of the callback, if it was made here. It leads to the cookie; everything else in the callback is
        checked later."""
        try:
            sent = _callback_params().getlist("state")
        except RequestEntityTooLarge:
            raise LoginRefused("callback_malformed", provider=self._name) from None
        state = _state.read(self._app.secrets, sent[0]) if len(sent) == 1 else None
        if state is None:
            cause = "callback_malformed" if len(sent) > 1 else "not_issued_here"
            raise LoginRefused(cause, provider=self._name)
        return state

    def _post_again(self) -> None:
        """Has the browser post a form callback once more, from this site: coming from the provider's site, it carries
        no cookies. Called after `_state`, so that only an authentic state gets this page."""
        if request.method == "POST" and _AGAIN not in request.form:
            fields = [(name, value) for name, value in request.form.items(multi=True) if name in _FORM_FIELDS]
            abort(_pages.post_again([*fields, (_AGAIN, "1")]))

    def _sealed(self, jar: Jar, state: State, now: int) -> str:
        """The sealed login from its cookie. `LoginRefused` says why there is none."""
        cookie = jar.find(state.login_id)
        if cookie is not None and cookie.kind != DONE:
            return cookie.value
        error = None
        if cookie is not None:
            cause = "already_finished"
        elif now > state.began_at + LIFETIME:
            cause = "expired"
        else:
            cause = "no_cookie" if state.began_with(self._name, request.host) else "other_host"
            error = proofkey.CallbackError("login_lost")
        raise LoginRefused(cause, provider=self._name, error=error)

    def _callback_url(self) -> str:
        # With the configured host and path: behind a proxy, the app sees different ones.
        query = request.query_string.decode("latin-1")
        return f"{self.redirect_uri}?{query}" if query else self.redirect_uri

    def _forget(self, jar: Jar, state: State) -> None:
        jar.finish(state.login_id)
        after_this_request(jar.save)


def _is_prefetch() -> bool:
    """Whether the browser is prefetching: the user has not asked for the page yet, and may never see the response."""
    purposes = [request.headers.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")]
    return request.method == "HEAD" or any("prefetch" in purpose or "preview" in purpose for purpose in purposes)


def _private(response: ResponseT) -> ResponseT:
    """Keeps the response out of caches, and the URL out of `Referer` headers: it may carry a code or an ID token."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _hash_of(user: str | None) -> str:
    """A short stand-in for the user id: the sealed login has little room."""
    return "" if user is None else hashlib.sha256(user.encode()).hexdigest()[:32]


def _callback_params() -> MultiDict[str, str]:
    if request.method != "POST":
        return request.args
    request.max_content_length = _MAX_FORM
    return request.form


def _posted_form() -> dict[str, str]:
    if request.method != "POST":
        return {}
    # Encoded again from the parsed form: once anything has read the form, the body is empty.
    form = list(request.form.items(multi=True))
    return {"content_type": "application/x-www-form-urlencoded", "body": urlencode(form)}


def _renew_session() -> None:
    """Gives a server-side session a new id, so that somebody who knew the old id does not share the sign-in. Flask's
    own session is a cookie and has no id."""
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(session)


_STILL_PENDING = {
    "not_issued_here",
    "issuer_mismatch",
    "callback_malformed",
    "network_before",
    "store",
    "configuration",
}
"""After these, the login can still be finished: either anybody could have sent the callback, or no code was sent."""

_ELSEWHERE = ("cross-site", "same-site")
_AGAIN = "proofkey_again"
_MAX_FORM = 64 * 1024
"""In bytes."""
_FORM_FIELDS = ("code", "state", "iss", "error", "error_description", "error_uri")
_BARE = frozenset("iss sub aud azp exp iat nbf auth_time nonce acr amr at_hash c_hash sid jti".split())
"""Claims about the sign-in itself. An ID token without any other identifies the user and says nothing more."""
