"""The configuration of a provider: the keywords of `ProofKey`, then the app's configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Flask

import proofkey

_KNOWN: Sequence[Literal["dropbox", "github", "google"]] = ("dropbox", "github", "google")
"""The names that `proofkey.Provider.known` takes without a tenant."""

_TEXTS = (
    "client_id", "client_secret", "auth_method", "scope", "issuer", "tenant", "authorization_endpoint",
    "token_endpoint", "revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint", "redirect_path",
    "response_mode",
)  # fmt: skip
_OTHERS = ("extra", "provider", "transport", "quirks", "id_token_algorithms")


@dataclass(frozen=True)
class ProviderConfig:
    """The configuration of one provider in one app."""

    name: str
    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, app: Flask, name: str, keywords: Mapping[str, Any]) -> "ProviderConfig":
        """Merges both sources. Keywords override the app's configuration."""
        prefix = f"PROOFKEY_{name.upper().replace('-', '_')}_"
        configured = {key: _text(prefix + key.upper(), app.config.get(prefix + key.upper())) for key in _TEXTS}
        configured = {key: value for key, value in configured.items() if value}
        return cls(name, {**configured, **{key: value for key, value in keywords.items() if value is not None}})

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)

    def provider(self) -> proofkey.Provider:
        """Makes the provider. This needs the network if only the issuer is configured."""
        provider = self._provider()
        for quirk in self["quirks"] or ():
            provider = provider.with_quirk(quirk)
        return provider

    def _provider(self) -> proofkey.Provider:
        given: proofkey.Provider | None = self["provider"]
        if given is not None:
            return given
        if self["authorization_endpoint"]:
            endpoints = (
                "authorization_endpoint", "token_endpoint", "issuer", "revocation_endpoint", "jwks_uri",
                "userinfo_endpoint", "end_session_endpoint",
            )  # fmt: skip
            return proofkey.Provider(**{key: self[key] for key in endpoints if self[key]})
        if self["issuer"]:
            return proofkey.Provider.discover(self["issuer"], transport=self["transport"])
        if self.name == "microsoft" and self["tenant"]:
            return proofkey.Provider.known("microsoft", tenant=self["tenant"])
        for known in _KNOWN:
            if known == self.name:
                return proofkey.Provider.known(known)
        raise proofkey.ConfigurationError("endpoint_missing")

    def client(self, provider: proofkey.Provider, redirect_uri: str) -> proofkey.Client:
        """Makes a client for one redirect URI."""
        if not self["client_id"]:
            raise proofkey.ConfigurationError("client_id_invalid")
        return proofkey.Client(
            provider,
            self["client_id"],
            redirect_uri=redirect_uri,
            client_secret=self["client_secret"],
            auth_method=self["auth_method"],
            transport=self["transport"],
            id_token_algorithms=self["id_token_algorithms"],
        )


def check(name: str, keywords: Mapping[str, Any]) -> None:
    """Raises `TypeError` for an unknown keyword."""
    unknown = set(keywords) - {*_TEXTS, *_OTHERS}
    if unknown:
        raise TypeError(f"{name}: no such setting: {', '.join(sorted(unknown))}")


def _text(key: str, value: Any) -> str | None:
    """A value as text. `from_prefixed_env` reads digits as a number, and some client ids consist of digits."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(
        f"{key}: a str, not {type(value).__name__}; in an environment variable, put the value in double quotes"
    )
