use crate::Error;
use crate::uri::check_endpoint;

/// An authorization server: its endpoints, and what it promises.
///
/// URLs are kept and sent byte for byte as given.
///
/// ```
/// use proofkey::Provider;
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
///     .issuer("https://as.example")?
///     .iss_promised();
/// assert_eq!(provider.token_endpoint(), "https://as.example/token");
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    authorization_endpoint: String,
    token_endpoint: String,
    issuer: Option<String>,
    iss_promised: bool,
}

impl Provider {
    /// A server with these two endpoints (RFC 6749 section 3). A query in them is kept.
    ///
    /// # Errors
    /// [`EndpointMalformed`](crate::ErrorKind::EndpointMalformed) unless each is an absolute URL without user
    /// information and fragment; [`EndpointInsecure`](crate::ErrorKind::EndpointInsecure) for http to anything but
    /// `127.0.0.1`, `[::1]` and `localhost`.
    pub fn new(authorization_endpoint: impl Into<String>, token_endpoint: impl Into<String>) -> Result<Self, Error> {
        let (authorization_endpoint, token_endpoint) = (authorization_endpoint.into(), token_endpoint.into());
        check_endpoint(&authorization_endpoint)?;
        check_endpoint(&token_endpoint)?;
        Ok(Self { authorization_endpoint, token_endpoint, issuer: None, iss_promised: false })
    }

    /// The issuer identifier (RFC 8414 section 2): a callback that carries `iss` must carry exactly this one. Without an
    /// issuer every callback that carries one is refused (RFC 9207 section 2.4).
    ///
    /// # Errors
    /// As for the endpoints; an issuer has no query either.
    pub fn issuer(self, issuer: impl Into<String>) -> Result<Self, Error> {
        let issuer = issuer.into();
        match check_endpoint(&issuer)?.query {
            None => Ok(Self { issuer: Some(issuer), ..self }),
            Some(_) => Err(crate::ErrorKind::EndpointMalformed.into()),
        }
    }

    /// The server promises `iss` in every authorization response (RFC 9207 section 3): a callback without it is refused.
    #[must_use]
    pub fn iss_promised(self) -> Self {
        Self { iss_promised: true, ..self }
    }

    /// Where the browser is sent (RFC 6749 section 3.1).
    #[must_use]
    pub fn authorization_endpoint(&self) -> &str {
        &self.authorization_endpoint
    }

    /// Where codes are exchanged (RFC 6749 section 3.2).
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    pub(crate) fn expected_issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    pub(crate) const fn promises_iss(&self) -> bool {
        self.iss_promised
    }
}
