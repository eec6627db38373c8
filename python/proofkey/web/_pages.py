"""The built-in pages. They are self-contained: no script, style or image is loaded."""

import secrets
from collections.abc import Iterable
from html import escape

from proofkey.web._causes import LoginRefused
from proofkey.web._http import PRIVATE, Response

_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f7; color: #1c1e21 }
main { box-sizing: border-box; width: min(30rem, 100% - 2rem); margin: 10vh auto 1rem; padding: 2rem;
       background: #fff; border-radius: .75rem; box-shadow: 0 1px 4px rgb(0 0 0 / 15%) }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; text-wrap: balance }
p { margin: 0 0 1.25rem }
a, button { display: inline-block; font: inherit; padding: .5rem 1rem; border: 0; border-radius: .4rem;
            background: #1a56db; color: #fff; text-decoration: none; cursor: pointer }
small { color: #5c6370 }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e6e8eb } main { background: #22252b } small { color: #9aa1ac }
}
"""


def refused(refusal: LoginRefused, retry: str | None) -> Response:
    """Shows the cause and a link to try again. It contains nothing that came with the request."""
    details = f"{refusal.cause} · {refusal.error.name}" if refusal.error else refusal.cause
    again = f'<p><a href="{escape(retry)}">Try again</a></p>' if retry else ""
    body = f"<h1>{escape(refusal.title)}</h1><p>{escape(refusal.text)}</p>{again}<small>{escape(details)}</small>"
    return _page(refusal.title, body, refusal.status, "default-src 'none'", refusal.headers)


def post_again(fields: Iterable[tuple[str, str]]) -> Response:
    """Posts a form once more to the same URL, now from this site, so that the browser sends its cookies along."""
    nonce = secrets.token_urlsafe(16)
    inputs = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields)
    form = f'<form method="post">{inputs}<button>Continue</button></form>'
    script = f'<script nonce="{nonce}">document.forms[0].submit()</script>'
    body = f"<h1>Almost there</h1><p>Continue to finish signing in.</p>{form}{script}"
    # No form-action: it would also forbid the app to redirect to another origin in its response to this form.
    return _page("Almost there", body, 200, f"default-src 'none'; script-src 'nonce-{nonce}'", PRIVATE)


def _page(title: str, body: str, status: int, policy: str, headers: list[tuple[str, str]]) -> Response:
    nonce = secrets.token_urlsafe(16)
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style nonce="{nonce}">{_STYLE}</style>'
    )
    content = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", f"{policy}; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"),
    ]
    return Response(status, [*content, *headers], f"{head}<main>{body}</main></html>".encode())
