"""One provider and one request: begins and finishes logins."""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import proofkey
from proofkey.token_source import StoredTokens
from proofkey.web import _pages, _state
from proofkey.web._causes import LoginRefused, of_error
from proofkey.web._clients import Clients
from proofkey.web._http import LOOPBACK, PRIVATE, Request, Response, header_size, redirect
from proofkey.web._jar import LIFETIME, Jar
from proofkey.web._next import local_path
from proofkey.web._settings import SettingError
from proofkey.web._signed_in import SignedIn, user_id
from proofkey.web._state import State
from proofkey.web._user_tokens import UserTokens

if TYPE_CHECKING:
    from proofkey.httpx import TokenAuth

MAX_HEADER_BYTES = 3800
"""Of the redirect that begins a login: a proxy such as nginx accepts 4,096 by default, with those of the server."""


class Flow:
    """What `SignIn` does for one provider and one request."""

    def __init__(self, clients: Clients, request: Request, name: str) -> None:
        self._clients, self._request, self._name = clients, request, name
        self._config = clients.config(name)

    def begin(
        self,
        *,
        next: str | None,
        connect: bool,
        user: object,
        scope: str | list[str] | None = None,
        extra: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Response:
        with self._refusing(next):
            self._refuse_prefetch()
            connect_to = user_id(user) if connect else None
            if connect and (connect_to is None or not self._is_own_form()):
                raise LoginRefused("post_required", provider=self._name)
            now, request = int(time.time()), self._request
            jar, is_cross_site = self._jar(now), request.headers.get("sec-fetch-site", "") in _ELSEWHERE
            # Opens the stores now: a broken one should show before the user leaves for the provider.
            keys, _, _ = self._clients.keys, self._clients.replay_store, self._clients.token_store
            state = _state.make(self._clients.secrets, self._name, request.host, now)
            login = self.client.begin(
                scope=scope or self._config["scope"],
                extra={**(self._config["extra"] or {}), **(extra or {})},
                response_mode=self._config["response_mode"],
                state=state,
                data=f"{_hash_of(connect_to)}\n{local_path(next, self._home)}",
                now=now,
                **more,
            )
            sealed = login.seal(keys, self._name)
            if not jar.add(state, sealed, cross_site=is_cross_site):
                if is_cross_site and Jar(b"", self.base_url).add(state, sealed):
                    raise LoginRefused("too_many", provider=self._name)
                raise SettingError("scope: it and the other parameters are too large for a cookie")
            return _that_fits(redirect(login.url, [("Set-Cookie", line) for line in jar.set_cookie]))

    def finish(self, *, user: object) -> SignedIn | Response:
        with self._refusing():
            self._refuse_prefetch()
            jar = self._jar(int(time.time()))
            keys, state = self._clients.keys, self._state()
            if self._request.method == "POST" and not self._request.values(_AGAIN):
                # Coming from the provider's site, the form carries no cookies. Only an authentic state gets this page.
                fields = [(name, value) for name, value in self._request.parameters if name in _FORM_FIELDS]
                return _pages.post_again([*fields, (_AGAIN, "1")])
            sealed, client = self._sealed(jar, state), self.client
            login = client.resume(sealed, keys, self._name)
            bound, _, target = login.data.partition("\n")
            if bound and bound != _hash_of(user_id(user)):
                raise LoginRefused("user_changed", provider=self._name)
            store = self._clients.replay_store
        asked = login.scope
        try:
            tokens = client.finish(login, self._callback_url(), **self._posted_form(), replay_store=store)
        except proofkey.Error as error:
            refusal = of_error(error, self._name)
            refusal.next = target
            if refusal.cause not in _STILL_PENDING:
                refusal.headers += self._forget(jar, state)
            raise refusal from error
        headers = [*PRIVATE, *self._forget(jar, state)]
        connect_to = user_id(user) if bound else None
        return SignedIn(client, tokens, self._name, target, connect_to, asked, headers)

    def save_tokens(self, signed_in: SignedIn, user: object) -> None:
        # The login has succeeded, whatever happens here.
        reason: object = "user_loader returned nobody after the login"
        try:
            store, key = self._clients.token_store, user_id(user)
            if store is None:
                return
            if key is not None:
                return store.save(signed_in.client, key, signed_in.tokens)
        except (SettingError, proofkey.Error) as error:
            reason = error
        self._clients.logger.error("proofkey: the tokens of a login with %s were not saved: %s", self._name, reason)

    def token_auth(self, user: object) -> "TokenAuth":
        with self._refusing():
            try:
                from proofkey.httpx import TokenAuth
            except ImportError as error:
                raise SettingError(f"{error}: pip install proofkey[httpx]") from None
            store, origins, key = self._clients.token_store, self.api_origins, user_id(user)
            if store is None:
                raise SettingError("PROOFKEY_TOKEN_STORE: it is not set, so no tokens were saved")
            if key is None:
                raise LoginRefused("grant_ended", provider=self._name)
            return TokenAuth(UserTokens(StoredTokens(store, self.client, key), self._name), origins=origins)

    @property
    def api_origins(self) -> list[str]:
        with self._refusing():
            self._config.check()
            origins: list[str] | None = self._config["api_origins"]
            if not origins:
                raise SettingError("api_origins: the origins of the provider's API, such as https://api.example.com")
            return origins

    def logout(self, tokens: proofkey.Tokens | None, return_to: str | None) -> Response:
        try:
            with self._refusing():
                back = local_path(return_to, self._home)
                where = self._leave(tokens, back) if tokens is not None else back
        except LoginRefused as refusal:
            self._clients.logger.warning(
                "proofkey: %s was not told of a logout: %s", self._name, refusal.for_log()
            )
            where = local_path(return_to, f"{self._request.root_path}/")
        return redirect(where, [])

    def _leave(self, tokens: proofkey.Tokens, back: str) -> str:
        """Revokes the tokens, and returns where the browser goes next."""
        client = self.client
        try:
            client.revoke(tokens)
        except proofkey.ConfigurationError:
            pass  # The provider has no revocation endpoint.
        except proofkey.Error as error:
            self._clients.logger.warning("proofkey: %s did not revoke the tokens: %s", self._name, error)
        if tokens.id_token is None:
            return back
        try:
            return client.end_session_url(tokens, return_to=self._origin + back)
        except proofkey.ConfigurationError:
            return back

    @property
    def client(self) -> proofkey.Client:
        return self._clients.client(self._config, self.redirect_uri)

    @property
    def redirect_uri(self) -> str:
        with self._refusing():
            return self.base_url + self._config.callback_path(self._clients.prefix)

    def start_path(self, next: str | None) -> str | None:
        """The path of the route that begins a login, as browsers see it; `None` if the app's address is unknown."""
        try:
            with self._refusing():
                path = f"{urlsplit(self.base_url).path}{self._clients.prefix}/{self._name}"
        except LoginRefused:
            return None
        return f"{path}?{urlencode({'next': next})}" if next else path

    @property
    def base_url(self) -> str:
        """The address of the app, without a slash at the end. The Host header alone never decides it: whoever sets that
        header would decide where the code goes."""
        request = self._request
        configured = self._clients.base_url
        if configured:
            return configured
        is_loopback = request.hostname in LOOPBACK
        if not is_loopback and not request.trusted_host:
            raise LoginRefused("base_url", provider=self._name)
        if not is_loopback and request.scheme == "http":
            raise LoginRefused("proxy", provider=self._name)
        return request.origin + request.root_path.rstrip("/")

    @property
    def _origin(self) -> str:
        url = urlsplit(self.base_url)
        return f"{url.scheme}://{url.netloc}"

    @property
    def _home(self) -> str:
        """The start page of the app. An app that is mounted below a path does not start where the site does."""
        return f"{urlsplit(self.base_url).path}/"

    @contextmanager
    def _refusing(self, next: str | None = None) -> Iterator[None]:
        """Turns whatever goes wrong into a `LoginRefused`, which remembers where the user wanted to go."""
        try:
            try:
                yield
            except SettingError as error:
                raise LoginRefused("configuration", provider=self._name, reason=str(error)) from error
            except proofkey.Error as error:
                raise of_error(error, self._name) from error
        except LoginRefused as refusal:
            refusal.next = refusal.next or local_path(next, "") or None
            raise

    def _refuse_prefetch(self) -> None:
        """Turns browsers away that prefetch: the user has not asked for the page yet, and may never see the answer."""
        headers = self._request.headers
        purposes = [headers.get(name, "").lower() for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")]
        if self._request.method == "HEAD" or any("prefetch" in text or "preview" in text for text in purposes):
            raise LoginRefused("prefetch", provider=self._name)

    def _jar(self, now: int) -> Jar:
        return Jar(self._request.cookie, self.base_url, now=now)

    def _is_own_form(self) -> bool:
        """Whether the request is a form of this site. Other sites can make a browser post a form here, too.
        `Sec-Fetch-Site` tells them apart; older browsers do not send it, but send `Origin` for forms of other sites."""
        site, origin = (self._request.headers.get(name, "") for name in ("sec-fetch-site", "origin"))
        is_own = site == "same-origin" if site else origin in ("", self._origin)
        return self._request.method == "POST" and is_own

    def _state(self) -> State:
        """The state of the callback, if it was made here. It leads to the cookie; everything else in the callback is
        checked later."""
        if self._request.is_form_too_large:
            raise LoginRefused("callback_malformed", provider=self._name)
        sent = self._request.values("state")
        state = _state.read(self._clients.secrets, sent[0]) if len(sent) == 1 else None
        if state is None:
            cause = "callback_malformed" if len(sent) > 1 else "not_issued_here"
            raise LoginRefused(cause, provider=self._name)
        return state

    def _sealed(self, jar: Jar, state: State) -> str:
        """The sealed login from its cookie. `LoginRefused` says why there is none."""
        sealed = jar.find(state.text)
        if sealed is not None:
            return sealed
        error = None
        if jar.is_finished(state.text):
            cause = "already_finished"
        elif jar.is_ambiguous(state.text) or jar.is_folded:
            cause = "cookies_malformed"
        elif int(time.time()) > state.began_at + LIFETIME:
            cause = "expired"
        else:
            cause = "no_cookie" if state.began_with(self._name, self._request.host) else "other_host"
            error = proofkey.CallbackError("login_lost")
        raise LoginRefused(cause, provider=self._name, error=error)

    def _callback_url(self) -> str:
        # With the configured host and path: behind a proxy, the app sees different ones.
        # A query that is part of the redirect URI is there again.
        query = self._request.query.decode("latin-1")
        return f"{self.redirect_uri.partition('?')[0]}?{query}" if query else self.redirect_uri

    def _posted_form(self) -> dict[str, str]:
        if self._request.method != "POST":
            return {}
        return {"content_type": "application/x-www-form-urlencoded", "body": urlencode(self._request.parameters)}

    def _forget(self, jar: Jar, state: State) -> list[tuple[str, str]]:
        jar.finish(state.text)
        return [("Set-Cookie", line) for line in jar.set_cookie]


def _that_fits(response: Response) -> Response:
    """The response without the removals of cookies for which there is no room: a later one removes them."""
    kept = [(name, value) for name, value in response.headers if "; Max-Age=0; " not in value]
    size = header_size(kept)
    if size > MAX_HEADER_BYTES:
        raise SettingError(
            f"scope: the redirect would have {size:,} bytes of headers, and common proxies accept {MAX_HEADER_BYTES:,}"
        )
    for removal in response.headers:
        if removal not in kept and header_size([*kept, removal]) <= MAX_HEADER_BYTES:
            kept.append(removal)
    return Response(response.status, kept)


def _hash_of(user: str | None) -> str:
    """A short stand-in for the user id: the sealed login has little room."""
    return "" if user is None else hashlib.sha256(user.encode()).hexdigest()[:32]


_STILL_PENDING = {
    "not_issued_here",
    "issuer_mismatch",
    "callback_malformed",
    "network_before",
    "store",
    "store_reply_lost",
    "configuration",
}
"""After these, the login can still be finished: either anybody could have sent the callback, or no code was sent."""

_ELSEWHERE = ("cross-site", "same-site")
_AGAIN = "proofkey_again"
_FORM_FIELDS = ("code", "state", "iss", "error", "error_description", "error_uri")
