"""What the adapters for HTTP libraries share: where an access token may go, and what the response means."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from proofkey._errors import ApiError
from proofkey._native import Tokens, api_refusal

BAD_ORIGIN = "'https://host' or 'https://host:port' each, in ASCII and without a path; http only on loopback"


class Origin(NamedTuple):
    """What a token is for (RFC 6454 section 4)."""

    scheme: str
    host: str
    """In lower case; an IPv6 address without brackets."""
    port: int

    @classmethod
    def of(cls, scheme: str, host: str, port: int | None) -> "Origin":
        """The origin of the parts of a URL."""
        return cls(scheme, host, port or _PORTS.get(scheme, 0))


class Origins:
    """The origins that the access token may be sent to."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._known = frozenset() if isinstance(origins, str) else frozenset(map(_parsed, origins))
        if not self._known:
            raise ValueError("origins: a list with the origin of the API, for example ['https://api.example.com']")

    def check(self, scheme: str, host: str, port: int | None) -> None:
        """`ApiError` unless a token may be sent there."""
        if Origin.of(scheme, host, port) not in self._known:
            raise ApiError("origin_not_named")


def is_rejected(tokens: Tokens, sent: str | None, status: int, www_authenticate: list[str]) -> bool:
    """Whether the API refuses the access token, so that a refresh may help. `ApiError` if it wants something else.

    `sent` is the `Authorization` header of the request that has this response: after a redirect to another origin there
    is none, and the response is not about the token.
    """
    refusal = api_refusal(status, www_authenticate)
    if refusal is None or sent != tokens.authorization_header().expose():
        return False
    name, scope, acr_values, max_age = refusal
    if name == "access_token_rejected":
        return True
    del sent  # No traceback shows it.
    raise ApiError(name, scope=scope, acr_values=acr_values, max_age=max_age, status=status)


def _parsed(origin: str) -> Origin:
    parts = re.fullmatch(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::([0-9]{1,5}))?", origin.lower())
    if not parts or not origin.isascii():
        raise ValueError(f"origins: {BAD_ORIGIN}")
    scheme, host, port = parts.groups()
    if scheme == "http" and host not in ("127.0.0.1", "[::1]", "localhost"):
        raise ValueError(f"origins: {BAD_ORIGIN}")
    return Origin.of(scheme, host.strip("[]"), int(port) if port else None)


_PORTS = {"http": 80, "https": 443}
