"""The version and the address of the project stand in Cargo.toml. This keeps every other place equal to it.

    version.py check          fails if a place differs
    version.py check-public   fails if the address is still that of an example
    version.py cut DATE       closes the top section of CHANGELOG.md: its version is released on DATE (2026-01-31)
    version.py next VERSION   sets the version in the files that check compares, and opens its section in CHANGELOG.md
    version.py notes          prints the top section of CHANGELOG.md
"""

import datetime
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

VERSION_PLACES = {
    "Cargo.toml": (
        r'^\[workspace\.package\]\nversion = "(.*)"$',
        r'^proofkey-core = \{ path = .*, version = "(.*?)"',
        r'^proofkey = \{ path = .*, version = "(.*?)"',
    ),
    "CHANGELOG.md": (r"(?s)\A.*?^## (\S+) \(",),
    "README.md": (r"^Version (\S+?),",),
    "bindings/kotlin/pom.xml": (r"<artifactId>proofkey</artifactId>\n  <version>(.*)</version>",),
    "docs/swift.md": (r'from: "(.*)"\)\],$',),
}
"""Where the version stands: for each file, patterns of which each has to be found."""

ADDRESS_PLACES = {
    "Cargo.toml": (r'^repository = "(.*)"$',),
    "pyproject.toml": tuple(
        rf'^{name} = "(https://.*?){end}"$'
        for name, end in [
            ("Repository", ""),
            ("Documentation", "/blob/main/docs/README.md"),
            ("Changelog", "/blob/main/CHANGELOG.md"),
            ("Security", "/blob/main/SECURITY.md"),
        ]
    ),
    "bindings/kotlin/pom.xml": (r"^  <url>(.*)</url>",),
    "docs/swift.md": (r'\.package\(url: "(.*?)"',),
}


def main(arguments: list[str]) -> None:
    match arguments:
        case ["check"]:
            fail_if(differences())
        case ["check-public"]:
            address = first(ROOT, ADDRESS_PLACES)
            fail_if([f"Cargo.toml: {address} is an example, not the project's address"] if "example" in address else [])
        case ["cut", date]:
            datetime.date.fromisoformat(date)
            cut(date)
        case ["next", version] if re.fullmatch(r"\d+\.\d+\.\d+", version):
            set_version(version)
            fail_if(differences())
        case ["notes"]:
            print(sections()[1].partition("\n")[2].strip())
        case _:
            sys.exit(__doc__)


def differences(root: Path = ROOT) -> list[str]:
    """Where another version or address stands than in Cargo.toml, or none."""
    found = []
    for places in (VERSION_PLACES, ADDRESS_PLACES):
        expected = first(root, places)
        for name, patterns in places.items():
            text = (root / name).read_text(encoding="utf-8")
            for pattern in patterns:
                match = search(pattern, text)
                if match is None:
                    found.append(f"{name}: nothing matches {pattern}")
                elif match[1] != expected:
                    found.append(f"{name}: {match[1]} instead of {expected}")
    return found


def set_version(version: str, root: Path = ROOT) -> None:
    changelog = sections(root)
    if "not yet released" in changelog[1]:
        sys.exit("the version at the top of CHANGELOG.md is not released yet: run `version.py cut DATE` first")
    opened = f"## {version} (not yet released)\n\nNothing yet.\n\n"
    (root / "CHANGELOG.md").write_text("".join([changelog[0], opened, *changelog[1:]]), encoding="utf-8")
    for name, patterns in VERSION_PLACES.items():
        path = root / name
        text = path.read_text(encoding="utf-8")
        for pattern in patterns:
            if match := search(pattern, text):
                text = text[: match.start(1)] + version + text[match.end(1) :]
        path.write_text(text, encoding="utf-8")


def cut(date: str, root: Path = ROOT) -> None:
    changelog = sections(root)
    heading, _, rest = changelog[1].partition("\n")
    if not heading.endswith(" (not yet released)"):
        sys.exit(f"CHANGELOG.md: {heading[3:]!r} is released already")
    if rest.strip() == "Nothing yet.":
        sys.exit("CHANGELOG.md: the section has no entries")
    changelog[1] = heading.replace("not yet released", date) + "\n" + rest
    (root / "CHANGELOG.md").write_text("".join(changelog), encoding="utf-8")


def sections(root: Path = ROOT) -> list[str]:
    """What stands before the sections of CHANGELOG.md, then each of them with its heading."""
    return re.split(r"^(?=## )", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)


def first(root: Path, places: dict[str, tuple[str, ...]]) -> str:
    match = search(places["Cargo.toml"][0], (root / "Cargo.toml").read_text(encoding="utf-8"))
    if match is None:
        sys.exit(f"Cargo.toml: nothing matches {places['Cargo.toml'][0]}")
    return match[1]


def search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.MULTILINE)


def fail_if(found: list[str]) -> None:
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
