"""Begins and seals a login, or finishes one that was sealed: see test_seal_table.py."""

import os
import sys

import proofkey

CONTEXT = "example"

provider = proofkey.Provider.discover(os.environ["ISSUER"])
client = proofkey.Client(provider, os.environ["CLIENT_ID"], redirect_uri=os.environ["REDIRECT_URI"])
keys = proofkey.SealKeys(os.environ["SECRET"])
try:
    if sys.argv[1] == "begin":
        login = client.begin(scope=os.environ["SCOPE"], data="/photos")
        print(login.url, login.seal(keys, CONTEXT), sep="\n")
    else:
        login = client.resume(input(), keys, CONTEXT)
        tokens = client.finish(login, input())
        print(tokens.claims["sub"] if tokens.claims else " ".join(tokens.scope or []), login.data, sep="\n")
except proofkey.Error as refused:
    sys.exit(f"{refused.name}: {refused}")
