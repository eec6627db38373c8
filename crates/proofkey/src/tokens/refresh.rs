#[cfg(feature = "http")]
use super::refreshes::Outcome;
use super::{Exchange, Expected, Kept, Tokens};
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
#[cfg(feature = "http")]
use crate::http::{Failure, Transport};
use crate::id_token::IdTokenCheck;
#[cfg(feature = "http")]
use crate::{clock::now, single_flight::Turn};

impl Client {
    /// Begins to refresh these tokens (RFC 6749 section 6): an exchange of the refresh token. If the server sends no
    /// new refresh token or no scope, those of `tokens` stay.
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](ErrorKind::RefreshTokenAbsent).
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Roundtrip, Secret, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let tokens = Tokens::from_parts(Secret::new("old"), Some(Secret::new("r")), None, None);
    /// let exchange = client.begin_refresh(&tokens, 1_700_000_000)?;
    /// assert_eq!(exchange.request().body(), "grant_type=refresh_token&refresh_token=r&client_id=my-app");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_refresh(&self, tokens: &Tokens, now: i64) -> Result<Exchange, Error> {
        let refresh_token = tokens.refresh_token().ok_or(ErrorKind::RefreshTokenAbsent)?;
        // Before anything is sent: a refresh token must not be spent on tokens that could not be checked.
        let check = IdTokenCheck::of_refresh(self, tokens)?;
        let mut parameters = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
        let resource = self.provider().resource_at_token_endpoint(tokens.resource());
        parameters.extend(resource.iter().map(|resource| ("resource", resource.as_str())));
        let scope = tokens.scope().map(<[String]>::to_vec);
        let kept = Kept { refresh_token: refresh_token.clone(), scope: scope.clone() };
        let provider = self.provider();
        let request = self.request(Endpoint::Token, provider.token_endpoint(), &parameters);
        let expected = Expected {
            scope: scope.unwrap_or_default(),
            resource: tokens.resource().to_vec(),
            quirks: provider.quirks().to_vec(),
            kept: Some(kept),
        };
        Ok(Exchange::new(request, expected, check, now))
    }
}

#[cfg(feature = "http")]
impl Client {
    /// Refreshes tokens: one request per refresh token, however many threads ask (RFC 6749 section 6). They all get
    /// the result, and so does every caller that comes with the old tokens within a minute.
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](crate::ErrorKind::RefreshTokenAbsent), those of [`Transport::send`] and those of
    /// [`Exchange`](crate::Exchange). `invalid_grant` in [`oauth`](Error::oauth) means that the refresh token is no
    /// longer valid: read the storage once more, since another process may have refreshed, else begin a new login. After
    /// [`KeysUnavailable`](ErrorKind::KeysUnavailable) with [`request_sent`](Error::request_sent), the next call within a
    /// minute asks for the keys alone: the new tokens wait for them.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let tokens = client.refresh(&tokens, &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn refresh(&self, tokens: &Tokens, transport: &Transport) -> Result<Tokens, Error> {
        self.refresh_and_save(tokens, transport, |_| Ok(()))
    }

    /// [`refresh`](Self::refresh), with a hook that stores the new tokens before anybody gets them. If it fails,
    /// nobody does, and the next call within a minute runs the hook again without asking the server.
    ///
    /// # Errors
    /// Those of [`refresh`](Self::refresh), and those of the hook.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// # fn store(tokens: &Tokens) -> std::io::Result<()> { Ok(()) }
    /// let save = |new: &Tokens| -> Result<(), Box<dyn std::error::Error>> { Ok(store(new)?) };
    /// let tokens = client.refresh_and_save(&tokens, &Transport::new(), save)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refresh_and_save<E: From<Error>>(
        &self,
        tokens: &Tokens,
        transport: &Transport,
        save: impl FnOnce(&Tokens) -> Result<(), E>,
    ) -> Result<Tokens, E> {
        let exchange = self.begin_refresh(tokens, now())?;
        let refresh = self.refreshes().of(tokens, now());
        let lead = match refresh.flight.join() {
            Turn::Landed(result) => return Ok(result?),
            Turn::Reentered => return Err(Error::from(ErrorKind::RefreshUnderWay).into()),
            Turn::Lead(lead) => lead,
        };
        let (new, is_saved) = match refresh.outcome(tokens, now()) {
            Some(Outcome::Saved(new)) => (new, true),
            Some(Outcome::Unsaved(new)) => (new, false),
            unfinished => {
                let exchange = match unfinished {
                    Some(Outcome::Unchecked(pending)) => pending,
                    _ => exchange,
                };
                match transport.run(exchange) {
                    Ok(new) => {
                        refresh.remember(tokens, Outcome::Unsaved(new.clone()), now());
                        (new, false)
                    }
                    Err(Failure { error, pending }) => {
                        if let Some(exchange) = pending.filter(|_| error.request_sent()) {
                            refresh.remember(tokens, Outcome::Unchecked(*exchange), now());
                        }
                        lead.land(Err(error.clone()));
                        return Err(error.into());
                    }
                }
            }
        };
        if !is_saved {
            if let Err(error) = save(&new) {
                lead.hand_over();
                return Err(error);
            }
            refresh.saved();
        }
        lead.land(Ok(new.clone()));
        Ok(new)
    }
}
