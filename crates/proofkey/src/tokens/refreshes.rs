use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use super::Tokens;
use crate::secret::Secret;
use crate::single_flight::SingleFlight;

/// The refreshes of a client and its clones that are under way, and those of the last minute, by hash of the old
/// refresh token.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<HashMap<[u8; 32], Arc<Entry>>>);

/// The refresh of one refresh token.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) flight: Arc<SingleFlight<Tokens>>,
    last: Mutex<Option<Last>>,
}

/// How the last refresh ended, remembered for a minute: a late caller with the old tokens gets the result instead of
/// presenting the old refresh token again, which the server may take for theft.
struct Last {
    outcome: Outcome,
    /// A hash of the old access token: only callers with the old pair are served.
    old_access_token: [u8; 32],
    at: i64,
}

/// What came of a refresh token that was sent.
pub(super) enum Outcome {
    /// These tokens, which everybody may have.
    Saved(Tokens),
    /// These tokens, which nobody may have before they are saved.
    Unsaved(Tokens),
    /// These tokens, which nobody may have before their ID token is checked: the keys for it did not come.
    Unchecked { tokens: Tokens, id_token: Secret },
}

impl Refreshes {
    /// The refresh of these tokens. Results older than a minute are forgotten, and so are those that failed.
    pub(super) fn of(&self, tokens: &Tokens, now: i64) -> Arc<Entry> {
        let key = hash(tokens.refresh_token());
        let mut refreshes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refreshes.retain(|_, refresh| Arc::strong_count(refresh) > 1 || refresh.is_recent(now));
        Arc::clone(refreshes.entry(key).or_default())
    }

    /// Forgets results with one of these tokens, which are about to be revoked.
    pub(super) fn forget(&self, tokens: &Tokens) {
        let revoked = [hash(Some(tokens.access_token())), hash(tokens.refresh_token())];
        let refreshes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (refresh_token, refresh) in refreshes.iter() {
            let mut last = refresh.lock();
            let is_revoked = |last: &Last| match last.outcome.tokens() {
                Some(tokens) => [Some(tokens.access_token()), tokens.refresh_token()]
                    .into_iter()
                    .flatten()
                    .any(|token| revoked.contains(&hash(Some(token)))),
                None => revoked.contains(refresh_token),
            };
            if last.as_ref().is_some_and(is_revoked) {
                *last = None;
            }
        }
    }
}

impl Outcome {
    /// The tokens, if they have passed their checks.
    const fn tokens(&self) -> Option<&Tokens> {
        match self {
            Self::Saved(tokens) | Self::Unsaved(tokens) => Some(tokens),
            Self::Unchecked { .. } => None,
        }
    }
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outcome for a caller with these old tokens, unless it has expired. Unchecked tokens are given away.
    pub(super) fn outcome(&self, old: &Tokens, now: i64) -> Option<Outcome> {
        let old_access_token = hash(Some(old.access_token()));
        let mut last = self.lock();
        let found = last.as_ref().filter(|last| last.is_recent(now) && last.old_access_token == old_access_token)?;
        match &found.outcome {
            Outcome::Saved(tokens) | Outcome::Unsaved(tokens) if tokens.expires_within(0, now) => None,
            Outcome::Saved(tokens) => Some(Outcome::Saved(tokens.clone())),
            Outcome::Unsaved(tokens) => Some(Outcome::Unsaved(tokens.clone())),
            Outcome::Unchecked { .. } => last.take().map(|last| last.outcome),
        }
    }

    pub(super) fn remember(&self, old: &Tokens, outcome: Outcome, now: i64) {
        *self.lock() = Some(Last { outcome, old_access_token: hash(Some(old.access_token())), at: now });
    }

    /// From now on, everybody may have the tokens, unless they were forgotten meanwhile.
    pub(super) fn saved(&self) {
        if let Some(Last { outcome, .. }) = self.lock().as_mut() {
            if let Outcome::Unsaved(tokens) = outcome {
                *outcome = Outcome::Saved(tokens.clone());
            }
        }
    }

    fn is_recent(&self, now: i64) -> bool {
        self.lock().as_ref().is_some_and(|last| last.is_recent(now))
    }
}

impl Last {
    const fn is_recent(&self, now: i64) -> bool {
        now.saturating_sub(self.at) <= MEMORY
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
