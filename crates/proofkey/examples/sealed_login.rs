//! A login that begins in one process and finishes in another, as in a web server with several workers.
//!
//! `sealed_login begin` prints the URL for the browser, then the sealed login, which a web server would put into a
//! cookie. `sealed_login finish` reads two lines, the sealed login and the URL that the browser came back to, and
//! prints the user or, without the scope `openid`, the granted scope, and the data of the login. Both read ISSUER,
//! CLIENT_ID, REDIRECT_URI, SCOPE and SECRET from the environment.

use std::env;
use std::error::Error;
use std::io::stdin;
use std::process::ExitCode;

use proofkey::{Client, Provider, SealKeys, Transport, now};

/// What the login is for. A login that was sealed for something else does not open.
const CONTEXT: &str = "example";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let name = error.downcast_ref::<proofkey::Error>().map_or("error", |error| error.kind().name());
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let transport = Transport::new();
    let keys = SealKeys::new(env::var("SECRET")?)?;
    let provider = Provider::discover(env::var("ISSUER")?, &transport)?;
    let client = Client::new(provider, env::var("CLIENT_ID")?)?.with_redirect_uri(env::var("REDIRECT_URI")?)?;
    match env::args().nth(1).as_deref() {
        Some("begin") => {
            let login = client.authorize().scope(env::var("SCOPE")?).data("/photos").begin(now())?;
            println!("{}\n{}", login.url(), login.seal(&keys, CONTEXT)?);
        }
        Some("finish") => {
            let (sealed, callback_url) = (line()?, line()?);
            let login = client.resume(&sealed, &keys, CONTEXT, now())?;
            let next = login.data().to_owned();
            let tokens = client.finish(login, callback_url, &transport).map_err(proofkey::Error::from)?;
            let scope = tokens.scope().unwrap_or_default().join(" ");
            println!("{}\n{next}", tokens.claims().and_then(|claims| claims.subject()).unwrap_or(&scope));
        }
        _ => return Err("usage: sealed_login begin|finish".into()),
    }
    Ok(())
}

fn line() -> Result<String, std::io::Error> {
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}
