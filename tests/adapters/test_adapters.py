"""Every row of the table with every framework, and tests that do not fit into a row."""

import re
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html import unescape
from threading import Barrier
from urllib.parse import urlencode

import pytest
from cases import CASES, CHALLENGE, TOKENS, VERIFIER, Case, challenge, issued, outcome, verifier
from conftest import Servers
from driver import FRAMEWORKS, OLD_TOOLKIT, TOOLKIT, TOOLKITS, Framework, Response, Server, running
from oauthlib.oauth2 import RequestValidator
from proofkey.server.oauthlib import PkceMixin
from table import CHECKED_IN, RACE, Table

MANY = 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_frameworks_own_pkce(case: Case, framework: Framework, servers: Servers, table: Table) -> None:
    """The outcome goes into the table, which is compared at the end."""
    table.put(framework.name, "before", case.name, outcome(case, servers(framework, "before", case.policy)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_adapter(case: Case, framework: Framework, servers: Servers, table: Table) -> None:
    seen = outcome(case, servers(framework, "after", case.policy))
    table.put(framework.name, "after", case.name, seen)
    assert seen == case.right


@pytest.mark.parametrize("kind", ["before", "after"])
def test_many_requests_with_one_code(kind: str, framework: Framework, table: Table) -> None:
    """All of them pass every check before the first one continues."""
    with running(framework, kind, "strict", together=MANY) as server:
        seen = race(server)
        stored = int(server.send("GET", "/tokens").body) if framework.name == "django-oauth-toolkit" else seen[TOKENS]
    not_received = f", {stored - seen[TOKENS]} more stored" if stored > seen[TOKENS] else ""
    table.put(framework.name, kind, RACE, f"{seen[TOKENS]}{not_received}")
    if kind == "after":
        assert seen == {TOKENS: 1, "token: invalid_grant": MANY - 1}
        assert stored == 1


def race(server: Server) -> Counter[str]:
    """What many requests with one code get."""
    code = server.authorize(challenge()).code
    assert code
    start = Barrier(MANY)

    def exchange(_: int) -> str:
        start.wait()
        return issued(server.token(code, verifier(VERIFIER)))

    with ThreadPoolExecutor(MANY) as threads:
        return Counter(threads.map(exchange, range(MANY)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_django_oauth_toolkit_of_both_versions_on_both_databases(
    case: Case, toolkit: Framework, servers: Servers
) -> None:
    assert outcome(case, servers(toolkit, "after", case.policy)) == case.right


def test_many_requests_with_one_code_of_both_versions_on_both_databases(
    toolkit: Framework, request: pytest.FixtureRequest
) -> None:
    database = request.getfixturevalue("new_database")() if toolkit.postgres else None
    with running(toolkit, "after", "strict", together=MANY, postgres=database) as server:
        assert race(server) == {TOKENS: 1, "token: invalid_grant": MANY - 1}
        assert server.send("GET", "/tokens").body == "1"


@pytest.mark.parametrize("name", [TOOLKIT.name, OLD_TOOLKIT])
def test_a_validator_of_the_project(name: str, servers: Servers) -> None:
    """PKCE is proofkey's. The rest is the project's: which clients need it, scopes, and what happens on saving."""
    server = servers({**FRAMEWORKS, **TOOLKITS}[name], "after", "project")
    assert server.authorize([], "public").redirected["error"] == ["invalid_request"]
    code, free = server.authorize(challenge()).code, server.authorize([], "confidential").code
    assert code and free
    assert issued(server.token(code, verifier(VERIFIER[::-1]))) == "token: invalid_grant"
    assert issued(server.token(code, verifier(VERIFIER))) == TOKENS
    assert issued(server.token(free, [], "confidential")) == TOKENS
    assert server.authorize(challenge(), scope="other").redirected["error"] == ["invalid_scope"]
    listed = ["a code for public", "a code for confidential", "a token for public", "a token for confidential"]
    assert server.send("GET", "/issued").body == ", ".join(listed)


def test_a_validator_that_would_switch_pkce_off_cannot_be_defined() -> None:
    class Project(RequestValidator):  # type: ignore[misc]
        def is_pkce_required(self, client_id: str, request: object) -> bool:
            return True

    class Right(PkceMixin, Project): ...

    with pytest.raises(TypeError, match="Wrong.is_pkce_required would switch PKCE off: .* first in the list of bases"):

        class Wrong(Project, PkceMixin): ...

    with pytest.raises(TypeError, match="Own.get_code_challenge would switch PKCE off"):

        class Own(PkceMixin, Project):
            def get_code_challenge(self, code: str, request: object) -> None: ...


@pytest.mark.parametrize("stored", ["", "none ", "S256", CHALLENGE, "x" * 128])
def test_a_lost_binding_is_an_error_and_never_means_no_pkce(
    stored: str, framework: Framework, servers: Servers
) -> None:
    server = servers(framework, "after", "optional")
    for client_id, pkce in (("public", challenge()), ("confidential", [])):
        code = server.authorize(pkce, client_id).code
        assert code
        store(server, code, stored)
        logged = server.log.count("binding_malformed: ")
        for sent in ([], verifier(VERIFIER), verifier(CHALLENGE)):
            assert issued(server.token(code, sent, client_id)) == "token: invalid_grant"
        assert server.log.count("binding_malformed: ") == logged + 3, "the name is in the log"
        assert code not in server.log


def test_an_unauthenticated_client_gets_nothing_without_a_verifier(framework: Framework, servers: Servers) -> None:
    """Even if no challenge is bound to its code, for example because the client was confidential before."""
    server = servers(framework, "after", "optional")
    code = server.authorize(challenge()).code
    assert code
    store(server, code, "none")
    assert issued(server.token(code, [])) == "token: invalid_grant"
    assert issued(server.token(code, verifier(VERIFIER))) == "token: invalid_request"


@pytest.mark.parametrize("step", ["validate_code", "get_pkce_binding"])
def test_a_code_that_is_used_meanwhile(step: str) -> None:
    """Every step of django-oauth-toolkit looks the code up again, and the toolkit's own code raises if it is gone."""
    with running(FRAMEWORKS["django-oauth-toolkit"], "after", "strict", together=2) as server:
        code = server.authorize(challenge()).code
        assert code
        assert issued(server.token(code, [*verifier(VERIFIER), ("vanish", step)])) == "token: invalid_grant"
        assert server.log == "", "the storage is not at fault, so nothing is logged"


def test_a_code_whose_tokens_cannot_be_stored(servers: Servers) -> None:
    """django-oauth-toolkit checks `resource` when it stores the tokens. If that fails, the code stays good."""
    server = servers(FRAMEWORKS["django-oauth-toolkit"], "after", "strict")
    code = server.authorize(challenge()).code
    assert code
    refused = server.token(code, [*verifier(VERIFIER), ("resource", "nowhere")])
    assert (refused.status, '"invalid_target"' in refused.body) == (400, True)
    assert issued(server.token(code, verifier(VERIFIER))) == TOKENS


def test_a_consent_page_of_django_oauth_toolkit(servers: Servers) -> None:
    """The page has the challenge in its form, so the post of the form works without the query."""
    server = servers(FRAMEWORKS["django-oauth-toolkit"], "after", "optional")
    page = server.authorize(challenge(), "asks")
    assert (page.status, page.code) == (200, None)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.body))
    assert fields["code_challenge"] == CHALLENGE
    kept = {name: unescape(value) for name, value in fields.items()} | {"allow": "Authorize"}

    def post(form: dict[str, str]) -> Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return server.send("POST", "/authorize/", urlencode(form), headers)

    code = post(kept).code
    assert code
    assert issued(server.token(code, verifier(VERIFIER[::-1]), "asks")) == "token: invalid_grant"
    assert issued(server.token(code, verifier(VERIFIER), "asks")) == TOKENS
    assert post(kept | {"code_challenge": ""}).redirected["error"] == ["invalid_request"]


def store(server: Server, code: str, binding: str) -> None:
    """Replaces the binding that is stored with a code."""
    framework = server.framework
    with closing(sqlite3.connect(server.folder / framework.database, timeout=30)) as database, database:
        statement = f"UPDATE {framework.table} SET {framework.column} = ? WHERE code = ?"
        assert database.execute(statement, (binding, code)).rowcount == 1


def test_the_table(table: Table, request: pytest.FixtureRequest) -> None:
    if not table.complete:
        pytest.fail("run all tests of this folder to compare the table", pytrace=False)
    if request.config.getoption("update_table"):
        CHECKED_IN.write_text(table.render())
    assert table.render() == CHECKED_IN.read_text()
