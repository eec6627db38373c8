"""What the extension keeps for each app. It is made from the app's configuration at the first login."""

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from flask import Flask

import proofkey
from proofkey import replay_store
from proofkey.flask._causes import LoginRefused
from proofkey.flask._config import ProviderConfig, SettingError, is_of_a_provider, unknown_keys
from proofkey.replay_store import ReplayStore


class App:
    """The sealing keys, the clients and the replay store of one app."""

    def __init__(
        self,
        app: Flask,
        prefix: str,
        config: Callable[[Flask, str], ProviderConfig],
        names: Callable[[], Iterable[str]],
    ) -> None:
        self._app, self._config, self._names = app, config, names
        self.prefix = prefix
        self._lock = threading.Lock()
        self._replay_store: ReplayStore | None = None
        self._providers: dict[str, proofkey.Provider] = {}
        self._clients: dict[tuple[str, str], proofkey.Client] = {}

    def config(self, name: str) -> ProviderConfig:
        """The configuration of a provider."""
        return self._config(self._app, name)

    @cached_property
    def secrets(self) -> list[bytes]:
        """The app's secrets, newest first."""
        secrets = (self._app.secret_key or b"", *(self._app.config.get("SECRET_KEY_FALLBACKS") or ()))
        return [secret.encode() if isinstance(secret, str) else bytes(secret) for secret in secrets]

    @cached_property
    def keys(self) -> proofkey.SealKeys:
        """The keys made from these secrets. `SealError` "secret_weak" if SECRET_KEY is missing or too short."""
        return proofkey.SealKeys(*self.secrets)

    @property
    def replay_store(self) -> ReplayStore:
        """The store that PROOFKEY_REPLAY_STORE names; without it, one in the memory of this process."""
        with self._lock:  # Two stores in memory would accept the same login twice.
            if self._replay_store is None:
                self._replay_store = self._open_replay_store()
            return self._replay_store

    def _open_replay_store(self) -> ReplayStore:
        try:
            return replay_store.from_url(self._app.config.get("PROOFKEY_REPLAY_STORE") or "memory://")
        except (ImportError, ValueError) as error:
            self._app.logger.error("proofkey: PROOFKEY_REPLAY_STORE: %s", error)
            raise proofkey.TransportError("store_unavailable", request_sent=False) from error

    def client(self, config: ProviderConfig, redirect_uri: str) -> proofkey.Client:
        """The client for a redirect URI. It is kept, because it caches keys and refreshed tokens. `LoginRefused` if a
        setting cannot be used; the log says which one."""
        key = (config.name, redirect_uri)
        client = self._clients.get(key)
        if client is None:
            try:
                client = config.client(self.provider(config), redirect_uri)
            except SettingError as error:
                self._app.logger.error("proofkey: %s: %s", config.name, error)
                raise LoginRefused("configuration", provider=config.name) from error
            if len(self._clients) < _MAX_CLIENTS:
                client = self._clients.setdefault(key, client)
        return client

    def provider(self, config: ProviderConfig) -> proofkey.Provider:
        """The provider, discovered at the first login. A failure is not cached. No lock is held during discovery:
        requests would queue up behind a provider that does not respond. `SettingError`."""
        found = self._providers.get(config.name)
        if found is None:
            unknown = list(self.unknown_settings(config.name))
            if unknown:
                raise SettingError("; ".join(unknown))
            found = self._providers.setdefault(config.name, config.provider())
        return found

    def unknown_settings(self, name: str | None) -> Iterator[str]:
        """The keys of the app's configuration that are no settings, each with what is wrong: those that stop logins with
        this provider, or all that belong to no provider."""
        for key, owner in unknown_keys(self._app, {*self._names(), *([name] if name else [])}):
            is_elsewhere = owner is None and is_of_a_provider(key)
            if is_elsewhere and name is None:
                yield f"{key}: no provider with this name; add it with @auth.on_login(name)"
            elif not is_elsewhere and owner in (name, None):
                yield f"{key}: no such setting"


_MAX_CLIENTS = 64
"""An app with TRUSTED_HOSTS has one client for each host and provider. Clients above this number are not kept."""
