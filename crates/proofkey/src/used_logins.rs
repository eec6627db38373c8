//! The logins of a client whose codes were sent or are about to be.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::error::ErrorKind;

/// Remembers which logins a client has used, so that a sealed login that is resumed twice sends its code once. The
/// newest ten thousand are remembered; whoever needs more, or several processes, has a
/// [`ReplayStore`](crate::ReplayStore).
#[derive(Clone, Default)]
pub(crate) struct UsedLogins(Arc<Mutex<Used>>);

#[derive(Default)]
struct Used {
    logins: HashSet<Key>,
    /// The same, the oldest first.
    by_age: VecDeque<Key>,
}

/// A hash of the state and the challenge. The state alone is not enough: tests choose it, and use it again.
type Key = [u8; 32];

impl UsedLogins {
    /// Uses a login: of several calls with the same one, the first succeeds.
    pub(crate) fn claim(&self, state: &str, challenge: &str) -> Result<Claim, ErrorKind> {
        let key = Sha256::new().chain_update(challenge).chain_update(state).finalize().into();
        let mut used = self.lock();
        if !used.logins.insert(key) {
            return Err(ErrorKind::LoginAlreadyUsed);
        }
        used.by_age.push_back(key);
        if used.by_age.len() > CAPACITY {
            let oldest = used.by_age.pop_front();
            oldest.map(|oldest| used.logins.remove(&oldest));
        }
        drop(used);
        Ok(Claim { used: self.clone(), key, process: process::id(), is_final: AtomicBool::new(false) })
    }

    fn lock(&self) -> MutexGuard<'_, Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The use of a login. It is given back when this is dropped, unless it has become final.
pub(crate) struct Claim {
    used: UsedLogins,
    key: Key,
    process: u32,
    is_final: AtomicBool,
}

impl Claim {
    /// The code is about to leave: from now on it may have been sent.
    pub(crate) fn keep(&self) {
        self.is_final.store(true, Ordering::Relaxed);
    }

    /// Gives the login back all the same, because nothing was sent.
    pub(crate) fn release(self) {
        self.is_final.store(false, Ordering::Relaxed);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A forked child has logins of its own, and must not wait for a lock of its parent.
        if self.is_final.load(Ordering::Relaxed) || self.process != process::id() {
            return;
        }
        let mut used = self.used.lock();
        used.logins.remove(&self.key);
        used.by_age.retain(|key| *key != self.key);
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claim")
    }
}

const CAPACITY: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::{CAPACITY, UsedLogins};
    use crate::ErrorKind;

    #[test]
    fn the_oldest_is_forgotten() {
        let used = UsedLogins::default();
        let claim = |state: usize| used.claim(&state.to_string(), "challenge").map(|claim| claim.keep());
        for state in 0..=CAPACITY {
            assert_eq!(claim(state), Ok(()));
        }
        assert_eq!(claim(1), Err(ErrorKind::LoginAlreadyUsed));
        assert_eq!(claim(0), Ok(()), "it is the oldest");
        let used = used.lock();
        assert_eq!((used.logins.len(), used.by_age.len()), (CAPACITY, CAPACITY));
    }

    #[test]
    fn what_was_given_back_is_as_new() {
        let used = UsedLogins::default();
        drop(used.claim("s", "c").unwrap());
        let claim = used.claim("s", "c").unwrap();
        claim.keep();
        claim.release();
        assert!(used.lock().by_age.is_empty());
        used.claim("s", "c").unwrap().keep();
        assert_eq!(used.claim("s", "c").unwrap_err(), ErrorKind::LoginAlreadyUsed);
        used.claim("s", "another").unwrap().keep();
    }

    #[test]
    fn a_child_gives_nothing_back() {
        let used = UsedLogins::default();
        let mut of_parent = used.claim("s", "c").unwrap();
        of_parent.process = 0;
        drop(of_parent);
        assert!(used.claim("s", "c").is_err());
    }
}
