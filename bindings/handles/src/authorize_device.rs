use std::sync::Mutex;

use proofkey::{ErrorKind, Verifier};

use crate::exchange::Exchange;
use crate::lock::lock;
use crate::refused::Refused;

/// A device authorization request under construction, which [`begin`](Self::begin) uses up.
pub struct AuthorizeDevice(Mutex<Option<proofkey::AuthorizeDevice>>);

impl AuthorizeDevice {
    pub(crate) fn new(authorize: proofkey::AuthorizeDevice) -> Self {
        Self(Mutex::new(Some(authorize)))
    }

    /// See [`proofkey::AuthorizeDevice::extra`].
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) after [`begin`](Self::begin).
    pub fn add_extra(&self, name: &str, value: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.extra(name, value))
    }

    /// See [`proofkey::AuthorizeDevice::resource`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn add_resource(&self, resource: &str) -> Result<(), Refused> {
        self.change(|authorize| authorize.resource(resource))
    }

    /// See [`proofkey::AuthorizeDevice::pkce`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra).
    pub fn set_pkce(&self) -> Result<(), Refused> {
        self.change(proofkey::AuthorizeDevice::pkce)
    }

    /// See [`proofkey::AuthorizeDevice::verifier`].
    ///
    /// # Errors
    /// As for [`add_extra`](Self::add_extra), and those of [`Verifier::parse`].
    pub fn set_verifier(&self, verifier: &str) -> Result<(), Refused> {
        let verifier = Verifier::parse(verifier.as_bytes())?;
        self.change(|authorize| authorize.verifier(verifier))
    }

    /// Makes the request: an exchange that leads to the codes.
    ///
    /// # Errors
    /// Those of [`proofkey::AuthorizeDevice::begin`]. They too use the request up.
    pub fn begin(&self) -> Result<Exchange, Refused> {
        let authorize = lock(&self.0).take().ok_or(ErrorKind::LoginAlreadyUsed)?;
        Ok(authorize.begin()?.into())
    }

    fn change(
        &self,
        change: impl FnOnce(proofkey::AuthorizeDevice) -> proofkey::AuthorizeDevice,
    ) -> Result<(), Refused> {
        let mut state = lock(&self.0);
        let authorize = state.take().ok_or(ErrorKind::LoginAlreadyUsed)?;
        *state = Some(change(authorize));
        Ok(())
    }
}
