"""The cases of the OpenID conformance suite's relying-party plans, in Python and in Rust, against the test server."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Literal, Protocol
from urllib.parse import urlsplit

import proofkey
import pytest
import vectors
from conftest import ROOT
from proofkey import testing
from proofkey.testing import Callback, faults

CLIENT_ID = "my-app"
# With characters that client_secret_basic has to encode.
CLIENT_SECRET = "s3cret +%:&"
REDIRECT_URI = "http://127.0.0.1:8400/callback"
RETURN_TO = "http://127.0.0.1:8400/bye?lang=en"
STATE = "af0ifjsldkj"
USER = testing.User(
    "user-1",
    {"name": "Ada", "email": "ada@example.com", "address": {"country": "GB"}, "phone_number": "+1 (555) 0100"},
)

# The modules of each plan. "other" has modules of plans for other flows, which apply to the code flow too.
MODULES = {
    "basic": [
        "oidcc-client-test",
        "oidcc-client-test-invalid-iss",
        "oidcc-client-test-missing-sub",
        "oidcc-client-test-invalid-aud",
        "oidcc-client-test-missing-iat",
        "oidcc-client-test-invalid-sig-rs256",
        "oidcc-client-test-nonce-invalid",
        "oidcc-client-test-userinfo-invalid-sub",
        "oidcc-client-test-kid-absent-single-jwks",
        "oidcc-client-test-kid-absent-multiple-jwks",
        "oidcc-client-test-idtoken-sig-rs256",
        "oidcc-client-test-idtoken-sig-none",
        "oidcc-client-test-scope-userinfo-claims",
        "oidcc-client-test-client-secret-basic",
    ],
    "config": [
        "oidcc-client-test-discovery-openid-config",
        "oidcc-client-test-discovery-jwks-uri-keys",
        "oidcc-client-test-discovery-issuer-mismatch",
        "oidcc-client-test-signing-key-rotation-just-before-signing",
        "oidcc-client-test-signing-key-rotation",
    ],
    "form_post": ["oidcc-client-test"],
    "refresh": [
        "oidcc-client-test-refresh-token",
        "oidcc-client-test-refresh-token-invalid-issuer",
        "oidcc-client-test-refresh-token-invalid-sub",
    ],
    "rp_initiated_logout": [
        "oidcc-client-test-rp-init-logout",
        "oidcc-client-test-rp-init-logout-other-state",
        "oidcc-client-test-rp-init-logout-no-state",
    ],
    "other": [
        "oidcc-client-test-invalid-sig-es256",
        "oidcc-client-test-invalid-athash",
        "oidcc-client-test-invalid-chash",
        "oidcc-client-test-missing-aud",
    ],
}

CONFORMANCE = vectors.conformance()
CASES = CONFORMANCE.conformance_cases


class Refused(Exception):
    """The relying party refused. The argument is the name of the error."""


class RelyingParty(Protocol):
    """What both languages do. Every method raises `Refused`."""

    def discover(self) -> None: ...
    def begin(self, scope: str, response_mode: Literal["query", "form_post"]) -> str: ...
    def finish(self, callback: Callback) -> None: ...
    def userinfo(self) -> set[str]: ...
    def refresh(self) -> None: ...
    def end_session(self, return_to: str, state: str) -> str: ...
    def accept_end_session(self, callback_url: str, return_to: str, state: str) -> None: ...


class InPython:
    def __init__(self, issuer: str, client_secret: str | None) -> None:
        self.issuer = issuer
        self.client_secret = client_secret

    def discover(self) -> None:
        with refusals():
            provider = proofkey.Provider.discover(self.issuer)
            self.client = proofkey.Client(
                provider, CLIENT_ID, redirect_uri=REDIRECT_URI, client_secret=self.client_secret
            )

    def begin(self, scope: str, response_mode: Literal["query", "form_post"]) -> str:
        with refusals():
            self.login = self.client.begin(scope=scope, response_mode=response_mode)
            return self.login.url

    def finish(self, callback: Callback) -> None:
        with refusals():
            self.tokens = self.client.finish(
                self.login, callback.url, content_type=callback.content_type, body=callback.body
            )

    def userinfo(self) -> set[str]:
        with refusals():
            return {*self.client.userinfo(self.tokens)}

    def refresh(self) -> None:
        with refusals():
            self.tokens = self.client.refresh(self.tokens)

    def end_session(self, return_to: str, state: str) -> str:
        with refusals():
            return self.client.end_session_url(self.tokens, return_to=return_to, state=state)

    def accept_end_session(self, callback_url: str, return_to: str, state: str) -> None:
        with refusals():
            self.client.accept_end_session(callback_url, return_to=return_to, state=state)


@contextmanager
def refusals() -> Iterator[None]:
    try:
        yield
    except proofkey.Error as error:
        raise Refused(error.name) from error


class InRust:
    """Drives crates/proofkey/examples/conformance.rs, which describes the lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def discover(self) -> None:
        assert self.ask("discover") == "discovered"

    def begin(self, scope: str, response_mode: Literal["query", "form_post"]) -> str:
        return self.ask("begin", scope, response_mode)

    def finish(self, callback: Callback) -> None:
        form = [] if callback.body is None else [callback.content_type or "", callback.body]
        assert self.ask("finish", callback.url, *form) == "tokens"

    def userinfo(self) -> set[str]:
        return {*self.ask("userinfo").split()[1:]}

    def refresh(self) -> None:
        assert self.ask("refresh") == "tokens"

    def end_session(self, return_to: str, state: str) -> str:
        return self.ask("end_session", return_to, state)

    def accept_end_session(self, callback_url: str, return_to: str, state: str) -> None:
        assert self.ask("accept_end_session", callback_url, return_to, state) == "signed_out"

    def ask(self, *words: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        response = self.process.stdout.readline().rstrip("\n")
        assert response, f"the program has ended at {words[0]}"
        if response in ERROR_NAMES:
            raise Refused(response)
        return response


ERROR_NAMES = {*vectors.errors().of_python}


@pytest.fixture(scope="session")
def rust_program() -> str:
    cargo = ["cargo", "build", "--quiet", "--locked", "--package", "proofkey", "--example", "conformance"]
    built = subprocess.run([*cargo, "--message-format=json"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert built.returncode == 0
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    programs = [message["executable"] for message in messages if message.get("target", {}).get("name") == "conformance"]
    return str(programs[0])


@contextmanager
def in_rust(program: str, issuer: str, client_secret: str | None) -> Iterator[InRust]:
    settings = {"ISSUER": issuer, "CLIENT_ID": CLIENT_ID, "REDIRECT_URI": REDIRECT_URI}
    if client_secret is not None:
        settings["CLIENT_SECRET"] = client_secret
    with subprocess.Popen(
        [program], env={**os.environ, **settings}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield InRust(process)


def run(case: vectors.ConformanceCase, server: testing.AuthorizationServer, party: RelyingParty) -> tuple[str, int]:
    """The outcome of a case, and how many steps led to it."""
    outcome = "nothing"
    for number, step in enumerate(case.steps, 1):
        try:
            if isinstance(step, dict):
                inject(server, **step)
            elif step == "rotate_keys":
                server.rotate_keys()
            elif step == "discover":
                party.discover()
            elif step == "login":
                callback = server.browse(party.begin(case.scope, case.response_mode))
                assert (callback.body is not None) == (case.response_mode == "form_post")
                party.finish(callback)
                outcome = "tokens"
            elif step == "userinfo":
                assert party.userinfo() >= {*(case.claims or ["sub"])}
            elif step == "refresh":
                party.refresh()
            elif step == "end_session":
                callback_url = location(party.end_session(RETURN_TO, STATE))
                sent = dict(server.seen[-1].params)
                assert (sent["client_id"], sent["state"], sent["post_logout_redirect_uri"]) == (
                    CLIENT_ID, STATE, RETURN_TO,
                )  # fmt: skip
                assert sent["id_token_hint"].count(".") == 2
                party.accept_end_session(callback_url, RETURN_TO, STATE)
                outcome = "signed_out"
            else:
                raise AssertionError(f"no such step: {step}")
        except Refused as refused:
            return str(refused), number
    return outcome, len(case.steps)


def inject(server: testing.AuthorizationServer, **step: object) -> None:
    fault = getattr(faults, str(step.pop("inject")))
    arguments = step.pop("with", {})
    assert isinstance(arguments, dict) and not step
    server.inject(fault(**arguments))


def location(url: str) -> str:
    """Where the browser is sent to from this URL."""
    target = urlsplit(url)
    with closing(HTTPConnection(target.netloc, timeout=10)) as connection:
        connection.request("GET", f"{target.path}?{target.query}")
        return str(connection.getresponse().headers["Location"])


def check(case: vectors.ConformanceCase, language: str, program: str) -> None:
    secret = CLIENT_SECRET if case.client_auth == "client_secret_basic" else None
    client = testing.RegisteredClient(
        CLIENT_ID,
        client_secret=secret,
        redirect_uris=[REDIRECT_URI],
        post_logout_redirect_uris=[RETURN_TO],
        auth_method="client_secret_basic" if secret else None,
    )
    with testing.AuthorizationServer(users=[USER], clients=[client], id_token_alg=case.id_token_alg) as server:
        if language == "python":
            ran = run(case, server, InPython(server.issuer, secret))
        else:
            with in_rust(program, server.issuer, secret) as party:
                ran = run(case, server, party)
        # The outcome comes with the last step, and not before it.
        assert ran == (case.expect, len(case.steps))
        assert [seen.path.lstrip("/") for seen in server.seen] == case.requests


@pytest.mark.parametrize("case", CASES, ids=[f"{case.plan}-{case.name}" for case in CASES])
def test_in_python(case: vectors.ConformanceCase) -> None:
    check(case, "python", "")


@pytest.mark.parametrize("case", CASES, ids=[f"{case.plan}-{case.name}" for case in CASES])
def test_in_rust(case: vectors.ConformanceCase, rust_program: str) -> None:
    check(case, "rust", rust_program)


def test_the_cases_are_exactly_these_modules() -> None:
    assert [(case.plan, case.name) for case in CASES] == [
        (plan, name) for plan, names in MODULES.items() for name in names
    ]
    assert len(CASES) == CONFORMANCE.counts["conformance_cases"] == 30


def test_the_outcomes_are_in_the_error_table() -> None:
    assert {case.expect for case in CASES} <= ERROR_NAMES | {"tokens", "signed_out"}
