"""Checks the artefacts of a release. Without findings it prints their names and sizes.

    audit.py FOLDER [--table PAGE]

Findings are printed, one to a line, and the exit status is 1. `--table` writes the names and sizes into a page between
its two marks.
"""

import argparse
import base64
import csv
import email
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from elf import Library

ROOT = Path(__file__).resolve().parents[2]

WHEEL_LIMIT = 1_700_000
"""Bytes. The wheel has TLS in it, and no platform's may be larger."""

GLIBC_LIMIT = (2, 17)
"""The version of manylinux2014."""

SYSTEM = {
    "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6",
    "libpthread.so.0", "librt.so.1", "libutil.so.1",
    "libc.musl-aarch64.so.1", "libc.musl-x86_64.so.1", "libc.so",
}  # fmt: skip
"""What a library may need from the system."""

NOTICES = "LICENSE-THIRD-PARTY.txt"
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")

PERSONAL = re.compile(rb"/(?:home|Users)/[A-Za-z0-9._-]+/|/root/|[A-Za-z]:\\Users\\")
"""Paths that tell about a machine."""

WRITTEN = {".json", ".kt", ".md", ".py", ".pyi", ".rs", ".swift"}
"""The ends of the names of texts that are packed as they stand in the repository."""


@dataclass
class Artefact:
    """A file of the release, with what is in it."""

    path: Path
    files: dict[str, bytes]
    links: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Artefact":
        if path.suffix in {".whl", ".jar"}:
            with zipfile.ZipFile(path) as archive:
                return cls(path, {name: archive.read(name) for name in archive.namelist() if name[-1] != "/"}, {})
        files, links = {}, {}
        with tarfile.open(path) as archive:
            for member in archive:
                # Without the folder at the top, which every archive has.
                name = member.name.partition("/")[2]
                if member.issym():
                    links[name] = member.linkname
                elif content := archive.extractfile(member):
                    files[name] = content.read()
        return cls(path, files, links)

    def named(self, name: str) -> list[str]:
        """The files of this name, in whatever folder."""
        return [path for path in self.files if PurePosixPath(path).name == name]

    def libraries(self) -> Iterator[tuple[str, Library]]:
        for name, content in self.files.items():
            if content.startswith(b"\x7fELF"):
                yield name, Library(BytesIO(content))


Check = Callable[[Artefact], Iterator[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--table", type=Path)
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.iterdir() if path.is_file())
    if not paths:
        sys.exit(f"{options.folder}: no artefacts")
    own = folders_of_the_builder()
    found = [f"{path.name}: {finding}" for path in paths for finding in audit(path, own)]
    for path in paths:
        print(f"{path.stat().st_size:>10,}  {path.name}")
    if found:
        sys.exit("\n".join(found))
    print(f"{len(paths)} artefacts, no findings")
    if options.table:
        write_table(options.table, paths)


def folders_of_the_builder() -> list[Path]:
    return [ROOT, Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))]


def audit(path: Path, own: list[Path]) -> list[str]:
    """What is wrong with an artefact: each finding begins with the name of its check."""
    checks = checks_of(path.name)
    if not checks:
        return ["kind: not an artefact of this project"]
    artefact = Artefact.read(path)
    found = [f"{check.__name__}: {finding}" for check in checks for finding in check(artefact)]
    return found + [f"paths: {finding}" for finding in paths_of_the_builder(artefact, own)]


def checks_of(name: str) -> list[Check]:
    binary: list[Check] = [notices, sbom, libraries]
    match name:
        case _ if name.endswith(".whl"):
            return [licences, *binary, record, metadata, stable_abi, platform_tag, size]
        case _ if name.endswith("-sources.jar"):
            return [licences, sources_jar]
        case _ if re.fullmatch(r"proofkey-natives-.*\.jar", name):
            return [licences, *binary, natives]
        case _ if name.endswith(".jar"):
            return [licences, jar]
        case _ if name.endswith(".crate"):
            return [licences, crate]
        case _ if name.startswith("libproofkey-"):
            return [licences, *binary, c_archive]
        case _ if name.startswith("proofkey-swift-"):
            return [licences, swift]
        case _ if re.fullmatch(r"proofkey-[0-9.]+\.tar\.gz", name):
            return [licences, sdist]
    return []


# All artefacts.


def licences(artefact: Artefact) -> Iterator[str]:
    for name in LICENCES:
        texts = {artefact.files[path] for path in artefact.named(name)}
        if texts != {(ROOT / name).read_bytes()}:
            yield f"{name} is missing, or another text"


def paths_of_the_builder(artefact: Artefact, own: list[Path]) -> Iterator[str]:
    for name, content in artefact.files.items():
        for folder in own:
            if str(folder).encode() + b"/" in content:
                yield f"{name} names {folder}"
        # Our own texts may speak of such paths; what was compiled or generated may not.
        if PurePosixPath(name).suffix not in WRITTEN and (match := PERSONAL.search(content)):
            yield f"{name} names {match[0].decode(errors='replace')}"


# What is compiled.


def notices(artefact: Artefact) -> Iterator[str]:
    """Each crate of the bill of materials is in the notices, by name and version."""
    texts = [artefact.files[path].decode() for path in artefact.named(NOTICES)]
    if len(texts) != 1:
        yield f"{len(texts)} files are named {NOTICES}"
        return
    for component in components(artefact):
        crate = f"{component['name']} {component['version']}"
        if not crate.startswith("proofkey") and f"- {crate}\n" not in texts[0]:
            yield f"{crate} is not in {NOTICES}"


def sbom(artefact: Artefact) -> Iterator[str]:
    boms = list(bills(artefact))
    if len(boms) != 1:
        yield f"{len(boms)} bills of materials"
        return
    if (boms[0]["bomFormat"], boms[0]["specVersion"]) != ("CycloneDX", "1.5"):
        yield "not CycloneDX 1.5"
    if "serialNumber" in boms[0]:
        yield "its serial number differs with every build"
    names = {component["name"] for component in components(artefact)}
    for name in sorted({"ring", "sha2", "proofkey-core"} - names):
        yield f"{name} is not listed"
    for component in components(artefact):
        if not component.get("licenses"):
            yield f"{component['name']} has no licence"
        if not component.get("purl", "").startswith("pkg:cargo/"):
            yield f"{component['name']} has no package URL"
    for file in re.findall(r"file://[^\"#]*", json.dumps(boms[0])):
        # A crate of this project, by its folder in the repository.
        if not (ROOT / file.removeprefix("file:///") / "Cargo.toml").exists():
            yield f"it names {file}"


def libraries(artefact: Artefact) -> Iterator[str]:
    found = dict(artefact.libraries())
    if not found:
        yield "no library"
    machine = next((machine for machine in ("x86_64", "aarch64") if machine in artefact.path.name), None)
    for name, library in found.items():
        if library.machine != machine:
            yield f"{name} is for {library.machine}"
        for needed in sorted(library.needed - SYSTEM):
            yield f"{name} needs {needed}"
        if library.glibc > GLIBC_LIMIT:
            yield f"{name} needs glibc {'.'.join(map(str, library.glibc))}"
        if "musl" in artefact.path.name and library.glibc != (0, 0):
            yield f"{name} needs glibc, and is for musl"
        if library.has_debug_information:
            yield f"{name} has debug information"
        if library.writes_to_code or not library.has_read_only_relocations:
            yield f"{name} has a segment that is writable and executable, or no RELRO"


# Wheels.


def record(artefact: Artefact) -> Iterator[str]:
    listed = set()
    (name,) = artefact.named("RECORD")
    for path, digest, length in csv.reader(StringIO(artefact.files[name].decode())):
        listed.add(path)
        if path == name:
            continue
        content = artefact.files.get(path)
        if content is None:
            yield f"{path} is listed and not there"
            continue
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        if (digest, length) != (f"sha256={expected}", str(len(content))):
            yield f"{path} is not what is recorded"
    for path in sorted(set(artefact.files) - listed):
        yield f"{path} is not listed"


def metadata(artefact: Artefact) -> Iterator[str]:
    (name,) = artefact.named("METADATA")
    about = email.message_from_bytes(artefact.files[name])
    if about["License-Expression"] != "MIT OR Apache-2.0":
        yield f"the licence is {about['License-Expression']}"
    listed = set(about.get_all("License-File") or [])
    there = {path.partition("/licenses/")[2] for path in artefact.files if "/licenses/" in path}
    if listed != there:
        yield f"licence files: {sorted(listed)} are listed, {sorted(there)} are there"
    urls = {url.partition(",")[0] for url in about.get_all("Project-URL") or []}
    if missing := {"Repository", "Documentation", "Changelog", "Security"} - urls:
        yield f"no URL for {', '.join(sorted(missing))}"


def stable_abi(artefact: Artefact) -> Iterator[str]:
    """abi3audit: every symbol of Python is one of the stable ABI of the version in the tag."""
    if "-cp310-abi3-" not in artefact.path.name:
        yield "the tag is not cp310-abi3"
    run = tool("abi3audit", "--strict", "--report", str(artefact.path))
    results = [found["result"] for spec in json.loads(run.stdout)["specs"].values() for found in spec["wheel"]]
    for result in results:
        if not (result["is_abi3"] and result["is_abi3_baseline_compatible"]) or result["non_abi3_symbols"]:
            symbols = result["non_abi3_symbols"] or result["computed"]
            yield f"not the stable ABI of Python {result['baseline']}: {symbols}"
    if run.returncode and not results:
        yield run.stderr.strip()


def platform_tag(artefact: Artefact) -> Iterator[str]:
    """auditwheel: the symbols are those that the platform in the tag promises."""
    run = tool("auditwheel", "show", "--json", str(artefact.path))
    if run.returncode:
        yield run.stderr.strip() or run.stdout.strip()
        return
    tag = json.loads(run.stdout)["overall_tag"]
    if tag not in artefact.path.name:
        yield f"auditwheel says {tag}"
    if not re.search(r"manylinux_2_17_|musllinux_1_[12]_", artefact.path.name):
        yield "neither manylinux2014 nor musllinux_1_2"


def size(artefact: Artefact) -> Iterator[str]:
    if (bytes_ := artefact.path.stat().st_size) > WHEEL_LIMIT:
        yield f"{bytes_:,} bytes; the limit is {WHEEL_LIMIT:,}"


# C, Kotlin, Swift.


def c_archive(artefact: Artefact) -> Iterator[str]:
    version = version_of(artefact)
    soname = f"libproofkey.so.{version.rpartition('.')[0]}"
    real = f"lib/libproofkey.so.{version}"
    expected = {
        "include/proofkey.h",
        "include/proofkey_status.h",
        "lib/libproofkey.a",
        real,
        "lib/pkgconfig/proofkey.pc",
        "share/cmake/proofkey/proofkey-config.cmake",
        "share/cmake/proofkey/proofkey-config-version.cmake",
    }
    for name in sorted(expected - set(artefact.files)):
        yield f"{name} is missing"
    if artefact.links != {f"lib/{soname}": PurePosixPath(real).name, "lib/libproofkey.so": soname}:
        yield f"links: {artefact.links}"
    for name in ("proofkey.h", "proofkey_status.h"):
        if artefact.files.get(f"include/{name}") != (ROOT / "include" / name).read_bytes():
            yield f"{name} is another one"
    for name, library in artefact.libraries():
        if library.soname != soname:
            yield f"{name}: the SONAME is {library.soname}"
        if library.exported != set((ROOT / "tests/c/symbols.txt").read_text().split()):
            yield f"{name} exports other symbols than tests/c/symbols.txt has"
    config = artefact.files.get("lib/pkgconfig/proofkey.pc", b"").decode()
    if not config.startswith("prefix=${pcfiledir}/../..\n"):
        yield "proofkey.pc is for one prefix"
    for line in config.splitlines():
        if re.search(r"(?<![}.])/(?!\.\.|include|lib)", line):
            yield f"proofkey.pc has a path: {line}"


def natives(artefact: Artefact) -> Iterator[str]:
    (machine,) = re.findall(r"linux-(\w+)\.jar", artefact.path.name)
    found = dict(artefact.libraries())
    if set(found) != {f"dev/proofkey/natives/linux-{machine}/libproofkey_jni.so"}:
        yield f"the libraries are {sorted(found)}"
    for name, library in found.items():
        if strangers := {symbol for symbol in library.exported if not symbol.startswith("Java_dev_proofkey_Native_")}:
            yield f"{name} exports {', '.join(sorted(strangers))}"
        if library.alignments != {0x4000}:
            yield f"{name} is not aligned to pages of 16 KB"


def jar(artefact: Artefact) -> Iterator[str]:
    if b"Automatic-Module-Name: dev.proofkey\r\n" not in artefact.files.get("META-INF/MANIFEST.MF", b""):
        yield "no module name"
    if "dev/proofkey/Client.class" not in artefact.files:
        yield "no classes"
    if list(artefact.libraries()):
        yield "natives are in a jar of their own"


def sources_jar(artefact: Artefact) -> Iterator[str]:
    if "dev/proofkey/Client.kt" not in artefact.files:
        yield "no sources"


def swift(artefact: Artefact) -> Iterator[str]:
    for name in ("Package.swift", "bindings/swift/Sources/CProofKey/module.modulemap", "include/proofkey.h"):
        if artefact.files.get(name) != (ROOT / name).read_bytes():
            yield f"{name} is missing, or another one"


# Sources.


def crate(artefact: Artefact) -> Iterator[str]:
    manifest = artefact.files.get("Cargo.toml", b"").decode()
    for key in ("description", "license", "repository", "rust-version", "readme", "keywords", "categories"):
        if not re.search(rf"^{key} = ", manifest, re.MULTILINE):
            yield f"Cargo.toml has no {key}"
    if "README.md" not in artefact.files:
        yield "no README.md"
    if artefact.path.name.startswith("proofkey-core-") and "src/verifier.rs" not in artefact.files:
        yield "no sources"


def sdist(artefact: Artefact) -> Iterator[str]:
    package = ("python/proofkey/__init__.py", "bindings/python/src/lib.rs")
    for name in ("PKG-INFO", "Cargo.lock", "pyproject.toml", *package):
        if name not in artefact.files:
            yield f"{name} is missing"
    if artefact.links:
        yield f"links: {artefact.links}"


# Helpers.


def bills(artefact: Artefact) -> Iterator[dict[str, Any]]:
    for name in artefact.files:
        if name.endswith(".cdx.json"):
            bill: dict[str, Any] = json.loads(artefact.files[name])
            yield bill


def components(artefact: Artefact) -> list[dict[str, Any]]:
    return [component for bill in bills(artefact) for component in bill["components"]]


def version_of(artefact: Artefact) -> str:
    (version,) = re.findall(r"-(\d+\.\d+\.\d+)[-.]", artefact.path.name)
    return str(version)


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of the environment that this one runs in."""
    return subprocess.run([Path(sys.executable).with_name(name), *arguments], capture_output=True, text=True)


BEGIN, END = "<!-- make dist -->\n", "<!-- end -->\n"


def write_table(page: Path, paths: list[Path]) -> None:
    rows = [f"| `{path.name}` | {path.stat().st_size:,} |\n" for path in paths]
    text = page.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    table = ["| artefact | bytes |\n", "| --- | ---: |\n", *rows]
    page.write_text("".join([before, BEGIN, *table, END, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
