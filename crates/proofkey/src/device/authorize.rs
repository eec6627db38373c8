use std::fmt;

use proofkey_core::Verifier;

use super::{DeviceAuthorization, Grant, is_known};
use crate::client::Client;
use crate::error::{Endpoint, Error, ErrorKind};
use crate::http::{Failure, Request, Response, Roundtrip, Step};
use crate::id_token::OpenIdRequest;
use crate::login::{add_extra, is_resource};
use crate::syntax::grammar::scope_tokens;

/// A device authorization request under construction; [`Client::authorize_device`] starts one.
///
/// ```
/// # use proofkey::{Client, Provider, Response, Roundtrip, Step};
/// let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
///     .with_device_authorization_endpoint("https://as.example/device")?;
/// let client = Client::new(provider, "my-tv")?;
/// let request = client.authorize_device().scope("films").begin()?;
/// assert_eq!(request.request().body(), "scope=films&client_id=my-tv");
/// # let body = r#"{"device_code":"d","user_code":"WDJB-MJHT","verification_uri":"https://as.example/go","expires_in":600}"#;
/// # let response = Response::new(200, [("Content-Type", "application/json")], body);
///
/// let Step::Done(device) = request.receive(response, 1_700_000_000)? else { panic!("one request is enough") };
/// assert_eq!((device.verification_uri(), device.user_code()), ("https://as.example/go", "WDJB-MJHT"));
/// # Ok::<(), proofkey::Error>(())
/// ```
#[must_use]
pub struct AuthorizeDevice {
    client: Client,
    scope: String,
    extra: Vec<(String, String)>,
    resource: Vec<String>,
    pkce: bool,
    verifier: Option<Verifier>,
}

/// A request to the device authorization endpoint (RFC 8628 section 3.1). Its result is a [`DeviceAuthorization`].
pub struct DeviceRequest {
    request: Request,
    grant: Grant,
}

impl Client {
    /// Starts a device authorization request (RFC 8628 section 3.1). The client needs no redirect URI.
    pub fn authorize_device(&self) -> AuthorizeDevice {
        AuthorizeDevice {
            client: self.clone(),
            scope: String::new(),
            extra: Vec::new(),
            resource: Vec::new(),
            pkce: false,
            verifier: None,
        }
    }
}

impl AuthorizeDevice {
    /// Sets the scope to ask for: tokens separated by single spaces (RFC 6749 section 3.3). Empty by default.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), ..self }
    }

    /// Adds a parameter to the request. A parameter with an empty value is not sent.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    /// Names a resource server that the access token is for: an absolute URI without a fragment (RFC 8707 section 2).
    /// May be called more than once.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resource.push(resource.into());
        self
    }

    /// Sends an S256 challenge with the request, and its verifier with each request for the tokens.
    ///
    /// RFC 8628 has no PKCE, and its device code needs none as a code does: it never passes through a browser. Some
    /// servers ask for it all the same, for every grant of a client; others refuse parameters that they do not know.
    /// Therefore it is off unless this is called.
    ///
    /// ```
    /// # use proofkey::{Client, Provider, Roundtrip, Verifier};
    /// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?
    /// #     .with_device_authorization_endpoint("https://as.example/device")?;
    /// # let client = Client::new(provider, "my-tv")?;
    /// let request = client.authorize_device().pkce().begin()?;
    /// assert!(request.request().body().contains("&code_challenge_method=S256&"));
    /// # Ok::<(), proofkey::Error>(())
    /// ```
    pub fn pkce(self) -> Self {
        Self { pkce: true, ..self }
    }

    /// [`pkce`](Self::pkce) with this verifier instead of a fresh one: for tests.
    pub fn verifier(self, verifier: Verifier) -> Self {
        Self { verifier: Some(verifier), ..self.pkce() }
    }

    /// Makes the request.
    ///
    /// # Errors
    /// [`EndpointMissing`](ErrorKind::EndpointMissing) if the provider has no device authorization endpoint;
    /// [`ScopeInvalid`](ErrorKind::ScopeInvalid); [`ResourceInvalid`](ErrorKind::ResourceInvalid);
    /// [`ParameterReserved`](ErrorKind::ParameterReserved) for an extra that the flow sets itself; with
    /// [`pkce`](Self::pkce), [`EntropyUnavailable`](ErrorKind::EntropyUnavailable).
    ///
    /// With the scope `openid` the ID token is checked, without a nonce, which RFC 8628 does not have. Further errors
    /// are then those of [`Authorize::begin`](crate::Authorize::begin) for that scope.
    pub fn begin(self) -> Result<DeviceRequest, Error> {
        let client = self.client;
        let url = client.provider().device_authorization_endpoint().ok_or(ErrorKind::EndpointMissing)?;
        let scope = scope_tokens(&self.scope)?;
        if is_openid(&scope) {
            OpenIdRequest::check_client(&client)?;
        }
        if !self.resource.iter().all(|resource| is_resource(resource)) {
            return Err(ErrorKind::ResourceInvalid.into());
        }
        let verifier = match self.verifier {
            None if self.pkce => Some(Verifier::generate()?),
            given => given,
        };
        let challenge = verifier.as_ref().map(Verifier::challenge);
        let mut parameters = vec![("scope", self.scope.as_str())];
        if let Some(challenge) = &challenge {
            parameters.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        parameters.extend(self.resource.iter().map(|resource| ("resource", resource.as_str())));
        add_extra(&mut parameters, &self.extra)?;
        let request = client.request(Endpoint::DeviceAuthorization, url, &parameters);
        let grant = Grant { scope, resource: self.resource, verifier, client: client.clone() };
        Ok(DeviceRequest { request, grant })
    }
}

impl Roundtrip for DeviceRequest {
    type Output = DeviceAuthorization;

    fn request(&self) -> &Request {
        &self.request
    }

    /// Reads the codes (RFC 8628 section 3.2). The lifetime counts from `now`.
    ///
    /// # Errors
    /// [`TokenError`](ErrorKind::TokenError) with the server's words if it refused;
    /// [`DeviceCodeInvalid`](ErrorKind::DeviceCodeInvalid), [`UserCodeInvalid`](ErrorKind::UserCodeInvalid) and
    /// [`VerificationUriInvalid`](ErrorKind::VerificationUriInvalid) for what is missing or cannot be used;
    /// [`DeviceLifetimeInvalid`](ErrorKind::DeviceLifetimeInvalid) unless the codes live longer than the polling
    /// interval, and a day at most; and the errors of every other response.
    fn receive(self, response: Response, now: i64) -> Result<Step<Self, DeviceAuthorization>, Failure<Self>> {
        let read = response.members(&is_known).and_then(|members| {
            DeviceAuthorization::from_members(self.grant, &members, now).map_err(|kind| response.error(kind))
        });
        match read {
            Ok(authorization) => Ok(Step::Done(authorization)),
            Err(error) => Err(error.at(Endpoint::DeviceAuthorization).sent(true).into()),
        }
    }
}

impl fmt::Debug for AuthorizeDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizeDevice")
            .field("client", &self.client)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeviceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceRequest").field("request", &self.request).finish_non_exhaustive()
    }
}

pub(super) fn is_openid(scope: &[String]) -> bool {
    scope.iter().any(|token| token == "openid")
}
