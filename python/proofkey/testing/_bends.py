"""Which faults are in force."""

import threading
from types import TracebackType
from typing import Any, TypeVar, cast

from proofkey.testing.faults import Fault

_T = TypeVar("_T")


class Bend:
    """A fault in force, from `Provider.bend` or `Provider.bend_once`: until the end of its `with` block, or `undo()`.

    >>> from proofkey.testing import Provider, faults
    >>> with Provider() as server:
    ...     with server.bend(faults.unavailable("metadata")) as bend:
    ...         bend.hits
    0
    """

    def __init__(self, fault: Fault[Any], *, once: bool) -> None:
        self._fault = fault
        self._once = once
        self._lock = threading.Lock()
        self._hits = 0
        self._hit = threading.Event()
        self._undone = threading.Event()

    def __enter__(self) -> "Bend":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.undo()

    @property
    def hits(self) -> int:
        """How many answers it has bent."""
        with self._lock:
            return self._hits

    def undo(self) -> None:
        """From now on the server behaves, and answers that are held leave. It may be called twice."""
        self._undone.set()

    def wait(self, timeout: float = 10.0) -> None:
        """Returns once it has bent an answer, or begun to; `TimeoutError` after `timeout` seconds."""
        if not self._hit.wait(timeout):
            raise TimeoutError(f"{self._fault} has bent nothing within {timeout} seconds")

    def _apply(self, at: str, value: object) -> object:
        if self._fault.at != at:
            return value
        with self._lock:
            if self._undone.is_set() or (self._once and self._hits):
                return value
            self._hits += 1
        self._hit.set()
        return self._fault._change(value, self._undone)


class Bends:
    """Those of one provider. The older ones apply first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Bend] = []

    def add(self, fault: Fault[Any], *, once: bool) -> Bend:
        bend = Bend(fault, once=once)
        with self._lock:
            self._all.append(bend)
        return bend

    def apply(self, at: str, value: _T) -> _T:
        """What becomes of a value at this point."""
        for bend in self._in_force():
            value = cast(_T, bend._apply(at, value))
        return value

    def undo_all(self) -> None:
        for bend in self._in_force():
            bend.undo()

    def _in_force(self) -> list[Bend]:
        with self._lock:
            return list(self._all)
