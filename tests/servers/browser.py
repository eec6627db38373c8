"""The browser and the user: a URL to sign in or out goes in, the URL back at the client comes out. Nothing listens
there.
"""

import json
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import CookieJar
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
    """The callback URL after the user signed in and refused; `CannotRefuse` where no page offers that."""
    return User(user, password, agrees=False).walk(authorization_url)


def visit(authorization_url: str) -> str | None:
    """The callback URL if it comes without any page, for a browser that is not signed in."""
    try:
        return User("", "", agrees=False).walk(authorization_url, answer=False)
    except _AsksTheUser:
        return None


class CannotRefuse(Exception):
    """The server asks again until the user agrees."""


class _AsksTheUser(Exception):
    """There is a page that is not to be answered."""


class _Page(NamedTuple):
    url: str
    status: int | None
    location: str
    """Where it leads to; empty if it is for reading."""
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
    """Redirects are followed by hand: the last one leads to the client."""

    def redirect_request(self, *_request: object) -> None:
        return None


class User:
    """A user with a browser, which stays signed in."""

    def __init__(self, user: str, password: str, *, agrees: bool = True) -> None:
        self._user = user
        self._password = password
        self._agrees = agrees
        self._granted = False
        # Never a proxy.
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()), _Stay())

    def walk(self, url: str, *, answer: bool = True) -> str:
        """Follows redirects and answers pages until it is the client's turn."""
        asked = dict(parse_qsl(urlsplit(url).query))
        end = asked.get("redirect_uri") or asked["post_logout_redirect_uri"]
        page = self._open(url)
        for _ in range(STEPS):
            script = urlsplit(page.location).path == "/login.html"
            if page.location.split("?")[0] == end:
                return page.location
            if page.location and not script:
                page = self._open(page.location)
            elif not answer:
                raise _AsksTheUser
            else:
                page = self._glewlwyd(page.location) if script else self._answer(page)
        raise AssertionError(f"no end of pages; the last one is {page}")

    def _open(self, url: str) -> _Page:
        return self._send(Request(url))

    def _submit(self, url: str, fields: dict[str, str]) -> _Page:
        return self._send(Request(url, urlencode(fields).encode()))

    def _send(self, request: Request) -> _Page:
        answer: HTTPResponse | HTTPError
        try:
            answer = self._opener.open(request, timeout=TIMEOUT)
        except HTTPError as error:
            answer = error
        with answer:
            location = answer.headers["Location"]
            to = urljoin(request.full_url, location) if location else ""
            return _Page(request.full_url, answer.status, to, answer.read().decode())

    def _answer(self, page: _Page) -> _Page:
        """Signs in where a password is asked for; elsewhere takes the first way on to agree, the last one to refuse."""
        parsed = _Forms(page)
        for form in parsed.forms:
            if form.login and form.password:
                signed = {**form.fields, form.login: self._user, form.password: self._password}
                return self._submit(form.action, signed)
            if not self._agrees and parsed.links:
                return self._open(parsed.links[-1])
            if form.buttons:
                button = form.buttons[0 if self._agrees else -1]
                return self._submit(form.action, {**form.fields, **button})
        raise AssertionError(f"a page without a way on: {page}")

    def _glewlwyd(self, url: str) -> _Page:
        """Glewlwyd's page is a script: these are its calls."""
        asked = dict(parse_qsl(urlsplit(url).query))
        if asked.get("prompt") == "end_session":
            self._call("DELETE", urljoin(url, f"/api/{asked['plugin']}/session/{asked['sid']}"))
            self._call("DELETE", urljoin(url, "/api/auth/"))
            return _Page(url, None, asked["callback_url"], "")
        if self._granted:
            raise CannotRefuse
        self._granted = True
        self._call("POST", urljoin(url, "/api/auth"), {"username": self._user, "password": self._password})
        # Refusing is to grant none of the scope.
        granted = {"scope": asked["scope"] if self._agrees else ""}
        self._call("PUT", urljoin(url, f"/api/auth/grant/{quote(asked['client_id'])}"), granted)
        return _Page(url, None, asked["callback_url"] + "&g_continue", "")

    def _call(self, method: str, url: str, body: dict[str, str] | None = None) -> None:
        data = None if body is None else json.dumps(body).encode()
        page = self._send(Request(url, data, {"Content-Type": "application/json"}, method=method))
        assert page.status == 200, page
