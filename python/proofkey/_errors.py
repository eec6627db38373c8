"""The exceptions. Their texts are the error table's, which is native; no exception holds any input."""

from proofkey._native import error_info

__all__ = [
    "AuthorizationError",
    "CallbackError",
    "ConfigurationError",
    "Error",
    "IdTokenError",
    "MetadataError",
    "SealError",
    "TokenError",
    "TransportError",
    "VerifierError",
    "WeakSecretWarning",
]


class Error(Exception):
    """Everything that this library raises on purpose, `TypeError` for a wrong call aside.

    It is built from its name alone, holds no input, and can be pickled.

    >>> error = Error("entropy_unavailable")
    >>> error.name, error.number, error.recovery
    ('entropy_unavailable', 4, 'retry_later')
    >>> print(error)
    entropy_unavailable: the operating system gave no randomness. Next: try again later: nothing here has to change
    """

    name: str
    """The stable name, the same in every language."""

    number: int
    """The stable number, the same in every language."""

    message: str
    """What went wrong, in one line."""

    fault: str
    """Whose mistake it is, for example "caller", "client" or "attacker_or_server"."""

    recovery: str
    """What to do next, as a word, for example "restart_login"."""

    hint: str
    """What to do next, as a sentence."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.number, self.message, self.fault, self.recovery, self.hint, self._oauth_error, _ = error_info(name)

    def __str__(self) -> str:
        return f"{self.name}: {self.message}. Next: {self.hint}"


class VerifierError(Error, ValueError):
    """A text that is no verifier, or entropy of a wrong length."""


class ConfigurationError(Error, ValueError):
    """A setting of the application or of the provider that cannot work, or must not."""


class CallbackError(Error):
    """The redirect back from the authorization server is not the answer to this login."""


class SealError(Error):
    """A sealed login that does not open here."""


class _ServerSaid(Error):
    error: str | None
    """The server's own error code; `None` if it sent none. Text from the server: do not trust it."""

    error_description: str | None
    """The server's own words, as they came; `None` if it sent none. Text from the server: do not trust it."""

    error_uri: str | None
    """A page about the error, as it came; `None` if it sent none. Text from the server: do not follow it blindly."""

    retry_after: int | None
    """How many seconds the server asks to wait before the next try; `None` if it does not say."""

    def __init__(
        self,
        name: str,
        *,
        error: str | None = None,
        error_description: str | None = None,
        error_uri: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(name)
        self.error = error
        self.error_description = error_description
        self.error_uri = error_uri
        self.retry_after = retry_after

    def __str__(self) -> str:
        said = [part for part in (self.error, self.error_description, self.error_uri) if part is not None]
        if not said:
            return super().__str__()
        # repr escapes whatever could forge a line of a log or hide text on a terminal.
        quoted = ", ".join(repr(part if len(part) <= 200 else part[:200] + "…") for part in said)
        return f"{self.name}: {self.message}. The server said: {quoted}. Next: {self.hint}"


class AuthorizationError(_ServerSaid):
    """The authorization server, or the user, said no.

    >>> print(AuthorizationError("authorization_error", error="access_denied", error_description="no\\nway"))
    authorization_error: the authorization server refused. The server said: 'access_denied', 'no\\nway'. Next: tell the user and offer to sign in again
    """


class TokenError(_ServerSaid):
    """The token endpoint said no, or answered what cannot be used.

    >>> TokenError("answer_malformed").error is None
    True
    """


class IdTokenError(Error):
    """An ID token that must not be believed."""


class MetadataError(Error):
    """A server description that cannot be used."""


class TransportError(Error):
    """The network failed between here and the server, or a store did.

    >>> TransportError("connect_failed", request_sent=False).request_sent
    False
    """

    request_sent: bool
    """Whether the request may have reached the server. A code that was sent must not be sent again."""

    def __init__(self, name: str, *, request_sent: bool = True) -> None:
        super().__init__(name)
        self.request_sent = request_sent


class WeakSecretWarning(UserWarning):
    """A sealing secret of fewer than 32 bytes: it works, and can be guessed sooner than a random one of 32."""


# Users know them, and pickle finds them, under the package's name.
for _class in (
    AuthorizationError,
    CallbackError,
    ConfigurationError,
    Error,
    IdTokenError,
    MetadataError,
    SealError,
    TokenError,
    TransportError,
    VerifierError,
    WeakSecretWarning,
):
    _class.__module__ = "proofkey"
del _class
