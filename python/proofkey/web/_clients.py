"""What is kept for each app: the sealing keys, the stores, the providers and the clients."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import proofkey
from proofkey import replay_store, token_store
from proofkey.replay_store import ReplayStore
from proofkey.token_store import SealedTokenStore
from proofkey.web._causes import LoginRefused, of_error
from proofkey.web._settings import ProviderConfig, SettingError, UnknownKey, base_url, unknown_keys

METADATA_LIFETIME = 3600.0
"""How long the metadata of a provider is used, in seconds."""

RETRY_AFTER = 60.0
"""How long the old metadata stays in use after it could not be read again, in seconds."""

FAILURE_LIFETIME = 5.0
"""How long a failed discovery is remembered, in seconds: anybody can begin a login, and each would hold a worker until
the provider times out."""

PATIENCE = 2.0
"""How many seconds after a discovery began others may still try, too. Later ones fail at once."""


@dataclass
class _Known:
    """A provider, its client, and when its metadata is to be read again."""

    provider: proofkey.Provider
    client: proofkey.Client
    read_again_at: float


class Clients:
    """The providers and clients of one app, made from its settings at the first login. No lock is held anywhere: a
    process that forks meanwhile would pass it on locked."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        prefix: str,
        keywords: Mapping[str, Mapping[str, Any]],
        names: Callable[[], Iterable[str]],
        logger: logging.Logger,
    ) -> None:
        self.settings, self.prefix, self._keywords, self.names = settings, prefix, keywords, names
        self.logger = logger
        self._known: dict[str, _Known] = {}
        self._failed: dict[str, tuple[float, proofkey.Error]] = {}
        self._began: dict[str, float] = {}
        self._checked: set[str] = set()
        self._replay_store: dict[str, ReplayStore] = {}

    @cached_property
    def secrets(self) -> list[bytes]:
        """The app's secrets, newest first. `SettingError`."""
        found = (self.settings.get("SECRET_KEY") or b"", *(self.settings.get("SECRET_KEY_FALLBACKS") or ()))
        for secret in found:
            if not isinstance(secret, str | bytes):
                raise SettingError(f"SECRET_KEY, SECRET_KEY_FALLBACKS: str or bytes, not {type(secret).__name__}")
        return [secret.encode() if isinstance(secret, str) else secret for secret in found]

    @cached_property
    def keys(self) -> proofkey.SealKeys:
        """The keys made from these secrets. `SealError` "secret_weak" if SECRET_KEY is missing or too short."""
        return proofkey.SealKeys(*self.secrets)

    @property
    def base_url(self) -> str | None:
        """The configured address of the app. `SettingError`."""
        return base_url(self.settings)

    @property
    def replay_store(self) -> ReplayStore:
        """The store that PROOFKEY_REPLAY_STORE names; without it, one in the memory of this process. `SettingError` if
        there is no such store; `TransportError` "store_unavailable"."""
        kept = self._replay_store.get("store")
        if kept is None:
            # Of two threads that open one at the same time, both get the first one: two stores in memory would accept
            # the same login twice.
            kept = self._replay_store.setdefault("store", self._open_replay_store())
        return kept

    def _open_replay_store(self) -> ReplayStore:
        url = self.settings.get("PROOFKEY_REPLAY_STORE") or "memory://"
        if not isinstance(url, str):
            raise SettingError(f"PROOFKEY_REPLAY_STORE: a str, not {type(url).__name__}")
        try:
            return replay_store.from_url(url)
        except ImportError as error:
            raise SettingError(f"PROOFKEY_REPLAY_STORE: {error}") from None
        except ValueError:
            # Its text may quote a part of the password.
            raise SettingError(
                "PROOFKEY_REPLAY_STORE: the URL of a replay store is sqlite:///path, redis://host, rediss://host or "
                "memory://; a password in it is percent-encoded"
            ) from None

    @cached_property
    def token_store(self) -> SealedTokenStore | None:
        """The store that PROOFKEY_TOKEN_STORE names; `None` without it. `SettingError` if there is no such store; the
        errors of the store."""
        url = self.settings.get("PROOFKEY_TOKEN_STORE")
        if not url:
            return None
        if not isinstance(url, str):
            raise SettingError(f"PROOFKEY_TOKEN_STORE: a str, not {type(url).__name__}")
        try:
            return token_store.from_url(url, self.keys)
        except proofkey.Error:
            raise
        except (ImportError, ValueError) as error:  # Neither quotes the URL.
            raise SettingError(f"PROOFKEY_TOKEN_STORE: {error}") from None

    def config(self, name: str) -> ProviderConfig:
        """The configuration of a provider."""
        return ProviderConfig.of(self.settings, name, self._keywords.get(name, {}))

    def client(self, config: ProviderConfig, redirect_uri: str) -> proofkey.Client:
        """The client for a redirect URI. All redirect URIs of a provider share its keys and its refreshed tokens.
        `LoginRefused`, whose `reason` names the setting that cannot be used."""
        try:
            self.check(config)
            return self._of(config).client.with_redirect_uri(redirect_uri)
        except SettingError as error:
            raise LoginRefused("configuration", provider=config.name, reason=str(error)) from error
        except proofkey.TransportError as error:
            # Discovery may have sent requests, but nothing of a login.
            raise LoginRefused("network_before", provider=config.name, error=error) from error
        except proofkey.Error as error:
            raise of_error(error, config.name) from error

    def unknown_keys(self) -> list[UnknownKey]:
        """The keys of the app's configuration that look like settings of this library and are not."""
        return list(unknown_keys(self.settings, self.names()))

    def _of(self, config: ProviderConfig) -> _Known:
        """The provider, discovered at the first login and again when its metadata is an hour old."""
        known = self._known.get(config.name)
        if known is None:
            return self._known.setdefault(config.name, self._discover(config))
        if config.is_discovered and time.monotonic() >= known.read_again_at:
            # Everybody else uses the old metadata meanwhile.
            known.read_again_at = time.monotonic() + RETRY_AFTER
            try:
                known = self._known[config.name] = _make(config)
            except proofkey.Error as error:
                self.logger.warning("proofkey: %s: the old metadata stays in use: %s", config.name, error)
        return known

    def _discover(self, config: ProviderConfig) -> _Known:
        if not config.is_discovered:
            return _make(config)
        now = time.monotonic()
        until, failure = self._failed.get(config.name, (0.0, None))
        if failure is not None and now < until:
            raise failure.with_traceback(None)
        if now - self._began.setdefault(config.name, now) > PATIENCE:
            raise proofkey.TransportError("timeout", request_sent=False, endpoint="metadata")
        try:
            return _make(config)
        except proofkey.Error as error:
            self._failed[config.name] = (time.monotonic() + FAILURE_LIFETIME, error)
            raise
        finally:
            self._began.pop(config.name, None)

    def check(self, config: ProviderConfig) -> None:
        """Raises `SettingError` for keys that are none of the provider's settings and none of the app's, and for a
        callback path that another provider has, too. Done once for each provider."""
        if config.name in self._checked:
            return
        names = {*self.names(), config.name}
        unknown = list(unknown_keys(self.settings, names))
        for key in unknown:
            if key.is_elsewhere:
                self.logger.warning("proofkey: %s", key)
        reasons = [str(key) for key in unknown if key.provider in (config.name, None) and not key.is_elsewhere]
        path = config.callback_path(self.prefix)
        for other in sorted(names - {config.name}):
            if self.config(other).callback_path(self.prefix) == path:
                reasons.append(f"redirect_path: {other!r} has the same one; each provider needs its own")
        if reasons:
            raise SettingError("; ".join(reasons))
        self._checked.add(config.name)


def _make(config: ProviderConfig) -> _Known:
    provider = config.provider()
    return _Known(provider, config.client(provider), time.monotonic() + METADATA_LIFETIME)
