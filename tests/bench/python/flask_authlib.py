"""A Flask app that signs in with Authlib, as in Authlib's documentation."""

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.config.from_prefixed_env()
oauth = OAuth(app)
oauth.register("bench", client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"})


@app.get("/auth/bench")
def start():
    return oauth.bench.authorize_redirect(url_for("callback", _external=True))


@app.get("/auth/bench/callback")
def callback():
    token = oauth.bench.authorize_access_token()
    session["user"] = token["userinfo"]["name"]
    return redirect("/")


@app.get("/")
def home():
    return session["user"]
