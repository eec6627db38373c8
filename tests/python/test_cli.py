"""`python -m proofkey`, as a user runs it: in processes of its own."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cli_page
import proofkey
import pytest
import rfc7636
from proofkey import testing
from proofkey.testing import faults

# The test server lets everybody in, and redirects to loopback.
BROWSER = """
import contextlib, sys, urllib.error, urllib.request
with contextlib.suppress(urllib.error.HTTPError):
    urllib.request.urlopen(sys.argv[1]).read()
"""


class Running(subprocess.Popen[str]):
    """A command that does not outlive a test that fails."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)


class Cli:
    """The command line of one user, with a folder and a browser of their own."""

    def __init__(self, folder: Path) -> None:
        browser = folder / "browser.py"
        browser.write_text(BROWSER)
        self.home = folder / "home"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PROOFKEY_")},
            "PROOFKEY_HOME": str(self.home),
            "BROWSER": f"{sys.executable} {browser} %s &",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def start(self, *arguments: str, **options: Any) -> Running:
        streams: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "proofkey", *arguments]
        return Running(command, text=True, env=self.environment, **{**streams, **options})

    def run(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        with self.start(*arguments) as running:
            out, err = running.communicate(stdin, timeout=60)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(arguments, running.returncode, out, err)

    def out(self, *arguments: str, stdin: str = "") -> str:
        """What a command that succeeds prints."""
        ran = self.run(*arguments, stdin=stdin)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def fails(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        ran = self.run(*arguments, stdin=stdin)
        assert ran.stdout == ""
        return ran.returncode, ran.stderr

    def login(self, server: testing.AuthorizationServer, *arguments: str, scope: str = "openid files.read") -> Any:
        named = ["--issuer", server.issuer, "--client-id", "my-cli", "--scope", scope]
        return json.loads(self.out("login", *named, *arguments))

    def records(self) -> list[str]:
        return sorted(file.name for file in (self.home / "tokens").glob("*.tokens") if file.name != "key.tokens")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def test_from_login_to_logout(cli: Cli, server: testing.AuthorizationServer) -> None:
    told = cli.login(server)
    assert (told["profile"], told["scope"]) == ("default", ["openid", "files.read"])
    token = cli.out("token")
    assert re.fullmatch(r"[!-~]+\n", token)
    detail = json.loads(cli.out("token", "--json"))
    assert detail == {
        "access_token": token.strip(), "token_type": "Bearer", "expires_at": told["expires_at"], "scope": told["scope"],
    }  # fmt: skip
    assert cli.out("token", "--within", "3601") != token
    who = json.loads(cli.out("whoami"))
    assert who["claims"]["iss"] == server.issuer
    assert who["claims"]["sub"] == who["userinfo"]["sub"] == "user-1"
    out = json.loads(cli.out("logout", "--no-browser"))
    assert out["revoked"] is True
    assert out["end_session_url"].startswith(server.end_session_endpoint)
    assert [seen.path for seen in server.seen][-2:] == ["/revoke", "/revoke"]
    cli.login(server)
    assert json.loads(cli.out("logout")) == {"profile": "default", "revoked": True, "end_session_url": None}
    cli.login(server)
    cli.environment["PROOFKEY_NO_BROWSER"] = "1"
    assert json.loads(cli.out("logout"))["end_session_url"] is not None
    assert cli.fails("token")[0] == cli.fails("whoami")[0] == cli.fails("logout")[0] == 3
    assert cli.records() == []


def test_many_commands_refresh_once(cli: Cli, server: testing.AuthorizationServer) -> None:
    cli.login(server)
    old = cli.out("token").strip()
    running = [cli.start("token", "--rejected", "-") for _ in range(6)]
    got = {command.communicate(old)[0] for command in running}
    assert {command.returncode for command in running} == {0}
    assert len(got) == 1
    assert old not in got.pop()
    refreshed = [seen for seen in server.seen if ("grant_type", "refresh_token") in seen.params]
    assert len(refreshed) == 1


def test_the_next_login_needs_no_settings(cli: Cli, server: testing.AuthorizationServer) -> None:
    cli.login(server)
    assert json.loads(cli.out("login"))["scope"] == ["openid", "files.read"]
    assert json.loads(cli.out("login", "--scope", "files.write"))["scope"] == ["files.write"]
    assert len(cli.records()) == 1


def test_profiles_are_apart(cli: Cli, server: testing.AuthorizationServer) -> None:
    with testing.AuthorizationServer() as other:
        cli.login(server)
        cli.login(other, "--profile", "other")
        assert len(cli.records()) == 2
        cli.environment["PROOFKEY_PROFILE"] = "other"
        assert json.loads(cli.out("whoami"))["claims"]["iss"] == other.issuer
        assert json.loads(cli.out("whoami", "--profile", "default"))["claims"]["iss"] == server.issuer
        # The tokens of the server before are not left behind, where no command would find them.
        cli.login(server, "--profile", "other")
        assert len(cli.records()) == 2
        assert json.loads(cli.out("whoami"))["claims"]["iss"] == server.issuer


def test_without_a_browser_the_user_pastes_the_url(cli: Cli, server: testing.AuthorizationServer) -> None:
    cli.environment["PROOFKEY_NO_BROWSER"] = "1"
    ours, theirs = pty.openpty()
    named = ["--issuer", server.issuer, "--client-id", "my-cli", "--scope", "files.read"]
    with cli.start("login", *named, stdin=theirs) as running:
        os.close(theirs)
        assert running.stderr is not None
        assert running.stdout is not None
        url = next(found.group() for line in running.stderr if (found := re.search(r"http://\S+/authorize\S+", line)))
        assert any("paste" in line for line in running.stderr)
        os.write(ours, server.sign_in(url).encode() + b"\n")
        assert json.loads(running.stdout.read())["scope"] == ["files.read"]
        running.stderr.read()
    os.close(ours)
    assert running.returncode == 0


def test_a_code_for_another_device(cli: Cli) -> None:
    with testing.AuthorizationServer(consent="page", device_interval=1) as server:
        named = ["--issuer", server.issuer, "--client-id", "my-cli", "--scope", "files.read", "--device"]
        with cli.start("login", *named) as running:
            assert running.stderr is not None
            told = next(line for line in running.stderr if "enter this code" in line)
            server.allow_device(told.split()[-1])
            out, _ = running.communicate()
        assert json.loads(out)["scope"] == ["files.read"]
        assert running.returncode == 0
        assert cli.out("token", "--within", "3601"), "there is a refresh token, too"
        with cli.start("login", "--device") as running:
            assert running.stderr is not None
            told = next(line for line in running.stderr if "enter this code" in line)
            server.deny_device(told.split()[-1])
            _, err = running.communicate()
        assert (running.returncode, "access_denied" in err) == (1, True)
        ran = cli.run("login", "--device", "--timeout", "1")
        assert (ran.returncode, "timeout" in ran.stderr) == (4, True)


def test_nothing_secret_is_kept_or_shown(cli: Cli, tmp_path: Path) -> None:
    secret = tmp_path / "client-secret"
    secret.write_text("the-client-secret\n")
    app = testing.RegisteredClient("my-cli", client_secret="the-client-secret")
    with testing.AuthorizationServer(clients=[app]) as server:
        named = ["--issuer", server.issuer, "--client-id", "my-cli", "--client-secret-file", str(secret)]
        ran = cli.run("login", *named)
        assert ran.returncode == 0, ran.stderr
        token = json.loads(cli.out("token", "--json"))["access_token"]
        shown = ran.stdout + ran.stderr
        for file in cli.home.rglob("*"):
            if file.is_file():
                shown += file.read_text()
                assert file.stat().st_mode & 0o077 == 0
        assert "the-client-secret" not in shown
        assert token not in shown
        cli.out("token", "--within", "3601")
        secret.unlink()
        status, text = cli.fails("token", "--within", "3601")
        assert (status, "client-secret" in text) == (1, True)


def test_the_key_is_announced_once(cli: Cli, server: testing.AuthorizationServer) -> None:
    named = ["--issuer", server.issuer, "--client-id", "my-cli"]
    assert "keyring" in cli.run("login", *named).stderr
    assert "keyring" not in cli.run("login").stderr
    assert cli.run("token").stderr == ""


def test_how_commands_end(cli: Cli, server: testing.AuthorizationServer) -> None:
    named = ["--issuer", server.issuer, "--client-id", "my-cli"]
    with server.inject(faults.denied()):
        status, text = cli.fails("login", *named)
    assert (status, "access_denied" in text) == (1, True)
    assert cli.fails("token")[0] == 3
    cli.login(server, scope="files.read")
    token = cli.out("token")
    with server.inject(faults.unavailable("token")):
        assert cli.out("token", "--within", "3601") == token, "it is still valid"
        assert cli.fails("token", "--rejected", "-", stdin=token)[0] == 4
    with server.inject(faults.refuses("token", "invalid_grant")):
        status, text = cli.fails("token", "--rejected", "-", stdin=token)
    assert (status, "invalid_grant" in text) == (3, True)
    status, text = cli.fails("login", "--issuer", "http://127.0.0.1:1", "--client-id", "my-cli")
    assert (status, "connect_failed" in text) == (4, True)


@pytest.mark.parametrize(
    "arguments, status, told",
    [
        (["login"], 1, "--client-id"),
        (["login", "--issuer", "https://as.example"], 1, "--client-id"),
        (["login", "--client-id", "a"], 1, "--issuer"),
        (["login", "--client-id", "a", "--provider", "microsoft"], 1, "tenant"),
        (["login", "--client-id", "a", "--authorization-endpoint", "https://as.example/a"], 1, "--token-endpoint"),
        (["login", "--client-id", "a", "--provider", "github", "--ca-file", "/nowhere/ca.pem"], 1, "/nowhere/ca.pem"),
        (["login", "--client-id", "a", "--provider", "github", "--proxy", "http://me:s3cret@proxy.example"], 1, "password"),
        (["login", "--client-id", "a", "--provider", "github", "--proxy", "proxy.example"], 1, "proxy_invalid"),
        (["login", "--client-secret", "s3cret"], 2, "unrecognized arguments"),
        (["login", "--issuer", "https://a.example", "--provider", "github"], 2, "not allowed with"),
        (["token", "--profile", "../x"], 1, "name of a profile"),
        (["token", "--within", "9" * 5000], 2, "seconds"),
        (["token", "--rejected", "/nowhere/token"], 3, "tokens_absent"),
        (["serve", "--port", "65536"], 2, "65535"),
        ([], 2, "COMMAND"),
    ],
)
def test_wrong_arguments(cli: Cli, arguments: list[str], status: int, told: str) -> None:
    got, text = cli.fails(*arguments)
    assert (got, told in text) == (status, True), text


@pytest.mark.parametrize(
    "stored", ["{", "[]", "{}", '{"client_id": "a"}', '{"client_id": "a", "issuers": "x"}', '{"client_id": "a", "provider": "x"}']
)
def test_a_profile_that_somebody_broke(cli: Cli, stored: str) -> None:
    (cli.home / "profiles").mkdir(parents=True)
    (cli.home / "profiles" / "default.json").write_text(stored)
    status, text = cli.fails("token")
    assert (status, "profile" in text) == (1, True), text


def test_pkce_in_three_commands(cli: Cli, tmp_path: Path) -> None:
    assert cli.out("challenge", stdin=f"{rfc7636.B}\n") == f"{rfc7636.B_CHALLENGE}\n"
    assert cli.out("verify", f"--challenge={rfc7636.B_CHALLENGE}", stdin=rfc7636.B)
    for option in ([], ["--json"]):
        file = tmp_path / "pair"
        file.write_text(cli.out("pair", *option))
        challenge = cli.out("challenge", str(file))
        assert challenge.strip() in file.read_text()
        assert cli.out("verify", str(file)) == "the verifier belongs to the challenge\n"
        status, text = cli.fails("verify", str(file), f"--challenge={rfc7636.B_CHALLENGE}")
        assert (status, "does not match" in text) == (1, True)
    for wrong in ("", "short", "{", "{}", '{"code_verifier": 1}', "code_challenge=x"):
        assert cli.fails("challenge", stdin=wrong)[0] == 1
    assert cli.fails("verify", stdin=rfc7636.B)[0] == 1
    assert cli.fails("challenge", str(tmp_path / "absent"))[0] == 1


def test_a_reader_that_has_gone(cli: Cli) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with cli.start("pair", stdout=writing) as running:
        os.close(writing)
        assert running.communicate()[1] == ""
    assert running.returncode == 1


def test_the_server_for_tests(cli: Cli) -> None:
    # A shell that runs the tests in the background has them ignore Ctrl-C.
    with cli.start("serve", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert "Ctrl-C" in running.stderr.readline()
        lines = iter(running.stdout.readline, "}\n")
        metadata = json.loads("".join(lines) + "}")
        found = proofkey.Provider.discover(metadata["issuer"])
        assert found.token_endpoint == metadata["token_endpoint"]
        port = metadata["issuer"].rpartition(":")[2]
        status, text = cli.fails("serve", "--port", port)
        assert (status, "in use" in text) == (1, True)
        running.send_signal(signal.SIGINT)
        running.communicate()
    assert running.returncode == 0


def test_the_page_in_the_documentation_is_that_of_the_help() -> None:
    assert cli_page.PAGE.read_text(encoding="utf-8") == cli_page.page(), "run python tests/python/cli_page.py"
