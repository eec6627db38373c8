use crate::id_token::{Checked, OpenId, Reason};
#[cfg(feature = "http")]
use crate::now;
use crate::{Answer, Client, Error, ErrorKind, Quirk, Request, Secret, Tokens};

/// What is still to be sent and received until there are tokens. Only a login and its checked callback lead here, or
/// tokens, for a refresh.
///
/// The loop is the same with any HTTP, blocking or not:
///
/// ```
/// # use proofkey::{Answer, Client, Error, Provider, Request, Step};
/// # fn send(request: &Request) -> Result<Answer, Error> {
/// #     assert!(request.body().contains("code_verifier="));
/// #     Ok(Answer::new(200, Some("application/json"), r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer"}"#))
/// # }
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(0)?;
/// # let (callback, now) = ("https://client.example/cb?code=c&state=s", 0);
/// let mut exchange = login.accept(callback, now)?;
/// let tokens = loop {
///     let answer = send(exchange.request())?;
///     match exchange.receive(answer, now)? {
///         Step::Send(next) => exchange = next,
///         Step::Done(tokens) => break tokens,
///     }
/// };
/// assert_eq!(tokens.access_token().expose(), "2YotnFZFEjr1zCsicMWpAA");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Exchange {
    request: Request,
    stage: Stage,
}

/// What the answer to the request of the moment is.
#[derive(Debug)]
enum Stage {
    /// The server's keys. They are asked for first: a server without keys must not cost a code.
    Keys { next: Request, expected: Expected, openid: OpenId },
    /// The tokens.
    Tokens { expected: Expected, openid: Option<OpenId> },
    /// The server's keys once more, because the ID token names one that was not among them. The tokens are here already,
    /// and nobody gets them yet.
    MoreKeys { tokens: Tokens, id_token: Secret, openid: OpenId },
}

/// What the tokens are read against.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) scope: Vec<String>,
    pub(crate) quirks: Vec<Quirk>,
    /// For a refresh: what stays if the answer does not replace it.
    pub(crate) kept: Option<Kept>,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) refresh_token: Secret,
    pub(crate) scope: Option<Vec<String>>,
}

/// What taking an answer leads to.
#[derive(Debug)]
pub enum Step<Next, Result> {
    /// One more request is to be sent.
    Send(Next),
    /// This is the result.
    Done(Result),
}

impl Client {
    /// Begins to refresh these tokens (RFC 6749 section 6): an exchange of the refresh token. A server that sends no new
    /// refresh token leaves the old one valid, and it is in the new tokens.
    ///
    /// # Errors
    /// [`RefreshTokenAbsent`](ErrorKind::RefreshTokenAbsent) if there is none.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Secret, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let tokens = Tokens::from_parts(Secret::new("old"), Some(Secret::new("r")), None, None);
    /// let exchange = client.begin_refresh(&tokens, 1_700_000_000)?;
    /// assert_eq!(exchange.request().body(), "grant_type=refresh_token&refresh_token=r&client_id=my-app");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_refresh(&self, tokens: &Tokens, now: i64) -> Result<Exchange, Error> {
        let refresh_token = tokens.refresh_token().ok_or(ErrorKind::RefreshTokenAbsent)?;
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
        let scope = tokens.scope().map(<[String]>::to_vec);
        let kept = Kept { refresh_token: refresh_token.clone(), scope: scope.clone() };
        let request = self.request(self.provider().token_endpoint(), &parameters);
        let expected =
            Expected { scope: scope.unwrap_or_default(), quirks: self.provider().quirks().to_vec(), kept: Some(kept) };
        Ok(Exchange::new(request, expected, OpenId::of_refresh(self, tokens), now))
    }
}

impl Exchange {
    pub(crate) fn new(request: Request, expected: Expected, openid: Option<OpenId>, now: i64) -> Self {
        match openid {
            Some(mut openid) => match openid.keys_wanted(now) {
                Some(question) => Self { request: question, stage: Stage::Keys { next: request, expected, openid } },
                None => Self { request, stage: Stage::Tokens { expected, openid: Some(openid) } },
            },
            None => Self { request, stage: Stage::Tokens { expected, openid: None } },
        }
    }

    /// The request to send now. Once a byte of one that carries a code may have left, it must not be sent again: a code is
    /// used once (RFC 6749 section 4.1.2).
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the answer to [`request`](Self::request), whatever its status. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words if it refused, else what is wrong with the answer;
    /// [`KeysUnavailable`](ErrorKind::KeysUnavailable) and, for what is wrong with the ID token, the errors with
    /// `IdToken` in their name. Either way this exchange is over.
    pub fn receive(self, answer: Answer, now: i64) -> Result<Step<Self, Tokens>, Error> {
        match self.stage {
            Stage::Keys { next, expected, mut openid } => {
                openid.take_answer(&answer, Reason::Age, now)?;
                Ok(Self::ask(next, expected, openid))
            }
            Stage::Tokens { expected, openid } => {
                let received = answer.into_members().and_then(|members| Tokens::from_members(members, expected, now));
                let checked = received.and_then(|(tokens, id_token)| match openid {
                    Some(openid) => Self::check(openid, tokens, id_token, now),
                    None => Ok(Step::Done(tokens)),
                });
                checked.map_err(|error| error.sent(true))
            }
            Stage::MoreKeys { tokens, id_token, mut openid } => {
                let taken = openid.take_answer(&answer, Reason::UnknownKey, now);
                taken.and_then(|()| Self::check(openid, tokens, Some(id_token), now)).map_err(|error| error.sent(true))
            }
        }
    }

    /// Sends one request and takes its answer. Keys come by way of the cache: once for all threads that want them.
    #[cfg(feature = "http")]
    pub(crate) fn step(
        self,
        send: impl FnOnce(&Request) -> Result<Answer, Error>,
    ) -> Result<Step<Self, Tokens>, Error> {
        let Self { request, stage } = self;
        match stage {
            Stage::Keys { next, expected, mut openid } => {
                let fetched = openid.fetch_keys(Reason::Age, || send(&request));
                // Nothing of the login is used up by asking for keys.
                fetched.map(|()| Self::ask(next, expected, openid)).map_err(|error| error.sent(false))
            }
            Stage::MoreKeys { tokens, id_token, mut openid } => {
                let fetched = openid.fetch_keys(Reason::UnknownKey, || send(&request));
                let checked = fetched.and_then(|()| Self::check(openid, tokens, Some(id_token), now()));
                checked.map_err(|error| error.sent(true))
            }
            stage @ Stage::Tokens { .. } => {
                let answer = send(&request)?;
                Self { request, stage }.receive(answer, now())
            }
        }
    }

    const fn ask(request: Request, expected: Expected, openid: OpenId) -> Step<Self, Tokens> {
        Step::Send(Self { request, stage: Stage::Tokens { expected, openid: Some(openid) } })
    }

    fn check(openid: OpenId, tokens: Tokens, id_token: Option<Secret>, now: i64) -> Result<Step<Self, Tokens>, Error> {
        Ok(match openid.check(tokens, id_token, now)? {
            Checked::Good(tokens) => Step::Done(tokens),
            Checked::Waiting { tokens, id_token, question } => {
                Step::Send(Self { request: question, stage: Stage::MoreKeys { tokens, id_token, openid } })
            }
        })
    }
}
