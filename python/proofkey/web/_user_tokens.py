"""The tokens of a user of the app, for calls to the provider's API."""

import proofkey
from proofkey.token_source import TokenSource
from proofkey.web._causes import LoginRefused


class UserTokens:
    """A `TokenSource` that asks the user to sign in again when its tokens have ended."""

    def __init__(self, source: TokenSource, provider: str) -> None:
        self._source, self._provider = source, provider

    def fresh(self, *, rejected: proofkey.Secret | None = None) -> proofkey.Tokens:
        """`LoginRefused` "grant_ended" if only another login can help."""
        try:
            return self._source.fresh(rejected=rejected)
        except proofkey.Error as error:
            if error.recovery == "restart_login":
                raise LoginRefused("grant_ended", provider=self._provider, error=error) from error
            raise
