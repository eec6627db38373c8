"""Runs the vectors of the flow: `authorization_url`, `callback`, `token`, `metadata`, `discovery`, `redirect_uri`."""

import base64
import json
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import proofkey
import pytest
import vectors
from proofkey import server

REDIRECT_URI = "https://client.example/cb"
ABOUT = {"name", "note", "req", "source", "basis", "why"}
"""Fields for people who read the file."""


def cases(name: str, array: str, fields: set[str]) -> list[dict[str, Any]]:
    """All the cases of an array. None may have a field other than these and those of `ABOUT`."""
    document = vectors.read(f"{name}.json")
    rows: list[dict[str, Any]] = document[array]
    assert len(rows) == document["counts"][array]
    for row in rows:
        assert set(row) <= fields | ABOUT, row
    return rows


def provider(**more: Any) -> proofkey.Provider:
    endpoints = {"authorization_endpoint": "https://as.example/authorize", "token_endpoint": "https://as.example/token"}
    return proofkey.Provider(**{**endpoints, **more})


def outcome(call: Callable[[], str]) -> str:
    """The outcome of a call, as the vectors write it."""
    try:
        return call()
    except (proofkey.AuthorizationError, proofkey.TokenError) as error:
        return f"error:{error.error}" if error.error is not None else f"reject:{error.name}"
    except proofkey.Error as error:
        return f"reject:{error.name}"


def test_authorization_url() -> None:
    ran = 0
    rows = cases("authorization_url", "authorization_url", {"endpoint", "params", "error_name", "expect_query"})
    for row in rows:
        params = dict(row["params"])

        def begin(params: dict[str, Any] = params, endpoint: str = row["endpoint"]) -> str:
            verifier = proofkey.Verifier(params.pop("verifier"))
            known = provider(authorization_endpoint=endpoint)
            client = proofkey.Client(known, params.pop("client_id"), redirect_uri=params.pop("redirect_uri"))
            return client.begin(verifier=verifier, **params).url

        if "error_name" in row:
            assert outcome(begin) == f"reject:{row['error_name']}", row["name"]
        else:
            url = urlsplit(begin())
            assert f"{url.scheme}://{url.netloc}{url.path}" == row["endpoint"]
            sent = parse_qsl(url.query, keep_blank_values=True, strict_parsing=True)
            assert dict(sent) == row["expect_query"], row["name"]
            assert len(sent) == len(dict(sent))
        ran += 1
    assert ran == len(rows) > 0


def test_form_encoding() -> None:
    ran = 0
    rows = cases("authorization_url", "form_encoding", {"decoded", "encoded", "alt_encoded"})
    for row in rows:
        client = proofkey.Client(provider(), "c", redirect_uri=REDIRECT_URI)
        assert client.begin(extra={"x": row["decoded"]}).url.endswith(f"&x={row['encoded']}"), row["name"]
        for encoded in [row["encoded"], *row.get("alt_encoded", [])]:
            with pytest.raises(proofkey.AuthorizationError) as refused:
                client.begin(state="s").accept(f"{REDIRECT_URI}?state=s&error=e&error_description={encoded}")
            assert refused.value.error_description == row["decoded"], row["name"]
        ran += 1
    assert ran == len(rows) > 0


def test_callback_cases() -> None:
    fields = {
        "url", "expected_state", "outcome", "code", "redirect_uri", "expected_iss", "iss_advertised", "method",
        "content_type", "body",
    }  # fmt: skip
    ran = 0
    rows = cases("callback", "callback_cases", fields)
    for row in rows:
        known = provider(issuer=row.get("expected_iss"), iss_parameter_supported=row.get("iss_advertised", False))
        client = proofkey.Client(known, "c", redirect_uri=row.get("redirect_uri", REDIRECT_URI))
        mode: Any = "form_post" if "method" in row else None
        login = client.begin(state=row["expected_state"], response_mode=mode)
        posted = {"content_type": row["content_type"], "body": row["body"]} if row.get("method") == "POST" else {}

        def accept(login: proofkey.Login = login, row: dict[str, Any] = row, posted: dict[str, Any] = posted) -> str:
            request = login.accept(row["url"], **posted).request
            assert request is not None
            assert dict(parse_qsl(request.body.decode()))["code"] == row["code"], row["name"]
            return "code"

        assert outcome(accept) == row["outcome"], row["name"]
        ran += 1
    assert ran == len(rows) > 0


def test_token_responses() -> None:
    fields = {"status", "content_type", "headers", "body", "request", "quirk", "outcome", "expect", "flag"}
    ran = 0
    rows = cases("token", "token_responses", fields)
    for row in rows:
        asked = row.get("request", {})
        known = provider(issuer="https://as.example")
        if "quirk" in row:
            known = known.with_quirk(row["quirk"])
        client = proofkey.Client(known, "c", redirect_uri=REDIRECT_URI).trust_token_endpoint_tls()
        exchange: proofkey.Exchange | proofkey.Refresh
        if asked.get("grant") == "refresh_token":
            exchange = client.begin_refresh(proofkey.Tokens.from_dict({"access_token": "old", "refresh_token": "kept"}))
        else:
            login = client.begin(state="s", scope=asked.get("scope"))
            exchange = login.accept(f"{REDIRECT_URI}?code=c&state=s")
        headers = {} if row["content_type"] is None else {"Content-Type": row["content_type"]}
        headers |= row.get("headers", {})

        def receive(exchange: Any = exchange, row: dict[str, Any] = row, headers: Any = headers) -> str:
            exchange.receive(row["status"], headers, row["body"].encode())
            return "ok"

        assert outcome(receive) == row["outcome"], row["name"]
        if row["outcome"] == "ok":
            tokens, expect = exchange.tokens, row["expect"]
            assert tokens.access_token.expose() == expect["access_token"]
            assert expect["token_type"] == tokens.to_dict()["token_type"].lower()  # type: ignore[union-attr]
            assert tokens.expires_in == expect["expires_in"], row["name"]
            assert (tokens.refresh_token and tokens.refresh_token.expose()) == expect["refresh_token"], row["name"]
            assert tokens.scope == expect["scope"], row["name"]
            assert tokens.scope_changed == (row.get("flag") == "scope_changed"), row["name"]
            assert tokens.quirks == known.quirks
            if row.get("flag") == "token_type_defaulted":
                assert tokens.token_type_defaulted
        ran += 1
    assert ran == len(rows) > 0


def test_client_secret_basic() -> None:
    ran = 0
    rows = cases("token", "client_secret_basic", {"client_id", "client_secret", "authorization", "error_name"})
    for row in rows:
        client_id, secret = row["client_id"], row["client_secret"]
        ran += 1
        if "error_name" in row:
            with pytest.raises(proofkey.ConfigurationError) as raised:
                proofkey.Client(provider(), client_id, client_secret=secret)
            assert raised.value.name == row["error_name"]
            continue
        client = proofkey.Client(provider(), client_id, client_secret=secret, redirect_uri=REDIRECT_URI)
        request = client.begin(state="s").accept(f"{REDIRECT_URI}?code=c&state=s").request
        assert request is not None

        def pair(header: str) -> list[str]:
            return [unquote_plus(part) for part in base64.b64decode(header.removeprefix("Basic ")).decode().split(":")]

        assert pair(request.headers["Authorization"]) == pair(row["authorization"]), row["name"]
        assert pair(request.headers["Authorization"]) == [row["client_id"], row["client_secret"]], row["name"]
        assert b"client_" not in request.body
    assert ran == len(rows) > 0


def test_metadata_cases() -> None:
    ran = 0
    fields = {"expected_issuer", "document", "outcome", "pkce", "token_endpoint_auth_method"}
    rows = cases("metadata", "metadata_cases", fields)
    for row in rows:
        document = json.dumps(row["document"])

        def read(row: dict[str, Any] = row, document: str = document) -> str:
            known = proofkey.Provider.from_metadata(row["expected_issuer"], document)
            assert known.pkce_support == row.get("pkce", known.pkce_support)
            assert known.token_endpoint_auth_method == row.get("token_endpoint_auth_method", "client_secret_basic")
            return "ok"

        assert outcome(read) == row["outcome"], row["name"]
        ran += 1
    assert ran == len(rows) > 0


def test_discovery_urls() -> None:
    ran = 0
    rows = cases("metadata", "discovery_urls", {"issuer", "rfc8414", "oidc", "oidc_inserted", "reject"})
    for row in rows:
        if "reject" in row:
            with pytest.raises(proofkey.ConfigurationError, match="endpoint_"):
                proofkey.Discovery(row["issuer"])
        else:
            discovery = proofkey.Discovery(row["issuer"])
            assert discovery.request is not None
            assert (discovery.request.method, discovery.request.url) == ("GET", row["rfc8414"])
            discovery.receive(404, {}, b"")
            assert (discovery.request.method, discovery.request.url) == ("GET", row["oidc"])
            with pytest.raises(proofkey.MetadataError, match="response_status"):
                discovery.receive(500, {}, b"")
            with pytest.raises(RuntimeError, match="this discovery is over"):
                _ = discovery.request
        ran += 1
    assert ran == len(rows) > 0


def test_discovery_cases() -> None:
    ran = 0
    rows = cases("discovery", "discovery_cases", {"issuer", "first", "second", "provider", "error_name"})
    for row in rows:
        asked: list[str] = []

        def discover(row: dict[str, Any] = row, asked: list[str] = asked) -> str:
            discovery = proofkey.Discovery(row["issuer"])
            for place in ("first", "second"):
                if discovery.request:
                    asked.append(place)
                    discovery.receive(*served(row[place]))
            check_facts(discovery.provider, row["provider"])
            return "found"

        assert outcome(discover) == (f"reject:{row['error_name']}" if "error_name" in row else "found"), row["name"]
        assert asked == [place for place in ("first", "second") if row[place] != "not asked"], row["name"]
        ran += 1
    assert ran == len(rows) > 0


def served(place: dict[str, Any]) -> tuple[int, dict[str, str], str]:
    """A response of `discovery.json`: status, headers and body."""
    assert set(place) <= {"status", "content_type", "location", "document", "text", "pad_to"}
    body: str = json.dumps(place["document"]) if "document" in place else place["text"]
    headers = {"Content-Type": place["content_type"], "Location": place.get("location")}
    sent = {name: value for name, value in headers.items() if value}
    return place["status"], sent, body.ljust(place.get("pad_to", 0))


def check_facts(found: proofkey.Provider, expected: dict[str, Any]) -> None:
    facts = dict(expected)
    # Without a list in the metadata, a client accepts RS256.
    assert proofkey.Client(found, "c").id_token_algorithms == (facts.pop("id_token_algorithms") or ["RS256"])
    names = ("token_endpoint", "iss_parameter_supported", "end_session_endpoint", "userinfo_endpoint")
    assert {name: getattr(found, name) for name in names} == facts


def test_a_discovery_without_network() -> None:
    document = {
        "issuer": "https://as.example",
        "authorization_endpoint": "https://as.example/a",
        "token_endpoint": "https://as.example/t",
    }
    discovery = proofkey.Discovery("https://as.example")
    with pytest.raises(RuntimeError):
        _ = discovery.provider
    discovery.receive(200, {"Content-Type": "text/html"}, b"<html>")
    discovery.receive(200, {"Content-Type": "application/json"}, json.dumps(document))
    assert discovery.request is None
    assert discovery.provider.token_endpoint == "https://as.example/t"
    with pytest.raises(RuntimeError):
        discovery.receive(200, {}, b"{}")
    other = proofkey.Discovery("https://as2.example")
    with pytest.raises(proofkey.MetadataError, match="metadata_issuer_mismatch"):
        other.receive(200, {}, json.dumps(document))
    with pytest.raises(RuntimeError, match="this discovery is over"):
        _ = other.provider


def test_redirect_uri_match() -> None:
    ran = 0
    fields = {"registered", "requested", "native", "ok", "policy_option", "ok_with_option"}
    rows = cases("redirect_uri", "redirect_uri_match", fields)
    for row in rows:
        pair = row["registered"], row["requested"]
        port: Literal["exact", "any"] = "any" if row["native"] else "exact"
        assert server.redirect_uri_matches(*pair, loopback_port=port) is row["ok"], row["why"]
        if not row["native"]:
            assert server.redirect_uri_matches(*pair) is row["ok"], "the default"
        if "policy_option" in row:
            assert row["policy_option"] == "allow_localhost_any_port"
            assert server.redirect_uri_matches(*pair, loopback_port="any_including_localhost") is row["ok_with_option"]
        ran += 1
    assert ran == len(rows) > 0


def test_loopback_port_is_one_of_three_words() -> None:
    for wrong in ("", "none", "ANY", "localhost"):
        with pytest.raises(ValueError, match="any_including_localhost"):
            server.redirect_uri_matches("https://a.example/", "https://a.example/", loopback_port=wrong)  # type: ignore[arg-type]
