"""Plays the browser and the user at the provider."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple
from urllib.parse import quote, urlencode, urljoin, urlsplit

from proofkey.testing._http import USER_COOKIE


class SignInError(RuntimeError):
    """The browser could not sign in; the text says where it got stuck."""


@dataclass(frozen=True)
class Callback:
    """Where the provider sends the browser: what `client.finish(login, url, content_type=…, body=…)` takes."""

    url: str = field(repr=False)
    """The URL, with the parameters in its query unless there is a form."""
    content_type: str | None = None
    """Of the form that the browser posts (`response_mode=form_post`); `None` for a redirect."""
    body: str | None = field(default=None, repr=False)
    """The form that the browser posts; `None` for a redirect."""


def visit(url: str, user: str | None = None) -> Callback:
    """Opens an authorization URL and signs in, allowing what is asked for."""
    page = _send(url, user)
    for _ in range(_STEPS):
        if page.location:
            if origin(page.location) != origin(page.url):
                return Callback(page.location)
            page = _send(page.location, user)
            continue
        form = _Form(page)
        if form.action is None:
            raise SignInError(f"the provider answered {page.status} and sent the browser nowhere: {page.text.strip()}")
        if origin(form.action) != origin(page.url):
            return Callback(form.action, _FORM, urlencode(form.fields))
        page = _send(form.action, user, urlencode(form.fields))
    raise SignInError("the provider sends the browser round in circles")


class _Page(NamedTuple):
    url: str
    status: int
    location: str
    """Where it leads to; empty if it is for reading."""
    text: str


class _Form(HTMLParser):
    """The first form of a page, filled in: what is chosen stays chosen, and the first button is pressed."""

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
        raise SignInError(f"a test provider is at http on loopback, and the browser was sent to {origin(url)}")
    headers = {"Cookie": f"{USER_COOKIE}={quote(user, safe='')}"} if user is not None else {}
    connection = HTTPConnection(target.netloc, timeout=10)
    path = target._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        if form is None:
            connection.request("GET", path, headers=headers)
        else:
            connection.request("POST", path, form, {**headers, "Content-Type": _FORM})
        answer = connection.getresponse()
        return _Page(url, answer.status, resolve(url, answer.headers["Location"]), answer.read().decode())
    except (OSError, HTTPException) as error:
        raise SignInError(f"the provider at {origin(url)} gave no whole answer: {error!r}") from error
    finally:
        connection.close()


def resolve(url: str, location: str | None) -> str:
    """Where a `Location` leads from here; absolute ones stay as they came. Empty if there is none."""
    return urljoin(url, location) if location and not urlsplit(location).scheme else location or ""


def origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"


_FORM = "application/x-www-form-urlencoded"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_STEPS = 10
