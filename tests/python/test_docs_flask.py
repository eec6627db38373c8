"""The programs and claims of the pages about Flask: flask.md, proxy.md, workers.md, testing.md and migrating.md."""

import base64
import unittest
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import markdown_pages as pages
import proofkey
import pytest
from docs_programs import USERS, run
from flask.testing import FlaskClient
from proofkey import testing
from proofkey.flask import LoginRefused
from proofkey.testing import faults
from werkzeug.test import TestResponse


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS) as running:
        yield running


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def redirect_uri_of(page: TestResponse) -> str:
    return dict(parse_qsl(urlsplit(page.location or "").query))["redirect_uri"]


# flask.md


def test_routes_of_your_own(server: testing.AuthorizationServer) -> None:
    app = run("flask.md", 0, server)["app"]
    page = testing.sign_in(app.test_client(), "/sign-in")
    assert (page.text, page.headers["Cache-Control"]) == ("welcome", "no-store")
    began = app.test_client().get("/sign-in")
    assert redirect_uri_of(began) == "http://localhost/welcome"
    assert "prompt=select_account" in began.location
    browser = app.test_client()
    callback_url = server.sign_in(browser.get("/sign-in").location)
    assert [browser.head(callback_url).status_code, browser.get(callback_url).status_code] == [503, 200]
    refused = app.test_client().get("/welcome?state=made-up&code=c")
    assert (refused.status_code, "made up" in refused.text) == (400, True)


def test_a_page_of_your_own(server: testing.AuthorizationServer) -> None:
    refused = run("flask.md", 0, server)["refused"]
    shown = refused(LoginRefused("denied", provider="github"))
    text = "Nothing was shared with this site. You can sign in again."
    assert shown == (f"<h1>The sign-in was declined</h1><p>{text} <a href='/'>Back</a></p>", 400)
    assert refused(LoginRefused("configuration", provider="github")) is None


# proxy.md, the rows of its table. The app is called as a proxy calls it: over http, with the headers from the page.

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "app.example", "X-Forwarded-For": "192.0.2.1"}
CASES: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "base_url": ({"TRUSTED_HOSTS": None}, "http://app.example", {}),
    "proxy": ({}, "http://app.example", {}),
    "ProxyFix": ({}, "http://app.example", PROXIED),
    "ProxyFix, another host": ({}, "http://10.0.0.7:8000", PROXIED),
    "PROOFKEY_BASE_URL": (
        {"TRUSTED_HOSTS": None, "PROOFKEY_BASE_URL": "https://app.example"},
        "http://10.0.0.7:8000",
        {},
    ),
    "localhost": ({"TRUSTED_HOSTS": None}, "http://localhost:5000", {}),
    "untrusted": ({}, "http://evil.example", {}),
    "a forged header": (
        {"PROOFKEY_BASE_URL": "https://app.example"},
        "http://app.example",
        {"X-Forwarded-Host": "app.example"},
    ),
}
ENDS = {
    "base_url": (503, "base_url"),
    "proxy": (503, "proxy"),
    "ProxyFix": (302, "https://app.example/auth/github/callback"),
    "ProxyFix, another host": (302, "https://app.example/auth/github/callback"),
    "PROOFKEY_BASE_URL": (302, "https://app.example/auth/github/callback"),
    "localhost": (302, "http://localhost:5000/auth/github/callback"),
    "untrusted": (400, "Bad Request"),
    "a forged header": (302, "https://app.example/auth/github/callback"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_address_behind_a_proxy(server: testing.AuthorizationServer, case: str) -> None:
    config, base_url, headers = CASES[case]
    app = run("proxy.md", 0, server)["app"]
    app.config.update(config)
    response = app.test_client().get("/auth/github", base_url=base_url, headers=headers)
    status, end = ENDS[case]
    assert response.status_code == status
    assert redirect_uri_of(response) == end if status == 302 else end in response.text


def test_the_causes_in_the_table_of_the_page() -> None:
    listed = [cause for _, cause, _ in pages.table(pages.named("proxy.md"), "## What is wrong")]
    assert [cause for cause in listed if not cause.startswith("none: ")] == [
        "base_url",
        "proxy",
        "no_cookie",
        "other_host",
    ]


def test_over_http_the_cookie_is_lost_if_the_setting_says_https(server: testing.AuthorizationServer) -> None:
    app = run("proxy.md", 0, server)["app"]
    app.config.update(TRUSTED_HOSTS=None, PROOFKEY_BASE_URL="https://app.example")
    began = app.test_client().get("/auth/github", base_url="http://app.example")
    assert "; Secure" in began.headers["Set-Cookie"], "so a browser does not keep it over http"
    lost = app.test_client().get(server.sign_in(began.location))
    assert (lost.status_code, "no_cookie" in lost.text) == (400, True)


def test_two_names_of_a_site_share_no_cookies(server: testing.AuthorizationServer) -> None:
    app = run("proxy.md", 0, server)["app"]
    app.config["TRUSTED_HOSTS"] = None
    client = app.test_client()
    callback = urlsplit(server.sign_in(client.get("/auth/github", base_url="http://localhost:5000").location))
    lost = client.get(f"{callback.path}?{callback.query}", base_url="http://127.0.0.1:5000")
    assert (lost.status_code, "other_host" in lost.text) == (400, True)


# workers.md


def test_two_workers_and_a_store(server: testing.AuthorizationServer) -> None:
    one, other = run("workers.md", 1, server), run("workers.md", 1, server)
    url, cookie = one["begin"]()
    callback_url = server.sign_in(url)
    assert other["finish"](cookie, callback_url).access_token
    for worker in (one, other):
        with pytest.raises(proofkey.CallbackError, match="login_already_used"):
            worker["finish"](cookie, callback_url)
    assert [seen.path for seen in server.seen] == ["/authorize", "/token"]


def delivered_twice(server: testing.AuthorizationServer, store: str | None) -> list[int]:
    """Delivers a callback to two workers, both times with the cookies from before; the status of each response."""
    workers = [run("quickstart.md", 0, server)["app"] for _ in range(2)]
    for worker in workers:
        worker.config["PROOFKEY_REPLAY_STORE"] = store
    browsers: list[FlaskClient] = [worker.test_client() for worker in workers]
    began = browsers[0].get("/auth/github")
    callback_url = server.sign_in(began.location)
    name, _, value = began.headers["Set-Cookie"].partition(";")[0].partition("=")
    for browser in browsers:
        browser.set_cookie(name, value)
    return [browser.get(callback_url).status_code for browser in browsers]


def test_what_a_replay_store_adds(server: testing.AuthorizationServer) -> None:
    assert delivered_twice(server, "sqlite:///logins.db") == [302, 400]
    assert [seen.path for seen in server.seen].count("/token") == 1
    assert delivered_twice(server, None) == [302, 502], "the server refuses the second code"
    assert [seen.path for seen in server.seen].count("/token") == 3


def test_secrets_of_a_rolling_deployment(server: testing.AuthorizationServer) -> None:
    old, new = "the old secret, which is as long as it should be", "the new secret, which is as long as it should be"

    def app(secret: str, *fallbacks: str) -> Any:
        made = run("quickstart.md", 0, server)["app"]
        made.secret_key = secret
        made.config["SECRET_KEY_FALLBACKS"] = fallbacks
        return made

    def finish(begins: Any, ends: Any) -> int:
        browser, other = begins.test_client(), ends.test_client()
        began = browser.get("/auth/github")
        name, _, value = began.headers["Set-Cookie"].partition(";")[0].partition("=")
        other.set_cookie(name, value)
        status: int = other.get(server.sign_in(began.location)).status_code
        return status

    first, second = app(old, new), app(new, old)
    assert (finish(first, second), finish(second, first)) == (302, 302)
    assert finish(second, app(old)) == 400, "the control: a worker that does not know the new secret"


# testing.md


def test_the_tests_of_the_page(server: testing.AuthorizationServer) -> None:
    """They run in one program with the app that they test."""
    page = pages.named("testing.md")
    names = run(page, 0, server)
    exec(compile("\n".join(pages.programs(page)[1:]), str(page), "exec", dont_inherit=True), names)
    tests: list[Callable[..., None]] = [names[name] for name in names if name.startswith("test_")]
    assert len(tests) == 8
    for test in tests:
        if not signature(test).parameters:
            test()
            continue
        with testing.AuthorizationServer() as own:
            test(own)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(names["SignIn"]).run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


def test_a_test_of_the_page_can_fail(server: testing.AuthorizationServer) -> None:
    """The control: the page's own test fails if the user is not let in."""
    page = pages.named("testing.md")
    names = run(page, 0, server)
    exec(compile(pages.programs(page)[1], str(page), "exec", dont_inherit=True), names)
    with server.inject(faults.denied()), pytest.raises(AssertionError):
        names["test_signing_in"](server)


# migrating.md


@pytest.fixture
def by_hand(server: testing.AuthorizationServer) -> Any:
    """The app written by hand that the page warns of."""
    before = pages.blocks(pages.named("migrating.md"), "python before")[-1].text
    names = {
        "__name__": "page",
        "AUTHORIZATION_ENDPOINT": server.authorization_endpoint,
        "TOKEN_ENDPOINT": server.token_endpoint,
    }
    exec(compile(before, "migrating.md", "exec", dont_inherit=True), names)
    return names["app"]


def test_every_mistake_is_marked_in_the_code_by_hand(by_hand: Any) -> None:
    lines = pages.table(pages.named("migrating.md"), "## From code of your own")
    before = pages.blocks(pages.named("migrating.md"), "python before")[-1].text
    numbers = [line.rpartition("  # ")[2] for line in before.splitlines() if "  # " in line]
    assert [row[0] for row in lines] == numbers == [str(number) for number in range(1, 15)]


def test_code_by_hand_shows_its_verifier(by_hand: Any) -> None:  # 3
    client = by_hand.test_client()
    client.get("/login")
    with client.session_transaction() as session:
        verifier = session["verifier"]
    readable = client.get_cookie("session").value.split(".")[0]
    assert verifier.encode() in base64.urlsafe_b64decode(readable + "===")


def test_code_by_hand_overwrites_the_first_tab(by_hand: Any) -> None:  # 4
    client = by_hand.test_client()
    first = client.get("/login")
    client.get("/login")
    state = dict(parse_qsl(urlsplit(first.location).query))["state"]
    assert client.get(f"/callback?{urlencode({'state': state, 'code': 'c'})}").text == "bad state"


def test_code_by_hand_follows_the_host_header(by_hand: Any) -> None:  # 6
    response = by_hand.test_client().get("/login", headers={"Host": "evil.example"})
    assert redirect_uri_of(response) == "http://evil.example/callback"


def test_servers_take_the_challenge_by_hand_for_plain(by_hand: Any) -> None:  # 7
    page = testing.sign_in(by_hand.test_client(), "/login")
    assert page.text == "Failed: code_challenge_method must be S256"


def test_a_challenge_by_hand_never_verifies(by_hand: Any) -> None:  # 5
    client = by_hand.test_client()
    challenge = dict(parse_qsl(urlsplit(client.get("/login").location).query))["code_challenge"]
    with client.session_transaction() as session:
        causes = testing.explain_mismatch(session["verifier"], challenge).causes
    assert causes == ("hex_in_base64", "padding")


def test_code_by_hand_believes_and_shows_an_error(by_hand: Any) -> None:  # 8 and 9
    response = by_hand.test_client().get("/callback?error=e&error_description=<script>alert(1)</script>")
    assert "<script>alert(1)</script>" in response.text


def test_code_by_hand_accepts_a_missing_state(by_hand: Any) -> None:  # 10
    with pytest.raises(KeyError, match="verifier"):
        by_hand.testing = True
        by_hand.test_client().get("/callback?code=c")
