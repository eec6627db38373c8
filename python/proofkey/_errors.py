"""The exceptions. Their texts are those of the error table, which is native; no exception contains any input."""

from typing import Any

from proofkey._error_table import CLASSES, ErrorName
from proofkey._native import error_info

__all__ = [
    "ApiError",
    "AuthorizationError",
    "CallbackError",
    "ConfigurationError",
    "Error",
    "IdTokenError",
    "LogoutTokenError",
    "MetadataError",
    "SealError",
    "StoredTokensError",
    "TokenError",
    "TransportError",
    "UserinfoError",
    "VerifierError",
    "WeakSecretWarning",
]


class Error(Exception):
    """Everything that this library raises on purpose, except for `TypeError` and `ValueError` for a wrong argument.

    It contains no input, and can be pickled.

    >>> error = Error("entropy_unavailable")
    >>> error.name, error.number, error.recovery
    ('entropy_unavailable', 4, 'retry_later')
    >>> print(error)
    entropy_unavailable: the operating system gave no random bytes. Next: try again later: nothing here has to change
    """

    name: ErrorName
    """The stable name, the same in every language."""

    number: int
    """The stable number, the same in every language."""

    message: str
    """What went wrong, in one line."""

    fault: str
    """Whose mistake it is, for example "caller", "client" or "attacker_or_server"."""

    recovery: str
    """What to do next, as a word, for example "restart_login". It depends on what the server said, too."""

    hint: str
    """What to do next, as a sentence."""

    endpoint: str | None
    """What was asked: "metadata", "jwks", "token", "device_authorization", "revocation" or
    "userinfo"; `None` if nothing was."""

    status: int | None
    """The HTTP status of the response; `None` if there was none."""

    def __init__(
        self, name: ErrorName, *, endpoint: str | None = None, status: int | None = None, recovery: str | None = None
    ) -> None:
        super().__init__(name)
        self.name = name
        self.endpoint = endpoint
        self.status = status
        self.number, self.message, self.fault, self.recovery, self.hint, self._oauth_error = error_info(name, recovery)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}{self._where()}. Next: {self.hint}"

    def _where(self) -> str:
        if self.endpoint is None:
            return ""
        return f" ({self.endpoint})" if self.status is None else f" ({self.endpoint}, HTTP {self.status})"


class VerifierError(Error, ValueError):
    """A text that is no verifier, or entropy of the wrong length."""


class ConfigurationError(Error, ValueError):
    """A setting of the application or of the provider that cannot work or must not be used."""


class CallbackError(Error):
    """The redirect back from the authorization server is not the response to this login."""


class SealError(Error):
    """A sealed login that does not open here."""


class StoredTokensError(Error):
    """Stored tokens that cannot be read."""


class _FromServer(Error):
    error: str | None
    """The server's own error code; `None` if it sent none. Text from the server: do not trust it."""

    error_description: str | None
    """The server's own words, as they came; `None` if it sent none. Text from the server: do not trust it."""

    error_uri: str | None
    """A page about the error, as it came; `None` if it sent none. Text from the server: do not follow it blindly."""

    retry_after: int | None
    """How many seconds the server asks to wait before the next attempt; `None` if it does not say."""

    request_sent: bool
    """Whether a code or a refresh token was sent before this error. If so, do not send it again."""

    def __init__(
        self,
        name: ErrorName,
        *,
        request_sent: bool = True,
        error: str | None = None,
        error_description: str | None = None,
        error_uri: str | None = None,
        retry_after: int | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        recovery: str | None = None,
    ) -> None:
        super().__init__(name, endpoint=endpoint, status=status, recovery=recovery)
        self.request_sent = request_sent
        self.error = error
        self.error_description = error_description
        self.error_uri = error_uri
        self.retry_after = retry_after

    def __str__(self) -> str:
        said = [part for part in (self.error, self.error_description, self.error_uri) if part is not None]
        if not said:
            return super().__str__()
        # repr escapes everything that could forge a line of a log or hide text on a terminal.
        quoted = ", ".join(repr(part if len(part) <= 200 else part[:200] + "…") for part in said)
        return f"{self.name}: {self.message}{self._where()}. The server said: {quoted}. Next: {self.hint}"


class AuthorizationError(_FromServer):
    """The authorization server, or the user, refused.

    >>> print(AuthorizationError("authorization_error", error="access_denied", error_description="no\\nway"))
    authorization_error: the authorization server refused. The server said: 'access_denied', 'no\\nway'. Next: tell the user and offer to sign in again
    """


class TokenError(_FromServer):
    """The token, device authorization or revocation endpoint refused, or its response cannot be used.

    >>> TokenError("response_malformed").error is None
    True
    """


class IdTokenError(Error):
    """An ID token that failed a check."""


class LogoutTokenError(Error):
    """A logout token that failed a check (OpenID Connect Back-Channel Logout section 2.6), or that came before."""


class UserinfoError(_FromServer):
    """The userinfo endpoint refused, or its response cannot be used or is about another user."""


class MetadataError(_FromServer):
    """The server's metadata or keys cannot be fetched or used."""


class ApiError(Error):
    """An API refused a request with an access token (RFC 6750 section 3, RFC 9470 section 3), or the request was not sent
    to it. What the API asks for is what to begin a login with: `client.begin(scope=error.scope)`.

    >>> ApiError("insufficient_scope", scope=["files.write"], status=403).scope
    ['files.write']
    """

    scope: list[str] | None
    """The scope that the request needs; `None` if the API did not say."""

    acr_values: list[str] | None
    """The ways to sign in that the API accepts, the preferred one first; `None` if it did not say."""

    max_age: int | None
    """How many seconds ago the user may have signed in; `None` if the API did not say."""

    def __init__(
        self,
        name: ErrorName,
        *,
        scope: list[str] | None = None,
        acr_values: list[str] | None = None,
        max_age: int | None = None,
        endpoint: str | None = None,
        status: int | None = None,
        recovery: str | None = None,
    ) -> None:
        super().__init__(name, endpoint=endpoint, status=status, recovery=recovery)
        self.scope = scope
        self.acr_values = acr_values
        self.max_age = max_age


class TransportError(Error):
    """The network failed between here and the server, or a replay store did.

    >>> TransportError("connect_failed", request_sent=False).request_sent
    False
    """

    request_sent: bool
    """Whether the request may have reached the server. A code that was sent must not be sent again."""

    def __init__(
        self,
        name: ErrorName,
        *,
        request_sent: bool = True,
        endpoint: str | None = None,
        status: int | None = None,
        recovery: str | None = None,
    ) -> None:
        super().__init__(name, endpoint=endpoint, status=status, recovery=recovery)
        self.request_sent = request_sent


class WeakSecretWarning(UserWarning):
    """A sealing secret of fewer than 32 bytes: it works, but is easier to guess than 32 random ones."""


def make(name: ErrorName, **details: Any) -> Error:
    """The exception for an error of the native code: of the class that the table names and, if a response cannot be used,
    of the one for its endpoint. `details` are all that is known of it; a class takes those that it has."""
    kind: type[Error] = _CLASSES[CLASSES[name]]
    if kind is TokenError:
        kind = _BY_ENDPOINT.get(details.get("endpoint"), kind)
    return kind(name, **{key: value for key, value in details.items() if key in _DETAILS[kind]})


_BASE = frozenset({"endpoint", "status", "recovery"})
_SAID = _BASE | {"error", "error_description", "error_uri", "retry_after", "request_sent"}

_DETAILS: dict[type[Error], frozenset[str]] = {
    ApiError: _BASE | {"scope", "acr_values", "max_age"},
    AuthorizationError: _SAID,
    CallbackError: _BASE,
    ConfigurationError: _BASE,
    Error: _BASE,
    IdTokenError: _BASE,
    LogoutTokenError: _BASE,
    MetadataError: _SAID,
    SealError: _BASE,
    StoredTokensError: _BASE,
    TokenError: _SAID,
    TransportError: _BASE | {"request_sent"},
    UserinfoError: _SAID,
    VerifierError: _BASE,
}
_CLASSES = {kind.__name__: kind for kind in _DETAILS} | {"RequestError": Error}
_BY_ENDPOINT: dict[str | None, type[Error]] = {
    "metadata": MetadataError,
    "jwks": MetadataError,
    "userinfo": UserinfoError,
}

# Users know them, and pickle finds them, under the package's name.
for _class in (*_DETAILS, WeakSecretWarning):
    _class.__module__ = "proofkey"
del _class
