"""Where `proofkey.httpx.TokenAuth` and `proofkey.requests.TokenAuth` get the tokens of a user from: a token store, or the
memory of the program.

>>> import proofkey
>>> from proofkey import testing, token_source
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read")
...     tokens = client.finish(login, server.sign_in(login.url))
...     source = token_source.TokensInMemory(client, tokens, save=lambda new: print("saved"))
...     new = source.fresh(rejected=tokens.access_token)
saved
"""

import threading
from collections.abc import Callable
from typing import Protocol

import proofkey
from proofkey._native import Client, SealedTokenStore, Secret, Tokens

__all__ = ["StoredTokens", "TokenSource", "TokensInMemory"]


class TokenSource(Protocol):
    """The tokens of one user: any object with this method, which many threads may call at once."""

    def fresh(self, *, rejected: Secret | None = None) -> Tokens:
        """Tokens that are valid for a while. `rejected` is an access token that an API has refused: never return it again.

        It may block; an event loop calls it in a thread.
        """


class StoredTokens:
    """The tokens of a user in a token store, which refreshes them once for all threads, processes and machines."""

    def __init__(self, store: SealedTokenStore, client: Client, user: str) -> None:
        self._store = store
        self._client = client
        self._user = user

    def fresh(self, *, rejected: Secret | None = None) -> Tokens:
        """`SealedTokenStore.fresh()`, with its errors: if `recovery` is "restart_login", begin a new login."""
        return self._store.fresh(self._client, self._user, rejected=rejected)


class TokensInMemory:
    """Tokens that the program has in memory, and refreshes once for all its threads.

    `save(new_tokens)` is called before anybody gets new tokens; if it raises, nobody does, and the next call runs it
    again. Without it, nobody has the new refresh token when the program ends.
    """

    def __init__(self, client: Client, tokens: Tokens, *, save: Callable[[Tokens], None] | None = None) -> None:
        self._client = client
        self._tokens = tokens
        self._save = save
        self._lock = threading.Lock()

    def fresh(self, *, rejected: Secret | None = None) -> Tokens:
        """The tokens, refreshed if they expire within a minute or if their access token is the `rejected` one.

        The errors are those of `client.refresh()`. One that goes away by itself is not raised as long as the tokens that
        are there can be used.
        """
        tokens = self._tokens
        is_rejected = rejected is not None and rejected.expose() == tokens.access_token.expose()
        if not is_rejected and not tokens.expires_within(_WITHIN):
            return tokens
        try:
            new = self._client.refresh(tokens, save=self._save)
        except proofkey.Error as error:
            if is_rejected or error.recovery != "retry_later" or tokens.expires_within(0):
                raise
            return tokens
        with self._lock:
            # A thread that was held up must not put back tokens that others have refreshed since.
            if self._tokens is tokens:
                self._tokens = new
            return self._tokens


_WITHIN = 60
