//! Waits for the sockets and the terminal at once. A thread for the terminal would stay behind, and take the input that
//! the program wants to read next.

use std::io::{IsTerminal as _, Stdin, stdin};
use std::os::fd::AsFd as _;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use zeroize::Zeroizing;

use super::listener::Listener;

/// Stdin, if it is a terminal.
pub(super) struct Terminal {
    stdin: Stdin,
    line: Zeroizing<Vec<u8>>,
    /// Two logins at a time would each read parts of a line.
    _only_one: MutexGuard<'static, ()>,
}

/// What the user has typed.
pub(super) enum Input {
    Line(Zeroizing<String>),
    Incomplete,
    /// There is nothing more to read.
    Closed,
}

impl Terminal {
    pub(super) fn open() -> Option<Self> {
        static TAKEN: Mutex<()> = Mutex::new(());
        let only_one = match TAKEN.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let stdin = stdin();
        stdin.is_terminal().then(|| Self {
            stdin,
            line: Zeroizing::new(Vec::with_capacity(MAX_LINE)),
            _only_one: only_one,
        })
    }

    /// Reads up to the end of the line, byte by byte, because the rest belongs to the program. Nothing is buffered, and
    /// nothing blocks.
    pub(super) fn read(&mut self) -> Input {
        loop {
            let mut fds = [PollFd::new(&self.stdin, PollFlags::IN)];
            let ready = poll(&mut fds, Some(&Timespec::default()));
            let [fd] = fds;
            match ready {
                Ok(0) | Err(_) => return Input::Incomplete,
                Ok(_) if fd.revents().contains(PollFlags::NVAL) => return Input::Closed,
                Ok(_) => {}
            }
            let mut byte = [0];
            match rustix::io::read(&self.stdin, &mut byte) {
                Ok(1) => {}
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return Input::Incomplete,
                _ => return Input::Closed,
            }
            match byte {
                [b'\n' | b'\r'] => {
                    let line = Zeroizing::new(String::from_utf8_lossy(&self.line).into_owned());
                    self.line.clear();
                    return Input::Line(line);
                }
                // A longer line is not a callback, so the rest is not kept.
                [byte] if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => {}
            }
        }
    }

    /// The system stops a background program that reads its terminal, so such a program waits only for the browser. If
    /// `tcgetpgrp` fails, this is not the controlling terminal, and reading it does not stop the program.
    fn is_in_the_background(&self) -> bool {
        tcgetpgrp(&self.stdin).is_ok_and(|foreground| foreground != getpgrp())
    }
}

/// Waits until something arrives, the user types, a signal comes or a tick is over. Returns whether the user has typed.
pub(super) fn wait(listener: &Listener, terminal: Option<&Terminal>) -> bool {
    let watched = terminal.filter(|terminal| !terminal.is_in_the_background()).map(|terminal| terminal.stdin.as_fd());
    // The terminal, if there is one, is the first.
    let mut fds: Vec<PollFd<'_>> =
        watched.into_iter().chain(listener.sources()).map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    let ready = poll(&mut fds, Timespec::try_from(TICK).ok().as_ref());
    ready.is_ok() && watched.is_some() && fds.first().is_some_and(|fd| !fd.revents().is_empty())
}

/// The longest line that is kept, in bytes: one more than a callback may have.
const MAX_LINE: usize = 64 * 1024 + 1;
/// How long one wait lasts at most.
const TICK: Duration = Duration::from_millis(100);
