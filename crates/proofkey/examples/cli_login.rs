//! A command-line program that signs its user in and prints the granted scope.
//!
//! `cargo run -p proofkey --example cli_login -- https://login.example.com my-cli files.read --no-browser`

use std::process::ExitCode;

use proofkey::{Client, Error, Provider, Transport};

fn main() -> ExitCode {
    let (options, words): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let no_browser = options.contains(&"--no-browser".to_owned());
    let [issuer, client_id, scope @ ..] = words.as_slice() else {
        eprintln!("usage: cli_login ISSUER CLIENT_ID [SCOPE...] [--no-browser]");
        return ExitCode::from(2);
    };
    match login(issuer, client_id, &scope.join(" "), no_browser) {
        Ok(granted) => {
            println!("{granted}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}. Next: {}", error.recovery().hint());
            ExitCode::FAILURE
        }
    }
}

/// The scope that was granted.
fn login(issuer: &str, client_id: &str, scope: &str, no_browser: bool) -> Result<String, Error> {
    let transport = Transport::new();
    let client = Client::new(Provider::discover(issuer, &transport)?, client_id)?;
    let mut login = client.authorize().scope(scope).login_with_browser(&transport);
    if no_browser {
        login = login.no_browser();
    }
    let tokens = login.run()?;
    // A server that names no scope has granted what was asked for.
    Ok(tokens.scope().map_or_else(|| scope.to_owned(), |granted| granted.join(" ")))
}
