"""A Django project in one file, whose users sign in with GitHub, or with any other provider that the environment names.

In a checkout:

    pip install '.[django]'
    export SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))")
    export PROOFKEY_GITHUB_CLIENT_ID=… PROOFKEY_GITHUB_CLIENT_SECRET=…
    python examples/python/django_login.py migrate
    python examples/python/django_login.py runserver

Register http://localhost:8000/auth/github/callback with GitHub, and open http://localhost:8000. For another provider,
set PROOFKEY_GITHUB_ISSUER and _SCOPE as well, or change the name.
"""

import os
import sys

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        **{key: value for key, value in os.environ.items() if key.startswith(("SECRET_KEY", "PROOFKEY_"))},
        DEBUG=True,
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("DB", "login.sqlite3")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "proofkey.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
    )
    django.setup()

# From here on, what would be in urls.py.
from django.contrib.auth.models import User
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
from django.utils.html import format_html
from proofkey.django import ProofKey

auth = ProofKey()


@auth.on_login("github")
def signed_in(request, user):
    account, _ = User.objects.get_or_create(username=user.profile["login"])
    return account


def home(request):
    name = request.user.get_username() or "stranger"
    return HttpResponse(format_html('Hello {}. <a href="/auth/github">Sign in</a>', name))


urlpatterns = [*auth.urls, path("", home)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
