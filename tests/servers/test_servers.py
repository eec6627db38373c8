"""The OAuth cases of the table, with every server."""

import secrets
from urllib.parse import parse_qsl, urlsplit

import browser
import proofkey
import pytest
from conftest import Cells
from flow import PASSWORD, USER, begin, changed_form, client_of, named, refusal, refused, send, sign_in, tokens_of
from servers import Server
from table import CHECKED_IN, PAGE, Table


def changed(callback_url: str, **values: str | None) -> str:
    url = urlsplit(callback_url)
    return url._replace(query=changed_form(url.query, values)).geturl()


def test_a_public_client(server: Server, cells: Cells) -> None:
    client = client_of(server)
    login = begin(server, client)
    callback_url = sign_in(login)
    tokens = client.finish(login, callback_url)
    assert tokens.access_token.expose()
    assert tokens.refresh_token is not None
    assert tokens.expires_in
    assert not tokens.token_type_defaulted
    cells.put("public", "tokens", right=True)

    asked = sorted(server.scope.split())
    same = sorted(tokens.scope or asked) == asked
    assert tokens.scope_changed is not same
    cells.put("granted scope", "as asked" if same else " ".join(tokens.scope or []), right=same)

    sent = "iss" in dict(parse_qsl(urlsplit(callback_url).query))
    assert sent or not server.iss_parameter_supported
    outcome = "promised" if server.iss_parameter_supported else "sent" if sent else "no"
    cells.put("iss in the callback", outcome, right=True)


@pytest.mark.parametrize("client_id", ["basic", "post", "odd-basic", "odd-post"])
def test_a_confidential_client(server: Server, cells: Cells, client_id: str) -> None:
    client = client_of(server, client_id)
    login = begin(server, client)
    callback_url = sign_in(login)
    try:
        outcome = "tokens" if client.finish(login, callback_url).access_token.expose() else "empty"
    except proofkey.TokenError as error:
        outcome = named(error)
    cells.put(client_id, outcome, right=outcome == "tokens")


def test_a_wrong_secret(server: Server, cells: Cells) -> None:
    client = client_of(server, "basic", secret="another-secret-0123456789abcdef")
    login = begin(server, client)
    callback_url = sign_in(login)
    outcome = refusal(proofkey.TokenError, lambda: client.finish(login, callback_url))
    cells.put("wrong secret", outcome, right=refused(outcome))


def test_discovery(server: Server, cells: Cells) -> None:
    try:
        provider = proofkey.Provider.discover(server.issuer)
    except proofkey.Error as error:
        cells.put("advertised PKCE", "–", right=True)
        return cells.put("discovery", named(error), right=False)
    assert provider.authorization_endpoint == server.authorization_endpoint
    assert provider.token_endpoint == server.token_endpoint
    client = client_of(server, provider=provider)
    login = begin(server, client)
    callback_url = sign_in(login)
    if server.iss_parameter_supported:
        without = changed(callback_url, iss=None)
        assert refusal(proofkey.CallbackError, lambda: client.finish(login, without)) == "`iss_missing`"
    assert client.finish(login, callback_url).access_token.expose()
    cells.put("discovery", "tokens", right=True)
    cells.put("advertised PKCE", provider.pkce_support, right=provider.pkce_support == "S256")


@pytest.mark.parametrize(("case", "client_id"), [("refresh", "public"), ("refresh (confidential)", "basic")])
def test_refresh(server: Server, cells: Cells, case: str, client_id: str) -> None:
    client = client_of(server, client_id)
    first = tokens_of(server, client)
    second = client.refresh(first)
    # The refresh token, new or kept, works once more.
    third = client.refresh(second)
    texts = [tokens.refresh_token.expose() for tokens in (first, second, third) if tokens.refresh_token]
    assert third.access_token.expose()
    outcome = {1: "kept", 3: "rotated"}[len(set(texts))]
    assert len(texts) == 3
    cells.put(case, outcome, right=True)


@pytest.mark.parametrize(("case", "client_id"), [("revoke", "public"), ("revoke (confidential)", "basic")])
def test_revoke(server: Server, cells: Cells, case: str, client_id: str) -> None:
    """A revoked refresh token is refused. Discovery finds the revocation endpoint."""
    try:
        client = client_of(server, client_id, provider=proofkey.Provider.discover(server.issuer))
        tokens = tokens_of(server, client)
        client.revoke(tokens)
    except proofkey.Error as error:
        return cells.put(case, named(error), right=False)
    outcome = refusal(proofkey.TokenError, lambda: client.refresh(tokens))
    cells.put(case, f"then {outcome}", right=outcome != "accepted")


def test_a_wrong_verifier(server: Server, cells: Cells) -> None:
    """A code of another login, as if it were stolen: sent by proofkey, and in a request made by hand."""
    client = client_of(server)
    state = secrets.token_urlsafe()
    theirs, ours = begin(server, client, state=state), begin(server, client, state=state)
    callback_url = sign_in(theirs)
    outcome = refusal(proofkey.TokenError, lambda: client.finish(ours, callback_url))

    login = begin(server, client)
    exchange = login.accept(sign_in(login))
    other = proofkey.Verifier.generate().expose()
    assert refusal(proofkey.TokenError, lambda: send(exchange, code_verifier=other)) == outcome
    cells.put("wrong verifier", outcome, right=refused(outcome))


def test_no_verifier(server: Server, cells: Cells) -> None:
    login = begin(server, client_of(server))
    exchange = login.accept(sign_in(login))
    outcome = refusal(proofkey.TokenError, lambda: send(exchange, code_verifier=None))
    cells.put("no verifier", outcome, right=refused(outcome))


def test_a_replayed_code(server: Server, cells: Cells) -> None:
    """Everything but the code is right: two logins share their state and their verifier. Each has a client of its own,
    because a client remembers which logins it has used."""
    client, other = client_of(server), client_of(server)
    state, verifier = secrets.token_urlsafe(), proofkey.Verifier.generate().expose()
    first, second = (
        begin(server, each, state=state, verifier=proofkey.Verifier(verifier)) for each in (client, other)
    )
    callback_url = sign_in(first)
    assert client.finish(first, callback_url).access_token.expose()
    with pytest.raises(proofkey.CallbackError, match="login_already_used"):
        client.finish(first, callback_url)
    outcome = refusal(proofkey.TokenError, lambda: other.finish(second, callback_url))
    cells.put("replayed code", outcome, right=refused(outcome))


def test_a_changed_state(server: Server, cells: Cells) -> None:
    """The changed callback is refused, and the real one still works."""
    client = client_of(server)
    login = begin(server, client)
    callback_url = sign_in(login)
    forged = changed(callback_url, state=secrets.token_urlsafe())
    outcome = refusal(proofkey.CallbackError, lambda: client.finish(login, forged))
    assert client.finish(login, callback_url).access_token.expose()
    cells.put("changed state", outcome, right=outcome == "`state_mismatch`")


def test_denied(server: Server, cells: Cells) -> None:
    client = client_of(server)
    login = begin(server, client)
    try:
        callback_url = browser.deny(login.url, USER, PASSWORD)
        client.finish(login, callback_url)
        outcome = "accepted"
    except browser.CannotRefuse:
        outcome = "not offered"
    except (proofkey.AuthorizationError, proofkey.CallbackError) as error:
        outcome = named(error)
    cells.put("denied", outcome, right=outcome == "`authorization_error` access_denied")


def test_prompt_none(server: Server, cells: Cells) -> None:
    """The browser is not signed in. OpenID Connect defines the parameter: for a request without the scope "openid", a
    server may show a page."""
    client = client_of(server)
    login = client.begin(scope=server.scope, extra={"prompt": "none"})
    callback_url = browser.visit(login.url)
    if callback_url is None:
        return cells.put("prompt=none", "a page", right=True)
    outcome = refusal(proofkey.AuthorizationError, lambda: client.finish(login, callback_url))
    cells.put("prompt=none", outcome, right=outcome.startswith("`authorization_error` "))


def test_the_table_is_the_one_that_is_checked_in(table: Table, request: pytest.FixtureRequest) -> None:
    """Compares the rest of the table: each cell was compared above. This test runs last."""
    if not table.complete:
        pytest.skip("not every server and case was run")
    if request.config.getoption("update_table"):
        CHECKED_IN.write_text(table.render())
        PAGE.write_text(table.page())
    assert CHECKED_IN.read_text() == table.render()
    assert PAGE.read_text() == table.page()
