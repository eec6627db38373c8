//! Runs a login with the browser, with Python's signals, `webbrowser` and `sys.stderr`.

use std::cell::RefCell;

use proofkey::{Error, ErrorKind, LoopbackLogin, Tokens};
use pyo3::prelude::*;

use crate::error::flow_error;

/// Runs a loopback login while other threads run. If a signal handler or a hook raises, the login ends with that
/// exception.
pub(crate) fn run<'a>(
    py: Python<'_>,
    browser: bool,
    login: impl FnOnce() -> LoopbackLogin<'a> + Send,
) -> PyResult<Tokens> {
    let outcome = py.detach(|| {
        let hooks = Hooks { raised: RefCell::new(None) };
        let login = hooks.attach(login());
        let outcome = if browser { login.run() } else { login.no_browser().run() };
        match hooks.raised.into_inner() {
            Some(raised) => Err(Ended::Raised(raised)),
            None => outcome.map_err(Ended::Login),
        }
    });
    outcome.map_err(|ended| match ended {
        Ended::Login(error) => flow_error(py, &error),
        Ended::Raised(error) => error,
    })
}

/// Why there are no tokens.
enum Ended {
    Login(Error),
    Raised(PyErr),
}

struct Hooks {
    raised: RefCell<Option<PyErr>>,
}

impl Hooks {
    fn attach<'a>(&'a self, login: LoopbackLogin<'a>) -> LoopbackLogin<'a> {
        login
            .browser(|url| self.call("open_browser", url))
            .progress(|line| {
                self.call("tell", line);
            })
            .while_waiting(|| {
                self.keep(|py| py.check_signals());
                // Any error ends the login; the caller gets what was raised.
                if self.raised.borrow().is_none() { Ok(()) } else { Err(ErrorKind::LoginExpired.into()) }
            })
    }

    /// Calls a function of `proofkey._loopback`, and returns whether its result was true.
    fn call(&self, function: &str, text: &str) -> bool {
        let call = |py: Python<'_>| py.import("proofkey._loopback")?.call_method1(function, (text,))?.is_truthy();
        self.keep(call).unwrap_or_default()
    }

    fn keep<T>(&self, work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Option<T> {
        // `None` while the interpreter shuts down.
        let result = Python::try_attach(work)?;
        result.map_err(|error| self.raised.replace(Some(error))).ok()
    }
}
