use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::flow_error;

/// A blocking transport that is safe by default: it uses https with the root certificates of the operating system
/// (plain http only to loopback), takes ten seconds at most for a whole request, accepts 1 MiB of body at most, follows
/// no redirects, and uses no cookies, no .netrc, and no proxy unless it is given one.
///
/// `ca_file` is a PEM file with the only certificates to trust (`ConfigurationError` "ca_file_invalid" if it has none);
/// `public_only` refuses addresses that are not public, for hosts that a user names; `timeout` is another limit, in
/// seconds. `proxy` is the URL of a proxy that makes the connections, except for those to loopback:
/// "http://user:password@host:port" or https (`ConfigurationError` "proxy_invalid" for another one). It sees the names of
/// the servers and nothing else. With `public_only`, every request is refused ("address_forbidden"), because the proxy
/// looks names up by itself. The variables of the environment are never read.
///
/// Clients share one transport unless they are given their own. It is safe to share between threads.
///
/// >>> import proofkey
/// >>> proofkey.Transport(timeout=5)
/// <proofkey.Transport>
#[derive(Clone)]
#[pyo3::pyclass(frozen, module = "proofkey")]
pub(crate) struct Transport(pub(crate) proofkey::Transport);

impl Transport {
    /// The transport that clients share by default. It is made with the first client and lives as long as the process.
    pub(crate) fn shared() -> Self {
        static SHARED: OnceLock<proofkey::Transport> = OnceLock::new();
        Self(SHARED.get_or_init(proofkey::Transport::new).clone())
    }
}

#[pyo3::pymethods]
impl Transport {
    #[new]
    #[pyo3(signature = (*, ca_file = None, public_only = false, timeout = None, proxy = None))]
    fn new(
        py: Python<'_>,
        ca_file: Option<PathBuf>,
        public_only: bool,
        timeout: Option<f64>,
        proxy: Option<&str>,
    ) -> PyResult<Self> {
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
            transport = transport.with_timeout(time_out(seconds)?);
        }
        if let Some(url) = proxy {
            transport = transport.with_proxy(url).map_err(|error| flow_error(py, &error))?;
        }
        Ok(Self(transport))
    }

    /// The limit for a whole request, in seconds.
    #[getter]
    fn timeout(&self) -> f64 {
        self.0.timeout().as_secs_f64()
    }

    /// Whether it connects to public addresses only.
    #[getter]
    const fn public_only(&self) -> bool {
        self.0.is_public_only()
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Transport>"
    }
}

/// A limit in seconds.
pub(crate) fn time_out(seconds: f64) -> PyResult<Duration> {
    let timeout = Duration::try_from_secs_f64(seconds).ok().filter(|timeout| !timeout.is_zero());
    timeout.ok_or_else(|| PyValueError::new_err("timeout must be a positive number of seconds"))
}
