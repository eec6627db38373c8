use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Tokens;
use crate::clock::now;
use crate::secret::Secret;
use crate::single_flight::SingleFlight;

/// The refreshes of a client and its clones that are under way, and those of the last minute, by hash of the old
/// refresh token.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<HashMap<[u8; 32], Arc<Refresh>>>);

/// The refresh of one refresh token.
#[derive(Default)]
pub(super) struct Refresh {
    pub(super) flight: SingleFlight<Tokens>,
    result: Mutex<Option<Refreshed>>,
}

/// A result, remembered for a minute: a late caller with the old tokens gets it instead of presenting the old refresh
/// token again, which the server may take for theft.
#[derive(Clone)]
pub(super) struct Refreshed {
    pub(super) tokens: Tokens,
    /// A hash of the old access token: only callers with the old pair are served.
    old_access_token: [u8; 32],
    at: i64,
    pub(super) is_saved: bool,
}

impl Refreshes {
    /// The refresh of these tokens. Results older than a minute are forgotten, and so are those that failed.
    pub(super) fn of(&self, tokens: &Tokens, now: i64) -> Arc<Refresh> {
        let key = hash(tokens.refresh_token());
        let mut refreshes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refreshes.retain(|_, refresh| Arc::strong_count(refresh) > 1 || refresh.is_recent(now));
        Arc::clone(refreshes.entry(key).or_default())
    }
}

impl Refreshes {
    /// Forgets results with one of these tokens, which are about to be revoked.
    pub(super) fn forget(&self, tokens: &Tokens) {
        let revoked = [hash(Some(tokens.access_token())), hash(tokens.refresh_token())];
        let refreshes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for refresh in refreshes.values() {
            let mut result = refresh.lock();
            let is_revoked = |result: &Refreshed| {
                revoked.contains(&hash(Some(result.tokens.access_token())))
                    || result.tokens.refresh_token().is_some_and(|token| revoked.contains(&hash(Some(token))))
            };
            if result.as_ref().is_some_and(is_revoked) {
                *result = None;
            }
        }
    }
}

impl Refresh {
    fn lock(&self) -> MutexGuard<'_, Option<Refreshed>> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result for a caller with these old tokens, unless it has expired.
    pub(super) fn result(&self, old: &Tokens, now: i64) -> Option<Refreshed> {
        let result = self.lock();
        let result = result.as_ref().filter(|result| now.saturating_sub(result.at) <= MEMORY)?;
        let is_for_them = result.old_access_token == hash(Some(old.access_token()));
        (is_for_them && !result.tokens.expires_within(0, now)).then(|| result.clone())
    }

    pub(super) fn remember(&self, old: &Tokens, tokens: &Tokens, is_saved: bool) {
        let old_access_token = hash(Some(old.access_token()));
        *self.lock() = Some(Refreshed { tokens: tokens.clone(), old_access_token, at: now(), is_saved });
    }

    fn is_recent(&self, now: i64) -> bool {
        self.lock().as_ref().is_some_and(|result| now.saturating_sub(result.at) <= MEMORY)
    }
}

fn hash(token: Option<&Secret>) -> [u8; 32] {
    Sha256::digest(token.map(Secret::expose).unwrap_or_default()).into()
}

impl fmt::Debug for Refreshes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshes")
    }
}

/// How long a result is remembered, in seconds.
const MEMORY: i64 = 60;
