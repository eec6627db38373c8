"""`client.login_with_browser()`: with a browser, with a URL that the user pastes, and the ways in which it fails."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit

import proofkey
import pytest
from conftest import ROOT
from proofkey import testing

EXAMPLE = ROOT / "examples" / "python" / "cli_login.py"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_other_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser._tryorder", [])
    monkeypatch.setattr("webbrowser._browsers", {})
    monkeypatch.delenv("PROOFKEY_NO_BROWSER", raising=False)


def client_of(server: testing.AuthorizationServer, redirect_uri: str | None = None) -> proofkey.Client:
    return proofkey.Client(server.provider, "my-cli", redirect_uri=redirect_uri)


def get(url: str) -> tuple[int, str]:
    """The status and the page."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


class Browser(webbrowser.BaseBrowser):
    """Signs in, and then opens the callback URL with `visit` in its own thread."""

    def __init__(
        self, server: testing.AuthorizationServer, visit: Callable[[str], Any] = get, name: str = "fake"
    ) -> None:
        super().__init__(name)
        self.urls: list[str] = []
        self.seen: list[Any] = []
        self._server = server
        self._visit = visit
        self._threads: list[threading.Thread] = []
        webbrowser.register(name, None, self, preferred=True)

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.urls.append(url)
        callback_url = self._server.sign_in(url)
        self._threads.append(threading.Thread(target=lambda: self.seen.append(self._visit(callback_url))))
        self._threads[-1].start()
        return True

    def close(self) -> None:
        for thread in self._threads:
            thread.join()


@contextmanager
def browser(
    server: testing.AuthorizationServer, visit: Callable[[str], Any] = get, name: str = "fake"
) -> Iterator[Browser]:
    opened = Browser(server, visit, name)
    try:
        yield opened
    finally:
        opened.close()


def secrets(server: testing.AuthorizationServer) -> set[str]:
    """What was sent to the token endpoint and must not appear anywhere else."""
    sent = {value for seen in server.seen for name, value in seen.params if name in {"code", "code_verifier"}}
    assert sent
    return sent


def test_a_login(server: testing.AuthorizationServer, capfd: pytest.CaptureFixture[str]) -> None:
    with browser(server) as opened:
        tokens = client_of(server).login_with_browser(
            scope=["files.read", "files.write"],
            prompt="consent",
            login_hint="ada@example.org",
            resource=["https://a.example", "https://b.example"],
            extra={"x": "y"},
        )
    assert tokens.scope == ["files.read", "files.write"]
    assert [seen.path for seen in server.seen] == ["/authorize", "/token"]
    asked = server.seen[0].params
    assert asked[-5:] == [
        ("resource", "https://a.example"),
        ("resource", "https://b.example"),
        ("prompt", "consent"),
        ("login_hint", "ada@example.org"),
        ("x", "y"),
    ]
    at_token = [value for name, value in server.seen[1].params if name == "resource"]
    assert at_token == ["https://a.example", "https://b.example"]
    redirect_uri = dict(asked)["redirect_uri"]
    assert redirect_uri.startswith("http://127.0.0.1:")
    assert redirect_uri.endswith("/callback")

    [(status, page)] = opened.seen
    assert status == 200
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"Open this URL to sign in: {opened.urls[0]}",
        f"waiting for the browser on {redirect_uri}",
        "signed in",
    ]
    for secret in {*secrets(server), tokens.access_token.expose()}:
        assert secret not in err + page


def test_the_openid_options_of_begin(server: testing.AuthorizationServer) -> None:
    with browser(server):
        tokens = client_of(server).login_with_browser(scope="openid", max_age=3600)
    assert dict(server.seen[0].params)["max_age"] == "3600"
    assert tokens.claims is not None and tokens.claims["auth_time"]
    with pytest.raises(proofkey.ConfigurationError, match="openid_scope_missing"):
        client_of(server).login_with_browser(acr_values=["2fa"])


def test_a_given_port_and_path(server: testing.AuthorizationServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with browser(server):
        client_of(server, f"http://127.0.0.1:{port}/signed/in").login_with_browser()
    assert dict(server.seen[0].params)["redirect_uri"] == f"http://127.0.0.1:{port}/signed/in"


def test_in_another_thread(server: testing.AuthorizationServer) -> None:
    tokens = []
    with browser(server):
        thread = threading.Thread(target=lambda: tokens.append(client_of(server).login_with_browser()))
        thread.start()
        thread.join()
    assert len(tokens) == 1


def test_a_forged_callback_comes_first(server: testing.AuthorizationServer) -> None:
    def visit(callback_url: str) -> list[int]:
        state = dict(parse_qsl(urlsplit(callback_url).query))["state"]
        urls = [callback_url.replace(state, "guess"), callback_url.replace("/callback", "/favicon.ico"), callback_url]
        return [get(url)[0] for url in urls]

    with browser(server, visit) as opened:
        client_of(server).login_with_browser()
    assert opened.seen == [[400, 404, 200]]


def test_the_user_refuses(server: testing.AuthorizationServer) -> None:
    def visit(callback_url: str) -> tuple[int, str]:
        url = urlsplit(callback_url)
        sent = dict(parse_qsl(url.query))
        return get(f"http://{url.netloc}{url.path}?error=access_denied&state={sent['state']}&iss={sent['iss']}")

    with browser(server, visit) as opened, pytest.raises(proofkey.AuthorizationError) as refused:
        client_of(server).login_with_browser()
    assert refused.value.error == "access_denied"
    [(status, page)] = opened.seen
    assert status == 400
    assert "refused" in page
    assert [seen.path for seen in server.seen] == ["/authorize"]


def test_no_callback_in_time(server: testing.AuthorizationServer, capfd: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    with pytest.raises(proofkey.CallbackError, match="login_expired"):
        client_of(server).login_with_browser(timeout=0.3)
    assert 0.3 <= time.monotonic() - started < 2
    assert "no browser could be opened here" in capfd.readouterr().err


def test_what_cannot_work(server: testing.AuthorizationServer) -> None:
    for timeout in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive number of seconds"):
            client_of(server).login_with_browser(timeout=timeout)
    with pytest.raises(proofkey.ConfigurationError, match="scope_invalid"):
        client_of(server).login_with_browser(scope="a  b")
    with pytest.raises(proofkey.ConfigurationError, match="redirect_uri_not_loopback"):
        client_of(server, "https://client.example/callback").login_with_browser()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(proofkey.TransportError) as refused:
        client_of(server, f"http://127.0.0.1:{taken.getsockname()[1]}/callback").login_with_browser()
    assert (refused.value.name, refused.value.request_sent) == ("connect_failed", False)


@pytest.mark.parametrize(("variable", "allowed"), [("1", True), ("", False)])
def test_without_a_browser(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch, variable: str, allowed: bool
) -> None:
    monkeypatch.setenv("PROOFKEY_NO_BROWSER", variable)
    with browser(server) as opened, pytest.raises(proofkey.CallbackError, match="login_expired"):
        client_of(server).login_with_browser(browser=allowed, timeout=0.2)
    assert opened.urls == []


def test_an_empty_variable_counts_as_unset(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOFKEY_NO_BROWSER", "")
    with browser(server) as opened:
        client_of(server).login_with_browser()
    assert len(opened.urls) == 1


@pytest.mark.parametrize("name", ["w3m", "/usr/bin/lynx"])
def test_a_browser_in_the_terminal_is_not_opened(server: testing.AuthorizationServer, name: str) -> None:
    with browser(server, name=name) as opened, pytest.raises(proofkey.CallbackError, match="login_expired"):
        client_of(server).login_with_browser(timeout=0.2)
    assert opened.urls == []


def test_an_exception_of_the_browser_ends_the_login(server: testing.AuthorizationServer) -> None:
    class Broken(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
            raise LookupError("broken")

    webbrowser.register("broken", None, Broken(), preferred=True)
    with pytest.raises(LookupError, match="broken"):
        client_of(server).login_with_browser()


@pytest.mark.parametrize("stderr", [None, "closed"])
def test_without_a_stderr(
    server: testing.AuthorizationServer, monkeypatch: pytest.MonkeyPatch, stderr: str | None
) -> None:
    with open(os.devnull, "w") as closed:
        pass
    monkeypatch.setattr(sys, "stderr", closed if stderr else None)
    with browser(server):
        assert client_of(server).login_with_browser().access_token.expose()


# Programs in a process of their own.

PROGRAM = """
import sys
import proofkey
client = proofkey.Client(proofkey.Provider.discover(sys.argv[1]), "my-cli")
try:
    tokens = client.login_with_browser(scope="files.read", browser=False)
except KeyboardInterrupt:
    print("interrupted")
else:
    print("granted", *tokens.scope, flush=True)
    if sys.stdin.isatty():
        print("then", input(), flush=True)
"""
OWN_TERMINAL = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"


class Run:
    """A running program that signs in, and what it has written to stderr."""

    def __init__(self, command: list[str], stdin: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", *command],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        # A program that hangs is killed; the test then fails because nothing more is written.
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.daemon = True
        self.watchdog.start()
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.stdout: IO[str] = self.process.stdout
        self.stderr: IO[str] = self.process.stderr
        self.said = ""
        self.wait_for("waiting for the browser")

    def wait_for(self, text: str) -> None:
        while text not in self.said:
            line = self.stderr.readline()
            assert line, self.said
            self.said += line

    @property
    def url(self) -> str:
        return self.said.partition("sign in: ")[2].partition("\n")[0]

    def end(self) -> str:
        """What it wrote to stdout."""
        out, err = self.process.communicate(timeout=20)
        self.said += err
        return out


@contextmanager
def run(command: list[str], stdin: int = subprocess.DEVNULL) -> Iterator[Run]:
    running = Run(command, stdin)
    try:
        yield running
    finally:
        running.watchdog.cancel()
        running.process.kill()
        running.process.communicate()


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """The user's end of a terminal, and the program's end."""
    ends = os.openpty()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def program(server: testing.AuthorizationServer, before: str = "") -> list[str]:
    return ["-c", before + PROGRAM, server.issuer]


def test_ctrl_c(server: testing.AuthorizationServer) -> None:
    with run(program(server)) as running:
        assert "paste" not in running.said, "it has no terminal"
        time.sleep(0.3)  # until it waits in native code
        started = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        assert running.end() == "interrupted\n"
        assert time.monotonic() - started < 1
    assert server.seen == []


def test_ctrl_c_on_a_terminal(server: testing.AuthorizationServer) -> None:
    with terminal() as (user, end), run(program(server, OWN_TERMINAL), end) as running:
        time.sleep(0.3)
        started = time.monotonic()
        os.write(user, b"\x03")
        assert running.end() == "interrupted\n"
        assert time.monotonic() - started < 1


def test_the_url_is_pasted(server: testing.AuthorizationServer) -> None:
    with terminal() as (user, end), run(program(server, OWN_TERMINAL), end) as running:
        assert "; you can also paste the URL that it was sent to" in running.said
        callback_url = server.sign_in(running.url)
        state = dict(parse_qsl(urlsplit(callback_url).query))["state"]
        os.write(user, b"\nwhat now?\n")
        running.wait_for("that did not work (the callback is not form-encoded UTF-8)")
        os.write(user, callback_url.replace(state, "guess").encode() + b"\n")
        running.wait_for("that did not work (the callback belongs to another login)")
        assert running.said.count("that did not work") == 2
        # The user may copy spaces with the URL, and may type more than that.
        os.write(user, f"  {callback_url} \nnext line\n".encode())
        assert running.end() == "granted files.read\nthen next line\n"
    assert running.said.endswith("\nsigned in\n")
    assert [seen.status for seen in server.seen] == [302, 200]
    assert not any(secret in running.said for secret in secrets(server))


def test_input_is_left_to_the_program_after_a_login_by_browser(server: testing.AuthorizationServer) -> None:
    with terminal() as (user, end), run(program(server, OWN_TERMINAL), end) as running:
        os.write(user, b"next ")
        time.sleep(0.3)
        assert get(server.sign_in(running.url))[0] == 200
        assert running.stdout.readline() == "granted files.read\n"
        os.write(user, b"line\n")
        assert running.end() == "then next line\n"


def test_the_end_of_the_input_does_not_end_the_login(server: testing.AuthorizationServer) -> None:
    with terminal() as (user, end), run(program(server, OWN_TERMINAL), end) as running:
        os.write(user, b"\x04")
        time.sleep(0.3)
        assert get(server.sign_in(running.url))[0] == 200
        assert running.stdout.readline() == "granted files.read\n"
        os.write(user, b"next line\n")
        assert running.end() == "then next line\n"
    assert "that did not work" not in running.said


BACKGROUND = """
import os, subprocess, sys
login = subprocess.Popen([sys.executable, "-I", "-c", sys.argv[1], sys.argv[2]], preexec_fn=os.setpgrp)
login.wait()
print("the shell's:", input())
"""


def test_in_the_background_the_terminal_is_not_read(server: testing.AuthorizationServer) -> None:
    background = PROGRAM.replace("sys.stdin.isatty()", "False")
    command = ["-c", OWN_TERMINAL + BACKGROUND, background, server.issuer]
    with terminal() as (user, end), run(command, end) as running:
        os.write(user, b"ls\n")
        time.sleep(0.3)
        assert get(server.sign_in(running.url))[0] == 200
        assert running.end() == "granted files.read\nthe shell's: ls\n"


def test_the_example_program(server: testing.AuthorizationServer) -> None:
    with run([str(EXAMPLE), server.issuer, "my-cli", "--scope", "files.read", "--no-browser"]) as running:
        assert get(server.sign_in(running.url))[0] == 200
        assert running.end() == "files.read\n"
        assert running.process.returncode == 0
    assert running.said.endswith("\nsigned in\n")
    assert not any(secret in running.said for secret in secrets(server))


def test_the_example_program_says_what_went_wrong() -> None:
    command = [sys.executable, "-I", str(EXAMPLE), "http://127.0.0.1:1", "my-cli"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("connect_failed: ")
