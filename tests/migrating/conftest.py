import logging
from collections.abc import Iterator
from pathlib import Path

import django
import django.conf
import pytest
from proofkey import testing

SECRET = "the secret of a test, as long as it has to be"
CLIENT = testing.RegisteredClient(
    "my-app",
    client_secret="s3cret",
    redirect_uris=[
        "http://localhost/callback",
        "https://app.example/callback",
        "http://localhost/login/github/authorized",
        "http://localhost/oidc/callback/",
        "http://localhost/complete/oidc/",
    ],
)

# a2wsgi leaves the tasks of its loop to the end of the process.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

django.conf.settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["localhost"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:migrating?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHLIB_OAUTH_CLIENTS={"work": {"client_id": CLIENT.client_id, "client_secret": CLIENT.client_secret}},
    PROOFKEY_WORK_CLIENT_ID=CLIENT.client_id,
    PROOFKEY_WORK_CLIENT_SECRET=CLIENT.client_secret,
)
django.setup()


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(clients=[CLIENT, testing.RegisteredClient("my-cli")]) as running:
        yield running


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the programs of the page read from the environment, and a folder for their files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("FLASK_SECRET_KEY", SECRET)
    monkeypatch.setenv("FLASK_PROOFKEY_BASE_URL", "http://localhost")
    assert CLIENT.client_secret
    monkeypatch.setenv("CLIENT_SECRET", CLIENT.client_secret)
    for prefix in ("WORK", "FLASK_WORK", "PROOFKEY_WORK", "FLASK_PROOFKEY_WORK"):
        monkeypatch.setenv(f"{prefix}_CLIENT_ID", CLIENT.client_id)
        monkeypatch.setenv(f"{prefix}_CLIENT_SECRET", CLIENT.client_secret)
