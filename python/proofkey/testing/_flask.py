"""Signs in to an app through Flask's test client."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from proofkey.testing import _browser
from proofkey.testing._browser import SignInError, origin, resolve

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse


def sign_in(
    client: "FlaskClient", start: str, *, user: str | None = None, form: Mapping[str, str] | None = None
) -> "TestResponse":
    """Signs in to a Flask app through its test client, as a browser and a user would.

    It opens `start`, follows the app to the test server, signs in there, delivers the callback to the app, and returns
    the page that the app shows in the end.

    The app's provider must be a `proofkey.testing.AuthorizationServer`; only loopback is contacted. `user` is the `sub`
    of the user who signs in. With `form`, it posts these fields to `start`, as a page of the app would, for example
    `{"connect": ""}` to connect an account.

        with testing.AuthorizationServer() as server:
            app = create_app(issuer=server.issuer)
            page = testing.sign_in(app.test_client(), "/auth/github")
            assert "Hello" in page.text

    Callbacks go to the host of the redirect URI, as in a browser. If that is not `localhost`, the host of the test
    client, include it in `start` ("https://app.example/auth/github"): hosts do not share cookies.

    `SignInError` if the app does not redirect to the test server, if the test server refuses the request, or if the
    app redirects to another site in the end.
    """
    page, authorization_url = _follow(client, client.get(start) if form is None else _post(client, start, form))
    if not authorization_url:
        raise SignInError(
            f"the app responded with {page.status_code} at {page.request.path} and did not redirect to the test server"
        )
    callback = _browser.visit(authorization_url, user)
    here, there = urlsplit(page.request.url).hostname, urlsplit(callback.url).hostname
    if here != there:
        raise SignInError(
            f"the login began at {here}, but its redirect URI is at {there}, which does not get its cookies: "
            f"begin at {origin(callback.url)}{page.request.path}, or use a redirect URI at {here}"
        )
    if callback.body is None:
        response = client.get(callback.url)
    else:
        response = client.post(callback.url, data=callback.body, content_type=callback.content_type)
    page, elsewhere = _follow(client, response)
    if elsewhere:
        raise SignInError(f"after the callback, the app redirected to another site: {origin(elsewhere)}")
    return page


def _post(client: "FlaskClient", start: str, form: Mapping[str, str]) -> "TestResponse":
    # Browsers send these headers with a form of the same site, and protections against CSRF look at them.
    referer = urljoin("http://localhost", start)
    return client.post(start, data=form, headers={"Sec-Fetch-Site": "same-origin", "Referer": referer})


def _follow(client: "FlaskClient", page: "TestResponse") -> tuple["TestResponse", str]:
    """The page after all redirects within the app, and where it redirects from there; empty if it does not."""
    for _ in range(_STEPS):
        to = resolve(page.request.url, page.location)
        if not to or urlsplit(to).netloc != urlsplit(page.request.url).netloc:
            return page, to
        page = client.get(to)
    raise SignInError("the app redirects in a loop")


_STEPS = 10
