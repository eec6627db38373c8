"""The test server as an authorization server: clients, users, the page, forms, tokens, and how tokens end."""

import hashlib
import socket
import struct
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import proofkey
import pytest
import raw
from proofkey import testing

USERS = [testing.User("one"), testing.User("two", {"email": "two@example.com", "preferred_username": "second"})]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=USERS, id_token_alg="EdDSA") as running:
        yield running


def signed_in(server: testing.AuthorizationServer, login: raw.Login, *, user: str | None = None) -> str:
    """Signs in, and returns who that is by the userinfo endpoint."""
    login.params["scope"] = "openid"
    login.form["code"] = dict(parse_qsl(urlsplit(server.sign_in(login.url, user=user)).query))["code"]
    sub = raw.userinfo(server, login.exchange().members["access_token"]).members["sub"]
    assert isinstance(sub, str)
    return sub


# Clients.


SECRET = "odd secret:+/%25&=?~é"
POST = testing.RegisteredClient("poster", client_secret="s", auth_method="client_secret_post")
BASIC = testing.RegisteredClient("basic", client_secret=SECRET, auth_method="client_secret_basic")
EITHER = testing.RegisteredClient("either:x", client_secret=SECRET, redirect_uris=["https://app.example/cb"])
PUBLIC = testing.RegisteredClient("public", redirect_uris=["http://127.0.0.1/callback"])


@pytest.fixture
def strict() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(clients=[POST, BASIC, EITHER, PUBLIC]) as running:
        yield running


Method = Literal["client_secret_basic", "client_secret_post"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize(
    ("client", "methods"),
    [
        (POST, {"client_secret_post"}),
        (BASIC, {"client_secret_basic"}),
        (EITHER, {"client_secret_basic", "client_secret_post"}),
    ],
    ids=["post", "basic", "either"],
)
def test_a_secret(
    strict: testing.AuthorizationServer, client: testing.RegisteredClient, methods: set[str], method: Method
) -> None:
    found = proofkey.Provider.discover(strict.issuer)
    redirect_uri = [*client.redirect_uris, raw.REDIRECT_URI][0]
    secret = client.client_secret or ""

    def finish(secret: str) -> proofkey.Tokens:
        app = proofkey.Client(
            found, client.client_id, redirect_uri=redirect_uri, client_secret=secret, auth_method=method
        )
        login = app.begin()
        tokens = app.finish(login, strict.sign_in(login.url))
        return app.refresh(tokens)

    if method in methods:
        assert finish(secret).access_token.expose()
    else:
        with pytest.raises(proofkey.TokenError, match=f"may not authenticate by {method}"):
            finish(secret)
    with pytest.raises(proofkey.TokenError, match="invalid_client.*missing or wrong"):
        finish(secret + "x")
    assert strict.seen[-1].status == 401


def test_how_clients_authenticate(strict: testing.AuthorizationServer, server: testing.AuthorizationServer) -> None:
    methods = strict.metadata["token_endpoint_auth_methods_supported"]
    assert methods == ["client_secret_basic", "client_secret_post", "none"]

    def refused(authorization: str = "", **form: str) -> tuple[int, str, str | None]:
        login = raw.Login(strict, "basic").sign_in()
        login.form.update(form)
        response = login.exchange(authorization=authorization)
        return response.status, response.members["error"], response.headers.get("WWW-Authenticate")

    basic = "Basic " + b64encode(f"basic:{quote(SECRET)}".encode()).decode()
    asked = 'Basic realm="proofkey"'
    assert refused() == (401, "invalid_client", asked)
    assert refused(client_id="nobody") == (401, "invalid_client", asked)
    for broken in ["Basic !", "Basic " + b64encode(b"basic").decode(), "Basic /w==", basic.replace("Basic", "Bearer")]:
        assert refused(broken) == (401, "invalid_client", asked)
    assert refused(basic, client_secret=SECRET) == (400, "invalid_request", None)
    login = raw.Login(strict, "basic").sign_in()
    assert login.exchange(authorization=basic).status == 200
    # A server without registered clients accepts every client.
    assert raw.Login(server, "basic").sign_in().exchange(authorization=basic).status == 200


def test_where_callbacks_may_go(strict: testing.AuthorizationServer) -> None:
    def status(client_id: str, redirect_uri: str) -> int:
        return raw.Login(strict, client_id, redirect_uri=redirect_uri).authorize().status

    assert status("either:x", "https://app.example/cb") == 302
    assert status("either:x", "https://app.example/cb/") == 400
    assert status("either:x", "https://evil.example/cb") == 400
    assert status("public", "http://127.0.0.1:51004/callback") == 302
    assert status("public", "http://localhost:51004/callback") == 400
    assert status("poster", "https://anywhere.example/") == 302
    assert status("nobody", "https://app.example/cb") == 400
    assert [seen.error for seen in strict.seen] == [
        None, "invalid_request", "invalid_request", None, "invalid_request", None, "invalid_client",
    ]  # fmt: skip


def test_a_registered_client_hides_its_secret() -> None:
    assert SECRET not in repr(EITHER)


# The authorization endpoint.


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_a_request_that_is_refused(server: testing.AuthorizationServer, params: dict[str, str], error: str) -> None:
    callback = raw.Login(server, **params).authorize().callback
    assert (callback["error"], callback["state"], callback["iss"]) == (error, "the-state", server.issuer)
    assert "code" not in callback
    assert server.seen[-1].error == error


def test_the_callback_keeps_the_state_and_the_query_of_the_redirect_uri(server: testing.AuthorizationServer) -> None:
    login = raw.Login(server, state="", redirect_uri="https://app.example/cb?tenant=1")
    location = login.authorize().headers["Location"]
    assert location.startswith("https://app.example/cb?tenant=1&code=")
    assert "&state=&iss=" in location
    del login.params["state"]
    assert set(login.authorize().callback) == {"tenant", "code", "iss"}
    app = raw.Login(server, redirect_uri="com.example.app:/cb")
    assert server.sign_in(app.url).startswith("com.example.app:/cb?code=")


def test_parameters_that_come_twice(server: testing.AuthorizationServer) -> None:
    login = raw.Login(server)
    assert raw.ask(f"{login.url}&scope=a&scope=b").callback["error"] == "invalid_request"
    assert raw.ask(f"{login.url}&client_id=other").status == 400
    assert raw.ask(f"{login.url}&resource=https://a.example&resource=https://b.example").callback["code"]


def test_a_request_by_post(server: testing.AuthorizationServer) -> None:
    assert raw.ask(server.authorization_endpoint, raw.Login(server).params).callback["code"]


def test_without_a_client_or_a_redirect_uri_there_is_no_redirect(server: testing.AuthorizationServer) -> None:
    url = raw.Login(server).url
    for missing in ("client_id", "redirect_uri"):
        with pytest.raises(testing.SignInError, match="one client_id and one redirect_uri are needed"):
            server.sign_in(url.replace(missing, f"not_{missing}"))


# Users.


def test_who_signs_in(server: testing.AuthorizationServer) -> None:
    for hint, sub in [("", "one"), ("two", "two"), ("two@example.com", "two"), ("second", "two"), ("nobody", "one")]:
        assert signed_in(server, raw.Login(server, login_hint=hint)) == sub
    assert signed_in(server, raw.Login(server), user="two") == "two"
    assert signed_in(server, raw.Login(server, login_hint="two"), user="one") == "one"
    with pytest.raises(testing.SignInError, match="no user 'ünknown;'"):
        server.sign_in(raw.Login(server).url, user="ünknown;")


def test_the_default_user() -> None:
    with testing.AuthorizationServer(id_token_alg="EdDSA") as server:
        response = raw.tokens(server, "openid profile email")
        assert raw.userinfo(server, response["access_token"]).members == {
            "sub": "user-1",
            "name": "First User",
            "preferred_username": "first",
            "email": "user-1@example.com",
            "email_verified": True,
        }


def test_there_has_to_be_a_user() -> None:
    with pytest.raises(ValueError, match="users"):
        testing.AuthorizationServer(users=[])


# The page.


class Page(HTMLParser):
    """The tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def field(self, name: str) -> str:
        value = next(field["value"] for field in self.all("input") if field.get("name") == name)
        assert value is not None
        return value


@pytest.fixture
def asking() -> Iterator[testing.AuthorizationServer]:
    """A server that asks for consent on a page."""
    with testing.AuthorizationServer(users=USERS, consent="page", id_token_alg="EdDSA") as running:
        yield running


def test_the_page(asking: testing.AuthorizationServer) -> None:
    response = raw.Login(asking, "<my> & app", scope='files.read <b>"').authorize()
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.body.count("&lt;my&gt; &amp; app") == 3
    assert "<li>files.read</li><li>&lt;b&gt;&quot;</li>" in response.body
    page = Page(response.body)
    assert page.all("html") == [{"lang": "en"}]
    assert [(field["value"], "checked" in field) for field in page.all("input") if field["type"] == "radio"] == [
        ("one", True), ("two", False),
    ]  # fmt: skip
    assert len(page.all("label")) == 2
    assert len(page.all("legend")) == 1
    assert [button["value"] for button in page.all("button")] == ["allow", "deny"]
    assert page.all("script") == []
    assert not any("src" in attributes or "href" in attributes for _, attributes in page.tags)


def test_names_on_the_page_are_escaped() -> None:
    with testing.AuthorizationServer(users=[testing.User('"<i>', {"name": "<u>&"})], consent="page") as asking:
        page = raw.Login(asking).authorize().body
        assert "<i>" not in page
        assert "&lt;u&gt;&amp; (&quot;&lt;i&gt;)" in page
        assert signed_in(asking, raw.Login(asking)) == '"<i>'


def decide(asking: testing.AuthorizationServer, **choice: str) -> raw.Response:
    page = Page(raw.Login(asking).authorize().body)
    return raw.ask(f"{asking.issuer}/consent", {"request": page.field("request"), **choice})


def test_the_user_allows(asking: testing.AuthorizationServer) -> None:
    login = raw.Login(asking, scope="openid")
    page = Page(login.authorize().body)
    response = raw.ask(
        f"{asking.issuer}/consent", {"request": page.field("request"), "user": "two", "decision": "allow"}
    )
    assert response.status == 303
    assert (response.callback["state"], response.callback["iss"]) == ("the-state", asking.issuer)
    login.form["code"] = response.callback["code"]
    assert raw.userinfo(asking, login.exchange().members["access_token"]).members["sub"] == "two"
    assert [seen.path for seen in asking.seen] == ["/authorize", "/consent", "/token", "/userinfo"]


def test_the_user_denies(asking: testing.AuthorizationServer) -> None:
    for choice in ({"decision": "deny", "user": "one"}, {}):
        response = decide(asking, **choice)
        assert response.status == 303
        assert response.callback == {"error": "access_denied", "state": "the-state", "iss": asking.issuer}
    assert asking.seen[-1].error == "access_denied"


def test_the_page_can_be_submitted_once(asking: testing.AuthorizationServer) -> None:
    form = {"request": Page(raw.Login(asking).authorize().body).field("request"), "user": "one", "decision": "allow"}
    assert raw.ask(f"{asking.issuer}/consent", form).status == 303
    assert raw.ask(f"{asking.issuer}/consent", form).status == 400
    assert raw.ask(f"{asking.issuer}/consent", {"decision": "allow"}).status == 400
    assert decide(asking, decision="allow", user="nobody").status == 400


def test_sign_in_submits_the_page(asking: testing.AuthorizationServer) -> None:
    assert signed_in(asking, raw.Login(asking)) == "one"
    assert signed_in(asking, raw.Login(asking, login_hint="second")) == "two"
    assert signed_in(asking, raw.Login(asking), user="two") == "two"


def test_prompt_none_shows_no_page(asking: testing.AuthorizationServer, server: testing.AuthorizationServer) -> None:
    assert raw.Login(asking, prompt="none").authorize().callback["error"] == "login_required"
    assert raw.Login(server, prompt="none").authorize().callback["code"]


# Forms as callbacks.


def test_form_post(server: testing.AuthorizationServer) -> None:
    client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/cb?a=1&b=2")
    login = client.begin(state="<&\"'>", response_mode="form_post")
    url = login.url
    response = raw.ask(url)
    assert response.status == 200
    assert "&amp;b=2" in response.body
    script = response.body.partition("<script>")[2].partition("</script>")[0]
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in response.headers["Content-Security-Policy"]
    page = Page(response.body)
    assert page.all("form") == [{"method": "post", "action": "http://127.0.0.1:8400/cb?a=1&b=2"}]
    assert page.field("state") == "<&\"'>"
    assert len(page.all("button")) == 1
    callback = server.browse(url)
    assert callback.url == "http://127.0.0.1:8400/cb?a=1&b=2"
    tokens = client.finish(login, callback.url, content_type=callback.content_type, body=callback.body)
    assert tokens.access_token.expose()
    with pytest.raises(testing.SignInError, match=r"use browse\(\)"):
        server.sign_in(url)
    assert raw.ask(f"{url}&prompt=none+login").status == 200
    assert server.seen[-1].error == "invalid_request"


def test_a_form_through_the_page(asking: testing.AuthorizationServer) -> None:
    callback = asking.browse(raw.Login(asking, response_mode="form_post").url)
    assert callback.url == raw.REDIRECT_URI
    fields = dict(parse_qsl(callback.body or ""))
    assert set(fields) == {"code", "state", "iss"}
    assert fields["code"] not in repr(callback)
    redirected = asking.browse(raw.Login(asking).url)
    assert redirected.url.startswith(f"{raw.REDIRECT_URI}?code=")
    assert "code=" not in repr(redirected)


# Tokens, and how they end.


def test_a_reused_code_ends_all_tokens_of_its_login(server: testing.AuthorizationServer) -> None:
    login = raw.Login(server, scope="openid").sign_in()
    response = login.exchange().members
    assert raw.userinfo(server, response["access_token"]).status == 200
    login.form["code_verifier"] = proofkey.Verifier.generate().expose()
    assert login.exchange().status == 400
    assert raw.userinfo(server, response["access_token"]).status == 200, "a replay without the verifier ends nothing"
    login = raw.Login(server, scope="openid").sign_in()
    response = login.exchange().members
    replayed = login.exchange()
    assert replayed.members == {"error": "invalid_grant", "error_description": "this code was already used"}
    assert raw.userinfo(server, response["access_token"]).status == 401
    assert raw.refresh(server, response["refresh_token"]).status == 400


@pytest.mark.parametrize(
    "change",
    [{"code": "guess"}, {"client_id": "other"}, {"redirect_uri": "http://127.0.0.1:8401/"}, {"code_verifier": ""}],
)
def test_a_code_works_only_for_the_request_it_was_made_for(
    server: testing.AuthorizationServer, change: dict[str, str]
) -> None:
    login = raw.Login(server).sign_in()
    right = dict(login.form)
    login.form.update(change)
    refused = login.exchange()
    assert (refused.status, refused.members["error"]) == (400, "invalid_grant")
    login.form = right
    assert login.exchange().status == 200


def test_other_token_requests(server: testing.AuthorizationServer) -> None:
    for form, error in [
        ({"grant_type": "password", "client_id": "a"}, "unsupported_grant_type"),
        ({"client_id": "a"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "client_id": "a"}, "invalid_grant"),
    ]:
        response = raw.ask(server.token_endpoint, form)
        assert (response.status, response.members["error"]) == (400, error)
    nobody = raw.ask(server.token_endpoint, {})
    assert (nobody.status, nobody.members["error"]) == (401, "invalid_client")
    login = raw.Login(server).sign_in()
    twice = raw.ask(server.token_endpoint, [*login.form.items(), ("code", login.form["code"])])
    assert twice.members == {"error": "invalid_request", "error_description": "sent more than once: code"}
    assert login.exchange().status == 200


def test_codes_expire() -> None:
    with testing.AuthorizationServer(code_lifetime=300) as server:
        one, other = raw.Login(server).sign_in(), raw.Login(server).sign_in()
        server.advance(200)
        assert one.exchange().status == 200
        server.advance(100)
        assert other.exchange().members["error_description"] == "this code has expired"


def test_refresh_tokens_rotate_and_expire() -> None:
    with testing.AuthorizationServer(refresh_token_lifetime=1000, access_token_lifetime=77) as server:
        first = raw.tokens(server, "a b")
        assert first["expires_in"] == 77
        second = raw.refresh(server, first["refresh_token"]).members
        assert second["refresh_token"] != first["refresh_token"]
        assert second["scope"] == "a b"
        assert raw.refresh(server, second["refresh_token"], "other").status == 400
        server.advance(500)
        third = raw.refresh(server, second["refresh_token"]).members
        server.advance(500)
        expired = raw.refresh(server, third["refresh_token"])
        assert expired.members["error_description"] == "this refresh token has expired"


def test_a_reused_refresh_token_ends_all_tokens_of_its_login(server: testing.AuthorizationServer) -> None:
    first, bystander = raw.tokens(server, "openid"), raw.tokens(server, "openid")
    second = raw.refresh(server, first["refresh_token"]).members
    assert raw.userinfo(server, second["access_token"]).status == 200
    reused = raw.refresh(server, first["refresh_token"])
    assert (reused.status, reused.members["error"]) == (400, "invalid_grant")
    assert raw.refresh(server, second["refresh_token"]).members["error_description"] == "this refresh token was revoked"
    assert raw.userinfo(server, second["access_token"]).status == 401
    assert raw.refresh(server, bystander["refresh_token"]).status == 200


def revoke(server: testing.AuthorizationServer, token: str, client_id: str = "my-app") -> int:
    return raw.ask(server.revocation_endpoint, {"token": token, "client_id": client_id}).status


def test_revocation(server: testing.AuthorizationServer) -> None:
    response = raw.tokens(server, "openid")
    assert (
        revoke(server, response["access_token"], "other") == revoke(server, response["refresh_token"], "other") == 200
    )
    assert raw.userinfo(server, response["access_token"]).status == 200
    assert revoke(server, response["access_token"]) == revoke(server, response["access_token"]) == 200
    assert raw.userinfo(server, response["access_token"]).status == 401
    response = raw.refresh(server, response["refresh_token"]).members
    assert revoke(server, response["refresh_token"]) == 200
    assert raw.userinfo(server, response["access_token"]).status == 401
    assert raw.refresh(server, response["refresh_token"]).status == 400
    assert raw.ask(server.revocation_endpoint, {"client_id": "my-app"}).members["error"] == "invalid_request"


def test_revocation_needs_the_secret(strict: testing.AuthorizationServer) -> None:
    assert revoke(strict, "token", "basic") == 401


# The server itself.


def test_both_metadata_documents_are_one(server: testing.AuthorizationServer) -> None:
    documents = [
        raw.ask(f"{server.issuer}/.well-known/{name}").members
        for name in ("oauth-authorization-server", "openid-configuration")
    ]
    assert documents == [server.metadata] * 2
    assert server.seen == [], "requests for metadata are not listed"


def test_unknown_paths_and_methods(server: testing.AuthorizationServer) -> None:
    assert raw.ask(f"{server.issuer}/token").status == 404
    assert raw.ask(f"{server.issuer}/other?x=1", {"a": "b"}).status == 404
    assert [(seen.path, seen.params, seen.status) for seen in server.seen] == [
        ("/token", [], 404), ("/other", [("a", "b")], 404),
    ]  # fmt: skip


def test_a_form_that_is_too_long(server: testing.AuthorizationServer) -> None:
    assert raw.ask(server.token_endpoint, {"a": "b" * (1 << 16)}).status == 413


@pytest.mark.parametrize("text", ["\r\nX-Injected: yes", "\nX-Injected: yes", "\0", " ", "é", "\u2028", "\x7f"])
@pytest.mark.parametrize("place", ["code", "form", "refusal", "end_session"])
def test_no_request_adds_a_header(server: testing.AuthorizationServer, text: str, place: str) -> None:
    """What ends a header, or cannot be in one, is refused in every URI that the server redirects to."""
    to = f"https://app.example/cb?a={text}"
    if place == "end_session":
        response = raw.ask(f"{server.end_session_endpoint}?{urlencode({'post_logout_redirect_uri': to})}")
    else:
        mode = {"response_mode": "form_post"} if place == "form" else {}
        bad = {"response_type": "token"} if place == "refusal" else {}
        response = raw.Login(server, redirect_uri=to, **mode, **bad).authorize()
    assert (response.status, "X-Injected" in response.headers) == (400, False)
    assert "is not a URI" in response.body
    assert server.seen[-1].error == "invalid_request"
    quoted = f"https://app.example/cb?a={quote(text)}"
    assert raw.Login(server, redirect_uri=quoted, state=text).authorize().headers["Location"].startswith(quoted)


@pytest.mark.parametrize(
    "cookies",
    ["a:b=c; {own}", "[x]={{}}; {own}", "=; ;; {own}", 'q="x; {own}', "é=ü; {own}", "{own}; x,y=z", "a=b;\t{own}"],
)
def test_cookies_of_other_servers_on_this_host(server: testing.AuthorizationServer, cookies: str) -> None:
    """Browsers share cookies among all ports of a host, so any program may have set them, with any name."""
    login = raw.Login(server, scope="openid")
    header = {"Cookie": cookies.format(own="proofkey-testing-user=two")}
    login.form["code"] = raw.ask(login.url, headers=header).callback["code"]
    assert raw.userinfo(server, login.exchange().members["access_token"]).members["sub"] == "two"


def test_other_cookies_choose_no_user(server: testing.AuthorizationServer) -> None:
    for cookies in ("xproofkey-testing-user=three", "proofkey-testing-user", "", "a=proofkey-testing-user=three"):
        expected = 400 if cookies == "proofkey-testing-user" else 302
        assert raw.ask(raw.Login(server).url, headers={"Cookie": cookies}).status == expected


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "", "localhost.evil.example", "127.0.0.1.evil.example"]
)
def test_a_website_does_not_reach_it_under_another_name(server: testing.AuthorizationServer, host: str) -> None:
    """DNS rebinding: the name of a website resolves to 127.0.0.1, and its scripts read what the test server says."""
    header = {"Host": host.format(port=server.issuer.rpartition(":")[2])}
    for form in (None, raw.Login(server).params):
        refused = raw.ask(server.authorization_endpoint, form, headers=header)
        assert (refused.status, "127.0.0.1 or localhost" in refused.body) == (421, True)
    assert server.seen == []


def test_the_names_of_this_machine(server: testing.AuthorizationServer) -> None:
    port = server.issuer.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", "localhost", "127.0.0.1:1"):
        assert raw.ask(f"{server.issuer}/jwks", headers={"Host": host}).status == 200


def test_two_hosts_and_none(server: testing.AuthorizationServer) -> None:
    for hosts in (b"", b"Host: localhost\r\nHost: localhost\r\n"):
        assert exchanged(server, b"GET /jwks HTTP/1.0\r\n" + hosts + b"\r\n").startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize(
    ("request_line", "more", "status"),
    [
        (b"GET //[", b"", 404),
        (b"GET /authorize?%", b"", 400),
        (b"GET /userinfo", b"Authorization: \xff\r\n", 401),
        (b"POST /token", b"Content-Length: 0\r\nAuthorization: Basic \xe9\xe9\r\n", 401),
        (b"POST /token", b"Content-Length: " + b"9" * 5000 + b"\r\n", 413),
        (b"POST /token", b"Content-Length: \xb2\r\n", 413),
        (b"POST /token", b"Transfer-Encoding: chunked\r\n", 413),
    ],
)
def test_odd_requests_get_a_response(
    server: testing.AuthorizationServer, request_line: bytes, more: bytes, status: int
) -> None:
    response = exchanged(server, request_line + b" HTTP/1.0\r\nHost: localhost\r\n" + more + b"\r\n")
    assert response.startswith(b"HTTP/1.1 %d " % status)


def exchanged(server: testing.AuthorizationServer, request: bytes) -> bytes:
    """Sends these bytes, and returns everything that comes back."""
    with socket.create_connection(("127.0.0.1", int(server.issuer.rpartition(":")[2])), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_it_listens_on_loopback_alone(server: testing.AuthorizationServer) -> None:
    port = int(server.issuer.rpartition(":")[2])
    # Another address of this machine, although of loopback: the port is free there.
    with socket.create_server(("127.0.0.2", port)):
        pass


@pytest.mark.parametrize("value", ["1", "true", "no", "false"])
def test_it_does_not_start_in_production(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROOFKEY_PRODUCTION", value)
    with pytest.raises(RuntimeError, match="PROOFKEY_PRODUCTION is set.*use a real provider"):
        testing.AuthorizationServer()


@pytest.mark.parametrize("value", ["", "0"])
def test_it_starts_elsewhere(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PROOFKEY_PRODUCTION", value)
    with testing.AuthorizationServer() as server:
        assert raw.ask(f"{server.issuer}/jwks").status == 200


def test_seen_hides_parameters(server: testing.AuthorizationServer) -> None:
    login = raw.Login(server).sign_in()
    login.exchange()
    for secret in (login.form["code"], login.form["code_verifier"]):
        assert secret not in repr(server.seen)
        assert any(secret in dict(seen.params).values() for seen in server.seen)


def test_start_and_stop() -> None:
    server = testing.AuthorizationServer().start()
    assert raw.Login(server).authorize().status == 302
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        raw.Login(server).authorize()
    testing.AuthorizationServer().stop()


def test_a_client_that_leaves_is_not_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with testing.AuthorizationServer() as server:
        connection = socket.create_connection(("127.0.0.1", int(server.issuer.rpartition(":")[2])), timeout=10)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        ends_every_connection()
    assert capfd.readouterr() == ("", "")


def ends_every_connection() -> None:
    """Waits for the threads of all test servers."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)
            assert not thread.is_alive()


def test_fifty_threads_sign_in_refresh_and_revoke(server: testing.AuthorizationServer) -> None:
    subs: list[str] = []
    together = threading.Barrier(50)

    def run(number: int) -> None:
        together.wait()
        login = raw.Login(server, f"app-{number}")
        subs.append(signed_in(server, login, user=USERS[number % 2].sub))
        server.rotate_keys()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(subs) == {"one": 25, "two": 25}
    assert Counter(seen.path for seen in server.seen) == {"/authorize": 50, "/token": 50, "/userinfo": 50}


def test_one_code_in_fifty_threads(server: testing.AuthorizationServer) -> None:
    login = raw.Login(server).sign_in()
    statuses: list[int] = []
    together = threading.Barrier(50)

    def run() -> None:
        together.wait()
        statuses.append(login.exchange().status)

    threads = [threading.Thread(target=run) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {200: 1, 400: 49}
