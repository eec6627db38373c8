"""`flask proofkey doctor`: finds mistakes in the configuration before a user does."""

import email.utils
import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

import proofkey
from proofkey.flask._app import App
from proofkey.flask._config import SettingError
from proofkey.replay_store import MemoryReplayStore


def doctor(names: Callable[[], list[str]]) -> click.Command:
    """The command that checks these providers."""

    @click.command("doctor")
    @with_appcontext
    def command() -> None:
        """Check how signing in is set up. The exit status is 1 if something has to change."""
        failed = False
        for is_good, text in _findings(current_app, names()):
            click.echo(f"{'ok  ' if is_good else 'FIX '} {text}")
            failed |= not is_good
        raise SystemExit(int(failed))

    return command


def _findings(app: Flask, names: list[str]) -> Iterator[tuple[bool, str]]:
    kept: App = app.extensions["proofkey"]
    yield from _secrets(kept)
    base_url: str | None = app.config.get("PROOFKEY_BASE_URL")
    yield from _address(app, base_url)
    yield from _session(app, base_url)
    yield _replay_store(kept)
    for key in kept.unknown_keys():
        yield False, f"{key.provider}: {key}" if key.provider else str(key)
    yield bool(names), f"providers: {', '.join(names) or 'none; add one with @auth.on_login(name)'}"
    for name in names:
        yield from _provider(kept, name, base_url)


def _secrets(kept: App) -> Iterator[tuple[bool, str]]:
    newest, *older = [len(secret) for secret in kept.secrets]
    advice = "" if newest >= 32 else ': make one with python -c "import secrets; print(secrets.token_hex(32))"'
    yield newest >= 32, f"SECRET_KEY has {newest} bytes{advice}"
    for length in older:
        yield length >= 32, f"a secret in SECRET_KEY_FALLBACKS has {length} bytes"


def _address(app: Flask, base_url: str | None) -> Iterator[tuple[bool, str]]:
    if base_url:
        url = urlsplit(base_url)
        is_loopback = url.hostname in ("localhost", "127.0.0.1", "::1")
        yield url.scheme == "https" or is_loopback, f"PROOFKEY_BASE_URL is {base_url}"
    elif app.config.get("TRUSTED_HOSTS"):
        yield True, "the address comes from the request and TRUSTED_HOSTS; behind a proxy, add Werkzeug's ProxyFix"
    else:
        yield True, "PROOFKEY_BASE_URL is not set: logins work on localhost only"


def _session(app: Flask, base_url: str | None) -> Iterator[tuple[bool, str]]:
    is_secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
    is_https = (base_url or "").startswith("https://")
    suffix = ", and the site is https" if is_https else ""
    yield is_secure or not is_https, f"SESSION_COOKIE_SECURE is {is_secure}{suffix}"
    same_site = app.config.get("SESSION_COOKIE_SAMESITE")
    # With "Strict" the browser does not send the session when the provider redirects back: the app would not know the
    # user, and would lose what the session holds. Without the attribute, Flask's default, sign-ins work.
    advice = ': "Lax" keeps the session out of forms of other sites, but not out of the redirect from the provider'
    found = f"SESSION_COOKIE_SAMESITE is {same_site or 'not set'}"
    yield same_site in ("Lax", None), found if same_site == "Lax" else found + advice


def _replay_store(kept: App) -> tuple[bool, str]:
    try:
        store = kept.replay_store
    except proofkey.TransportError as error:
        return False, f"PROOFKEY_REPLAY_STORE: {error.__cause__ or error}"
    if isinstance(store, MemoryReplayStore):
        return True, "each worker accepts a login once; with PROOFKEY_REPLAY_STORE, all workers together do"
    return True, "all workers together accept a login once"


def _provider(kept: App, name: str, base_url: str | None) -> Iterator[tuple[bool, str]]:
    config = kept.config(name)
    path = config["redirect_path"] or f"{kept.prefix}/{name}/callback"
    yield True, f"{name}: the redirect URI to register is {(base_url or 'http://localhost:5000').rstrip('/')}{path}"
    try:
        provider = kept.provider(config)
        config.client(provider, f"{(base_url or 'http://localhost').rstrip('/')}{path}")
    except (SettingError, proofkey.Error) as error:
        yield False, f"{name}: {error}"
        return
    yield True, f"{name}: {provider.token_endpoint}, PKCE: {provider.pkce_support}"
    skew = _skew(provider.token_endpoint)
    if skew is None:
        yield False, f"{name}: the token endpoint cannot be reached"
    else:
        yield abs(skew) <= 30, f"{name}: the provider's clock differs from this one by {skew:+d} seconds"


def _skew(endpoint: str) -> int | None:
    """How many seconds the server's clock is ahead, according to the `Date` header of any response."""
    url = urlsplit(endpoint)
    try:
        connection = http.client.HTTPConnection(url.netloc, timeout=10)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.netloc, timeout=10, context=ssl.create_default_context())
        connection.request("HEAD", url.path or "/")
        date = connection.getresponse().headers["Date"]
        connection.close()
        return round(email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
