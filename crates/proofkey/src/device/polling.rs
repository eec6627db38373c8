use std::fmt;
use std::sync::Arc;

use proofkey_core::Recovery;

use super::authorize::is_openid;
use super::{DeviceAuthorization, Grant};
use crate::error::{Endpoint, Error, ErrorKind, OAuthError};
use crate::http::{Failure, Request, Response, Roundtrip, Step};
use crate::id_token::IdTokenCheck;
use crate::secret::Secret;
use crate::tokens::{Exchange, Expected, Tokens};

/// The requests for the tokens, which a device repeats until the user has decided (RFC 8628 sections 3.4 and 3.5).
///
/// The loop is that of every [`Roundtrip`]. It begins with a pause, since the user has not even read the code yet, and
/// [`Step::Wait`] says how long each further one is. If the network is lost, call
/// [`connection_lost`](Self::connection_lost) and go on: a device code may be sent again.
pub struct DevicePolling {
    exchange: Exchange,
    plan: Plan,
}

/// What it takes to ask again.
struct Plan {
    grant: Arc<Grant>,
    device_code: Secret,
    schedule: Schedule,
}

/// When the next request may be sent, by the caller's clock.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    expires_at: i64,
    /// The server's pause between two requests. It only grows.
    interval: u32,
    /// The pause while the network is away; 0 if it is not.
    backoff: u32,
}

impl DeviceAuthorization {
    /// Begins to ask for the tokens, after the first pause.
    ///
    /// # Errors
    /// [`DeviceCodeExpired`](ErrorKind::DeviceCodeExpired) if the codes expire before that pause is over.
    ///
    /// ```
    /// # use proofkey::{Client, Error, Provider, Request, Response, Roundtrip, Step};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_device_authorization_endpoint("https://as.example/device")?;
    /// # let request = Client::new(provider, "my-tv")?.authorize_device().begin()?;
    /// # let body = r#"{"device_code":"d","user_code":"u","verification_uri":"https://as.example/go","expires_in":600}"#;
    /// # let Step::Done(device) = request.receive(Response::new(200, [], body), 0)? else { panic!() };
    /// # let mut now = 0;
    /// # let answers = [r#"{"error":"authorization_pending"}"#, r#"{"access_token":"a","token_type":"Bearer"}"#];
    /// # let mut answers = answers.into_iter();
    /// # let mut send = |request: &Request| {
    /// #     assert!(request.body().contains("device_code=d&"));
    /// #     Response::new(200, [], answers.next().unwrap())
    /// # };
    /// let mut step = device.begin_polling(now)?;
    /// let tokens = loop {
    ///     let polling = match step {
    ///         Step::Send(polling) => polling,
    ///         Step::Wait(seconds, polling) => {
    ///             now += i64::from(seconds); // sleep
    ///             polling
    ///         }
    ///         Step::Done(tokens) => break tokens,
    ///     };
    ///     let response = send(polling.request());
    ///     step = polling.receive(response, now)?;
    /// };
    /// assert_eq!((tokens.access_token().expose(), now), ("a", 10));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn begin_polling(self, now: i64) -> Result<Step<DevicePolling, Tokens>, Error> {
        let Self { grant, device_code, expires_at, interval, .. } = self;
        let schedule = Schedule { expires_at, interval, backoff: 0 };
        let plan = Plan { grant, device_code, schedule };
        Ok(plan.ask_again(ErrorKind::DeviceCodeExpired.into(), now)?)
    }
}

impl Plan {
    /// After a pause. `expired` is the error if there is no time left for one.
    fn ask_again(self, expired: Error, now: i64) -> Result<Step<DevicePolling, Tokens>, Failure<DevicePolling>> {
        let seconds = self.schedule.wait(now).ok_or(expired)?;
        Ok(Step::Wait(seconds, DevicePolling { exchange: self.exchange(now), plan: self }))
    }

    fn exchange(&self, now: i64) -> Exchange {
        let Grant { client, scope, resource, verifier } = &*self.grant;
        let provider = client.provider();
        let mut parameters = vec![("grant_type", GRANT_TYPE), ("device_code", self.device_code.expose())];
        if let Some(verifier) = verifier {
            parameters.push(("code_verifier", verifier.expose()));
        }
        let sent = provider.resource_at_token_endpoint(resource);
        parameters.extend(sent.iter().map(|resource| ("resource", resource.as_str())));
        let request = client.request(Endpoint::Token, provider.token_endpoint(), &parameters);
        let expected = Expected {
            scope: scope.clone(),
            resource: resource.clone(),
            quirks: provider.quirks().to_vec(),
            kept: None,
        };
        Exchange::new(request, expected, IdTokenCheck::of_device(client, is_openid(scope)), now)
    }

    fn go_on(
        self,
        received: Result<Step<Exchange, Tokens>, Failure<Exchange>>,
        now: i64,
    ) -> Result<Step<DevicePolling, Tokens>, Failure<DevicePolling>> {
        match received {
            Ok(Step::Send(exchange)) => Ok(Step::Send(DevicePolling { exchange, plan: self })),
            Ok(Step::Wait(seconds, exchange)) => Ok(Step::Wait(seconds, DevicePolling { exchange, plan: self })),
            Ok(Step::Done(tokens)) => Ok(Step::Done(tokens)),
            Err(Failure { error, pending }) => match error.endpoint() {
                Some(Endpoint::Token) => self.after(error, now),
                // The keys for ID tokens did not come. The tokens may wait for them, and for the network.
                _ => match pending.map(|exchange| DevicePolling { exchange: *exchange, plan: self }) {
                    Some(polling) if is_lost(error.kind()) => Ok(polling.connection_lost(now)?),
                    Some(polling) => Err(Failure::of_pending(error, polling)),
                    None => Err(error.into()),
                },
            },
        }
    }

    /// Goes on, if the error of the token endpoint permits it (RFC 8628 section 3.5).
    fn after(self, error: Error, now: i64) -> Result<Step<DevicePolling, Tokens>, Failure<DevicePolling>> {
        let schedule = match (error.kind(), error.oauth().map(OAuthError::error)) {
            (ErrorKind::TokenError, Some("authorization_pending")) => self.schedule.responded(),
            (ErrorKind::TokenError, Some("slow_down")) => self.schedule.slowed_down(),
            (ErrorKind::TokenError, Some("expired_token")) => {
                return Err(error.with_kind(ErrorKind::DeviceCodeExpired).into());
            }
            (kind, _) if is_lost(kind) || is_busy(&error) => self.schedule.backed_off(error.retry_after()),
            // Nothing was sent, but waiting does not mend a certificate.
            (ErrorKind::TlsFailed, _) => {
                return Err(Failure::of_pending(error, DevicePolling { exchange: self.exchange(now), plan: self }));
            }
            _ => return Err(error.into()),
        };
        Self { schedule, ..self }.ask_again(error.with_kind(ErrorKind::DeviceCodeExpired), now)
    }
}

/// Whether a request got no response at all.
const fn is_lost(kind: ErrorKind) -> bool {
    use ErrorKind as E;
    matches!(kind, E::ConnectFailed | E::Timeout | E::ResponseInterrupted)
}

/// Whether the server asks to come back later: by a 429 or a 5xx, or by `temporarily_unavailable` and the like.
fn is_busy(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::ResponseStatus | ErrorKind::TokenError)
        && error.recovery() == Recovery::RetryLater
}

impl Schedule {
    /// How long to wait before the next request; `None` if the codes are expired by then. A pause for the network is
    /// cut short rather than slept through the end.
    fn wait(&self, now: i64) -> Option<u32> {
        let left = self.expires_at.saturating_sub(now);
        let left = u32::try_from(left).unwrap_or(if left < 0 { 0 } else { u32::MAX });
        let last = left.checked_sub(1)?;
        (self.interval <= last).then(|| self.interval.max(self.backoff.min(last)))
    }

    const fn responded(self) -> Self {
        Self { backoff: 0, ..self }
    }

    const fn slowed_down(self) -> Self {
        Self { interval: self.interval.saturating_add(SLOW_DOWN), backoff: 0, ..self }
    }

    /// Twice the last pause (RFC 8628 section 3.5), or what the server asks for.
    fn backed_off(self, retry_after: Option<u32>) -> Self {
        let doubled = self.interval.max(self.backoff).saturating_mul(2).min(LONGEST_BACKOFF);
        Self { backoff: doubled.max(retry_after.unwrap_or_default()), ..self }
    }
}

impl DevicePolling {
    /// When the codes expire, in seconds since the epoch. Nothing is sent from then on.
    #[must_use]
    pub const fn expires_at(&self) -> i64 {
        self.plan.schedule.expires_at
    }

    /// How many seconds the server wants between two requests: five more after each `slow_down`.
    #[must_use]
    pub const fn interval(&self) -> u32 {
        self.plan.schedule.interval
    }

    /// Goes on after a request that got no response: after twice the last pause, up to a minute (RFC 8628 section 3.5).
    /// A device code is not used up by being sent.
    ///
    /// # Errors
    /// [`DeviceCodeExpired`](ErrorKind::DeviceCodeExpired) if the codes expire before that.
    ///
    /// ```
    /// # use proofkey::{Client, Error, Provider, Response, Roundtrip, Step};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_device_authorization_endpoint("https://as.example/device")?;
    /// # let request = Client::new(provider, "my-tv")?.authorize_device().begin()?;
    /// # let body = r#"{"device_code":"d","user_code":"u","verification_uri":"https://as.example/go","expires_in":600}"#;
    /// # let Step::Done(device) = request.receive(Response::new(200, [], body), 0)? else { panic!() };
    /// let Step::Wait(5, polling) = device.begin_polling(0)? else { panic!("no pause") };
    /// let Step::Wait(10, polling) = polling.connection_lost(5)? else { panic!("no longer pause") };
    /// let Step::Wait(20, _) = polling.connection_lost(15)? else { panic!("no longer pause") };
    /// # Ok::<(), Error>(())
    /// ```
    pub fn connection_lost(mut self, now: i64) -> Result<Step<Self, Tokens>, Error> {
        self.plan.schedule = self.plan.schedule.backed_off(None);
        // Tokens that only wait for the keys do not expire with the codes.
        let seconds = match self.is_asking_for_tokens() {
            true => self.plan.schedule.wait(now).ok_or(ErrorKind::DeviceCodeExpired)?,
            false => self.plan.schedule.backoff,
        };
        Ok(Step::Wait(seconds, self))
    }

    fn is_asking_for_tokens(&self) -> bool {
        self.exchange.request().endpoint() == Endpoint::Token
    }
}

impl Roundtrip for DevicePolling {
    type Output = Tokens;

    fn request(&self) -> &Request {
        self.exchange.request()
    }

    /// Reads the tokens, the server's keys for ID tokens, or that the user has not decided yet.
    ///
    /// `authorization_pending` leads to the same pause again, `slow_down` to one that is five seconds longer from then
    /// on. A 429, a 5xx and `temporarily_unavailable` count as a lost connection.
    ///
    /// # Errors
    /// [`DeviceCodeExpired`](ErrorKind::DeviceCodeExpired) if the server says `expired_token`, or if the codes expire
    /// before the next request may be sent; [`TokenError`](ErrorKind::TokenError) with `access_denied` in
    /// [`oauth`](Error::oauth) if the user refused; and those of [`Exchange`], which alone may leave it pending.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, Tokens>, Failure<Self>> {
        let Self { exchange, plan } = self;
        plan.go_on(exchange.receive(response, now), now)
    }

    fn send(
        self,
        send: impl FnOnce(&Request) -> Result<Response, Error>,
        now: impl Fn() -> i64,
    ) -> Result<Step<Self, Tokens>, Failure<Self>> {
        // The machine may have slept through the pause.
        if self.is_asking_for_tokens() && now() >= self.expires_at() {
            return Err(Error::from(ErrorKind::DeviceCodeExpired).at(Endpoint::Token).into());
        }
        let Self { exchange, plan } = self;
        plan.go_on(exchange.send(send, &now), now())
    }
}

impl fmt::Debug for DevicePolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevicePolling").field("schedule", &self.plan.schedule).finish_non_exhaustive()
    }
}

#[cfg(feature = "http")]
impl DeviceAuthorization {
    /// Waits until the user has decided, and returns the tokens: the loop of [`begin_polling`](Self::begin_polling) by
    /// this machine's clock. It blocks until the codes expire at the latest. A network that is lost is waited for.
    ///
    /// # Errors
    /// Those of [`DevicePolling`], and the further ones of [`Transport::send`](crate::Transport::send). If only the keys
    /// for the ID token did not come, or TLS failed, the failure has the polling: [`DevicePolling::finish`] goes on.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-tv")?;
    /// let transport = Transport::new();
    /// let device = transport.run(client.authorize_device().scope("films").begin()?)?;
    /// println!("Go to {} and enter {}", device.verification_uri(), device.user_code());
    /// let tokens = device.finish(&transport)?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn finish(self, transport: &crate::Transport) -> Result<Tokens, Failure<DevicePolling>> {
        transport.run_from(self.begin_polling(crate::now())?)
    }
}

#[cfg(feature = "http")]
impl DevicePolling {
    /// [`DeviceAuthorization::finish`] for a polling that has begun, after one more pause.
    ///
    /// # Errors
    /// Those of [`DeviceAuthorization::finish`].
    pub fn finish(self, transport: &crate::Transport) -> Result<Tokens, Failure<Self>> {
        transport.run_from(Step::Wait(self.interval(), self))
    }
}

/// RFC 8628 section 3.4.
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// What `slow_down` adds to the interval, in seconds (RFC 8628 section 3.5).
const SLOW_DOWN: u32 = 5;
/// The longest pause for a lost connection that nobody asked for, in seconds: a user is waiting.
const LONGEST_BACKOFF: u32 = 60;
