use std::mem;
use std::sync::{Arc, Mutex};

use proofkey::{
    Conversation, DevicePolling, DeviceRequest, Discovery, Error, ErrorKind, Refresh, Refreshed, Request, Revocation,
    Roundtrip, Step, Userinfo,
};

use crate::claims::Claims;
use crate::device_authorization::DeviceAuthorization;
use crate::error::ErrorDetails;
use crate::lock::lock;
use crate::provider::Provider;
use crate::refused::Refused;
use crate::response::Response;
use crate::text::{Text, Texts};
use crate::tokens::Tokens;

/// A conversation with a server, whatever it is about: the discovery of a provider, the exchange of a code, the codes
/// of a device and what it polls for, a refresh, a revocation, userinfo. All of them have the same loop.
pub struct Exchange(Mutex<State>);

struct State {
    conversation: About,
    /// Of the request.
    texts: Texts,
    error: Option<Arc<ErrorDetails>>,
}

/// What the conversation is about.
enum About {
    Provider(Box<Conversation<Discovery>>),
    Tokens(Box<Conversation<proofkey::Exchange>>),
    Device(Box<Conversation<DeviceRequest>>),
    Polling(Box<Conversation<DevicePolling>>),
    /// The tokens that it ended in, which handles share.
    Granted(Arc<proofkey::Tokens>),
    Refresh(Box<Conversation<Refresh>>),
    Revocation(Box<Conversation<Revocation>>),
    Claims(Box<Conversation<Userinfo>>),
    /// All is said, and there is no result.
    Nothing,
}

impl Exchange {
    /// Begins to look for the metadata of a server.
    ///
    /// # Errors
    /// Those of [`Discovery::new`].
    pub fn discover(issuer: &str) -> Result<Self, Refused> {
        Ok(Self::new(About::Provider(boxed(Discovery::new(issuer)?))))
    }

    /// Begins to poll with the codes of a device: see [`proofkey::DeviceAuthorization::begin_polling`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) the second time, since two that poll are too fast; and those of
    /// [`proofkey::DeviceAuthorization::begin_polling`].
    pub fn begin_polling(device: &DeviceAuthorization, now: i64) -> Result<Self, Refused> {
        Ok(Self::new(About::Polling(Box::new(device.begin_polling(now)?.into()))))
    }

    fn new(conversation: About) -> Self {
        Self(Mutex::new(State { conversation, texts: Texts::default(), error: None }))
    }

    /// Whether there is a request to send. Also after an error: see [`Conversation::is_pending`].
    pub fn is_pending(&self) -> bool {
        lock(&self.0).conversation.request().is_some()
    }

    /// How many seconds to wait before the request is sent: the server asked for a pause, or the last attempt failed.
    pub fn wait_seconds(&self) -> u32 {
        lock(&self.0).conversation.talk().map_or(0, Talk::wait_seconds)
    }

    /// The method of the request.
    pub fn method(&self) -> Option<Text> {
        self.lend_at("method", 0, |request| Some(request.method()))
    }

    /// The URL of the request.
    pub fn url(&self) -> Option<Text> {
        let State { conversation, texts, .. } = &mut *lock(&self.0);
        let request = conversation.request()?;
        texts.lend("url", || Some(request.url()))
    }

    /// The body of the request; `None` if it has none.
    pub fn body_expose(&self) -> Option<Text> {
        let State { conversation, texts, .. } = &mut *lock(&self.0);
        let body = conversation.request()?.body();
        texts.lend_secret("body", || Some(body).filter(|body| !body.is_empty()))
    }

    /// The name of a header of the request; `None` past the last.
    pub fn header_name(&self, at: usize) -> Option<Text> {
        self.lend_at("header name", at, |request| request.headers().nth(at).map(|(name, _)| name))
    }

    /// The value of a header of the request; `None` past the last.
    pub fn header_expose(&self, at: usize) -> Option<Text> {
        self.lend_at("header", at, |request| request.headers().nth(at).map(|(_, value)| value))
    }

    /// Takes the response to the request.
    ///
    /// # Errors
    /// [`ResponseMalformed`](proofkey::ErrorKind::ResponseMalformed) for a response without a status, which changes
    /// nothing; and those of [`Conversation::receive`].
    pub fn receive(&self, response: &Response, now: i64) -> Result<(), Refused> {
        let response = response.take()?;
        self.advance(|talk| talk.receive(response, now))
    }

    /// Reports that the request got no response, for the reason that this number of the error table names: see
    /// [`Conversation::transport_failed`]. Any other number counts as
    /// [`ResponseInterrupted`](proofkey::ErrorKind::ResponseInterrupted).
    ///
    /// # Errors
    /// Those of [`Conversation::transport_failed`].
    pub fn transport_failed(&self, number: i32, now: i64) -> Result<(), Refused> {
        let kind = ErrorKind::from_number(number).unwrap_or(ErrorKind::ResponseInterrupted);
        self.advance(|talk| talk.transport_failed(kind, now))
    }

    fn advance(&self, advance: impl FnOnce(&mut dyn Talk) -> Result<(), Error>) -> Result<(), Refused> {
        let mut state = lock(&self.0);
        state.texts.take_back();
        let advanced = match state.conversation.talk_mut() {
            Some(talk) => advance(talk),
            None => Err(ErrorKind::LoginAlreadyUsed.into()),
        };
        state.conversation = mem::replace(&mut state.conversation, About::Nothing).settled();
        state.error = state.conversation.talk().and_then(Talk::error).cloned().map(ErrorDetails::from).map(Arc::new);
        Ok(advanced?)
    }

    /// What went wrong with the last request.
    pub fn error(&self) -> Option<Arc<ErrorDetails>> {
        lock(&self.0).error.clone()
    }

    /// The provider that was discovered.
    ///
    /// # Errors
    /// [`ResultAbsent`](Refused::ResultAbsent) while the exchange is pending, or if it is about something else; what
    /// it ended with if it failed.
    pub fn provider(&self) -> Result<Provider, Refused> {
        self.output(|about| match about {
            About::Provider(conversation) => conversation.output().cloned().map(Provider::from),
            _ => None,
        })
    }

    /// The tokens that were granted.
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn tokens(&self) -> Result<Tokens, Refused> {
        self.output(|about| match about {
            About::Granted(tokens) => Some(Arc::clone(tokens).into()),
            About::Refresh(conversation) => conversation.output().map(|refreshed| refreshed.tokens().clone().into()),
            _ => None,
        })
    }

    /// Says that the tokens of a refresh are stored: see [`Refreshed::saved`].
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn saved(&self) -> Result<(), Refused> {
        self.tokens()?;
        if let About::Refresh(conversation) = &mut lock(&self.0).conversation {
            conversation.saved();
        }
        Ok(())
    }

    /// The codes of a device.
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn device_authorization(&self) -> Result<DeviceAuthorization, Refused> {
        self.output(|about| match about {
            About::Device(conversation) => conversation.output().cloned().map(DeviceAuthorization::from),
            _ => None,
        })
    }

    /// The claims about the user.
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn claims(&self) -> Result<Claims, Refused> {
        self.output(|about| match about {
            About::Claims(conversation) => conversation.output().cloned().map(Claims::from),
            _ => None,
        })
    }

    fn output<T>(&self, read: impl FnOnce(&About) -> Option<T>) -> Result<T, Refused> {
        let state = lock(&self.0);
        let failed_with = state.error.as_ref().filter(|_| state.conversation.request().is_none());
        read(&state.conversation).ok_or_else(|| failed_with.map_or(Refused::ResultAbsent, |error| error.refused()))
    }

    /// One of the short texts that are much the same in every request.
    fn lend_at(&self, what: &'static str, at: usize, read: impl FnOnce(&Request) -> Option<&str>) -> Option<Text> {
        let State { conversation, texts, .. } = &mut *lock(&self.0);
        let request = conversation.request()?;
        texts.lend_at(what, at, || read(request))
    }
}

/// A conversation, whatever its result is.
trait Talk {
    fn request(&self) -> Option<&Request>;
    fn wait_seconds(&self) -> u32;
    fn receive(&mut self, response: proofkey::Response, now: i64) -> Result<(), Error>;
    fn transport_failed(&mut self, kind: ErrorKind, now: i64) -> Result<(), Error>;
    fn error(&self) -> Option<&Error>;
}

impl<R: Roundtrip> Talk for Conversation<R> {
    fn request(&self) -> Option<&Request> {
        self.request()
    }

    fn wait_seconds(&self) -> u32 {
        self.wait_seconds()
    }

    fn receive(&mut self, response: proofkey::Response, now: i64) -> Result<(), Error> {
        self.receive(response, now)
    }

    fn transport_failed(&mut self, kind: ErrorKind, now: i64) -> Result<(), Error> {
        self.transport_failed(kind, now)
    }

    fn error(&self) -> Option<&Error> {
        self.error()
    }
}

impl About {
    fn talk(&self) -> Option<&dyn Talk> {
        Some(match self {
            Self::Provider(conversation) => &**conversation,
            Self::Tokens(conversation) => &**conversation,
            Self::Device(conversation) => &**conversation,
            Self::Polling(conversation) => &**conversation,
            Self::Refresh(conversation) => &**conversation,
            Self::Revocation(conversation) => &**conversation,
            Self::Claims(conversation) => &**conversation,
            Self::Granted(_) | Self::Nothing => return None,
        })
    }

    fn talk_mut(&mut self) -> Option<&mut dyn Talk> {
        Some(match self {
            Self::Provider(conversation) => &mut **conversation,
            Self::Tokens(conversation) => &mut **conversation,
            Self::Device(conversation) => &mut **conversation,
            Self::Polling(conversation) => &mut **conversation,
            Self::Refresh(conversation) => &mut **conversation,
            Self::Revocation(conversation) => &mut **conversation,
            Self::Claims(conversation) => &mut **conversation,
            Self::Granted(_) | Self::Nothing => return None,
        })
    }

    fn request(&self) -> Option<&Request> {
        self.talk().and_then(Talk::request)
    }

    /// With the tokens alone, once they are there.
    fn settled(self) -> Self {
        match self {
            Self::Tokens(conversation) if conversation.output().is_some() => {
                conversation.into_output().map_or(Self::Nothing, |tokens| Self::Granted(Arc::new(tokens)))
            }
            Self::Polling(conversation) if conversation.output().is_some() => {
                conversation.into_output().map_or(Self::Nothing, |tokens| Self::Granted(Arc::new(tokens)))
            }
            other => other,
        }
    }
}

impl From<proofkey::Exchange> for Exchange {
    fn from(exchange: proofkey::Exchange) -> Self {
        Self::new(About::Tokens(boxed(exchange)))
    }
}

impl From<DeviceRequest> for Exchange {
    fn from(request: DeviceRequest) -> Self {
        Self::new(About::Device(boxed(request)))
    }
}

impl From<Step<Refresh, Refreshed>> for Exchange {
    /// It has its result at once if the tokens were refreshed a moment ago.
    fn from(step: Step<Refresh, Refreshed>) -> Self {
        Self::new(About::Refresh(Box::new(step.into())))
    }
}

impl From<Revocation> for Exchange {
    fn from(revocation: Revocation) -> Self {
        Self::new(About::Revocation(boxed(revocation)))
    }
}

impl From<Userinfo> for Exchange {
    fn from(userinfo: Userinfo) -> Self {
        Self::new(About::Claims(boxed(userinfo)))
    }
}

fn boxed<R: Roundtrip>(roundtrip: R) -> Box<Conversation<R>> {
    Box::new(Conversation::new(roundtrip))
}
