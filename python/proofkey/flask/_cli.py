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
from proofkey.flask._app import App


def doctor(names: Callable[[], list[str]]) -> click.Command:
    """The command, for these providers."""

    @click.command("doctor")
    @with_appcontext
    def command() -> None:
        """Check how signing in is set up. The exit status is 1 if something has to change."""
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        failed = False
        for is_good, text in _findings(app, names()):
            click.echo(f"{'ok  ' if is_good else 'FIX '} {text}")
            failed |= not is_good
        raise SystemExit(int(failed))

    return command


def _findings(app: Flask, names: list[str]) -> Iterator[tuple[bool, str]]:
    kept: App = app.extensions["proofkey"]
    yield from _secrets(kept)
    base_url: str | None = app.config.get("PROOFKEY_BASE_URL")
    yield from _address(app, base_url)
    yield bool(names), f"providers: {', '.join(names) or 'none: call @auth.on_login(name)'}"
    for name in names:
        yield from _provider(kept, name, base_url)


def _secrets(kept: App) -> Iterator[tuple[bool, str]]:
    lengths = [len(secret) for secret in kept.secrets]
    is_strong = min(lengths) >= 32
    advice = "" if is_strong else ': python -c "import secrets; print(secrets.token_hex(32))" makes one'
    yield is_strong, f"SECRET_KEY has {lengths[0]} bytes{advice}"
    if lengths[1:]:
        yield is_strong, f"SECRET_KEY_FALLBACKS has {len(lengths) - 1} older secrets"


def _address(app: Flask, base_url: str | None) -> Iterator[tuple[bool, str]]:
    if base_url:
        url = urlsplit(base_url)
        is_loopback = url.hostname in ("localhost", "127.0.0.1", "::1")
        yield url.scheme == "https" or is_loopback, f"PROOFKEY_BASE_URL is {base_url}"
    elif app.config.get("TRUSTED_HOSTS"):
        yield True, "the address is that of the request, for TRUSTED_HOSTS; behind a proxy add werkzeug's ProxyFix"
    else:
        yield True, "PROOFKEY_BASE_URL is not set: logins work on localhost only"
    is_secure = not (base_url or "").startswith("https://") or bool(app.config.get("SESSION_COOKIE_SECURE"))
    yield is_secure, f"SESSION_COOKIE_SECURE is {app.config.get('SESSION_COOKIE_SECURE')}"
    same_site = app.config.get("SESSION_COOKIE_SAMESITE")
    # Without the attribute browsers take it for Lax, some of them after two minutes only.
    yield same_site == "Lax", f"SESSION_COOKIE_SAMESITE is {same_site}" + ("" if same_site == "Lax" else ': set it to "Lax"')


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
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(url.netloc, timeout=10, context=ssl.create_default_context())
        else:
            connection = http.client.HTTPConnection(url.netloc, timeout=10)  # type: ignore[assignment]
        connection.request("HEAD", url.path or "/")
        date = connection.getresponse().headers["Date"]
        connection.close()
        return round(email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except (OSError, http.client.HTTPException, TypeError, ValueError):
        return None
