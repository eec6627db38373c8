"""Glewlwyd on a fresh SQLite database. Its admin API sets up the users and clients of clients.json, and both plugins.

Arguments: PORT CLIENTS_JSON ROOT FOLDER. ROOT is where the Debian package is unpacked ("/" if it is installed), and
FOLDER is for the database and the configuration. The OIDC plugin is set up last: once its metadata is served,
everything is ready. SIGHUP replaces the key for RS256.
"""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from keys import Keys, rsa_pem

PORT = int(sys.argv[1])
SETTINGS = json.loads(Path(sys.argv[2]).read_text())
ROOT, FOLDER = Path(sys.argv[3]), Path(sys.argv[4])
BASE = f"http://127.0.0.1:{PORT}"

CONFIG = f"""
port={PORT}
bind_address="127.0.0.1"
external_url="{BASE}"
login_url="login.html"
api_prefix="api"
static_files_path="{ROOT}/usr/share/glewlwyd/webapp/"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{ROOT}/usr/lib/glewlwyd/user"
client_module_path="{ROOT}/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="{ROOT}/usr/lib/glewlwyd/scheme"
plugin_module_path="{ROOT}/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type = "sqlite3"; path = "{FOLDER}/glewlwyd.sqlite3"; }};
static_files_mime_types = ( {{ extension = ".html"; mime_type = "text/html"; compress = 0; }} );
"""

COMMON = {
    "access-token-duration": 3600,
    "refresh-token-duration": 86400,
    "code-duration": 600,
    "refresh-token-rolling": True,
    "auth-type-code-enabled": True,
    "auth-type-refresh-enabled": True,
    "auth-type-implicit-enabled": False,
    "auth-type-password-enabled": False,
    "auth-type-client-enabled": False,
    "auth-type-token-enabled": False,
    "auth-type-id-token-enabled": True,
    "auth-type-none-enabled": False,
    "auth-type-device-enabled": True,
    "device-authorization-expiration": 600,
    "device-authorization-interval": 1,
    "pkce-allowed": True,
    "pkce-method-plain-allowed": False,
    "scope": [],
    "additional-parameters": [],
}

OIDC = {
    "iss": f"{BASE}/api/oidc",
    "allow-non-oidc": True,
    "auth-type-code-revoke-replayed": True,
    "oauth-as-iss-id": True,
    "introspection-revocation-allowed": True,
    "introspection-revocation-allow-target-client": True,
    "introspection-revocation-auth-scope": [],
    "jwks-show": True,
    "client-sign_kid-parameter": "sign_kid",
    "session-management-allowed": True,
    "session-cookie-name": "GLEWLWYD2_OIDC_SESSION",
    "session-cookie-expiration": 3600,
    "subject-type": "public",
    "name-claim": "on-demand",
    "email-claim": "on-demand",
    "scope-claim": "on-demand",
    "pkce-scopes": [SETTINGS["scope"]],
}

KEYS = Keys()


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_database(FOLDER / "glewlwyd.sqlite3")
    (FOLDER / "glewlwyd.conf").write_text(CONFIG)
    libraries = ":".join(str(path) for path in ROOT.glob("usr/lib/*-linux-gnu"))
    child = subprocess.Popen(
        [ROOT / "usr/bin/glewlwyd", f"--config-file={FOLDER}/glewlwyd.conf"],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
    )
    signal.signal(signal.SIGTERM, lambda _signal, _frame: child.terminate())
    signal.signal(signal.SIGHUP, change_keys)
    try:
        wait_for(child)
        configure()
        status = child.wait()
    except BaseException:
        child.terminate()
        child.wait()
        raise
    sys.exit(status)


def make_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    script = gzip.decompress((ROOT / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz").read_bytes()).decode()
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA synchronous=OFF; BEGIN; {script}; COMMIT;")
    database.close()


opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
)


def wait_for(child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            opener.open(f"{BASE}/config", timeout=5).close()
            return
        except OSError:
            if child.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def call(method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{BASE}/api{path}", data, headers, method=method)
    try:
        with opener.open(request, timeout=10) as response:
            return json.loads(response.read() or "null")
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def configure() -> None:
    scope = SETTINGS["scope"]
    # The default administrator of a fresh database.
    call("POST", "/auth", {"username": "admin", "password": "password"})
    call("POST", "/scope/", {"name": scope, "display_name": scope, "description": scope, "password_required": False})
    for username in (SETTINGS["user"], SETTINGS["other_user"]):
        user = {"username": username, "password": SETTINGS["password"], "scope": [scope, "openid"], "enabled": True}
        call("POST", "/user/", user)
    keep_client_properties()
    for client_id, client in SETTINGS["clients"].items():
        settings = {
            "client_id": client_id,
            "name": client_id,
            "enabled": True,
            "confidential": client["secret"] is not None,
            "redirect_uri": [SETTINGS["redirect_uri"]],
            "authorization_type": ["code", "refresh_token", "device_authorization"],
            "token_endpoint_auth_method": [client["auth_method"]],
            "scope": [],
            "post_logout_redirect_uris": [SETTINGS["signed_out_uri"]],
            **({"sign_kid": client["id_token_alg"]} if "id_token_alg" in client else {}),
            **({"client_secret": client["secret"]} if client["secret"] else {}),
        }
        call("POST", "/client/", settings)

    plugin("POST", "/mod/plugin/", "oauth2-glewlwyd", "oauth2", {**COMMON, **rsa_pem()})
    plugin("POST", "/mod/plugin/", "oidc", "oidc", {**COMMON, **OIDC, "jwks-private": KEYS.private()})


def keep_client_properties() -> None:
    """Makes the client database keep two properties that the OIDC plugin reads."""
    database = call("GET", "/mod/client/database")
    database["parameters"]["data-format"] |= {
        "post_logout_redirect_uris": {"multiple": True, "read": True, "write": True},
        "sign_kid": {"multiple": False, "read": True, "write": True},
    }
    call("PUT", "/mod/client/database", database)
    call("PUT", "/mod/client/database/reset")


def change_keys(*_signal: object) -> None:
    KEYS.change()
    plugin("PUT", "/mod/plugin/oidc", "oidc", "oidc", {**COMMON, **OIDC, "jwks-private": KEYS.private()})
    call("PUT", "/mod/plugin/oidc/reset")
    print("new keys", flush=True)


def plugin(method: str, path: str, module: str, name: str, parameters: dict[str, object]) -> None:
    call(method, path, {"module": module, "name": name, "display_name": name, "parameters": parameters})


main()
