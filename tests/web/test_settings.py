"""What is kept for each app: its settings, its replay store, its providers and its clients."""

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from proofkey import replay_store, testing
from proofkey.testing import faults
from proofkey.web import Request, SignIn, _clients
from sites import SECRET, Site, cause, cookies, is_signed_in

Make = Callable[..., Site]
Server = testing.AuthorizationServer


def test_two_threads_get_one_store(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lock, both threads would be opening a store at the same time."""
    site = make()
    gate = threading.Barrier(2)
    open_store = replay_store.from_url

    def slow(url: str) -> replay_store.ReplayStore:
        try:
            gate.wait(0.2)
        except threading.BrokenBarrierError:
            pass  # No other thread opens one.
        return open_store(url)

    monkeypatch.setattr(replay_store, "from_url", slow)
    found: list[replay_store.ReplayStore] = []
    kept = site.core._clients
    threads = [threading.Thread(target=lambda: found.append(kept.replay_store)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    one, two = found
    assert one is two


def test_a_provider_is_discovered_once(make: Make, server: Server) -> None:
    """Even though the app has several addresses."""
    site = make(issuer=server.issuer)
    with server.inject(faults.members("metadata")) as asked:
        for host in ("localhost", "127.0.0.1", "localhost:5000"):
            assert site.browser().get("/auth/idp", base_url=f"http://{host}").status_code == 302
        assert asked.hits == 1


def test_metadata_is_read_again_when_it_is_old(
    make: Make, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_clients, "METADATA_LIFETIME", 0.0)
    site = make(issuer=server.issuer)

    def begin() -> str:
        return site.begin(site.browser()).partition("?")[0]

    assert begin() == server.authorization_endpoint
    moved = f"{server.issuer}/moved"
    with server.inject(faults.members("metadata", authorization_endpoint=moved)):
        assert begin() == moved
    with server.inject(faults.unavailable("metadata")) as asked:
        assert begin() == moved, "the old metadata stays in use"
        assert begin() == moved
        assert asked.hits == 1, "a server that fails is left alone for a minute"
    assert "the old metadata stays in use" in caplog.text


def test_a_provider_that_does_not_respond_blocks_no_other(make: Make, server: Server) -> None:
    with testing.AuthorizationServer() as silent:
        named = {"one": silent.issuer, "two": server.issuer}
        site = make(others={name: {"client_id": "a", "issuer": issuer} for name, issuer in named.items()})
        held = silent.inject(faults.slow("metadata"))
        seen: list[str] = []
        one, two = (
            threading.Thread(target=lambda name=name: seen.append(site.begin(site.browser(), f"/auth/{name}")))
            for name in ("one", "two")
        )
        one.start()
        held.wait()
        two.start()
        two.join(5)
        assert [url.partition("/authorize")[0] for url in seen] == [server.issuer]
        held.undo()
        one.join(20)


def test_a_callback_without_a_cookie_makes_no_request(make: Make, server: Server) -> None:
    """A link from an attacker cannot make a worker discover its provider."""
    began = make()
    url = began.callback_url(began.browser())
    fresh = make(issuer=server.issuer)
    with server.inject(faults.members("metadata")) as asked:
        assert cause(fresh.browser().get(url)) == ("no_cookie", 400)
        assert cause(fresh.browser().get("/auth/idp/callback?state=x")) == ("not_issued_here", 400)
        assert asked.hits == 0


def test_two_providers_with_one_redirect_uri(make: Make, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """One of them could have a callback of the other's sent to itself, and get code and verifier."""
    common = {"provider": server.provider, "redirect_path": "/back"}
    site = make(others={"one": {"client_id": "a", **common}, "two": {"client_id": "b", **common}})
    for name, other in [("one", "two"), ("two", "one")]:
        assert cause(site.browser().get(f"/auth/{name}")) == ("configuration", 503)
        reason = f"redirect_path: '{other}' has the same one; each provider needs its own"
        assert site.logged(caplog)[-1] == f"proofkey: login with {name} failed: configuration: {reason}"
    site.begin(site.browser())


def test_many_addresses_share_a_provider(make: Make, server: Server) -> None:
    """Nothing is kept for an address, so requests with other ports cannot fill the memory."""
    site = make(issuer=server.issuer, scope="openid")
    with server.inject(faults.members("metadata")) as asked:
        for port in range(5000, 5070):
            browser = site.browser()
            url = browser.get("/auth/idp", base_url=f"http://localhost:{port}").location or ""
            assert is_signed_in(browser.get(server.sign_in(url)))
        assert asked.hits == 1
    assert [seen.path for seen in server.seen].count("/jwks") == 1
    assert len(site.core._clients._known) == 1


def test_a_login_that_began_with_other_settings(make: Make) -> None:
    """A worker with another client id does not finish it, and the error names the difference."""
    old, new = make(), make(client_id="another-app")
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


def sent(site: Site) -> dict[str, str]:
    """The parameters of the authorization request."""
    query = urlsplit(site.begin(site.browser())).query
    return {name: value for name, [value] in parse_qs(query, strict_parsing=True).items()}


@pytest.mark.parametrize("name", ["revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"])
def test_an_endpoint_beside_the_issuer_wins(make: Make, server: Server, name: str) -> None:
    plain = make(issuer=server.issuer).client().provider
    sources: list[dict[str, Any]] = [{name: f"{OWN}/x"}, {"config": {f"PROOFKEY_IDP_{name.upper()}": f"{OWN}/x"}}]
    for source in sources:
        found = make(issuer=server.issuer, **source).client().provider
        assert getattr(found, name) == f"{OWN}/x"
        for other in ("token_endpoint", "revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint"):
            assert other == name or getattr(found, other) == getattr(plain, other), other
        assert found.iss_parameter_supported and found.pkce_support == "S256", "the rest comes from the metadata"


def test_an_endpoint_beside_a_provider_wins(make: Make) -> None:
    assert make(userinfo_endpoint=f"{OWN}/me").client().provider.userinfo_endpoint == f"{OWN}/me"


def test_both_endpoints_beside_the_issuer_need_no_discovery(make: Make, server: Server) -> None:
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    endpoints: dict[str, Any] = {name: f"{OWN}/{name}" for name in names}
    with server.inject(faults.members("metadata")) as asked:
        found = make(issuer=server.issuer, **endpoints).client().provider
        assert asked.hits == 0
    assert {name: getattr(found, name) for name in endpoints} == endpoints
    assert found.issuer == server.issuer


def test_lists_and_parameters_from_the_configuration(make: Make) -> None:
    for separator in (",", " ", ", "):
        quirks = ["scope_separated_by_comma", "offline_by_access_type"]
        site = make(config={"PROOFKEY_IDP_QUIRKS": separator.join(quirks)})
        assert site.client().provider.quirks == quirks
    site = make(config={"PROOFKEY_IDP_ID_TOKEN_ALGORITHMS": " ES256, PS256 "})
    assert site.client().id_token_algorithms == ["ES256", "PS256"]
    assert make(id_token_algorithms="ES256").client().id_token_algorithms == ["ES256"]
    site = make(config={"PROOFKEY_IDP_EXTRA": "audience=https%3A%2F%2Fapi.example&display=page"})
    assert {"audience": "https://api.example", "display": "page"}.items() <= sent(site).items()
    # Flask's from_prefixed_env reads what looks like JSON.
    parsed = {"PROOFKEY_IDP_QUIRKS": ["offline_by_access_type"], "PROOFKEY_IDP_EXTRA": {"display": "touch"}}
    request = sent(make(config=parsed))
    assert (request["access_type"], request["display"]) == ("offline", "touch")


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
    make: Make, server: Server, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    config, reason = WRONG[case]
    site = make(config=config, issuer=server.issuer)
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    assert site.logged(caplog) == [f"proofkey: login with idp failed: configuration: {reason}"]
    assert fixes(site.core) == [reason]


def fixes(core: SignIn) -> list[str]:
    """What the doctor says about the same settings."""
    return [finding.text.removeprefix("idp: ") for finding in core.doctor() if not finding.is_good]


KEYWORDS: dict[str, tuple[dict[str, Any], str]] = {
    "an authentication method": ({"auth_method": "basic"}, "auth_method: client_secret_basic or client_secret_post"),
    "a quirk": ({"quirks": ["x"]}, "quirks: 'x' does not exist"),
    "an algorithm": ({"id_token_algorithms": ["none"]}, "id_token_algorithms: 'none' does not exist"),
    "an endpoint": ({"issuer": "https://as.example", "token_endpoint": f"{OWN}/t"}, "token_endpoint is set without "),
}


@pytest.mark.parametrize("case", KEYWORDS)
def test_a_keyword_that_cannot_be_used_is_named(
    make: Make, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    keywords, reason = KEYWORDS[case]
    site = make(**keywords)
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    [line] = site.logged(caplog)
    assert line.startswith(f"proofkey: login with idp failed: configuration: {reason}")


def test_an_unknown_setting_of_one_provider_stops_no_other(
    make: Make, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    settings: Any = {"client_id": "my-app", "provider": server.provider}
    site = make(config={"PROOFKEY_MY_IDP_SCOPES": "x"}, others={"my": settings, "my-idp": settings})
    site.begin(site.browser(), "/auth/my")
    assert site.logged(caplog) == []
    assert cause(site.browser().get("/auth/my-idp")) == ("configuration", 503)
    reason = "PROOFKEY_MY_IDP_SCOPES: no such setting"
    assert site.logged(caplog) == [f"proofkey: login with my-idp failed: configuration: {reason}"]


def test_a_setting_of_a_provider_that_the_app_does_not_have(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Apps may share a configuration, so no login is refused. The log and the doctor name it: it may be misspelt."""
    site = make(config={"PROOFKEY_IPD_SCOPE": "x", "PROOFKEY_NO_BROWSER": "1", "PROOFKEY_PRODUCTION": "1"})
    site.begin(site.browser())
    named = "PROOFKEY_IPD_SCOPE: no such provider; add it with @auth.on_login(name), or remove the setting"
    assert site.logged(caplog) == [f"proofkey: {named}"]
    assert fixes(site.core) == [named]


def test_a_provider_needs_no_handler_for_its_settings(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """An app with routes of its own configures it by text alone."""
    settings = {"SECRET_KEY": SECRET, "PROOFKEY_OWN_CLIENT_ID": "own", "PROOFKEY_OWN_ISSUER": server.issuer}
    begun = SignIn(settings, {}).begin(Request("GET", "http", "localhost"), "own")
    assert "client_id=own&" in dict(begun.headers)["Location"]
    assert caplog.messages == []
