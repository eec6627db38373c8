"""`flask proofkey doctor`: what is set up wrongly, before a user finds out."""

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
from proofkey import store
from proofkey.flask._app import App


def doctor(names: Callable[[], list[str]]) -> click.Command:
    """The command, for these providers."""

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
    yield _store(kept)
    yield bool(names), f"providers: {', '.join(names) or 'none: call @auth.on_login(name)'}"
    for name in names:
        yield from _provider(kept, name, base_url)


def _secrets(kept: App) -> Iterator[tuple[bool, str]]:
    newest, *older = [len(secret) for secret in kept.secrets]
    advice = "" if newest >= 32 else ': python -c "import secrets; print(secrets.token_hex(32))" makes one'
    yield newest >= 32, f"SECRET_KEY has {newest} bytes{advice}"
    for length in older:
        yield length >= 32, f"SECRET_KEY_FALLBACKS has one of {length} bytes"


def _address(app: Flask, base_url: str | None) -> Iterator[tuple[bool, str]]:
    if base_url:
        url = urlsplit(base_url)
        is_loopback = url.hostname in ("localhost", "127.0.0.1", "::1")
        yield url.scheme == "https" or is_loopback, f"PROOFKEY_BASE_URL is {base_url}"
    elif app.config.get("TRUSTED_HOSTS"):
        yield True, "the address is that of the request, for TRUSTED_HOSTS; behind a proxy add werkzeug's ProxyFix"
    else:
        yield True, "PROOFKEY_BASE_URL is not set: logins work on localhost only"


def _session(app: Flask, base_url: str | None) -> Iterator[tuple[bool, str]]:
    is_secure = bool(app.config.get("SESSION_COOKIE_SECURE"))
    is_https = (base_url or "").startswith("https://")
    yield is_secure or not is_https, f"SESSION_COOKIE_SECURE is {is_secure}" + (", under https" if is_https else "")
    same_site = app.config.get("SESSION_COOKIE_SAMESITE")
    # "Strict" keeps the session back when the provider sends the browser here: the user would not be known, and what
    # the session held would be lost. Without the attribute, which is Flask's default, sign-ins work.
    advice = ': "Lax" keeps it out of forms of other sites, and lets it come back from the provider'
    found = f"SESSION_COOKIE_SAMESITE is {same_site or 'not set'}"
    yield same_site in ("Lax", None), found if same_site == "Lax" else found + advice


def _store(kept: App) -> tuple[bool, str]:
    try:
        finished = kept.finished
    except proofkey.TransportError as error:
        return False, f"PROOFKEY_STORE: {error.__cause__ or error}"
    is_shared = not isinstance(finished, store.MemoryStore)
    return True, f"a login counts once {'across all workers' if is_shared else 'in each worker: see PROOFKEY_STORE'}"


def _provider(kept: App, name: str, base_url: str | None) -> Iterator[tuple[bool, str]]:
    setting = kept.setting(name)
    path = setting["redirect_path"] or f"{kept.prefix}/{name}/callback"
    yield True, f"{name}: the redirect URI to register is {(base_url or 'http://localhost:5000').rstrip('/')}{path}"
    try:
        provider = kept.provider(setting)
        setting.client(provider, f"{(base_url or 'http://localhost').rstrip('/')}{path}")
    except proofkey.Error as error:
        yield False, f"{name}: {error}"
        return
    yield True, f"{name}: {provider.token_endpoint}, PKCE: {provider.pkce_support}"
    skew = _skew(provider.token_endpoint)
    if skew is None:
        yield False, f"{name}: the token endpoint cannot be reached"
    else:
        yield abs(skew) <= 30, f"{name}: its clock is {skew:+d} seconds from here"


def _skew(endpoint: str) -> int | None:
    """How far the server's clock is ahead, by the `Date` of whatever it answers."""
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
