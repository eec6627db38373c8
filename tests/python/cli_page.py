"""docs/cli.md, made from the same texts as `--help`. `python tests/python/cli_page.py` writes it anew."""

import sys
import textwrap
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from pathlib import Path

from proofkey._cli import exits
from proofkey._cli.parser import parser

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"

HEAD = """# The command line

`pip install .` also installs the command `proofkey`; `python -m proofkey` is the same. It signs you in at an OAuth
server, keeps the tokens on your machine, and prints fresh ones for scripts.

```sh
proofkey login --issuer https://login.example.com --client-id my-cli --scope "openid files.read"
curl -H "Authorization: Bearer $(proofkey token)" https://api.example.com/files
proofkey logout
```

Register `http://127.0.0.1/callback` as the redirect URI; servers have to let programs choose the port.

The tokens are sealed in files that only you can read. Their key is in the system keyring, if the Python package
`keyring` is installed (`pip install '.[keyring]'`) and finds one, and else, as over SSH and in containers, in a file
beside them. Every process that shares the folder can ask for a token; they refresh it once.
[token-store.md](token-store.md) says how, and how your own program does the same.

`--profile` names one of several logins. A profile is a JSON file with settings and without secrets, which you may edit.
"""

WALK = """
## PKCE in three commands

RFC 7636 needs a random verifier, its SHA-256 in base64url, and a server that compares the two. These replace the usual
lines of Node and OpenSSL, and put no secret where other users of the machine can see it:

```sh
proofkey pair --json >pair.json
proofkey challenge pair.json
proofkey verify pair.json # the verifier belongs to the challenge
```
"""


def page() -> str:
    top = parser()
    [commands] = [action for action in top._actions if isinstance(action, _SubParsersAction)]
    parts = [HEAD]
    for name, command in commands.choices.items():
        parts += [f"\n## proofkey {name}\n", f"\n{textwrap.fill(_one_line(command.description), 120)}\n", *_options(command)]
    parts += ["\n## Exit status\n\n| status | meaning |\n| --- | --- |\n"]
    parts += [f"| {status} | {meaning} |\n" for status, meaning in exits.TABLE.items()]
    parts += [
        "\nWhat a program reads is on stdout, and keeps its form; texts for people are on stderr.\n",
        "\n## Environment\n\n| variable | meaning |\n| --- | --- |\n",
        "| `PROOFKEY_HOME` | the folder of the settings and tokens; else `proofkey` among the folders of your programs |\n",
        "| `PROOFKEY_PROFILE` | the profile, unless `--profile` names another |\n",
        "| `PROOFKEY_NO_BROWSER` | if it is not empty, no browser is opened |\n",
        WALK,
    ]
    return "".join(parts)


def _options(command: ArgumentParser) -> list[str]:
    actions = [action for action in command._actions if action.default is not SUPPRESS]
    if not actions:
        return []
    return ["\n| argument | meaning |\n| --- | --- |\n", *(f"| {_name(it)} | {_one_line(it.help)} |\n" for it in actions)]


def _name(action: Action) -> str:
    value = "" if action.nargs == 0 else action.metavar or " or ".join(action.choices or [])
    words = [*action.option_strings, str(value)]
    return f"`{' '.join(word for word in words if word)}`"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
