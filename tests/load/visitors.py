"""Users and their browsers. Each has its own cookies, and opens a connection for each request."""

import copy
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from typing import TypeVar
from urllib.parse import urlsplit

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Page:
    """A response of the app."""

    status: int
    location: str
    text: str

    @property
    def cause(self) -> str:
        """The cause of a refused login, for example "store · store_unavailable"; empty on other pages."""
        named = re.search("<small>(.*)</small>", self.text)
        return named[1] if named else ""

    @property
    def again(self) -> str:
        """The link "Try again"."""
        link = re.search('<a href="([^"]+)">Try again</a>', self.text)
        assert link, self.text
        return link[1]


class Visitor:
    """A user of the app and of the provider."""

    def __init__(self, sub: str, app: str) -> None:
        self.sub = sub
        self.next = f"/me?sub={sub}"
        self.cookies: dict[str, str] = {}
        self.callback_url = ""
        self.client_port = 0
        """The local port of the last connection to the app."""
        self._app = app

    def another_tab(self) -> "Visitor":
        """The same user in the same browser, with a copy of the current cookies."""
        tab = copy.copy(self)
        tab.cookies = dict(self.cookies)
        return tab

    def begin(self, path: str = "") -> None:
        """Begins a login and signs in at the provider, up to the callback."""
        page = self.get(path or f"/auth/test?next={self.next}")
        assert page.status == 302, page
        # The hint tells the provider who the user is.
        with _connected(page.location) as at_provider:
            self.callback_url = _opened(at_provider, f"{page.location}&login_hint={self.sub}", {}).headers["Location"]

    def finish(self) -> Page | None:
        """Opens the callback, or reloads it. Returns `None` if the connection breaks."""
        try:
            return self.get(self.callback_url)
        except ConnectionError:
            return None

    def get(self, url: str) -> Page:
        """Opens a page of the app."""
        url = self._app + url if url.startswith("/") else url
        with _connected(url) as connection:
            self.client_port = connection.sock.getsockname()[1]
            response = _opened(connection, url, self.cookies)
            for line in response.headers.get_all("Set-Cookie") or []:
                _keep(self.cookies, line)
            return Page(response.status, response.headers["Location"] or "", response.read().decode())


@contextmanager
def _connected(url: str) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.connect()
        yield connection


def _opened(connection: HTTPConnection, url: str, cookies: dict[str, str]) -> HTTPResponse:
    headers = {"Connection": "close", "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    connection.request("GET", urlsplit(url)._replace(scheme="", netloc="").geturl(), headers=headers)
    return connection.getresponse()


def _keep(cookies: dict[str, str], line: str) -> None:
    for name, morsel in SimpleCookie(line).items():
        if morsel["max-age"] == "0":
            cookies.pop(name, None)
        else:
            cookies[name] = morsel.value


def at_once(
    call: Callable[[_Item], _Result], items: Iterable[_Item], *, meanwhile: Callable[[], object] | None = None
) -> list[_Result]:
    """Calls the function for all items at once, each in a thread of its own, and `meanwhile` in this one."""
    everybody = list(items)
    ready = threading.Barrier(len(everybody))

    def work(item: _Item) -> _Result:
        ready.wait()
        return call(item)

    with ThreadPoolExecutor(len(everybody)) as pool:
        running = [pool.submit(work, item) for item in everybody]
        if meanwhile:
            meanwhile()
        return [each.result() for each in running]
