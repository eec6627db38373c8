//! What an authorization server does with PKCE: bind a challenge to each code, and verify the verifier. It prints:
//!
//! ```text
//! authorize, with a challenge: 302 code
//! authorize, without one: 302 error=invalid_request (challenge_missing)
//! authorize, without one, a confidential client: 302 code
//! token, another verifier: 400 invalid_grant (verifier_mismatch)
//! token, no verifier: 400 invalid_grant (verifier_missing)
//! token, the right verifier: 200
//! token, a verifier where no challenge was bound: 400 invalid_request (verifier_unexpected)
//! token, an unknown code: 400 invalid_grant
//! token, a damaged binding: 400 invalid_grant (binding_malformed, for the operator to repair)
//! ```
//!
//! `cargo run -p proofkey-core --example server -- codes.txt`

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use proofkey_core::{Binding, Error, Fault, Policy};

/// The table of codes, here a file: each line is a code and its binding.
struct Table(PathBuf);

impl Table {
    fn insert(&self, code: &str, binding: &str) -> io::Result<()> {
        writeln!(OpenOptions::new().create(true).append(true).open(&self.0)?, "{code} {binding}")
    }

    fn look_up(&self, code: &str) -> io::Result<Option<String>> {
        let lines = fs::read_to_string(&self.0)?;
        let mut rows = lines.lines().filter_map(|line| line.split_once(' '));
        Ok(rows.find(|(found, _)| *found == code).map(|(_, binding)| binding.to_owned()))
    }
}

/// The authorization endpoint. `policy` is strict unless this client has a named relaxation; a parameter is `None` if
/// it was not sent.
fn authorize(
    table: &Table,
    policy: Policy,
    code: &str,
    code_challenge: Option<&[u8]>,
    code_challenge_method: Option<&[u8]>,
) -> io::Result<String> {
    match policy.bind(code_challenge, code_challenge_method) {
        Ok(binding) => table.insert(code, binding.as_str()).map(|()| "302 code".to_owned()),
        Err(error) => Ok(format!("302 error={}", refusal(error))),
    }
}

/// The token endpoint, after the client was authenticated.
fn token(table: &Table, code: &str, code_verifier: Option<&[u8]>) -> io::Result<String> {
    let Some(stored) = table.look_up(code)? else {
        return Ok("400 invalid_grant".to_owned());
    };
    Ok(match Binding::parse(stored.as_bytes()).and_then(|binding| binding.verify(code_verifier)) {
        // Delete the code in one statement here: if two valid requests come at once, only one of them deletes it.
        Ok(()) => "200".to_owned(),
        // Keep the code: otherwise anybody could use it up with a wrong verifier.
        Err(error) => format!("400 {}", refusal(error)),
    })
}

/// The OAuth error for the client, and the error's own name for the server's log.
fn refusal(error: Error) -> String {
    let note = if error.fault() == Fault::Server { ", for the operator to repair" } else { "" };
    format!("{} ({}{note})", error.oauth_error().unwrap_or("server_error"), error.name())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let challenge = Some(b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".as_slice());
    let method = Some(b"S256".as_slice());
    let verifier = Some(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".as_slice());
    let other = Some(b"kiNgBo0-r4GdQld6ShdPoxGq9SheI2m5moxtX-tFce4".as_slice());
    let strict = Policy::strict();
    let confidential = strict.optional_for_confidential_client();

    let path = std::env::args_os().nth(1).ok_or("usage: server FILE")?;
    let table = Table(PathBuf::from(path));
    fs::write(&table.0, "")?;

    println!("authorize, with a challenge: {}", authorize(&table, strict, "code-1", challenge, method)?);
    println!("authorize, without one: {}", authorize(&table, strict, "code-2", None, None)?);
    let response = authorize(&table, confidential, "code-3", None, None)?;
    println!("authorize, without one, a confidential client: {response}");
    table.insert("code-4", "S256:E9Melhoa2OwvFrEM")?; // cut off by a column that is too short

    println!("token, another verifier: {}", token(&table, "code-1", other)?);
    println!("token, no verifier: {}", token(&table, "code-1", None)?);
    println!("token, the right verifier: {}", token(&table, "code-1", verifier)?);
    println!("token, a verifier where no challenge was bound: {}", token(&table, "code-3", verifier)?);
    println!("token, an unknown code: {}", token(&table, "code-2", verifier)?);
    println!("token, a damaged binding: {}", token(&table, "code-4", verifier)?);
    Ok(())
}
