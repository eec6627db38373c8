use std::fmt;
use std::sync::Arc;

use super::exchange::check_tokens;
use super::refreshes::{Entry, Outcome};
use super::{Exchange, Expected, Kept, Tokens};
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Conversation, Failure, Request, Response, Roundtrip, Step};
use crate::id_token::IdTokenCheck;
use crate::secret::Secret;
use crate::single_flight::Lead;
#[cfg(feature = "http")]
use crate::{clock::now, http::Transport, single_flight::Turn};

/// The exchange of a refresh token, from [`Client::begin_refresh`]. As long as it or its result lives, nobody else who
/// has the client or a clone of it can refresh the same tokens.
#[derive(Debug)]
pub struct Refresh {
    exchange: Exchange,
    flight: Flight,
}

/// New tokens, which nobody else gets before [`saved`](Self::saved).
///
/// If it is dropped without that, whoever begins to refresh the old tokens next, within a minute, gets the new ones to
/// save: they are not lost, and the old refresh token is not sent again.
pub struct Refreshed {
    tokens: Tokens,
    /// `None` once they are saved.
    flight: Option<Flight>,
}

/// A refresh that is under way.
struct Flight {
    entry: Arc<Entry>,
    old: Tokens,
    lead: Lead<Tokens>,
}

impl Client {
    /// Begins to refresh these tokens (RFC 6749 section 6). If the server sends no new refresh token or no scope, those
    /// of `tokens` stay.
    ///
    /// A refresh token is sent once, however many callers share the client or a clone of it, because a server may take
    /// the second time for theft. Store the new tokens, then call [`Refreshed::saved`]. From then on, and for a minute,
    /// a caller with the old tokens gets the new ones at once, as [`Step::Done`].
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](ErrorKind::RefreshTokenAbsent);
    /// [`RefreshUnderWay`](ErrorKind::RefreshUnderWay) while somebody else refreshes these tokens: try again in a
    /// moment. Dropping a [`Refresh`] or [`Refreshed`] ends what is under way.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider, Response, Roundtrip, Secret, Step, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let store = |_: &Tokens| ();
    /// # let json = r#"{"access_token":"new","token_type":"Bearer"}"#;
    /// let tokens = Tokens::from_parts(Secret::new("old"), Some(Secret::new("r")), None, None);
    /// let Step::Send(refresh) = client.begin_refresh(&tokens, 0)? else { panic!("nobody else was first") };
    /// assert_eq!(refresh.request().body(), "grant_type=refresh_token&refresh_token=r&client_id=my-app");
    /// assert_eq!(client.begin_refresh(&tokens, 0).unwrap_err().kind(), ErrorKind::RefreshUnderWay);
    ///
    /// let Step::Done(refreshed) = refresh.receive(Response::new(200, [], json), 0)? else { panic!("no tokens") };
    /// store(refreshed.tokens());
    /// let new = refreshed.saved();
    ///
    /// let Step::Done(late) = client.begin_refresh(&tokens, 60)? else { panic!("the token is sent again") };
    /// assert_eq!(late.saved().access_token().expose(), new.access_token().expose());
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_refresh(&self, tokens: &Tokens, now: i64) -> Result<Step<Refresh, Refreshed>, Error> {
        let exchange = self.refresh_exchange(tokens, now)?;
        let entry = self.refreshes().of(tokens, now);
        let lead = entry.flight.try_lead().ok_or(ErrorKind::RefreshUnderWay)?;
        let outcome = entry.outcome(tokens, now);
        let flight = Flight { entry, old: tokens.clone(), lead };
        Ok(match outcome {
            Some(Outcome::Saved(tokens)) => Step::Done(Refreshed { tokens, flight: None }),
            Some(Outcome::Unsaved(tokens)) => Step::Done(Refreshed { tokens, flight: Some(flight) }),
            Some(Outcome::Unchecked { tokens: new, id_token }) => {
                flight.go_on(self.check_again(tokens, new, id_token, now).map_err(Failure::from), now)?
            }
            None => Step::Send(Refresh { exchange, flight }),
        })
    }

    /// Goes on with tokens whose ID token could not be checked.
    fn check_again(
        &self,
        old: &Tokens,
        new: Tokens,
        id_token: Secret,
        now: i64,
    ) -> Result<Step<Exchange, Tokens>, Error> {
        match IdTokenCheck::of_refresh(self, old)? {
            Some(check) => check_tokens(check, new, Some(id_token), now),
            None => Err(ErrorKind::Internal.into()),
        }
    }

    fn refresh_exchange(&self, tokens: &Tokens, now: i64) -> Result<Exchange, Error> {
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

impl Roundtrip for Refresh {
    type Output = Refreshed;

    fn request(&self) -> &Request {
        self.exchange.request()
    }

    /// Reads the new tokens, or the server's keys for ID tokens, from the response.
    ///
    /// # Errors
    /// Those of [`Exchange`]. With `invalid_grant` in [`oauth`](Error::oauth), the refresh token is no longer valid: read
    /// the storage once more, since another process may have refreshed, else begin a new login.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Refreshed>, Failure<Self>> {
        let Self { exchange, flight } = self;
        flight.go_on(exchange.receive(response, now), now)
    }

    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Refreshed>, Failure<Self>> {
        let Self { exchange, flight } = self;
        flight.go_on(exchange.send(send, &now), now())
    }
}

impl Flight {
    fn go_on(
        self,
        received: Result<Step<Exchange, Tokens>, Failure<Exchange>>,
        now: i64,
    ) -> Result<Step<Refresh, Refreshed>, Failure<Refresh>> {
        match &received {
            Ok(Step::Send(exchange) | Step::Wait(_, exchange)) => self.keep(exchange, now),
            Err(Failure { pending: Some(exchange), .. }) => self.keep(exchange, now),
            _ => {}
        }
        match received {
            Ok(Step::Send(exchange)) => Ok(Step::Send(Refresh { exchange, flight: self })),
            Ok(Step::Wait(seconds, exchange)) => Ok(Step::Wait(seconds, Refresh { exchange, flight: self })),
            Ok(Step::Done(tokens)) => {
                self.remember(Outcome::Unsaved(tokens.clone()), now);
                Ok(Step::Done(Refreshed { tokens, flight: Some(self) }))
            }
            Err(Failure { error, pending }) => {
                let pending = pending.map(|exchange| Box::new(Refresh { exchange: *exchange, flight: self }));
                Err(Failure { error, pending })
            }
        }
    }

    /// Whoever refreshes the old tokens next goes on with the new ones of this exchange, if it has any and is dropped.
    fn keep(&self, exchange: &Exchange, now: i64) {
        if let Some((tokens, id_token)) = exchange.unchecked() {
            self.remember(Outcome::Unchecked { tokens: tokens.clone(), id_token: id_token.clone() }, now);
        }
    }

    fn remember(&self, outcome: Outcome, now: i64) {
        if self.lead.is_of_this_process() {
            self.entry.remember(&self.old, outcome, now);
        }
    }
}

impl Refreshed {
    /// The new tokens, to store.
    #[must_use]
    pub const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Says that the new tokens are stored, or need not be: from now on others get them too. It returns them.
    pub fn saved(mut self) -> Tokens {
        self.land();
        self.tokens
    }

    fn land(&mut self) {
        if let Some(flight) = self.flight.take().filter(|flight| flight.lead.is_of_this_process()) {
            flight.entry.saved();
        }
    }
}

impl Conversation<Refresh> {
    /// [`Refreshed::saved`] in place. It does nothing before there is a result.
    pub fn saved(&mut self) {
        if let Some(refreshed) = self.output_mut() {
            refreshed.land();
        }
    }
}

impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshed").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flight")
    }
}

#[cfg(feature = "http")]
impl Client {
    /// Refreshes tokens: one request per refresh token, however many threads ask (RFC 6749 section 6). They all get
    /// the result, and so does every caller that comes with the old tokens within a minute.
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](ErrorKind::RefreshTokenAbsent);
    /// [`RefreshUnderWay`](ErrorKind::RefreshUnderWay) while a [`Refresh`] of these tokens lives; those of
    /// [`Transport::send`] and those of [`Exchange`]. `invalid_grant` in [`oauth`](Error::oauth) means that the refresh
    /// token is no longer valid: read the storage once more, since another process may have refreshed, else begin a new
    /// login. After [`KeysUnavailable`](ErrorKind::KeysUnavailable) with [`request_sent`](Error::request_sent), the next
    /// call within a minute asks for the keys alone: the new tokens wait for them.
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
        let exchange = self.refresh_exchange(tokens, now())?;
        let refresh = self.refreshes().of(tokens, now());
        let lead = match refresh.flight.join() {
            Turn::Landed(result) => return Ok(result?),
            Turn::UnderWay => return Err(Error::from(ErrorKind::RefreshUnderWay).into()),
            Turn::Lead(lead) => lead,
        };
        let (new, is_saved) = match refresh.outcome(tokens, now()) {
            Some(Outcome::Saved(new)) => (new, true),
            Some(Outcome::Unsaved(new)) => (new, false),
            unfinished => {
                let step = match unfinished {
                    Some(Outcome::Unchecked { tokens: new, id_token }) => {
                        self.check_again(tokens, new, id_token, now()).map_err(Failure::from)
                    }
                    _ => Ok(Step::Send(exchange)),
                };
                let refreshed = step.and_then(|step| match step {
                    Step::Send(exchange) | Step::Wait(_, exchange) => transport.run(exchange),
                    Step::Done(new) => Ok(new),
                });
                match refreshed {
                    Ok(new) => {
                        refresh.remember(tokens, Outcome::Unsaved(new.clone()), now());
                        (new, false)
                    }
                    Err(Failure { error, pending }) => {
                        let unchecked = pending.as_deref().and_then(Exchange::unchecked);
                        if let Some((new, id_token)) = unchecked {
                            let outcome = Outcome::Unchecked { tokens: new.clone(), id_token: id_token.clone() };
                            refresh.remember(tokens, outcome, now());
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
