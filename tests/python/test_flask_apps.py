"""What the extension keeps for each Flask app: its settings, its replay store, its providers and its clients."""

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import proofkey
import pytest
from flask_site import SECRET, Site, cause, cookies, is_signed_in
from proofkey import replay_store, testing
from proofkey.flask import ProofKey, _app
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


def test_metadata_is_read_again_when_it_is_old(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_app, "METADATA_LIFETIME", 0.0)
    site = Site(server, issuer=server.issuer)

    def begin() -> str:
        location: str = site.browser().get("/auth/idp").location
        return location.partition("?")[0]

    assert begin() == server.authorization_endpoint
    moved = f"{server.issuer}/moved"
    with server.inject(faults.members("metadata", authorization_endpoint=moved)):
        assert begin() == moved
    with server.inject(faults.unavailable("metadata")) as asked:
        assert begin() == moved, "the old metadata stays in use"
        assert begin() == moved
        assert asked.hits == 1, "a server that fails is left alone for a minute"
    assert "the old metadata stays in use" in caplog.text


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


# Settings.

OWN = "https://own.example"


def client_of(site: Site) -> proofkey.Client:
    with site.app.test_request_context():
        return site.auth["idp"].client


def sent(site: Site) -> dict[str, str]:
    """The parameters of the authorization request."""
    query = urlsplit(site.begin(site.browser())).query
    return {name: value for name, [value] in parse_qs(query, strict_parsing=True).items()}


@pytest.mark.parametrize("name", ["revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"])
def test_an_endpoint_beside_the_issuer_wins(server: testing.AuthorizationServer, name: str) -> None:
    plain = client_of(Site(server, issuer=server.issuer)).provider
    sources: list[dict[str, Any]] = [{name: f"{OWN}/x"}, {"config": {f"PROOFKEY_IDP_{name.upper()}": f"{OWN}/x"}}]
    for source in sources:
        found = client_of(Site(server, issuer=server.issuer, **source)).provider
        assert getattr(found, name) == f"{OWN}/x"
        for other in ("token_endpoint", "revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
            assert other == name or getattr(found, other) == getattr(plain, other), other
        assert found.iss_parameter_supported and found.pkce_support == "S256", "the rest comes from the metadata"


def test_an_endpoint_beside_a_provider_wins(server: testing.AuthorizationServer) -> None:
    assert client_of(Site(server, userinfo_endpoint=f"{OWN}/me")).provider.userinfo_endpoint == f"{OWN}/me"


def test_both_endpoints_beside_the_issuer_need_no_discovery(server: testing.AuthorizationServer) -> None:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    endpoints: dict[str, Any] = {name: f"{OWN}/{name}" for name in names}
    with server.inject(faults.members("metadata")) as asked:
        found = client_of(Site(server, issuer=server.issuer, **endpoints)).provider
        assert asked.hits == 0
    assert {name: getattr(found, name) for name in endpoints} == endpoints
    assert found.issuer == server.issuer


def test_lists_and_parameters_from_the_configuration(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for separator in (",", " ", ", "):
        quirks = ["scope_separated_by_comma", "offline_by_access_type"]
        site = Site(server, config={"PROOFKEY_IDP_QUIRKS": separator.join(quirks)})
        assert client_of(site).provider.quirks == quirks
    site = Site(server, config={"PROOFKEY_IDP_ID_TOKEN_ALGORITHMS": " ES256, PS256 "})
    assert client_of(site).id_token_algorithms == ["ES256", "PS256"]
    assert client_of(Site(server, id_token_algorithms="ES256")).id_token_algorithms == ["ES256"]
    site = Site(server, config={"PROOFKEY_IDP_EXTRA": "audience=https%3A%2F%2Fapi.example&display=page"})
    assert {"audience": "https://api.example", "display": "page"}.items() <= sent(site).items()
    # from_prefixed_env reads what looks like JSON.
    monkeypatch.setenv("FLASK_PROOFKEY_IDP_QUIRKS", '["offline_by_access_type"]')
    monkeypatch.setenv("FLASK_PROOFKEY_IDP_EXTRA", '{"display": "touch"}')
    site = Site(server)
    site.app.config.from_prefixed_env()
    assert sent(site)["access_type"] == "offline"
    assert sent(site)["display"] == "touch"


WRONG: dict[str, tuple[dict[str, object], str]] = {
    # The app's configuration, and what the log says.
    "half of the endpoints": (
        {"PROOFKEY_IDP_AUTHORIZATION_ENDPOINT": f"{OWN}/a"},
        "authorization_endpoint is set without token_endpoint: set both, or neither to discover them",
    ),
    "the other half": (
        {"PROOFKEY_IDP_TOKEN_ENDPOINT": f"{OWN}/t"},
        "token_endpoint is set without authorization_endpoint: set both, or neither to discover them",
    ),
    "an unknown setting": ({"PROOFKEY_IDP_CLIENT_KEY": "x"}, "PROOFKEY_IDP_CLIENT_KEY: no such setting"),
    "an unknown setting of the app": ({"PROOFKEY_BASE_URI": "x"}, "PROOFKEY_BASE_URI: no such setting"),
    "a nested setting": ({"PROOFKEY_IDP": {"SCOPE": "x"}}, "PROOFKEY_IDP: no such setting"),
    "two unknown settings": (
        {"PROOFKEY_IDP_X": "", "PROOFKEY_Y": None},
        "PROOFKEY_IDP_X: no such setting; PROOFKEY_Y: no such setting",
    ),
    "an authentication method": (
        {"PROOFKEY_IDP_AUTH_METHOD": "client_secret_jwt"},
        "PROOFKEY_IDP_AUTH_METHOD: client_secret_basic or client_secret_post",
    ),
    "an authentication method without a secret": (
        {"PROOFKEY_IDP_AUTH_METHOD": "client_secret_post"},
        "auth_method needs a client_secret; a public client has neither",
    ),
    "a response mode": ({"PROOFKEY_IDP_RESPONSE_MODE": "formpost"}, "PROOFKEY_IDP_RESPONSE_MODE: query or form_post"),
    "a quirk": (
        {"PROOFKEY_IDP_QUIRKS": "offline_by_access_type, scope_by_comma"},
        "PROOFKEY_IDP_QUIRKS: 'scope_by_comma' does not exist",
    ),
    "an algorithm": (
        {"PROOFKEY_IDP_ID_TOKEN_ALGORITHMS": "RS256 HS256"},
        "PROOFKEY_IDP_ID_TOKEN_ALGORITHMS: 'HS256' does not exist",
    ),
    "a parameter without a name": (
        {"PROOFKEY_IDP_EXTRA": "touch"},
        "PROOFKEY_IDP_EXTRA: name=value, with & between several",
    ),
    "a parameter twice": ({"PROOFKEY_IDP_EXTRA": "a=1&a=2"}, "PROOFKEY_IDP_EXTRA: a parameter is there twice"),
    "a list of text": (
        {"PROOFKEY_IDP_SCOPE": ["a"]},
        "PROOFKEY_IDP_SCOPE: a str, not list; in an environment variable, put the value in double quotes",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_setting_that_cannot_be_used_is_named(
    server: testing.AuthorizationServer, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    config, reason = WRONG[case]
    site = Site(server, config=config, issuer=server.issuer)
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    assert caplog.messages == [f"proofkey: idp: {reason}", "proofkey: login with idp failed: configuration"]
    ran = site.app.test_cli_runner().invoke(args=["proofkey", "doctor"])
    fixes = [line.removeprefix("FIX  ").removeprefix("idp: ") for line in ran.output.splitlines() if "FIX" in line]
    assert fixes == (reason.split("; ") if reason.count("no such setting") > 1 else [reason])
    assert ran.exit_code == 1


KEYWORDS: dict[str, tuple[dict[str, Any], str]] = {
    "an authentication method": ({"auth_method": "basic"}, "auth_method: client_secret_basic or client_secret_post"),
    "a quirk": ({"quirks": ["x"]}, "quirks: 'x' does not exist"),
    "an algorithm": ({"id_token_algorithms": ["none"]}, "id_token_algorithms: 'none' does not exist"),
    "an endpoint": ({"issuer": "https://as.example", "token_endpoint": f"{OWN}/t"}, "token_endpoint is set without "),
}


@pytest.mark.parametrize("case", KEYWORDS)
def test_a_keyword_that_cannot_be_used_is_named(
    server: testing.AuthorizationServer, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    keywords, reason = KEYWORDS[case]
    assert cause(Site(server, **keywords).browser().get("/auth/idp")) == ("configuration", 503)
    assert caplog.messages[0].startswith(f"proofkey: idp: {reason}")


def test_an_unknown_setting_of_one_provider_stops_no_other(
    server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    app = flask.Flask("site")
    app.secret_key = SECRET
    app.config["PROOFKEY_MY_IDP_SCOPES"] = "x"
    settings: Any = {"client_id": "my-app", "provider": server.provider}
    auth = ProofKey(app, **{"my": settings, "my-idp": settings})
    for name in ("my", "my-idp"):
        auth.on_login(name)(lambda user: "welcome")
    assert app.test_client().get("/auth/my").status_code == 302
    assert caplog.messages == []
    assert cause(app.test_client().get("/auth/my-idp")) == ("configuration", 503)
    assert caplog.messages[0] == "proofkey: my-idp: PROOFKEY_MY_IDP_SCOPES: no such setting"


def test_a_setting_of_a_provider_that_the_app_does_not_have(
    server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Apps may share a configuration, so no login is refused. The log and the doctor name it: it may be misspelt."""
    site = Site(server, config={"PROOFKEY_IPD_SCOPE": "x"})
    site.begin(site.browser())
    named = "PROOFKEY_IPD_SCOPE: no such provider; add it with @auth.on_login(name), or remove the setting"
    assert caplog.messages == [f"proofkey: {named}"]
    ran = site.app.test_cli_runner().invoke(args=["proofkey", "doctor"])
    assert [line for line in ran.output.splitlines() if "FIX" in line] == [f"FIX  {named}"]


def test_a_provider_needs_no_handler_for_its_settings(
    server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An app with routes of its own configures it by text alone."""
    app = flask.Flask("site")
    app.config.update(SECRET_KEY=SECRET, PROOFKEY_OWN_CLIENT_ID="own", PROOFKEY_OWN_ISSUER=server.issuer)
    auth = ProofKey(app)
    with app.test_request_context():
        assert "client_id=own&" in auth["own"].begin().location
    assert caplog.messages == []
