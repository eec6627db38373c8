use std::sync::OnceLock;

/// A blocking transport that is safe by default: https with the roots of the operating system (plain http only to
/// loopback), ten seconds for the whole request, no redirects, cookies, proxies or .netrc, 1 MiB of body at most.
///
/// Clients share one unless they are given their own. It serves all threads.
///
/// >>> import proofkey
/// >>> proofkey.Transport()
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
    fn new() -> Self {
        Self(proofkey::Transport::new())
    }

    fn __repr__(&self) -> &'static str {
        "<proofkey.Transport>"
    }
}
