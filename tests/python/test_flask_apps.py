"""What a Flask app keeps between logins: its store, its providers, its clients."""

import threading
from collections.abc import Iterator

import flask
import pytest
from flask_site import SECRET, Site, cause, cookies, is_signed_in
from proofkey import store, testing
from proofkey.flask import ProofKey
from proofkey.testing import faults


@pytest.fixture
def server() -> Iterator[testing.Provider]:
    with testing.Provider() as running:
        yield running


def test_two_threads_get_one_store(server: testing.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each waits for the other while it makes one, if it is let."""
    site = Site(server)
    gate = threading.Barrier(2)
    make = store.from_url

    def slow(url: str) -> store.SpendStore:
        try:
            gate.wait(0.2)
        except threading.BrokenBarrierError:
            pass  # Nobody else makes one.
        return make(url)

    monkeypatch.setattr(store, "from_url", slow)
    found: list[store.SpendStore] = []
    kept = site.app.extensions["proofkey"]
    threads = [threading.Thread(target=lambda: found.append(kept.finished)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    one, two = found
    assert one is two


def test_a_provider_is_found_once(server: testing.Provider) -> None:
    """Although there is a client for each address of the app."""
    site = Site(server, issuer=server.issuer)
    with server.bend(faults.members("metadata")) as asked:
        for host in ("localhost", "127.0.0.1", "localhost:5000"):
            assert site.browser().get("/auth/idp", base_url=f"http://{host}").status_code == 302
        assert asked.hits == 1


def test_a_provider_that_does_not_answer_holds_nobody_else_up(server: testing.Provider) -> None:
    with testing.Provider() as silent:
        app = flask.Flask("site")
        app.secret_key = SECRET
        auth = ProofKey(
            app, one={"client_id": "a", "issuer": silent.issuer}, two={"client_id": "b", "issuer": server.issuer}
        )
        for name in ("one", "two"):
            auth.on_login(name)(lambda login: login.provider)
        held = silent.bend(faults.slow("metadata"))
        seen: list[str] = []
        one, two = (
            threading.Thread(target=lambda name=name: seen.append(app.test_client().get(f"/auth/{name}").location))
            for name in ("one", "two")
        )
        one.start()
        held.wait()
        two.start()
        two.join(5)
        assert [url.partition("/authorize")[0] for url in seen] == [server.issuer]
        held.undo()
        one.join(20)


def test_a_callback_without_a_cookie_asks_nobody(server: testing.Provider) -> None:
    """Nobody can make a worker look for its provider by a link."""
    began = Site(server)
    url = began.callback_url(began.browser())
    fresh = Site(server, issuer=server.issuer)
    with server.bend(faults.members("metadata")) as asked:
        assert cause(fresh.browser().get(url)) == ("no_cookie", 400)
        assert cause(fresh.browser().get("/auth/idp/callback?state=x")) == ("not_issued_here", 400)
        assert asked.hits == 0


def test_two_providers_with_one_redirect_uri(server: testing.Provider) -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    common = {"provider": server.provider, "redirect_path": "/back"}
    auth = ProofKey(app, one={"client_id": "first", **common}, two={"client_id": "second", **common})
    with app.test_request_context():
        for _ in range(2):
            for name, client_id in [("one", "first"), ("two", "second")]:
                assert f"client_id={client_id}&" in auth[name].begin().location


def test_more_addresses_than_are_remembered(server: testing.Provider) -> None:
    site = Site(server, config={"TRUSTED_HOSTS": [".example"]})
    for number in range(70):
        browser = site.browser()
        url = browser.get("/auth/idp", base_url=f"https://host-{number}.example").location
        assert is_signed_in(browser.get(server.sign_in(url)))
    assert len(site.app.extensions["proofkey"]._clients) == 64


def test_a_login_that_began_with_other_settings(server: testing.Provider) -> None:
    """It is not finished with another client id, and the app is told that its workers differ."""
    old, new = Site(server), Site(server, client_id="another-app")
    browser, other = old.browser(), new.browser()
    url = old.callback_url(browser)
    for name, value in cookies(browser).items():
        other.set_cookie(name, value)
    page = other.get(url)
    assert cause(page) == ("configuration", 503)
    assert "seal_client" in page.text
    assert is_signed_in(browser.get(url))
