"""For tests that no exception shows a secret: how to pass one in, and everything that an exception shows."""

import pickle
import traceback
from collections.abc import Callable


class Hidden:
    """Holds a text where no traceback shows it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "Hidden()"


def refused(call: Callable[[], object], kind: type[BaseException]) -> BaseException:
    """The exception of this kind that the call raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError("nothing was raised")


def shown(error: BaseException) -> str:
    """Everything that a log or an error tracker shows of an exception, including its chain and all local variables."""
    with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
    chain = [error, error.__cause__, error.__context__]
    parts = [
        repr(link) + str(link) + repr(getattr(link, "args", ())) + repr(getattr(link, "__dict__", {})) for link in chain
    ]
    return "".join([*with_locals.format(), *parts, repr(pickle.dumps(error))])
