use std::thread;
use std::time::{Duration, Instant};

use super::TokenStore;
use crate::error::{Error, ErrorKind};
use crate::syntax::grammar::random_text;

/// The right to change what is stored under a key. It is returned when this is dropped.
pub(super) struct Lease<'a> {
    store: &'a dyn TokenStore,
    key: &'a str,
    owner: String,
}

impl<'a> Lease<'a> {
    /// `None` if somebody else has it. `work` is the most that the owner will need.
    pub(super) fn take(store: &'a dyn TokenStore, key: &'a str, work: Duration) -> Result<Option<Self>, Error> {
        let owner = random_text()?;
        let seconds = u32::try_from(work.as_secs()).unwrap_or(u32::MAX).saturating_add(MARGIN);
        Ok(store.lease(key, &owner, seconds)?.then(|| Self { store, key, owner }))
    }

    /// Waits for it, for at most as long as `patience` lasts.
    pub(super) fn wait(store: &'a dyn TokenStore, key: &'a str, mut patience: Patience) -> Result<Self, Error> {
        loop {
            match Self::take(store, key, Duration::ZERO)? {
                Some(lease) => return Ok(lease),
                None => patience.pause()?,
            }
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.store.release(self.key, &self.owner);
    }
}

/// How long somebody waits, asking again and again.
pub(super) struct Patience {
    end: Instant,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(time: Duration) -> Self {
        let start = Instant::now();
        Self { end: start.checked_add(time).unwrap_or(start), pause: SHORTEST }
    }

    /// Waits a moment.
    ///
    /// # Errors
    /// [`StoreBusy`](ErrorKind::StoreBusy) if that would be too long.
    pub(super) fn pause(&mut self) -> Result<(), Error> {
        if Instant::now() >= self.end {
            return Err(ErrorKind::StoreBusy.into());
        }
        thread::sleep(self.pause);
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
        Ok(())
    }
}

/// How much longer than the work a lease lasts, in seconds: for the steps of the store, and for clocks that differ.
const MARGIN: u32 = 60;

/// The first pause between two attempts, and the longest.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Patience, SHORTEST};
    use crate::error::ErrorKind;

    #[test]
    fn patience_ends() {
        let mut none = Patience::new(Duration::ZERO);
        assert_eq!(none.pause().unwrap_err().kind(), ErrorKind::StoreBusy);
        let mut long = Patience::new(Duration::from_secs(3600));
        long.pause().unwrap();
        assert!(long.pause > SHORTEST, "each pause is longer than the one before");
    }
}
