//! For systems where it is not possible to wait for sockets and the terminal at once: only the browser can deliver the
//! callback.

use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::listener::Listener;

/// There is no terminal.
pub(super) enum Terminal {}

/// What the user has typed.
#[expect(dead_code, reason = "nothing can be typed")]
pub(super) enum Input {
    Line(Zeroizing<String>),
    Incomplete,
    Closed,
}

impl Terminal {
    pub(super) const fn open() -> Option<Self> {
        None
    }

    pub(super) fn read(&mut self) -> Input {
        match *self {}
    }
}

/// Waits for a moment.
pub(super) fn wait(_: &Listener, _: Option<&Terminal>) -> bool {
    thread::sleep(PAUSE);
    false
}

const PAUSE: Duration = Duration::from_millis(20);
