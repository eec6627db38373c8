use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::syntax::form;
use crate::tokens::Tokens;

impl Client {
    /// The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout section 2). End the
    /// application's own session, then send the browser there. The provider sends the browser on to `return_to`, if
    /// that is registered there as a `post_logout_redirect_uri`.
    ///
    /// The URL contains the ID token, as a hint of who signs out.
    ///
    /// # Errors
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) if the provider offers none;
    /// [`ParameterReserved`](ErrorKind::ParameterReserved) if the endpoint's own query holds one of the parameters.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Secret, Tokens};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_end_session_endpoint("https://as.example/logout")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// # let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
    /// assert_eq!(
    ///     client.end_session_url(&tokens, Some("https://client.example/bye"))?,
    ///     "https://as.example/logout?client_id=my-app&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye"
    /// );
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn end_session_url(&self, tokens: &Tokens, return_to: Option<&str>) -> Result<String, Error> {
        let endpoint = self.provider().end_session_endpoint().ok_or(ErrorKind::EndpointMissing)?;
        let parameters = [
            ("client_id", self.id()),
            ("id_token_hint", tokens.id_token().map(|id_token| id_token.expose()).unwrap_or_default()),
            ("post_logout_redirect_uri", return_to.unwrap_or_default()),
        ];
        Ok(form::add_query(endpoint, &parameters, &[])?)
    }
}
