"""Finds mistakes in the configuration before a user does."""

import email.utils
import http.client
import os
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import proofkey
from proofkey.replay_store import MemoryReplayStore
from proofkey.web._causes import LoginRefused, one_line
from proofkey.web._clients import Clients
from proofkey.web._flow import Flow
from proofkey.web._http import Request
from proofkey.web._next import MAX_LENGTH
from proofkey.web._settings import ProviderConfig, SettingError


@dataclass(frozen=True)
class Finding:
    """One thing that the doctor looked at."""

    is_good: bool
    text: str
    """In one line. It contains no secret."""

    def __str__(self) -> str:
        return f"{'ok  ' if self.is_good else 'FIX '} {self.text}"


def findings(clients: Clients, online: bool) -> Iterator[Finding]:
    """Looks at everything that does not depend on the framework."""
    names = sorted(clients.names())
    yield from _safely("SECRET_KEY", lambda: _secrets(clients))
    base_url: list[str | None] = [None]
    yield from _safely("PROOFKEY_BASE_URL", lambda: _address(clients, base_url))
    yield from _safely("PROOFKEY_REPLAY_STORE", lambda: _replay_store(clients, online))
    yield from _safely("PROOFKEY_TOKEN_STORE", lambda: _token_store(clients, online))
    # A provider reports those of its own, and those of the app.
    for key in clients.unknown_keys():
        if key.is_elsewhere or not names:
            yield Finding(False, str(key))
    yield Finding(bool(names), f"providers: {', '.join(names) or 'none; add one with @auth.on_login(name)'}")
    for name in names:
        yield from _safely(name, partial(_provider, clients, name, base_url[0], online))


def session_cookie(base_url: object, name: object, secure: object, same_site: object) -> Iterator[Finding]:
    """What an adapter adds about the app's session cookie."""
    is_https = str(base_url or "").startswith("https://")
    suffix = ", and the site is https" if is_https else ""
    yield Finding(bool(secure) or not is_https, f"SESSION_COOKIE_SECURE is {bool(secure)}{suffix}")
    # With "Strict" the browser does not send the session when the provider redirects back: the app would not know the
    # user, and would lose what the session holds. Without the attribute, sign-ins work.
    advice = ': "Lax" keeps the session out of forms of other sites, but not out of the redirect from the provider'
    found = f"SESSION_COOKIE_SAMESITE is {same_site or 'not set'}"
    yield Finding(same_site in ("Lax", None), found if same_site == "Lax" else found + advice)
    if is_https:
        # A site on another subdomain can set a cookie of any other name here. It could have the victim's account at the
        # provider connected to the attacker's account in the app.
        is_fixed = str(name).startswith("__Host-")
        text = "" if is_fixed else ': with the prefix "__Host-", no other subdomain can set it'
        yield Finding(is_fixed, f"SESSION_COOKIE_NAME is {name}{text}")


def _safely(subject: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except LoginRefused as refusal:
        yield Finding(False, f"{subject}: {refusal.for_log().removeprefix('configuration: ')}")
    except SettingError as error:
        yield Finding(False, str(error) if str(error).startswith(subject) else f"{subject}: {error}")
    except proofkey.Error as error:
        below = f": {one_line(error.__cause__)}" if error.__cause__ else ""
        yield Finding(False, f"{subject}: {error}{below}")
    except Exception as error:
        yield Finding(False, f"{subject}: {one_line(error)}")


def _secrets(clients: Clients) -> Iterator[Finding]:
    newest, *older = [len(secret) for secret in clients.secrets]
    advice = "" if newest >= 32 else ': make one with python -c "import secrets; print(secrets.token_hex(32))"'
    yield Finding(newest >= 32, f"SECRET_KEY has {newest} bytes{advice}")
    for length in older:
        yield Finding(length >= 32, f"a secret in SECRET_KEY_FALLBACKS has {length} bytes")


def _address(clients: Clients, found: list[str | None]) -> Iterator[Finding]:
    found[0] = clients.base_url
    local = "PROOFKEY_BASE_URL is not set: logins work on localhost, and on names that the framework checks"
    yield Finding(True, f"PROOFKEY_BASE_URL is {found[0]}" if found[0] else local)


def _replay_store(clients: Clients, online: bool) -> Iterator[Finding]:
    if online:
        store = clients.replay_store
        key = f"doctor:{os.urandom(8).hex()}"
        store.claim(key, int(time.time()))
        store.release(key)
        if not isinstance(store, MemoryReplayStore):
            yield Finding(True, "all workers together accept a login once")
            return
    elif clients.settings.get("PROOFKEY_REPLAY_STORE"):
        return
    yield Finding(True, "each worker accepts a login once; with PROOFKEY_REPLAY_STORE, all workers together do")


def _token_store(clients: Clients, online: bool) -> Iterator[Finding]:
    if online and clients.token_store is not None:
        yield Finding(True, "tokens are saved after each login, for the user that the app then knows")


def _provider(clients: Clients, name: str, base_url: str | None, online: bool) -> Iterator[Finding]:
    config = clients.config(name)
    address = urlsplit(base_url or "http://localhost:5000")
    request = Request("GET", address.scheme, address.netloc, root_path=address.path)
    flow = Flow(clients, request, name)
    yield Finding(True, f"{name}: the redirect URI to register is {flow.redirect_uri}")
    if not online:
        clients.check(config)
        config.check()
        if not config.is_discovered:
            config.client(config.provider())
        return
    # Discovers the provider, seals a login as large as they get, and measures the response.
    flow.begin(next="/".ljust(MAX_LENGTH, "x"), connect=False, user=None)
    client = flow.client
    provider = client.provider
    yield Finding(True, f"{name}: {provider.token_endpoint}, PKCE: {provider.pkce_support}")
    yield from _keys(config, client)
    yield from _clock(config, provider.token_endpoint)


def _keys(config: ProviderConfig, client: proofkey.Client) -> Iterator[Finding]:
    scope = config["scope"] or ()
    if "openid" in (scope.split(" ") if isinstance(scope, str) else scope):
        client.fetch_keys()
        yield Finding(True, f"{config.name}: the keys for ID tokens can be fetched")


def _clock(config: ProviderConfig, token_endpoint: str) -> Iterator[Finding]:
    skew = _skew(token_endpoint)
    if skew is not None:
        yield Finding(
            abs(skew) <= 30, f"{config.name}: the provider's clock differs from this one by {skew:+d} seconds"
        )
    elif config["transport"] is None:
        yield Finding(False, f"{config.name}: the token endpoint cannot be reached")


def _skew(endpoint: str) -> int | None:
    """How many seconds the server's clock is ahead, according to the `Date` header of any response."""
    url = urlsplit(endpoint)
    try:
        connection: Any = http.client.HTTPConnection(url.netloc, timeout=10)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.netloc, timeout=10, context=ssl.create_default_context())
        connection.request("HEAD", url.path or "/")
        date = connection.getresponse().headers["Date"]
        connection.close()
        return round(email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
