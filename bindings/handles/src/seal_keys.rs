use std::sync::Mutex;

use proofkey::ErrorKind;

use crate::lock::lock;
use crate::refused::Refused;

/// The keys that seal logins, and older ones that still open them.
pub struct SealKeys(Mutex<Option<proofkey::SealKeys>>);

impl SealKeys {
    /// See [`proofkey::SealKeys::new`].
    ///
    /// # Errors
    /// Those of [`proofkey::SealKeys::new`].
    pub fn new(secret: &[u8]) -> Result<Self, Refused> {
        Ok(Self(Mutex::new(Some(proofkey::SealKeys::new(secret)?))))
    }

    /// See [`proofkey::SealKeys::with_older`].
    ///
    /// # Errors
    /// Those of [`proofkey::SealKeys::with_older`]; the keys are then unchanged.
    pub fn add_older(&self, secret: &[u8]) -> Result<(), Refused> {
        // `with_older` drops the keys if it refuses the secret, and refuses what `new` refuses.
        proofkey::SealKeys::new(secret)?;
        let mut state = lock(&self.0);
        let keys = state.take().ok_or(ErrorKind::Internal)?;
        *state = Some(keys.with_older(secret)?);
        Ok(())
    }

    /// See [`proofkey::SealKeys::is_weak`].
    pub fn is_weak(&self) -> bool {
        lock(&self.0).as_ref().is_some_and(proofkey::SealKeys::is_weak)
    }

    pub(crate) fn with<T>(
        &self,
        use_keys: impl FnOnce(&proofkey::SealKeys) -> Result<T, proofkey::Error>,
    ) -> Result<T, Refused> {
        Ok(use_keys(lock(&self.0).as_ref().ok_or(ErrorKind::Internal)?)?)
    }
}
