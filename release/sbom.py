"""Writes the bill of materials (CycloneDX) of what is compiled into a crate for a target.

    sbom.py MANIFEST TARGET > BILL

cargo cyclonedx makes it. Left out is what cargo does not compile for the target: cyclonedx lists dependencies whose
condition never holds. The crates of this project are named by their folders in the repository, and not by where those
are on this machine.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any


def main(manifest: Path, target: str) -> None:
    command = ["cargo", "cyclonedx", "-q", "--manifest-path", str(manifest), "--format", "json", "--spec-version", "1.5"]
    subprocess.run([*command, "--no-build-deps", "--target", target, "--override-filename", "proofkey"], check=True)
    bill = json.loads(manifest.with_name("proofkey.json").read_text(encoding="utf-8"))
    text = json.dumps(only(compiled(manifest, target), bill), indent=1, ensure_ascii=False)
    text = text.replace(f"path+file://{root(manifest)}/", "path+file:///")
    print(re.sub(r'\?download_url=file://[^"]*', "", text))


def compiled(manifest: Path, target: str) -> set[tuple[str, str]]:
    """The name and version of each crate that cargo compiles for the target."""
    command = ["cargo", "tree", "--locked", "--manifest-path", str(manifest), "--target", target, "-e", "normal"]
    run = subprocess.run([*command, "--prefix", "none", "-f", "{p}"], check=True, stdout=subprocess.PIPE, text=True)
    return set(re.findall(r"^(\S+) v(\S+)", run.stdout, re.MULTILINE))


def only(crates: set[tuple[str, str]], bill: dict[str, Any]) -> dict[str, Any]:
    """The bill with no components but these crates."""
    kept = [component for component in bill["components"] if (component["name"], component["version"]) in crates]
    names = {component["bom-ref"] for component in [bill["metadata"]["component"], *kept]}
    dependencies = [
        {"ref": dependency["ref"], "dependsOn": [name for name in dependency.get("dependsOn", []) if name in names]}
        for dependency in bill["dependencies"]
        if dependency["ref"] in names
    ]
    return bill | {"components": kept, "dependencies": dependencies}


def root(manifest: Path) -> Path:
    command = ["cargo", "locate-project", "--workspace", "--message-format", "plain", "--manifest-path", str(manifest)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Path(run.stdout.strip()).parent


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
