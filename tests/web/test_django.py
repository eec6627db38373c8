"""What only the adapter for Django has: its users, forms, messages, checks and handlers."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIHandler
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.test import Client, override_settings
from django.urls import path, reverse
from proofkey import testing
from proofkey.django import LoginRefused, ProofKey, SignedIn
from proofkey.testing import faults
from sites import CALLBACK, SECRET

Server = testing.AuthorizationServer

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    """A project with Django's own users and server-side sessions."""
    with override_settings(
        MIDDLEWARE=MIDDLEWARE,
        SESSION_ENGINE="django.contrib.sessions.backends.db",
        MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
    ):
        call_command("migrate", verbosity=0)
        yield
        call_command("flush", verbosity=0, interactive=False)


class Project:
    """The views of a project, which is its own `urls.py`."""

    def __init__(self, server: Server, **idp: Any) -> None:
        self.server = server
        self.seen: list[SignedIn] = []
        self.auth = ProofKey(idp={"client_id": "my-app", "provider": server.provider, **idp})

        @self.auth.on_login("idp")
        def signed_in(request: HttpRequest, user: SignedIn) -> Any:
            self.seen.append(user)
            account, _ = User.objects.get_or_create(username=f"idp-{user.profile['sub']}")
            return account

    @property
    def urlpatterns(self) -> list[Any]:
        return [*self.auth.urls, path("", home), path("token", lambda request: HttpResponse(get_token(request)))]

    def browser(self, **options: Any) -> Any:
        return Client(SERVER_NAME="localhost", **options)

    def callback_url(self, browser: Any) -> str:
        begun = browser.get("/auth/idp")
        assert begun.status_code == 302, begun.content
        return self.server.sign_in(begun["Location"])


def post(browser: Any, **form: str) -> Any:
    """A form, as a browser posts it. Django's test client would send it as multipart."""
    return browser.post("/auth/idp", urlencode(form), content_type="application/x-www-form-urlencoded")


def home(request: HttpRequest) -> Any:
    said = [str(message) for message in messages.get_messages(request)]
    return JsonResponse({"user": request.user.get_username(), "messages": said, "key": request.session.session_key})


@pytest.fixture
def site(server: Server) -> Iterator[Project]:
    project = Project(server, scope="openid")
    with override_settings(ROOT_URLCONF=project):
        yield project


def test_the_user_of_the_request(site: Project) -> None:
    browser = site.browser()
    assert browser.get("/").json()["user"] == ""
    page = browser.get(site.callback_url(browser))
    assert (page.status_code, page["Location"], page["Cache-Control"]) == (302, "/", "no-store")
    assert page["Referrer-Policy"] == "no-referrer"
    assert browser.get("/").json()["user"] == "idp-user-1"
    assert User.objects.get().username == "idp-user-1"


def test_the_session_gets_a_new_key(site: Project) -> None:
    browser = site.browser()
    session = browser.session
    session["cart"] = "full"
    session.save()
    assert browser.get("/").json()["key"] == session.session_key
    browser.get(site.callback_url(browser))
    assert browser.get("/").json()["key"] not in (None, session.session_key)
    assert browser.session["cart"] == "full"


def test_connecting_needs_the_csrf_token(site: Project) -> None:
    browser = site.browser(enforce_csrf_checks=True)
    user = User.objects.create(username="somebody")
    browser.force_login(user)
    assert post(browser, connect="").status_code == 403
    token = browser.get("/token").content.decode()
    begun = post(browser, connect="", csrfmiddlewaretoken=token)
    assert begun.status_code == 302
    browser.get(site.server.sign_in(begun["Location"]))
    assert [user.connect_to for user in site.seen] == [str(user.pk)]


def test_another_user_meanwhile(site: Project) -> None:
    browser = site.browser()
    browser.force_login(User.objects.create(username="one"))
    url = site.server.sign_in(post(browser, connect="")["Location"])
    browser.force_login(User.objects.create(username="two"))
    assert browser.get(url).status_code == 400
    assert site.seen == []


def test_a_posted_callback_needs_no_csrf_token(server: Server) -> None:
    project = Project(server, response_mode="form_post", scope="openid")
    with override_settings(ROOT_URLCONF=project):
        browser = project.browser(enforce_csrf_checks=True)
        callback = server.browse(browser.get("/auth/idp")["Location"])
        form = {"content_type": callback.content_type}
        page = browser.post(callback.url, callback.body, **form)
        assert b"Almost there" in page.content
        page = browser.post(callback.url, f"{callback.body}&proofkey_again=1", **form)
        assert (page.status_code, page["Location"]) == (302, "/")


def test_a_refusal_as_a_message(site: Project) -> None:
    @site.auth.on_error
    def refused(request: HttpRequest, refusal: LoginRefused) -> Any:
        messages.error(request, refusal.text)
        return HttpResponseRedirect("/")

    browser = site.browser()
    with site.server.inject(faults.denied()):
        page = browser.get(site.callback_url(browser))
    assert (page["Location"], page["Cache-Control"]) == ("/", "no-store")
    assert browser.get("/").json()["messages"] == ["Nothing was shared with this site. You can sign in again."]


def test_signing_out(site: Project) -> None:
    browser = site.browser()
    browser.get(site.callback_url(browser))
    request = HttpRequest()
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.session, request.user = browser.session, User.objects.get()
    page = site.auth["idp"].logout(request, site.seen[0].tokens, return_to="/bye")
    assert page["Location"].startswith(f"{site.server.end_session_endpoint}?")
    assert request.user.is_anonymous
    assert browser.get("/").json()["user"] == ""


def test_the_name_of_the_start_route(site: Project) -> None:
    assert reverse("proofkey_start", args=["idp"]) == "/auth/idp"


@pytest.mark.parametrize("source", ["keyword", "settings"])
def test_the_callback_arrives_at_the_redirect_path(server: Server, source: str) -> None:
    given = {"redirect_path": "/back?tenant=1"} if source == "keyword" else {}
    setting = {} if given else {"PROOFKEY_IDP_REDIRECT_PATH": "/back?tenant=1"}
    with override_settings(**setting):
        project = Project(server, **given, scope="openid")
        with override_settings(ROOT_URLCONF=project):
            browser = project.browser()
            url = project.callback_url(browser)
            assert url.startswith("http://localhost/back?tenant=1&")
            assert browser.get(url)["Location"] == "/"
            assert browser.get(CALLBACK).status_code == 404


@pytest.mark.parametrize("handler", ["WSGI", "ASGI"])
def test_async_functions(server: Server, handler: str) -> None:
    """The profile is there before they run, because reading it would stop the event loop."""
    project = Project(server, scope="openid profile")
    project.auth._handlers.clear()

    @project.auth.on_login("idp")
    async def signed_in(request: HttpRequest, user: SignedIn) -> Any:
        before = len(project.server.seen)
        name = user.profile["name"]
        assert len(project.server.seen) == before
        account, _ = await User.objects.aget_or_create(username=name)
        return account

    @project.auth.on_error
    async def refused(request: HttpRequest, refusal: LoginRefused) -> Any:
        await asyncio.sleep(0)
        return HttpResponse(refusal.cause, status=418)

    async def through_asgi() -> None:
        transport = httpx.ASGITransport(ASGIHandler())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            url = await asyncio.to_thread(server.sign_in, (await browser.get("/auth/idp")).headers["location"])
            with server.inject(faults.id_token(name=None, preferred_username=None)):
                page = await browser.get(url)
            assert (page.status_code, page.headers["cache-control"]) == (302, "no-store")
            assert (await browser.get("/")).json()["user"] == "First User"
            assert (await browser.get(f"{CALLBACK}?state=x")).text == "not_issued_here"

    with override_settings(ROOT_URLCONF=project):
        if handler == "ASGI":
            asyncio.run(through_asgi())
            return
        browser = project.browser()
        url = project.callback_url(browser)
        with server.inject(faults.id_token(name=None, preferred_username=None)):
            browser.get(url)
        assert browser.get("/").json()["user"] == "First User"
        assert browser.get(f"{CALLBACK}?state=x").content == b"not_issued_here"


def test_names_that_django_allows(site: Project) -> None:
    with override_settings(ALLOWED_HOSTS=["app.example"]):
        browser = Client(SERVER_NAME="app.example")
        begun = browser.get("/auth/idp", secure=True)
        assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth%2Fidp%2Fcallback" in begun["Location"]
        assert b"<small>proxy</small>" in browser.get("/auth/idp").content
        assert Client(SERVER_NAME="evil.example").get("/auth/idp", secure=True).status_code == 400
    with override_settings(ALLOWED_HOSTS=["*"]):
        assert b"<small>base_url</small>" in browser.get("/auth/idp", secure=True).content


# manage.py check.

SETTINGS = f"""
SECRET_KEY = "{SECRET}"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "proofkey.django"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["app.example"]
PROOFKEY_BASE_URL = "https://app.example"
PROOFKEY_IDP_CLIENT_SECRET = "client-s3cret"
SESSION_COOKIE_NAME, SESSION_COOKIE_SECURE = "__Host-sessionid", True
"""
URLS = """
from proofkey.django import ProofKey
auth = ProofKey(idp={"client_id": "a", "issuer": "ISSUER"})
auth.on_login("idp")(lambda request, user: None)
urlpatterns = auth.urls
"""


def check(folder: Path, issuer: str, wrong: str = "", *options: str) -> tuple[int, list[str]]:
    """What `manage.py check` finds in a project: the exit status, and the ids and texts of its findings."""
    (folder / "settings.py").write_text(SETTINGS + wrong)
    (folder / "urls.py").write_text(URLS.replace("ISSUER", issuer))
    ran = subprocess.run(
        [sys.executable, "-m", "django", "check", "--tag", "proofkey", *options],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(folder)},
        cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    for secret in (SECRET, "client-s3cret", "store-s3cret"):
        assert secret not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.returncode, re.findall(r"\?: \((proofkey\.\w+\) .*)", ran.stdout + ran.stderr)


def test_the_checks_of_a_right_project(server: Server, tmp_path: Path) -> None:
    assert check(tmp_path, server.issuer) == (0, [])
    assert server.seen == [], "without --deploy there is no network"
    assert check(tmp_path, server.issuer, "", "--deploy") == (0, [])


WRONG = [
    ('PROOFKEY_IDP_QUIRKS = "x"', 1, "proofkey.E001) idp: PROOFKEY_IDP_QUIRKS: 'x' does not exist"),
    ("PROOFKEY_IPD_SCOPE = 'x'", 1, "proofkey.E001) PROOFKEY_IPD_SCOPE: no such provider; "),
    ("SESSION_COOKIE_SECURE = False", 0, "proofkey.W001) SESSION_COOKIE_SECURE is False, and the site is https"),
    ("SESSION_COOKIE_NAME = 'sessionid'", 0, "proofkey.W001) SESSION_COOKIE_NAME is sessionid: "),
]


@pytest.mark.parametrize(("wrong", "status", "finding"), WRONG)
def test_what_the_checks_find(server: Server, tmp_path: Path, wrong: str, status: int, finding: str) -> None:
    found, [text] = check(tmp_path, server.issuer, wrong)
    assert (found, text[: len(finding)]) == (status, finding)


def test_what_only_the_providers_can_say(server: Server, tmp_path: Path) -> None:
    store = 'PROOFKEY_REPLAY_STORE = "redis://:store-s3cret@127.0.0.1:1"'
    server.stop()
    assert check(tmp_path, server.issuer, store) == (0, [])
    status, found = check(tmp_path, server.issuer, store, "--deploy")
    assert status == 1
    assert found[0].startswith("proofkey.E001) PROOFKEY_REPLAY_STORE: store_unavailable: ")
    assert found[1].startswith("proofkey.E001) idp: ")
