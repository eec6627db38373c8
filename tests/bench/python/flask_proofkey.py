"""A Flask app that signs in with proofkey."""

from flask import Flask, redirect, session

from proofkey.flask import ProofKey

app = Flask(__name__)
app.config.from_prefixed_env()
auth = ProofKey(app, bench={"scope": "openid profile"})


@auth.on_login("bench")
def signed_in(user):
    session["user"] = user.profile["name"]
    return redirect(user.next)


@app.get("/")
def home():
    return session["user"]
