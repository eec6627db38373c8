use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::{Endpoint, ErrorKind};
use crate::http::Request;
use crate::secret::Secret;
use crate::syntax::form;

/// How a client authenticates at the token endpoint (RFC 6749 section 2.3): with one method per request.
///
/// ```
/// use proofkey::{ClientAuthentication, ClientAuthenticationMethod, Secret};
///
/// let authentication = ClientAuthentication::ClientSecretBasic(Secret::new("7Fjfp0ZBr1KtDRbnfVdmIw"));
/// assert_eq!(authentication.method(), ClientAuthenticationMethod::ClientSecretBasic);
/// assert!(!format!("{authentication:?}").contains("7Fjfp0"));
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// A public client: PKCE alone protects its codes.
    #[default]
    None,
    /// Id and secret in the `Authorization` header (RFC 6749 section 2.3.1). Both are percent-encoded first, with `%20`
    /// for a space: that is valid form encoding, and what most servers read.
    ClientSecretBasic(Secret),
    /// Id and secret in the body of the request (RFC 6749 section 2.3.1).
    ClientSecretPost(Secret),
}

/// The name of a method, as in `token_endpoint_auth_methods_supported` (RFC 8414 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAuthenticationMethod {
    /// `none`
    None,
    /// `client_secret_basic`
    ClientSecretBasic,
    /// `client_secret_post`
    ClientSecretPost,
}

impl ClientAuthentication {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> ClientAuthenticationMethod {
        match self {
            Self::None => ClientAuthenticationMethod::None,
            Self::ClientSecretBasic(_) => ClientAuthenticationMethod::ClientSecretBasic,
            Self::ClientSecretPost(_) => ClientAuthenticationMethod::ClientSecretPost,
        }
    }

    /// An empty secret authenticates nobody; it is a setting that was lost.
    pub(crate) fn check(&self) -> Result<(), ErrorKind> {
        match self {
            Self::ClientSecretBasic(secret) | Self::ClientSecretPost(secret) if secret.expose().is_empty() => {
                Err(ErrorKind::ClientSecretEmpty)
            }
            _ => Ok(()),
        }
    }

    /// A form that this client sends to one of the provider's endpoints (RFC 6749 section 3.2.1).
    pub(crate) fn request(&self, id: &str, endpoint: Endpoint, url: &str, parameters: &[(&str, &str)]) -> Request {
        let client_id = [("client_id", id)];
        let (form, authorization) = match self {
            Self::None => (form::encode(&[parameters, &client_id].concat()), None),
            Self::ClientSecretBasic(secret) => (form::encode(parameters), Some(basic(id, secret.expose()))),
            Self::ClientSecretPost(secret) => {
                let client_secret = [("client_secret", secret.expose())];
                (form::encode(&[parameters, &client_id, &client_secret].concat()), None)
            }
        };
        Request::post_form(endpoint, url, form, authorization)
    }
}

impl ClientAuthenticationMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::None, Self::ClientSecretBasic, Self::ClientSecretPost];

    /// The name, for example `client_secret_basic`.
    ///
    /// ```
    /// use proofkey::ClientAuthenticationMethod;
    /// assert_eq!(ClientAuthenticationMethod::ClientSecretPost.as_str(), "client_secret_post");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }

    /// The method with this name, if it is one of these.
    ///
    /// ```
    /// use proofkey::ClientAuthenticationMethod;
    /// let method = ClientAuthenticationMethod::from_name("client_secret_basic");
    /// assert_eq!(method, Some(ClientAuthenticationMethod::ClientSecretBasic));
    /// assert_eq!(ClientAuthenticationMethod::from_name("private_key_jwt"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.as_str() == name)
    }

    /// Authentication by this method. `None` needs no secret, and drops it.
    #[must_use]
    pub fn with_secret(self, secret: Secret) -> ClientAuthentication {
        match self {
            Self::None => ClientAuthentication::None,
            Self::ClientSecretBasic => ClientAuthentication::ClientSecretBasic(secret),
            Self::ClientSecretPost => ClientAuthentication::ClientSecretPost(secret),
        }
    }
}

/// The value of the `Authorization` header.
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let (id, secret) = (form::percent_encode(id), form::percent_encode(secret));
    let mut pair = Zeroizing::new(String::with_capacity(id.len().saturating_add(secret.len()).saturating_add(1)));
    pair.extend([id.as_str(), ":", secret.as_str()]);
    let mut header = Zeroizing::new(String::with_capacity(pair.len().saturating_mul(2).saturating_add(16)));
    header.push_str("Basic ");
    STANDARD.encode_string(pair.as_bytes(), &mut header);
    header
}
