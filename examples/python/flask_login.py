"""A Flask app whose users sign in with GitHub, or with any other provider, as the environment says.

pip install proofkey[flask]
export FLASK_SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))")
export FLASK_PROOFKEY_GITHUB_CLIENT_ID=… FLASK_PROOFKEY_GITHUB_CLIENT_SECRET=…
flask --app flask_login.py run  # register http://localhost:5000/auth/github/callback, and open http://localhost:5000

For another provider, set FLASK_PROOFKEY_GITHUB_ISSUER and _SCOPE, too, or change the name.
"""

from flask import Flask, redirect, render_template_string, session
from proofkey.flask import ProofKey

app = Flask(__name__)
app.config.from_prefixed_env()
auth = ProofKey(app)


@auth.on_login("github")
def signed_in(login):
    session["user"] = login.profile["login"]
    return redirect(login.next)


@app.get("/")
def home():
    return render_template_string('Hello {{ session.user or "stranger" }}. <a href="/auth/github">Sign in</a>')
