//! Runs the vectors of the flow, a module for each file of `tests/vectors`.

mod authorization_url;
mod callback;
mod device;
#[cfg(feature = "id-token")]
mod discovery;
mod errors;
#[cfg(feature = "id-token")]
mod id_token;
#[cfg(feature = "id-token")]
mod logout_token;
mod metadata;
mod redirect_uri;
#[path = "../support/vectors.rs"]
mod support;
#[cfg(feature = "token-store")]
mod token_record;
#[cfg(feature = "id-token")]
mod tokens;
#[cfg(feature = "id-token")]
mod tokens_stored;
#[cfg(feature = "id-token")]
mod transport_failure;
mod www_authenticate;

use proofkey::{Client, Error, Login, Provider};

const NOW: i64 = 1_700_000_000;
const REDIRECT_URI: &str = "https://client.example/cb";

fn provider() -> Provider {
    Provider::new("https://as.example/authorize", "https://as.example/token").unwrap()
}

fn client(provider: Provider) -> Result<Client, Error> {
    Client::new(provider, "s6BhdRkqt3")?.with_redirect_uri(REDIRECT_URI)
}

fn login() -> Login {
    client(provider()).unwrap().authorize().state("s").begin(NOW).unwrap()
}
