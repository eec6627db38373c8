use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "http")]
use std::sync::Condvar;

use super::keys::Keys;
use crate::Error;

/// The keys of a client's server. Clones of the client share them. No lock is held while they are fetched.
#[derive(Default)]
pub(crate) struct KeyCache {
    state: Mutex<State>,
    #[cfg(feature = "http")]
    landed: Condvar,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<Keys>>,
    /// When they came, or when the server last failed to send newer ones.
    tried_at: i64,
    /// When the server was last asked for a key that was not among them.
    refetched_at: Option<i64>,
    #[cfg(feature = "http")]
    under_way: bool,
    /// How many fetches have ended, and how the last one did.
    #[cfg(feature = "http")]
    ended: u64,
    #[cfg(feature = "http")]
    failure: Option<Error>,
}

/// The keys that are here.
pub(crate) enum Cached {
    None,
    /// To be asked for again; good enough if that fails.
    Old(Arc<Keys>),
    Fresh(Arc<Keys>),
}

/// Why keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are none, or they are old.
    Age,
    /// A token names another one.
    UnknownKey,
}

impl KeyCache {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, now: i64) -> Cached {
        let state = self.lock();
        match &state.keys {
            None => Cached::None,
            Some(keys) if now.saturating_sub(state.tried_at) < LIFETIME => Cached::Fresh(Arc::clone(keys)),
            Some(keys) => Cached::Old(Arc::clone(keys)),
        }
    }

    /// The keys, if they are others than these.
    pub(crate) fn other_than(&self, known: Option<&Arc<Keys>>) -> Option<Arc<Keys>> {
        let is_other = |keys: &&Arc<Keys>| known.is_none_or(|known| !Arc::ptr_eq(keys, known));
        self.lock().keys.as_ref().filter(is_other).cloned()
    }

    /// Takes what the server answered. Old keys outlive a failure, and for a while nobody asks again.
    pub(crate) fn put(&self, keys: Result<Keys, Error>, reason: Reason, now: i64) -> Result<Arc<Keys>, Error> {
        let mut state = self.lock();
        if reason == Reason::UnknownKey {
            state.refetched_at = Some(now);
        }
        match keys {
            Ok(keys) => {
                let keys = Arc::new(keys);
                state.tried_at = now;
                state.keys = Some(Arc::clone(&keys));
                Ok(keys)
            }
            Err(error) => {
                state.tried_at = now.saturating_sub(LIFETIME).saturating_add(PATIENCE);
                Err(error)
            }
        }
    }

    /// Whether the server may be asked for a key that is not here: not again and again for made-up ones.
    pub(crate) fn may_refetch(&self, now: i64) -> bool {
        self.lock().refetched_at.is_none_or(|at| !(0..INTERVAL).contains(&now.saturating_sub(at)))
    }

    /// Fetches keys other than the known ones, once for all threads that ask meanwhile.
    #[cfg(feature = "http")]
    pub(crate) fn fetch(
        &self,
        known: Option<&Arc<Keys>>,
        reason: Reason,
        ask: impl FnOnce() -> Result<Keys, Error>,
        now: i64,
    ) -> Result<Arc<Keys>, Error> {
        let mut state = self.lock();
        let ended = state.ended;
        while state.under_way {
            state = self.landed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match (&state.keys, &state.failure) {
            (Some(keys), _) if known.is_none_or(|known| !Arc::ptr_eq(keys, known)) => return Ok(Arc::clone(keys)),
            (_, Some(failure)) if state.ended != ended => return Err(failure.clone()),
            _ => {}
        }
        state.under_way = true;
        drop(state);
        let landing = Landing(self);
        let keys = self.put(ask(), reason, now);
        self.lock().failure = keys.as_ref().err().cloned();
        drop(landing);
        keys
    }
}

/// Ends a fetch, also when the one who asks panics.
#[cfg(feature = "http")]
struct Landing<'a>(&'a KeyCache);

#[cfg(feature = "http")]
impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.under_way = false;
        state.ended = state.ended.wrapping_add(1);
        self.0.landed.notify_all();
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache")
    }
}

/// How long keys are used without asking for them again, in seconds.
const LIFETIME: i64 = 3600;
/// How long old keys are used after the server failed to send newer ones, in seconds.
const PATIENCE: i64 = 60;
/// The least time between two questions for unknown keys, in seconds.
const INTERVAL: i64 = 10;
