"""Plays the browser and the user at the test server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

from proofkey.testing._http import USER_COOKIE


class SignInError(RuntimeError):
    """The simulated browser could not sign in. The text says where it stopped."""


@dataclass(frozen=True)
class Callback:
    """Where the server sends the browser: the arguments for `client.finish(login, url, content_type=…, body=…)`."""

    url: str = field(repr=False)
    """The URL. The parameters are in its query, or in the form if there is one."""
    content_type: str | None = None
    """The content type of the posted form (`response_mode=form_post`); `None` for a redirect."""
    body: str | None = field(default=None, repr=False)
    """The posted form; `None` for a redirect."""


def visit(url: str, user: str | None = None) -> Callback:
    """Opens an authorization URL, signs in, and allows what the client asks for."""
    page = _send(url, user)
    for _ in range(_STEPS):
        if page.location:
            if origin(page.location) != origin(page.url):
                return Callback(page.location)
            page = _send(page.location, user)
            continue
        form = _Form(page)
        if form.action is None:
            raise SignInError(f"the test server responded with {page.status} and no redirect: {page.text.strip()}")
        if origin(form.action) != origin(page.url):
            return Callback(form.action, _FORM, urlencode(form.fields))
        page = _send(form.action, user, urlencode(form.fields))
    raise SignInError("the test server redirects in a loop")


def post(url: str, form: Mapping[str, str]) -> int:
    """Posts a form. The status of the response."""
    return _send(url, None, urlencode(form)).status


class _Page(NamedTuple):
    url: str
    status: int
    location: str
    """Where the page redirects to; empty if it does not."""
    text: str


class _Form(HTMLParser):
    """The first form of a page, submitted with its default choices and its first button."""

    def __init__(self, page: _Page) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: list[tuple[str, str]] = []
        self._url = page.url
        self._pressed = False
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = urljoin(self._url, attributes.get("action", ""))
        if "name" not in attributes:
            return
        chosen = tag == "input" and (attributes.get("type") != "radio" or "checked" in attributes)
        if chosen or (tag == "button" and not self._pressed):
            self.fields.append((attributes["name"], attributes.get("value", "")))
            self._pressed = self._pressed or tag == "button"


def _send(url: str, user: str | None, form: str | None = None) -> _Page:
    target = urlsplit(url)
    if target.scheme != "http" or target.hostname not in _LOOPBACK:
        raise SignInError(f"a test server is on loopback over http, but the browser was sent to {origin(url)}")
    headers = {"Cookie": f"{USER_COOKIE}={quote(user, safe='')}"} if user is not None else {}
    connection = HTTPConnection(target.netloc, timeout=10)
    path = target._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, form, {**headers, "Content-Type": _FORM})
        response = connection.getresponse()
        return _Page(url, response.status, resolve(url, response.headers["Location"]), response.read().decode())
    except (OSError, HTTPException) as error:
        raise SignInError(f"the test server at {origin(url)} sent no complete response: {error!r}") from error
    finally:
        connection.close()


def resolve(url: str, location: str | None) -> str:
    """Resolves a `Location` header against a URL, and keeps an absolute one as it is. Empty if there is none."""
    return urljoin(url, location) if location and not urlsplit(location).scheme else location or ""


def origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"


_FORM = "application/x-www-form-urlencoded"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_STEPS = 10
