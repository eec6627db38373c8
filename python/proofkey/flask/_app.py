"""What the extension keeps for each app. It is made from the app's configuration at the first login."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from flask import Flask

import proofkey
from proofkey import replay_store
from proofkey.flask._causes import LoginRefused
from proofkey.flask._config import ProviderConfig, SettingError, UnknownKey, unknown_keys
from proofkey.replay_store import ReplayStore


@dataclass
class _Known:
    """A provider, and when its metadata is to be read again."""

    provider: proofkey.Provider
    read_again_at: float


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
        self._providers: dict[str, _Known] = {}
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
        try:
            if client is None:
                self._check_keys(config.name)
            provider = self.provider(config)
            if client is not None and client.provider is provider:
                return client
            client = config.client(provider, redirect_uri)
        except SettingError as error:
            self._app.logger.error("proofkey: %s: %s", config.name, error)
            raise LoginRefused("configuration", provider=config.name) from error
        with self._lock:
            kept = self._clients.get(key)
            if kept is not None and kept.provider is provider:
                return kept
            if kept is not None or len(self._clients) < _MAX_CLIENTS:
                self._clients[key] = client
        return client

    def provider(self, config: ProviderConfig) -> proofkey.Provider:
        """The provider, discovered at the first login and again when its metadata is an hour old. A failure is not
        cached. No lock is held during discovery: requests would queue up behind a provider that does not respond.
        `SettingError`."""
        known = self._providers.get(config.name)
        if known is None:
            made = _Known(config.provider(), time.monotonic() + METADATA_LIFETIME)
            known = self._providers.setdefault(config.name, made)
        elif config.is_discovered and self._is_to_be_read_again(known):
            try:
                known.provider = config.provider()
                known.read_again_at = time.monotonic() + METADATA_LIFETIME
            except proofkey.Error as error:
                self._app.logger.warning("proofkey: %s: the old metadata stays in use: %s", config.name, error)
        return known.provider

    def _is_to_be_read_again(self, known: _Known) -> bool:
        """Says so to one caller, and then to nobody for a minute: everybody else uses the old metadata meanwhile."""
        with self._lock:
            now = time.monotonic()
            is_old = now >= known.read_again_at
            if is_old:
                known.read_again_at = now + RETRY_AFTER
            return is_old

    def unknown_keys(self) -> list[UnknownKey]:
        """The keys of the app's configuration that look like settings of the extension and are not."""
        return list(unknown_keys(self._app, self._names()))

    def _check_keys(self, name: str) -> None:
        """Raises `SettingError` for keys that are none of a provider's settings and none of the app's."""
        unknown = list(unknown_keys(self._app, {*self._names(), name}))
        for key in unknown:
            if key.is_elsewhere:
                self._app.logger.warning("proofkey: %s", key)
        reasons = [str(key) for key in unknown if key.provider in (name, None) and not key.is_elsewhere]
        if reasons:
            raise SettingError("; ".join(reasons))


METADATA_LIFETIME = 3600.0
"""How long the metadata of a provider is used, in seconds."""

RETRY_AFTER = 60.0
"""How long the old metadata stays in use after it could not be read again, in seconds."""

_MAX_CLIENTS = 64
"""An app with TRUSTED_HOSTS has one client for each host and provider. Clients above this number are not kept."""
