"""PKCE for authorization servers: `bind` a challenge to a code, and `verify` the code verifier against it.

Both return only if everything is right. Otherwise they raise `RequestError`, whose `as_dict()` is the error response.

>>> from proofkey import server
>>> form = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
>>> stored = str(server.bind(form))  # at the authorization endpoint: store it with the code
>>> server.verify(stored, {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})  # at the token endpoint
"""

from proofkey._error_table import ErrorName
from proofkey._errors import Error
from proofkey._native import Binding, Policy, bind, redirect_uri_matches, verify

__all__ = ["Binding", "Policy", "RequestError", "bind", "redirect_uri_matches", "verify"]


class RequestError(Error):
    """A request that an authorization server refuses, and the response to it (RFC 6749 sections 4.1.2.1 and 5.2).

    >>> error = RequestError("verifier_mismatch")
    >>> error.status, error.as_dict()["error"]
    (400, 'invalid_grant')

    At the token endpoint the response is JSON, which must not be cached.

    >>> error.headers
    {'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Pragma': 'no-cache'}

    If the server's own storage is at fault, the client gets the OAuth error alone. The operator finds the name of the
    error in the log.

    >>> RequestError("binding_malformed").as_dict()
    {'error': 'invalid_grant'}
    """

    error: str
    """The OAuth error of the response."""

    status: int
    """The HTTP status of the response at the token endpoint: always 400."""

    def __init__(self, name: ErrorName) -> None:
        super().__init__(name)
        if self._oauth_error is None:
            raise ValueError(f"name: {name} is not an error of a request")
        self.error = self._oauth_error
        self.status = 400

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the response at the token endpoint (RFC 6749 section 5.2). A redirect has its own."""
        return {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}

    def as_dict(self) -> dict[str, str]:
        """The members of the response, for a JSON body or for the query of a redirect."""
        if self.fault == "server":
            return {"error": self.error}
        return {"error": self.error, "error_description": self.message}
