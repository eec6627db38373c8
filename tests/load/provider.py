"""The provider, in a process of its own. It records which token it issues to whom, and can hold its responses."""

import base64
import hashlib
import json
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.managers import BaseManager
from typing import TYPE_CHECKING, Any

from proofkey import testing
from proofkey.testing.faults import Fault


class Provider:
    """The methods that the tests call from their process. Arguments and results are plain data.

    It can hold its responses at "token" and at "userinfo": the request has been processed, and the client waits.
    """

    def __init__(self, subs: list[str]) -> None:
        users = [testing.User(sub, {"name": f"Name of {sub}"}) for sub in subs]
        self._gates = {"token": _Gate(), "userinfo": _Gate()}
        self._issued: list[tuple[str, str]] = []
        self._server = testing.AuthorizationServer(users=users)
        self._server.inject(Fault("recorded", "token", self._record))
        for at, gate in self._gates.items():
            self._server.inject(Fault("held", at, gate.hold_back))
        self._server.start()

    def issuer(self) -> str:
        return self._server.issuer

    def hold(self, at: str) -> None:
        """Holds all responses of this endpoint until `release`."""
        self._gates[at].close()

    def wait_until_held(self, at: str, count: int) -> None:
        """Waits until so many responses are held."""
        self._gates[at].wait_until_held(count)

    def release(self, at: str) -> None:
        self._gates[at].open()

    def issued(self) -> dict[str, str]:
        """The SHA-256 of the latest access token of each user."""
        return dict(self._issued)

    def token_requests(self) -> int:
        """The number of token requests that got a response, including an error."""
        return sum(seen.path == "/token" for seen in self._server.seen)

    def _record(self, handle: Any, _undone: threading.Event) -> Any:
        def recorded() -> Any:
            response = handle()
            if response.status == 200:
                self._issued.append(_sub_and_token_hash(response.body))
            return response

        return recorded


class _Gate:
    """Holds responses back while it is closed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_open = True
        self._held = 0

    def hold_back(self, handle: Any, _undone: threading.Event) -> Any:
        def held_back() -> Any:
            response = handle()
            with self._changed:
                self._held += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._is_open)
                self._held -= 1
            return response

        return held_back

    def close(self) -> None:
        with self._changed:
            self._is_open = False

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def wait_until_held(self, count: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._held >= count, timeout=30):
                self.open()
                raise TimeoutError(f"{self._held} responses are held, not {count}")


def _sub_and_token_hash(body: bytes) -> tuple[str, str]:
    members = json.loads(body)
    payload = members["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims["sub"], hashlib.sha256(members["access_token"].encode()).hexdigest()


class _Manager(BaseManager):
    if TYPE_CHECKING:

        def Provider(self, subs: list[str]) -> Provider: ...


_Manager.register("Provider", Provider)


@contextmanager
def running(subs: list[str]) -> Iterator[Provider]:
    """A provider with these users, until the end of the block."""
    with _Manager(ctx=multiprocessing.get_context("spawn")) as manager:
        yield manager.Provider(subs)
