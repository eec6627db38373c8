"""The audit finds what is wrong with an artefact. `make dist` shows that it finds nothing in those of a release."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import audit
import pytest

WHEEL = Path(os.environ["PROOFKEY_WHEEL"])
"""As pip builds it on this machine: it works, but it is not what a release has."""

RELEASE_ONLY = {"libraries", "notices", "paths", "platform_tag", "sbom"}


def findings(path: Path) -> list[str]:
    return audit.audit(path, audit.folders_of_the_builder())


def failed(path: Path) -> set[str]:
    """The names of the checks that found something."""
    return {finding.partition(":")[0] for finding in findings(path)}


def changed(folder: Path, change: dict[str, bytes | None], name: str = WHEEL.name) -> Path:
    """The wheel with other members: what `change` names is replaced, added, or left out (None)."""
    path = folder / name
    with zipfile.ZipFile(WHEEL) as archive:
        members: dict[str, bytes | None] = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in (members | change).items():
            if content is not None:
                archive.writestr(member, content)
    return path


def member(name: str) -> bytes:
    with zipfile.ZipFile(WHEEL) as archive:
        return archive.read(name)


def info() -> str:
    return f"{WHEEL.name.partition('-cp310')[0]}.dist-info"


def test_a_wheel_of_this_machine_is_no_wheel_of_a_release() -> None:
    assert failed(WHEEL) == RELEASE_ONLY
    found = "\n".join(findings(WHEEL))
    assert "_native.abi3.so needs glibc 2." in found
    assert "neither manylinux2014 nor musllinux_1_2" in found
    assert f"names {audit.folders_of_the_builder()[1]}" in found


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"proofkey/py.typed": b"x"}, "record: proofkey/py.typed is not what is recorded"),
        ({"proofkey/py.typed": None}, "record: proofkey/py.typed is listed and not there"),
        ({"proofkey/new.py": b""}, "record: proofkey/new.py is not listed"),
        ({"proofkey/new.txt": b"made in /home/somebody/build"}, "paths: proofkey/new.txt names /home/somebody/"),
        ({f"{info()}/licenses/LICENSE-MIT": b"all rights reserved"}, "licences: LICENSE-MIT is missing, or another"),
        ({f"{info()}/licenses/OTHER": b""}, "metadata: licence files: ['LICENSE-APACHE', 'LICENSE-MIT'] are listed"),
        ({f"{info()}/sboms/a.cdx.json": b'{"bomFormat":"X","specVersion":"1","components":[]}'}, "sbom: not CycloneDX"),
    ],
)
def test_a_changed_wheel_is_found(tmp_path: Path, change: dict[str, bytes | None], finding: str) -> None:
    assert any(line.startswith(finding) for line in findings(changed(tmp_path, change)))


def test_a_wheel_that_is_too_large(tmp_path: Path) -> None:
    path = changed(tmp_path, {"proofkey/random": os.urandom(audit.WHEEL_LIMIT)})
    assert "size" in failed(path)


def test_a_wheel_for_another_python_or_machine(tmp_path: Path) -> None:
    assert "stable_abi" in failed(changed(tmp_path, {}, WHEEL.name.replace("cp310", "cp39")))
    other = changed(tmp_path, {}, WHEEL.name.replace("x86_64", "aarch64"))
    assert "libraries: proofkey/_native.abi3.so is for x86_64" in findings(other)


def test_a_bill_of_materials_names_no_folder_and_every_crate_has_its_notice(tmp_path: Path) -> None:
    bill = b'{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"1","components":[{"name":"a","version":"1"},'
    bill += b'{"name":"b","version":"2","licenses":[1],"purl":"pkg:cargo/b@2","bom-ref":"path+file:///build/b#2"}]}'
    change: dict[str, bytes | None] = {
        f"{info()}/sboms/proofkey.cdx.json": bill,
        f"{info()}/licenses/LICENSE-THIRD-PARTY.txt": b"- a 1\n",
    }
    found = findings(changed(tmp_path, change))
    assert "notices: b 2 is not in LICENSE-THIRD-PARTY.txt" in found
    assert "notices: a 1 is not in LICENSE-THIRD-PARTY.txt" not in found
    for line in (
        "its serial number differs with every build",
        "a has no licence",
        "a has no package URL",
        "ring is not listed",
        "it names file:///build/b",
    ):
        assert f"sbom: {line}" in found


def test_another_library_in_an_archive_for_c(tmp_path: Path) -> None:
    path = tmp_path / "libproofkey-0.1.0-x86_64-unknown-linux-gnu.tar.gz"
    config = b"prefix=/usr/local\nLibs: -L/usr/local/lib\n"
    files = {"lib/libproofkey.so.0.1.0": member("proofkey/_native.abi3.so"), "lib/pkgconfig/proofkey.pc": config}
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"libproofkey/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    found = findings(path)
    for line in (
        "include/proofkey.h is missing",
        "links: {}",
        "proofkey.h is another one",
        "proofkey.pc is for one prefix",
        "proofkey.pc has a path: Libs: -L/usr/local/lib",
        "lib/libproofkey.so.0.1.0: the SONAME is None",
        "lib/libproofkey.so.0.1.0 exports other symbols than tests/c/symbols.txt has",
    ):
        assert f"c_archive: {line}" in found


def test_a_file_that_is_no_artefact(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("")
    assert findings(path) == ["kind: not an artefact of this project"]


def test_the_table_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{audit.BEGIN}old\n{audit.END}\nAfter.\n")
    audit.write_table(page, [page])
    table = "| artefact | bytes |\n| --- | ---: |\n| `page.md` | 52 |\n"
    assert page.read_text() == f"# Page\n\n{audit.BEGIN}{table}{audit.END}\nAfter.\n"
