"""Prints how many vectors ran: `ran.py VECTORS_DIR LOG`. Fails if an array of them did not, and is not known to be
of other languages alone."""

import json
import re
import sys
from pathlib import Path

OTHERS = {
    "conformance": "a runner of its own, for other implementations",
    "logout_token": "apps get no logout tokens",
    "token_record": "apps have no token store",
    "tokens_stored": "apps do not read the records of other libraries",
    "www_authenticate": "apps call APIs by themselves",
}

vectors, log = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
ran = {(file, array): int(count) for file, array, count in re.findall(r"vectors: (\w+) (\w+) (\d+)$", log, re.M)}
declared = {
    (path.stem, array): count
    for path in vectors.glob("*.json")
    if path.stem not in OTHERS
    for array, count in json.loads(path.read_text(encoding="utf-8"))["counts"].items()
}
print(f"{sum(ran.values())} vectors of {len(ran)} arrays")
if ran != declared:
    sys.exit(f"not run: {sorted(declared.items() - ran.items())}")
