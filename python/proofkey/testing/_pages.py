"""The pages of the test server. They load nothing and work without JavaScript."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from proofkey.testing._http import Pairs, Response
from proofkey.testing._registry import User


def consent(request: str, client_id: str, scope: str, users: Sequence[User], chosen: User) -> Response:
    """Asks which user signs in, and whether the client gets what it asks for."""
    tokens = "".join(f"<li>{escape(token)}</li>" for token in scope.split())
    app = f"<strong>{escape(client_id)}</strong>"
    what = f'<p id="asked">The app {app} asks for:</p>\n<ul aria-labelledby="asked">{tokens}</ul>'
    return _page(
        f"Sign in to {client_id}",
        f"""
<p class="note">This is a test server. Choose any user; there is no password.</p>
<form method="post" action="/consent">
<input type="hidden" name="request" value="{escape(request)}">
<fieldset>
<legend>Sign in as</legend>
{"".join(_choice(user, user is chosen) for user in users)}
</fieldset>
{what if tokens else ""}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>""",
    )


def device(user_code: str, users: Sequence[User]) -> Response:
    """Asks for the code that a device shows, and whether the device may have what it asks for."""
    return _page(
        "Connect a device",
        f"""
<p class="note">This is a test server. Choose any user; there is no password.</p>
<form method="post" action="/device">
<label>The code on the device <input name="user_code" value="{escape(user_code)}" autocomplete="off" required></label>
<fieldset>
<legend>Sign in as</legend>
{"".join(_choice(user, user is users[0]) for user in users)}
</fieldset>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>""",
    )


def form_post(redirect_uri: str, params: Pairs) -> Response:
    """Posts the callback to the client (OAuth 2.0 Form Post Response Mode), by script or with a button."""
    fields = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in params)
    return _page(
        "Back to the app",
        f"""
<form method="post" action="{escape(redirect_uri)}">
{fields}
<button>Continue</button>
</form>
<script>{_SUBMIT}</script>""",
    )


def _choice(user: User, checked: bool) -> str:
    name = user.claims.get("name")
    label = f"{name} ({user.sub})" if name else user.sub
    return (
        f'<label><input type="radio" name="user" value="{escape(user.sub)}"{" checked" if checked else ""}> '
        f"{escape(label)}</label>\n"
    )


def _page(title: str, body: str) -> Response:
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
"""
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
    return Response(200, headers, text.encode())


_STYLE = """
:root { color-scheme: light dark; --page: #f1efe9; --card: #fff; --text: #1f2023; --weak: #5f6368; --line: #767676;
        --accent: #0b6b53; --on: #fff }
@media (prefers-color-scheme: dark) {
  :root { --page: #191917; --card: #262624; --text: #e9e8e4; --weak: #a6a49d; --line: #8a8880;
          --accent: #5fcaa8; --on: #10231d }
}
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: var(--page); color: var(--text) }
main { box-sizing: border-box; width: min(30rem, 100% - 2rem); margin: 10vh auto 1rem; padding: 2rem;
       background: var(--card); border-top: 4px solid var(--accent); border-radius: .75rem;
       box-shadow: 0 1px 4px rgb(0 0 0 / 15%) }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; overflow-wrap: anywhere }
p { margin: 0 0 1rem }
form > p { margin-bottom: 0 }
.note { color: var(--weak) }
ul { margin: .25rem 0 1.25rem; padding-left: 1.5rem; overflow-wrap: anywhere }
fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: 0 0 1rem; padding: .25rem .75rem .5rem }
label { display: block; padding: .35rem 0; overflow-wrap: anywhere }
button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem; border: 1px solid var(--accent);
         border-radius: .4rem; background: var(--accent); color: var(--on); cursor: pointer }
button + button { background: none; color: inherit; border-color: var(--line) }
"""
_SUBMIT = "document.forms[0].submit()"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
    f"script-src 'sha256-{base64.b64encode(hashlib.sha256(_SUBMIT.encode()).digest()).decode()}'"
)
