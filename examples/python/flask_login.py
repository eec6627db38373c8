"""A Flask app whose users sign in with GitHub, or with any other provider that the environment names.

In a checkout:

    pip install '.[flask]'
    export FLASK_SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))")
    export FLASK_PROOFKEY_GITHUB_CLIENT_ID=… FLASK_PROOFKEY_GITHUB_CLIENT_SECRET=…
    flask --app examples/python/flask_login.py run

Register http://localhost:5000/auth/github/callback with GitHub, and open http://localhost:5000. For another provider,
set FLASK_PROOFKEY_GITHUB_ISSUER and _SCOPE as well, or change the name.
"""

from flask import Flask, redirect, render_template_string, session
from proofkey.flask import ProofKey

app = Flask(__name__)
app.config.from_prefixed_env()
auth = ProofKey(app)


@auth.on_login("github")
def signed_in(user):
    session["user"] = user.profile["login"]
    return redirect(user.next)


@app.get("/")
def home():
    return render_template_string('Hello {{ session.user or "stranger" }}. <a href="/auth/github">Sign in</a>')
