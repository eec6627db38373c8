"""Draws the messages between app, browser and provider as a sequence diagram, in one page without scripts."""

from dataclasses import dataclass
from html import escape
from typing import Literal

Party = Literal["app", "browser", "provider"]
Pairs = list[tuple[str, str]]

SECRETS = {"code", "code_verifier", "access_token", "refresh_token", "id_token"}
LONG = {"state", "nonce", "code_challenge"}


@dataclass(frozen=True)
class Message:
    """One arrow of the diagram."""

    sender: Party
    receiver: Party
    title: str
    params: Pairs
    note: str = ""
    is_refusal: bool = False


def page(user: str | None, messages: list[Message]) -> str:
    """The diagram, below a line that says who is signed in."""
    who = f"You are signed in as <b>{escape(user)}</b>." if user else "You are not signed in."
    arrows = "".join(_arrow(message) for message in messages)
    drawn = f'{_PARTIES}<ol class="messages">{arrows}</ol>' if messages else "<p>Nobody has signed in so far.</p>"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The last sign-in</title>
<style>{_STYLE}</style>
<main>
<h1>The last sign-in</h1>
<p>{who} Secrets are shown as “…”.</p>
<nav><a class="button" href="/auth/github?next=/last-login">Sign in</a> <a href="/">The app's own page</a></nav>
{drawn}
</main>
</html>
"""


def _arrow(message: Message) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_shown(name, value))}</dd>" for name, value in message.params)
    kind = f"{message.sender}-{message.receiver}{' refusal' if message.is_refusal else ''}"
    return f"""
<li class="{kind}"><div class="arrow"></div>
<div class="text"><small>{message.sender} to {message.receiver}</small><h2>{escape(message.title)}</h2>
{f"<dl>{rows}</dl>" if rows else ""}{f"<p>{escape(message.note)}</p>" if message.note else ""}</div></li>"""


def _shown(name: str, value: str) -> str:
    if name in SECRETS:
        return "…"
    return f"{value[:8]}…" if name in LONG and len(value) > 8 else value


_PARTIES = '<div class="parties" aria-hidden="true"><b>app</b><b>browser</b><b>provider</b></div>'
_STYLE = """
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --text: #1c1e21; --weak: #5c6370; --line: #b4bac4;
        --front: #1a56db; --back: #0b7a4b; --bad: #c02626; --on: #fff }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181c; --card: #22252b; --text: #e6e8eb; --weak: #9aa1ac; --line: #4a505b;
          --front: #7aa7ff; --back: #4cc38a; --bad: #ff8080; --on: #16181c }
}
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: var(--page); color: var(--text) }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.6rem; line-height: 1.3; margin: 0 0 .5rem }
main > p { margin: 0 0 1rem }
nav { display: flex; gap: 1rem; align-items: center; margin-bottom: 1rem }
a { color: var(--front) }
.button { display: inline-block; padding: .3rem .9rem; border-radius: .4rem; background: var(--front);
          color: var(--on); text-decoration: none }
.parties { display: grid; grid-template-columns: repeat(3, 1fr); position: sticky; top: 0; padding: .5rem 0;
           background: var(--page); z-index: 1; text-align: center }
.parties b { margin: 0 8%; padding: .2rem 0; border: 2px solid var(--line); border-radius: .4rem;
             background: var(--card) }
.messages { list-style: none; margin: 0; padding: 0 }
.messages li { --ink: var(--front); padding: 1rem 0 0;
  background: linear-gradient(var(--line), var(--line)) calc(100% / 6) 0 / 2px 100% no-repeat,
              linear-gradient(var(--line), var(--line)) 50% 0 / 2px 100% no-repeat,
              linear-gradient(var(--line), var(--line)) calc(500% / 6) 0 / 2px 100% no-repeat }
.messages .app-provider, .messages .provider-app { --ink: var(--back) }
.messages .refusal { --ink: var(--bad) }
.arrow { position: relative; height: 0; border-top: 3px solid var(--ink); width: calc(100% / 3) }
.app-browser .arrow, .browser-app .arrow, .app-provider .arrow, .provider-app .arrow { margin-left: calc(100% / 6) }
.browser-provider .arrow, .provider-browser .arrow { margin-left: 50% }
.app-provider .arrow, .provider-app .arrow { width: calc(200% / 3) }
.arrow::after { content: ""; position: absolute; top: -8.5px; border: 7px solid transparent }
.app-browser .arrow::after, .browser-provider .arrow::after, .app-provider .arrow::after
  { right: 0; border-left: 12px solid var(--ink); border-right: 0 }
.browser-app .arrow::after, .provider-browser .arrow::after, .provider-app .arrow::after
  { left: 0; border-right: 12px solid var(--ink); border-left: 0 }
.text { margin-top: .8rem; padding: .6rem .9rem; border-left: 4px solid var(--ink); border-radius: .4rem;
        background: var(--card) }
.text small { color: var(--weak) }
.text p { margin: .25rem 0 0; color: var(--weak); font-size: .9rem }
h2 { font: 600 1rem/1.4 ui-monospace, monospace; margin: 0; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .25rem 0 0;
     font: .85rem/1.5 ui-monospace, monospace }
dt { color: var(--weak) }
dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 30rem) { dl { font-size: .75rem; gap: 0 .6rem } }
"""
