use std::sync::Mutex;

use proofkey::{ErrorKind, Verifier};

use crate::lock::lock;
use crate::login::Login;
use crate::refused::Refused;

/// An authorization request under construction, which [`begin`](Self::begin) uses up.
pub struct Authorize(Mutex<Option<proofkey::Authorize>>);

impl Authorize {
    pub(crate) fn new(authorize: proofkey::Authorize) -> Self {
        Self(Mutex::new(Some(authorize)))
    }

    /// See [`proofkey::Authorize::extra`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) after [`begin`](Self::begin).
    pub fn add_extra(&self, name: &str, value: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.extra(name, value))
    }

    /// See [`proofkey::Authorize::resource`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn add_resource(&self, resource: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.resource(resource))
    }

    /// See [`proofkey::Authorize::form_post`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_form_post(&self) -> Result<(), Refused> {
        self.change(proofkey::Authorize::form_post)
    }

    /// See [`proofkey::Authorize::data`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_data(&self, data: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.data(data))
    }

    /// See [`proofkey::Authorize::max_age`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_max_age(&self, seconds: u32) -> Result<(), Refused> {
        self.change(|authorize| authorize.max_age(seconds))
    }

    /// See [`proofkey::Authorize::acr_values`]; the values are separated by single spaces.
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_acr_values(&self, acr_values: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.acr_values(acr_values.split(' ')))
    }

    /// See [`proofkey::Authorize::state`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_state(&self, state: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.state(state))
    }

    /// See [`proofkey::Authorize::nonce`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_nonce(&self, nonce: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.nonce(nonce))
    }

    /// See [`proofkey::Authorize::verifier`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra), and those of [`Verifier::parse`].
    pub fn set_verifier(&self, verifier: &str) -> Result<(), Refused> {
        let verifier = Verifier::parse(verifier.as_bytes())?;
        self.change(|authorize| authorize.verifier(verifier))
    }

    /// Makes the login.
    ///
    /// # Errors
    /// Those of [`proofkey::Authorize::begin`]. They too use the request up.
    pub fn begin(&self, now: i64) -> Result<Login, Refused> {
        let authorize = lock(&self.0).take().ok_or(ErrorKind::LoginAlreadyUsed)?;
        Ok(Login::new(authorize.begin(now)?))
    }

    fn change(&self, change: impl FnOnce(proofkey::Authorize) -> proofkey::Authorize) -> Result<(), Refused> {
        let mut state = lock(&self.0);
        let authorize = state.take().ok_or(ErrorKind::LoginAlreadyUsed)?;
        *state = Some(change(authorize));
        Ok(())
    }
}
