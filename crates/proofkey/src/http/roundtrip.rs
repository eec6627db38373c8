use super::{Request, Response};
use crate::error::Error;

/// A conversation with a server: it has the next request, and takes the response to it.
///
/// [`Discovery`](crate::Discovery), [`Exchange`](crate::Exchange), [`Revocation`](crate::Revocation) and `Userinfo`
/// implement it. The same loop drives all of them, with any HTTP client, blocking or not:
///
/// ```
/// use proofkey::{Error, Request, Response, Roundtrip, Step};
///
/// fn run<R: Roundtrip>(
///     mut roundtrip: R,
///     send: impl Fn(&Request) -> Result<Response, Error>,
/// ) -> Result<R::Output, Error> {
///     loop {
///         let response = send(roundtrip.request())?;
///         match roundtrip.receive(response, proofkey::now())? {
///             Step::Send(next) => roundtrip = next,
///             Step::Done(output) => return Ok(output),
///         }
///     }
/// }
/// # let discovery = proofkey::Discovery::new("https://as.example")?;
/// # let metadata = r#"{"issuer":"https://as.example","authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t"}"#;
/// # run(discovery, |_| Ok(Response::new(200, [], metadata)))?;
/// # Ok::<(), Error>(())
/// ```
pub trait Roundtrip: Sized {
    /// The result.
    type Output;

    /// The request to send now.
    fn request(&self) -> &Request;

    /// Takes the response to [`request`](Self::request), whatever its status. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// Each implementation documents its own. After an error the conversation is over.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Self::Output>, Error>;

    /// Sends one request with `send`, and takes its response. A blocking transport calls this instead of the other two,
    /// so that threads that want the same keys share one request.
    ///
    /// # Errors
    /// Those of `send` and of [`receive`](Self::receive).
    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Self::Output>, Error> {
        let response = send(self.request())?;
        self.receive(response, now())
    }
}

/// What a response leads to.
#[derive(Debug)]
pub enum Step<Next, Output> {
    /// One more request has to be sent.
    Send(Next),
    /// This is the result.
    Done(Output),
}
