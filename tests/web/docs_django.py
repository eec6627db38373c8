"""Runs the program of docs/django.md as the `urls.py` of a project with the middleware of a new one, and signs in."""

import logging
import tempfile

import django
from django.conf import settings
from proofkey import testing
from werkzeug.test import Client, TestResponse

with (
    testing.AuthorizationServer(users=[testing.User("user-1", {"id": 1})]) as server,
    tempfile.TemporaryDirectory() as folder,
):
    settings.configure(
        SECRET_KEY="the secret of a test, as long as it has to be",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/db.sqlite3"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "proofkey.django",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
        DEBUG=True,
        PROOFKEY_GITHUB_CLIENT_ID="my-app",
        PROOFKEY_GITHUB_ISSUER=server.issuer,
        PROOFKEY_GITHUB_SCOPE="openid",
    )
    django.setup()
    logging.disable()
    from django.contrib.messages import get_messages
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.urls import path
    from test_docs import run

    call_command("migrate", verbosity=0)
    shown = path("messages", lambda request: HttpResponse("".join(map(str, get_messages(request)))))
    settings.ROOT_URLCONF = (*run("django.md", server)["urlpatterns"], shown)
    browser = Client(WSGIHandler(), TestResponse)
    assert browser.get("/").text == "Hello stranger"
    callback = server.sign_in(browser.get("/auth/github").location or "")
    page = browser.get(callback)
    assert (page.status_code, page.location) == (302, "/"), page.text
    assert browser.get("/").text == "Hello github-1"
    refused = browser.get(callback)
    assert (refused.status_code, refused.location) == (302, "/"), "the message is on the page of the app"
    assert "loaded a second time" in browser.get("/messages").text
    assert browser.post("/auth/github", data={"connect": ""}).status_code == 403, "without a CSRF token"
