"""What goes to stdout: for programs, so it stays as it is."""

import json
import sys


def print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2)
    print(flush=True)  # `serve` goes on
