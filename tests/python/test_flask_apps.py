"""What the extension keeps for each Flask app: its replay store, its providers and its clients."""

import threading
from collections.abc import Iterator

import flask
import pytest
from flask_site import SECRET, Site, cause, cookies, is_signed_in
from proofkey import replay_store, testing
from proofkey.flask import ProofKey
from proofkey.testing import faults


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def test_two_threads_get_one_store(server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lock, both threads would be opening a store at the same time."""
    site = Site(server)
    gate = threading.Barrier(2)
    make = replay_store.from_url

    def slow(url: str) -> replay_store.ReplayStore:
        try:
            gate.wait(0.2)
        except threading.BrokenBarrierError:
            pass  # No other thread opens one.
        return make(url)

    monkeypatch.setattr(replay_store, "from_url", slow)
    found: list[replay_store.ReplayStore] = []
    kept = site.app.extensions["proofkey"]
    threads = [threading.Thread(target=lambda: found.append(kept.replay_store)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    one, two = found
    assert one is two


def test_a_provider_is_discovered_once(server: testing.AuthorizationServer) -> None:
    """Even though there is a client for each address of the app."""
    site = Site(server, issuer=server.issuer)
    with server.inject(faults.members("metadata")) as asked:
        for host in ("localhost", "127.0.0.1", "localhost:5000"):
            assert site.browser().get("/auth/idp", base_url=f"http://{host}").status_code == 302
        assert asked.hits == 1


def test_a_provider_that_does_not_respond_blocks_no_other(server: testing.AuthorizationServer) -> None:
    with testing.AuthorizationServer() as silent:
        app = flask.Flask("site")
        app.secret_key = SECRET
        auth = ProofKey(
            app, one={"client_id": "a", "issuer": silent.issuer}, two={"client_id": "b", "issuer": server.issuer}
        )
        for name in ("one", "two"):
            auth.on_login(name)(lambda user: user.provider)
        held = silent.inject(faults.slow("metadata"))
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


def test_a_callback_without_a_cookie_makes_no_request(server: testing.AuthorizationServer) -> None:
    """A link from an attacker cannot make a worker discover its provider."""
    began = Site(server)
    url = began.callback_url(began.browser())
    fresh = Site(server, issuer=server.issuer)
    with server.inject(faults.members("metadata")) as asked:
        assert cause(fresh.browser().get(url)) == ("no_cookie", 400)
        assert cause(fresh.browser().get("/auth/idp/callback?state=x")) == ("not_issued_here", 400)
        assert asked.hits == 0


def test_two_providers_with_one_redirect_uri(server: testing.AuthorizationServer) -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    common = {"provider": server.provider, "redirect_path": "/back"}
    auth = ProofKey(app, one={"client_id": "first", **common}, two={"client_id": "second", **common})
    with app.test_request_context():
        for _ in range(2):
            for name, client_id in [("one", "first"), ("two", "second")]:
                assert f"client_id={client_id}&" in auth[name].begin().location


def test_more_addresses_than_clients_are_kept(server: testing.AuthorizationServer) -> None:
    site = Site(server, config={"TRUSTED_HOSTS": [".example"]})
    for number in range(70):
        browser = site.browser()
        url = browser.get("/auth/idp", base_url=f"https://host-{number}.example").location
        assert is_signed_in(browser.get(server.sign_in(url)))
    assert len(site.app.extensions["proofkey"]._clients) == 64


def test_a_login_that_began_with_other_settings(server: testing.AuthorizationServer) -> None:
    """A worker with another client id does not finish it, and the error names the difference."""
    old, new = Site(server), Site(server, client_id="another-app")
    browser, other = old.browser(), new.browser()
    url = old.callback_url(browser)
    for name, value in cookies(browser).items():
        other.set_cookie(name, value)
    page = other.get(url)
    assert cause(page) == ("configuration", 503)
    assert "seal_client" in page.text
    assert is_signed_in(browser.get(url))
