"""The authorization servers: how each is started, and the URLs of its endpoints."""

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
_START_SECONDS = 240
_STOP_SECONDS = 20
_NEW_KEYS = "new keys\n"


@dataclass(frozen=True)
class Server:
    name: str
    version: str
    command: list[str]
    ready: str
    """A path that responds as soon as the server is set up."""
    notes: dict[str, str]
    """By case, why a cell of the table is not what it should be."""
    script: Path | None = None
    """The file that the command reads from its standard input."""
    folder: Path = TARGET
    """The working directory."""
    host: str = "127.0.0.1"
    """The host in its issuer."""
    path: str = ""
    """The issuer's path; the endpoints are below it."""
    authorize: str = "/authorize"
    iss_parameter_supported: bool = False
    scope: str = SETTINGS["scope"]
    extra: dict[str, str] = field(default_factory=dict)
    """Other parameters that an authorization request needs to get a refresh token."""
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
        """Tells the script to replace the server's keys, and waits until it reports that it has."""
        before = self.log.read_text().count(_NEW_KEYS)
        os.kill(self.pid, signal.SIGHUP)
        deadline = time.monotonic() + _START_SECONDS
        while self.log.read_text().count(_NEW_KEYS) == before:
            assert time.monotonic() < deadline, "the keys have not changed"
            time.sleep(0.05)

    @contextmanager
    def running(self) -> Iterator["Server"]:
        """Starts the server on a free port, waits until it responds, and stops it at the end of the block."""
        port = _free_port()
        TARGET.mkdir(parents=True, exist_ok=True)
        command = [str(port) if part == "PORT" else part for part in self.command]
        with open(self.script or os.devnull) as script, self.log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=script,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait(process, f"http://127.0.0.1:{port}{self.ready}", self.log)
            yield replace(self, port=port, pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                # With the processes that it started.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def fetch(url: str) -> bytes:
    with build_opener(ProxyHandler({})).open(url, timeout=5) as response:
        return bytes(response.read())


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
                raise RuntimeError(f"no response from {url}; its log ends with:\n{log.read_text()[-2000:]}") from error
            time.sleep(0.05)


def _pinned(requirements: Path, package: str) -> str:
    found = re.search(rf"^{package}==(\S+)$", requirements.read_text(), re.MULTILINE)
    assert found, package
    return found[1]


_NO_METADATA = "publishes no metadata"
_BASIC_ONLY = "accepts a secret in the Authorization header only"
_NOT_DECODED = "does not decode client credentials (RFC 6749 section 2.3.1): choose a secret of letters, digits and `-`"
_RS256_ONLY = "signs with RS256 only"
_ACCEPTS_ALL = "keeps no list of refresh tokens: accepts every one"
_SIGNS_IN = "signs everybody in without asking"

_NODE_PROVIDER = Server(
    name="oidc-provider",
    version=_PACKAGES["oidc-provider"],
    command=["node", "--input-type=module", "-", "PORT", str(SETTINGS_FILE)],
    script=HERE / "oidc-provider" / "server.mjs",
    # Node finds the modules of such a script from here.
    folder=NODE,
    ready="/.well-known/openid-configuration",
    authorize="/auth",
    iss_parameter_supported=True,
    # It issues refresh tokens only for this scope, and accepts this scope only with this prompt.
    scope=f"{SETTINGS['scope']} offline_access",
    extra={"prompt": "consent"},
    notes={},
)

_AUTHLIB = Server(
    name="authlib",
    version=_pinned(HERE / "authlib" / "requirements.txt", "Authlib"),
    command=[str(TARGET / "authlib/bin/python"), str(HERE / "authlib/server.py"), "PORT", str(SETTINGS_FILE)],
    ready="/.well-known/oauth-authorization-server",
    iss_parameter_supported=True,
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
        "revoke": "its revocation endpoint accepts confidential clients only: 401 with an empty body",
        "denied": "its page does not let the user refuse: granting nothing shows the page again",
        "ID token (EdDSA)": "makes `at_hash` with SHA-256, where Ed25519 has SHA-512",
        "max_age": "sends 0 as `auth_time`",
    },
)

_GLEWLWYD_OAUTH2 = replace(
    _GLEWLWYD,
    name="glewlwyd oauth2",
    path="/api/oauth2",
    notes={
        "discovery": _NO_METADATA,
        "post": _BASIC_ONLY,
        "odd-basic": _NOT_DECODED,
        "odd-post": _BASIC_ONLY,
        "revoke": _NO_METADATA,
        "revoke (confidential)": _NO_METADATA,
        "denied": "reports a user who grants nothing as `invalid_scope`",
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
        "granted scope": "grants this scope, whatever the client asked for",
        "wrong secret": "accepts every client, whatever its secret",
        "revoke": _ACCEPTS_ALL,
        "revoke (confidential)": _ACCEPTS_ALL,
        "no verifier": "checks the verifier only if one is sent",
        "denied": _SIGNS_IN,
        "prompt=none": _SIGNS_IN,
        "ID token (ES256)": _RS256_ONLY,
        "ID token (EdDSA)": _RS256_ONLY,
        "max_age": "sends no `auth_time`",
        "userinfo of another user": "has one user",
    },
)

SERVERS = {server.name: server for server in (_NODE_PROVIDER, _AUTHLIB, _GLEWLWYD, _GLEWLWYD_OAUTH2, _MOCK)}
"""Those of the table."""

# Of the archive, as in `keycloak-quarkus-dist-1.2.3.zip`.
_KEYCLOAK_VERSION = (HERE / "keycloak" / "SHA256SUMS").read_text().rpartition("-")[2].strip().removesuffix(".zip")

KEYCLOAK = Server(
    name="keycloak",
    version=_KEYCLOAK_VERSION,
    command=[
        sys.executable,
        str(HERE / "keycloak" / "start.py"),
        "PORT",
        str(SETTINGS_FILE),
        str(TARGET / f"keycloak-{_KEYCLOAK_VERSION}"),
    ],
    ready="/realms/proofkey/.well-known/openid-configuration",
    path="/realms/proofkey",
    authorize="/protocol/openid-connect/auth",
    notes={},
)
"""Only whole programs sign in at it, because it takes a minute to start."""
