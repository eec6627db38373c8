"""The `state` parameter of a login. It is authenticated, so that a callback without its cookie can still be explained,
and it holds no secret."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

_VERSION = b"\x01"
_LABEL = b"proofkey1 web state"
_RANDOM, _TIME, _PLACE, _MAC = 16, 5, 4, 16
_LENGTH = 1 + _RANDOM + _TIME + _PLACE + _MAC


@dataclass(frozen=True)
class State:
    """The contents of an authentic state."""

    text: str
    began_at: int
    """In seconds since the epoch."""
    _place: bytes

    def began_with(self, provider: str, host: str) -> bool:
        """Whether the login began with this provider, at this host."""
        return hmac.compare_digest(self._place, _place(provider, host))


def make(secrets: list[bytes], provider: str, host: str, now: int) -> str:
    """Makes a state: 128 random bits, when and where the login began, and a MAC with the newest secret."""
    body = _VERSION + os.urandom(_RANDOM) + now.to_bytes(_TIME, "big") + _place(provider, host)
    return base64.urlsafe_b64encode(body + _mac(secrets[0], body)).rstrip(b"=").decode()


def read(secrets: list[bytes], text: str) -> State | None:
    """Reads a state. `None` unless it was made here, with one of these secrets."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    body, mac = raw[:-_MAC], raw[-_MAC:]
    is_whole = len(raw) == _LENGTH and raw[:1] == _VERSION
    if not is_whole or not any([hmac.compare_digest(mac, _mac(secret, body)) for secret in secrets]):
        return None
    time, place = body[1 + _RANDOM : -_PLACE], body[-_PLACE:]
    return State(text, int.from_bytes(time, "big"), place)


def _mac(secret: bytes, body: bytes) -> bytes:
    # HKDF (RFC 5869) with one block of output: extract, then expand.
    pseudorandom = hmac.digest(b"\0" * 32, secret, "sha256")
    key = hmac.digest(pseudorandom, _LABEL + b"\x01", "sha256")
    return hmac.digest(key, body, "sha256")[:_MAC]


def _place(provider: str, host: str) -> bytes:
    return hashlib.sha256(f"{provider}\0{host.lower()}".encode()).digest()[:_PLACE]
