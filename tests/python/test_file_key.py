"""`token_store.for_this_user()`: where the key of a file store is kept, with keyrings that work, lie and fail."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keyring.backend
import keyring.errors
import proofkey
import pytest
from proofkey import token_store

CLIENT = proofkey.Client(proofkey.Provider.known("github"), "my-app")
TOKENS = proofkey.Tokens.from_dict({"access_token": "a"})


class Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Forgetful(Keyring):
    """It accepts everything, and keeps nothing, like `keyring.backends.null`."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Locked(Keyring):
    """It is there, and does nothing without its user."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.KeyringLocked


class Broken(Keyring):
    """Its system raises errors of its own."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise OSError("no D-Bus")


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[keyring.backend.KeyringBackend], None]:
    def use(backend: keyring.backend.KeyringBackend) -> None:
        monkeypatch.setattr("keyring.core._keyring_backend", backend)

    return use


def opened(folder: Path) -> token_store.SealedTokenStore:
    return token_store.for_this_user("my-cli", folder=folder)


def test_the_keyring_has_the_key(
    tmp_path: Path, use: Callable[[keyring.backend.KeyringBackend], None], capsys: pytest.CaptureFixture[str]
) -> None:
    backend = Keyring()
    use(backend)
    opened(tmp_path / "tokens").save(CLIENT, "me", TOKENS)
    [((service, folder), secret)] = backend.kept.items()
    assert (service, folder) == ("my-cli", str(tmp_path / "tokens"))
    assert all(secret not in file.read_text() for file in (tmp_path / "tokens").iterdir())
    assert opened(tmp_path / "tokens").load(CLIENT, "me") is not None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("backend", [Locked(), Broken(), Keyring()])
def test_a_keyring_that_no_longer_gives_the_key(
    tmp_path: Path, use: Callable[[keyring.backend.KeyringBackend], None], backend: keyring.backend.KeyringBackend
) -> None:
    """Another key must not take its place: nobody could open the tokens any more."""
    working = Keyring()
    use(working)
    opened(tmp_path / "tokens").save(CLIENT, "me", TOKENS)
    use(backend)
    with pytest.raises(proofkey.StoredTokensError, match="store_key_unavailable"):
        opened(tmp_path / "tokens")
    use(working)
    assert opened(tmp_path / "tokens").load(CLIENT, "me") is not None


@pytest.mark.parametrize("backend", [Locked(), Broken(), Forgetful(), None])
def test_without_a_keyring_the_key_is_a_file(
    tmp_path: Path,
    use: Callable[[keyring.backend.KeyringBackend], None],
    backend: keyring.backend.KeyringBackend | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "tokens"
    with monkeypatch.context() as patched:
        if backend is None:
            patched.setitem(sys.modules, "keyring", None)
        else:
            use(backend)
        opened(folder).save(CLIENT, "me", TOKENS)
    assert str(folder) in capsys.readouterr().err
    [key] = [file for file in folder.iterdir() if file.name == "key.tokens"]
    assert key.stat().st_mode & 0o777 == 0o600
    # A keyring that appears later changes nothing.
    use(Keyring())
    assert opened(folder).load(CLIENT, "me") is not None
    assert capsys.readouterr().err == ""


def test_many_processes_make_one_key(tmp_path: Path) -> None:
    program = f"""
import proofkey
from proofkey import token_store
store = token_store.for_this_user("my-cli", folder={str(tmp_path / "tokens")!r})
import sys
client = proofkey.Client(proofkey.Provider.known("github"), "my-app")
store.save(client, sys.argv[1], proofkey.Tokens.from_dict({{"access_token": "a"}}))
"""
    environment = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(at)], env=environment, stderr=subprocess.PIPE, text=True)
        for at in range(6)
    ]
    told = "".join(process.communicate()[1] for process in running)
    assert {process.returncode for process in running} == {0}
    assert told.count("keyring") == 1
    store = opened(tmp_path / "tokens")
    assert all(store.load(CLIENT, str(at)) is not None for at in range(6))


def test_where_the_files_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from proofkey._file_key import state_folder

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder("my-cli") == f"{tmp_path}/my-cli"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert state_folder("my-cli") == "/home/me/.local/state/my-cli"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert state_folder("my-cli") == "/home/me/Library/Application Support/my-cli"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "C:/Users/me/AppData/Local")
    assert state_folder("my-cli") == "C:/Users/me/AppData/Local/my-cli"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0"])
def test_a_name_that_is_no_folder(name: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        token_store.for_this_user(name)
