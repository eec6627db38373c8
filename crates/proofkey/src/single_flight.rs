//! Work that many threads want at once: one of them does it, and the others wait for its result.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::error::{Error, ErrorKind};

pub(crate) struct SingleFlight<T> {
    state: Mutex<State<T>>,
    landed: Condvar,
}

struct State<T> {
    /// The thread that does the work, while it is under way.
    leader: Option<ThreadId>,
    /// How many flights have landed, so that waiting threads recognise theirs.
    flights: u64,
    /// The result of the last flight. `None` if the work was handed over to the next thread.
    result: Option<Result<T, Error>>,
}

/// What a thread that joins has to do.
pub(crate) enum Turn<'a, T> {
    /// Do the work, and then call [`Lead::land`].
    Lead(Lead<'a, T>),
    /// Nothing: another thread did the work meanwhile.
    Landed(Result<T, Error>),
    /// Fail: this thread is doing the work already, and waiting for itself would never end.
    Reentered,
}

impl<T> SingleFlight<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Takes the lead if nothing is under way, else waits for the result.
    pub(crate) fn join(&self) -> Turn<'_, T> {
        let mut state = self.lock();
        while let Some(leader) = state.leader {
            if leader == thread::current().id() {
                return Turn::Reentered;
            }
            let mine = state.flights;
            let waits = |state: &mut State<T>| state.flights == mine;
            state = self.landed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = &state.result {
                return Turn::Landed(result.clone());
            }
        }
        state.leader = Some(thread::current().id());
        Turn::Lead(Lead { flight: self, result: Some(Err(ErrorKind::Internal.into())) })
    }
}

/// The thread that does the work. If it panics, the waiting threads get an error.
pub(crate) struct Lead<'a, T> {
    flight: &'a SingleFlight<T>,
    result: Option<Result<T, Error>>,
}

impl<T> Lead<'_, T> {
    /// Gives the result to the waiting threads.
    pub(crate) fn land(mut self, result: Result<T, Error>) {
        self.result = Some(result);
    }

    /// Leaves the work to one of the waiting threads.
    #[cfg(feature = "http")]
    pub(crate) fn hand_over(mut self) {
        self.result = None;
    }
}

impl<T> Drop for Lead<'_, T> {
    fn drop(&mut self) {
        let mut state = self.flight.lock();
        state.leader = None;
        state.flights = state.flights.wrapping_add(1);
        state.result = self.result.take();
        self.flight.landed.notify_all();
    }
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { leader: None, flights: 0, result: None }), landed: Condvar::new() }
    }
}

impl<T> fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SingleFlight")
    }
}
