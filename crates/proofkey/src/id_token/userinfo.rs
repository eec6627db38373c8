use std::fmt;

use super::claims::Claims;
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Failure, Request, Response, Roundtrip, Step};
use crate::syntax::json::Members;
use crate::tokens::Tokens;

/// The request for the claims about the user of some tokens (OpenID Connect Core section 5.3).
pub struct Userinfo {
    request: Request,
    /// The subject of the ID token, if there is an ID token.
    subject: Option<Option<String>>,
}

impl Client {
    /// Begins to ask the provider who the user of these tokens is.
    ///
    /// # Errors
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) if the provider has no userinfo endpoint;
    /// [`AccessTokenInvalid`](ErrorKind::AccessTokenInvalid) if the access token cannot be sent in a header (RFC 6750
    /// section 2.1).
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Response, Roundtrip, Secret, Step, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_userinfo_endpoint("https://as.example/userinfo")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
    /// let userinfo = client.begin_userinfo(&tokens)?;
    /// assert_eq!(userinfo.request().url(), "https://as.example/userinfo");
    /// let response = Response::new(200, [("Content-Type", "application/json")], r#"{"sub":"248"}"#);
    /// let Step::Done(claims) = userinfo.receive(response, 0)? else { panic!() };
    /// assert_eq!(claims.subject(), Some("248"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_userinfo(&self, tokens: &Tokens) -> Result<Userinfo, Error> {
        let url = self.provider().userinfo_endpoint().ok_or(ErrorKind::EndpointMissing)?.to_owned();
        let authorization = tokens.authorization_header()?;
        let subject = tokens.claims().map(|claims| claims.subject().map(str::to_owned));
        let request = Request::get_with_token(Endpoint::Userinfo, url, authorization);
        Ok(Userinfo { request: request.with_public_only(self.provider().is_public_only()), subject })
    }

    /// Asks the provider who the user of these tokens is (OpenID Connect Core section 5.3).
    ///
    /// # Errors
    /// Those of [`begin_userinfo`](Self::begin_userinfo), of [`Transport::send`](crate::Transport::send) and of
    /// [`Userinfo`].
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let user = client.userinfo(&tokens, &Transport::new())?;
    /// println!("hello {:?}", user.subject());
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(feature = "http")]
    pub fn userinfo(&self, tokens: &Tokens, transport: &crate::http::Transport) -> Result<Claims, Error> {
        Ok(transport.run(self.begin_userinfo(tokens)?)?)
    }
}

impl Roundtrip for Userinfo {
    type Output = Claims;

    /// The request to send now. Do not follow a redirect with it: it carries the access token.
    fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the claims about the user from the response.
    ///
    /// # Errors
    /// [`ResponseRedirect`](ErrorKind::ResponseRedirect) and [`ResponseStatus`](ErrorKind::ResponseStatus) unless the
    /// status is 200; [`UserinfoMalformed`](ErrorKind::UserinfoMalformed) for a body that is not a JSON object or has a
    /// claim twice; [`UserinfoSub`](ErrorKind::UserinfoSub) if it is about another user than the ID token (OpenID
    /// Connect Core section 5.3.2).
    fn receive(self, response: Response, _now: i64) -> Result<Step<Self, Claims>, Failure<Self>> {
        let claims = self.claims(&response);
        claims.map(Step::Done).map_err(|kind| response.error(kind).at(Endpoint::Userinfo).sent(true).into())
    }
}

impl Userinfo {
    fn claims(&self, response: &Response) -> Result<Claims, ErrorKind> {
        match response.status() {
            200 => {}
            300..=399 => return Err(ErrorKind::ResponseRedirect),
            _ => return Err(ErrorKind::ResponseStatus),
        }
        let text = std::str::from_utf8(response.body()).ok().filter(|text| text.len() <= Response::MAX_BODY);
        let members = text.and_then(|text| Members::from_json(text, &|_| true).ok());
        let claims = Claims::new(members.ok_or(ErrorKind::UserinfoMalformed)?);
        match &self.subject {
            Some(subject) if subject.is_none() || subject.as_deref() != claims.subject() => Err(ErrorKind::UserinfoSub),
            _ => Ok(claims),
        }
    }
}

/// Leaves out the subject, because it identifies a person.
impl fmt::Debug for Userinfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Userinfo").field("request", &self.request).finish_non_exhaustive()
    }
}
