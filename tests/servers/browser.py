"""The browser and the user. They follow a URL to sign in or out until the server redirects to the client, and return
that URL without opening it.
"""

import json
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

TIMEOUT = 10
STEPS = 12


def sign_in(authorization_url: str, user: str, password: str) -> str:
    """The callback URL after the user signed in and agreed."""
    return User(user, password).walk(authorization_url)


def deny(authorization_url: str, user: str, password: str) -> str:
    """The callback URL after the user signed in and refused. Raises `CannotRefuse` if no page offers that."""
    return User(user, password, agrees=False).walk(authorization_url)


def decide(verification_uri_complete: str, user: str, password: str, *, agrees: bool = True) -> None:
    """Signs in on behalf of a device (RFC 8628), and agrees or refuses."""
    User(user, password, agrees=agrees).enter(verification_uri_complete)


def visit(authorization_url: str) -> str | None:
    """The callback URL for a browser that is not signed in, or `None` if the server shows a page."""
    try:
        return User("", "", agrees=False).walk(authorization_url, submit_pages=False)
    except _ShowsPage:
        return None


class CannotRefuse(Exception):
    """The server shows its page again until the user agrees."""


class _ShowsPage(Exception):
    """The server shows a page, which the user should not submit."""


class _Page(NamedTuple):
    url: str
    status: int | None
    location: str
    """The URL that it redirects to; empty if it is a page for the user."""
    text: str


class _Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}
        self.login: str | None = None
        self.password: str | None = None
        self.buttons: list[dict[str, str]] = []


class _Forms(HTMLParser):
    """The forms of a page, and its links."""

    def __init__(self, page: _Page) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.links: list[str] = []
        self._url = page.url
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        name, value = attributes.get("name"), attributes.get("value", "")
        if tag == "a":
            self.links.append(urljoin(self._url, attributes.get("href", "")))
        elif tag == "form":
            self.forms.append(_Form(urljoin(self._url, attributes.get("action", ""))))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append({name: value} if name else {})
        elif tag == "input" and self.forms and name:
            kind = attributes.get("type", "text")
            if kind == "password":
                self.forms[-1].password = name
            elif kind == "text":
                self.forms[-1].login = name
            else:
                self.forms[-1].fields[name] = value


class _Stay(HTTPRedirectHandler):
    """Does not follow redirects, because the last one leads to the client."""

    def redirect_request(self, *_request: object) -> None:
        return None


class User:
    """A user with a browser, which stays signed in."""

    def __init__(self, user: str, password: str, *, agrees: bool = True) -> None:
        self._user = user
        self._password = password
        self._agrees = agrees
        self._granted = False
        # A browser sends secure cookies to loopback without TLS too.
        cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http")))
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies), _Stay())

    def walk(self, url: str, *, submit_pages: bool = True) -> str:
        """Follows redirects and submits pages until the server redirects to the client."""
        asked = dict(parse_qsl(urlsplit(url).query))
        end = asked.get("redirect_uri") or asked["post_logout_redirect_uri"]
        page = self._open(url)
        for _ in range(STEPS):
            script = urlsplit(page.location).path == "/login.html"
            if page.location.split("?")[0] == end:
                return page.location
            if page.location and not script:
                page = self._open(page.location)
            elif not submit_pages:
                raise _ShowsPage
            else:
                page = self._glewlwyd(page.location) if script else self._submit_page(page)
        raise AssertionError(f"too many pages; the last one is {page}")

    def enter(self, url: str) -> None:
        """Follows redirects and submits pages until there is nothing left to do but to enter another code."""
        page = self._open(url)
        for _ in range(STEPS):
            asked = dict(parse_qsl(urlsplit(page.location).query))
            left = [form for form in _Forms(page).forms if form.password or not form.login]
            if asked.get("prompt") == "deviceComplete" or not page.location and not left:
                return
            if urlsplit(page.location).path == "/login.html":
                page = self._glewlwyd(page.location)
            else:
                page = self._open(page.location) if page.location else self._submit_page(page)
        raise AssertionError(f"too many pages; the last one is {page}")

    def _open(self, url: str) -> _Page:
        return self._send(Request(url))

    def _submit(self, url: str, fields: dict[str, str]) -> _Page:
        return self._send(Request(url, urlencode(fields).encode()))

    def _send(self, request: Request) -> _Page:
        response: HTTPResponse | HTTPError
        try:
            response = self._opener.open(request, timeout=TIMEOUT)
        except HTTPError as error:
            response = error
        with response:
            location = response.headers["Location"]
            to = urljoin(request.full_url, location) if location else ""
            return _Page(request.full_url, response.status, to, response.read().decode())

    def _submit_page(self, page: _Page) -> _Page:
        """Signs in if the page has a password field. Otherwise takes the first button to agree, and the last button or
        link to refuse."""
        parsed = _Forms(page)
        for form in parsed.forms:
            if form.login and form.password:
                return self._submit(form.action, {**form.fields, form.login: self._user, form.password: self._password})
            if not self._agrees and parsed.links:
                return self._open(parsed.links[-1])
            if form.buttons:
                button = form.buttons[0 if self._agrees else -1]
                return self._submit(form.action, {**form.fields, **button})
            if form.fields and not form.login:  # Its script submits it.
                return self._submit(form.action, form.fields)
        raise AssertionError(f"the page has no button: {page}")

    def _glewlwyd(self, url: str) -> _Page:
        """Makes the calls that the script in Glewlwyd's page makes."""
        asked = dict(parse_qsl(urlsplit(url).query))
        if asked.get("prompt") == "end_session":
            self._call("DELETE", urljoin(url, f"/api/{asked['plugin']}/session/{asked['sid']}"))
            self._call("DELETE", urljoin(url, "/api/auth/"))
            return _Page(url, None, asked["callback_url"], "")
        if self._granted:
            raise CannotRefuse
        self._granted = True
        self._call("POST", urljoin(url, "/api/auth"), {"username": self._user, "password": self._password})
        # To refuse is to grant an empty scope.
        granted = {"scope": asked["scope"] if self._agrees else ""}
        self._call("PUT", urljoin(url, f"/api/auth/grant/{quote(asked['client_id'])}"), granted)
        return _Page(url, None, asked["callback_url"] + "&g_continue", "")

    def _call(self, method: str, url: str, body: dict[str, str] | None = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        page = self._send(Request(url, data, {"Content-Type": "application/json"}, method=method))
        assert page.status == 200, page
