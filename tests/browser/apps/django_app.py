"""A Django project with two providers: "idp" signs in and connects, and "away" ends at another origin."""

import os

import django
from django.conf import settings

settings.configure(
    **{name: value for name, value in os.environ.items() if name.startswith(("SECRET_KEY", "PROOFKEY_"))},
    ALLOWED_HOSTS=["localhost", "app.example.test"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DB"]}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "proofkey.django"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)
django.setup()

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.html import format_html
from proofkey.django import ProofKey, SignedIn

auth = ProofKey()


@auth.on_login("idp")
def signed_in(request: HttpRequest, user: SignedIn) -> object:
    if user.connect_to:
        name = User.objects.get(pk=user.connect_to).get_username()
        request.session["connected"] = f"{name} to {user.profile['sub']}"
        return HttpResponseRedirect(user.next)
    return User.objects.get_or_create(username=user.profile["sub"])[0]


@auth.on_login("away")
def away(request: HttpRequest, user: SignedIn) -> HttpResponse:
    account, _ = User.objects.get_or_create(username=user.profile["sub"])
    login(request, account)
    return HttpResponseRedirect(os.environ["AWAY"])


def home(request: HttpRequest) -> HttpResponse:
    user, connected = request.user.get_username() or "nobody", request.session.get("connected", "nothing")
    form = (
        '<form method="post" action="/auth/idp"><input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<button name="connect">Connect</button></form>'
    )
    return HttpResponse(format_html(f"<main>{{}}, {{}}</main>{form}", user, connected, get_token(request)))


urlpatterns = [*auth.urls, path("", home)]
