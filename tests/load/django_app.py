"""The app under load in Django; what it does is what `app.py` does."""

import hashlib
import json
import os
import secrets
from pathlib import Path

import django
from django.conf import settings

from proofkey import Transport

SESSIONS = Path(os.environ["SESSIONS"])

settings.configure(
    **{name: value for name, value in os.environ.items() if name.startswith(("SECRET_KEY", "PROOFKEY_"))},
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["proofkey.django"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

from proofkey.django import ProofKey, SignedIn

auth = ProofKey(test={"scope": "openid profile", "transport": Transport(timeout=60)})


@auth.on_login("test")
def signed_in(request: HttpRequest, user: SignedIn) -> HttpResponse:
    auth["test"].client(request).userinfo(user.tokens)
    stored = {"profile": user.profile, "token": user.tokens.access_token.expose()}
    request.session["file"] = secrets.token_hex(16)
    (SESSIONS / request.session["file"]).write_text(json.dumps(stored))
    return HttpResponseRedirect(user.next)


def me(request: HttpRequest) -> HttpResponse:
    stored = json.loads((SESSIONS / request.session["file"]).read_text())
    return JsonResponse({**stored["profile"], "token": hashlib.sha256(stored["token"].encode()).hexdigest()})


urlpatterns = [*auth.urls, path("me", me)]
app = get_wsgi_application()
