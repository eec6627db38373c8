"""What the test server stores: codes, and the tokens issued for them."""

import secrets
import threading
import time
from dataclasses import dataclass, field

from proofkey.testing._registry import User


@dataclass(frozen=True)
class Lifetimes:
    """Lifetimes in seconds."""

    code: int
    access_token: int
    refresh_token: int
    id_token: int


@dataclass(frozen=True)
class Grant:
    """What a user has allowed a client to do. A code stands for one grant."""

    client_id: str
    redirect_uri: str
    scope: str
    binding: str
    nonce: str | None
    user: User
    signed_in_at: int
    code_expires_at: int
    sid: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    """The session: the server begins one at each sign-in."""


@dataclass(frozen=True)
class Issued:
    """An access token and a refresh token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


class NotGranted(Exception):
    """A code or refresh token that is not valid. The text says why."""


class _Family:
    """All tokens that were issued for one code. They are revoked together."""

    def __init__(self, grant: Grant, expires_at: int) -> None:
        self.grant = grant
        self.expires_at = expires_at
        self.revoked = False
        self.refresh_token = secrets.token_urlsafe(24)


class Store:
    """Codes and tokens in memory, for many threads. The clock can be moved forward."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self.lifetimes = lifetimes
        self._lock = threading.Lock()
        self._ahead = 0
        self._grants: dict[str, Grant] = {}
        # The family of each used code, each refresh token (even if rotated), and each access token, with its expiry.
        self._used_codes: dict[str, _Family] = {}
        self._refresh_tokens: dict[str, _Family] = {}
        self._access_tokens: dict[str, tuple[_Family, int]] = {}

    def now(self) -> int:
        """The time of this store's clock, in seconds since the epoch."""
        return int(time.time()) + self._ahead

    def advance(self, seconds: int) -> None:
        """Moves the clock forward."""
        with self._lock:
            self._ahead += seconds

    def add(self, grant: Grant) -> str:
        """Makes a code for a grant."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[code] = grant
        return code

    def grant(self, code: str) -> Grant | None:
        """The grant behind a code, whether or not the code was used."""
        with self._lock:
            return self._grants.get(code)

    def use(self, code: str) -> Issued:
        """Issues the tokens for a code, after its verifier was checked. A second use revokes them (RFC 6749 section
        4.1.2)."""
        with self._lock:
            if used := self._used_codes.get(code):
                used.revoked = True
                raise NotGranted("this code was already used")
            grant = self._grants[code]
            if grant.code_expires_at <= self.now():
                raise NotGranted("this code has expired")
            family = _Family(grant, self.now() + self.lifetimes.refresh_token)
            self._used_codes[code] = family
            return self._issue(family)

    def refresh(self, refresh_token: str, client_id: str) -> tuple[Grant, Issued]:
        """The grant and new tokens. Using a rotated refresh token again revokes the whole family (RFC 9700 section
        4.14.2)."""
        with self._lock:
            family = self._refresh_tokens.get(refresh_token)
            if family is None or family.grant.client_id != client_id:
                raise NotGranted("no such refresh token for this client")
            if family.refresh_token != refresh_token:
                family.revoked = True
                raise NotGranted("this refresh token was already used: all tokens of this login are revoked")
            if family.revoked:
                raise NotGranted("this refresh token was revoked")
            if family.expires_at <= self.now():
                raise NotGranted("this refresh token has expired")
            family.refresh_token = secrets.token_urlsafe(24)
            return family.grant, self._issue(family)

    def revoke(self, token: str, client_id: str) -> None:
        """Revokes an access token, or a refresh token together with its whole family (RFC 7009 section 2.1)."""
        with self._lock:
            if (family := self._refresh_tokens.get(token)) and family.grant.client_id == client_id:
                family.revoked = True
            elif (found := self._access_tokens.get(token)) and found[0].grant.client_id == client_id:
                del self._access_tokens[token]

    def granted(self, access_token: str) -> Grant | None:
        """The grant behind a valid access token."""
        with self._lock:
            family, expires_at = self._access_tokens.get(access_token, (None, 0))
            return family.grant if family and not family.revoked and self.now() < expires_at else None

    def _issue(self, family: _Family) -> Issued:
        issued = Issued(secrets.token_urlsafe(24), family.refresh_token)
        self._refresh_tokens[issued.refresh_token] = family
        self._access_tokens[issued.access_token] = (family, self.now() + self.lifetimes.access_token)
        return issued
