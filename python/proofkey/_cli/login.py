"""The commands that sign the user in and out, and give tokens."""

from argparse import Namespace
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import proofkey
from proofkey._cli import exits
from proofkey._cli.files import read
from proofkey._cli.output import print_json
from proofkey._cli.profile import Profile, load, save, store
from proofkey._loopback import open_browser, tell


def login(options: Namespace) -> int:
    """Signs in, and keeps the tokens."""
    replaced = load(options.profile)
    profile = _asked_for(options, replaced).discovered()
    client = profile.client()
    # Opened now, because the keyring may ask the user something, too.
    tokens_of_this_user = store()
    if options.device:
        device = client.authorize_device(scope=profile.scope)
        tell(f"Open {device.verification_uri} on any device, and enter this code: {device.user_code}")
        tokens = device.finish(timeout=options.timeout)
    else:
        tokens = client.login_with_browser(
            scope=profile.scope, browser=not options.no_browser, timeout=options.timeout
        )
    tokens_of_this_user.save(client, options.profile, tokens)
    if replaced is not None and replaced.names_another_client_than(profile):
        # No command would find them any more.
        tokens_of_this_user.delete(replaced.client(), options.profile)
    save(options.profile, profile)
    print_json({"profile": options.profile, **_described(tokens, profile)})
    return exits.DONE


def _asked_for(options: Namespace, stored: Profile | None) -> Profile:
    """The stored profile with what was asked for now. Naming a server begins anew."""
    asked: dict[str, Any] = {field.name: getattr(options, field.name, None) for field in fields(Profile)}
    given = {name: value for name, value in asked.items() if value is not None}
    for file in _FILES & given.keys():
        # Absolute, because the next command may run in another folder.
        given[file] = str(Path(given[file]).absolute())
    names_server = not _SERVER.isdisjoint(given)
    if stored is not None and not names_server:
        return replace(stored, **given)
    if not names_server or "client_id" not in given:
        raise exits.Refused("the first login of a profile needs --client-id, and --issuer or --provider")
    return Profile(**given)


_SERVER = {"issuer", "provider", "authorization_endpoint"}
_FILES = {"client_secret_file", "ca_file"}


def _known(name: str) -> tuple[Profile, proofkey.Client]:
    profile = load(name)
    if profile is None:
        raise proofkey.StoredTokensError("tokens_absent")
    return profile, profile.client()


def token(options: Namespace) -> int:
    """Prints a fresh access token."""
    profile, client = _known(options.profile)
    rejected = read(options.rejected) if options.rejected else None
    tokens = store().fresh(
        client,
        options.profile,
        within=options.within,
        rejected=proofkey.Tokens.from_dict({"access_token": rejected}).access_token if rejected else None,
    )
    if options.json:
        print_json({"access_token": tokens.access_token.expose(), "token_type": "Bearer", **_described(tokens, profile)})
    else:
        print(tokens.access_token.expose())
    return exits.DONE


def whoami(options: Namespace) -> int:
    """Prints what the provider says about the user."""
    _, client = _known(options.profile)
    tokens = store().fresh(client, options.profile)
    has_userinfo = client.provider.userinfo_endpoint is not None
    if tokens.claims is None and not has_userinfo:
        raise exits.Refused("this provider says nothing about its users: sign in with --scope openid, if it knows that")
    print_json({"claims": tokens.claims, "userinfo": client.userinfo(tokens) if has_userinfo else None})
    return exits.DONE


def logout(options: Namespace) -> int:
    """Forgets the tokens, revokes them, and ends the session at the provider."""
    _, client = _known(options.profile)
    tokens = store().delete(client, options.profile)
    if tokens is None:
        raise proofkey.StoredTokensError("tokens_absent")
    tell("The tokens are deleted here.")
    is_revoked = client.provider.revocation_endpoint is not None
    if is_revoked:
        client.revoke(tokens)
    url = client.end_session_url(tokens) if client.provider.end_session_endpoint is not None else None
    if url is not None and not options.no_browser and open_browser(url):
        # It contains the ID token, so it is shown only to those who need it.
        url = None
    if url is not None:
        tell("To sign out at the provider, too, open the end_session_url.")
    print_json({"profile": options.profile, "revoked": is_revoked, "end_session_url": url})
    return exits.DONE


def _described(tokens: proofkey.Tokens, profile: Profile) -> dict[str, Any]:
    # A server that names no scope has granted what was asked for (RFC 6749 section 5.1).
    scope = tokens.scope if tokens.scope is not None else (profile.scope or "").split()
    return {"expires_at": tokens.expires_at, "scope": scope}
