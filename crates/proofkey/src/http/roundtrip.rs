use std::fmt;

use super::{Request, Response};
use crate::error::Error;

/// A conversation with a server: it has the next request, and takes the response to it.
///
/// [`Discovery`](crate::Discovery), [`Exchange`](crate::Exchange), [`Refresh`](crate::Refresh),
/// [`Revocation`](crate::Revocation), [`DeviceRequest`](crate::DeviceRequest), [`DevicePolling`](crate::DevicePolling),
/// `Userinfo` and `LogoutTokenCheck` implement it. The same loop drives all of them, with any HTTP client, blocking or
/// not:
///
/// ```
/// use std::{thread::sleep, time::Duration};
///
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
///             Step::Wait(seconds, next) => {
///                 sleep(Duration::from_secs(seconds.into()));
///                 roundtrip = next;
///             }
///             Step::Done(output) => return Ok(output),
///         }
///     }
/// }
/// # let discovery = proofkey::Discovery::new("https://as.example")?;
/// # let metadata = r#"{"issuer":"https://as.example","authorization_endpoint":"https://as.example/a","token_endpoint":"https://as.example/t"}"#;
/// # run(discovery, |_| Ok(Response::new(200, [], metadata)))?;
/// # Ok::<(), Error>(())
/// ```
///
/// [`Conversation`](crate::Conversation) is the same in a form that stays where it is.
pub trait Roundtrip: Sized {
    /// The result.
    type Output;

    /// The request to send now.
    fn request(&self) -> &Request;

    /// Takes the response to [`request`](Self::request), whatever its status. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// A [`Failure`]. Each implementation documents its errors, and which of them leave it pending.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Self::Output>, Failure<Self>>;

    /// Sends one request with `send`, and takes its response. A blocking transport calls this instead of the other two,
    /// so that threads that want the same keys share one request.
    ///
    /// # Errors
    /// Those of `send`, which leave this pending if nothing was sent, and those of [`receive`](Self::receive).
    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Self::Output>, Failure<Self>> {
        send_once(self, send, now)
    }
}

/// What [`Roundtrip::send`] does unless it is overridden.
pub(crate) fn send_once<R: Roundtrip>(
    roundtrip: R,
    send: impl FnOnce(&Request) -> Result<Response, Error>,
    now: impl Fn() -> i64,
) -> Result<Step<R, R::Output>, Failure<R>> {
    match send(roundtrip.request()) {
        Ok(response) => roundtrip.receive(response, now()),
        Err(error) if error.request_sent() => Err(error.into()),
        Err(error) => Err(Failure::of_pending(error, roundtrip)),
    }
}

/// What a response leads to.
#[derive(Debug)]
pub enum Step<Next, Output> {
    /// One more request has to be sent.
    Send(Next),
    /// One more request has to be sent, but only after this many seconds: the server asked for a pause.
    Wait(u32, Next),
    /// This is the result.
    Done(Output),
}

/// Why a [`Roundtrip`] did not go on and, if it may still succeed, the roundtrip itself.
///
/// With `?` it becomes the [`Error`] alone, in functions that return one.
///
/// ```
/// # #[cfg(feature = "id-token")]
/// # fn example() -> Result<(), proofkey::Error> {
/// # use proofkey::{Client, ErrorKind, Provider, Response, Roundtrip};
/// # let provider = Provider::new("https://op.example/authorize", "https://op.example/token")?;
/// # let provider = provider.with_issuer("https://op.example")?.with_jwks_uri("https://op.example/keys")?;
/// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().scope("openid").state("s").begin(0)?;
/// let exchange = login.accept("https://client.example/cb?code=c&state=s", 0)?;
/// // The keys of the server come first, and they cannot be had now.
/// let failure = exchange.receive(Response::new(500, [], ""), 0).unwrap_err();
/// assert_eq!(failure.error.kind(), ErrorKind::KeysUnavailable);
/// // The code was not sent. Later, the same exchange asks for the keys again.
/// let exchange = failure.pending.expect("the exchange");
/// assert_eq!(exchange.request().url(), "https://op.example/keys");
/// # Ok(())
/// # }
/// # #[cfg(feature = "id-token")]
/// # example()?;
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Debug)]
pub struct Failure<Pending> {
    /// What went wrong.
    pub error: Error,
    /// The roundtrip, if its request may be sent once more, now or later.
    pub pending: Option<Box<Pending>>,
}

impl<Pending> Failure<Pending> {
    pub(crate) fn of_pending(error: Error, pending: Pending) -> Self {
        Self { error, pending: Some(Box::new(pending)) }
    }
}

/// A failure that ends the roundtrip.
impl<Pending> From<Error> for Failure<Pending> {
    fn from(error: Error) -> Self {
        Self { error, pending: None }
    }
}

impl<Pending> From<Failure<Pending>> for Error {
    fn from(failure: Failure<Pending>) -> Self {
        failure.error
    }
}

impl<Pending> fmt::Display for Failure<Pending> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<Pending: fmt::Debug> std::error::Error for Failure<Pending> {}
