"""The cookies of pending logins."""

import base64
import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

LIFETIME = 600
"""How long a login is pending, in seconds."""
CLOCK_SKEW = 60
"""How many seconds the clocks of two workers may differ."""
MAX_BYTES = 3800
"""Of all names and values together: servers refuse headers above 8 KiB, and some above 4 KiB."""
MAX_FINISHED = 12
"""How many finished logins are remembered, so that a reload can be explained."""

# A browser accepts a cookie with this prefix only over https, for exactly this host, and with the path "/".
_SECURE_PREFIX = "__Host-"
_LOGIN = re.compile(r"([A-Za-z0-9_-]{8})-([0-9a-f]{1,10})([os])")
_FINISHED = "finished"
_VALUE = re.compile(r"[A-Za-z0-9._-]*")
_FOLDED = re.compile(rb",[ \t]*(__Host-)?proofkey-[A-Za-z0-9_-]+=")


@dataclass(frozen=True)
class _Cookie:
    name: str
    value: str
    login: str
    began_at: int
    is_own: bool
    """Whether this site began the login, and not a link of another site."""

    @property
    def size(self) -> int:
        # Includes the "=" and the "; " of the header.
        return len(self.name) + len(self.value) + 3


class Jar:
    """The pending logins of one browser: one sealed cookie for each, for ten minutes, so that tabs do not collide.

    `cookie` is the `Cookie` header of the request, byte for byte, not what a framework made of it: some frameworks
    strip characters from names, and a site on another subdomain could then set a cookie that reads like one of yours.
    Under https the names have the prefix `__Host-`, which only your own host can set. `base_url` is the address of the
    app; apps below different paths of one host do not touch each other's cookies.

    All cookies of an app together have at most 3,800 bytes. When one more does not fit, expired logins are evicted
    first, then the oldest. The name of a cookie says which login it holds, when that began, and whether another site
    began it; so none has to be opened. A forged name can only make a browser lose logins of its own.

    Programs without a framework use it directly:

    >>> jar = Jar(b"", "https://app.example")
    >>> jar.add("the state of the login", "proofkey1.sealed")
    True
    >>> [line] = jar.set_cookie  # add each as a `Set-Cookie` header to the response that begins the login
    >>> jar = Jar(line.partition(";")[0].encode(), "https://app.example")  # later, with the callback
    >>> jar.find("the state of the login")
    'proofkey1.sealed'
    >>> jar.finish("the state of the login")  # then add `jar.set_cookie` to the response again
    >>> jar.find("the state of the login"), jar.is_finished("the state of the login")
    (None, True)
    """

    def __init__(self, cookie: bytes, base_url: str, *, now: int | None = None) -> None:
        self._now = int(time.time()) if now is None else now
        self._secure = base_url.startswith("https://")
        prefix = _SECURE_PREFIX if self._secure else ""
        # Without the prefix, every port of this host shares the cookies.
        place = urlsplit(base_url).path.rstrip("/") if self._secure else base_url.rstrip("/")
        self._prefix = f"{prefix}proofkey-{_hash(place)[:4]}-"
        self._logins: list[_Cookie] = []
        self._finished: dict[str, int] = {}
        self._dropped: list[str] = []
        self._added: list[tuple[str, str]] = []
        self.is_folded = _FOLDED.search(cookie) is not None
        """Whether a server on the way joined several `Cookie` headers with commas, which hides cookies."""
        for name, value in _pairs(cookie):
            if name.startswith(self._prefix):
                self.is_folded |= "," in value
                if _VALUE.fullmatch(value):
                    self._read(name, value)

    def _read(self, name: str, value: str) -> None:
        rest = name[len(self._prefix) :]
        if match := _LOGIN.fullmatch(rest):
            self._logins.append(_Cookie(name, value, match[1], int(match[2], 16), match[3] == "o"))
        elif rest == _FINISHED:
            for part in value.split(".")[:MAX_FINISHED]:
                if match := _LOGIN.fullmatch(f"{part}o"):
                    self._finished[match[1]] = int(match[2], 16)

    def find(self, state: str) -> str | None:
        """The sealed login with this state, for `client.resume()`; `None` if this browser has none, or more than one
        under the same name."""
        login = _login_of(state)
        found = [cookie for cookie in self._logins if cookie.login == login]
        return found[0].value if len(found) == 1 else None

    def is_finished(self, state: str) -> bool:
        """Whether this browser has already finished the login with this state."""
        return _login_of(state) in self._finished

    def is_ambiguous(self, state: str) -> bool:
        """Whether the header contains the login with this state more than once: then nobody can tell which one is the
        browser's own."""
        return sum(cookie.login == _login_of(state) for cookie in self._logins) > 1

    def add(self, state: str, sealed: str, *, cross_site: bool = False) -> bool:
        """Adds a login, and evicts others to make room. Returns whether it fits.

        `cross_site` says that another site sent the browser here (`Sec-Fetch-Site`). Such a login evicts none that the
        user began on this site.
        """
        name = f"{self._prefix}{_login_of(state)}-{self._now:x}{'s' if cross_site else 'o'}"
        new = _Cookie(name, sealed, _login_of(state), self._now, not cross_site)
        for cookie in self._in_eviction_order(may_evict_own=not cross_site):
            if self._size + new.size > MAX_BYTES:
                self._drop(cookie)
        if self._size + new.size > MAX_BYTES:
            return False
        self._logins.append(new)
        self._added.append((name, sealed))
        return True

    def finish(self, state: str) -> None:
        """Removes a login, and remembers that it is finished."""
        login = _login_of(state)
        for cookie in [cookie for cookie in self._logins if cookie.login == login]:
            self._drop(cookie)
        alive = {other: at for other, at in self._finished.items() if at + LIFETIME + CLOCK_SKEW > self._now}
        self._finished = dict([*alive.items(), (login, self._now)][-MAX_FINISHED:])
        value = ".".join(f"{login}-{at:x}" for login, at in self._finished.items())
        self._added.append((f"{self._prefix}{_FINISHED}", value))

    @property
    def set_cookie(self) -> list[str]:
        """The changes, as values of `Set-Cookie` headers: what is new, then what is evicted."""
        attributes = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if self._secure else ''}"
        new = [f"{name}={value}; Max-Age={LIFETIME}; {attributes}" for name, value in self._added]
        return new + [f"{name}=; Max-Age=0; {attributes}" for name in self._dropped]

    @property
    def _size(self) -> int:
        finished = len(self._finished) and len(self._prefix) + len(_FINISHED) + 3 + 18 * len(self._finished)
        return finished + sum(cookie.size for cookie in self._logins)

    def _in_eviction_order(self, *, may_evict_own: bool) -> list[_Cookie]:
        def expired(cookie: _Cookie) -> bool:
            return not -CLOCK_SKEW <= self._now - cookie.began_at <= LIFETIME + CLOCK_SKEW

        candidates: Iterable[_Cookie] = self._logins
        if not may_evict_own:
            # Another site must not be able to evict the logins that the user began here.
            candidates = [cookie for cookie in self._logins if not cookie.is_own or expired(cookie)]
        return sorted(candidates, key=lambda cookie: (not expired(cookie), cookie.began_at))

    def _drop(self, cookie: _Cookie) -> None:
        self._logins.remove(cookie)
        self._dropped.append(cookie.name)


def _pairs(header: bytes) -> Iterator[tuple[str, str]]:
    """Names and values as RFC 6265 section 5.4 writes them. Only spaces and tabs are stripped, and nothing is unquoted:
    a name with any other byte is another name."""
    for part in header.split(b";"):
        name, equals, value = part.partition(b"=")
        if equals:
            yield name.strip(b" \t").decode("latin-1"), value.strip(b" \t").decode("latin-1")


def _login_of(state: str) -> str:
    """48 bits of a hash of the state: the part of a cookie's name by which it is found without opening others."""
    return _hash(state)[:8]


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
