//! The native module `proofkey._native`. What is public is exported by the Python package `proofkey`.

#![forbid(unsafe_code, reason = "raw pointers have one address: bindings/c")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "input never panics"
)]

mod binding;
mod client;
mod discovery;
mod error;
mod exchange;
mod json;
mod login;
mod loopback;
mod params;
mod policy;
mod provider;
mod redirect_uri;
mod seal;
mod secret;
mod store;
mod text;
mod tokens;
mod transport;
mod verifier;

/// The native module. Its parts are safe to use from several threads at once, also without a global lock.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::binding::{Binding, redeem};
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::discovery::Discovery;
    #[pymodule_export]
    use crate::error::{error_info, error_names, raise_error};
    #[pymodule_export]
    use crate::exchange::{Exchange, Request};
    #[pymodule_export]
    use crate::login::Login;
    #[pymodule_export]
    use crate::policy::{Policy, bind};
    #[pymodule_export]
    use crate::provider::Provider;
    #[pymodule_export]
    use crate::redirect_uri::redirect_uri_matches;
    #[pymodule_export]
    use crate::seal::SealKeys;
    #[pymodule_export]
    use crate::secret::Secret;
    #[pymodule_export]
    use crate::store::MemoryStore;
    #[pymodule_export]
    use crate::tokens::Tokens;
    #[pymodule_export]
    use crate::transport::Transport;
    #[pymodule_export]
    use crate::verifier::{Verifier, s256};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
