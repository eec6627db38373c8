"""Generates everything that is derived from errors.json: the tables of Rust, C, Python and Kotlin, and docs/errors.md.

    make_errors.py            writes the files
    make_errors.py --check    fails if one of them is stale
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).resolve().parent
ROOT = VECTORS.parents[1]

Row = dict[str, Any]

MADE_BY = "Generated from tests/vectors/errors.json by `make errors`. Do not edit."

LAYERS = {
    "core": {"core"},
    "rust": {"core", "flow", "storage", "logout", "every"},
    "c": {"core", "c", "flow", "every"},
    "c primitives": {"core", "c", "every"},
    "c flow": {"flow"},
    "python": {"core", "flow", "storage", "logout", "every"},
    "kotlin": {"core", "flow", "every"},
}
"""Which layers of the table each artefact has: a language has the errors that it can return."""

OAUTH = {None: "None", "invalid_request": "InvalidRequest", "invalid_grant": "InvalidGrant", "from_server": "FromServer"}


def main(arguments: list[str]) -> None:
    if arguments not in ([], ["--check"]):
        sys.exit(f"usage: {sys.argv[0]} [--check]")
    document = json.loads((VECTORS / "errors.json").read_text("utf-8"))
    errors, groups = document["errors"], document["groups"]

    def rows(artefact: str) -> list[Row]:
        return [row for row in errors if row["layer"] in LAYERS[artefact]]

    made = {
        "crates/proofkey-core/src/error_table.rs": rust_table(rows("core")),
        "crates/proofkey/src/error_table.rs": rust_table(rows("rust")),
        "bindings/c/src/status_table.rs": c_table(rows("c primitives")),
        "bindings/c/src/flow_status_table.rs": c_table(rows("c flow")),
        "include/proofkey_status.h": c_header(rows("c")),
        "python/proofkey/_error_table.py": python_table(rows("python")),
        "bindings/kotlin/src/main/kotlin/dev/proofkey/ErrorTable.kt": kotlin_table(rows("kotlin")),
        "docs/errors.md": page(errors, groups),
    }
    stale = [path for path, text in made.items() if read(ROOT / path) != text]
    if arguments and stale:
        sys.exit(f"stale: {', '.join(stale)}. Run `make errors`.")
    for path in stale:
        (ROOT / path).write_text(made[path], "utf-8")


def read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


# Rust


def rust_table(rows: list[Row]) -> str:
    lines = [
        f"// {MADE_BY}",
        "",
        "macro_rules! error_table {",
        "    ($($make:ident)::+, $($head:tt)*) => {",
        "        $($make)::+! { $($head)* {",
    ]
    for row in rows:
        oauth, fault, recovery = OAUTH[row["oauth"]], camel(row["fault"]), camel(row["recovery"])
        lines.append(
            f"            {camel(row['name'])} = {row['number']}, {quoted(row['name'])}, {oauth}, {fault}, {recovery},"
            f" {quoted(row['message'])};"
        )
    return "\n".join([*lines, "        } }", "    };", "}", ""])


def camel(name: str) -> str:
    return name.title().replace("_", "")


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# C


def c_table(rows: list[Row]) -> str:
    numbers = ", ".join(str(row["number"]) for row in rows)
    texts = [row[field] or "" for row in rows for field in ("name", "message", "oauth", "recovery")]
    texts = ["" if text == "from_server" else text for text in texts]
    constants = [row for row in rows if row["layer"] in {"c", "every"}]
    lines = [
        f"// {MADE_BY}",
        "",
        *(f"pub(crate) const {row['name'].upper()}: i32 = {row['number']};" for row in constants),
        *([""] if constants else []),
        "/// The numbers, in the order of `TEXTS`.",
        f"pub(crate) static NUMBERS: [i32; {len(rows)}] = [{numbers}];",
        "",
        "/// Name, message, OAuth error and recovery of each, NUL-terminated. One literal, because a linker drops it as a",
        "/// whole from a program that asks for no text.",
        'pub(crate) static TEXTS: &str = "\\',
        *(f"    {text}\\0\\" if at % 4 == 0 else f"{escaped(text)}\\0\\" for at, text in enumerate(texts)),
        '";',
        "",
    ]
    return "\n".join(lines)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def c_header(rows: list[Row]) -> str:
    lines = [
        f"/* {MADE_BY} */",
        "",
        "#ifndef PROOFKEY_STATUS_H",
        "#define PROOFKEY_STATUS_H",
        "",
        "/* Success. */",
        "#define PROOFKEY_STATUS_OK 0",
    ]
    for row in rows:
        lines += ["", *textwrap.wrap(f"/* {row['message']} */", 118), f"#define PROOFKEY_STATUS_{row['name'].upper()} {row['number']}"]
    return "\n".join([*lines, "", "#endif", ""])


# Python


def python_table(rows: list[Row]) -> str:
    lines = [
        f'"""{MADE_BY}"""',
        "",
        "from typing import Literal, TypeAlias",
        "",
        "ErrorName: TypeAlias = Literal[",
        *(f"    {quoted(row['name'])}," for row in rows),
        "]",
        '"""The name of an error."""',
        "",
        "CLASSES: dict[ErrorName, str] = {",
        *(f"    {quoted(row['name'])}: {quoted(row['class'])}," for row in rows),
        "}",
        '"""The exception class of each."""',
        "",
    ]
    return "\n".join(lines)


# Kotlin


def kotlin_table(rows: list[Row]) -> str:
    numbers: dict[str, list[str]] = {}
    for row in rows:
        if row["class"] != "Error":
            numbers.setdefault(row["class"].replace("Error", "Exception"), []).append(str(row["number"]))
    lines = [
        f"// {MADE_BY}",
        "",
        "package dev.proofkey",
        "",
        "/** The exception of the class that the table names; some errors have none of their own. */",
        "internal fun exceptionOf(details: ErrorDetails): ProofKeyException = when (details.number) {",
    ]
    for name, of_class in numbers.items():
        lines += textwrap.wrap(f"{', '.join(of_class)} -> {name}(details)", 118, initial_indent="    ", subsequent_indent="        ")
    return "\n".join([*lines, "    else -> ProofKeyException(details)", "}", ""])


# docs/errors.md

HEAD = """\
<!-- {made_by} -->

# Errors

Every error has a name and a number, the same in every language. To look one up, add `#` and its name to the address of
this page: `errors.md#state_mismatch`. No message contains a value that was passed in.

Rust: an `Error` of the crate `proofkey` has a `kind()`, which is an entry of this table, an `endpoint()` and a
`status()` if a server responded, and in `oauth()` what the server said.

```rust
let error = Provider::new("http://as.example/authorize", "https://as.example/token").unwrap_err();
assert_eq!(error.kind(), ErrorKind::EndpointInsecure);
println!("{{}}: {{error}}. Next: {{}}", error.kind().name(), error.recovery().hint());
```

Python: every exception is a `proofkey.Error`; each entry below names its class.

```python
try:
    proofkey.Verifier("short")
except proofkey.Error as error:
    print(error.name, error.number, error.recovery, error.hint)
```

Kotlin and Java: every exception is a `ProofKeyException`, of the class that is below with `Exception` for `Error`.

C: a function returns the number, `PROOFKEY_STATUS_` and the name in capitals; `proofkey_status.h` has all of them. What
else is known about the end of a login or an exchange, such as the server's own words, is in its `proofkey_error`.

```c
int32_t status = proofkey_verifier_check("short", 5);
if (status != PROOFKEY_STATUS_OK)
    fprintf(stderr, "%s: %s\\n", proofkey_status_name(status), proofkey_status_message(status));
```
"""


def page(table: list[Row], groups: list[Row]) -> str:
    next_steps, faults = words((ROOT / "crates/proofkey-core/src/error.rs").read_text("utf-8"))
    refuse("no sentence for", {row["recovery"] for row in table} - set(next_steps))
    refuse("no sentence for", {row["fault"] for row in table} - set(faults))

    lines = [HEAD.format(made_by=MADE_BY)]
    lines += ["## What to do next", "", *(bullet(f"`{word}`: {text}.") for word, text in next_steps.items()), ""]
    lines += ["## Who is at fault", "", *(bullet(f"`{word}`: {text}") for word, text in faults.items()), ""]
    rest = list(table)
    for group in groups:
        rows = [row for row in rest if group["first"] <= row["number"] <= group["last"]]
        rest = [row for row in rest if row not in rows]
        lines += [f"## {group['title']}", "", wrap(group["about"]), ""]
        for row in rows:
            lines += section(row)
    refuse("in no group", {row["name"] for row in rest})
    return "\n".join(lines).rstrip("\n") + "\n"


def section(row: Row) -> Iterator[str]:
    known = {None: "", "from_server": ", OAuth error: the server's own"}
    oauth = known.get(row["oauth"], f", OAuth error `{row['oauth']}`")
    where = {"c": "C only", "every": f"`{row['class']}`"}.get(row["layer"], f"`{row['class']}`")
    yield from (f"### {row['name']}", "")
    yield from (f"`{row['message']}`", "")
    yield from (wrap(f"Number {row['number']}, {where}, fault `{row['fault']}`, next `{row['recovery']}`{oauth}."), "")
    yield from (wrap(row["symptom"]), "", *map(bullet, row["causes"]), "")


def words(source: str) -> tuple[dict[str, str], dict[str, str]]:
    """The words for next steps and faults with a sentence each, as the Rust source has them."""
    arms = re.findall(r'Self::(\w+) => "([^"]+)"', source)
    word = {variant: text for variant, text in arms if " " not in text}
    next_steps = {word[variant]: text for variant, text in arms if " " in text}
    documented = re.findall(r"    /// (.+)\n    (\w+),\n", source)
    return next_steps, {word[name]: text for text, name in documented if name in word and word[name] not in next_steps}


def wrap(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def bullet(text: str) -> str:
    return textwrap.fill(
        text, 120, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def refuse(what: str, names: set[str]) -> None:
    if names:
        sys.exit(f"errors.json: {what}: {', '.join(sorted(names))}")


if __name__ == "__main__":
    main(sys.argv[1:])
