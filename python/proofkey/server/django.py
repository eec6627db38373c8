"""PKCE for django-oauth-toolkit, in place of its own. In the settings:

    OAUTH2_PROVIDER = {
        "OAUTH2_VALIDATOR_CLASS": "proofkey.server.django.PkceOAuth2Validator",
        "OAUTH2_BACKEND_CLASS": "proofkey.server.django.PkceOAuthLibCore",
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,  # so that the metadata lists only S256
    }

No migration is needed: the binding is stored in the column `code_challenge` of the toolkit's grant. The toolkit's own
validator reads a binding as a challenge that no verifier matches. So codes issued under one validator are refused by
the other.

A validator of your own comes after `PkceOAuth2Validator` in the list of bases:

    class Validator(PkceOAuth2Validator, ProjectValidator): ...
"""

from datetime import datetime, timezone
from typing import Any

from django.conf import settings
from django.db import router, transaction
from oauth2_provider.models import get_grant_model
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from proofkey.server import Binding, Policy
from proofkey.server.oauthlib import CodeTakenError, PkceMixin

__all__ = ["PkceOAuth2Validator", "PkceOAuthLibCore"]


class PkceOAuthLibCore(OAuthLibCore):  # type: ignore[misc]
    """Passes on every parameter of a form. The toolkit's own backend keeps only the last of a repeated parameter, which
    hides the repetition.
    """

    def extract_body(self, request: Any) -> list[tuple[str, str]]:
        """The form as pairs."""
        return [(name, value) for name, values in request.POST.lists() for value in values]


class PkceOAuth2Validator(PkceMixin, OAuth2Validator):  # type: ignore[misc]
    """Binds the challenge, verifies the code verifier, and lets only one request use a code.

    The setting `PKCE_REQUIRED` applies to confidential clients; public clients always need PKCE. You may override
    `pkce_policy`.
    """

    def pkce_policy(self, request: Any) -> Policy:
        """The strict policy; PKCE is optional for confidential clients if `PKCE_REQUIRED` is false."""
        public = request.client.client_type == request.client.CLIENT_PUBLIC
        # Of the class after the mixin: the toolkit's, or the project's own.
        required = public or super(PkceMixin, self).is_pkce_required(request.client_id, request)
        return Policy.strict() if required else Policy.strict().optional_for_confidential_client()

    def save_authorization_code(self, client_id: str, code: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Stores the binding where the toolkit stores the challenge."""
        binding = self.pkce_binding(request)
        request.code_challenge, request.code_challenge_method = binding, Binding(binding).method
        super().save_authorization_code(client_id, code, request, *args, **kwargs)

    def get_pkce_binding(self, code: str, request: Any) -> str:
        """The binding that `save_authorization_code` stored."""
        stored: str | None = _grants(request).values_list("code_challenge", flat=True).first()
        if stored is None:
            raise CodeTakenError(request=request)
        return stored

    def confirm_redirect_uri(self, *args: Any, **kwargs: Any) -> bool:
        """Confirms the redirect URI as the toolkit does. If another request has used the code since it was looked up,
        the toolkit raises an exception that nothing catches; here it becomes `invalid_grant`."""
        try:
            return bool(super().confirm_redirect_uri(*args, **kwargs))
        except get_grant_model().DoesNotExist as gone:
            raise InvalidGrantError(CodeTakenError.description) from gone

    def save_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> Any:
        """Takes the code and saves the tokens in one transaction: either both happen or neither does."""
        with transaction.atomic(using=router.db_for_write(get_grant_model())):
            return super().save_token(token, request, *args, **kwargs)

    def _take_code(self, request: Any) -> bool:
        # The row stays until the tokens are saved, because they take over its resources. Then the toolkit deletes it.
        # Meanwhile a constant marks it. The current time would not do: a request whose clock is behind that of another
        # would take the code as well.
        taken = _EPOCH if settings.USE_TZ else _EPOCH.replace(tzinfo=None)
        return bool(_grants(request).exclude(expires=taken).update(expires=taken))


def _grants(request: Any) -> Any:
    return get_grant_model().objects.filter(code=request.code, application=request.client)


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
