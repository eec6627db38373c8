"""Requests and responses as data."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")

PRIVATE = [("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff")]
"""Keeps a response out of caches, and its URL out of `Referer` headers: it may carry a code or an ID token."""

MAX_FORM = 64 * 1024
"""The largest form that is read, in bytes."""


class Headers(Protocol):
    """The headers of a request. Every framework has such an object; look-ups ignore case."""

    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True)
class Request:
    """A request, as the web server saw it.

    >>> request = Request("GET", "https", "app.example", query=b"next=/photos")
    >>> request.value("next"), request.origin
    ('/photos', 'https://app.example')
    """

    method: str
    scheme: str
    host: str
    """The host and, unless it is the scheme's default, the port: what the `Host` header says."""
    root_path: str = ""
    """The path below which the app is mounted; empty, or with a leading slash."""
    query: bytes = field(default=b"", repr=False)
    """Everything after the question mark."""
    cookie: bytes = field(default=b"", repr=False)
    """The `Cookie` header, byte for byte; several are joined by `; `."""
    headers: Headers = field(default_factory=dict[str, str], repr=False)
    """The other headers. A dict has their names in lower case."""
    form: bytes | None = field(default=None, repr=False)
    """The body, if its type is `application/x-www-form-urlencoded`; else `None`. A form of more than 64 KiB may be cut
    after that: it is refused either way."""
    trusted_host: bool = False
    """Whether the framework has compared `host` with a list of the app's own names, and `scheme` is what the browser
    used."""

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def hostname(self) -> str:
        """The host without the port; empty if the header is not a host."""
        try:
            url = urlsplit(f"//{self.host}")
            is_whole = url.netloc == self.host and not url.username and isinstance(url.port, int | None)
            return url.hostname or "" if is_whole else ""
        except ValueError:
            return ""

    @property
    def is_form_too_large(self) -> bool:
        return self.form is not None and len(self.form) > MAX_FORM

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Those of the form if the request is a POST, else those of the query."""
        return _pairs((self.form or b"") if self.method == "POST" else self.query)

    def values(self, name: str) -> list[str]:
        """The values of a parameter, in their order."""
        return [value for key, value in self.parameters if key == name]

    def value(self, name: str) -> str | None:
        """The first value of a parameter in the query, else in the form."""
        found = [value for key, value in [*_pairs(self.query), *_pairs(self.form or b"")] if key == name]
        return found[0] if found else None


@dataclass(frozen=True)
class Response:
    """A response to send."""

    status: int
    headers: list[tuple[str, str]]
    """In order. `Set-Cookie` may be there several times."""
    body: bytes = b""


def redirect(location: str, headers: list[tuple[str, str]]) -> Response:
    """A redirect that nobody caches."""
    return Response(302, [("Location", location), *PRIVATE, *headers])


def header_size(headers: list[tuple[str, str]]) -> int:
    """The size of headers on the wire, in bytes."""
    return sum(len(name) + len(value.encode()) + 4 for name, value in headers)


def _pairs(text: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text[: MAX_FORM + 1].decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []
