//! A relying party that other programs drive by lines. `tests/python/test_conformance.py` runs the cases of the OpenID
//! conformance suite with it.
//!
//! It reads ISSUER, CLIENT_ID and REDIRECT_URI from the environment; with CLIENT_SECRET the client authenticates by
//! `client_secret_basic`. It reads one command per line, with tabs before the arguments, and prints one line for
//! each: the name of the error if there was one, and otherwise this:
//!
//! | command | output |
//! | --- | --- |
//! | `discover` | `discovered` |
//! | `begin`, scope, `query` or `form_post` | the authorization URL |
//! | `finish`, callback URL; for a form also its content type and its body | `tokens` |
//! | `userinfo` | `claims`, then the names of the claims |
//! | `refresh` | `tokens` |
//! | `end_session`, return-to URL, state | the URL for signing out |
//! | `accept_end_session`, callback URL, return-to URL, state | `signed_out` |

use std::env;
use std::error::Error;
use std::io::{Write as _, stdin, stdout};

use proofkey::{Callback, Client, ClientAuthentication, Login, Provider, Secret, Tokens, Transport, now};

fn main() -> Result<(), Box<dyn Error>> {
    let mut party = RelyingParty::default();
    for line in stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split('\t').collect();
        let outcome = match party.run(&words) {
            Ok(outcome) => outcome,
            Err(error) => match error.downcast_ref::<proofkey::Error>() {
                Some(error) => error.kind().name().to_owned(),
                None => return Err(error),
            },
        };
        println!("{outcome}");
        stdout().flush()?;
    }
    Ok(())
}

#[derive(Default)]
struct RelyingParty {
    transport: Transport,
    client: Option<Client>,
    login: Option<Login>,
    tokens: Option<Tokens>,
}

impl RelyingParty {
    fn run(&mut self, words: &[&str]) -> Result<String, Box<dyn Error>> {
        match words {
            ["discover"] => {
                let provider = Provider::discover(env::var("ISSUER")?, &self.transport)?;
                let mut client =
                    Client::new(provider, env::var("CLIENT_ID")?)?.with_redirect_uri(env::var("REDIRECT_URI")?)?;
                if let Ok(secret) = env::var("CLIENT_SECRET") {
                    let secret = Secret::new(secret);
                    client = client.with_authentication(ClientAuthentication::ClientSecretBasic(secret))?;
                }
                self.client = Some(client);
                Ok("discovered".to_owned())
            }
            ["begin", scope, response_mode] => {
                let mut request = self.client()?.authorize().scope(*scope);
                if *response_mode == "form_post" {
                    request = request.form_post();
                }
                let login = request.begin(now())?;
                let url = login.url().to_owned();
                self.login = Some(login);
                Ok(url)
            }
            ["finish", url] => self.finish(Callback::url(*url)),
            ["finish", url, content_type, body] => self.finish(Callback::form_post(*url, *content_type, *body)),
            ["userinfo"] => {
                let claims = self.client()?.userinfo(self.tokens()?, &self.transport)?;
                let names: Vec<&str> = claims.iter().map(|(name, _)| name).collect();
                Ok(format!("claims {}", names.join(" ")))
            }
            ["refresh"] => {
                self.tokens = Some(self.client()?.refresh(self.tokens()?, &self.transport)?);
                Ok("tokens".to_owned())
            }
            ["end_session", return_to, state] => {
                Ok(self.client()?.end_session_url(self.tokens()?, Some(return_to), Some(state))?)
            }
            ["accept_end_session", callback_url, return_to, state] => {
                self.client()?.accept_end_session(callback_url, return_to, state)?;
                Ok("signed_out".to_owned())
            }
            _ => Err(format!("no such command: {words:?}").into()),
        }
    }

    fn finish(&mut self, callback: Callback) -> Result<String, Box<dyn Error>> {
        let login = self.login.take().ok_or("finish comes after begin")?;
        let tokens = self.client()?.finish(login, callback, &self.transport).map_err(proofkey::Error::from)?;
        self.tokens = Some(tokens);
        Ok("tokens".to_owned())
    }

    fn client(&self) -> Result<&Client, &'static str> {
        self.client.as_ref().ok_or("discover comes first")
    }

    fn tokens(&self) -> Result<&Tokens, &'static str> {
        self.tokens.as_ref().ok_or("a finished login comes first")
    }
}
