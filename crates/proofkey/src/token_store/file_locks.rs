//! The locks of files that this process has.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fs4::{FileExt, TryLockError};

use crate::error::{Error, ErrorKind};

/// Every lock of this process that is a lease, by the path of its file.
///
/// There is one list, and one mutex, for the whole process: whoever has the mutex knows that no file is open and locked
/// that is not in the list. That is what a fork needs. It is held while a file is replaced, too, which takes
/// milliseconds.
static HELD: Mutex<Locks> = Mutex::new(Locks(BTreeMap::new()));

thread_local! {
    /// The mutex, for as long as this thread forks.
    static FORKS: RefCell<Option<MutexGuard<'static, Locks>>> = const { RefCell::new(None) };
}

pub(super) struct Locks(BTreeMap<PathBuf, Held>);

/// A lock that is a lease.
pub(super) struct Held {
    owner: String,
    file: File,
}

impl Held {
    pub(super) fn new(owner: &str, file: File) -> Self {
        Self { owner: owner.to_owned(), file }
    }
}

impl Locks {
    pub(super) fn contains(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn insert(&mut self, path: PathBuf, held: Held) {
        self.0.insert(path, held);
    }

    /// Gives up the lock, if this owner has it.
    pub(super) fn release(&mut self, path: &Path, owner: &str) {
        if self.0.get(path).is_some_and(|held| held.owner == owner) {
            if let Some(held) = self.0.remove(path) {
                unlock(&held.file);
            }
        }
    }
}

pub(super) fn held() -> MutexGuard<'static, Locks> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the lock is ours now. Two files that one process has opened lock each other out, too.
pub(super) fn try_lock(file: &File) -> Result<bool, Error> {
    // By its full name, because a later Rust has a method of the same name.
    match FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(TryLockError::Error(_)) => Err(ErrorKind::StoreUnavailable.into()),
    }
}

/// Gives the lock up for every copy of the file, those of forked children included. Closing it would give up only ours.
pub(super) fn unlock(file: &File) {
    // The system gives it up when the file is closed, at the latest.
    let _ = FileExt::unlock(file);
}

pub(super) fn before_fork() {
    FORKS.with_borrow_mut(|forks| {
        // It may be announced twice: Python does that if a module is loaded again.
        forks.get_or_insert_with(held);
    });
}

pub(super) fn after_fork_in_parent() {
    FORKS.take();
}

pub(super) fn after_fork_in_child() {
    if let Some(mut locks) = FORKS.take() {
        // Closed, not given up: they are the parent's.
        locks.0.clear();
    }
}

#[cfg(test)]
pub(super) fn is_held_by_somebody() -> bool {
    matches!(HELD.try_lock(), Err(std::sync::TryLockError::WouldBlock))
}
