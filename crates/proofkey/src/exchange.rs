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
    expected: Expected,
}

/// What the answer is read against.
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
    /// let exchange = client.begin_refresh(&tokens)?;
    /// assert_eq!(exchange.request().body(), "grant_type=refresh_token&refresh_token=r&client_id=my-app");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_refresh(&self, tokens: &Tokens) -> Result<Exchange, Error> {
        let refresh_token = tokens.refresh_token().ok_or(ErrorKind::RefreshTokenAbsent)?;
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.expose())];
        let scope = tokens.scope().map(<[String]>::to_vec);
        let kept = Kept { refresh_token: refresh_token.clone(), scope: scope.clone() };
        Ok(Exchange {
            request: self.request(self.provider().token_endpoint(), &parameters),
            expected: Expected {
                scope: scope.unwrap_or_default(),
                quirks: self.provider().quirks().to_vec(),
                kept: Some(kept),
            },
        })
    }
}

impl Exchange {
    pub(crate) const fn new(request: Request, expected: Expected) -> Self {
        Self { request, expected }
    }

    /// The request to send now. Once a byte of it may have left, it must not be sent again: a code is used once
    /// (RFC 6749 section 4.1.2).
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the answer to [`request`](Self::request), whatever its status. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words if it refused, else what is wrong with the answer.
    /// Either way this exchange is over.
    pub fn receive(self, answer: Answer, now: i64) -> Result<Step<Self, Tokens>, Error> {
        let tokens = answer.into_members().and_then(|members| Tokens::from_members(members, self.expected, now));
        tokens.map(Step::Done).map_err(|error| error.sent(true))
    }
}
