"""django-oauth-toolkit, in Django, on SQLite or PostgreSQL."""

from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from setting import (
    AFTER,
    CONFIDENTIAL,
    FOLDER,
    OPTIONAL,
    POSTGRES,
    PROJECT,
    PUBLIC,
    REDIRECT_URI,
    SCOPE,
    SECRET,
    TOGETHER,
    USER,
    serve,
)

DATABASE: dict[str, Any]
OAUTH2_PROVIDER: dict[str, Any] = {
    "SCOPES": {SCOPE: "Read files"},
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "PKCE_REQUIRED": not OPTIONAL or (lambda client_id: client_id == PUBLIC),
}
if AFTER:
    OAUTH2_PROVIDER |= {
        "OAUTH2_VALIDATOR_CLASS": "proofkey.server.django.PkceOAuth2Validator",
        "OAUTH2_BACKEND_CLASS": "proofkey.server.django.PkceOAuthLibCore",
        "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
        # Public clients always need it with the adapter.
        "PKCE_REQUIRED": not OPTIONAL,
    }
if PROJECT:
    OAUTH2_PROVIDER["OAUTH2_VALIDATOR_CLASS"] = "toolkit.Validator"
if TOGETHER > 1:
    OAUTH2_PROVIDER["OAUTH2_VALIDATOR_CLASS"] = "toolkit.Together" if AFTER else "toolkit.TogetherWithOwnPkce"

if POSTGRES:
    name, _, folder = POSTGRES.partition("@")
    DATABASE = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "HOST": folder, "USER": "tests"}
else:
    # The toolkit itself reads before it writes. Of several such transactions at once, SQLite refuses all but one,
    # unless they are immediate. With proofkey that is not needed.
    options = {"timeout": 60} if AFTER else {"timeout": 60, "transaction_mode": "IMMEDIATE"}
    DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db.sqlite", "OPTIONS": options}

settings.configure(
    SECRET_KEY="only-for-tests",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="toolkit",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    MIDDLEWARE=["toolkit.sign_in"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": DATABASE},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    OAUTH2_PROVIDER=OAUTH2_PROVIDER,
)
django.setup()
call_command("migrate", verbosity=0)

import toolkit
from django.contrib.auth import get_user_model
from oauth2_provider.models import get_application_model

user = get_user_model().objects.create_user(USER)
for client_id in (PUBLIC, CONFIDENTIAL, "asks"):
    get_application_model().objects.create(
        client_id=client_id,
        client_type="confidential" if client_id == CONFIDENTIAL else "public",
        client_secret=SECRET,
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT_URI,
        skip_authorization=client_id != "asks",
        user=user,
    )

if TOGETHER > 1:
    toolkit.turn_back_the_clock()
serve(get_wsgi_application())
