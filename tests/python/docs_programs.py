"""Runs the programs of docs/ against the test server, which takes the place of the providers in them."""

import re
from pathlib import Path
from typing import Any

import markdown_pages as pages
from flask import Flask
from proofkey import testing

USERS = [
    testing.User("user-1", {"id": 1, "email": "user-1@example.com", "email_verified": True, "name": "First User"}),
    testing.User("user-2", {"id": 2, "email": "user-2@example.com", "email_verified": False}),
]
"""Users with the claims of all the providers on the pages."""


def run(page: str | Path, number: int, server: testing.AuthorizationServer) -> dict[str, Any]:
    """Runs a program, and returns its global names. If there is an app among them, it is configured for the server."""
    program = pages.programs(pages.named(page) if isinstance(page, str) else page)[number]
    program = re.sub(r'os\.environ\["(\w+)"\]', r'"\1 of a test, as long as it has to be"', program)
    program = program.replace('"https://login.example.com"', repr(server.issuer))
    program = re.sub(r'proofkey\.Provider\.known\("(dropbox|google)"\)', "TEST_PROVIDER", program)
    names: dict[str, Any] = {"__name__": "page", "TEST_PROVIDER": server.provider}
    exec(compile(program, str(page), "exec", dont_inherit=True), names)
    if isinstance(names.get("app"), Flask):
        configure(names["app"], server)
    return names


def configure(app: Flask, server: testing.AuthorizationServer) -> None:
    """Sets what would come from the environment and from the provider's console."""
    app.secret_key = app.secret_key or "the secret of a test, as long as it has to be"
    for provider in ("DROPBOX", "GITHUB", "GOOGLE"):
        app.config.setdefault(f"PROOFKEY_{provider}_CLIENT_ID", "my-app")
        app.config[f"PROOFKEY_{provider}_ISSUER"] = server.issuer
        app.config[f"PROOFKEY_{provider}_SCOPE"] = "openid email"
    app.testing = True
