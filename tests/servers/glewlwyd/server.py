"""Glewlwyd on a fresh SQLite database, set up through its admin API: a user, the clients of clients.json, both plugins.

Arguments: PORT CLIENTS_JSON ROOT FOLDER. ROOT is where its package is unpacked ("/" if it is installed); FOLDER is for
its files. The OIDC plugin comes last: once its metadata are there, all is ready.
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


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_database(FOLDER / "glewlwyd.sqlite3")
    (FOLDER / "glewlwyd.conf").write_text(CONFIG)
    private, public = rsa_key()
    libraries = ":".join(str(path) for path in ROOT.glob("usr/lib/*-linux-gnu"))
    child = subprocess.Popen(
        [ROOT / "usr/bin/glewlwyd", f"--config-file={FOLDER}/glewlwyd.conf"],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
    )
    signal.signal(signal.SIGTERM, lambda _signal, _frame: child.terminate())
    try:
        wait_for(child)
        configure(private, public)
    except BaseException:
        child.terminate()
        raise
    finally:
        status = child.wait()
    sys.exit(status)


def make_database(path: Path) -> None:
    path.unlink(missing_ok=True)
    script = gzip.decompress((ROOT / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz").read_bytes()).decode()
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA synchronous=OFF; BEGIN; {script}; COMMIT;")
    database.close()


def rsa_key() -> tuple[str, str]:
    private = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=private, check=True, capture_output=True).stdout
    return private.decode(), public.decode()


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


def call(method: str, path: str, body: object) -> None:
    request = urllib.request.Request(
        f"{BASE}/api{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    try:
        opener.open(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def configure(private: str, public: str) -> None:
    scope = SETTINGS["scope"]
    # The administrator of a fresh database.
    call("POST", "/auth", {"username": "admin", "password": "password"})
    call("POST", "/scope/", {"name": scope, "display_name": scope, "description": scope, "password_required": False})
    user = {"username": SETTINGS["user"], "password": SETTINGS["password"], "scope": [scope, "openid"], "enabled": True}
    call("POST", "/user/", user)
    for client_id, client in SETTINGS["clients"].items():
        settings = {
            "client_id": client_id,
            "name": client_id,
            "enabled": True,
            "confidential": client["secret"] is not None,
            "redirect_uri": [SETTINGS["redirect_uri"]],
            "authorization_type": ["code", "refresh_token"],
            "token_endpoint_auth_method": [client["auth_method"]],
            "scope": [],
        }
        call("POST", "/client/", {**settings, **({"client_secret": client["secret"]} if client["secret"] else {})})

    common = {
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": private,
        "cert": public,
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
        "auth-type-device-enabled": False,
        "pkce-allowed": True,
        "pkce-method-plain-allowed": False,
        "scope": [],
        "additional-parameters": [],
    }
    oidc = {
        "iss": f"{BASE}/api/oidc",
        "allow-non-oidc": True,
        "auth-type-code-revoke-replayed": True,
        "oauth-as-iss-id": True,
        "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True,
        "introspection-revocation-auth-scope": [],
        "jwks-show": True,
        "subject-type": "public",
        "name-claim": "on-demand",
        "email-claim": "on-demand",
        "scope-claim": "on-demand",
        "pkce-scopes": [scope],
    }
    for module, name, parameters in (("oauth2-glewlwyd", "oauth2", common), ("oidc", "oidc", {**common, **oidc})):
        plugin = {"module": module, "name": name, "display_name": name, "parameters": parameters}
        call("POST", "/mod/plugin/", plugin)


main()
