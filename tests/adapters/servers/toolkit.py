"""The parts of the Django server that its settings name."""
# django-oauth-toolkit has no types.
# mypy: allow-subclassing-any

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import django.utils.timezone
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from oauth2_provider.models import get_access_token_model, get_grant_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from proofkey.server.django import PkceOAuth2Validator
from setting import CONFIDENTIAL, USER, meet


def sign_in(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that signs everybody in."""

    def signed_in(request: HttpRequest) -> HttpResponse:
        request.user = get_user_model().objects.get(username=USER)
        return get_response(request)

    return signed_in


class ProjectValidator(OAuth2Validator):
    """What a project may have had before: rules of its own about PKCE and scopes, and a list of what it issued."""

    issued: list[str] = []

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return client_id != CONFIDENTIAL

    def validate_scopes(self, client_id: str, scopes: list[str], *args: Any, **kwargs: Any) -> bool:
        return scopes == ["files.read"]

    def save_authorization_code(self, client_id: str, *args: Any, **kwargs: Any) -> None:
        super().save_authorization_code(client_id, *args, **kwargs)
        self.issued.append(f"a code for {client_id}")

    def save_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        super().save_token(token, request, *args, **kwargs)
        self.issued.append(f"a token for {request.client_id}")


class Validator(PkceOAuth2Validator, ProjectValidator):
    """PKCE as proofkey checks it, and everything else as before."""


class Meeting:
    """Mixed into a validator, it makes token requests wait for each other after all checks."""

    def confirm_redirect_uri(self, *args: Any, **kwargs: Any) -> bool:
        confirmed: bool = super().confirm_redirect_uri(*args, **kwargs)  # type: ignore[misc]
        meet()
        return confirmed


class TogetherWithOwnPkce(Meeting, OAuth2Validator): ...


class Together(Meeting, PkceOAuth2Validator):
    """It also deletes the code after the step that the parameter `vanish` names, as another request might."""

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        valid: bool = super().validate_code(client_id, code, client, request, *args, **kwargs)
        self._vanish("validate_code", request)
        return valid

    def get_pkce_binding(self, code: str, request: Any) -> str:
        stored = super().get_pkce_binding(code, request)
        self._vanish("get_pkce_binding", request)
        return stored

    def _vanish(self, step: str, request: Any) -> None:
        if ("vanish", step) in request.decoded_body:
            get_grant_model().objects.filter(code=request.code).delete()


def tokens(_request: HttpRequest) -> HttpResponse:
    """How many access tokens are stored."""
    return HttpResponse(str(get_access_token_model().objects.count()))


def issued(_request: HttpRequest) -> HttpResponse:
    """What the project's validator has listed."""
    return HttpResponse(", ".join(ProjectValidator.issued))


def turn_back_the_clock() -> None:
    """Sets the clock back by a second whenever somebody looks, as if each request came to a machine whose clock is
    behind that of the one before."""
    real, seconds = django.utils.timezone.now, count()

    def earlier() -> datetime:
        now: datetime = real() - timedelta(seconds=next(seconds))
        return now

    django.utils.timezone.now = earlier


urlpatterns = [
    path("tokens", tokens),
    path("issued", issued),
    path("", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
