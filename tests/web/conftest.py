import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import django.conf
import pytest
from proofkey import testing
from sites import SECRET, SITES, Site

# Its resource server.
sys.path.append(str(Path(__file__).resolve().parents[1] / "python"))

# a2wsgi leaves the tasks of its loop to the end of the process.
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

django.conf.settings.configure(
    SECRET_KEY=SECRET,
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "file:proofkey?mode=memory&cache=shared"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    ROOT_URLCONF="sites",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "sites.for_this_site"],
)
django.setup()


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


@pytest.fixture(params=SITES, ids=[site.framework for site in SITES])
def make(request: pytest.FixtureRequest, server: testing.AuthorizationServer) -> Callable[..., Site]:
    """Makes a site of each framework: a test with this fixture runs once for each."""
    framework: type[Site] = request.param
    return lambda **settings: framework(server, **settings)
