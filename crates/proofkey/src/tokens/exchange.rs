use super::{Expected, Tokens};
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Conversation, Failure, Request, Response, Roundtrip, Step, send_once};
use crate::id_token::{Checked, IdTokenCheck, Reason};
use crate::secret::Secret;
use crate::used_logins::Claim;

/// What is still to be sent and received until there are tokens. It can only be made from a login and its checked
/// callback or, for a refresh, from tokens.
///
/// The loop is that of every [`Roundtrip`], with any HTTP client, blocking or not:
///
/// ```
/// # use proofkey::{Client, Error, Provider, Request, Response};
/// use std::{thread::sleep, time::Duration};
///
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
///         Step::Wait(seconds, next) => {
///             sleep(Duration::from_secs(seconds.into()));
///             exchange = next;
///         }
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
    /// The use of the login; `None` for a refresh.
    claim: Option<Claim>,
}

/// What the response to the current request contains.
#[derive(Debug)]
enum Stage {
    /// The tokens.
    Tokens { expected: Expected, id_token: Option<IdTokenCheck> },
    /// The server's keys.
    Keys(Keys),
}

#[derive(Debug)]
struct Keys {
    check: IdTokenCheck,
    then: Then,
    /// Whether the server was given a pause since the last failure that the caller saw.
    has_waited: bool,
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
                Some(keys) => Self::of_keys(keys, check, Then::Send { request, expected }),
                None => Self::of_tokens(request, expected, Some(check)),
            },
            None => Self::of_tokens(request, expected, None),
        }
    }

    fn of_tokens(request: Request, expected: Expected, id_token: Option<IdTokenCheck>) -> Self {
        Self { request, stage: Stage::Tokens { expected, id_token }, claim: None }
    }

    fn of_keys(request: Request, check: IdTokenCheck, then: Then) -> Self {
        Self { request, stage: Stage::Keys(Keys { check, then, has_waited: false }), claim: None }
    }

    /// The tokens that still lack the keys for their ID token, and that ID token.
    pub(super) fn unchecked(&self) -> Option<(&Tokens, &Secret)> {
        match &self.stage {
            Stage::Keys(Keys { then: Then::Check { tokens, id_token }, .. }) => Some((tokens, id_token)),
            Stage::Keys(_) | Stage::Tokens { .. } => None,
        }
    }

    pub(crate) fn with_claim(self, claim: Claim) -> Self {
        Self { claim: Some(claim), ..self }
    }

    /// Gives the login back, because no byte of the request with the code was sent: the same callback may be accepted
    /// again, by a login that is resumed once more. An exchange whose request with the code was never asked for gives
    /// the login back by itself.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider, Roundtrip, SealKeys};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let keys = SealKeys::new([7; 32])?;
    /// # let sealed = client.authorize().state("s").begin(0)?.seal(&keys, "")?;
    /// let callback = "https://client.example/cb?code=c&state=s";
    /// let exchange = client.resume(&sealed, &keys, "", 0)?.accept(callback, 0)?;
    /// let request = exchange.request();
    /// // Could not connect.
    /// exchange.release();
    ///
    /// let exchange = client.resume(&sealed, &keys, "", 0)?.accept(callback, 0)?;
    /// // Connected, and sent.
    /// let request = exchange.request();
    /// let again = client.resume(&sealed, &keys, "", 0)?.accept(callback, 0).unwrap_err();
    /// assert_eq!(again.error.kind(), ErrorKind::LoginAlreadyUsed);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn release(self) {
        if let Some(claim) = self.claim {
            claim.release();
        }
    }
}

impl Conversation<Exchange> {
    /// [`Exchange::release`] in place. The conversation is over then, and says
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed).
    pub fn release(&mut self) {
        if let Some(exchange) = self.end(ErrorKind::LoginAlreadyUsed.into()) {
            exchange.release();
        }
    }
}

impl Roundtrip for Exchange {
    type Output = Tokens;

    /// The request to send now. Once a byte of a request with a code may have been sent, do not send that request
    /// again: a code can be used only once (RFC 6749 section 4.1.2).
    fn request(&self) -> &Request {
        if let (Stage::Tokens { .. }, Some(claim)) = (&self.stage, &self.claim) {
            claim.keep();
        }
        &self.request
    }

    /// Reads the tokens, or the server's keys for ID tokens, from the response.
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words if it refused, else what is wrong with the
    /// response, and the errors with `IdToken` in their name if the ID token fails a check: this exchange is then over.
    ///
    /// [`KeysUnavailable`](ErrorKind::KeysUnavailable) and
    /// [`KeysUnsupported`](ErrorKind::KeysUnsupported) if the keys cannot be read. The exchange is then still
    /// pending, and asks for the keys again. [`request_sent`](Error::request_sent) says whether the code or the refresh
    /// token was sent; if so, the exchange holds the tokens, and they come out once the keys have come.
    ///
    /// A server that asks for a short pause (`Retry-After`, at most five seconds) gets one before that error.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Tokens>, Failure<Self>> {
        match self.stage {
            Stage::Keys(mut keys) => {
                let taken = keys.check.take_response(&response, keys.then.reason(), now);
                keys.end(self.request, self.claim, taken, now)
            }
            Stage::Tokens { expected, id_token } => {
                if let Some(claim) = &self.claim {
                    claim.keep();
                }
                let received = Tokens::from_response(&response, expected, now);
                received
                    .and_then(|(tokens, text)| match id_token {
                        Some(check) => check_tokens(check, tokens, text, now),
                        None => Ok(Step::Done(tokens)),
                    })
                    .map_err(|error| error.at(Endpoint::Token).sent(true).into())
            }
        }
    }

    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Tokens>, Failure<Self>> {
        match self.stage {
            // Through the cache, so that all threads share one request.
            Stage::Keys(mut keys) => {
                let fetched = keys.check.fetch_keys(keys.then.reason(), || send(&self.request), now());
                keys.end(self.request, self.claim, fetched, now())
            }
            Stage::Tokens { .. } => send_once(self, send, now),
        }
    }
}

impl Keys {
    /// Goes on with the keys. If they did not come, the exchange stays pending: a request for keys uses nothing up.
    fn end(
        self,
        request: Request,
        claim: Option<Claim>,
        fetched: Result<(), Error>,
        now: i64,
    ) -> Result<Step<Exchange, Tokens>, Failure<Exchange>> {
        let Err(error) = fetched else { return self.go_on(claim, now) };
        let error = error.at(Endpoint::Jwks).sent(matches!(self.then, Then::Check { .. }));
        let pause = error.retry_after().filter(|seconds| *seconds <= LONGEST_PAUSE && !self.has_waited);
        let pending = Exchange { request, stage: Stage::Keys(Self { has_waited: pause.is_some(), ..self }), claim };
        match pause {
            Some(seconds) => Ok(Step::Wait(seconds, pending)),
            None => Err(Failure::of_pending(error, pending)),
        }
    }

    fn go_on(self, claim: Option<Claim>, now: i64) -> Result<Step<Exchange, Tokens>, Failure<Exchange>> {
        let Self { check, then, .. } = self;
        match then {
            Then::Send { request, expected } => {
                Ok(Step::Send(Exchange { claim, ..Exchange::of_tokens(request, expected, Some(check)) }))
            }
            Then::Check { tokens, id_token } => Ok(check_tokens(check, tokens, Some(id_token), now)?),
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
}

/// Checks the ID token of new tokens, which may need other keys first.
pub(super) fn check_tokens(
    check: IdTokenCheck,
    tokens: Tokens,
    id_token: Option<Secret>,
    now: i64,
) -> Result<Step<Exchange, Tokens>, Error> {
    let checked = check.check(tokens, id_token, now);
    Ok(match checked.map_err(|kind| Error::from(kind).at(Endpoint::Token).sent(true))? {
        Checked::Good(tokens) => Step::Done(tokens),
        Checked::KeyUnknown { tokens, id_token, request } => {
            Step::Send(Exchange::of_keys(request, check, Then::Check { tokens, id_token }))
        }
    })
}

/// The longest pause that a server gets before it is asked for its keys again, in seconds. A user is waiting.
const LONGEST_PAUSE: u32 = 5;
