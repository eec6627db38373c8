use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::flow_error;

/// A blocking transport that is safe by default: https with the roots of the operating system (plain http only to
/// loopback), ten seconds for the whole request, no redirects, cookies, proxies or .netrc, 1 MiB of body at most.
///
/// `ca_file` is a PEM file of certificates to trust, and nobody else; `public_only` refuses addresses that are not public,
/// for hosts that a user names; `timeout` is another limit, in seconds. Clients share one unless they are given their own.
/// It serves all threads.
///
/// >>> import proofkey
/// >>> proofkey.Transport(timeout=5)
/// <proofkey.Transport>
#[derive(Clone)]
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Transport(pub(crate) proofkey::Transport);

impl Transport {
    /// The one that is made with the first client and lives as long as the process.
    pub(crate) fn shared() -> Self {
        static SHARED: OnceLock<proofkey::Transport> = OnceLock::new();
        Self(SHARED.get_or_init(proofkey::Transport::new).clone())
    }
}

#[pyo3::pymethods]
impl Transport {
    #[new]
    #[pyo3(signature = (*, ca_file = None, public_only = false, timeout = None))]
    fn new(py: Python<'_>, ca_file: Option<PathBuf>, public_only: bool, timeout: Option<f64>) -> PyResult<Self> {
        let mut transport = match ca_file {
            None => proofkey::Transport::new(),
            Some(path) => {
                let transport = proofkey::Transport::with_roots(&std::fs::read(path)?);
                transport.map_err(|error| flow_error(py, &error))?
            }
        };
        if public_only {
            transport = transport.public_only();
        }
        if let Some(seconds) = timeout {
            transport = transport.timeout(time_out(seconds)?);
        }
        Ok(Self(transport))
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Transport>"
    }
}

/// A limit that the caller sets.
pub(crate) fn time_out(seconds: f64) -> PyResult<Duration> {
    let timeout = Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero());
    timeout.ok_or_else(|| PyValueError::new_err("timeout must be a positive number of seconds"))
}
