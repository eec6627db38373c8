//! Remembers which logins are finished, so that a sealed login is used only once, whichever worker gets its callback.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{CLOCK_SKEW, Login};
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use crate::per_process::PerProcess;

/// Remembers which logins are finished. `Client::finish_once` claims the login after it has checked the callback, right
/// before it sends the code; a program with its own HTTP does the same between [`Login::accept`] and the first request.
///
/// Anybody who has the text of a sealed login can open it again, so the login itself cannot know whether it was used.
/// With a store that all workers share (a table, a key in Redis), only the first delivery of a callback succeeds. The
/// store gets the [`id`](Login::id) of the login and nothing else; in particular, no verifier.
///
/// ```
/// use proofkey::{Client, ErrorKind, MemoryReplayStore, Provider, ReplayStore};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.with_redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(proofkey::now())?;
/// # let callback = "https://client.example/cb?code=c&state=s";
/// let store = MemoryReplayStore::new();
/// let (key, until) = (login.replay_key(), login.expires_at());
/// let exchange = login.accept(callback, proofkey::now())?;
/// store.claim(&key, until)?;
/// // Now send exchange.request(). If none of it was sent, store.release(&key) allows another attempt.
/// assert_eq!(store.claim(&key, until).unwrap_err().kind(), ErrorKind::LoginAlreadyUsed);
/// # let _ = exchange;
/// # Ok::<(), proofkey::Error>(())
/// ```
pub trait ReplayStore {
    /// Claims a key: of several calls with the same key, in any process, one succeeds. The claim lasts until `until`,
    /// in seconds since the epoch, and a minute longer, because clocks differ.
    ///
    /// # Errors
    /// [`LoginAlreadyUsed`](ErrorKind::LoginAlreadyUsed) if the key is claimed already;
    /// [`StoreUnavailable`](ErrorKind::StoreUnavailable) if the store cannot tell and the key is as free as before;
    /// [`StoreReplyLost`](ErrorKind::StoreReplyLost) if it may be claimed. In all three cases the caller must not send
    /// the code.
    fn claim(&self, key: &str, until: i64) -> Result<(), Error>;

    /// Gives a claim back, because nothing was sent. Only the caller whose claim succeeded calls this. A store that
    /// cannot release does nothing; the login then stays finished.
    fn release(&self, key: &str);
}

impl Login {
    /// An identifier of this login, for example for logs. It is the same wherever the login is opened. It is a hash of
    /// the state, and reveals nothing that could be used.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"proofkey login id ").chain_update(&self.state).finalize();
        URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
    }

    /// The key that a [`ReplayStore`] claims for this login: `login:` and its [`id`](Self::id).
    #[must_use]
    pub fn replay_key(&self) -> String {
        format!("login:{}", self.id())
    }
}

/// A [`ReplayStore`] in the memory of one process: for programs that run as a single process.
///
/// It holds 100,000 keys. When it is full of keys that have not expired, it refuses more
/// ([`StoreUnavailable`](ErrorKind::StoreUnavailable)) rather than forget one.
///
/// A forked child begins with an empty one.
pub struct MemoryReplayStore {
    claimed: PerProcess<Mutex<HashMap<String, i64>>>,
    capacity: usize,
}

impl MemoryReplayStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self { claimed: PerProcess::default(), capacity: 100_000 }
    }

    fn claim_at(&self, key: &str, until: i64, now: i64) -> Result<(), ErrorKind> {
        let mut claimed = self.claimed.get().lock().unwrap_or_else(PoisonError::into_inner);
        if claimed.len() >= self.capacity {
            claimed.retain(|_, until| until.saturating_add(CLOCK_SKEW) >= now);
        }
        let is_full = claimed.len() >= self.capacity;
        match claimed.entry(key.to_owned()) {
            Entry::Occupied(_) => Err(ErrorKind::LoginAlreadyUsed),
            Entry::Vacant(_) if is_full => Err(ErrorKind::StoreUnavailable),
            Entry::Vacant(entry) => {
                entry.insert(until);
                Ok(())
            }
        }
    }
}

impl Default for MemoryReplayStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryReplayStore")
    }
}

impl ReplayStore for MemoryReplayStore {
    fn claim(&self, key: &str, until: i64) -> Result<(), Error> {
        Ok(self.claim_at(key, until, now())?)
    }

    fn release(&self, key: &str) {
        self.claimed.get().lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryReplayStore, ReplayStore};
    use crate::{Client, ErrorKind, Provider, SealKeys};

    fn store(capacity: usize) -> MemoryReplayStore {
        MemoryReplayStore { capacity, ..MemoryReplayStore::new() }
    }

    #[test]
    fn one_of_many_threads_is_the_first() {
        let store = store(10);
        let first = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(|| store.claim("a", i64::MAX).is_ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn what_is_taken_back_may_be_claimed_again() {
        let store = store(10);
        store.claim("a", i64::MAX).unwrap();
        assert_eq!(store.claim("a", i64::MAX).unwrap_err().kind(), ErrorKind::LoginAlreadyUsed);
        store.release("a");
        store.claim("a", i64::MAX).unwrap();
    }

    #[test]
    fn a_full_store_forgets_what_is_over_and_nothing_else() {
        let store = store(2);
        assert_eq!(store.claim_at("a", 600, 0), Ok(()));
        assert_eq!(store.claim_at("b", 601, 0), Ok(()));
        assert_eq!(store.claim_at("c", 602, 660), Err(ErrorKind::StoreUnavailable));
        assert_eq!(store.claim_at("a", 600, 660), Err(ErrorKind::LoginAlreadyUsed));
        assert_eq!(store.claim_at("c", 602, 661), Ok(()));
        assert_eq!(store.claim_at("b", 601, 661), Err(ErrorKind::LoginAlreadyUsed));
    }

    #[test]
    fn an_id_is_of_the_login_and_not_of_the_object() {
        let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
        let client = Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
        let keys = SealKeys::new([7; 32]).unwrap();
        let login = client.authorize().begin(0).unwrap();
        let resumed = client.resume(&login.seal(&keys, "").unwrap(), &keys, "", 0).unwrap();
        assert_eq!(login.id(), resumed.id());
        assert_eq!(login.id().len(), 22);
        assert_ne!(login.id(), client.authorize().begin(0).unwrap().id());
    }
}
