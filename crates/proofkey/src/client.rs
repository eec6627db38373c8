use std::sync::Arc;

use crate::uri::check_redirect_uri;
use crate::{Authorize, Error, ErrorKind, Provider};

/// An OAuth client: a provider, a client id and a redirect URI.
///
/// It is public: it has no secret, and PKCE is what protects its codes. Cheap to clone, and safe to share between
/// threads: clones share one allocation.
///
/// ```
/// use proofkey::{Client, Provider};
///
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// let client = Client::new(provider, "my-app")?.redirect_uri("http://127.0.0.1:8400/callback")?;
/// let login = client.authorize().scope("files.read").begin(1_700_000_000)?;
/// assert!(login.url().starts_with("https://as.example/authorize?response_type=code&client_id=my-app&"));
/// # Ok::<(), proofkey::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    provider: Provider,
    id: String,
    redirect_uri: Option<String>,
}

impl Client {
    /// A public client.
    ///
    /// # Errors
    /// [`ClientIdInvalid`](ErrorKind::ClientIdInvalid) unless the id is one or more printable ASCII characters
    /// (RFC 6749 appendix A.1).
    pub fn new(provider: Provider, client_id: impl Into<String>) -> Result<Self, Error> {
        let id = client_id.into();
        if !is_vschar(&id) {
            return Err(ErrorKind::ClientIdInvalid.into());
        }
        Ok(Self(Arc::new(Inner { provider, id, redirect_uri: None })))
    }

    /// Where the authorization server sends the browser back to, exactly as it is registered there. It is sent byte for
    /// byte in both requests.
    ///
    /// # Errors
    /// [`RedirectUriMalformed`](ErrorKind::RedirectUriMalformed) unless it is absolute and without fragment, and, for a
    /// private-use scheme, the scheme holds a dot; [`RedirectUriInsecure`](ErrorKind::RedirectUriInsecure) for http to
    /// anything but loopback.
    pub fn redirect_uri(mut self, redirect_uri: impl Into<String>) -> Result<Self, Error> {
        let redirect_uri = redirect_uri.into();
        check_redirect_uri(&redirect_uri)?;
        Arc::make_mut(&mut self.0).redirect_uri = Some(redirect_uri);
        Ok(self)
    }

    /// Starts an authorization request.
    pub fn authorize(&self) -> Authorize {
        Authorize::new(self.clone())
    }

    /// The client id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The provider that was given.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(crate) fn redirect_uri_text(&self) -> Option<&str> {
        self.0.redirect_uri.as_deref()
    }
}

/// One or more printable ASCII characters: `1*VSCHAR` of RFC 6749 appendix A.
pub(crate) fn is_vschar(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}
