use std::sync::Mutex;

use proofkey::{Error, KnownProvider, Quirk};

use crate::lock::lock;
use crate::refused::Refused;
use crate::text::{Text, Texts};

/// An authorization server that can still be configured.
pub struct Provider(Mutex<State>);

struct State {
    provider: proofkey::Provider,
    texts: Texts,
}

impl Provider {
    /// See [`proofkey::Provider::new`].
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::new`].
    pub fn new(authorization_endpoint: &str, token_endpoint: &str) -> Result<Self, Refused> {
        Ok(proofkey::Provider::new(authorization_endpoint, token_endpoint)?.into())
    }

    /// See [`proofkey::Provider::from_metadata`].
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::from_metadata`].
    pub fn from_metadata(issuer: &str, document: &[u8]) -> Result<Self, Refused> {
        Ok(proofkey::Provider::from_metadata(issuer, document)?.into())
    }

    /// See [`proofkey::Provider::known`].
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::known`].
    pub fn known(known: KnownProvider<'_>) -> Result<Self, Refused> {
        Ok(proofkey::Provider::known(known)?.into())
    }

    /// GitHub.
    ///
    /// # Errors
    /// None; a `Result` like that of the others.
    pub fn github() -> Result<Self, Refused> {
        Self::known(KnownProvider::GitHub)
    }

    /// Google.
    ///
    /// # Errors
    /// None; a `Result` like that of the others.
    pub fn google() -> Result<Self, Refused> {
        Self::known(KnownProvider::Google)
    }

    /// Dropbox.
    ///
    /// # Errors
    /// None; a `Result` like that of the others.
    pub fn dropbox() -> Result<Self, Refused> {
        Self::known(KnownProvider::Dropbox)
    }

    /// Microsoft Entra ID.
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::known`].
    pub fn microsoft(tenant: &str) -> Result<Self, Refused> {
        Self::known(KnownProvider::Microsoft { tenant })
    }

    /// See [`proofkey::Provider::with_issuer`].
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::with_issuer`]; the provider is then unchanged.
    pub fn set_issuer(&self, issuer: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_issuer(issuer))
    }

    /// See [`proofkey::Provider::with_iss_parameter_supported`].
    pub fn set_iss_parameter_supported(&self) {
        self.change(proofkey::Provider::with_iss_parameter_supported);
    }

    /// See [`proofkey::Provider::with_revocation_endpoint`].
    ///
    /// # Errors
    /// As for [`set_issuer`](Self::set_issuer).
    pub fn set_revocation_endpoint(&self, endpoint: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_revocation_endpoint(endpoint))
    }

    /// See [`proofkey::Provider::with_jwks_uri`].
    ///
    /// # Errors
    /// As for [`set_issuer`](Self::set_issuer).
    pub fn set_jwks_uri(&self, jwks_uri: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_jwks_uri(jwks_uri))
    }

    /// See [`proofkey::Provider::with_userinfo_endpoint`].
    ///
    /// # Errors
    /// As for [`set_issuer`](Self::set_issuer).
    pub fn set_userinfo_endpoint(&self, endpoint: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_userinfo_endpoint(endpoint))
    }

    /// See [`proofkey::Provider::with_end_session_endpoint`].
    ///
    /// # Errors
    /// As for [`set_issuer`](Self::set_issuer).
    pub fn set_end_session_endpoint(&self, endpoint: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_end_session_endpoint(endpoint))
    }

    /// See [`proofkey::Provider::with_device_authorization_endpoint`].
    ///
    /// # Errors
    /// As for [`set_issuer`](Self::set_issuer).
    pub fn set_device_authorization_endpoint(&self, endpoint: &str) -> Result<(), Refused> {
        self.try_change(|provider| provider.with_device_authorization_endpoint(endpoint))
    }

    /// Enables the quirk with this name.
    ///
    /// # Errors
    /// [`QuirkUnknown`](Refused::QuirkUnknown).
    pub fn add_quirk(&self, name: &str) -> Result<(), Refused> {
        let quirk = Quirk::ALL.iter().find(|quirk| quirk.as_str() == name).ok_or(Refused::QuirkUnknown)?;
        self.change(|provider| provider.with_quirk(*quirk));
        Ok(())
    }

    /// See [`proofkey::Provider::require_advertised_pkce`].
    ///
    /// # Errors
    /// Those of [`proofkey::Provider::require_advertised_pkce`].
    pub fn require_advertised_pkce(&self) -> Result<(), Refused> {
        self.copy().require_advertised_pkce()?;
        Ok(())
    }

    /// The authorization endpoint.
    pub fn authorization_endpoint(&self) -> Option<Text> {
        self.lend("authorization_endpoint", |provider| Some(provider.authorization_endpoint()))
    }

    /// The token endpoint.
    pub fn token_endpoint(&self) -> Option<Text> {
        self.lend("token_endpoint", |provider| Some(provider.token_endpoint()))
    }

    /// The revocation endpoint, if there is one.
    pub fn revocation_endpoint(&self) -> Option<Text> {
        self.lend("revocation_endpoint", proofkey::Provider::revocation_endpoint)
    }

    /// The issuer, if it is known.
    pub fn issuer(&self) -> Option<Text> {
        self.lend("issuer", proofkey::Provider::issuer)
    }

    /// The URL of the server's keys, if it is known.
    pub fn jwks_uri(&self) -> Option<Text> {
        self.lend("jwks_uri", proofkey::Provider::jwks_uri)
    }

    /// The userinfo endpoint, if there is one.
    pub fn userinfo_endpoint(&self) -> Option<Text> {
        self.lend("userinfo_endpoint", proofkey::Provider::userinfo_endpoint)
    }

    /// The end-session endpoint, if there is one.
    pub fn end_session_endpoint(&self) -> Option<Text> {
        self.lend("end_session_endpoint", proofkey::Provider::end_session_endpoint)
    }

    /// The device authorization endpoint, if there is one.
    pub fn device_authorization_endpoint(&self) -> Option<Text> {
        self.lend("device_authorization_endpoint", proofkey::Provider::device_authorization_endpoint)
    }

    /// Whether the server sends `iss` in every authorization response.
    pub fn iss_parameter_supported(&self) -> bool {
        lock(&self.0).provider.iss_parameter_supported()
    }

    /// What the metadata says about PKCE: see [`proofkey::PkceSupport::as_str`].
    pub fn pkce_support(&self) -> Option<Text> {
        self.lend("pkce_support", |provider| Some(provider.pkce_support().as_str()))
    }

    /// See [`proofkey::Provider::token_endpoint_auth_method`].
    pub fn token_endpoint_auth_method(&self) -> Option<Text> {
        self.lend("token_endpoint_auth_method", |provider| Some(provider.token_endpoint_auth_method().as_str()))
    }

    /// A copy for a client.
    pub(crate) fn copy(&self) -> proofkey::Provider {
        lock(&self.0).provider.clone()
    }

    fn change(&self, change: impl FnOnce(proofkey::Provider) -> proofkey::Provider) {
        let mut state = lock(&self.0);
        state.provider = change(state.provider.clone());
        state.texts.take_back();
    }

    fn try_change(
        &self,
        change: impl FnOnce(proofkey::Provider) -> Result<proofkey::Provider, Error>,
    ) -> Result<(), Refused> {
        let changed = change(self.copy())?;
        self.change(|_| changed);
        Ok(())
    }

    fn lend(&self, what: &'static str, read: impl FnOnce(&proofkey::Provider) -> Option<&str>) -> Option<Text> {
        let State { provider, texts } = &mut *lock(&self.0);
        texts.lend(what, || read(provider))
    }
}

impl From<proofkey::Provider> for Provider {
    fn from(provider: proofkey::Provider) -> Self {
        Self(Mutex::new(State { provider, texts: Texts::default() }))
    }
}
