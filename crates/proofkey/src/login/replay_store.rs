//! Which logins are finished: what makes a sealed login count once, whichever worker gets its callback.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::login::CLOCK_SKEW;
use crate::{Error, ErrorKind, Login, now};

/// Remembers which logins were finished. `Client::finish_once` asks it once the callback is checked, right before the
/// code is sent; a program with its own HTTP does the same between [`Login::accept`] and the first request.
///
/// A sealed login can be opened as often as somebody has its text, so the login itself cannot know. A store that all
/// workers share (a table, a key in Redis) makes the first delivery of a callback the only one. It never gets a verifier
/// or anything else of the login but its [`id`](Login::id).
///
/// ```
/// use proofkey::{Client, ErrorKind, MemoryStore, Provider, SpendStore};
/// # let provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
/// # let client = Client::new(provider, "my-app")?.redirect_uri("https://client.example/cb")?;
/// # let login = client.authorize().state("s").begin(proofkey::now())?;
/// # let callback = "https://client.example/cb?code=c&state=s";
/// let store = MemoryStore::new();
/// let (id, until) = (login.id(), login.expires_at());
/// let exchange = login.accept(callback, proofkey::now())?;
/// store.spend(&id, until)?;
/// // Now send exchange.request(). If nothing of it left, store.unspend(&id) lets the callback come again.
/// assert_eq!(store.spend(&id, until).unwrap_err().kind(), ErrorKind::LoginSpent);
/// # let _ = exchange;
/// # Ok::<(), proofkey::Error>(())
/// ```
pub trait SpendStore {
    /// Marks a login as finished, and keeps the mark until `until`, in seconds since the epoch, and a minute longer,
    /// because clocks differ. Of several calls with one id, in whatever process, one succeeds.
    ///
    /// # Errors
    /// [`LoginSpent`](ErrorKind::LoginSpent) if it was marked before; [`StoreUnavailable`](ErrorKind::StoreUnavailable) if
    /// that cannot be said. Neither may send the code.
    fn spend(&self, login_id: &str, until: i64) -> Result<(), Error>;

    /// Takes the mark back: nothing was sent. Only who set it calls this. A store that cannot does nothing; the login
    /// stays finished then.
    fn unspend(&self, login_id: &str);
}

impl Login {
    /// A name for this login, the same wherever it is opened: for a [`SpendStore`], and for logs. It is a hash of the
    /// state, and tells nothing that could be used.
    #[must_use]
    pub fn id(&self) -> String {
        let digest = Sha256::new().chain_update(b"proofkey login id ").chain_update(&self.state).finalize();
        URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
    }
}

/// A [`SpendStore`] in the memory of one process: right for a program that has only one.
///
/// It holds 100,000 logins. Full of logins that still live, it refuses more
/// ([`StoreUnavailable`](ErrorKind::StoreUnavailable)) rather than forget one.
pub struct MemoryStore {
    spent: Mutex<HashMap<String, i64>>,
    capacity: usize,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self { spent: Mutex::default(), capacity: 100_000 }
    }

    fn spend_at(&self, login_id: &str, until: i64, now: i64) -> Result<(), ErrorKind> {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= self.capacity {
            spent.retain(|_, until| until.saturating_add(CLOCK_SKEW) >= now);
        }
        let is_full = spent.len() >= self.capacity;
        match spent.entry(login_id.to_owned()) {
            Entry::Occupied(_) => Err(ErrorKind::LoginSpent),
            Entry::Vacant(_) if is_full => Err(ErrorKind::StoreUnavailable),
            Entry::Vacant(entry) => {
                entry.insert(until);
                Ok(())
            }
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

impl SpendStore for MemoryStore {
    fn spend(&self, login_id: &str, until: i64) -> Result<(), Error> {
        Ok(self.spend_at(login_id, until, now())?)
    }

    fn unspend(&self, login_id: &str) {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).remove(login_id);
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryStore, SpendStore};
    use crate::{Client, ErrorKind, Provider, SealKeys};

    fn store(capacity: usize) -> MemoryStore {
        MemoryStore { capacity, ..MemoryStore::new() }
    }

    #[test]
    fn one_of_many_threads_is_the_first() {
        let store = store(10);
        let first = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(|| store.spend("a", i64::MAX).is_ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|first| *first).count()
        });
        assert_eq!(first, 1);
    }

    #[test]
    fn what_is_taken_back_may_be_spent_again() {
        let store = store(10);
        store.spend("a", i64::MAX).unwrap();
        assert_eq!(store.spend("a", i64::MAX).unwrap_err().kind(), ErrorKind::LoginSpent);
        store.unspend("a");
        store.spend("a", i64::MAX).unwrap();
    }

    #[test]
    fn a_full_store_forgets_what_is_over_and_nothing_else() {
        let store = store(2);
        assert_eq!(store.spend_at("a", 600, 0), Ok(()));
        assert_eq!(store.spend_at("b", 601, 0), Ok(()));
        assert_eq!(store.spend_at("c", 602, 660), Err(ErrorKind::StoreUnavailable));
        assert_eq!(store.spend_at("a", 600, 660), Err(ErrorKind::LoginSpent));
        assert_eq!(store.spend_at("c", 602, 661), Ok(()));
        assert_eq!(store.spend_at("b", 601, 661), Err(ErrorKind::LoginSpent));
    }

    #[test]
    fn an_id_is_of_the_login_and_not_of_the_object() {
        let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
        let client = Client::new(provider, "app").unwrap().redirect_uri("https://client.example/cb").unwrap();
        let keys = SealKeys::new([7; 32]).unwrap();
        let login = client.authorize().begin(0).unwrap();
        let resumed = client.resume(&login.seal(&keys, "").unwrap(), &keys, "", 0).unwrap();
        assert_eq!(login.id(), resumed.id());
        assert_eq!(login.id().len(), 22);
        assert_ne!(login.id(), client.authorize().begin(0).unwrap().id());
    }
}
