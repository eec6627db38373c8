"""Makes the apps that login.py compares, as functions that a WSGI server can call, in each framework."""

import asyncio
import importlib
import logging
import os

NAMES = ("proofkey", "authlib", "alone")


def flask():
    apps = {name: importlib.import_module(f"flask_{name}").app for name in NAMES}
    for app in apps.values():
        app.logger.disabled = True  # it would log the refusals
    return apps


def starlette():
    return {name: _in_a_loop(importlib.import_module(f"starlette_{name}").app) for name in NAMES}


def django():
    from django.conf import settings

    settings.configure(
        SECRET_KEY=os.environ["SECRET_KEY"],
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="django_alone",
        MIDDLEWARE=["frameworks.routed", "django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        LOGGING_CONFIG=None,
        **{name: value for name, value in os.environ.items() if name.startswith("PROOFKEY_")},
        AUTHLIB_OAUTH_CLIENTS={
            "bench": {
                "server_metadata_url": os.environ["BENCH_SERVER_METADATA_URL"],
                "client_id": os.environ["BENCH_CLIENT_ID"],
                "client_secret": os.environ["BENCH_CLIENT_SECRET"],
            }
        },
    )
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIHandler

    handler = WSGIHandler()

    def app(name):
        urls = importlib.import_module(f"django_{name}")
        return lambda environ, start: handler({**environ, "bench.urls": urls}, start)

    return {name: app(name) for name in NAMES}


def routed(get_response):
    """Django's middleware that chooses the project: one process has one set of settings."""

    def middleware(request):
        request.urlconf = request.META["bench.urls"]
        return get_response(request)

    return middleware


def _in_a_loop(app):
    """Calls an ASGI app in an event loop of its own that goes on from request to request."""
    loop = asyncio.new_event_loop()

    def call(environ, start):
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": environ["PATH_INFO"],
            "query_string": environ["QUERY_STRING"].encode(),
            "headers": [(b"host", b"localhost"), (b"cookie", environ["HTTP_COOKIE"].encode())],
            "server": ("localhost", 80),
        }
        sent = []

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            sent.append(message)

        try:
            loop.run_until_complete(app(scope, receive, send))
        except Exception:
            if not sent:
                raise
        headers = [(name.decode().title(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        start(str(sent[0]["status"]), headers)
        return [message.get("body", b"") for message in sent[1:]]

    return call


MAKE = {"Flask": flask, "Starlette": starlette, "Django": django}
logging.disable()  # the refusals
