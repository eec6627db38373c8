//! The native module `proofkey._native`. The Python package `proofkey` exports the public part.

#![forbid(unsafe_code, reason = "all code with raw pointers is in bindings/c")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "no input may cause a panic"
)]

mod api_refusal;
mod binding;
mod client;
mod client_authentication;
mod device;
mod discovery;
mod error;
mod exchange;
mod hook;
mod instance;
mod json;
mod login;
mod logout_token;
mod loopback;
mod params;
mod policy;
mod provider;
mod python_text;
mod redirect_uri;
mod refresh;
mod replay_store;
mod revocation;
mod roundtrip;
mod seal;
mod secret;
mod token_store;
mod tokens;
mod transport;
mod userinfo;
mod verifier;

/// The native module. It is safe to use from several threads at once, also without the GIL.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::api_refusal::api_refusal;
    #[pymodule_export]
    use crate::binding::{Binding, verify};
    #[pymodule_export]
    use crate::client::Client;
    #[pymodule_export]
    use crate::device::{DeviceAuthorization, DevicePolling, DeviceRequest};
    #[pymodule_export]
    use crate::discovery::Discovery;
    #[pymodule_export]
    use crate::error::{error_info, error_names, raise_error};
    #[pymodule_export]
    use crate::exchange::Exchange;
    #[pymodule_export]
    use crate::login::Login;
    #[pymodule_export]
    use crate::logout_token::{LogoutToken, LogoutTokenCheck};
    #[pymodule_export]
    use crate::policy::{Policy, bind};
    #[pymodule_export]
    use crate::provider::Provider;
    #[pymodule_export]
    use crate::redirect_uri::redirect_uri_matches;
    #[pymodule_export]
    use crate::refresh::Refresh;
    #[pymodule_export]
    use crate::replay_store::MemoryReplayStore;
    #[pymodule_export]
    use crate::revocation::Revocation;
    #[pymodule_export]
    use crate::roundtrip::Request;
    #[pymodule_export]
    use crate::seal::SealKeys;
    #[pymodule_export]
    use crate::secret::Secret;
    #[pymodule_export]
    use crate::token_store::{
        FileTokenStore, SealedTokenStore, after_fork_in_child, after_fork_in_parent, before_fork,
    };
    #[pymodule_export]
    use crate::tokens::Tokens;
    #[pymodule_export]
    use crate::transport::Transport;
    #[pymodule_export]
    use crate::userinfo::Userinfo;
    #[pymodule_export]
    use crate::verifier::{Verifier, s256};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
