"""A Flask app that signs nobody in. It measures what the three requests of a login cost in Flask itself."""

from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.config.from_prefixed_env()


@app.get("/auth/bench")
def start():
    session["state"] = "removed by the callback"
    return redirect(f"{app.config['BENCH_AUTHORIZE']}&redirect_uri={url_for('callback', _external=True)}")


@app.get("/auth/bench/callback")
def callback():
    del session["state"]
    session["user"] = "First User"
    return redirect("/")


@app.get("/")
def home():
    return session["user"]
