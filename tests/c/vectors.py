"""Turns tests/vectors/pkce.json and errors.json, and the names in proofkey.h, into the tables that vectors.c runs.

    vectors.py VECTORS_DIR HEADER > tables.h

Fields it does not know are an error: no case is half-run.
"""

import itertools
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

REQUIRED, OPTIONAL = True, False
FIELDS = {
    "s256": {"name": REQUIRED, "verifier": REQUIRED, "challenge": REQUIRED, "source": OPTIONAL, "note": OPTIONAL,
             "req": REQUIRED},
    "invalid_verifiers": {"name": REQUIRED, "value": OPTIONAL, "value_hex": OPTIONAL, "why": REQUIRED,
                          "expected": REQUIRED, "error_name": REQUIRED, "req": REQUIRED},
    "invalid_challenges": {"name": REQUIRED, "value": REQUIRED, "method": REQUIRED, "why": REQUIRED,
                           "basis": REQUIRED, "expected": REQUIRED, "policy": OPTIONAL, "error_name": REQUIRED,
                           "req": REQUIRED},
    "challenge_methods": {"value": REQUIRED, "rfc7636": REQUIRED, "default_policy": REQUIRED, "why": REQUIRED,
                          "req": REQUIRED},
    "verify_cases": {"name": REQUIRED, "verifier": OPTIONAL, "challenge": OPTIONAL, "method": OPTIONAL, "ok": REQUIRED,
                     "ok_if_plain_allowed": OPTIONAL, "error": OPTIONAL, "error_name": OPTIONAL,
                     "error_name_if_plain_allowed": OPTIONAL, "policy": REQUIRED, "note": OPTIONAL, "req": REQUIRED},
    "errors": {"name": REQUIRED, "number": REQUIRED, "oauth": REQUIRED, "fault": REQUIRED, "recovery": REQUIRED,
               "message": REQUIRED},
}
DOCUMENT = {"pkce": {"$schema", "about", "counts", "rfc7636_appendix_a", "rfc7636_appendix_b", "s256",
                     "invalid_verifiers", "invalid_challenges", "challenge_methods", "verify_cases"},
            "errors": {"$schema", "about", "counts", "errors"}}


def main(vectors: Path, header: Path) -> None:
    pkce, errors = load(vectors, "pkce"), load(vectors, "errors")
    a, b = pkce["rfc7636_appendix_a"], pkce["rfc7636_appendix_b"]
    fields("appendix A", a, {"octets", "base64url"})
    fields("appendix B", b, {"verifier_octets", "verifier", "sha256_octets", "challenge"})

    print("/* Made by vectors.py. */")
    for name, count in (pkce["counts"] | errors["counts"]).items():
        print(f"#define DECLARED_{name.upper()} {count}u")
    for name, value in {"a_octets": bytes(a["octets"]), "a_base64url": a["base64url"],
                        "b_verifier_octets": bytes(b["verifier_octets"]), "b_verifier": b["verifier"],
                        "b_sha256_octets": bytes(b["sha256_octets"]), "b_challenge": b["challenge"]}.items():
        print(f"static const struct bytes {name} = {data(value)};")

    table("s256", "s256_case", ([text(c["name"]), data(c["verifier"]), data(c["challenge"])] for c in pkce["s256"]))
    table("invalid_verifiers", "invalid_verifier",
          ([text(c["name"]), data(one_of(c, "value", "value_hex")), text(c["error_name"])]
           for c in pkce["invalid_verifiers"]))
    table("invalid_challenges", "invalid_challenge",
          ([text(c["name"]), *once(c["value"]), data(c["method"]), text(c.get("policy")), text(c["error_name"])]
           for c in pkce["invalid_challenges"]))
    table("challenge_methods", "challenge_method",
          ([data(c["value"]), text(c["default_policy"]), text(c["rfc7636"])] for c in pkce["challenge_methods"]))
    table("verify_cases", "verify_case",
          ([text(c["name"]), data(c.get("verifier")), data(c.get("challenge")), data(c.get("method")),
            text(c["policy"]), number(c["ok"]), text(c.get("error_name")), text(c.get("error")),
            number(c.get("ok_if_plain_allowed")), text(c.get("error_name_if_plain_allowed"))]
           for c in pkce["verify_cases"]))
    table("errors", "error_row",
          ([text(c["name"]), str(c["number"]), text(None if c["oauth"] == "from_server" else c["oauth"]),
            text(c["recovery"]), text(c["message"])] for c in errors["errors"]))
    table("macros", "macro", ([text(name.lower()), f"PROOFKEY_STATUS_{name}"] for name in
                              re.findall(r"^#define PROOFKEY_STATUS_(\w+) ", header.read_text(), re.M)))


def load(vectors: Path, name: str) -> dict:
    document = json.loads((vectors / f"{name}.json").read_bytes())
    fields(name, document, DOCUMENT[name])
    sections = set(document) & set(FIELDS)
    fields(f"counts of {name}", document["counts"], sections)
    for section in sections:
        for case in document[section]:
            known = FIELDS[section]
            fields(f"{section}: {case.get('name', case.get('value'))}", {**dict.fromkeys(known), **case}, set(known))
            absent = {field for field, required in known.items() if required} - set(case)
            if absent:
                sys.exit(f"{section}: {case}: without {absent}")
    return document


def fields(where: str, found: dict, expected: set) -> None:
    if set(found) != expected:
        sys.exit(f"{where}: unknown or absent fields {set(found) ^ expected}")


def one_of(case: dict, plain: str, in_hex: str) -> bytes:
    if (case.get(plain) is None) == (case.get(in_hex) is None):
        sys.exit(f"{case['name']}: one of {plain} and {in_hex}")
    return bytes.fromhex(case[in_hex]) if case.get(plain) is None else case[plain].encode()


def once(value: str | list | None) -> list[str]:
    """How often the parameter was sent, and its value if that was at most once."""
    if isinstance(value, list):
        return [str(len(value)), data(None)]
    return ["0" if value is None else "1", data(value)]


def table(name: str, struct: str, rows: Iterable[list[str]]) -> None:
    body = ",\n".join("    {" + ", ".join(row) + "}" for row in rows)
    print(f"static const struct {struct} {name}[] = {{\n{body}\n}};")


numbers = itertools.count()


def data(value: str | bytes | None) -> str:
    """A `struct bytes`; prints the array it points at. C99 promises literals of 4095 characters only."""
    if value is None:
        return "{NULL, 0}"
    value = value.encode() if isinstance(value, str) else value
    name = f"data{next(numbers)}"
    print(f"static const unsigned char {name}[] = {{{','.join(map(str, value or bytes(1)))}}};")
    return f"{{(const char *){name}, {len(value)}}}"


def text(value: str | None) -> str:
    return "NULL" if value is None else json.dumps(value)


def number(value: bool | None) -> str:
    return {True: "1", False: "0", None: "-1"}[value]


main(*map(Path, sys.argv[1:]))
