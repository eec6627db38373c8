"""Makes docs/errors.md from the error table (tests/vectors/errors.json) and from what docs/errors.json tells about it.

`--check` writes nothing, and fails if the page is not what would be written.
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
PAGE = DOCS / "errors.md"
TABLE = DOCS.parent / "tests" / "vectors" / "errors.json"
SOURCE = DOCS.parent / "crates" / "proofkey-core" / "src" / "error.rs"

HEAD = """\
<!-- Made by docs/errors.py: change docs/errors.json instead. -->

# Errors

Every error has a name and a number, the same in every language. To find one here, add `#` and its name to the address
of this page: `errors.md#state_mismatch`. No message ever holds a value that was passed in.

Rust: an `Error` of the crate `proofkey` has a `kind()`, an entry of this table, and in `oauth()` what a server said.

```rust
let error = Provider::new("http://as.example/authorize", "https://as.example/token").unwrap_err();
assert_eq!(error.kind(), ErrorKind::EndpointInsecure);
println!("{}: {error}. Next: {}", error.kind().name(), error.recovery().hint());
```

Python: everything is a `proofkey.Error`, of the class that the group below names.

```python
try:
    proofkey.Verifier("short")
except proofkey.Error as error:
    print(error.name, error.number, error.recovery, error.hint)
```

C: a function returns the number, as `PROOFKEY_STATUS_` and the name.

```c
int32_t status = proofkey_verifier_check("short", 5);
if (status != PROOFKEY_STATUS_OK)
    fprintf(stderr, "%s: %s\\n", proofkey_status_name(status), proofkey_status_message(status));
```
"""


def page() -> str:
    table = json.loads(TABLE.read_text("utf-8"))["errors"]
    told = json.loads((DOCS / "errors.json").read_text("utf-8"))
    refuse("told nothing about", {row["name"] for row in table} - set(told["errors"]))
    refuse("no such error", set(told["errors"]) - {row["name"] for row in table})
    next_steps, faults = words(SOURCE.read_text("utf-8"))
    refuse("no sentence for", {row["recovery"] for row in table} - set(next_steps))
    refuse("no sentence for", {row["fault"] for row in table} - set(faults))

    lines = [HEAD]
    lines += ["## What to do next", "", *(bullet(f"`{word}`: {text}.") for word, text in next_steps.items()), ""]
    lines += ["## Who is at fault", "", *(bullet(f"`{word}`: {text}") for word, text in faults.items()), ""]
    rest = list(table)
    for group in told["groups"]:
        rows = [row for row in rest if group["first"] <= row["number"] <= group["last"]]
        rest = [row for row in rest if row not in rows]
        lines += [f"## {group['title']}", "", wrap(group["about"]), ""]
        for row in rows:
            lines += section(row, **told["errors"][row["name"]])
    refuse("in no group", {row["name"] for row in rest})
    return "\n".join(lines).rstrip("\n") + "\n"


def section(row: dict[str, Any], symptom: str, causes: list[str]) -> Iterator[str]:
    known = {None: "", "from_server": ", OAuth error: the server's own"}
    oauth = known.get(row["oauth"], f", OAuth error `{row['oauth']}`")
    yield from (f"### {row['name']}", "")
    yield from (f"`{row['message']}`", "")
    yield from (wrap(f"Number {row['number']}, fault `{row['fault']}`, next `{row['recovery']}`{oauth}."), "")
    yield from (wrap(symptom), "", *map(bullet, causes), "")


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
        sys.exit(f"docs/errors.json: {what}: {', '.join(sorted(names))}")


if __name__ == "__main__":
    made = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text("utf-8") != made:
            sys.exit("docs/errors.md is not what docs/errors.py makes: run it")
    elif not sys.argv[1:]:
        PAGE.write_text(made, "utf-8")
    else:
        sys.exit(f"usage: {sys.argv[0]} [--check]")
