"""PKCE (RFC 7636) and the OAuth authorization-code flow.

Importing this loads the native module and nothing else: exceptions and submodules load on first use.
"""

from proofkey._native import (
    Client,
    Discovery,
    Exchange,
    Login,
    Provider,
    Request,
    SealKeys,
    Secret,
    Tokens,
    Transport,
    Verifier,
    __version__,
    s256,
)

# Type checkers take this for true, as they do typing's, which costs an import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from proofkey import server, store, testing
    from proofkey._errors import (
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
    )

__all__ = [
    "AuthorizationError",
    "CallbackError",
    "Client",
    "ConfigurationError",
    "Discovery",
    "Error",
    "Exchange",
    "IdTokenError",
    "Login",
    "MetadataError",
    "Provider",
    "Request",
    "SealError",
    "SealKeys",
    "Secret",
    "TokenError",
    "Tokens",
    "Transport",
    "TransportError",
    "Verifier",
    "VerifierError",
    "WeakSecretWarning",
    "__version__",
    "s256",
    "server",
    "store",
    "testing",
]

# Hidden from type checkers, for which it would make every misspelt name a good one.
if not TYPE_CHECKING:
    _SUBMODULES = frozenset({"server", "store", "testing"})

    def __getattr__(name):
        if name in _SUBMODULES:
            __import__(f"{__name__}.{name}")
        elif name in __all__:
            from proofkey import _errors

            globals()[name] = getattr(_errors, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__all__} - {"TYPE_CHECKING"})
