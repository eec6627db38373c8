use crate::{Answer, Client, Error, ErrorKind, Request, Step, Tokens};

/// The revocation of tokens (RFC 7009): the refresh token first, since servers drop the access tokens with it, then the
/// access token. The loop is that of an [`Exchange`](crate::Exchange).
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
    /// # use proofkey::{Answer, Client, Provider, Step, Tokens, Secret};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .revocation_endpoint("https://as.example/revoke")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    /// let revocation = client.begin_revocation(&tokens)?;
    /// assert_eq!(revocation.request().body(), "token=r&token_type_hint=refresh_token&client_id=my-app");
    /// # let Step::Send(revocation) = revocation.receive(Answer::new(200, None, ""))? else { panic!() };
    /// # assert_eq!(revocation.request().body(), "token=a&token_type_hint=access_token&client_id=my-app");
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn begin_revocation(&self, tokens: &Tokens) -> Result<Revocation, Error> {
        let endpoint = self.provider().revocation().ok_or(ErrorKind::EndpointMissing)?;
        let revoke = |token: &str, hint: &str| self.request(endpoint, &[("token", token), ("token_type_hint", hint)]);
        let access = revoke(tokens.access_token().expose(), "access_token");
        Ok(match tokens.refresh_token() {
            Some(refresh) => Revocation { request: revoke(refresh.expose(), "refresh_token"), next: Some(access) },
            None => Revocation { request: access, next: None },
        })
    }
}

impl Revocation {
    /// The request to send now.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the answer to [`request`](Self::request). Every 2xx is success, whatever its body (RFC 7009 section 2.2).
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words, for example `unsupported_token_type`;
    /// [`AnswerStatus`](ErrorKind::AnswerStatus) for an HTTP error without them: after a 503 the token still lives.
    pub fn receive(self, answer: Answer) -> Result<Step<Self, ()>, Error> {
        if !matches!(answer.status(), 200..=299) {
            // An error status never leads to members.
            answer.into_members().map_err(|error| error.sent(true))?;
        }
        Ok(self.next.map_or(Step::Done(()), |request| Step::Send(Self { request, next: None })))
    }
}
