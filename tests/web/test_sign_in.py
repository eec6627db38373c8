"""Signing in without a framework: users, providers, addresses, stores, discovery, and the log."""

import logging
import threading
from typing import Any

import proofkey
import pytest
from bare import Browser
from proofkey import replay_store, testing
from proofkey.testing import faults
from proofkey.web import LoginRefused, Request, Response, SignedIn, SignIn, _clients
from sites import SECRET, Make, cause, is_signed_in, later


def sign_in(server: testing.AuthorizationServer, config: dict[str, Any] | None = None, **idp: Any) -> SignIn:
    provider = {} if "issuer" in idp else {"provider": server.provider}
    return SignIn({"SECRET_KEY": SECRET, **(config or {})}, {"idp": {"client_id": "my-app", **provider, **idp}})


def refusal_of(app: SignIn, request: Request | None = None, **options: Any) -> LoginRefused:
    with pytest.raises(LoginRefused) as raised:
        app.begin(request or Request("GET", "http", "localhost"), "idp", **options)
    return raised.value


OWN_FORM = Request("POST", "http", "localhost", headers={"sec-fetch-site": "same-origin"}, form=b"connect=")


async def forgotten_await() -> str:
    return "one"


@pytest.mark.parametrize("user", ["one", "0", 1, 0])
def test_who_is_a_user(server: testing.AuthorizationServer, user: object) -> None:
    app = sign_in(server)
    browser = Browser(app)
    begun = app.start(OWN_FORM, "idp", user=user)
    browser.keep(begun.headers)
    query = server.sign_in(dict(begun.headers)["Location"]).partition("?")[2]
    finished = app.finish(browser.request(query=query), "idp", user=user)
    assert isinstance(finished, SignedIn) and finished.connect_to == str(user)


@pytest.mark.parametrize("user", [None, False, ""])
def test_who_is_nobody(server: testing.AuthorizationServer, user: object) -> None:
    assert refusal_of(sign_in(server), OWN_FORM, connect=True, user=user).cause == "post_required"


@pytest.mark.parametrize("make_user", [lambda: True, object, forgotten_await, lambda: 1.5, lambda: b"one", list])
def test_what_cannot_be_a_user(server: testing.AuthorizationServer, make_user: Any) -> None:
    user = make_user()
    refusal = refusal_of(sign_in(server), OWN_FORM, connect=True, user=user)
    assert refusal.cause == "configuration"
    assert f"user_loader: it returned {type(user).__name__}; return a str or an int" in refusal.for_log()


def test_the_user_is_asked_for_once_in_each_request(make: Make) -> None:
    site = make()
    asked: list[int] = []

    def user() -> str:
        asked.append(1)
        return "one"

    site.user = user
    browser = site.browser()
    begun = browser.post("/auth/idp", data={"connect": ""})
    assert len(asked) == 1
    assert is_signed_in(browser.get(site.server.sign_in(begun.location or "")))
    assert (len(asked), site.signed_in[0].connect_to) == (2, "one")


def test_many_trusted_hosts_share_the_keys(server: testing.AuthorizationServer) -> None:
    """Anybody can send requests with other ports and, below a wildcard, other hosts."""
    app = sign_in(server, issuer=server.issuer, scope="openid")
    for number in range(70):
        browser = Browser(app, f"https://host{number}.app.example:{8000 + number}")
        begun = app.begin(browser.request(trusted_host=True), "idp")
        browser.keep(begun.headers)
        query = server.sign_in(dict(begun.headers)["Location"]).partition("?")[2]
        assert isinstance(app.finish(browser.request(query=query, trusted_host=True), "idp"), SignedIn)
    paths = [seen.path for seen in server.seen]
    assert (paths.count("/jwks"), paths.count("/token")) == (1, 70)
    kept = vars(app._clients)
    assert max(len(value) for value in kept.values() if isinstance(value, dict)) <= 2, "nothing for each host"


@pytest.mark.parametrize("path", ["/back", "/auth/one/callback"])
def test_two_providers_on_one_callback_path(server: testing.AuthorizationServer, path: str) -> None:
    """The one that sends no `iss` could be sent codes of the other."""
    idp = {"client_id": "a", "provider": server.provider}
    own = {} if path == "/auth/one/callback" else {"redirect_path": path}
    app = SignIn({"SECRET_KEY": SECRET}, {"one": {**idp, **own}, "two": {**idp, "redirect_path": path}, "three": idp})
    for name, other in (("one", "two"), ("two", "one")):
        with pytest.raises(LoginRefused) as raised:
            app.begin(Request("GET", "http", "localhost"), name)
        assert raised.value.for_log() == (
            f"configuration: redirect_path: {other!r} has the same one; each provider needs its own"
        )
    assert app.begin(Request("GET", "http", "localhost"), "three").status == 302


PATHS = ["back", ".evil.example/back", "//evil.example", "/\\evil.example", "\\evil", "/back#top", "/back#",
         "https://evil.example/back", "@evil.example", ":80/back", "/b ack", "/bäck", "/back\n", "?x"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_keyword", [True, False])
def test_a_redirect_path_that_is_none(server: testing.AuthorizationServer, path: str, is_keyword: bool) -> None:
    app = sign_in(server, redirect_path=path) if is_keyword else sign_in(server, {"PROOFKEY_IDP_REDIRECT_PATH": path})
    refusal = refusal_of(app)
    label = "redirect_path" if is_keyword else "PROOFKEY_IDP_REDIRECT_PATH"
    assert refusal.for_log() == f"configuration: {label}: a path that begins with one slash, without a fragment"


def test_a_store_that_is_slow_to_open_holds_nobody_else(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, opened = threading.Event(), threading.Event()
    open_really = replay_store.from_url

    def from_url(url: str) -> replay_store.ReplayStore:
        if url == "redis://slow":
            opening.set()
            assert opened.wait(60)
            return replay_store.MemoryReplayStore()
        return open_really(url)

    monkeypatch.setattr(replay_store, "from_url", from_url)
    slow, other = sign_in(server, {"PROOFKEY_REPLAY_STORE": "redis://slow"}), sign_in(server)
    begun: list[Response] = []
    thread = threading.Thread(target=lambda: begun.append(slow.begin(Request("GET", "http", "localhost"), "idp")))
    thread.start()
    assert opening.wait(60)
    browser = Browser(other)
    assert browser.finish(server.sign_in(browser.begin())).provider == "idp"
    assert begun == []
    opened.set()
    thread.join(60)
    assert [response.status for response in begun] == [302]


def test_two_threads_that_open_a_store_share_one(server: testing.AuthorizationServer) -> None:
    app = sign_in(server)
    gate, stores = threading.Barrier(20), list[int]()

    def run() -> None:
        gate.wait(30)
        stores.append(id(app._clients.replay_store))

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(stores) == 20 and len({*stores}) == 1


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hunter2@127.0.0.1:1/0", "redis://user:hunter2@127.0.0.1:1", "redis://:hunter2@host:port",
        "redis://user:hunter2/0@host", "redis://user:hunter2#0@host", "redis://:hunter2@[::1", "mysql://u:hunter2@h",
        "redis://:hunter2@127.0.0.1:1/0?socket_timeout=hunter2",
    ],
)  # fmt: skip
def test_no_password_of_a_store_is_shown(make: Make, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site = make(config={"PROOFKEY_REPLAY_STORE": url})
    refusals: list[LoginRefused] = []
    site.on_error = refusals.append
    browser = site.browser()
    page = browser.get("/auth/idp")
    if page.status_code == 302:
        page = browser.get(site.server.sign_in(page.location or ""))
    assert cause(page)[0] in ("configuration", "store")
    text = "\n".join([page.text, caplog.text, *map(repr, refusals), *map(str, refusals)])
    assert "PROOFKEY_REPLAY_STORE" in text or "store_unavailable" in text
    assert "hunter2" not in text


def try_again(page_text: str) -> str:
    return page_text.partition('<p><a href="')[2].partition('"')[0]


def test_try_again_behind_a_proxy_that_strips_the_path(make: Make, server: testing.AuthorizationServer) -> None:
    site = make(config={"PROOFKEY_BASE_URL": "https://h.example/app"}, base="https://h.example")
    browser = site.browser()
    refused = browser.get("/auth/idp/callback?state=x")
    assert (cause(refused)[0], try_again(refused.text)) == ("not_issued_here", "/app/auth/idp")
    with server.inject(faults.denied()):
        url = server.sign_in(site.begin(browser, query_string={"next": "/app/photos?page=2"}))
    refused = browser.get(url.replace("/app/", "/", 1))
    assert cause(refused) == ("denied", 400)
    assert try_again(refused.text) == "/app/auth/idp?next=%2Fapp%2Fphotos%3Fpage%3D2"


def test_try_again_after_a_login_that_could_not_begin(make: Make, server: testing.AuthorizationServer) -> None:
    site = make(issuer=server.issuer)
    with server.inject(faults.unavailable("metadata")):
        refused = site.browser().get("/auth/idp", query_string={"next": "/photos"})
        assert try_again(refused.text) == "/auth/idp?next=%2Fphotos"
        refused = site.browser().get("/auth/idp", query_string={"next": "//evil.example"})
        assert try_again(refused.text) == "/auth/idp"


def test_a_failed_discovery_is_remembered_for_five_seconds(server: testing.AuthorizationServer) -> None:
    app = sign_in(server, issuer=server.issuer)
    with server.inject(faults.unavailable("metadata")) as injected:
        first = refusal_of(app)
        hits = injected.hits
        for _ in range(20):
            assert refusal_of(app).for_log() == first.for_log()
        assert injected.hits == hits > 0
        with later(5):
            refusal_of(app)
        assert injected.hits > hits
    with later(4):
        assert refusal_of(app).cause == first.cause
    with later(11):
        assert Browser(app).begin()


def test_a_discovery_that_stalls_holds_no_more_workers(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, go_on = threading.Event(), threading.Event()
    make_really = _clients._make

    def stall(config: Any) -> Any:
        if not stalled.is_set():
            stalled.set()
            assert go_on.wait(60)
        return make_really(config)

    monkeypatch.setattr(_clients, "_make", stall)
    app = sign_in(server, issuer=server.issuer)
    begun: list[Response] = []
    thread = threading.Thread(target=lambda: begun.append(app.begin(Request("GET", "http", "localhost"), "idp")))
    thread.start()
    assert stalled.wait(60)
    with later(2.1):
        for _ in range(20):
            refusal = refusal_of(app)
            assert refusal.cause == "network_before"
            assert isinstance(refusal.error, proofkey.TransportError) and refusal.error.name == "timeout"
    go_on.set()
    thread.join(60)
    assert [response.status for response in begun] == [302]
    assert Browser(app).begin()


def test_the_log_has_the_error_and_the_next_step(
    server: testing.AuthorizationServer, caplog: pytest.LogCaptureFixture
) -> None:
    app = sign_in(server, issuer=server.issuer)
    server.stop()
    refusal = refusal_of(app)
    app.log(refusal)
    [line] = [record.getMessage() for record in caplog.records]
    assert line == f"proofkey: login with idp failed: network_before: {refusal.error}"
    assert "connect_failed: " in line and ". Next: " in line


def test_the_log_names_the_inner_error_of_a_store(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    site = make(config={"PROOFKEY_REPLAY_STORE": "sqlite:////nowhere/at/all.db"})
    assert cause(site.browser().get("/auth/idp")) == ("store", 503)
    [line] = site.logged(caplog)
    assert line.startswith("proofkey: login with idp failed: store: store_unavailable: ")
    assert line.endswith(": OperationalError unable to open database file")


@pytest.mark.parametrize(
    ("scope", "removed", "asks"),
    [
        ("openid email", [], False),
        ("openid email", ["email"], True),
        ("openid profile email", ["email"], True),
        ("openid profile", ["email"], False),
        ("openid", [], True),
    ],
)
def test_the_profile_has_what_the_scope_asks_for(
    server: testing.AuthorizationServer, scope: str, removed: list[str], asks: bool
) -> None:
    """The userinfo endpoint is asked for what the ID token leaves out."""
    browser = Browser(sign_in(server, scope=scope))
    with server.inject(faults.id_token(**dict.fromkeys(removed))):
        user = browser.finish(server.sign_in(browser.begin()))
    assert user.tokens.claims is not None and "email" not in {*user.tokens.claims} & {*removed}
    assert ("email" in user.profile) == ("email" in scope)
    assert user.profile["sub"] == user.tokens.claims["sub"]
    assert [seen.path for seen in server.seen].count("/userinfo") == asks


def test_the_profile_means_the_same_user(server: testing.AuthorizationServer) -> None:
    browser = Browser(sign_in(server, scope="openid email"))
    with server.inject(faults.id_token(email=None)):
        user = browser.finish(server.sign_in(browser.begin()))
    with server.inject(faults.sub_wrong()), pytest.raises(LoginRefused) as raised:
        _ = user.profile
    assert (raised.value.cause, raised.value.error and raised.value.error.name) == ("provider_error", "userinfo_sub")


def test_a_client_for_a_background_job(server: testing.AuthorizationServer) -> None:
    """Without a request, only a configured address says what the redirect URI is."""
    idp = {"client_id": "my-app", "provider": server.provider}
    settings = {"SECRET_KEY": SECRET, "PROOFKEY_BASE_URL": "https://app.example/x"}
    client = SignIn(settings, {"idp": idp}).client(None, "idp")
    assert client.redirect_uri == "https://app.example/x/auth/idp/callback"
    with pytest.raises(LoginRefused, match="base_url"):
        SignIn({"SECRET_KEY": SECRET}, {"idp": idp}).client(None, "idp")
