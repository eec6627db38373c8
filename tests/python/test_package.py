"""The contents of the wheel and of the source distribution, the wheel's metadata, and what an import loads."""

import email
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import proofkey
import pytest
from conftest import ROOT

VERSION = proofkey.__version__
INFO = f"proofkey-{VERSION}.dist-info"
SOURCES = {
    path.relative_to(ROOT / "python").as_posix()
    for path in (ROOT / "python").rglob("*")
    if path.suffix in {".py", ".pyi"} or path.name == "py.typed"
}


def crates(manifest: str = "bindings/python") -> set[str]:
    """The folders of a crate and of the crates of this workspace that it is built from."""
    text = (ROOT / manifest / "Cargo.toml").read_text()
    needed = re.findall(r"^(proofkey[a-z-]*) = ", text.partition("[dependencies]")[2].partition("\n[")[0], re.MULTILINE)
    return {manifest}.union(*(crates(f"crates/{name}") for name in needed))


def files_of(folder: str) -> set[str]:
    """The files of a crate that git knows."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"target", "proptest-regressions"} & set(path.parts[len(ROOT.parts) :])
    }


def test_the_sources_were_found() -> None:
    names = ("__init__.py", "_errors.py", "_native.pyi", "py.typed", "server/__init__.py")
    assert SOURCES >= {f"proofkey/{name}" for name in names}
    assert crates() >= {"bindings/python", "crates/proofkey-core"}


def test_contents_of_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert set(archive.namelist()) == SOURCES | {
            "proofkey/_native.abi3.so",
            f"{INFO}/METADATA",
            f"{INFO}/RECORD",
            f"{INFO}/WHEEL",
            f"{INFO}/entry_points.txt",
            f"{INFO}/licenses/LICENSE-APACHE",
            f"{INFO}/licenses/LICENSE-MIT",
        }
        for name in ("LICENSE-APACHE", "LICENSE-MIT"):
            assert archive.read(f"{INFO}/licenses/{name}") == (ROOT / name).read_bytes()
        for name in SOURCES:
            assert archive.read(name) == (ROOT / "python" / name).read_bytes()


def test_the_metadata_of_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = email.message_from_bytes(archive.read(f"{INFO}/METADATA"))
        tags = email.message_from_bytes(archive.read(f"{INFO}/WHEEL")).get_all("Tag") or []
        entry_points = archive.read(f"{INFO}/entry_points.txt").decode().split()
    assert (about["Name"], about["Version"]) == ("proofkey", VERSION)
    assert about["License-Expression"] == "MIT OR Apache-2.0"
    assert sorted(about.get_all("License-File") or []) == ["LICENSE-APACHE", "LICENSE-MIT"]
    assert about["Requires-Python"] == ">=3.10"
    required = [line for line in about.get_all("Requires-Dist") or [] if "extra ==" not in line]
    assert required == [], "no dependencies"
    assert set(about.get_all("Provides-Extra") or []) == {
        *("django", "flask", "httpx", "keyring", "redis", "requests", "sqlalchemy", "starlette", "testing"),
    }
    assert entry_points == [
        *("[console_scripts]", "proofkey=proofkey.__main__:main"),
        *("[pytest11]", "proofkey=proofkey._pytest"),
    ]
    assert "Typing :: Typed" in (about.get_all("Classifier") or [])
    urls = [url.partition(", ")[0] for url in about.get_all("Project-URL") or []]
    assert sorted(urls) == ["Changelog", "Documentation", "Repository", "Security"]
    payload = about.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode("utf-8").strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()
    assert tags
    assert all(tag.startswith("cp310-abi3-") for tag in tags)
    assert wheel.name.startswith(f"proofkey-{VERSION}-cp310-abi3-")


def test_the_version_comes_from_cargo_toml_alone() -> None:
    cargo = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    assert f'[workspace.package]\nversion = "{VERSION}"\n' in cargo
    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_size_of_the_wheel(wheel: Path) -> None:
    assert wheel.stat().st_size <= 1_700_000


def compiled() -> list[tuple[str, str]]:
    """Each crate that is compiled into the wheel, with its licence. A crate with two versions is listed twice."""
    command = ["cargo", "tree", "--locked", "-p", "proofkey-python", "--target", "x86_64-unknown-linux-gnu"]
    command += ["-e", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe", "-f", "{p} | {l}"]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    crates = (line.split(" | ") for line in sorted(set(run.stdout.splitlines())))
    return [(package.split()[0], licence) for package, licence in crates]


def documented() -> list[tuple[str, str]]:
    """The table of docs/dependencies.md."""
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \| (.*?) \|", page, re.MULTILINE)
    return [(name, licence) for names, licence in rows for name in re.findall(r"`(.*?)`", names)]


def test_every_crate_in_the_wheel_has_a_reason() -> None:
    table = documented()
    assert set(table) == set(compiled())
    assert len(table) == len(set(table))


# Crates that implement TLS or signatures. Every crypto backend needs at least one of them.
BACKENDS = {
    "aws-lc-rs", "aws-lc-sys", "boring", "boring-sys", "ed25519-dalek", "graviola", "mbedtls", "native-tls", "openssl",
    "openssl-sys", "p256", "p384", "ring", "rsa", "rustls-rustcrypto", "schannel", "security-framework", "wolfssl-sys",
}  # fmt: skip


def test_the_wheel_has_one_crypto_backend() -> None:
    names = [name for name, _ in compiled()]
    assert [name for name in names if name in BACKENDS] == ["ring"]
    assert names.count("rustls") == 1


def test_contents_of_the_source_distribution(sdist: Path) -> None:
    expected = {
        "Cargo.lock", "Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "PKG-INFO", "README.md", "pyproject.toml",
        *(f"python/{name}" for name in SOURCES),
        *(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/vectors").rglob("*.json")),
    }.union(*(files_of(folder) for folder in crates()))  # fmt: skip
    with tarfile.open(sdist) as archive:
        files = {member.name for member in archive if member.isfile()}
        assert files == {f"proofkey-{VERSION}/{name}" for name in expected}
        assert all(member.isfile() or member.isdir() for member in archive)


PROGRAM = """
import sys
sys.path.insert(0, {path!r})
before = set(sys.modules)
import proofkey
print(*sorted(set(sys.modules) - before))
{then}
print(*sorted(set(sys.modules) - before))
"""


def loaded(then: str) -> list[set[str]]:
    """The modules that `import proofkey` loads in a fresh interpreter, and those that are loaded after `then`."""
    program = PROGRAM.format(path=str(Path(proofkey.__file__).parents[1]), then=then)
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, capture_output=True, text=True)
    return [set(line.split()) for line in run.stdout.splitlines()]


CORE = {"proofkey", "proofkey._native"}
ERRORS = {"proofkey._errors", "proofkey._error_table"}


@pytest.mark.parametrize(
    ("then", "adds"),
    [
        ("proofkey.s256('a' * 43); proofkey.Verifier.generate().challenge()", set()),
        ("proofkey.VerifierError", ERRORS),
        ("from proofkey import VerifierError", ERRORS),
        ("try: proofkey.s256('')\nexcept ValueError: pass", ERRORS),
        ("proofkey.server", ERRORS | {"proofkey.server"}),
        ("from proofkey import server", ERRORS | {"proofkey.server"}),
        ("import proofkey.server", ERRORS | {"proofkey.server"}),
    ],
)
def test_import_loads_the_native_module_and_nothing_else(then: str, adds: set[str]) -> None:
    at_import, later = loaded(then)
    assert at_import == CORE
    assert {module for module in later if module.startswith("proofkey")} == CORE | adds


def test_names_of_the_package() -> None:
    for name in proofkey.__all__:
        assert getattr(proofkey, name) is not None
    assert set(proofkey.__all__) <= set(dir(proofkey))
    assert proofkey.__all__ == sorted(proofkey.__all__)
    for name in ("misspelt", "TokenErrors", "_errors_", "TYPE_CHECKING_"):
        with pytest.raises(AttributeError, match=name):
            getattr(proofkey, name)
    namespace: dict[str, object] = {}
    exec("from proofkey import *", namespace)
    assert set(proofkey.__all__) <= set(namespace)


@pytest.mark.sdist
def test_the_source_distribution_builds_a_working_wheel(sdist: Path, tmp_path: Path) -> None:
    """Outside the work tree and without its environment, so that nothing but the archive is used."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "CARGO_", "PIP_"))}
    python = tmp_path / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    options = ["-q", "--disable-pip-version-check", "--no-binary=proofkey"]
    install = [str(python), "-m", "pip", "install", *options, str(sdist)]
    subprocess.run(install, check=True, cwd=tmp_path, env=environment)
    program = f"""
import proofkey
from proofkey import server
assert proofkey.__version__ == {VERSION!r} and {str(tmp_path)!r} in proofkey.__file__
verifier = proofkey.Verifier.generate()
server.verify("S256:" + verifier.challenge(), {{"code_verifier": verifier.expose()}})
"""
    subprocess.run([python, "-c", program], check=True, cwd=tmp_path, env=environment)
