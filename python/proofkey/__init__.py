"""PKCE (RFC 7636) and the OAuth authorization-code flow. Where to start:

- a web app with Flask: `proofkey.flask.ProofKey`
- another web app: `Client.begin()`, `Login.seal()`, `Client.resume()`, `Client.finish()`
- calls to an API: `proofkey.httpx.TokenAuth`, `proofkey.requests.TokenAuth`; a program with asyncio: `AsyncClient`
- a command line or a desktop program: `Client.login_with_browser()`
- an authorization server: `proofkey.server`
- tests without the network: `proofkey.testing`

Everything that goes wrong is a `proofkey.Error`, whose `name` is in docs/errors.md.

Importing this loads only the native module: exceptions and submodules load on first use.
"""

from proofkey._native import (
    Client,
    DeviceAuthorization,
    DevicePolling,
    DeviceRequest,
    Discovery,
    Exchange,
    Login,
    LogoutToken,
    LogoutTokenCheck,
    Provider,
    Refresh,
    Request,
    Revocation,
    SealKeys,
    Secret,
    Tokens,
    Transport,
    Userinfo,
    Verifier,
    __version__,
    s256,
)

# Type checkers take this for true, like typing.TYPE_CHECKING, which would cost an import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from proofkey import replay_store, server, testing, token_source, token_store
    from proofkey._async_client import AsyncClient
    from proofkey._errors import (
        ApiError,
        AuthorizationError,
        CallbackError,
        ConfigurationError,
        Error,
        IdTokenError,
        LogoutTokenError,
        MetadataError,
        SealError,
        StoredTokensError,
        TokenError,
        TransportError,
        UserinfoError,
        VerifierError,
        WeakSecretWarning,
    )

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthorizationError",
    "CallbackError",
    "Client",
    "ConfigurationError",
    "DeviceAuthorization",
    "DevicePolling",
    "DeviceRequest",
    "Discovery",
    "Error",
    "Exchange",
    "IdTokenError",
    "Login",
    "LogoutToken",
    "LogoutTokenCheck",
    "LogoutTokenError",
    "MetadataError",
    "Provider",
    "Refresh",
    "Request",
    "Revocation",
    "SealError",
    "SealKeys",
    "Secret",
    "StoredTokensError",
    "TokenError",
    "Tokens",
    "Transport",
    "TransportError",
    "Userinfo",
    "UserinfoError",
    "Verifier",
    "VerifierError",
    "WeakSecretWarning",
    "__version__",
    "replay_store",
    "s256",
    "server",
    "testing",
    "token_source",
    "token_store",
]

# Hidden from type checkers: with it they would accept every misspelt name.
if not TYPE_CHECKING:
    _SUBMODULES = frozenset({"replay_store", "server", "testing", "token_source", "token_store"})

    def __getattr__(name):
        if name in _SUBMODULES:
            __import__(f"{__name__}.{name}")
        elif name == "AsyncClient":
            from proofkey._async_client import AsyncClient

            globals()[name] = AsyncClient
        elif name in __all__:
            from proofkey import _errors

            globals()[name] = getattr(_errors, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals()[name]

    def __dir__():
        return sorted({*globals(), *__all__} - {"TYPE_CHECKING"})
