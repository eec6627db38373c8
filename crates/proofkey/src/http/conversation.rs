use std::fmt;

use super::{Failure, Request, Response, Roundtrip, Step};
use crate::error::{Error, ErrorKind};

/// A [`Roundtrip`] that stays where it is: for a field of a struct, a handle, or an object of another language, which
/// cannot give a value away with each response.
///
/// The loop sends as long as there is a request. After an error the conversation goes on if it
/// [is pending](Self::is_pending): the same loop may run again later.
///
/// ```
/// # use proofkey::{Client, Error, Provider, Request, Response};
/// use std::{thread::sleep, time::Duration};
///
/// use proofkey::Conversation;
/// # fn send(request: &Request) -> Result<Response, Error> {
/// #     Ok(Response::new(200, [], r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer"}"#))
/// # }
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(0)?;
///
/// let exchange = login.accept("https://client.example/cb?code=c&state=s", 0)?;
/// let mut conversation = Conversation::new(exchange);
/// while let Some(request) = conversation.request() {
///     sleep(Duration::from_secs(conversation.wait_seconds().into()));
///     let response = send(request)?;
///     conversation.receive(response, 0)?;
/// }
/// let tokens = conversation.into_output().expect("tokens, because no error came");
/// assert_eq!(tokens.access_token().expose(), "2YotnFZFEjr1zCsicMWpAA");
/// # Ok::<(), Error>(())
/// ```
pub struct Conversation<R: Roundtrip> {
    state: State<R>,
    error: Option<Error>,
    /// How often the request of the moment got no response.
    failures: u32,
}

enum State<R: Roundtrip> {
    Pending { wait_seconds: u32, roundtrip: R },
    Done(R::Output),
    Failed,
}

impl<R: Roundtrip> Conversation<R> {
    /// A conversation that begins with the request of this roundtrip.
    #[must_use]
    pub const fn new(roundtrip: R) -> Self {
        Self { state: State::Pending { wait_seconds: 0, roundtrip }, error: None, failures: 0 }
    }

    /// Whether a request is still to be sent. A conversation that is not pending has its result, or has failed.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending { .. })
    }

    /// The request to send now, or after [`wait_seconds`](Self::wait_seconds); `None` once nothing more is to be sent.
    #[must_use]
    pub fn request(&self) -> Option<&Request> {
        match &self.state {
            State::Pending { roundtrip, .. } => Some(roundtrip.request()),
            State::Done(_) | State::Failed => None,
        }
    }

    /// How many seconds to wait before the request is sent: the server asked for a pause (see [`Step::Wait`]), or the last
    /// attempt failed.
    #[must_use]
    pub const fn wait_seconds(&self) -> u32 {
        match self.state {
            State::Pending { wait_seconds, .. } => wait_seconds,
            State::Done(_) | State::Failed => 0,
        }
    }

    /// Takes the response to [`request`](Self::request), whatever its status. `now` is in seconds since the epoch.
    ///
    /// # Errors
    /// Those of the [`Roundtrip`]. A conversation that failed keeps failing with the same error, and one that has its
    /// result with [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed).
    pub fn receive(&mut self, response: Response, now: i64) -> Result<(), Error> {
        self.failures = 0;
        self.advance(|roundtrip| roundtrip.receive(response, now))
    }

    /// Reports that [`request`](Self::request) got no response, for the reason that `kind` names:
    /// [`ConnectFailed`](ErrorKind::ConnectFailed) and [`TlsFailed`](ErrorKind::TlsFailed) if nothing was sent,
    /// [`Timeout`](ErrorKind::Timeout), [`ResponseTooLarge`](ErrorKind::ResponseTooLarge) and
    /// [`ResponseInterrupted`](ErrorKind::ResponseInterrupted) if something may have been. Any other kind counts as the
    /// last one. `now` is in seconds since the epoch.
    ///
    /// Networks come and go when an app returns from the browser. A connection that failed or broke is therefore tried
    /// again after a second, up to three attempts in all: a GET always, any other request only if nothing of it was
    /// sent. A TLS failure, a timeout and a response that is too large are not tried again. A device that polls waits
    /// for its network until its codes expire.
    ///
    /// ```
    /// # use proofkey::{Client, Error, Provider};
    /// use proofkey::{Conversation, ErrorKind};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
    /// # let login = client.authorize().state("s").begin(0)?;
    ///
    /// let mut conversation = Conversation::new(login.accept("https://client.example/cb?code=c&state=s", 0)?);
    /// // The code was not sent: it may be sent in a second.
    /// conversation.transport_failed(ErrorKind::ConnectFailed, 0)?;
    /// assert!(conversation.is_pending() && conversation.wait_seconds() == 1);
    /// // Now it may have been sent, and is used.
    /// let error = conversation.transport_failed(ErrorKind::Timeout, 1).unwrap_err();
    /// assert!(error.request_sent() && !conversation.is_pending());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The one that was named, if the request is not sent again for now. It may be sent later if the conversation
    /// [is pending](Self::is_pending). A conversation that is not pending fails as [`receive`](Self::receive) does.
    pub fn transport_failed(&mut self, kind: ErrorKind, now: i64) -> Result<(), Error> {
        self.failures = self.failures.saturating_add(1);
        let try_again = self.failures < ATTEMPTS && is_passing(kind);
        let mut is_tried_again = false;
        let advanced =
            self.advance(|roundtrip| match roundtrip.send(|request| Err(no_response(kind, request)), || now) {
                Err(Failure { pending: Some(roundtrip), .. }) if try_again => {
                    is_tried_again = true;
                    Ok(Step::Wait(PAUSE, *roundtrip))
                }
                other => other,
            });
        // The next request has attempts of its own, and so has the next run.
        if !is_tried_again {
            self.failures = 0;
        }
        advanced
    }

    /// Takes a pending roundtrip where this leads.
    fn advance(&mut self, advance: impl FnOnce(R) -> Result<Step<R, R::Output>, Failure<R>>) -> Result<(), Error> {
        let advanced = match std::mem::replace(&mut self.state, State::Failed) {
            State::Pending { roundtrip, .. } => advance(roundtrip),
            State::Done(output) => {
                self.state = State::Done(output);
                return Err(ErrorKind::LoginAlreadyUsed.into());
            }
            State::Failed => return Err(self.error.clone().unwrap_or_else(|| ErrorKind::Internal.into())),
        };
        match advanced {
            Ok(step) => {
                self.state = step.into();
                self.error = None;
                Ok(())
            }
            Err(Failure { error, pending }) => {
                if let Some(roundtrip) = pending {
                    self.state = State::Pending { wait_seconds: 0, roundtrip: *roundtrip };
                }
                self.error = Some(error.clone());
                Err(error)
            }
        }
    }

    /// What went wrong with the last request, if anything.
    #[must_use]
    pub const fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The result, once there is one.
    #[must_use]
    pub const fn output(&self) -> Option<&R::Output> {
        match &self.state {
            State::Done(output) => Some(output),
            State::Pending { .. } | State::Failed => None,
        }
    }

    /// The result itself, once there is one.
    #[must_use]
    pub fn into_output(self) -> Option<R::Output> {
        match self.state {
            State::Done(output) => Some(output),
            State::Pending { .. } | State::Failed => None,
        }
    }
}

impl<R: Roundtrip> Conversation<R> {
    pub(crate) const fn output_mut(&mut self) -> Option<&mut R::Output> {
        match &mut self.state {
            State::Done(output) => Some(output),
            State::Pending { .. } | State::Failed => None,
        }
    }

    /// Ends the conversation if it is pending.
    pub(crate) fn end(&mut self, error: Error) -> Option<R> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Pending { roundtrip, .. } => {
                self.error = Some(error);
                Some(roundtrip)
            }
            other => {
                self.state = other;
                None
            }
        }
    }
}

impl<R: Roundtrip> From<Step<R, R::Output>> for State<R> {
    fn from(step: Step<R, R::Output>) -> Self {
        match step {
            Step::Send(roundtrip) => Self::Pending { wait_seconds: 0, roundtrip },
            Step::Wait(wait_seconds, roundtrip) => Self::Pending { wait_seconds, roundtrip },
            Step::Done(output) => Self::Done(output),
        }
    }
}

fn no_response(kind: ErrorKind, request: &Request) -> Error {
    use ErrorKind as E;
    let (kind, is_sent) = match kind {
        E::ConnectFailed | E::TlsFailed => (kind, false),
        E::Timeout | E::ResponseTooLarge => (kind, true),
        _ => (E::ResponseInterrupted, true),
    };
    // A GET has nothing that could be used up.
    Error::from(kind).at(request.endpoint()).sent(is_sent && request.method() != "GET")
}

/// Whether the next attempt may well succeed. A certificate does not mend within seconds, and a server that did not
/// respond in time has had its time.
const fn is_passing(kind: ErrorKind) -> bool {
    !matches!(kind, ErrorKind::TlsFailed | ErrorKind::Timeout | ErrorKind::ResponseTooLarge)
}

/// How often a request is tried before the caller hears of it.
const ATTEMPTS: u32 = 3;
/// Between them, in seconds: a user is waiting.
const PAUSE: u32 = 1;

/// A conversation that begins where a step leads: with a result, for example, that was there already.
impl<R: Roundtrip> From<Step<R, R::Output>> for Conversation<R> {
    fn from(step: Step<R, R::Output>) -> Self {
        Self { state: step.into(), error: None, failures: 0 }
    }
}

/// Shows the request alone: the result may be about a person.
impl<R: Roundtrip> fmt::Debug for Conversation<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("request", &self.request())
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
