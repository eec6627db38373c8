use std::mem;
use std::sync::{Arc, Mutex};

use proofkey::{Discovery, ErrorKind, Request, Revocation, Roundtrip, Step, Userinfo};

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
    stage: Stage,
    /// Of the request.
    texts: Texts,
    error: Option<Arc<ErrorDetails>>,
}

enum Stage {
    Pending(Conversation),
    Done(Output),
    Failed,
}

enum Conversation {
    Discovery(Discovery),
    Tokens(Box<proofkey::Exchange>),
    Revocation(Revocation),
    Userinfo(Userinfo),
}

enum Output {
    Provider(proofkey::Provider),
    Tokens(proofkey::Tokens),
    Revoked,
    Claims(proofkey::Claims),
}

impl Exchange {
    /// Begins to look for the metadata of a server.
    ///
    /// # Errors
    /// Those of [`Discovery::new`].
    pub fn discover(issuer: &str) -> Result<Self, Refused> {
        Ok(Self::new(Conversation::Discovery(Discovery::new(issuer)?)))
    }

    fn new(conversation: Conversation) -> Self {
        Self(Mutex::new(State { stage: Stage::Pending(conversation), texts: Texts::default(), error: None }))
    }

    /// Whether there is a request to send.
    pub fn is_pending(&self) -> bool {
        matches!(lock(&self.0).stage, Stage::Pending(_))
    }

    /// The method of the request.
    pub fn method(&self) -> Option<Arc<Text>> {
        self.lend("method", |request| Some(request.method()))
    }

    /// The URL of the request.
    pub fn url(&self) -> Option<Arc<Text>> {
        self.lend("url", |request| Some(request.url()))
    }

    /// The body of the request; `None` if it has none.
    pub fn body_expose(&self) -> Option<Arc<Text>> {
        self.lend("body", |request| Some(request.body()).filter(|body| !body.is_empty()))
    }

    /// The name of a header of the request; `None` past the last.
    pub fn header_name(&self, at: usize) -> Option<Arc<Text>> {
        self.lend_header("header name", at, |(name, _)| name)
    }

    /// The value of a header of the request; `None` past the last.
    pub fn header_expose(&self, at: usize) -> Option<Arc<Text>> {
        self.lend_header("header", at, |(_, value)| value)
    }

    /// Takes the response to the request.
    ///
    /// # Errors
    /// [`ResponseMalformed`](ErrorKind::ResponseMalformed) for a response without a status, which changes nothing;
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) if nothing is pending; and those of
    /// [`Roundtrip::receive`].
    pub fn receive(&self, response: &Response, now: i64) -> Result<(), Refused> {
        let response = response.copy()?;
        let mut state = lock(&self.0);
        let conversation = match mem::replace(&mut state.stage, Stage::Failed) {
            Stage::Pending(conversation) => conversation,
            other => {
                state.stage = other;
                return Err(ErrorKind::LoginAlreadyUsed.into());
            }
        };
        state.texts.take_back();
        match conversation.receive(response, now) {
            Ok(stage) => {
                state.stage = stage;
                state.error = None;
                Ok(())
            }
            Err(error) => {
                let refused = Refused::from(&error);
                state.error = Some(Arc::new(error.into()));
                Err(refused)
            }
        }
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
        self.output(|output| match output {
            Output::Provider(provider) => Some(provider.clone().into()),
            _ => None,
        })
    }

    /// The tokens that were granted.
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn tokens(&self) -> Result<Tokens, Refused> {
        self.output(|output| match output {
            Output::Tokens(tokens) => Some(tokens.clone().into()),
            _ => None,
        })
    }

    /// The claims about the user.
    ///
    /// # Errors
    /// As for [`provider`](Self::provider).
    pub fn claims(&self) -> Result<Claims, Refused> {
        self.output(|output| match output {
            Output::Claims(claims) => Some(claims.clone().into()),
            _ => None,
        })
    }

    fn output<T>(&self, read: impl FnOnce(&Output) -> Option<T>) -> Result<T, Refused> {
        let state = lock(&self.0);
        match (&state.stage, &state.error) {
            (Stage::Done(output), _) => read(output).ok_or(Refused::ResultAbsent),
            (Stage::Failed, Some(error)) => Err(error.refused()),
            (Stage::Pending(_) | Stage::Failed, _) => Err(Refused::ResultAbsent),
        }
    }

    fn lend(&self, what: &'static str, read: impl FnOnce(&Request) -> Option<&str>) -> Option<Arc<Text>> {
        let State { stage, texts, .. } = &mut *lock(&self.0);
        match stage {
            Stage::Pending(conversation) => texts.lend(what, || read(conversation.request())),
            Stage::Done(_) | Stage::Failed => None,
        }
    }

    /// The name or the value of a header.
    fn lend_header(
        &self,
        what: &'static str,
        at: usize,
        part: impl for<'a> FnOnce((&'a str, &'a str)) -> &'a str,
    ) -> Option<Arc<Text>> {
        let State { stage, texts, .. } = &mut *lock(&self.0);
        match stage {
            Stage::Pending(conversation) => {
                texts.lend_at(what, at, || conversation.request().headers().nth(at).map(part))
            }
            Stage::Done(_) | Stage::Failed => None,
        }
    }
}

impl Conversation {
    fn request(&self) -> &Request {
        match self {
            Self::Discovery(discovery) => discovery.request(),
            Self::Tokens(exchange) => exchange.request(),
            Self::Revocation(revocation) => revocation.request(),
            Self::Userinfo(userinfo) => userinfo.request(),
        }
    }

    fn receive(self, response: proofkey::Response, now: i64) -> Result<Stage, proofkey::Error> {
        match self {
            Self::Discovery(discovery) => step(discovery, response, now, Self::Discovery, Output::Provider),
            Self::Tokens(exchange) => {
                step(*exchange, response, now, |next| Self::Tokens(Box::new(next)), Output::Tokens)
            }
            Self::Revocation(revocation) => step(revocation, response, now, Self::Revocation, |()| Output::Revoked),
            Self::Userinfo(userinfo) => step(userinfo, response, now, Self::Userinfo, Output::Claims),
        }
    }
}

fn step<R: Roundtrip>(
    roundtrip: R,
    response: proofkey::Response,
    now: i64,
    pending: impl FnOnce(R) -> Conversation,
    done: impl FnOnce(R::Output) -> Output,
) -> Result<Stage, proofkey::Error> {
    Ok(match roundtrip.receive(response, now)? {
        Step::Send(next) => Stage::Pending(pending(next)),
        Step::Done(output) => Stage::Done(done(output)),
    })
}

impl From<proofkey::Exchange> for Exchange {
    fn from(exchange: proofkey::Exchange) -> Self {
        Self::new(Conversation::Tokens(Box::new(exchange)))
    }
}

impl From<Revocation> for Exchange {
    fn from(revocation: Revocation) -> Self {
        Self::new(Conversation::Revocation(revocation))
    }
}

impl From<Userinfo> for Exchange {
    fn from(userinfo: Userinfo) -> Self {
        Self::new(Conversation::Userinfo(userinfo))
    }
}
