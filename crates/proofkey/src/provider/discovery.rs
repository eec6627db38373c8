use super::Provider;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Failure, Request, Response, Roundtrip, Step};
use crate::syntax::uri::check_issuer;

/// The search for a server's metadata under its issuer: first where RFC 8414 puts it (section 3.1), then where OpenID
/// Connect Discovery does (section 4).
///
/// Only a document of another issuer, or a server that fails, ends the search at the first place. If the first document
/// lacks what OpenID Connect needs, the second one is used instead. Documents are never merged.
///
/// ```
/// use proofkey::{Discovery, Response, Roundtrip, Step};
///
/// let discovery = Discovery::new("https://as.example/tenant")?;
/// assert_eq!(discovery.request().url(), "https://as.example/.well-known/oauth-authorization-server/tenant");
/// let Step::Send(discovery) = discovery.receive(Response::new(404, [], ""), 0)? else { panic!() };
/// assert_eq!(discovery.request().url(), "https://as.example/tenant/.well-known/openid-configuration");
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Debug)]
pub struct Discovery {
    issuer: String,
    request: Request,
    stage: Stage,
}

/// What the response to the current request is.
#[derive(Debug)]
enum Stage {
    /// The one at the first place.
    OAuth { next: Request },
    /// The one at the second place, after this came from the first.
    OpenId { first: First },
}

#[derive(Debug)]
enum First {
    /// A document without the members of OpenID Connect. It counts unless the second place has a better one.
    Provider(Box<Provider>),
    /// Nothing that counts; the error, if a document of this issuer was of no use.
    Nothing(Option<Error>),
}

impl Discovery {
    /// Begins the search. The issuer is kept exactly as given; a trailing slash is dropped only when the metadata URLs
    /// are built.
    ///
    /// # Errors
    /// [`EndpointMalformed`](ErrorKind::EndpointMalformed), [`EndpointInsecure`](ErrorKind::EndpointInsecure) and
    /// [`IssuerWellKnown`](ErrorKind::IssuerWellKnown), as for [`Provider::with_issuer`].
    pub fn new(issuer: impl Into<String>) -> Result<Self, Error> {
        let issuer = issuer.into();
        let uri = check_issuer(&issuer)?;
        let (scheme, authority) = (uri.scheme, uri.authority.unwrap_or_default());
        let path = uri.path.strip_suffix('/').unwrap_or(uri.path);
        let inserted = format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}");
        let appended = format!("{scheme}://{authority}{path}/.well-known/openid-configuration");
        let request = |url| Request::get(Endpoint::Metadata, url);
        Ok(Self { issuer, request: request(inserted), stage: Stage::OAuth { next: request(appended) } })
    }

    /// The metadata in a response. `None` if it has none: another status, no JSON object, or one that names no issuer.
    fn read(&self, response: &Response) -> Option<Result<Provider, Error>> {
        match response.status() {
            500..=599 => Some(Err(ErrorKind::ResponseStatus.into())),
            200..=299 if response.body().len() > Response::MAX_BODY => Some(Err(ErrorKind::ResponseTooLarge.into())),
            200..=299 if response.is_object() => match Provider::from_metadata(&self.issuer, response.body()) {
                Err(error) if error.kind() == ErrorKind::MetadataIssuerMissing => None,
                read => Some(read),
            },
            _ => None,
        }
    }
}

impl Roundtrip for Discovery {
    type Output = Provider;

    /// The request to send now. It contains no secret.
    fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the metadata, or goes on to the second place.
    ///
    /// # Errors
    /// [`ResponseStatus`](ErrorKind::ResponseStatus) if the server failed, so that it may respond later;
    /// [`ResponseTooLarge`](ErrorKind::ResponseTooLarge); [`MetadataNotFound`](ErrorKind::MetadataNotFound) if there is
    /// no metadata at either place; and those of [`Provider::from_metadata`].
    fn receive(self, response: Response, _now: i64) -> Result<Step<Self, Provider>, Failure<Self>> {
        let read = self.read(&response);
        let fail = |error: Error| Err(response.error(error).at(Endpoint::Metadata).sent(true).into());
        let ends = |error: &Error| {
            use ErrorKind::{MetadataIssuerMismatch, ParRequired, ResponseStatus, ResponseTooLarge};
            matches!(error.kind(), ResponseStatus | ResponseTooLarge | MetadataIssuerMismatch | ParRequired)
        };
        match (self.stage, read) {
            (_, Some(Err(error))) if ends(&error) => fail(error),
            (Stage::OAuth { .. }, Some(Ok(provider))) if provider.has_openid() => Ok(Step::Done(provider)),
            (Stage::OAuth { next }, read) => {
                let first = match read {
                    Some(Ok(provider)) => First::Provider(Box::new(provider)),
                    Some(Err(error)) => First::Nothing(Some(response.error(error))),
                    None => First::Nothing(None),
                };
                Ok(Step::Send(Self { issuer: self.issuer, request: next, stage: Stage::OpenId { first } }))
            }
            (Stage::OpenId { first: First::Provider(first) }, Some(Ok(second))) => {
                let promises_iss = first.iss_parameter_supported();
                Ok(Step::Done(if promises_iss { second.with_iss_parameter_supported() } else { second }))
            }
            (Stage::OpenId { first: First::Provider(first) }, _) => Ok(Step::Done(*first)),
            (Stage::OpenId { .. }, Some(Ok(provider))) => Ok(Step::Done(provider)),
            (Stage::OpenId { first: First::Nothing(Some(error)) }, _) => {
                Err(error.at(Endpoint::Metadata).sent(true).into())
            }
            (Stage::OpenId { .. }, Some(Err(error))) => fail(error),
            (Stage::OpenId { .. }, None) => fail(ErrorKind::MetadataNotFound.into()),
        }
    }
}

#[cfg(feature = "http")]
impl Provider {
    /// Fetches the metadata of the server with this issuer: the loop of [`Discovery`]. For an issuer that a user typed
    /// in, use a transport that is [`public_only`](crate::Transport::public_only): then all requests to the provider
    /// are, whichever transport sends them. A provider never changes by itself: a program that runs for days discovers
    /// it again from time to time.
    ///
    /// # Errors
    /// Those of [`Discovery`] and of [`Transport::send`](crate::Transport::send).
    ///
    /// ```no_run
    /// # use proofkey::{Error, Provider, Transport};
    /// let provider = Provider::discover("https://login.example.com", &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn discover(issuer: impl Into<String>, transport: &crate::http::Transport) -> Result<Self, Error> {
        let provider = transport.run(Discovery::new(issuer)?)?;
        Ok(if transport.is_public_only() { provider.with_public_only() } else { provider })
    }
}
