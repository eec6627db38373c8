"""Prints how many vectors ran: `counts.py VECTORS_DIR LOG`. Fails if an array of them did not, and is not known to be
of other languages alone."""

import json
import re
import sys
from pathlib import Path

OTHERS = {
    "conformance": "a runner of its own, for other implementations",
    "logout_token": "apps get no logout tokens",
    "token_record": "C has no token store",
    "tokens_stored": "C does not read the records of other libraries",
    "www_authenticate": "C does not call APIs",
}

vectors, log = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
ran = {(file, array): int(count) for file, array, count in re.findall(r"^vectors: (\w+) (\w+) (\d+)$", log, re.M)}
declared = {
    (path.stem, array): count
    for path in vectors.glob("*.json")
    if path.stem not in OTHERS
    for array, count in json.loads(path.read_text(encoding="utf-8"))["counts"].items()
}
print(f"{sum(ran.values())} vectors of {len(ran)} arrays")
if ran != declared:
    sys.exit(f"not run: {sorted(declared.items() - ran.items())}")
