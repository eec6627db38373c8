//! Work that many threads want at once: one of them does it, and the others wait for its result.

use std::fmt;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
#[cfg(any(feature = "http", feature = "id-token"))]
use std::thread::ThreadId;

use crate::error::{Error, ErrorKind};

pub(crate) struct SingleFlight<T> {
    state: Mutex<State<T>>,
    landed: Condvar,
}

struct State<T> {
    /// Who does the work, while it is under way.
    leader: Option<Leader>,
    /// How many flights have landed, so that waiting threads recognise theirs.
    flights: u64,
    /// The result of the last flight. `None` if the work was handed over to the next thread.
    result: Option<Result<T, Error>>,
}

#[derive(Clone, Copy)]
enum Leader {
    /// This thread, which is busy with it until it is done.
    #[cfg(any(feature = "http", feature = "id-token"))]
    Thread(ThreadId),
    /// Whoever has the [`Lead`]. It may be done much later, or never.
    Anybody,
}

/// What a thread that joins has to do.
#[cfg(any(feature = "http", feature = "id-token"))]
pub(crate) enum Turn<T> {
    /// Do the work, and then call [`Lead::land`].
    Lead(Lead<T>),
    /// Nothing: another thread did the work meanwhile.
    Landed(Result<T, Error>),
    /// Fail: this thread is doing the work already, or nobody knows when it is done, so waiting might never end.
    UnderWay,
}

impl<T> SingleFlight<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> SingleFlight<T> {
    /// Takes the lead if nothing is under way, and keeps it as long as it likes, on any thread.
    pub(crate) fn try_lead(self: &Arc<Self>) -> Option<Lead<T>> {
        let mut state = self.lock();
        state.leader.is_none().then(|| self.lead(&mut state, Leader::Anybody))
    }

    fn lead(self: &Arc<Self>, state: &mut State<T>, leader: Leader) -> Lead<T> {
        state.leader = Some(leader);
        Lead { flight: Arc::clone(self), result: Some(Err(ErrorKind::Internal.into())), process: process::id() }
    }
}

#[cfg(any(feature = "http", feature = "id-token"))]
impl<T: Clone> SingleFlight<T> {
    /// Whether another thread does the work now, so that [`join`](Self::join) would wait for it.
    #[cfg(feature = "id-token")]
    pub(crate) fn is_under_way(&self) -> bool {
        let current = std::thread::current().id();
        matches!(self.lock().leader, Some(Leader::Thread(thread)) if thread != current)
    }

    /// Takes the lead if nothing is under way, else waits for the result.
    pub(crate) fn join(self: &Arc<Self>) -> Turn<T> {
        let current = std::thread::current().id();
        let mut state = self.lock();
        while let Some(leader) = state.leader {
            if !matches!(leader, Leader::Thread(thread) if thread != current) {
                return Turn::UnderWay;
            }
            let mine = state.flights;
            let waits = |state: &mut State<T>| state.flights == mine;
            state = self.landed.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
            if let Some(result) = &state.result {
                return Turn::Landed(result.clone());
            }
        }
        Turn::Lead(self.lead(&mut state, Leader::Thread(current)))
    }
}

/// Whoever does the work. If it is dropped without a result, by a panic for example, the waiting threads get an error.
pub(crate) struct Lead<T> {
    flight: Arc<SingleFlight<T>>,
    result: Option<Result<T, Error>>,
    process: u32,
}

impl<T> Lead<T> {
    /// Whether this is the process that took the lead, and not a forked child with a copy.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// Gives the result to the waiting threads.
    #[cfg(any(feature = "http", feature = "id-token"))]
    pub(crate) fn land(mut self, result: Result<T, Error>) {
        self.result = Some(result);
    }

    /// Leaves the work to one of the waiting threads.
    #[cfg(feature = "http")]
    pub(crate) fn hand_over(mut self) {
        self.result = None;
    }
}

impl<T> Drop for Lead<T> {
    fn drop(&mut self) {
        // A child must not wait for a lock that a thread of its parent may hold.
        if !self.is_of_this_process() {
            return;
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::SingleFlight;

    #[test]
    fn a_lead_of_nobody_ends_when_it_is_dropped() {
        let flight = Arc::new(SingleFlight::<()>::default());
        let lead = flight.try_lead().unwrap();
        assert!(flight.try_lead().is_none());
        drop(lead);
        assert!(flight.try_lead().is_some());
    }

    #[test]
    fn a_child_does_not_end_what_its_parent_does() {
        let flight = Arc::new(SingleFlight::<()>::default());
        let mut of_parent = flight.try_lead().unwrap();
        of_parent.process = 0;
        drop(of_parent);
        assert!(flight.try_lead().is_none());
    }
}
