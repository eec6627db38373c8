//! State that a forked child must not share with its parent.

use std::fmt;
use std::mem;
use std::process;
use std::sync::{Arc, OnceLock};

/// A value for each process. After a fork the child gets a new one: in the parent's, a thread that the child does not have
/// may hold a lock for ever, and a pooled connection would belong to both.
///
/// The process id is compared before the value is touched. A child never drops the parent's value, whose destructor would
/// write to the parent's connections.
pub(crate) struct PerProcess<T> {
    process: u32,
    value: Arc<T>,
    /// Only used by children.
    of_child: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value: Arc::new(value), of_child: OnceLock::new() }
    }

    /// The value of this process. `make` makes the one of a child.
    pub(crate) fn get_or(&self, make: impl Fn() -> T) -> &T {
        let current = process::id();
        let mut found = self;
        while found.process != current {
            found = found.of_child.get_or_init(|| Box::new(Self::new(make())));
        }
        &found.value
    }
}

impl<T: Default> PerProcess<T> {
    pub(crate) fn get(&self) -> &T {
        self.get_or(T::default)
    }
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        if self.process != process::id() {
            mem::forget(Arc::clone(&self.value));
        }
    }
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PerProcess")
    }
}
