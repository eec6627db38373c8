"""The authorization servers: how each is started and where it answers."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import cases

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "target" / "servers"
SETTINGS_FILE = HERE / "clients.json"
SETTINGS: dict[str, Any] = json.loads(SETTINGS_FILE.read_text())
NODE = TARGET / "npm"

_PACKAGES: dict[str, str] = json.loads((HERE / "package.json").read_text())["dependencies"]
_START_SECONDS = 30
_STOP_SECONDS = 5
_NEW_KEYS = "new keys\n"


@dataclass(frozen=True)
class Server:
    name: str
    version: str
    command: list[str]
    ready: str
    """The path that answers once all is set up."""
    notes: dict[str, str]
    """Why a cell of the table is not what it should be, by case."""
    script: Path | None = None
    """What the command reads from its standard input."""
    folder: Path = TARGET
    """Where it runs."""
    host: str = "127.0.0.1"
    """What it calls itself."""
    path: str = ""
    """The issuer's path; the endpoints are below it."""
    authorize: str = "/authorize"
    iss_promised: bool = False
    scope: str = SETTINGS["scope"]
    extra: dict[str, str] = field(default_factory=dict)
    """What else an authorization request needs, to get a refresh token."""
    port: int = 0
    pid: int = 0

    @property
    def issuer(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"

    @property
    def authorization_endpoint(self) -> str:
        return self.issuer + self.authorize

    @property
    def token_endpoint(self) -> str:
        return f"{self.issuer}/token"

    @property
    def jwks_uri(self) -> str:
        return f"{self.issuer}/jwks"

    @property
    def log(self) -> Path:
        return TARGET / f"{self.name.replace(' ', '-')}.log"

    def change_keys(self) -> None:
        """Has its script give it new keys for old, and waits until that says so."""
        said = self.log.read_text().count(_NEW_KEYS)
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + _START_SECONDS
        while self.log.read_text().count(_NEW_KEYS) == said:
            assert time.monotonic() < deadline, "it keeps its keys"
            time.sleep(0.05)

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """Starts it on a free port, waits until it answers, and stops that process."""
        port = _free_port()
        TARGET.mkdir(parents=True, exist_ok=True)
        command = [str(port) if part == "PORT" else part for part in self.command]
        with open(self.script or os.devnull) as script, self.log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, stdin=script, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            _wait(process, f"http://127.0.0.1:{port}{self.ready}", self.log)
            yield replace(self, port=port, pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def fetch(url: str) -> bytes:
    with build_opener(ProxyHandler({})).open(url, timeout=5) as answer:
        return bytes(answer.read())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            fetch(url)
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no answer at {url}; its log ends with:\n{log.read_text()[-2000:]}") from error
            time.sleep(0.05)


def _pinned(requirements: Path, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)$", requirements.read_text(), re.MULTILINE)
    assert found, package
    return found[1]


_NO_METADATA = "publishes no metadata"
_BASIC_ALONE = "takes a secret in the Authorization header only"
_NOT_DECODED = "does not decode client credentials (RFC 6749 section 2.3.1): take a secret of letters, digits and `-`"
_ONE_ALGORITHM = "signs with RS256 alone"
_FORGETS = "keeps no list of refresh tokens: takes every one"
_SIGNS_IN = "signs everybody in, without asking"

_NODE_PROVIDER = Server(
    name="oidc-provider",
    version=_PACKAGES["oidc-provider"],
    command=["node", "--input-type=module", "-", "PORT", str(SETTINGS_FILE)],
    script=HERE / "oidc-provider" / "server.mjs",
    # Node finds the modules of such a script from here.
    folder=NODE,
    ready="/.well-known/openid-configuration",
    authorize="/auth",
    iss_promised=True,
    # It gives refresh tokens for this scope alone, and takes this scope with this prompt alone.
    scope=f"{SETTINGS['scope']} offline_access",
    extra={"prompt": "consent"},
    notes={},
)

_AUTHLIB = Server(
    name="authlib",
    version=_pinned(HERE / "authlib" / "requirements.txt", "Authlib"),
    command=[str(TARGET / "authlib/bin/python"), str(HERE / "authlib/server.py"), "PORT", str(SETTINGS_FILE)],
    ready="/.well-known/oauth-authorization-server",
    iss_promised=True,
    notes={},
)

_GLEWLWYD_ROOT = TARGET / "glewlwyd" / "root"

_GLEWLWYD = Server(
    name="glewlwyd",
    version="2.7",
    command=[
        sys.executable,
        str(HERE / "glewlwyd" / "server.py"),
        "PORT",
        str(SETTINGS_FILE),
        str(_GLEWLWYD_ROOT if _GLEWLWYD_ROOT.exists() else "/"),
        str(TARGET / "glewlwyd-run"),
    ],
    ready="/api/oidc/.well-known/openid-configuration",
    path="/api/oidc",
    authorize="/auth",
    notes={
        "odd-basic": _NOT_DECODED,
        "revoke": "its revocation endpoint takes confidential clients only: 401 with an empty body",
        "denied": "its page does not let the user refuse: granting nothing leads back to it",
        "ID token (EdDSA)": "makes `at_hash` with SHA-256, where Ed25519 has SHA-512",
        "max_age": "says 0 for `auth_time`",
    },
)

_GLEWLWYD_OAUTH2 = replace(
    _GLEWLWYD,
    name="glewlwyd oauth2",
    path="/api/oauth2",
    notes={
        "discovery": _NO_METADATA,
        "post": _BASIC_ALONE,
        "odd-basic": _NOT_DECODED,
        "odd-post": _BASIC_ALONE,
        "revoke": _NO_METADATA,
        "revoke (confidential)": _NO_METADATA,
        "denied": "a user who grants nothing is reported as a scope that is not valid",
        **dict.fromkeys(cases.OPENID, "has no OpenID Connect"),
    },
)

_MOCK = Server(
    name="oauth2-mock-server",
    version=_PACKAGES["oauth2-mock-server"],
    command=["node", "--input-type=module", "-", "PORT"],
    script=HERE / "oauth2-mock-server" / "server.mjs",
    folder=NODE,
    ready="/.well-known/openid-configuration",
    host="localhost",
    notes={
        "granted scope": "answers with this scope, whatever was asked",
        "wrong secret": "takes every client, whatever its secret",
        "revoke": _FORGETS,
        "revoke (confidential)": _FORGETS,
        "no verifier": "compares the verifier only if one comes",
        "denied": _SIGNS_IN,
        "prompt=none": _SIGNS_IN,
        "ID token (ES256)": _ONE_ALGORITHM,
        "ID token (EdDSA)": _ONE_ALGORITHM,
        "max_age": "sends no `auth_time`",
        "userinfo of another user": "has one user",
    },
)

SERVERS = {server.name: server for server in (_NODE_PROVIDER, _AUTHLIB, _GLEWLWYD, _GLEWLWYD_OAUTH2, _MOCK)}
