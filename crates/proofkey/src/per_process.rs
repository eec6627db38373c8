//! State that a forked child must not share with its parent.

use std::fmt;
use std::mem;
use std::process;
use std::sync::{Arc, OnceLock};

/// A value for each process. After a fork the child gets a new one: in the parent's, a thread that the child does not
/// have may hold a lock for ever, and a pooled connection would belong to both.
///
/// The process id is compared before the value is touched. A child never drops the parent's value: its destructor might
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
            found = match found.of_child.get() {
                Some(of_child) => of_child,
                None => {
                    // Made before the cell is locked: a child of this child, forked meanwhile, would wait for ever.
                    let made = Box::new(Self::new(make()));
                    found.of_child.get_or_init(|| made)
                }
            };
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::PerProcess;

    /// A value of a parent that this process could not use.
    fn of_parent(value: &'static str) -> PerProcess<&'static str> {
        let mut made = PerProcess::new(value);
        made.process = 0;
        made
    }

    #[test]
    fn a_child_makes_its_own_value_once() {
        let shared = of_parent("the parent's");
        assert_eq!(*shared.get_or(|| "the child's"), "the child's");
        assert_eq!(*shared.get_or(|| "another"), "the child's");
    }

    #[test]
    fn nobody_waits_while_a_value_is_made() {
        let shared = &of_parent("the parent's");
        let (begins, has_begun) = channel();
        let (made, is_made) = channel();
        let slow = || {
            begins.send(()).unwrap();
            is_made.recv_timeout(Duration::from_secs(10)).expect("the other thread does not wait for this one");
            "slow"
        };
        thread::scope(|scope| {
            scope.spawn(move || {
                has_begun.recv().unwrap();
                shared.get_or(|| "fast");
                made.send(()).unwrap();
            });
            assert_eq!(*shared.get_or(slow), "fast");
        });
    }
}
