use crate::provider::check_issuer;
use crate::{Answer, Error, ErrorKind, Provider, Request, Step};

/// The search for a server's metadata under its issuer: first where RFC 8414 puts it (section 3.1), then where OpenID
/// Connect Discovery does (section 4). The loop is that of an [`Exchange`](crate::Exchange).
///
/// A 404, or an answer that is no JSON object, leads to the second place; another issuer's metadata ends the search.
///
/// ```
/// use proofkey::{Answer, Discovery, Step};
///
/// let discovery = Discovery::new("https://as.example/tenant")?;
/// assert_eq!(discovery.request().url(), "https://as.example/.well-known/oauth-authorization-server/tenant");
/// let Step::Send(discovery) = discovery.receive(Answer::new(404, None, ""))? else { panic!() };
/// assert_eq!(discovery.request().url(), "https://as.example/tenant/.well-known/openid-configuration");
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Debug)]
pub struct Discovery {
    issuer: String,
    request: Request,
    next: Option<Request>,
}

impl Discovery {
    /// Begins the search. The issuer is kept as it is written; of a slash at its end only the URLs know nothing.
    ///
    /// # Errors
    /// [`EndpointMalformed`](ErrorKind::EndpointMalformed) and [`EndpointInsecure`](ErrorKind::EndpointInsecure), as for
    /// [`Provider::issuer`].
    pub fn new(issuer: impl Into<String>) -> Result<Self, Error> {
        let issuer = issuer.into();
        let uri = check_issuer(&issuer)?;
        let (scheme, authority) = (uri.scheme, uri.authority.unwrap_or_default());
        let path = uri.path.strip_suffix('/').unwrap_or(uri.path);
        let inserted = format!("{scheme}://{authority}/.well-known/oauth-authorization-server{path}");
        let appended = format!("{scheme}://{authority}{path}/.well-known/openid-configuration");
        Ok(Self { issuer, request: Request::get(inserted), next: Some(Request::get(appended)) })
    }

    /// The request to send now. It holds no secret.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the answer to [`request`](Self::request), whatever its status.
    ///
    /// # Errors
    /// [`AnswerRedirect`](ErrorKind::AnswerRedirect); [`AnswerStatus`](ErrorKind::AnswerStatus) if the server failed, so
    /// that it may answer later; [`MetadataMalformed`](ErrorKind::MetadataMalformed) if there is no metadata; and those of
    /// [`Provider::from_metadata`].
    pub fn receive(self, answer: Answer) -> Result<Step<Self, Provider>, Error> {
        let provider = match answer.status() {
            300..=399 => Err(ErrorKind::AnswerRedirect.into()),
            200..=299 => Provider::from_metadata(&self.issuer, answer.body()),
            500..=599 => Err(Error::from(ErrorKind::AnswerStatus).after(answer.seconds_to_wait())),
            _ => Err(ErrorKind::MetadataMalformed.into()),
        };
        let is_object = answer.body().trim_ascii_start().starts_with(b"{");
        let is_elsewhere = answer.status() == 404 || answer.status() < 500 && !is_object;
        match (provider, self.next) {
            (Ok(provider), _) => Ok(Step::Done(provider)),
            (Err(error), _) if error.kind() == ErrorKind::AnswerRedirect => Err(error),
            (Err(_), Some(request)) if is_elsewhere => {
                Ok(Step::Send(Self { issuer: self.issuer, request, next: None }))
            }
            (Err(error), _) => Err(error),
        }
    }
}
