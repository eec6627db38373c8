"""The device authorizations of the test server (RFC 8628)."""

import secrets
import threading
from dataclasses import dataclass

from proofkey.testing._http import Response
from proofkey.testing._registry import User
from proofkey.testing._store import Store

LIFETIME = 600
"""Of the codes, in seconds."""

@dataclass
class Device:
    """What one device asked for, and what the user decided."""

    client_id: str
    scope: str
    binding: str
    """Empty if the device sent no code challenge."""
    user_code: str
    expires_at: int
    interval: int
    """Between two requests for the tokens, in seconds."""
    asked_at: int | None = None
    """When it last asked for the tokens."""
    user: User | None = None
    denied: bool = False


class Devices:
    """All devices that wait for their user, for many threads."""

    def __init__(self, store: Store, interval: int) -> None:
        self._store = store
        self._interval = interval
        self._lock = threading.Lock()
        self._waiting: dict[str, Device] = {}

    def add(self, client_id: str, scope: str, binding: str, user: User | None) -> tuple[str, Device]:
        """Makes the codes for a device. With a user, it is allowed already."""
        letters = [secrets.choice("BCDFGHJKLMNPQRSTVWXZ") for _ in range(8)]
        user_code = f"{''.join(letters[:4])}-{''.join(letters[4:])}"
        device = Device(client_id, scope, binding, user_code, self._store.now() + LIFETIME, self._interval, user=user)
        device_code = secrets.token_urlsafe(24)
        with self._lock:
            self._waiting[device_code] = device
        return device_code, device

    def decide(self, user_code: str, user: User | None) -> bool:
        """The user allows the device or, as `None`, denies it. False if no device waits with this code."""
        with self._lock:
            for device in self._waiting.values():
                if device.user_code == user_code and self._store.now() < device.expires_at:
                    device.user, device.denied = user, user is None
                    return True
        return False

    def ask(self, device_code: str, client_id: str) -> Device | Response:
        """The device if its user allowed it, else the refusal (RFC 8628 section 3.5)."""
        now = self._store.now()
        with self._lock:
            device = self._waiting.get(device_code)
            if device is None or device.client_id != client_id:
                return Response.refusal("invalid_grant", "no such device code for this client")
            if device.expires_at <= now:
                return Response.refusal("expired_token", "this device code has expired")
            if device.denied:
                return Response.refusal("access_denied", "the user denied it")
            asked_at, device.asked_at = device.asked_at, now
            if asked_at is not None and now < asked_at + device.interval:
                device.interval += 5
                return Response.refusal("slow_down", f"wait {device.interval} seconds from now on")
            if device.user is None:
                return Response.refusal("authorization_pending", "the user has not decided yet")
            return device

    def use(self, device_code: str) -> bool:
        """Ends the device code. False if another request was first."""
        with self._lock:
            return self._waiting.pop(device_code, None) is not None
