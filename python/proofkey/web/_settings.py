"""The settings of a provider: the keywords of `ProofKey`, then the app's configuration. And those of the app."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import proofkey
from proofkey._api import BAD_ORIGIN, Origins
from proofkey.web._http import LOOPBACK

_KNOWN: Sequence[Literal["dropbox", "github", "google"]] = ("dropbox", "github", "google")
"""The names that `proofkey.Provider.known` takes without a tenant."""

_TEXTS = (
    "client_id", "client_secret", "auth_method", "scope", "issuer", "tenant", "authorization_endpoint",
    "token_endpoint", "revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint", "redirect_path",
    "response_mode", "extra", "quirks", "id_token_algorithms", "api_origins",
)  # fmt: skip
"""The settings that a text can hold, so that they may come from the app's configuration."""
_OTHERS = ("provider", "transport")

_ANY = "|".join(key.upper() for key in _TEXTS)
_LISTS = ("quirks", "id_token_algorithms", "api_origins")
_FURTHER_ENDPOINTS = ("revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint")
_CHOICES = {"auth_method": ("client_secret_basic", "client_secret_post"), "response_mode": ("query", "form_post")}
# The last two are for other parts of this library; an app may take its settings from the environment.
_OF_THE_APP = (
    "PROOFKEY_BASE_URL", "PROOFKEY_REPLAY_STORE", "PROOFKEY_TOKEN_STORE", "PROOFKEY_NO_BROWSER", "PROOFKEY_PRODUCTION",
)  # fmt: skip
_PATH = re.compile(r'/(?![/\\])[!"$-~]*')
_TYPES: dict[str, type | tuple[type, ...]] = {
    "scope": (str, list),
    "extra": (str, dict),
    "quirks": (str, list, tuple),
    "id_token_algorithms": (str, list, tuple),
    "api_origins": (str, list, tuple),
    "provider": proofkey.Provider,
    "transport": proofkey.Transport,
}
"""The types of keywords that are not just `str`."""


class SettingError(Exception):
    """A setting that cannot be used. The text names it and says what is wrong, for the log and the doctor."""


@dataclass(frozen=True)
class UnknownKey:
    """A key of the app's configuration that nothing reads."""

    key: str
    provider: str | None
    """The provider whose prefix it has; `None` if no provider of the app has it."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it would be a setting of a provider that the app does not have. An app that shares its configuration
        with others may have such keys, so they stop no login."""
        return self.provider is None and re.fullmatch(f"PROOFKEY_.+_({_ANY})", self.key) is not None

    def __str__(self) -> str:
        if self.is_elsewhere:
            return f"{self.key}: no such provider; add it with @auth.on_login(name), or remove the setting"
        return f"{self.key}: no such setting"


@dataclass(frozen=True)
class ProviderConfig:
    """The configuration of one provider in one app."""

    name: str
    values: Mapping[str, Any] = field(repr=False)
    wrong: Sequence[str]
    """What is wrong with values that were left out."""

    @classmethod
    def of(cls, settings: Mapping[str, Any], name: str, keywords: Mapping[str, Any]) -> "ProviderConfig":
        """Merges both sources. Keywords override the app's configuration."""
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for key in _TEXTS:
            label = _prefix(name) + key.upper()
            try:
                value = _read(key, label, _text(key, label, settings.get(label)))
                if value:
                    values[key] = value
            except SettingError as error:
                wrong.append(str(error))
        for key, value in keywords.items():
            try:
                if value is not None:
                    values[key] = _read(key, key, _typed(key, value))
            except SettingError as error:
                wrong.append(str(error))
        return cls(name, values, wrong)

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)

    @property
    def is_discovered(self) -> bool:
        """Whether the provider's metadata comes over the network."""
        return self["provider"] is None and not self["authorization_endpoint"] and bool(self["issuer"])

    def check(self) -> None:
        """Raises `SettingError` for values that cannot be used, as far as can be said without the network."""
        if self.wrong:
            raise SettingError("; ".join(self.wrong))
        if not self["client_id"]:
            raise proofkey.ConfigurationError("client_id_invalid")

    def provider(self) -> proofkey.Provider:
        """Makes the provider. This needs the network if only the issuer is configured."""
        self.check()
        try:
            provider = self._provider()
        except proofkey.Error:
            raise
        except (TypeError, ValueError) as error:
            raise SettingError(str(error)) from None
        further = {key: self[key] for key in _FURTHER_ENDPOINTS if self[key]}
        if further:
            provider = provider.with_endpoints(**further)
        for quirk in self["quirks"] or ():
            provider = provider.with_quirk(quirk)
        return provider

    def _provider(self) -> proofkey.Provider:
        given: proofkey.Provider | None = self["provider"]
        if given is not None:
            return given
        authorization, token, issuer = self["authorization_endpoint"], self["token_endpoint"], self["issuer"]
        if bool(authorization) != bool(token):
            there, missing = "authorization_endpoint", "token_endpoint"
            if token:
                there, missing = missing, there
            raise SettingError(f"{there} is set without {missing}: set both, or neither to discover them")
        if authorization:
            return proofkey.Provider(authorization_endpoint=authorization, token_endpoint=token, issuer=issuer or None)
        if issuer:
            return proofkey.Provider.discover(issuer, transport=self["transport"])
        if self.name == "microsoft" and self["tenant"]:
            return proofkey.Provider.known("microsoft", tenant=self["tenant"])
        for known in _KNOWN:
            if known == self.name:
                return proofkey.Provider.known(known)
        raise proofkey.ConfigurationError("endpoint_missing")

    def callback_path(self, prefix: str) -> str:
        """The path of the callback, below the address of the app."""
        return self["redirect_path"] or f"{prefix}/{self.name}/callback"

    def client(self, provider: proofkey.Provider) -> proofkey.Client:
        """Makes a client without a redirect URI."""
        try:
            return proofkey.Client(
                provider,
                self["client_id"],
                client_secret=self["client_secret"],
                auth_method=self["auth_method"],
                transport=self["transport"],
                id_token_algorithms=self["id_token_algorithms"],
            )
        except proofkey.Error:
            raise
        except (TypeError, ValueError) as error:
            # For example an `auth_method` without a secret. The text names the setting, and contains no value.
            raise SettingError(str(error)) from None


def check(name: str, keywords: Mapping[str, Any]) -> None:
    """Raises `TypeError` for an unknown keyword."""
    unknown = set(keywords) - {*_TEXTS, *_OTHERS}
    if unknown:
        raise TypeError(f"{name}: no such setting: {', '.join(sorted(unknown))}")


def base_url(settings: Mapping[str, Any]) -> str | None:
    """The address of the app, if it is configured, without a slash at the end. `SettingError`."""
    value = settings.get("PROOFKEY_BASE_URL")
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise SettingError(f"PROOFKEY_BASE_URL: a str, not {type(value).__name__}")
    try:
        url = urlsplit(value)
        is_good = all("!" <= character <= "~" and character not in "\\@?#" for character in value) and url.port != 0
        is_secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    except ValueError:
        is_good = False
    if not is_good or not url.hostname or url.scheme not in ("https", "http"):
        raise SettingError("PROOFKEY_BASE_URL: the address that browsers use, such as https://app.example")
    if not is_secure:
        raise SettingError("PROOFKEY_BASE_URL: https, because plain http is only for this machine")
    return value.rstrip("/")


def unknown_keys(settings: Mapping[str, Any], names: Iterable[str]) -> Iterator[UnknownKey]:
    """The keys PROOFKEY_… of the app's configuration that nothing reads. `names` are the app's providers."""
    prefixes = {_prefix(name): name for name in names}
    known = {*_OF_THE_APP, *(prefix + key.upper() for prefix in prefixes for key in _TEXTS)}
    for key in settings:
        if key.startswith("PROOFKEY_") and key not in known:
            owner = max((prefix for prefix in prefixes if key.startswith(prefix)), key=len, default=None)
            yield UnknownKey(key, prefixes.get(owner) if owner else None)


def _prefix(name: str) -> str:
    return f"PROOFKEY_{name.upper().replace('-', '_')}_"


def _text(key: str, label: str, value: Any) -> Any:
    """A value of the app's configuration. `from_prefixed_env` reads digits as a number, and some client ids consist of
    digits; it also reads lists and objects."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if (key in _LISTS and isinstance(value, list)) or (key == "extra" and isinstance(value, dict)):
        return value
    raise SettingError(
        f"{label}: a str, not {type(value).__name__}; in an environment variable, put the value in double quotes"
    )


def _read(key: str, label: str, value: Any) -> Any:
    """A value from either source. Text becomes what the setting holds."""
    if key in _CHOICES and value and value not in _CHOICES[key]:
        raise SettingError(f"{label}: {' or '.join(_CHOICES[key])}")
    if key in _LISTS:
        return _names(key, label, value)
    if key == "extra" and isinstance(value, str):
        return _parameters(label, value)
    if key == "redirect_path" and value and not _PATH.fullmatch(value):
        # "https://app.example" and ".evil.example" would make another host.
        raise SettingError(f"{label}: a path that begins with one slash, without a fragment")
    return value


def _typed(key: str, value: Any) -> Any:
    """A keyword, if its type is one that the setting can have."""
    if key == "client_secret" and callable(value):
        return value
    kind = _TYPES.get(key, str)
    if not isinstance(value, kind):
        names = " or ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))
        raise SettingError(f"{key}: {names}, not {type(value).__name__}")
    inside = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if not all(isinstance(each, str) for each in inside):
        raise SettingError(f"{key}: only str inside")
    return value


def _names(key: str, label: str, value: Any) -> list[str] | None:
    """The quirks, algorithms or origins, each of which exists. Text separates them by commas or spaces."""
    names = re.findall(r"[^\s,]+", value) if isinstance(value, str) else list(value or ())
    known = proofkey.Provider.known("github")
    for name in names:
        try:
            if key == "quirks":
                known.with_quirk(name)
            elif key == "api_origins":
                Origins([name])
            else:
                proofkey.Client(known, "client", id_token_algorithms=[name])
        except (TypeError, ValueError):
            what = BAD_ORIGIN if key == "api_origins" else f"{name!r} does not exist"
            raise SettingError(f"{label}: {what}") from None
    return names or None


def _parameters(label: str, text: str) -> dict[str, str]:
    """Parameters in the form of a query: `audience=https%3A%2F%2Fapi.example&display=page`."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError:
        raise SettingError(f"{label}: name=value, with & between several") from None
    if len(dict(pairs)) < len(pairs):
        raise SettingError(f"{label}: a parameter is there twice")
    return dict(pairs)
