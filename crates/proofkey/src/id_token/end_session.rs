use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::login::Callback;
use crate::syntax::form;
use crate::tokens::Tokens;

/// Signing out (OpenID Connect RP-Initiated Logout).
impl Client {
    /// The URL that signs the user out at the provider as well (OpenID Connect RP-Initiated Logout section 2). End the
    /// application's own session, then send the browser there. The provider sends the browser on to `return_to`, if
    /// that is registered there as a `post_logout_redirect_uri`, and repeats `state`, which
    /// [`accept_end_session`](Self::accept_end_session) compares. Take a fresh random `state` for every URL, and keep
    /// it where only this browser can reach it.
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
    ///     client.end_session_url(&tokens, Some("https://client.example/bye"), Some("af0ifjsldkj"))?,
    ///     "https://as.example/logout?client_id=my-app&post_logout_redirect_uri=https%3A%2F%2Fclient.example%2Fbye\
    ///     &state=af0ifjsldkj"
    /// );
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn end_session_url(
        &self,
        tokens: &Tokens,
        return_to: Option<&str>,
        state: Option<&str>,
    ) -> Result<String, Error> {
        let endpoint = self.provider().end_session_endpoint().ok_or(ErrorKind::EndpointMissing)?;
        let parameters = [
            ("client_id", self.id()),
            ("id_token_hint", tokens.id_token().map(|id_token| id_token.expose()).unwrap_or_default()),
            ("post_logout_redirect_uri", return_to.unwrap_or_default()),
            ("state", state.unwrap_or_default()),
        ];
        Ok(form::add_query(endpoint, &parameters, &[])?)
    }

    /// Checks that the browser came back from [`end_session_url`](Self::end_session_url) with these arguments (OpenID
    /// Connect RP-Initiated Logout section 3). `callback_url` is the whole URL that the browser was sent to.
    ///
    /// An empty `return_to` or `state` matches nothing.
    ///
    /// # Errors
    /// [`RedirectUriMismatch`](ErrorKind::RedirectUriMismatch) unless the URL is `return_to` with further parameters;
    /// [`StateMissing`](ErrorKind::StateMissing); [`StateMismatch`](ErrorKind::StateMismatch);
    /// [`CallbackDuplicate`](ErrorKind::CallbackDuplicate) for several states;
    /// [`CallbackMalformed`](ErrorKind::CallbackMalformed) for a URL that cannot be read.
    ///
    /// ```
    /// # use proofkey::{Client, ErrorKind, Provider};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
    /// # let client = Client::new(provider, "my-app")?;
    /// let return_to = "https://client.example/bye";
    /// client.accept_end_session("https://client.example/bye?state=af0ifjsldkj", return_to, "af0ifjsldkj")?;
    /// let refused = client.accept_end_session("https://client.example/bye?state=other", return_to, "af0ifjsldkj");
    /// assert_eq!(refused.unwrap_err().kind(), ErrorKind::StateMismatch);
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn accept_end_session(&self, callback_url: &str, return_to: &str, state: &str) -> Result<(), Error> {
        let return_to = Some(return_to).filter(|return_to| !return_to.is_empty());
        Ok(Callback::url(callback_url).read(return_to)?.check_state(state)?)
    }
}
