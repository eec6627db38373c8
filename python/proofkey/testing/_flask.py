"""Signs in to an app through its Flask test client."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from proofkey.testing import _browser
from proofkey.testing._browser import SignInError, origin, resolve

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


def sign_in(client: "FlaskClient", start: str, *, user: str | None = None) -> "TestResponse":
    """Plays browser and user for an app under its Flask test client: opens `start`, follows the app to the test
    provider, signs in there, delivers the callback to the app, and returns the page that the app shows in the end.

    The app's provider is a `proofkey.testing.Provider`; nothing but loopback is asked. `user` is the `sub` of the one
    who signs in. Callbacks go where the redirect URI says, as in a browser: if its host is not the test client's
    `localhost`, give `start` with that host ("https://app.example/auth/github"), since cookies do not go from one to
    the other.

        with testing.Provider() as server:
            app = create_app(issuer=server.issuer)
            page = testing.sign_in(app.test_client(), "/auth/github")
            assert "Hello" in page.text

    `SignInError` if the app sends the browser nowhere, or not to the provider; also if the provider refuses.
    """
    page, authorization_url = _follow(client, client.get(start))
    if not authorization_url:
        raise SignInError(
            f"the app answered {page.status_code} at {page.request.path} instead of sending the browser to the provider"
        )
    callback = _browser.visit(authorization_url, user)
    began, arrives = urlsplit(page.request.url).hostname, urlsplit(callback.url).hostname
    if began != arrives:
        raise SignInError(
            f"the login began at {began} and its redirect URI is at {arrives}, which gets none of its cookies: "
            f"begin at {origin(callback.url)}{page.request.path}, or set the redirect URI to {began}"
        )
    if callback.body is None:
        answer = client.get(callback.url)
    else:
        answer = client.post(callback.url, data=callback.body, content_type=callback.content_type)
    page, elsewhere = _follow(client, answer)
    if elsewhere:
        raise SignInError(f"after the callback the app sends the browser away, to {origin(elsewhere)}")
    return page


def _follow(client: "FlaskClient", page: "TestResponse") -> tuple["TestResponse", str]:
    """The page after the app's own redirects, and where it leads to from there; nothing if it is for reading."""
    for _ in range(_STEPS):
        to = resolve(page.request.url, page.location)
        if not to or urlsplit(to).netloc != urlsplit(page.request.url).netloc:
            return page, to
        page = client.get(to)
    raise SignInError("the app sends the browser round in circles")


_STEPS = 10
