"""The faults that are injected into a test server."""

import threading
from types import TracebackType
from typing import Any, TypeVar, cast

from proofkey.testing.faults import Fault

_T = TypeVar("_T")


class InjectedFault:
    """A fault in effect, from `AuthorizationServer.inject` or `AuthorizationServer.inject_once`. It ends with its
    `with` block, or with `undo()`.

    >>> from proofkey.testing import AuthorizationServer, faults
    >>> with AuthorizationServer() as server:
    ...     with server.inject(faults.unavailable("metadata")) as injected:
    ...         injected.hits
    0
    """

    def __init__(self, fault: Fault[Any], *, once: bool) -> None:
        self._fault = fault
        self._once = once
        self._lock = threading.Lock()
        self._hits = 0
        self._hit = threading.Event()
        self._undone = threading.Event()

    def __enter__(self) -> "InjectedFault":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.undo()

    @property
    def hits(self) -> int:
        """How many times the fault has occurred."""
        with self._lock:
            return self._hits

    def undo(self) -> None:
        """Ends the fault, and sends the responses that it holds back. You may call it twice."""
        self._undone.set()

    def wait(self, timeout: float = 10.0) -> None:
        """Waits until the fault occurs for the first time. `TimeoutError` after `timeout` seconds."""
        if not self._hit.wait(timeout):
            raise TimeoutError(f"{self._fault} has not occurred within {timeout} seconds")

    def _apply(self, at: str, value: object) -> object:
        if self._fault.at != at:
            return value
        with self._lock:
            if self._undone.is_set() or (self._once and self._hits):
                return value
            self._hits += 1
        self._hit.set()
        return self._fault._change(value, self._undone)


class InjectedFaults:
    """All faults of one server. Older ones apply first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[InjectedFault] = []

    def add(self, fault: Fault[Any], *, once: bool) -> InjectedFault:
        injected = InjectedFault(fault, once=once)
        with self._lock:
            self._all.append(injected)
        return injected

    def apply(self, at: str, value: _T) -> _T:
        """Returns what the faults at this point make of a value."""
        for injected in self._snapshot():
            value = cast(_T, injected._apply(at, value))
        return value

    def undo_all(self) -> None:
        for injected in self._snapshot():
            injected.undo()

    def _snapshot(self) -> list[InjectedFault]:
        with self._lock:
            return list(self._all)
