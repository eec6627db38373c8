"""Profiles: what `proofkey login` was told, without any secret, and the client that comes of it."""

import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import proofkey
from proofkey import token_store
from proofkey._cli.exits import Refused
from proofkey._cli.files import read
from proofkey._file_key import state_folder

KnownProvider: TypeAlias = Literal["dropbox"] | Literal["github"] | Literal["google"] | Literal["microsoft"]


@dataclass(frozen=True)
class Profile:
    """One login of the user: at which server, as which client, for what. It is a JSON file, which people may edit."""

    client_id: str
    issuer: str | None = None
    provider: KnownProvider | None = None
    tenant: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    metadata: dict[str, Any] | None = None
    """What discovery found, in the words of RFC 8414, so that no other command has to ask again."""
    client_secret_file: str | None = None
    redirect_uri: str | None = None
    scope: str | None = None
    ca_file: str | None = None
    proxy: str | None = None

    def server(self) -> proofkey.Provider:
        """The server, from what is known of it: nothing is sent."""
        if self.provider is not None:
            return _known(self.provider, self.tenant)
        if self.issuer is not None and self.metadata is not None:
            return proofkey.Provider.from_metadata(self.issuer, json.dumps(self.metadata))
        if self.authorization_endpoint is None or self.token_endpoint is None:
            raise Refused(
                "the profile names no server: it needs --issuer, --provider, or --authorization-endpoint and --token-endpoint"
            )
        return proofkey.Provider(
            authorization_endpoint=self.authorization_endpoint, token_endpoint=self.token_endpoint, issuer=self.issuer
        )

    def client(self) -> proofkey.Client:
        secret = self.client_secret_file
        return proofkey.Client(
            self.server(),
            self.client_id,
            redirect_uri=self.redirect_uri,
            client_secret=None if secret is None else lambda: read(secret),
            transport=self.transport(),
        )

    def transport(self) -> proofkey.Transport:
        if "@" in (self.proxy or ""):
            raise Refused("the proxy has a password, which other users could see here: use one that needs none")
        try:
            return proofkey.Transport(ca_file=self.ca_file, proxy=self.proxy)
        except OSError as error:
            raise Refused(f"{self.ca_file}: {error}") from error

    def names_another_client_than(self, other: "Profile") -> bool:
        return any(getattr(self, name) != getattr(other, name) for name in _CLIENT)

    def discovered(self) -> "Profile":
        """This profile with what the server says about itself, which is asked over the network."""
        if self.issuer is None or self.authorization_endpoint is not None:
            return self
        found = proofkey.Provider.discover(self.issuer, transport=self.transport())
        return replace(self, metadata=_metadata(found, proofkey.Client(found, self.client_id)))


_CLIENT = ("client_id", "issuer", "provider", "tenant", "authorization_endpoint", "token_endpoint")


def _known(name: KnownProvider, tenant: str | None) -> proofkey.Provider:
    try:
        provider = proofkey.Provider.known(name, tenant=tenant)
    except ValueError as error:
        raise Refused(f"the provider of this profile: {error}") from error
    # A command line wants a refresh token, which these two give only then.
    if name == "google":
        return provider.with_quirk("offline_by_access_type")
    if name == "dropbox":
        return provider.with_quirk("offline_by_token_access_type")
    return provider


def _metadata(provider: proofkey.Provider, client: proofkey.Client) -> dict[str, Any]:
    members = {
        "issuer": provider.issuer,
        "authorization_endpoint": provider.authorization_endpoint,
        "token_endpoint": provider.token_endpoint,
        "revocation_endpoint": provider.revocation_endpoint,
        "jwks_uri": provider.jwks_uri,
        "userinfo_endpoint": provider.userinfo_endpoint,
        "end_session_endpoint": provider.end_session_endpoint,
        "device_authorization_endpoint": provider.device_authorization_endpoint,
        "authorization_response_iss_parameter_supported": provider.iss_parameter_supported,
        "token_endpoint_auth_methods_supported": [provider.token_endpoint_auth_method],
        "id_token_signing_alg_values_supported": client.id_token_algorithms,
        "code_challenge_methods_supported": ["S256"] if provider.pkce_support == "S256" else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def home() -> str:
    """The folder of everything that the command line keeps."""
    return os.path.abspath(os.environ.get("PROOFKEY_HOME") or state_folder("proofkey"))


def store() -> token_store.SealedTokenStore:
    return token_store.for_this_user("proofkey", folder=os.path.join(home(), "tokens"))


def _file(name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", name):
        raise Refused("the name of a profile is up to 64 of the characters A-Z a-z 0-9 . _ -, and begins with no dot")
    return Path(home(), "profiles", f"{name}.json")


def load(name: str) -> Profile | None:
    """The profile of this name; `None` if there is none."""
    file = _file(name)
    try:
        stored = json.loads(file.read_bytes())
        known = {field.name for field in fields(Profile)}
        if unknown := set(stored) - known:
            raise Refused(f"{file} has members that no profile has: {', '.join(sorted(unknown))}")
        return Profile(**stored)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise Refused(f"{file} is no profile: correct it, or delete it and run `proofkey login`") from error


def save(name: str, profile: Profile) -> None:
    file = _file(name)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    members = {member: value for member, value in asdict(profile).items() if value is not None}
    # Replaced as a whole, so that another command never reads half of it.
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as new:
        json.dump(members, new, indent=2)
        new.write("\n")
    os.replace(new.name, file)
