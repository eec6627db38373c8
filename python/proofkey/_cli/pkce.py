"""The commands for PKCE alone (RFC 7636)."""

import json
from argparse import Namespace

import proofkey
from proofkey import server
from proofkey._cli import exits
from proofkey._cli.files import read
from proofkey._cli.output import print_json


def pair(options: Namespace) -> int:
    """Prints a new verifier and its challenge."""
    verifier = proofkey.Verifier.generate()
    members = {
        "code_verifier": verifier.expose(),
        "code_challenge": verifier.challenge(),
        "code_challenge_method": "S256",
    }
    if options.json:
        print_json(members)
    else:
        for name, value in members.items():
            print(f"{name}={value}")
    return exits.DONE


def challenge(options: Namespace) -> int:
    """Prints the challenge of a verifier."""
    print(proofkey.s256(_members(options.file)["code_verifier"]))
    return exits.DONE


def verify(options: Namespace) -> int:
    """Checks a verifier against a challenge, as an authorization server does."""
    members = _members(options.file)
    if options.challenge is not None:
        members["code_challenge"] = options.challenge
    if "code_challenge" not in members:
        raise exits.Refused("there is no challenge: pass --challenge, or a file that `proofkey pair --json` wrote")
    binding = server.bind({"code_challenge": members["code_challenge"], "code_challenge_method": "S256"})
    try:
        server.verify(binding, {"code_verifier": members["code_verifier"]})
    except server.RequestError as error:
        return exits.failed(error.message, exits.FAILED)
    print("the verifier belongs to the challenge")
    return exits.DONE


def _members(file: str) -> dict[str, str]:
    """The members of what `pair` wrote, as JSON or in lines, or a verifier alone."""
    text = read(file)
    if text.startswith("{"):
        try:
            members = json.loads(text)
        except ValueError as error:
            raise exits.Refused("this JSON cannot be read") from error
    elif "=" in text:
        members = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    else:
        members = {"code_verifier": text}
    members = {name: value for name, value in members.items() if isinstance(value, str)}
    if "code_verifier" not in members:
        raise exits.Refused("there is no code_verifier in it")
    return members
