use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::keys::Keys;
use crate::error::{Error, ErrorKind};
use crate::single_flight::{SingleFlight, Turn};

/// The keys of the server, which all clones of a client share. No lock is held while they are fetched.
#[derive(Default)]
pub(crate) struct KeyCache {
    state: Mutex<State>,
    flight: Arc<SingleFlight<Arc<Keys>>>,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<Keys>>,
    /// When they were fetched. After a failed fetch, a time that makes the next one due after `PATIENCE`.
    tried_at: i64,
    /// When they were last fetched because a key was not among them.
    refetched_at: Option<i64>,
    /// When a logout token last caused a fetch.
    fetched_for_logout_at: Option<i64>,
}

/// The keys in the cache.
pub(crate) enum Cached {
    None,
    /// Due to be fetched again, but still usable if that fails.
    Old(Arc<Keys>),
    Fresh(Arc<Keys>),
}

/// Why keys are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There are none, or they are old.
    Age,
    /// A token names a key that is not among them.
    UnknownKey,
    /// A logout token names such a key. This does not start the interval for logins, because anybody can send logout
    /// tokens.
    LogoutToken,
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

    /// The cached keys, unless they are the `known` ones.
    pub(crate) fn other_than(&self, known: Option<&Arc<Keys>>) -> Option<Arc<Keys>> {
        let is_other = |keys: &&Arc<Keys>| known.is_none_or(|known| !Arc::ptr_eq(keys, known));
        self.lock().keys.as_ref().filter(is_other).cloned()
    }

    /// Stores the result of a fetch. After a failure the old keys stay, and are not fetched again for a while.
    pub(crate) fn put(&self, keys: Result<Keys, Error>, reason: Reason, now: i64) -> Result<Arc<Keys>, Error> {
        let mut state = self.lock();
        match keys {
            Ok(keys) => {
                let keys = Arc::new(keys);
                if reason == Reason::UnknownKey {
                    state.refetched_at = Some(now);
                }
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

    /// Whether the server may be asked for an unknown key now. The interval keeps forged tokens from causing one
    /// request each.
    pub(crate) fn may_refetch(&self, now: i64) -> bool {
        self.lock().refetched_at.is_none_or(|at| !(0..INTERVAL).contains(&now.saturating_sub(at)))
    }

    /// Whether a logout token may cause a fetch now: once a minute, and whenever one is under way that it can wait for.
    pub(crate) fn may_fetch_for_logout(&self, now: i64) -> bool {
        if self.flight.is_under_way() {
            return true;
        }
        let mut state = self.lock();
        let last = state.fetched_for_logout_at;
        let may = last.is_none_or(|at| !(0..LOGOUT_INTERVAL).contains(&now.saturating_sub(at)));
        if may {
            state.fetched_for_logout_at = Some(now);
        }
        may
    }

    /// Fetches keys other than the `known` ones, once for all threads that want them at the same time.
    pub(crate) fn fetch(
        &self,
        known: Option<&Arc<Keys>>,
        reason: Reason,
        fetch: impl FnOnce() -> Result<Keys, Error>,
        now: i64,
    ) -> Result<Arc<Keys>, Error> {
        match self.flight.join() {
            Turn::Landed(keys) => keys,
            Turn::UnderWay => Err(ErrorKind::Internal.into()),
            Turn::Lead(lead) => {
                // Another thread may have fetched them since the caller looked.
                let keys = match self.other_than(known) {
                    Some(keys) => Ok(keys),
                    None => self.put(fetch(), reason, now),
                };
                lead.land(keys.clone());
                keys
            }
        }
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCache")
    }
}

/// How long keys are used before they are fetched again, in seconds.
const LIFETIME: i64 = 3600;
/// How long old keys are used after the server failed to send newer ones, in seconds.
const PATIENCE: i64 = 60;
/// The shortest time between two requests for unknown keys, in seconds.
const INTERVAL: i64 = 10;
/// The shortest time between two requests that logout tokens cause, in seconds.
const LOGOUT_INTERVAL: i64 = 60;
