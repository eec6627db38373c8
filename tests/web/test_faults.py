"""Whatever goes wrong at the provider, an app shows a page with the cause, and never a 500."""

from typing import Any

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults
from sites import Make, cause, cookies, is_signed_in, later

# Each fault with its cause, and whether the login can still be finished afterwards.
AT_CALLBACK: list[tuple[faults.Fault[Any], str, bool]] = [
    (faults.denied(), "denied", False),
    (faults.denied("login_required"), "provider_error", False),
    (faults.iss_wrong(), "issuer_mismatch", True),
    (faults.iss_missing(), "issuer_mismatch", True),
    (faults.state_wrong(), "not_issued_here", True),
    (faults.state_missing(), "not_issued_here", True),
    (faults.parameters_twice(), "callback_malformed", True),
    (faults.code_expired(), "provider_error", False),
    (faults.id_token(iss="https://other.example"), "provider_error", False),
    (faults.nonce_wrong(), "provider_error", False),
    (faults.nonce_missing(), "provider_error", False),
    (faults.aud_wrong(), "provider_error", False),
    (faults.id_token_expired(), "provider_error", False),
    (faults.signature_wrong(), "provider_error", False),
    (faults.kid_unknown(), "provider_error", False),
    (faults.alg_none(), "provider_error", False),
    (faults.code_used(), "provider_error", False),
    (faults.refuses("token", "invalid_client", status=401), "provider_error", False),
    (faults.refuses_with_200("token", "invalid_grant"), "provider_error", False),
    (faults.garbage("token"), "provider_error", False),
    (faults.html("token"), "provider_error", False),
    (faults.empty("token"), "provider_error", False),
    (faults.oversized("token"), "network_after", False),
    (faults.cut_before_response("token"), "network_after", False),
    (faults.cut_within_body("token"), "network_after", False),
    (faults.members("token", access_token=None), "provider_error", False),
    (faults.members("token", id_token=None), "provider_error", False),
    (faults.redirects("token", 307), "provider_error", False),
    (faults.too_many_requests("token", retry_after=7), "provider_error", False),
    (faults.unavailable("token"), "provider_error", False),
    (faults.unavailable("jwks"), "network_before", True),
    (faults.garbage("jwks"), "network_before", True),
]


def named(row: tuple[Any, ...]) -> str:
    return f"{row[0].name}-{row[0].at}-{row[1]}"


@pytest.mark.parametrize(("fault", "name", "is_pending"), AT_CALLBACK, ids=map(named, AT_CALLBACK))
def test_at_the_callback(
    make: Make, server: testing.AuthorizationServer, fault: faults.Fault[Any], name: str, is_pending: bool
) -> None:
    site = make(scope="openid")
    browser = site.browser()
    url = site.begin(browser)
    pending = cookies(browser)
    with server.inject(fault) as injected:
        page = browser.get(server.sign_in(url))
        assert injected.hits > 0
    assert cause(page)[0] == name
    assert (cookies(browser) == pending) == is_pending
    assert site.signed_in == []
    secrets = [value for seen in server.seen for key, value in seen.params if key in ("code", "state", "code_verifier")]
    assert secrets and not any(secret in page.text for secret in secrets)
    if is_pending:
        assert is_signed_in(browser.get(server.sign_in(url)))
    else:
        assert cause(browser.get(server.sign_in(url))) == ("already_finished", 400)


AT_START: list[tuple[faults.Fault[Any], str]] = [
    (faults.garbage("metadata"), "provider_error"),
    (faults.html("metadata"), "provider_error"),
    (faults.empty("metadata"), "provider_error"),
    (faults.oversized("metadata"), "network_before"),
    (faults.cut_before_response("metadata"), "network_before"),
    (faults.cut_within_body("metadata"), "network_before"),
    (faults.redirects("metadata", 302), "provider_error"),
    (faults.unavailable("metadata"), "provider_error"),
    (faults.members("metadata", issuer="https://other.example"), "provider_error"),
    (faults.members("metadata", token_endpoint=None), "provider_error"),
]


@pytest.mark.parametrize(("fault", "name"), AT_START, ids=map(named, AT_START))
def test_at_the_start(make: Make, server: testing.AuthorizationServer, fault: faults.Fault[Any], name: str) -> None:
    site = make(issuer=server.issuer)
    browser = site.browser()
    with server.inject(fault):
        page = browser.get("/auth/idp")
    assert cause(page) == (name, 502)
    assert (cookies(browser), page.headers["Cache-Control"]) == ({}, "no-store")
    with later(5):
        assert is_signed_in(browser.get(site.callback_url(browser))), "a failed discovery is forgotten soon"


def test_every_fault_is_tested() -> None:
    elsewhere = {"slow", "sub_wrong"}  # below, and in test_accounts.py
    elsewhere |= {"kid_missing", "key_ids_missing", "keys_rotated"}  # in tests/python/test_conformance.py
    elsewhere |= {"end_session_state_missing", "end_session_state_wrong"}  # there, too
    tried = {row[0].name for row in AT_CALLBACK} | {row[0].name for row in AT_START}
    assert tried | elsewhere == {*faults.__all__} - {"Fault"}


def test_a_slow_provider(make: Make, server: testing.AuthorizationServer) -> None:
    site = make(transport=proofkey.Transport(timeout=0.2))
    browser = site.browser()
    with server.inject(faults.slow("token")):
        assert cause(browser.get(site.callback_url(browser))) == ("network_after", 502)
