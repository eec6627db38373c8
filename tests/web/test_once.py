"""A login is accepted once: with repeated callbacks, many threads, several workers, and a store that fails."""

import threading
from collections import Counter
from pathlib import Path

import proofkey
import pytest
from proofkey import replay_store, testing
from proofkey._error_table import ErrorName
from proofkey.testing import faults
from sites import Gate, Make, Site, cause, cookies, is_signed_in
from werkzeug.test import TestResponse


def deliver(site: Site, path: str, cookie: dict[str, str]) -> TestResponse:
    """The page that a browser with these cookies gets."""
    browser = site.browser()
    for name, value in cookie.items():
        browser.set_cookie(name, value)
    return browser.get(path)


def outcomes(sites: list[Site], url: str, cookie: dict[str, str]) -> Counter[str]:
    """The outcomes of one thread for each site. All of them deliver the callback at the same time."""
    gate, seen = threading.Barrier(len(sites)), list[str]()

    def run(site: Site) -> None:
        gate.wait(30)
        page = deliver(site, url, cookie)
        seen.append("signed in" if is_signed_in(page) else cause(page)[0])

    threads = [threading.Thread(target=run, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return Counter(seen)


def test_the_same_callback_twice(make: Make) -> None:
    """CB-13: with the cookies from after the first delivery, and with those from before."""
    site = make()
    browser = site.browser()
    url, before = site.callback_url(browser), cookies(browser)
    assert is_signed_in(browser.get(url))
    assert cause(browser.get(url)) == ("already_finished", 400)
    assert cause(deliver(site, url, before)) == ("already_finished", 400)
    assert site.codes_sent == 1


def test_fifty_threads_with_one_callback(make: Make, server: testing.AuthorizationServer) -> None:
    """CB-14. The app is new each time, so that the race includes its first use of everything."""
    for _ in range(3):
        site = make()
        browser = site.browser()
        url = server.sign_in(site.begin(browser))
        fresh = make()
        sent = site.codes_sent
        assert outcomes([fresh] * 50, url, cookies(browser)) == {"signed in": 1, "already_finished": 49}
        assert site.codes_sent - sent == 1


def test_two_workers_with_a_store(make: Make, tmp_path: Path) -> None:
    config = {"PROOFKEY_REPLAY_STORE": f"sqlite:///{tmp_path}/finished.db"}
    one, two = make(config=config), make(config=config)
    browser = one.browser()
    url, before = one.callback_url(browser), cookies(browser)
    assert outcomes([one, two] * 10, url, before) == {"signed in": 1, "already_finished": 19}
    assert one.codes_sent == 1
    assert b"proofkey1" not in (tmp_path / "finished.db").read_bytes()


def test_two_workers_without_a_store(make: Make) -> None:
    """As documented: each worker sends the code once, and the provider refuses the second request."""
    one, two = make(), make()
    browser = one.browser()
    url, before = one.callback_url(browser), cookies(browser)
    assert is_signed_in(deliver(one, url, before))
    assert cause(deliver(two, url, before)) == ("provider_error", 502)


class Broken:
    """A store that does not respond until it is repaired."""

    def __init__(self, name: ErrorName) -> None:
        self.name = name
        self.inside: replay_store.ReplayStore | None = None

    def claim(self, key: str, until: int, /) -> None:
        if self.inside is None:
            raise proofkey.TransportError(self.name, request_sent=False)
        self.inside.claim(key, until)

    def release(self, key: str, /) -> None:
        raise AssertionError("nothing was claimed")


@pytest.mark.parametrize(("name", "expected"), [("store_unavailable", "store"), ("store_reply_lost",) * 2])
def test_a_store_that_is_down_loses_no_login(
    make: Make, monkeypatch: pytest.MonkeyPatch, name: ErrorName, expected: str
) -> None:
    broken = Broken(name)
    monkeypatch.setattr(replay_store, "from_url", lambda url: broken)
    site = make(config={"PROOFKEY_REPLAY_STORE": "redis://down"})
    browser = site.browser()
    url = site.callback_url(browser)
    assert cause(browser.get(url)) == (expected, 503)
    assert site.codes_sent == 0
    broken.inside = replay_store.MemoryReplayStore()
    assert is_signed_in(browser.get(url))


def test_if_nothing_was_sent_the_claim_is_released(
    make: Make, server: testing.AuthorizationServer, tmp_path: Path
) -> None:
    """Connecting fails, and another worker with the same store finishes the login later."""
    config = {"PROOFKEY_REPLAY_STORE": f"sqlite:///{tmp_path}/finished.db"}
    gate = Gate(server)
    server.inject(faults.members("metadata", token_endpoint=gate.token_endpoint))
    one, two = (make(issuer=server.issuer, config=config) for _ in range(2))
    browser = one.browser()
    url, before = one.callback_url(browser), cookies(browser)
    for site in (one, two, one):
        assert cause(deliver(site, url, before)) == ("network_before", 502)
    gate.open()
    assert is_signed_in(deliver(two, url, before))
    assert cause(deliver(one, url, before)) == ("already_finished", 400)


@pytest.mark.parametrize("fault", [faults.cut_before_response("token"), faults.denied()])
def test_if_the_code_may_have_been_used_the_login_is_over(
    make: Make, server: testing.AuthorizationServer, fault: faults.Fault[object]
) -> None:
    site = make()
    browser = site.browser()
    with server.inject_once(fault):
        url = site.callback_url(browser)
        assert not is_signed_in(browser.get(url))
    sent = site.codes_sent
    assert cause(browser.get(url)) == ("already_finished", 400)
    assert site.codes_sent == sent
