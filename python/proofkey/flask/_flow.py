"""One provider of one app: how a login begins, and how it comes to its end."""

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
from proofkey.flask._settings import Setting
from proofkey.flask._state import State


class SignedIn:
    """Somebody who has signed in, as `on_login` gets it."""

    def __init__(
        self, client: proofkey.Client, tokens: proofkey.Tokens, provider: str, next: str, user: str | None
    ) -> None:
        self._client = client
        self.tokens = tokens
        """What the provider granted. Keep it on the server: Flask's session is a cookie that the browser can read."""
        self.provider = provider
        """The provider's name in this app."""
        self.next = next
        """Where the user wanted to go: a path of this site, by default the start of the app."""
        self.connect_to = user
        """The id of the user whose account is to be connected; `None` for a sign-in."""

    @cached_property
    def profile(self) -> dict[str, Any]:
        """Who it is: the claims of the ID token if it says more than who, else the answer of the userinfo endpoint,
        asked for once. `LoginRefused` if the provider fails."""
        claims = self.tokens.claims
        if claims is not None and not _BARE.issuperset(claims):
            return claims
        try:
            return self._client.userinfo(self.tokens)
        except proofkey.TransportError as error:
            # Whatever was sent of this request: the login itself is over.
            raise LoginRefused("network_after", provider=self.provider, error=error) from error
        except proofkey.Error as error:
            if claims is not None and isinstance(error, proofkey.ConfigurationError):
                return claims
            raise of_error(error, self.provider) from error

    def __repr__(self) -> str:
        return f"<SignedIn with {self.provider}>"


class Flow:
    """One provider of the current app: `auth["github"]`. For routes of your own; `on_login` uses the same two calls."""

    def __init__(self, app: App, name: str, load_user: Callable[[], str | int | None] | None) -> None:
        self._app, self._setting, self._load_user = app, app.setting(name), load_user
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
        """A redirect to the provider, with the sealed login in a cookie. `next` is where the user wants to go
        afterwards: a path of this site, else the start of the app. `connect` connects an account for the user who is
        signed in; only a form of this site may begin that. Further keywords are those of `Client.begin`.

        `LoginRefused` if it cannot begin.
        """
        self._enter()
        user = self._user() if connect else None
        if connect and (user is None or not self._is_own_form()):
            raise LoginRefused("post_required", provider=self._name)
        now = int(time.time())
        jar, is_cross_site = self._jar(now), request.headers.get("Sec-Fetch-Site") in _ELSEWHERE
        try:
            # A store that cannot be used is found before the user leaves.
            keys, _ = self._app.keys, self._app.finished
            state = _state.make(self._app.secrets, self._name, request.host, now)
            login = self.client.begin(
                scope=scope or self._setting["scope"],
                extra={**(self._setting["extra"] or {}), **(extra or {})},
                response_mode=self._setting["response_mode"],
                state=state,
                data=f"{_name_of(user)}\n{local_path(next, self._home)}",
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
        """Takes the callback that is the current request to its end. `LoginRefused` tells why there is none; if nobody
        catches it, the browser gets its page.
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
        if bound and bound != _name_of(self._user()):
            raise LoginRefused("user_changed", provider=self._name)
        try:
            tokens = client.finish(login, self._callback_url(), **_posted(), store=self._app.finished)
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
        """Signs the user out: clears the session, revokes the tokens, and sends the browser to the provider's own page
        for it, if there is one and there is an ID token, else to `return_to`, a path of this site. A provider that
        cannot be reached does not keep anybody signed in here: that is logged.
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
        """Revokes the tokens, and tells where the user signs out of the provider."""
        client = self.client
        try:
            client.revoke(tokens)
        except proofkey.ConfigurationError:
            pass  # The provider revokes nothing.
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
        """The client behind it, for the redirect URI of the current request: to refresh and to revoke. `LoginRefused`
        if the provider has to be found first and cannot be."""
        try:
            return self._app.client(self._setting, self.redirect_uri)
        except proofkey.TransportError as error:
            # Whatever was sent to find the provider: it is nothing of a login.
            raise LoginRefused("network_before", provider=self._name, error=error) from error
        except proofkey.Error as error:
            raise of_error(error, self._name) from error

    @property
    def redirect_uri(self) -> str:
        """What is to be registered with the provider."""
        return f"{self._base_url}{self._setting['redirect_path'] or f'{self._app.prefix}/{self._name}/callback'}"

    @property
    def _base_url(self) -> str:
        """Never what the browser says alone: whoever chooses the Host header would choose where the code goes."""
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
        """The start of the app, which need not be that of the site."""
        return f"{urlsplit(self._base_url).path}/"

    def _enter(self) -> None:
        """Both ends of a login begin so: nothing keeps the answer, and nobody has to answer a browser that looks
        ahead."""
        after_this_request(_private)
        if _is_prefetch():
            raise LoginRefused("prefetch", provider=self._name)

    def _jar(self, now: int) -> Jar:
        return Jar(request.cookies, self._base_url.startswith("https://"), now)

    def _user(self) -> str | None:
        user = self._load_user() if self._load_user else None
        return None if user is None else str(user)

    def _is_own_form(self) -> bool:
        """Another site can make a browser post a form, too. Where the browser says whose form it is, it has to be ours;
        where it does not, it is an old one, and says where the form was."""
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        is_own = site == "same-origin" if site else origin in (None, self._origin)
        return request.method == "POST" and is_own

    def _state(self) -> State:
        """The state of the callback, if it is from here. It finds the cookie; the answer itself is checked later."""
        try:
            sent = _answer().getlist("state")
        except RequestEntityTooLarge:
            raise LoginRefused("callback_malformed", provider=self._name) from None
        state = _state.read(self._app.secrets, sent[0]) if len(sent) == 1 else None
        if state is None:
            cause = "callback_malformed" if len(sent) > 1 else "not_issued_here"
            raise LoginRefused(cause, provider=self._name)
        return state

    def _post_again(self) -> None:
        """A callback that the provider posts from its own site comes without cookies: the same form is posted once
        more, from here. Whoever has no authentic state gets no such page."""
        if request.method == "POST" and _AGAIN not in request.form:
            fields = [(name, value) for name, value in request.form.items(multi=True) if name in _FORM_FIELDS]
            abort(_pages.post_again([*fields, (_AGAIN, "1")]))

    def _sealed(self, jar: Jar, state: State, now: int) -> str:
        """The login out of its cookie, or the reason why it is not there."""
        cookie = jar.find(state.login_id)
        if cookie is not None and cookie.kind != DONE:
            return cookie.value
        if cookie is not None:
            cause = "already_finished"
        elif now > state.began_at + LIFETIME:
            cause = "expired"
        elif not state.began_with(self._name, request.host):
            cause = "other_host"
        else:
            cause = "no_cookie"
        raise LoginRefused(cause, provider=self._name)

    def _callback_url(self) -> str:
        # Host and path are the configured ones: behind a proxy the app sees others.
        query = request.query_string.decode("latin-1")
        return f"{self.redirect_uri}?{query}" if query else self.redirect_uri

    def _forget(self, jar: Jar, state: State) -> None:
        jar.finish(state.login_id)
        after_this_request(jar.save)


def _is_prefetch() -> bool:
    """Whether a browser looks ahead: nobody has asked for a login yet, and the answer may be thrown away."""
    purposes = [request.headers.get(name, "").lower() for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")]
    return request.method == "HEAD" or any("prefetch" in purpose or "preview" in purpose for purpose in purposes)


def _private(response: ResponseT) -> ResponseT:
    """For URLs that carry codes or ID tokens: nothing keeps the answer, and no link of it tells where it was."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _name_of(user: str | None) -> str:
    """Stands for the user in the sealed login, in which there is little room."""
    return "" if user is None else hashlib.sha256(user.encode()).hexdigest()[:32]


def _answer() -> MultiDict[str, str]:
    """The parameters of the callback."""
    if request.method != "POST":
        return request.args
    request.max_content_length = _MAX_FORM
    return request.form


def _posted() -> dict[str, str]:
    if request.method != "POST":
        return {}
    # Put together again, because whoever read the form first has emptied the body.
    form = list(request.form.items(multi=True))
    return {"content_type": "application/x-www-form-urlencoded", "body": urlencode(form)}


def _renew_session() -> None:
    """A session that is kept on the server gets a new name, so that nobody who knew the old one is signed in with it.
    In Flask's own, which is a cookie, there is none."""
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
"""After these the right answer may still come: anybody may have sent the wrong one, or nothing was sent on."""

_ELSEWHERE = ("cross-site", "same-site")
_AGAIN = "proofkey_again"
_MAX_FORM = 64 * 1024
"""In bytes."""
_FORM_FIELDS = ("code", "state", "iss", "error", "error_description", "error_uri")
_BARE = frozenset("iss sub aud azp exp iat nbf auth_time nonce acr amr at_hash c_hash sid jti".split())
"""Claims about the sign-in itself. A token that has no other says nothing more about the user than who it is."""
