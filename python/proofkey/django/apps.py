"""Django's system checks: `manage.py check`."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.urls import get_resolver

from proofkey.django import ProofKey
from proofkey.web._doctor import session_cookie


class ProofKeyConfig(AppConfig):  # type: ignore[misc]
    """The app "proofkey.django"."""

    name = "proofkey.django"
    label = "proofkey"
    verbose_name = "proofkey"

    def ready(self) -> None:
        """Registers the checks."""
        register(_check, "proofkey")
        register(_check_online, "proofkey", deploy=True)


def _check(**_: Any) -> list[CheckMessage]:
    """What can be said without the network. A session cookie that is weak stops no login, so it is a warning."""
    found = session_cookie(
        getattr(settings, "PROOFKEY_BASE_URL", None), settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE,
        settings.SESSION_COOKIE_SAMESITE,
    )  # fmt: skip
    weak = [Warning(finding.text, id="proofkey.W001") for finding in found if not finding.is_good]
    return [*_errors(online=False), *weak]


def _check_online(**_: Any) -> list[CheckMessage]:
    """What only the providers can say."""
    known = _errors(online=False)
    return [error for error in _errors(online=True) if error not in known]


def _errors(*, online: bool) -> list[CheckMessage]:
    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns  # Imports the module that makes the `ProofKey`.
    return [
        Error(finding.text, id="proofkey.E001")
        for auth in ProofKey._instances
        for finding in auth._sign_in.doctor(online=online)
        if not finding.is_good
    ]
