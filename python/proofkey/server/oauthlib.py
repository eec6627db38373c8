"""PKCE for oauthlib's `RequestValidator`, in place of its own.

    from oauthlib.oauth2 import RequestValidator
    from proofkey.server.oauthlib import PkceMixin

    class Validator(PkceMixin, RequestValidator): ...

The validator does three things for it, and leaves `is_pkce_required`, `get_code_challenge`, `get_code_challenge_method`
and `save_token` alone:

- `save_authorization_code` stores the text `self.pkce_binding(request)` with the code.
- `get_pkce_binding(code, request)` returns it again.
- `invalidate_authorization_code` deletes the code in one atomic step, and returns whether this call did: of several
  requests with one code only that one gets tokens. It is called before they are saved, and once more by oauthlib
  afterwards.

The loser of that race is a `CodeTakenError`, which leaves `create_token_response` as an exception, as oauthlib's own
`OAuth2Error` for a wrong HTTP method does: answer either with its `headers`, `json` and `status_code`.
"""

from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, OAuth2Error

from proofkey.server import Binding, Policy, RequestError, redeem
from proofkey.server._refusal import description

__all__ = ["CodeTakenError", "PkceMixin"]


class CodeTakenError(InvalidGrantError):  # type: ignore[misc]
    """Another request has used the code in the meantime."""

    description = "this code was used already"
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
    """What oauthlib sends with every other answer of the token endpoint."""


class PkceMixin:
    """Goes before oauthlib's `RequestValidator` in the list of bases."""

    def pkce_policy(self, request: Any) -> Policy:
        """What is accepted from the client of an authorization request; strict unless you override it. Whatever it
        says, a client for which `client_authentication_required` is false needs PKCE.
        """
        return Policy.strict()

    def pkce_binding(self, request: Any) -> str:
        """The text to store with the code."""
        # Not getattr, here and below: for a name that is not set, the request gives what the client sent under it.
        return str(vars(request)[_KEY])

    def get_pkce_binding(self, code: str, request: Any) -> str | None:
        """To be written by you: the text that was stored with the code. `None` is refused: a binding that was lost."""
        raise NotImplementedError("get_pkce_binding has to return what save_authorization_code stored")

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Binds the challenge. oauthlib asks this of every authorization request, once client and redirect URI are
        known to be right, and of token requests after `get_code_challenge`; its own checks are not needed in either.
        """
        if vars(request).get(_KEY) is not _REDEEMED:
            vars(request)[_KEY] = self._bind(request)
        return False

    def get_code_challenge(self, code: str, request: Any) -> None:
        """Redeems the verifier. oauthlib asks for the challenge once client and code are known to be right, and by
        `None` it learns that it has nothing to check.
        """
        try:
            binding = Binding(self.get_pkce_binding(code, request))
            redeem(binding, _params(request, "code_verifier"))
            if binding.method is None:
                self._refuse_public(request, "verifier_missing")
        except RequestError as refused:
            raise _answer(refused, request) from refused
        vars(request)[_KEY] = _REDEEMED

    def save_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> Any:
        """Takes the code away before tokens are saved for it; `CodeTakenError` if another request was faster."""
        if request.grant_type in _CODE_GRANT_TYPES and not self._take_code(request):
            raise CodeTakenError(request=request)
        return super().save_token(token, request, *args, **kwargs)  # type: ignore[misc]

    def _bind(self, request: Any) -> Binding:
        try:
            binding = self.pkce_policy(request).bind(_params(request, "code_challenge", "code_challenge_method"))
            if binding.method is None:
                self._refuse_public(request, "challenge_missing")
                # Empty means not sent (RFC 6749 section 3.1); oauthlib would go on with it as a plain challenge.
                request.code_challenge = None
        except RequestError as refused:
            raise _answer(refused, request) from refused
        return binding

    def _refuse_public(self, request: Any, name: str) -> None:
        if not self.client_authentication_required(request):  # type: ignore[attr-defined]
            raise RequestError(name)

    def _take_code(self, request: Any) -> bool:
        taken = self.invalidate_authorization_code(  # type: ignore[attr-defined]
            request.client_id, request.code, request
        )
        if not isinstance(taken, bool):
            raise TypeError("invalidate_authorization_code must return whether this call deleted the code")
        return taken


def _params(request: Any, *names: str) -> list[tuple[str, str | None]]:
    """Each parameter as often as it was sent. The value is the attribute, which credentials that the application kept
    over the consent page have set, and which holds but the last one sent.
    """
    repeated = request.duplicate_params
    return [(name, getattr(request, name)) for name in names for _ in range(2 if name in repeated else 1)]


def _answer(refused: RequestError, request: Any) -> OAuth2Error:
    kind = {"invalid_grant": InvalidGrantError, "invalid_request": InvalidRequestError}[refused.error]
    return kind(description(refused), request=request)


_KEY = "pkce"
_REDEEMED = object()
# As oauthlib's AuthorizationCodeGrant takes them.
_CODE_GRANT_TYPES = ("authorization_code", "openid")
