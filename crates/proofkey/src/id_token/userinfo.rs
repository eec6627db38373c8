use std::fmt;

use crate::http::response::Members;
use crate::{Answer, Claims, Client, Error, ErrorKind, Request, Secret, Step, Tokens};

/// The question who the user of these tokens is (OpenID Connect Core section 5.3). The loop is that of an
/// [`Exchange`](crate::Exchange).
pub struct Userinfo {
    request: Request,
    /// The subject of the ID token, if there is one.
    subject: Option<String>,
}

impl Client {
    /// Begins to ask the provider who the user of these tokens is.
    ///
    /// # Errors
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) if the provider has no userinfo endpoint;
    /// [`AccessTokenInvalid`](ErrorKind::AccessTokenInvalid) if the access token cannot stand in a header (RFC 6750
    /// section 2.1).
    ///
    /// ```
    /// # use proofkey::{Answer, Client, Provider, Secret, Step, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .userinfo_endpoint("https://as.example/userinfo")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
    /// let userinfo = client.begin_userinfo(&tokens)?;
    /// assert_eq!(userinfo.request().url(), "https://as.example/userinfo");
    /// let Step::Done(claims) = userinfo.receive(Answer::new(200, Some("application/json"), r#"{"sub":"248"}"#))? else {
    ///     panic!()
    /// };
    /// assert_eq!(claims.subject(), "248");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_userinfo(&self, tokens: &Tokens) -> Result<Userinfo, Error> {
        let endpoint = self.provider().openid.userinfo_endpoint.clone().ok_or(ErrorKind::EndpointMissing)?;
        let access_token = tokens.access_token();
        if !is_b64token(access_token) {
            return Err(ErrorKind::AccessTokenInvalid.into());
        }
        let subject = tokens.claims().map(|claims| claims.subject().to_owned());
        Ok(Userinfo { request: Request::get_with_token(endpoint, access_token), subject })
    }
}

impl Userinfo {
    /// The request to send now. Follow no redirect with it: it carries the access token.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the answer to [`request`](Self::request), whatever its status.
    ///
    /// # Errors
    /// [`UserinfoStatus`](ErrorKind::UserinfoStatus); [`UserinfoMalformed`](ErrorKind::UserinfoMalformed) if it is no
    /// JSON object, or has a claim twice; [`UserinfoSub`](ErrorKind::UserinfoSub) if it is about another user than the ID
    /// token (OpenID Connect Core section 5.3.2).
    pub fn receive(self, answer: Answer) -> Result<Step<Self, Claims>, Error> {
        if answer.status() != 200 {
            return Err(Error::from(ErrorKind::UserinfoStatus).after(answer.seconds_to_wait()));
        }
        let text = std::str::from_utf8(answer.body()).ok().filter(|text| text.len() <= Answer::MAX_BODY);
        let members = text.and_then(|text| Members::from_json(text, &|_| true).ok());
        let claims = Claims::new(members.ok_or(ErrorKind::UserinfoMalformed)?);
        if self.subject.is_some_and(|subject| subject != claims.subject()) {
            return Err(ErrorKind::UserinfoSub.into());
        }
        Ok(Step::Done(claims))
    }
}

/// Without the subject: it is about a person.
impl fmt::Debug for Userinfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Userinfo").field("request", &self.request).finish_non_exhaustive()
    }
}

/// What a header may carry (RFC 6750 section 2.1).
fn is_b64token(token: &Secret) -> bool {
    let token = token.expose().trim_end_matches('=');
    !token.is_empty()
        && token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/'))
}
