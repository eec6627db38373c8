"""The types in which frameworks give the parameters of a request."""

from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterable, Iterator
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from django.http import QueryDict
from multidict import CIMultiDict, MultiDict, MultiDictProxy
from starlette.datastructures import FormData, QueryParams
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict
from werkzeug.datastructures import MultiDict as WerkzeugMultiDict

Pairs = list[tuple[str, str]]


class GetAll:
    """WebOb: `getall` without a default; it returns an empty list for an absent parameter."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def getall(self, key: str) -> list[str]:
        return [value for name, value in self.pairs if name == key]


class NoneGetList(GetAll):
    """Sanic: `getlist` returns `None` for an absent parameter."""

    def getlist(self, key: str) -> list[str] | None:
        return self.getall(key) or None


def _once(pairs: Pairs) -> dict[str, str]:
    # A dict would lose repetitions, so these shapes are only used for parameters that are sent once.
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _lists(pairs: Pairs) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _starlette_query(pairs: Pairs) -> QueryParams:
    return QueryParams([*pairs])


# Shapes that hold one value for each name.
SINGLE: dict[str, Callable[[Pairs], Any]] = {
    "dict": _once,
    "dict with None": lambda pairs: {"code_challenge": None, "code_verifier": None, **_once(pairs)},
    "OrderedDict": lambda pairs: OrderedDict(_once(pairs)),
    "UserDict": lambda pairs: UserDict(_once(pairs)),
    "read-only dict": lambda pairs: MappingProxyType(_once(pairs)),
}

# Shapes that show a repetition.
MULTIPLE: dict[str, Callable[[Pairs], Any]] = {
    "dict of lists": _lists,
    "dict of tuples": lambda pairs: {name: tuple(values) for name, values in _lists(pairs).items()},
    "UserDict of lists": lambda pairs: UserDict(_lists(pairs)),
    "pairs": list,
    "pairs as lists": lambda pairs: [list(pair) for pair in pairs],
    "items of lists": lambda pairs: _lists(pairs).items(),
    "getall": GetAll,
    "getlist with None": NoneGetList,
    "multidict": MultiDict,
    "multidict, any case": CIMultiDict,
    "aiohttp": lambda pairs: MultiDictProxy(MultiDict(pairs)),
    "Werkzeug": WerkzeugMultiDict,
    "Werkzeug, immutable": ImmutableMultiDict,
    "Werkzeug, query and form": lambda pairs: CombinedMultiDict(
        [WerkzeugMultiDict(pairs[:1]), WerkzeugMultiDict(pairs[1:])]
    ),
    "Starlette query": _starlette_query,
    "Starlette form": lambda pairs: FormData([*pairs]),
}

# Shapes that are parsed from a query string. Not every text can be in one.
PARSED: dict[str, Callable[[str], Any]] = {
    "Django": QueryDict,
    "parse_qs": parse_qs,
    "parse_qs, blanks kept": lambda query: parse_qs(query, keep_blank_values=True),
    "parse_qsl": parse_qsl,
}


def every(pairs: Iterable[tuple[str, str | None]]) -> Iterator[tuple[str, Any]]:
    """`pairs` in every shape that can hold them. A parameter whose value is `None` is left out."""
    sent = [(name, value) for name, value in pairs if value is not None]
    repeated = len({name for name, _ in sent}) < len(sent)
    for shape, make in {**({} if repeated else SINGLE), **MULTIPLE}.items():
        yield shape, make(sent)
    try:
        query = urlencode(sent)
    except UnicodeEncodeError:
        return
    for shape, parse in PARSED.items():
        yield shape, parse(query)
