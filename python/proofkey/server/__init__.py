"""PKCE for authorization servers: `bind` a challenge to a code, `redeem` a verifier against it.

Both return only if all is well, and raise `RequestError` otherwise, whose `as_dict()` is the answer to the client.

>>> from proofkey import server
>>> form = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}
>>> stored = str(server.bind(form))  # at the authorization endpoint: store it with the code
>>> server.redeem(stored, {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})  # at the token endpoint
"""

from proofkey._errors import Error
from proofkey._native import Binding, Policy, bind, redeem, redirect_uri_matches

__all__ = ["Binding", "Policy", "RequestError", "bind", "redeem", "redirect_uri_matches"]


class RequestError(Error):
    """A request that an authorization server refuses, and the answer to it (RFC 6749 sections 4.1.2.1 and 5.2).

    >>> error = RequestError("verifier_mismatch")
    >>> error.status, error.as_dict()["error"]
    (400, 'invalid_grant')

    At the token endpoint it is a JSON body, which no cache may keep.

    >>> error.headers
    {'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Pragma': 'no-cache'}

    Where the server's own storage is at fault, the client learns the error only; the operator finds the name in the log.

    >>> RequestError("binding_malformed").as_dict()
    {'error': 'invalid_grant'}
    """

    error: str
    """The OAuth error to answer with."""

    status: int = 400
    """The HTTP status to answer with, at the token endpoint."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        if self._oauth_error is None:
            raise ValueError(f"{name} is not an error of a request")
        self.error = self._oauth_error

    @property
    def headers(self) -> dict[str, str]:
        """The headers to answer with, at the token endpoint (RFC 6749 section 5.2). A redirect has its own."""
        return {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}

    def as_dict(self) -> dict[str, str]:
        """The members of the answer, for a JSON body or for the query of the redirect."""
        if self.fault == "server":
            return {"error": self.error}
        return {"error": self.error, "error_description": self.message}
