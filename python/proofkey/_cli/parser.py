"""The arguments of the command line, and all its texts: `--help` and docs/cli.md are made from them."""

import os
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter

import proofkey
from proofkey._cli import exits, login, pkce, serve


def parser() -> ArgumentParser:
    top = ArgumentParser(
        prog="proofkey",
        description="Signs you in at an OAuth server, keeps the tokens, and prints fresh ones.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"proofkey {proofkey.__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, run: object, help: str, more: str = "") -> ArgumentParser:
        made = commands.add_parser(
            name, help=help, description=f"{help[0].upper()}{help[1:]}. {more}".rstrip(), allow_abbrev=False
        )
        made.set_defaults(run=run)
        return made

    _add_login(command("login", login.login, "sign in, and keep the tokens", _LOGIN))
    token = command("token", login.token, "print a fresh access token, refreshed if need be", _TOKEN)
    _add_profile(token)
    token.add_argument(
        "--within", type=_seconds, default=60, metavar="SECONDS", help="how long it has to be valid (default: 60)"
    )
    token.add_argument(
        "--rejected",
        metavar="FILE",
        help="a file with the access token that an API refused with invalid_token, or - for stdin: it is refreshed",
    )
    token.add_argument("--json", action="store_true", help="print expires_at and scope, too")
    whoami = command("whoami", login.whoami, "print what the provider says about you, as JSON", _WHOAMI)
    _add_profile(whoami)
    logout = command("logout", login.logout, "forget the tokens, revoke them, and sign out at the provider", _LOGOUT)
    _add_profile(logout)
    _add_no_browser(logout)

    pair = command("pair", pkce.pair, "print a new code verifier and its challenge (RFC 7636)", _PAIR)
    pair.add_argument("--json", action="store_true", help="print JSON instead of lines")
    challenge = command("challenge", pkce.challenge, "print the S256 challenge of a code verifier")
    _add_verifier(challenge)
    verify = command("verify", pkce.verify, "check a code verifier against a challenge, as a server does")
    _add_verifier(verify)
    verify.add_argument("--challenge", metavar="TEXT", help="the challenge, if it is not in the file; write --challenge=TEXT, since it may begin with -")

    served = command("serve", serve.serve, "run an authorization server for tests, on loopback", _SERVE)
    served.add_argument("--port", type=_port, default=0, help="the port (default: a free one)")
    served.add_argument("--consent", action="store_true", help="ask the user in the browser; else everybody is let in")
    return top


def _add_login(parser: ArgumentParser) -> None:
    _add_profile(parser)
    server = parser.add_mutually_exclusive_group()
    server.add_argument("--issuer", metavar="URL", help="the server, which has published its metadata there")
    server.add_argument("--provider", choices=["dropbox", "github", "google", "microsoft"], help="a well-known server")
    server.add_argument(
        "--authorization-endpoint", metavar="URL", help="of a server without metadata, with --token-endpoint"
    )
    parser.add_argument("--token-endpoint", metavar="URL", help="see --authorization-endpoint")
    parser.add_argument("--tenant", metavar="ID", help="the tenant, for --provider microsoft")
    parser.add_argument("--client-id", metavar="ID", help="the id of the client that is registered there")
    parser.add_argument(
        "--client-secret-file", metavar="FILE", help="a file with the secret of the client, if it has one; it is not copied"
    )
    parser.add_argument(
        "--scope", metavar="TEXT", help="what to ask for, with spaces between; many servers want offline_access in it"
    )
    parser.add_argument(
        "--redirect-uri", metavar="URL", help="as registered (default: http://127.0.0.1/callback, on a free port)"
    )
    parser.add_argument("--ca-file", metavar="FILE", help="a PEM file with the only certificates to trust")
    parser.add_argument("--proxy", metavar="URL", help="an http or https proxy; the variables of the environment do not count")
    parser.add_argument(
        "--device", action="store_true", help="show a code to enter on another device (RFC 8628), and wait for you"
    )
    _add_no_browser(parser)
    parser.add_argument(
        "--timeout", type=_seconds, default=300, metavar="SECONDS", help="how long to wait for you (default: 300)"
    )


def _add_profile(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default=os.environ.get("PROOFKEY_PROFILE") or "default",
        help="one of several logins (default: $PROOFKEY_PROFILE, else default)",
    )


def _add_no_browser(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--no-browser",
        action="store_true",
        default=bool(os.environ.get("PROOFKEY_NO_BROWSER")),
        help="print the URL instead of opening it; $PROOFKEY_NO_BROWSER does the same",
    )


def _add_verifier(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="a file with the verifier, or what `proofkey pair` printed (default: stdin)",
    )


def _seconds(text: str) -> int:
    return _number(text, 86400, "seconds, a day at most")


def _port(text: str) -> int:
    return _number(text, 65535, "a port, 65535 at most")


def _number(text: str, most: int, what: str) -> int:
    # The number of digits first: Python refuses to convert thousands of them.
    if not text.isascii() or not text.isdecimal() or len(text) > 9 or int(text) > most:
        raise ArgumentTypeError(f"it is a number of {what}" if what.startswith("seconds") else f"it is {what}")
    return int(text)


_LOGIN = """The browser opens; if there is none here, open the URL elsewhere, and paste the URL of the page where you end
up. The settings are kept in the profile, so the next login needs none; --issuer, --provider or --authorization-endpoint
begin a profile anew."""

_TOKEN = """However many commands ask at once, it is refreshed once. Use it like this:
curl -H "Authorization: Bearer $(proofkey token)" https://api.example/"""

_WHOAMI = """The claims are those of the checked ID token, for logins with the scope openid."""

_LOGOUT = """It prints what was done, as JSON; an end_session_url is there for you to open, if no browser was. If the tokens
cannot be revoked, they are deleted here all the same."""

_PAIR = """`proofkey pair --json >pair.json`, `proofkey challenge pair.json` and `proofkey verify pair.json` show all that
PKCE does."""

_SERVE = """It lets everybody in: it is for tests and demonstrations alone. It prints its metadata as JSON, and runs until
Ctrl-C."""

_EPILOG = "exit status:\n" + "\n".join(f"  {status:<4}{meaning}" for status, meaning in exits.TABLE.items()) + """

What a program reads is on stdout, and keeps its form; texts for people are on stderr. Secrets are never arguments, which
other users could see. Settings and sealed tokens are in $PROOFKEY_HOME, else in the folder proofkey among those of your
programs (~/.local/state on Linux)."""
