"""The bill of materials lists what is compiled in, and no more."""

from pathlib import Path

import sbom


def component(name: str) -> dict[str, str]:
    return {"name": name, "version": "1.0.0", "bom-ref": f"ref#{name}"}


def test_crates_that_are_not_compiled_are_left_out() -> None:
    bill = {
        "metadata": {"component": component("root")},
        "components": [component("used"), component("unused")],
        "dependencies": [
            {"ref": "ref#root", "dependsOn": ["ref#used", "ref#unused"]},
            {"ref": "ref#used"},
            {"ref": "ref#unused", "dependsOn": ["ref#used"]},
        ],
    }
    kept = sbom.only({("root", "1.0.0"), ("used", "1.0.0"), ("unused", "2.0.0")}, bill)
    assert kept["components"] == [component("used")]
    assert kept["dependencies"] == [
        {"ref": "ref#root", "dependsOn": ["ref#used"]},
        {"ref": "ref#used", "dependsOn": []},
    ]


def test_what_cargo_compiles_for_a_target() -> None:
    manifest = Path(__file__).resolve().parents[2] / "bindings/python/Cargo.toml"
    linux = {name for name, _ in sbom.compiled(manifest, "x86_64-unknown-linux-gnu")}
    windows = {name for name, _ in sbom.compiled(manifest, "x86_64-pc-windows-msvc")}
    assert {"proofkey-core", "pyo3", "ring", "rustix"} <= linux
    assert "windows-sys" in windows - linux
    assert not {"errno", "serde_derive"} & linux
