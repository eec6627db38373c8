use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a handle. A panic of another thread leaves it used up at worst, never half-changed.
pub(crate) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
