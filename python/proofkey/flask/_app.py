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
        self._discovering = threading.Lock()
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

    @cached_property
    def finished(self) -> store.SpendStore:
        """The logins that are finished: of this process, unless a store is named."""
        url = self._app.config.get("PROOFKEY_STORE")
        return store.from_url(url) if url else store.MemoryStore()

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
        """Found once, by whichever login comes first; a failure is not remembered."""
        if setting.name not in self._providers:
            with self._discovering:
                if setting.name not in self._providers:
                    self._providers[setting.name] = setting.discover()
        return self._providers[setting.name]


_MAX_CLIENTS = 64
"""An app with trusted hosts has one for each host and provider; what comes beyond is not remembered."""
