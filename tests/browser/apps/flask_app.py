"""A Flask app with two providers: "idp" signs in and connects, and "away" ends at another origin."""

import os

from flask import Flask, redirect, session
from flask.typing import ResponseReturnValue
from markupsafe import escape
from proofkey.flask import ProofKey, SignedIn

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=False)
app.config.update({name: value for name, value in os.environ.items() if name.startswith("PROOFKEY_")})
auth = ProofKey(app)


@auth.on_login("idp")
def signed_in(user: SignedIn) -> ResponseReturnValue:
    if user.connect_to:
        session["connected"] = f"{user.connect_to} to {user.profile['sub']}"
    else:
        session["user"] = user.profile["sub"]
    return redirect(user.next)


@auth.on_login("away")
def away(user: SignedIn) -> ResponseReturnValue:
    session["user"] = user.profile["sub"]
    return redirect(os.environ["AWAY"])


@auth.user_loader
def current_user() -> str | None:
    return session.get("user")


@app.get("/")
def home() -> str:
    user, connected = session.get("user", "nobody"), session.get("connected", "nothing")
    form = '<form method="post" action="/auth/idp"><button name="connect">Connect</button></form>'
    return f"<main>{escape(user)}, {escape(connected)}</main>{form}"
