"""The key of a file store on a user's machine: in the system keyring, or else in a file of the store itself."""

import os
import secrets
import sys
import time

import proofkey
from proofkey._loopback import tell
from proofkey._native import FileTokenStore


def state_folder(name: str) -> str:
    """Where a program with this name keeps its files for this user."""
    if name in ("", ".", "..") or any(character in "/\\\0" for character in name):
        raise ValueError("the name of a program is that of a folder, without slashes")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME", "")
        # The specification of these variables says that a relative path counts as none.
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.local/state")
    return os.path.join(base, name)


def file_keys(files: FileTokenStore, folder: str, name: str) -> proofkey.SealKeys:
    """The keys of this store, which are made if there are none."""
    where = files.load(_KEY) or _make(files, folder, name)
    if where != _IN_KEYRING:
        return proofkey.SealKeys(where)
    secret = _from_keyring(folder, name)
    if secret is None:
        raise proofkey.StoredTokensError("store_key_unavailable")
    return proofkey.SealKeys(secret)


def _make(files: FileTokenStore, folder: str, name: str) -> str:
    # One process at a time: the keyring has no way to keep what another has just put there.
    owner, end = secrets.token_urlsafe(32), time.monotonic() + _PATIENCE
    while not files.lease(_KEY, owner, _PATIENCE):
        if time.monotonic() > end:
            raise proofkey.StoredTokensError("store_busy")
        time.sleep(0.02)
    try:
        if where := files.load(_KEY):
            return where
        secret = secrets.token_urlsafe(32)
        where = _IN_KEYRING if _into_keyring(folder, name, secret) else secret
        files.save(_KEY, where, None)
        if where == secret:
            tell(f"No system keyring could be used, so the key of the stored tokens is a file in {folder}.")
        return where
    finally:
        files.release(_KEY, owner)


def _into_keyring(folder: str, name: str, secret: str) -> bool:
    try:
        import keyring

        keyring.set_password(name, folder, secret)
        # Some keyrings accept everything, and keep nothing.
        return _from_keyring(folder, name) == secret
    except Exception:  # Whatever the system's keyring raises.
        return False


def _from_keyring(folder: str, name: str) -> str | None:
    try:
        import keyring

        secret: str | None = keyring.get_password(name, folder)
        return secret
    except Exception:  # Whatever the system's keyring raises.
        return None


# The record that has the key, or says that the keyring has it. It is no record of tokens, whose names are hashes.
_KEY = "key"
_IN_KEYRING = "keyring"

_PATIENCE = 10
"""How long to wait for another process that makes the key, in seconds."""
