use std::mem;
use std::sync::{Arc, Mutex};

use proofkey::{
    Conversation, Discovery, Error, ErrorKind, Refresh, Refreshed, Request, Revocation, Roundtrip, Step, Userinfo,
};

use crate::claims::Claims;
use crate::error::ErrorDetails;
use crate::lock::lock;
use crate::provider::Provider;
use crate::refused::Refused;
use crate::response::Response;
use crate::text::{Text, Texts};
use crate::tokens::Tokens;

/// A conversation with a server, whatever it is about: the discovery of a provider, the exchange of a code, a refresh,
/// a revocation, userinfo. All of them have the same loop.
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

    fn new(conversation: About) -> Self {
        Self(Mutex::new(State { conversation, texts: Texts::default(), error: None }))
    }

    /// Whether there is a request to send. Also after an error: see [`Conversation::is_pending`].
    pub fn is_pending(&self) -> bool {
        lock(&self.0).conversation.request().is_some()
    }

    /// How many seconds to wait before the request is sent, because the server asked for a pause.
    pub fn wait_seconds(&self) -> u32 {
        lock(&self.0).conversation.wait_seconds()
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
        let mut state = lock(&self.0);
        state.texts.take_back();
        let received = state.conversation.receive(response, now);
        state.conversation = mem::replace(&mut state.conversation, About::Nothing).settled();
        state.error = state.conversation.error().cloned().map(ErrorDetails::from).map(Arc::new);
        Ok(received?)
    }

    /// What went wrong when the last response was received.
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

impl About {
    fn request(&self) -> Option<&Request> {
        match self {
            Self::Provider(conversation) => conversation.request(),
            Self::Tokens(conversation) => conversation.request(),
            Self::Granted(_) | Self::Nothing => None,
            Self::Refresh(conversation) => conversation.request(),
            Self::Revocation(conversation) => conversation.request(),
            Self::Claims(conversation) => conversation.request(),
        }
    }

    fn wait_seconds(&self) -> u32 {
        match self {
            Self::Provider(conversation) => conversation.wait_seconds(),
            Self::Tokens(conversation) => conversation.wait_seconds(),
            Self::Granted(_) | Self::Nothing => 0,
            Self::Refresh(conversation) => conversation.wait_seconds(),
            Self::Revocation(conversation) => conversation.wait_seconds(),
            Self::Claims(conversation) => conversation.wait_seconds(),
        }
    }

    fn receive(&mut self, response: proofkey::Response, now: i64) -> Result<(), Error> {
        match self {
            Self::Provider(conversation) => conversation.receive(response, now),
            Self::Tokens(conversation) => conversation.receive(response, now),
            Self::Granted(_) | Self::Nothing => Err(ErrorKind::LoginAlreadyUsed.into()),
            Self::Refresh(conversation) => conversation.receive(response, now),
            Self::Revocation(conversation) => conversation.receive(response, now),
            Self::Claims(conversation) => conversation.receive(response, now),
        }
    }

    /// With the tokens alone, once they are there.
    fn settled(self) -> Self {
        match self {
            Self::Tokens(conversation) if conversation.output().is_some() => {
                conversation.into_output().map_or(Self::Nothing, |tokens| Self::Granted(Arc::new(tokens)))
            }
            other => other,
        }
    }

    fn error(&self) -> Option<&Error> {
        match self {
            Self::Provider(conversation) => conversation.error(),
            Self::Tokens(conversation) => conversation.error(),
            Self::Granted(_) | Self::Nothing => None,
            Self::Refresh(conversation) => conversation.error(),
            Self::Revocation(conversation) => conversation.error(),
            Self::Claims(conversation) => conversation.error(),
        }
    }
}

impl From<proofkey::Exchange> for Exchange {
    fn from(exchange: proofkey::Exchange) -> Self {
        Self::new(About::Tokens(boxed(exchange)))
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
