use zeroize::Zeroizing;

use crate::{Answer, Error, Request, Tokens};

/// What is still to be sent and received until there are tokens. Only a login and its checked callback lead here.
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
    scope: Vec<String>,
}

/// What [`Exchange::receive`] leads to.
#[derive(Debug)]
pub enum Step {
    /// One more request is to be sent.
    Send(Exchange),
    /// The tokens are there.
    Done(Tokens),
}

impl Exchange {
    pub(crate) fn new(token_endpoint: &str, body: Zeroizing<String>, scope: Vec<String>) -> Self {
        Self { request: Request::post_form(token_endpoint, body), scope }
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
    /// [`TokenError`](crate::ErrorKind::TokenError) with the server's words if it refused, else what is wrong with the
    /// answer. Either way this login is over.
    pub fn receive(self, answer: Answer, now: i64) -> Result<Step, Error> {
        let tokens = answer.into_members().and_then(|members| Tokens::from_members(members, &self.scope, now));
        tokens.map(Step::Done).map_err(|error| error.sent(true))
    }
}
