use super::Tokens;
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Failure, Request, Response, Roundtrip, Step};

/// The revocation of tokens (RFC 7009): the refresh token first, since servers revoke its access tokens with it, then
/// the access token.
#[derive(Debug)]
pub struct Revocation {
    request: Request,
    next: Option<Request>,
}

impl Client {
    /// Begins to revoke these tokens.
    ///
    /// # Errors
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) if the provider has no revocation endpoint.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Response, Roundtrip, Secret, Step, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_revocation_endpoint("https://as.example/revoke")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let revocation = client.begin_revocation(&tokens)?;
    /// assert_eq!(revocation.request().body(), "token=r&token_type_hint=refresh_token&client_id=my-app");
    /// # let Step::Send(revocation) = revocation.receive(Response::new(200, [], ""), 0)? else { panic!() };
    /// # assert_eq!(revocation.request().body(), "token=a&token_type_hint=access_token&client_id=my-app");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_revocation(&self, tokens: &Tokens) -> Result<Revocation, Error> {
        let url = self.provider().revocation_endpoint().ok_or(ErrorKind::EndpointMissing)?;
        let revoke = |token: &str, hint: &str| {
            self.request(Endpoint::Revocation, url, &[("token", token), ("token_type_hint", hint)])
        };
        self.refreshes().forget(tokens);
        let access = revoke(tokens.access_token().expose(), "access_token");
        Ok(match tokens.refresh_token() {
            Some(refresh) => Revocation { request: revoke(refresh.expose(), "refresh_token"), next: Some(access) },
            None => Revocation { request: access, next: None },
        })
    }

    /// Revokes these tokens: the refresh token first, then the access token (RFC 7009).
    ///
    /// # Errors
    /// Those of [`begin_revocation`](Self::begin_revocation), of [`Transport::send`](crate::Transport::send) and of
    /// [`Revocation`]. A failed call may be repeated: revoking a token that is no longer valid succeeds.
    ///
    /// ```no_run
    /// # use proofkey::{Client, Error, Provider, Secret, Tokens, Transport};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// client.revoke(&tokens, &Transport::new())?;
    /// # Ok::<(), Error>(())
    /// ```
    #[cfg(feature = "http")]
    pub fn revoke(&self, tokens: &Tokens, transport: &crate::http::Transport) -> Result<(), Error> {
        Ok(transport.run(self.begin_revocation(tokens)?)?)
    }
}

impl Roundtrip for Revocation {
    type Output = ();

    fn request(&self) -> &Request {
        &self.request
    }

    /// Goes on to the next token. Every 2xx is success, whatever its body (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words, for example `unsupported_token_type`, or
    /// [`ResponseStatus`](ErrorKind::ResponseStatus) for an HTTP error without them: after a 503 the token is still
    /// valid.
    fn receive(self, response: Response, _now: i64) -> Result<Step<Self, ()>, Failure<Self>> {
        if !matches!(response.status(), 200..=299) {
            // With an error status, `members` always fails.
            response.members(&|_| true).map_err(|error| error.at(Endpoint::Revocation).sent(true))?;
        }
        Ok(self.next.map_or(Step::Done(()), |request| Step::Send(Self { request, next: None })))
    }
}
