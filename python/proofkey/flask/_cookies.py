"""The cookies of pending logins: one sealed cookie per login, for ten minutes, with a limit on their total size.

The name of a cookie says which login it holds, when the login began, and whether another site began it. So the cookie
to evict is chosen without opening any. A forged name can only make a browser lose logins of its own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from werkzeug.wrappers import Response

ResponseT = TypeVar("ResponseT", bound=Response)

LIFETIME = 600
"""In seconds."""
DONE = "d"
MAX_BYTES = 3800
"""Of all names and values together: servers refuse headers above 8 KiB, and some above 4 KiB."""

# A browser accepts a cookie with this prefix only over https, for exactly this host, and with the path "/".
_SECURE_PREFIX = "__Host-"
_NAME = re.compile(r"proofkey-([A-Za-z0-9_-]{8})-([0-9a-f]{1,10})([osd])")


@dataclass(frozen=True)
class Cookie:
    """A pending or finished login in this browser."""

    name: str
    value: str
    login_id: str
    began_at: int
    kind: str
    """"o" if this site began the login, "s" if another site did, `DONE` once it is finished."""

    @property
    def size(self) -> int:
        # Includes the "=" and the "; " of the header.
        return len(self.name) + len(self.value) + 3


class Jar:
    """The login cookies of a request, and the changes to make to them."""

    def __init__(self, cookies: Mapping[str, str], secure: bool, now: int) -> None:
        self._prefix, self._secure, self._now = (_SECURE_PREFIX if secure else ""), secure, now
        self._cookies = [cookie for name, value in cookies.items() if (cookie := self._read(name, value))]
        self._changes: dict[str, tuple[str, int]] = {}

    def _read(self, name: str, value: str) -> Cookie | None:
        # Under https, a name without the prefix is ignored: a site on another port or subdomain may have set it.
        match = _NAME.fullmatch(name.removeprefix(self._prefix)) if name.startswith(self._prefix) else None
        return match and Cookie(name, value, match[1], int(match[2], 16), match[3])

    def find(self, login_id: str) -> Cookie | None:
        """The cookie of a pending login, else the marker of a finished one."""
        found = [cookie for cookie in self._cookies if cookie.login_id == login_id]
        return next((cookie for cookie in found if cookie.kind != DONE), found[0] if found else None)

    def add(self, login_id: str, sealed: str, *, cross_site: bool) -> bool:
        """Adds a login, and evicts others to make room. Returns whether it fits."""
        return self._put(login_id, sealed, "s" if cross_site else "o")

    def finish(self, login_id: str) -> None:
        """Removes a login, and leaves a marker that it is finished."""
        for cookie in [cookie for cookie in self._cookies if cookie.login_id == login_id]:
            self._drop(cookie)
        self._put(login_id, "1", DONE)

    def save(self, response: ResponseT) -> ResponseT:
        """Adds the changes to a response."""
        for name, (value, max_age) in self._changes.items():
            response.set_cookie(
                name, value, max_age=max_age, path="/", secure=self._secure, httponly=True, samesite="Lax"
            )
        return response

    def _put(self, login_id: str, value: str, kind: str) -> bool:
        name = f"{self._prefix}proofkey-{login_id}-{self._now:x}{kind}"
        new = Cookie(name, value, login_id, self._now, kind)
        for cookie in self._in_eviction_order(may_evict_own=kind != "s"):
            if cookie.began_at + LIFETIME < self._now or self._size + new.size > MAX_BYTES:
                self._drop(cookie)
        if self._size + new.size > MAX_BYTES:
            return False
        self._cookies.append(new)
        self._changes[name] = (value, LIFETIME)
        return True

    @property
    def _size(self) -> int:
        return sum(cookie.size for cookie in self._cookies)

    def _in_eviction_order(self, *, may_evict_own: bool) -> list[Cookie]:
        def expired(cookie: Cookie) -> bool:
            return not 0 <= self._now - cookie.began_at <= LIFETIME

        candidates: Iterable[Cookie] = self._cookies
        if not may_evict_own:
            # Another site must not be able to evict the logins that the user began here.
            candidates = [cookie for cookie in self._cookies if cookie.kind != "o" or expired(cookie)]
        return sorted(candidates, key=lambda cookie: (not expired(cookie), cookie.began_at))

    def _drop(self, cookie: Cookie) -> None:
        self._cookies.remove(cookie)
        self._changes[cookie.name] = ("", 0)
