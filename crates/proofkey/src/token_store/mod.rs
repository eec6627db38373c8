//! Tokens at rest: sealed, shared by threads, processes and machines, and refreshed once.

mod file;
mod file_locks;
mod lease;
mod owner;
mod record;
mod sealed;

use std::sync::Arc;

pub use self::file::FileTokenStore;
pub use self::sealed::SealedTokenStore;
use crate::error::Error;

/// Where a [`SealedTokenStore`] keeps its records: a file, a database, a cache. It sees keys and sealed texts, and
/// decides nothing.
///
/// Every method is one short step. Nothing is held between two of them but the lease, which is a row or a lock of its
/// own: no transaction and no pooled connection is open while tokens are refreshed.
///
/// A key is 43 characters of base64url: a hash of the provider, the client and the user. A sealed text is printable
/// ASCII, of a few thousand characters.
pub trait TokenStore {
    /// The sealed text that was saved last under this key; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if the store cannot tell.
    fn load(&self, key: &str) -> Result<Option<String>, Error>;

    /// Compare and set: saves `sealed` if what is stored is still `read`, which [`load`](Self::load) returned, `None`
    /// for nothing. `false` if it is not; nothing is saved then. No two sealed texts are equal, so a store that sends a
    /// command again, because the reply was lost, may take `sealed` itself for the success of its first attempt.
    ///
    /// When this returns, the text has to survive a crash of the process and, if the store can, of the machine: it may
    /// be the only copy of a refresh token.
    ///
    /// # Errors
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if the store cannot tell.
    fn save(&self, key: &str, sealed: &str, read: Option<&str>) -> Result<bool, Error>;

    /// Compare and delete: deletes what is stored, if it is still `read`. `false` if it is something else.
    ///
    /// # Errors
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if the store cannot tell.
    fn delete(&self, key: &str, read: &str) -> Result<bool, Error>;

    /// Takes the lease of a key for `owner`, a random text. `false` if somebody else has it. It ends after this many
    /// seconds, even if nobody returns it; it may end earlier, as soon as the process of its owner is known to be gone.
    /// Of several calls at once, in whatever thread, process or machine, at most one gets it.
    ///
    /// # Errors
    /// [`StoreUnavailable`](crate::ErrorKind::StoreUnavailable) if the store cannot tell.
    fn lease(&self, key: &str, owner: &str, seconds: u32) -> Result<bool, Error>;

    /// Returns the lease, if `owner` still has it. A store that cannot do that now does nothing: the lease ends by
    /// itself.
    fn release(&self, key: &str, owner: &str);
}

impl<S: TokenStore + ?Sized> TokenStore for Arc<S> {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        (**self).load(key)
    }

    fn save(&self, key: &str, sealed: &str, read: Option<&str>) -> Result<bool, Error> {
        (**self).save(key, sealed, read)
    }

    fn delete(&self, key: &str, read: &str) -> Result<bool, Error> {
        (**self).delete(key, read)
    }

    fn lease(&self, key: &str, owner: &str, seconds: u32) -> Result<bool, Error> {
        (**self).lease(key, owner, seconds)
    }

    fn release(&self, key: &str, owner: &str) {
        (**self).release(key, owner);
    }
}
