"""What the extension keeps for an app, made of its configuration at the first login."""

import threading
from collections.abc import Callable
from functools import cached_property

from flask import Flask

import proofkey
from proofkey import store
from proofkey.flask._settings import Setting


class App:
    """The keys, the clients and the finished logins of one app."""

    def __init__(self, app: Flask, prefix: str, setting: Callable[[Flask, str], Setting]) -> None:
        self._app, self._setting = app, setting
        self.prefix = prefix
        self._lock = threading.Lock()
        self._store: store.SpendStore | None = None
        self._providers: dict[str, proofkey.Provider] = {}
        self._clients: dict[tuple[str, str], proofkey.Client] = {}

    def setting(self, name: str) -> Setting:
        """What the app says about a provider."""
        return self._setting(self._app, name)

    @cached_property
    def secrets(self) -> list[bytes]:
        """Of the app, the newest first."""
        secrets = (self._app.secret_key or b"", *(self._app.config.get("SECRET_KEY_FALLBACKS") or ()))
        return [secret.encode() if isinstance(secret, str) else bytes(secret) for secret in secrets]

    @cached_property
    def keys(self) -> proofkey.SealKeys:
        """Of those secrets. `SealError` "secret_weak" without a SECRET_KEY."""
        return proofkey.SealKeys(*self.secrets)

    @property
    def finished(self) -> store.SpendStore:
        """The logins that are finished: of this process, unless a store is named."""
        with self._lock:  # Two stores in memory would each let a login through.
            if self._store is None:
                self._store = self._opened()
            return self._store

    def _opened(self) -> store.SpendStore:
        try:
            return store.from_url(self._app.config.get("PROOFKEY_STORE") or "memory://")
        except (ImportError, ValueError) as error:
            self._app.logger.error("proofkey: PROOFKEY_STORE: %s", error)
            raise proofkey.TransportError("store_unavailable", request_sent=False) from error

    def client(self, setting: Setting, redirect_uri: str) -> proofkey.Client:
        """One for each redirect URI: it remembers keys and refreshes."""
        key = (setting.name, redirect_uri)
        client = self._clients.get(key)
        if client is None:
            client = setting.client(self.provider(setting), redirect_uri)
            if len(self._clients) < _MAX_CLIENTS:
                client = self._clients.setdefault(key, client)
        return client

    def provider(self, setting: Setting) -> proofkey.Provider:
        """Found by the first login; a failure is not remembered. No lock is held meanwhile: behind one that does not
        answer, all others would wait in turn."""
        found = self._providers.get(setting.name)
        return found or self._providers.setdefault(setting.name, setting.discover())


_MAX_CLIENTS = 64
"""An app with trusted hosts has one for each host and provider; what comes beyond is not remembered."""
