"""PKCE for Authlib's `AuthorizationServer`, in place of its `CodeChallenge`.

    from proofkey.server.authlib import Pkce

    server.register_grant(AuthorizationCodeGrant, [Pkce()])

Your `AuthorizationCodeGrant` has to do two things:

- `save_authorization_code(code, request)` stores the text `request.pkce_binding` with the code. The object that
  `query_authorization_code` returns has that text as `pkce_binding`.
- `delete_authorization_code(authorization_code)` deletes the code in one atomic step, and returns whether this call
  deleted it. Of several requests with one code, only the one that gets `True` gets tokens. The method is called before
  the tokens are made, and Authlib calls it once more afterwards.
"""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, OAuth2Error

from proofkey.server import Binding, Policy, RequestError, verify
from proofkey.server._refusal import description

__all__ = ["Pkce"]


class Pkce:
    """The extension of an `AuthorizationCodeGrant`: binds the challenge at the authorization endpoint, verifies the
    code verifier at the token endpoint, and lets only one request use a code.

    Whatever the policy, a client that may use the token endpoint without authentication needs PKCE.

    >>> from proofkey.server import Policy
    >>> from proofkey.server.authlib import Pkce
    >>> extension = Pkce(Policy.strict().optional_for_confidential_client())
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or Policy.strict()

    def __call__(self, grant: Any) -> None:
        """Registers the hooks. Authlib calls this with the grant of each request."""
        grant.register_hook("after_validate_authorization_request_payload", self._bind)
        grant.register_hook("after_validate_token_request", self._verify)
        grant.register_hook("before_create_token_response", self._take_code)

    def _bind(self, grant: Any, _result: object) -> None:
        try:
            binding = self._policy.bind(grant.request.payload.datalist)
            if binding.method is None and grant.client.check_endpoint_auth_method("none", "token"):
                raise RequestError("challenge_missing")
        except RequestError as refused:
            raise _oauth_error(refused) from refused
        grant.request.pkce_binding = str(binding)

    def _verify(self, grant: Any, _result: object) -> None:
        request = grant.request
        try:
            binding = Binding(request.authorization_code.pkce_binding)
            verify(binding, request.form)
            if binding.method is None and request.auth_method == "none":
                raise RequestError("verifier_missing")
        except RequestError as refused:
            raise _oauth_error(refused) from refused

    def _take_code(self, grant: Any) -> None:
        taken = grant.delete_authorization_code(grant.request.authorization_code)
        if not isinstance(taken, bool):
            raise TypeError("delete_authorization_code must return a bool: whether this call deleted the code")
        if not taken:
            raise InvalidGrantError("this code was already used")


def _oauth_error(refused: RequestError) -> OAuth2Error:
    kind = {"invalid_grant": InvalidGrantError, "invalid_request": InvalidRequestError}[refused.error]
    return kind(description(refused))
