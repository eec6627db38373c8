"""PKCE for oauthlib's `RequestValidator`, in place of its own.

    from oauthlib.oauth2 import RequestValidator
    from proofkey.server.oauthlib import PkceMixin

    class Validator(PkceMixin, RequestValidator): ...

Your validator has to do three things, and must not override `is_pkce_required`, `get_code_challenge`,
`get_code_challenge_method` and `save_token`:

- `save_authorization_code` stores the text `self.pkce_binding(request)` with the code.
- `get_pkce_binding(code, request)` returns that text.
- `invalidate_authorization_code` deletes the code in one atomic step, and returns whether this call deleted it. Of
  several requests with one code, only the one that gets `True` gets tokens. The method is called before the tokens are
  saved, and oauthlib calls it once more afterwards.

The requests that lose this race end in a `CodeTakenError`. `create_token_response` raises it, as it raises oauthlib's
own `OAuth2Error` for a wrong HTTP method: build the response from the `headers`, `json` and `status_code` of either.
"""

from typing import Any

from oauthlib.oauth2.rfc6749.errors import InvalidGrantError, InvalidRequestError, OAuth2Error

from proofkey._error_table import ErrorName
from proofkey.server import Binding, Policy, RequestError, verify
from proofkey.server._refusal import description

__all__ = ["CodeTakenError", "PkceMixin"]


class CodeTakenError(InvalidGrantError):  # type: ignore[misc]
    """Another request has used the code in the meantime."""

    description = "this code was already used"
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"}
    """The headers that oauthlib sends with all other responses of the token endpoint."""


class PkceMixin:
    """Adds PKCE to a `RequestValidator`. It comes before that class in the list of bases: otherwise, or if the subclass
    has a method of its own in the way, defining it is a `TypeError`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("is_pkce_required", "get_code_challenge"):
            if getattr(cls, name) is not getattr(PkceMixin, name):
                raise TypeError(
                    f"{cls.__name__}.{name} would switch PKCE off: remove it, or put the class of proofkey first in "
                    "the list of bases"
                )

    def pkce_policy(self, request: Any) -> Policy:
        """The policy for the client of an authorization request; strict unless you override it. Whatever the policy, a
        client for which `client_authentication_required` is false needs PKCE.
        """
        return Policy.strict()

    def pkce_binding(self, request: Any) -> str:
        """The text to store with the code."""
        # Not getattr, here and below: for a name that is not set, it returns the parameter that the client sent.
        return str(vars(request)[_KEY])

    def get_pkce_binding(self, code: str, request: Any) -> str | None:
        """Override this: returns the text that was stored with the code. `None` means that it was lost, and the request
        is refused.
        """
        raise NotImplementedError("get_pkce_binding has to return what save_authorization_code stored")

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Binds the challenge, and returns `False`, because oauthlib's own checks are not needed.

        oauthlib calls this for every authorization request, once it has checked the client and the redirect URI, and
        for token requests after `get_code_challenge`.
        """
        if vars(request).get(_KEY) is not _VERIFIED:
            vars(request)[_KEY] = self._bind(request)
        return False

    def get_code_challenge(self, code: str, request: Any) -> None:
        """Verifies the code verifier, and returns `None`, which tells oauthlib that there is nothing to check.

        oauthlib calls this once it has checked the client and the code.
        """
        try:
            binding = Binding(self.get_pkce_binding(code, request))
            verify(binding, _params(request, "code_verifier"))
            if binding.method is None:
                self._refuse_public(request, "verifier_missing")
        except RequestError as refused:
            raise _oauth_error(refused, request) from refused
        vars(request)[_KEY] = _VERIFIED

    def save_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> Any:
        """Takes the code before the tokens are saved. `CodeTakenError` if another request was faster."""
        if request.grant_type in _CODE_GRANT_TYPES and not self._take_code(request):
            raise CodeTakenError(request=request)
        return super().save_token(token, request, *args, **kwargs)  # type: ignore[misc]

    def _bind(self, request: Any) -> Binding:
        try:
            binding = self.pkce_policy(request).bind(_params(request, "code_challenge", "code_challenge_method"))
            if binding.method is None:
                self._refuse_public(request, "challenge_missing")
                # Empty means not sent (RFC 6749 section 3.1), but oauthlib would read it as a plain challenge.
                request.code_challenge = None
        except RequestError as refused:
            raise _oauth_error(refused, request) from refused
        return binding

    def _refuse_public(self, request: Any, name: ErrorName) -> None:
        if not self.client_authentication_required(request):  # type: ignore[attr-defined]
            raise RequestError(name)

    def _take_code(self, request: Any) -> bool:
        taken = self.invalidate_authorization_code(  # type: ignore[attr-defined]
            request.client_id, request.code, request
        )
        if not isinstance(taken, bool):
            raise TypeError("invalidate_authorization_code must return a bool: whether this call deleted the code")
        return taken


def _params(request: Any, *names: str) -> list[tuple[str, str | None]]:
    """Each parameter as often as it was sent, twice at most. The value comes from the attribute: it holds only the last
    one sent, but it is also where an application puts the parameters that it kept while the user saw its consent page.
    """
    repeated = request.duplicate_params
    return [(name, getattr(request, name)) for name in names for _ in range(2 if name in repeated else 1)]


def _oauth_error(refused: RequestError, request: Any) -> OAuth2Error:
    kind = {"invalid_grant": InvalidGrantError, "invalid_request": InvalidRequestError}[refused.error]
    return kind(description(refused), request=request)


_KEY = "pkce"
_VERIFIED = object()
# The grant types that oauthlib's AuthorizationCodeGrant handles.
_CODE_GRANT_TYPES = ("authorization_code", "openid")
