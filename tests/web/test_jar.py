"""`proofkey.web.Jar`, used directly, and the examples in the documentation of `proofkey.web`."""

import doctest
import importlib
import pkgutil

import pytest
from proofkey import web
from proofkey.web._jar import CLOCK_SKEW, LIFETIME, MAX_BYTES, MAX_FINISHED, Jar

BASE = "http://localhost"
NOW = 1_800_000_000


def test_the_examples() -> None:
    names = [f"proofkey.web.{module.name}" for module in pkgutil.iter_modules(web.__path__)]
    results = {name: doctest.testmod(importlib.import_module(name)) for name in names}
    assert {name for name, result in results.items() if result.attempted} == {
        "proofkey.web._http", "proofkey.web._jar", "proofkey.web._next", "proofkey.web._sign_in",
    }  # fmt: skip
    assert all(result.failed == 0 for result in results.values())


def header(jar: Jar, *before: str) -> bytes:
    """The `Cookie` header of a browser that has these cookies, and then gets the changes of a jar."""
    kept = dict(pair.split("=", 1) for pair in before)
    for line in jar.set_cookie:
        name, _, value = line.partition(";")[0].partition("=")
        kept.pop(name, None)
        if "Max-Age=0" not in line:
            kept[name] = value
    return "; ".join(f"{name}={value}" for name, value in kept.items()).encode()


def with_logins(*logins: tuple[str, int, int, bool], now: int = NOW) -> Jar:
    """A jar with these logins: state, age, size of the sealed login, and whether another site began it."""
    cookies: list[str] = []
    for state, age, size, cross_site in logins:
        jar = Jar(b"", BASE, now=now - age)
        assert jar.add(state, "v" * size, cross_site=cross_site)
        cookies.append(header(jar).decode())
    return Jar("; ".join(cookies).encode(), BASE, now=now)


def left(jar: Jar, *states: str) -> list[str]:
    return [state for state in states if jar.find(state)]


FULL = [
    ("expired", LIFETIME + CLOCK_SKEW + 1, 10, False),
    ("future", -CLOCK_SKEW - 1, 1100, False),
    ("old", 20, 1100, False),
    ("new", 10, 1100, True),
]
STATES = [row[0] for row in FULL]


@pytest.mark.parametrize(
    ("size", "cross_site", "remaining"),
    [
        (100, False, STATES),
        (1200, False, ["old", "new"]),
        (2400, False, ["new"]),
        (3500, False, []),
        (1200, True, ["old", "new"]),
        (2400, True, ["old"]),
    ],
)
def test_the_order_of_eviction(size: int, cross_site: bool, remaining: list[str]) -> None:
    jar = with_logins(*FULL)
    assert left(jar, *STATES) == STATES
    assert jar.add("state", "v" * size, cross_site=cross_site)
    assert left(jar, *STATES) == remaining
    assert len(jar.set_cookie) == 1 + len(STATES) - len(remaining)


def test_another_site_evicts_no_login_of_this_one() -> None:
    jar = with_logins(*FULL)
    assert not jar.add("state", "v" * 2700, cross_site=True)
    assert left(jar, "old", "state") == ["old"]


@pytest.mark.parametrize("age", [-CLOCK_SKEW, -5, 0, LIFETIME, LIFETIME + CLOCK_SKEW])
def test_a_login_within_the_clock_skew_is_not_expired(age: int) -> None:
    jar = with_logins(("state", age, 1100, False))
    assert not jar.add("other", "v" * 3000, cross_site=True)
    assert jar.find("state") == "v" * 1100


def test_a_login_that_is_too_large_is_not_added() -> None:
    name = len("proofkey-tttt-llllllll-6b49d200o=; ")
    assert not Jar(b"", BASE, now=NOW).add("state", "v" * (MAX_BYTES - name + 1))
    assert Jar(b"", BASE, now=NOW).add("state", "v" * (MAX_BYTES - name))


def test_a_finished_login() -> None:
    jar = with_logins(("one", 5, 100, False), ("two", 5, 100, False))
    jar.finish("one")
    assert (jar.find("one"), jar.is_finished("one"), jar.is_finished("two")) == (None, True, False)
    again = Jar(header(jar), BASE, now=NOW)
    assert (again.is_finished("one"), again.is_finished("two"), again.is_ambiguous("one")) == (True, False, False)


def test_finished_logins_are_forgotten() -> None:
    """After twelve others, and when a reload can no longer come."""
    cookie = b""
    for number in range(70):
        jar = Jar(cookie, BASE, now=NOW)
        jar.finish(f"state {number}")
        cookie = header(jar)
    jar = Jar(cookie, BASE, now=NOW)
    assert [number for number in range(70) if jar.is_finished(f"state {number}")] == [*range(70 - MAX_FINISHED, 70)]
    later = Jar(cookie, BASE, now=NOW + LIFETIME + CLOCK_SKEW)
    later.finish("state")
    [line] = later.set_cookie
    assert line.count(".") == 0


def test_a_repeated_cookie_is_ambiguous() -> None:
    once = header(with_added("state"))
    jar = Jar(once + b"; " + once, BASE, now=NOW)
    assert (jar.find("state"), jar.is_ambiguous("state"), jar.is_folded) == (None, True, False)
    jar.finish("state")
    assert not jar.is_ambiguous("state")


def test_a_folded_header() -> None:
    cookie = header(with_added("state"))
    for folded in (b"a=b, " + cookie, cookie + b", a=b", b"a=b,\t" + cookie + b", c=d"):
        jar = Jar(folded, BASE, now=NOW)
        assert (jar.find("state"), jar.is_folded) == (None, True)
    assert not Jar(b"a=b, c; " + cookie, BASE, now=NOW).is_folded


def with_added(state: str) -> Jar:
    jar = Jar(b"", BASE, now=NOW)
    assert jar.add(state, "sealed")
    return jar


@pytest.mark.parametrize("other", ["https://h.example/b", "https://h.example", "http://localhost:5001", BASE])
def test_apps_do_not_share_logins(other: str) -> None:
    base = "http://localhost:5000" if other.startswith("http:") else "https://h.example/a"
    jar = Jar(b"", base, now=NOW)
    assert jar.add("state", "sealed")
    assert Jar(header(jar), base + "/", now=NOW).find("state") == "sealed"
    assert Jar(header(jar), other, now=NOW).find("state") is None


def test_the_clock_is_that_of_the_system() -> None:
    jar = Jar(b"", BASE)
    assert jar.add("state", "v" * 3000)
    late = Jar(header(jar), BASE, now=2**34)
    assert late.add("other", "v" * 3000, cross_site=True), "the first one has expired"
    soon = Jar(header(jar), BASE)
    assert not soon.add("other", "v" * 3000, cross_site=True)
