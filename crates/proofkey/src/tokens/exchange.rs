use super::{Expected, Tokens};
use crate::error::{Endpoint, Error};
use crate::http::{Request, Response, Roundtrip, Step};
use crate::id_token::{Checked, IdTokenCheck, Reason};
use crate::secret::Secret;

/// What is still to be sent and received until there are tokens. It can only be made from a login and its checked
/// callback or, for a refresh, from tokens.
///
/// The loop is that of every [`Roundtrip`], with any HTTP client, blocking or not:
///
/// ```
/// # use proofkey::{Client, Error, Provider, Request, Response};
/// use proofkey::{Roundtrip, Step};
/// # fn send(request: &Request) -> Result<Response, Error> {
/// #     assert!(request.body().contains("code_verifier="));
/// #     Ok(Response::new(200, [], r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer"}"#))
/// # }
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(0)?;
/// # let (callback, now) = ("https://client.example/cb?code=c&state=s", 0);
///
/// let mut exchange = login.accept(callback, now)?;
/// let tokens = loop {
///     let response = send(exchange.request())?;
///     match exchange.receive(response, now)? {
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

/// What the response to the current request contains.
#[derive(Debug)]
enum Stage {
    /// The tokens.
    Tokens { expected: Expected, id_token: Option<IdTokenCheck> },
    /// The server's keys.
    Keys { check: IdTokenCheck, then: Then },
}

/// What follows once the keys are here.
#[derive(Debug)]
enum Then {
    /// The request for the tokens. The keys are fetched first, so that no code is wasted if the server has none.
    Send { request: Request, expected: Expected },
    /// The tokens, which came with an ID token whose key was unknown. They are kept back until it is checked.
    Check { tokens: Tokens, id_token: Secret },
}

impl Exchange {
    pub(crate) fn new(request: Request, expected: Expected, id_token: Option<IdTokenCheck>, now: i64) -> Self {
        match id_token {
            Some(mut check) => match check.keys_wanted(now) {
                Some(keys) => {
                    Self { request: keys, stage: Stage::Keys { check, then: Then::Send { request, expected } } }
                }
                None => Self { request, stage: Stage::Tokens { expected, id_token: Some(check) } },
            },
            None => Self { request, stage: Stage::Tokens { expected, id_token: None } },
        }
    }
}

impl Roundtrip for Exchange {
    type Output = Tokens;

    /// The request to send now. Once a byte of a request with a code may have been sent, do not send that request
    /// again: a code can be used only once (RFC 6749 section 4.1.2).
    fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the tokens, or the server's keys for ID tokens, from the response.
    ///
    /// # Errors
    /// [`TokenError`](crate::ErrorKind::TokenError) with the server's words if it refused, else what is wrong with the
    /// response; [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable) if its keys cannot be read; and the errors with
    /// `IdToken` in their name if the ID token fails a check. In every case this exchange is over.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Tokens>, Error> {
        match self.stage {
            Stage::Keys { mut check, then } => {
                let taken = check.take_response(&response, then.reason(), now);
                then.after_keys(taken, check, now)
            }
            Stage::Tokens { expected, id_token } => {
                let received = Tokens::from_response(&response, expected, now);
                let checked = received.and_then(|(tokens, text)| match id_token {
                    Some(check) => check_tokens(check, tokens, text, now),
                    None => Ok(Step::Done(tokens)),
                });
                checked.map_err(|error| error.at(Endpoint::Token).sent(true))
            }
        }
    }

    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Tokens>, Error> {
        match self.stage {
            // Through the cache, so that all threads share one request.
            Stage::Keys { mut check, then } => {
                let fetched = check.fetch_keys(then.reason(), || send(&self.request), now());
                then.after_keys(fetched, check, now())
            }
            Stage::Tokens { .. } => {
                let response = send(&self.request)?;
                self.receive(response, now())
            }
        }
    }
}

impl Then {
    const fn reason(&self) -> Reason {
        match self {
            Self::Send { .. } => Reason::Age,
            Self::Check { .. } => Reason::UnknownKey,
        }
    }

    fn after_keys(
        self,
        keys: Result<(), Error>,
        check: IdTokenCheck,
        now: i64,
    ) -> Result<Step<Exchange, Tokens>, Error> {
        match self {
            // A request for keys does not use the login up.
            Self::Send { request, expected } => match keys {
                Ok(()) => {
                    Ok(Step::Send(Exchange { request, stage: Stage::Tokens { expected, id_token: Some(check) } }))
                }
                Err(error) => Err(error.at(Endpoint::Jwks).sent(false)),
            },
            Self::Check { tokens, id_token } => keys
                .map_err(|error| error.at(Endpoint::Jwks))
                .and_then(|()| check_tokens(check, tokens, Some(id_token), now))
                .map_err(|error| error.at(Endpoint::Token).sent(true)),
        }
    }
}

fn check_tokens(
    check: IdTokenCheck,
    tokens: Tokens,
    id_token: Option<Secret>,
    now: i64,
) -> Result<Step<Exchange, Tokens>, Error> {
    Ok(match check.check(tokens, id_token, now)? {
        Checked::Good(tokens) => Step::Done(tokens),
        Checked::KeyUnknown { tokens, id_token, request } => {
            Step::Send(Exchange { request, stage: Stage::Keys { check, then: Then::Check { tokens, id_token } } })
        }
    })
}
