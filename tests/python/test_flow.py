"""Logins: over the network and without it, from many threads, and with arguments that cannot work."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import hostile
import proofkey
import pytest
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def client_of(server: testing.AuthorizationServer) -> proofkey.Client:
    return proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)


def forged(callback_url: str, **values: str | None) -> str:
    """The callback with other parameters. A parameter whose value is `None` is left out."""
    url = urlsplit(callback_url)
    params = {name: value for name, value in {**dict(parse_qsl(url.query)), **values}.items() if value is not None}
    return url._replace(query=urlencode(params)).geturl()


def test_a_login(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin(scope=["files.read", "files.write"], extra={"prompt": "consent"})
    tokens = client.finish(login, server.sign_in(login.url))

    assert tokens.scope == ["files.read", "files.write"]
    assert not tokens.scope_changed
    assert not tokens.token_type_defaulted
    assert tokens.expires_in == 3600
    assert tokens.expires_at is not None
    assert tokens.extra("no-such-member") is None
    stored = tokens.to_dict()
    assert stored["access_token"] == tokens.access_token.expose()
    assert tokens.refresh_token is not None
    assert stored["refresh_token"] == tokens.refresh_token.expose()
    assert stored["token_type"] == "Bearer"

    authorize, token = server.seen
    assert dict(authorize.params) == {
        "response_type": "code",
        "client_id": "my-app",
        "redirect_uri": REDIRECT_URI,
        "scope": "files.read files.write",
        "state": dict(authorize.params)["state"],
        "code_challenge": proofkey.s256(dict(token.params)["code_verifier"]),
        "code_challenge_method": "S256",
        "prompt": "consent",
    }
    assert [name for name, _ in token.params] == ["grant_type", "code", "redirect_uri", "code_verifier", "client_id"]


def test_the_same_login_with_another_http_library(server: testing.AuthorizationServer) -> None:
    login = client_of(server).begin()
    exchange = login.accept(server.sign_in(login.url))
    assert repr(exchange) == "<proofkey.Exchange>"
    with pytest.raises(RuntimeError, match="receive"):
        _ = exchange.tokens
    while request := exchange.request:
        url = urlsplit(request.url)
        connection = HTTPConnection(url.netloc, timeout=10)
        connection.request(request.method, url.path, request.body, request.headers)
        response = connection.getresponse()
        exchange.receive(response.status, response.headers, response.read())
        connection.close()
    assert exchange.tokens.access_token.expose()
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        exchange.receive(200, {}, b"")


@pytest.mark.parametrize("headers", [{"content-type": "application/json"}, [("CONTENT-TYPE", "application/json")]])
@pytest.mark.parametrize("kind", [str, str.encode, lambda text: bytearray(text.encode())])
def test_responses_as_http_libraries_give_them(headers: Any, kind: Callable[[str], Any]) -> None:
    exchange = accepted()
    exchange.receive(200, headers, kind('{"access_token": "a", "scope": ""}'))
    assert exchange.request is None
    assert exchange.tokens.scope == []
    assert exchange.tokens.token_type_defaulted


def accepted() -> proofkey.Exchange:
    """An exchange that waits for the response to its code, without a server."""
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
    return client.begin(state="s").accept(f"{REDIRECT_URI}?code=c&state=s")


def test_a_refusing_token_endpoint_ends_the_login() -> None:
    exchange = accepted()
    response = '{"error": "invalid_grant", "error_description": "used up", "error_uri": "https://as.example/e"}'
    with pytest.raises(proofkey.TokenError) as refused:
        exchange.receive(400, {"Content-Type": "application/json"}, response)
    error = refused.value
    assert (error.name, error.error, error.error_description) == ("token_error", "invalid_grant", "used up")
    assert error.error_uri == "https://as.example/e"
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        _ = exchange.request
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        _ = exchange.tokens


def test_extras_keep_their_json_types() -> None:
    exchange = accepted()
    body = '{"access_token": "a", "x": {"list": [1, -1, 18446744073709551615, 1.5, true, null, "t"]}}'
    exchange.receive(200, {"Content-Type": "application/json"}, body)
    assert exchange.tokens.extra("x") == {"list": [1, -1, 18446744073709551615, 1.5, True, None, "t"]}
    assert exchange.tokens.extra("access_token") is None


def test_a_forged_callback_leaves_the_login_for_the_real_one(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin()
    callback_url = server.sign_in(login.url)
    for attempt, name in [
        (forged(callback_url, state="guess"), "state_mismatch"),
        (forged(callback_url, state=None), "state_missing"),
        (forged(callback_url, iss="https://evil.example"), "iss_mismatch"),
        (forged(callback_url, iss=None), "iss_missing"),
        (callback_url + "&code=evil", "callback_duplicate"),
        (callback_url + "&x=%zz", "callback_malformed"),
        (callback_url.replace("8400", "8401"), "redirect_uri_mismatch"),
        (callback_url.replace("state=", "state=\udc80"), "state_mismatch"),
        ("", "redirect_uri_mismatch"),
    ]:
        with pytest.raises(proofkey.CallbackError) as refused:
            client.finish(login, attempt)
        assert refused.value.name == name
    assert client.finish(login, callback_url).access_token.expose()
    assert Counter(seen.path for seen in server.seen) == {"/authorize": 1, "/token": 1}


def test_a_refusal_of_the_user_ends_the_login(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin()
    callback_url = server.sign_in(login.url)
    with pytest.raises(proofkey.AuthorizationError) as refused:
        client.finish(login, forged(callback_url, error="access_denied", error_description="no\r\nway"))
    assert (refused.value.error, refused.value.error_description) == ("access_denied", "no\r\nway")
    assert "\n" not in str(refused.value)
    assert refused.value.recovery == "ask_user"
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        client.finish(login, callback_url)


def test_one_callback_in_fifty_threads_makes_one_token_request(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    login = client.begin()
    callback_url = server.sign_in(login.url)
    outcomes: list[str] = []
    together = threading.Barrier(50)

    def deliver() -> None:
        together.wait()
        try:
            client.finish(login, callback_url)
            outcomes.append("tokens")
        except proofkey.CallbackError as error:
            outcomes.append(error.name)

    threads = [threading.Thread(target=deliver) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"tokens": 1, "login_already_used": 49}
    assert [seen.path for seen in server.seen] == ["/authorize", "/token"]


def test_many_users_at_once_each_get_their_own(server: testing.AuthorizationServer) -> None:
    client = client_of(server)
    scopes: dict[int, list[str] | None] = {}

    def sign_in(user: int) -> None:
        login = client.begin(scope=f"user.{user}")
        scopes[user] = client.finish(login, server.sign_in(login.url)).scope

    threads = [threading.Thread(target=sign_in, args=(user,)) for user in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scopes == {user: [f"user.{user}"] for user in range(50)}


def test_other_threads_run_while_one_waits_for_the_network() -> None:
    """The server, a second thread of Python code, responds while the first thread waits in native code."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}/token"
        provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint=endpoint)
        client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI, transport=proofkey.Transport())
        login = client.begin(state="s")

        def response() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n"
                connection.sendall(head + b'{"access_token": "a"}')

        thread = threading.Thread(target=response)
        thread.start()
        assert client.finish(login, f"{REDIRECT_URI}?code=c&state=s").access_token.expose() == "a"
        thread.join()


def test_if_nothing_was_sent_the_same_call_may_be_repeated() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    provider = proofkey.Provider(
        authorization_endpoint="https://as.example/a", token_endpoint=f"http://127.0.0.1:{port}/token"
    )
    client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin(state="s")
    for _ in range(2):
        with pytest.raises(proofkey.TransportError) as failed:
            client.finish(login, f"{REDIRECT_URI}?code=c&state=s")
        assert (failed.value.name, failed.value.request_sent) == ("connect_failed", False)
        assert (failed.value.recovery, failed.value.endpoint, failed.value.status) == ("retry_later", "token", None)
    assert login.accept(f"{REDIRECT_URI}?code=c&state=s").request is not None


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: provider(authorization_endpoint="http://as.example/a"), "endpoint_insecure"),
        (lambda: provider(token_endpoint="https://as.example/t#f"), "endpoint_malformed"),
        (lambda: provider(token_endpoint="https://as.example\\@evil.example/"), "endpoint_malformed"),
        (lambda: provider(issuer="https://as.example?x=1"), "endpoint_malformed"),
        (lambda: provider(issuer="\udc80"), "text_invalid"),
        (lambda: proofkey.Client(provider(), ""), "client_id_invalid"),
        (lambda: proofkey.Client(provider(), "ä"), "client_id_invalid"),
        (lambda: proofkey.Client(provider(), "c", redirect_uri="/callback"), "redirect_uri_malformed"),
        (lambda: proofkey.Client(provider(), "c", redirect_uri="http://client.example/"), "redirect_uri_insecure"),
        (lambda: proofkey.Client(provider(), "c").begin(scope="openid"), "issuer_missing"),
        (lambda: proofkey.Client(provider(), "c").begin(scope=["a b"]), "scope_invalid"),
        (lambda: proofkey.Client(provider(), "c").begin(scope=[""]), "scope_invalid"),
        (lambda: proofkey.Client(provider(), "c").begin(max_age=0), "openid_scope_missing"),
        (lambda: proofkey.Client(provider(), "c").begin(acr_values="2fa"), "openid_scope_missing"),
        (lambda: proofkey.Client(provider(), "c").begin(nonce="n"), "openid_scope_missing"),
        (lambda: proofkey.Client(provider(), "c").begin(data="x" * 257), "data_too_large"),
        (lambda: proofkey.Client(provider(), "c").begin(state=""), "state_invalid"),
        (lambda: proofkey.Client(provider(), "c").begin(extra={"code_challenge": "x"}), "parameter_reserved"),
    ],
)
def test_settings_that_cannot_work(build: Callable[[], object], name: str) -> None:
    with pytest.raises(proofkey.ConfigurationError) as refused:
        build()
    assert refused.value.name == name
    assert isinstance(refused.value, ValueError)


def provider(**urls: str) -> proofkey.Provider:
    endpoints = {"authorization_endpoint": "https://as.example/a", "token_endpoint": "https://as.example/t"}
    return proofkey.Provider(**{**endpoints, **urls})  # type: ignore[arg-type]


def test_a_provider_reads_back() -> None:
    bare = provider()
    assert (bare.issuer, bare.iss_parameter_supported, bare.revocation_endpoint) == (None, False, None)
    assert bare.jwks_uri is bare.userinfo_endpoint is bare.end_session_endpoint is None
    names = ("revocation_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint")
    urls = {name: f"https://as.example/{name}" for name in names}
    full = proofkey.Provider(
        authorization_endpoint="https://as.example/a",
        token_endpoint="https://as.example/t",
        issuer="https://as.example",
        iss_parameter_supported=True,
        **urls,
    )
    assert {name: getattr(full, name) for name in names} == urls
    assert (full.authorization_endpoint, full.token_endpoint) == ("https://as.example/a", "https://as.example/t")
    assert (full.issuer, full.iss_parameter_supported) == ("https://as.example", True)
    assert (full.pkce_support, full.token_endpoint_auth_method) == ("unknown", "client_secret_basic")


def test_a_client_and_a_login_read_back() -> None:
    client = proofkey.Client(
        provider(),
        "c",
        redirect_uri=REDIRECT_URI,
        id_token_algorithms=["ES256", "EdDSA"],
        id_token_leeway=5,
        trusted_audiences="api",
    )
    assert (client.client_id, client.redirect_uri) == ("c", REDIRECT_URI)
    assert client.provider.token_endpoint == "https://as.example/t"
    assert (client.id_token_algorithms, client.id_token_leeway) == (["ES256", "EdDSA"], 5)
    assert client.trusted_audiences == ["api"]
    other = proofkey.Client(provider(), "c")
    assert (other.redirect_uri, other.id_token_algorithms, other.id_token_leeway) == (None, ["RS256"], 60)
    assert other.trusted_audiences == []
    login = client.begin(scope=["a", "b"], data="/photos")
    assert (login.scope, login.data, login.replay_key) == (["a", "b"], "/photos", f"login:{login.id}")


@pytest.mark.parametrize("wrong", [None, b"https://as.example/a", 1, ["https://as.example/a"]])
def test_arguments_of_wrong_types(wrong: Any) -> None:
    client = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI)
    calls: list[Callable[[], object]] = [
        lambda: provider(authorization_endpoint=wrong),
        lambda: proofkey.Client(provider(), wrong),
        lambda: client.begin(extra={"x": wrong}),
        lambda: client.begin().accept(wrong),
        lambda: client.finish(client.begin(), wrong),
        lambda: client.begin(scope=[wrong]),
    ]
    for call in calls:
        with pytest.raises(TypeError) as refused:
            call()
        assert "as.example" not in str(refused.value)
    if wrong != b"https://as.example/a":
        with pytest.raises(TypeError):
            accepted().receive(200, {}, wrong)


def test_a_call_with_wrong_types_does_not_use_the_login_up() -> None:
    login = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI).begin(state="s")
    with pytest.raises(TypeError):
        login.accept(None)  # type: ignore[arg-type]
    assert login.accept(f"{REDIRECT_URI}?code=c&state=s").request is not None


def test_a_body_of_a_wrong_type_does_not_use_the_exchange_up() -> None:
    exchange = accepted()
    with pytest.raises(TypeError):
        exchange.receive(200, {}, 1)  # type: ignore[arg-type]
    assert exchange.request is not None


def test_discovery(server: testing.AuthorizationServer) -> None:
    found = proofkey.Provider.discover(server.issuer)
    assert (found.authorization_endpoint, found.token_endpoint) == (
        server.authorization_endpoint,
        server.token_endpoint,
    )
    assert found.pkce_support == "S256"
    client = proofkey.Client(found, "my-app", redirect_uri=REDIRECT_URI)
    login = client.begin()
    assert client.finish(login, server.sign_in(login.url)).access_token.expose()
    with pytest.raises(proofkey.MetadataError, match="metadata_issuer_mismatch"):
        proofkey.Provider.discover(server.issuer.replace("127.0.0.1", "localhost"))


KEYS = b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
"""The key of RFC 8037 appendix A.2."""


def test_the_keys_and_the_code_share_one_deadline() -> None:
    """Each of the two responses takes two thirds of the timeout: the second one comes too late."""
    timeout = 3.0

    def slow(connection: hostile.Connection) -> None:
        while request := connection.request():
            connection.server.ended.wait(2 * timeout / 3)
            if request.path == "/jwks":
                connection.send(hostile.response(KEYS))
            else:
                connection.send(hostile.response(hostile.TOKENS))

    with hostile.Server(slow) as running:
        at = provider(issuer="https://as.example", token_endpoint=running.url("/token"), jwks_uri=running.url("/jwks"))
        transport = proofkey.Transport(timeout=timeout)
        client = proofkey.Client(at, "my-app", redirect_uri=REDIRECT_URI, transport=transport)
        with pytest.raises(proofkey.TransportError) as late:
            client.finish(client.begin(state="s", scope="openid"), f"{REDIRECT_URI}?code=c&state=s")
        assert [request.path for request in running.requests] == ["/jwks", "/token"]
    assert (late.value.name, late.value.endpoint, late.value.request_sent) == ("timeout", "token", True)


def test_without_time_for_the_code_it_is_not_sent() -> None:
    """The keys take all of the time, or there is none at all: a nanosecond has passed before the first request."""
    for timeout, endpoint, sent in [(hostile.SHORT, "jwks", ["/jwks"] * 2), (1e-9, "token", [])]:
        with hostile.Server(hostile.never_responds) as running:
            urls = {"token_endpoint": running.url("/token"), "jwks_uri": running.url("/jwks")}
            transport = proofkey.Transport(timeout=timeout)
            at = provider(issuer="https://as.example", **urls)
            client = proofkey.Client(at, "my-app", redirect_uri=REDIRECT_URI, transport=transport)
            login = client.begin(state="s", scope="openid" if endpoint == "jwks" else "")
            for _ in range(2):
                with pytest.raises(proofkey.TransportError) as late:
                    client.finish(login, f"{REDIRECT_URI}?code=c&state=s")
                assert (late.value.name, late.value.endpoint, late.value.request_sent) == ("timeout", endpoint, False)
            assert [request.path for request in running.requests] == sent


def test_a_secret_that_rotates() -> None:
    secrets = iter(["first", "second", "third"])
    client = proofkey.Client(
        provider(),
        "c",
        redirect_uri=REDIRECT_URI,
        client_secret=lambda: next(secrets),
        auth_method="client_secret_post",
    )
    for expected in (b"first", b"second"):
        request = client.begin(state="s").accept(f"{REDIRECT_URI}?code=c&state=s").request
        assert request is not None
        assert request.body.endswith(b"&client_id=c&client_secret=" + expected)
        assert "Authorization" not in request.headers


def test_an_object_of_another_class_is_named() -> None:
    client = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI)
    wrong: Any = "a text"
    calls: list[tuple[str, Callable[[], object]]] = [
        ("Provider", lambda: proofkey.Client(wrong, "c")),
        ("Transport", lambda: proofkey.Client(provider(), "c", transport=wrong)),
        ("Login", lambda: client.finish(wrong, REDIRECT_URI)),
        ("SealKeys", lambda: client.begin().seal(wrong, "session")),
        ("Tokens", lambda: client.revoke(wrong)),
    ]
    for expected, call in calls:
        with pytest.raises(TypeError, match=f"^expected {expected}, not str"):
            call()


def test_secrets_and_methods_that_cannot_work() -> None:
    with pytest.raises(TypeError):
        proofkey.Client(provider(), "c", client_secret=b"s")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="client_secret_basic.* or .*client_secret_post"):
        proofkey.Client(provider(), "c", client_secret="s", auth_method="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="needs a client_secret"):
        proofkey.Client(provider(), "c", auth_method="client_secret_basic")
    secret: Any = lambda: None  # noqa: E731
    login = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI, client_secret=secret).begin(state="s")
    with pytest.raises(TypeError, match="what client_secret returns"):
        login.accept(f"{REDIRECT_URI}?code=c&state=s")


def test_a_pasted_code() -> None:
    client = proofkey.Client(provider(), "c")
    login = client.begin()
    invalid = ["a\n", "é", "\udc80"]
    for code, name in [("", "code_missing"), *((code, "code_invalid") for code in invalid)]:
        with pytest.raises(proofkey.CallbackError) as refused:
            login.accept_pasted_code(code)
        assert refused.value.name == name
    request = login.accept_pasted_code("the-code").request
    assert request is not None
    assert b"code=the-code&" in request.body
    assert b"redirect_uri" not in request.body
    with pytest.raises(proofkey.CallbackError, match="redirect_uri_mismatch"):
        proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI).begin().accept_pasted_code("the-code")


def test_a_pasted_code_is_sent_with_the_authentication_of_the_client() -> None:
    ways: dict[str, Any] = {"a text": "the-secret", "a callable": lambda: "the-secret"}
    for secret in ways.values():
        basic = proofkey.Client(provider(), "c", client_secret=secret)
        request = basic.begin().accept_pasted_code("the-code").request
        assert request is not None
        assert request.headers["Authorization"] == "Basic Yzp0aGUtc2VjcmV0"
        post = proofkey.Client(provider(), "c", client_secret=secret, auth_method="client_secret_post")
        request = post.begin().accept_pasted_code("the-code").request
        assert request is not None
        assert request.body.endswith(b"&client_id=c&client_secret=the-secret")


def test_a_login_of_another_client_is_refused() -> None:
    one = proofkey.Client(provider(), "one", redirect_uri=REDIRECT_URI)
    other = proofkey.Client(provider(), "other", redirect_uri=REDIRECT_URI)
    login = one.begin(state="s")
    with pytest.raises(proofkey.SealError, match="seal_client"):
        other.finish(login, f"{REDIRECT_URI}?code=c&state=s")
    assert login.accept(f"{REDIRECT_URI}?code=c&state=s").request is not None


def test_a_posted_callback_needs_its_type_and_its_body() -> None:
    client = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI)
    login = client.begin(state="s", response_mode="form_post")
    with pytest.raises(proofkey.CallbackError, match="response_mode_unsupported"):
        login.accept(f"{REDIRECT_URI}?code=c&state=s")
    with pytest.raises(TypeError, match="both"):
        login.accept(REDIRECT_URI, body=b"code=c&state=s")
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    assert login.accept(REDIRECT_URI, content_type=form, body=b"code=c&state=s").request is not None


def test_known_providers() -> None:
    found = [
        proofkey.Provider.known("dropbox"),
        proofkey.Provider.known("github"),
        proofkey.Provider.known("google"),
        proofkey.Provider.known("microsoft", tenant="common"),
    ]
    assert [known.quirks for known in found] == [[], ["scope_separated_by_comma"], [], []]
    assert all(known.token_endpoint.startswith("https://") and known.pkce_support == "S256" for known in found)
    offline = proofkey.Provider.known("google").with_quirk("offline_by_access_type")
    assert proofkey.Client(offline, "c").begin().url.endswith("&access_type=offline&prompt=consent")
    with pytest.raises(ValueError, match="quirk"):
        offline.with_quirk("skip_the_state")  # type: ignore[arg-type]
    wrong: list[tuple[Any, str | None]] = [
        ("gitlab", None),
        ("GitHub", None),
        ("microsoft", None),
        ("github", "common"),
    ]
    for name, tenant in wrong:
        with pytest.raises(ValueError, match="dropbox"):
            proofkey.Provider.known(name, tenant=tenant)
    with pytest.raises(proofkey.ConfigurationError, match="endpoint_malformed"):
        proofkey.Provider.known("microsoft", tenant="../evil")


def test_retry_after() -> None:
    with pytest.raises(proofkey.TokenError) as refused:
        accepted().receive(503, [("retry-after", "30"), ("Content-Type", "text/html")], b"<html>")
    assert (refused.value.name, refused.value.retry_after) == ("response_status", 30)
    for header in ["soon", "-1", "+30", "Wed, 21 Oct 2026 07:28:00 GMT"]:
        with pytest.raises(proofkey.TokenError) as refused:
            accepted().receive(429, {"Retry-After": header}, b"")
        assert refused.value.retry_after is None
