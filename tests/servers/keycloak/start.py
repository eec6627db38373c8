"""Keycloak in its development mode, on a database in memory. A realm file has the users and clients of clients.json.

Arguments: PORT CLIENTS_JSON HOME. HOME is where the distribution is unpacked; Keycloak imports realms from a folder
in it.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

PORT, HOME = sys.argv[1], Path(sys.argv[3])
SETTINGS = json.loads(Path(sys.argv[2]).read_text())
REALM = "proofkey"
SUBJECT = {
    "name": "sub",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-sub-mapper",
    "config": {"access.token.claim": "true"},
}
"""Puts the user's id into the tokens."""


def main() -> None:
    realms = HOME / "data" / "import"
    realms.mkdir(parents=True, exist_ok=True)
    (realms / f"{REALM}.json").write_text(json.dumps(realm()))
    keycloak = str(HOME / "bin" / "kc.sh")
    options = ["--db=dev-mem", "--http-host=127.0.0.1", f"--http-port={PORT}", "--import-realm"]
    os.execv(keycloak, [keycloak, "start-dev", *options])


def realm() -> dict[str, Any]:
    return {
        "realm": REALM,
        "enabled": True,
        "revokeRefreshToken": True,
        "oauth2DevicePollingInterval": 1,
        # In place of the scopes of a new realm, which show the user's name and email to every client.
        "clientScopes": [
            scope("basic", shown=False, mappers=[SUBJECT]),
            scope(SETTINGS["scope"], shown=True, mappers=[]),
        ],
        "users": [user(name) for name in (SETTINGS["user"], SETTINGS["other_user"])],
        "clients": [client(client_id, settings) for client_id, settings in SETTINGS["clients"].items()],
    }


def scope(name: str, *, shown: bool, mappers: list[dict[str, Any]]) -> dict[str, Any]:
    attributes = {"include.in.token.scope": str(shown).lower(), "display.on.consent.screen": str(shown).lower()}
    return {"name": name, "protocol": "openid-connect", "attributes": attributes, "protocolMappers": mappers}


def user(name: str) -> dict[str, Any]:
    # Without a name and an email, the user would be asked for them.
    return {
        "username": name,
        "firstName": name,
        "lastName": name,
        "email": f"{name}@localhost.example",
        "enabled": True,
        "credentials": [{"type": "password", "value": SETTINGS["password"]}],
    }


def client(client_id: str, settings: dict[str, str | None]) -> dict[str, Any]:
    return {
        "clientId": client_id,
        "enabled": True,
        "publicClient": settings["secret"] is None,
        "secret": settings["secret"],
        "consentRequired": True,
        "standardFlowEnabled": True,
        "redirectUris": [SETTINGS["redirect_uri"]],
        "defaultClientScopes": ["basic"],
        "optionalClientScopes": [SETTINGS["scope"]],
        "attributes": {
            "oauth2.device.authorization.grant.enabled": "true",
            "post.logout.redirect.uris": SETTINGS["signed_out_uri"],
            "id.token.signed.response.alg": settings.get("id_token_alg", "RS256"),
        },
    }


main()
