use std::sync::Mutex;

use proofkey::{DevicePolling, ErrorKind, Step, Tokens};

use crate::lock::lock;
use crate::refused::Refused;
use crate::text::{Text, Texts};

/// What the user of a device is shown, and what it takes to get the tokens, once.
pub struct DeviceAuthorization(Mutex<State>);

struct State {
    device: proofkey::DeviceAuthorization,
    has_begun: bool,
    texts: Texts,
}

impl DeviceAuthorization {
    /// The code that the user types.
    pub fn user_code(&self) -> Option<Text> {
        self.lend("user_code", |device| Some(device.user_code()))
    }

    /// Where the user signs in.
    pub fn verification_uri(&self) -> Option<Text> {
        self.lend("verification_uri", |device| Some(device.verification_uri()))
    }

    /// The same with the user code in it, if the server has such a thing.
    pub fn verification_uri_complete(&self) -> Option<Text> {
        self.lend("verification_uri_complete", proofkey::DeviceAuthorization::verification_uri_complete)
    }

    /// When the codes expire.
    pub fn expires_at(&self) -> i64 {
        lock(&self.0).device.expires_at()
    }

    /// How many seconds the server wants between two requests for the tokens.
    pub fn interval(&self) -> u32 {
        lock(&self.0).device.interval()
    }

    /// See [`Exchange::begin_polling`](crate::Exchange::begin_polling).
    pub(crate) fn begin_polling(&self, now: i64) -> Result<Step<DevicePolling, Tokens>, Refused> {
        let mut state = lock(&self.0);
        if state.has_begun {
            return Err(ErrorKind::LoginAlreadyUsed.into());
        }
        let step = state.device.clone().begin_polling(now)?;
        state.has_begun = true;
        Ok(step)
    }

    fn lend(
        &self,
        what: &'static str,
        read: impl FnOnce(&proofkey::DeviceAuthorization) -> Option<&str>,
    ) -> Option<Text> {
        let State { device, texts, .. } = &mut *lock(&self.0);
        texts.lend(what, || read(device))
    }
}

impl From<proofkey::DeviceAuthorization> for DeviceAuthorization {
    fn from(device: proofkey::DeviceAuthorization) -> Self {
        Self(Mutex::new(State { device, has_begun: false, texts: Texts::default() }))
    }
}
