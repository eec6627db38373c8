"""The tokens of a user of the app, for calls to the provider's API."""

import proofkey
from proofkey.token_store import SealedTokenStore
from proofkey.web._causes import LoginRefused


class UserTokens:
    """A `proofkey.token_source.TokenSource` whose tokens were saved at a login."""

    def __init__(self, store: SealedTokenStore, client: proofkey.Client, user: str, provider: str) -> None:
        self._store, self._client, self._user, self._provider = store, client, user, provider

    def fresh(self, *, rejected: proofkey.Secret | None = None) -> proofkey.Tokens:
        """`LoginRefused` "grant_ended" if only another login can help."""
        try:
            return self._store.fresh(self._client, self._user, rejected=rejected)
        except proofkey.Error as error:
            if error.recovery == "restart_login":
                raise LoginRefused("grant_ended", provider=self._provider, error=error) from error
            raise
