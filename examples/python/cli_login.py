"""A command-line program that signs its user in, and prints what was granted.

python cli_login.py https://login.example.com my-cli --scope files.read --no-browser
"""

import argparse
import sys

import proofkey


def main() -> None:
    parser = argparse.ArgumentParser(description="Sign in, and print what was granted.")
    parser.add_argument("issuer", help="the authorization server, for example https://login.example.com")
    parser.add_argument("client_id", help="the id that this program has there")
    parser.add_argument("--scope", help="what to ask for, separated by spaces")
    parser.add_argument("--no-browser", action="store_true", help="print the URL instead of opening it")
    options = parser.parse_args()
    try:
        provider = proofkey.Provider.discover(options.issuer)
        client = proofkey.Client(provider, options.client_id)
        tokens = client.login_with_browser(scope=options.scope, browser=not options.no_browser)
    except proofkey.Error as error:
        sys.exit(str(error))
    # If the server names no scope, it has granted what was asked for.
    print(" ".join(tokens.scope) if tokens.scope is not None else options.scope)


if __name__ == "__main__":
    main()
