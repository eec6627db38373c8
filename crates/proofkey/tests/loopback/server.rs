//! An authorization server on loopback, and what a browser does with it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::Duration;

use proofkey::{Client, Provider, Transport, Verifier};

/// An authorization server that consents at once, unless the scope is `refused`. Each code is the challenge itself.
pub(crate) struct Server {
    pub(crate) issuer: String,
    pub(crate) transport: Transport,
    exchanges: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_slow(Duration::ZERO)
    }

    /// The token endpoint takes this long.
    pub(crate) fn start_slow(exchange: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let exchanges = Arc::new(AtomicUsize::new(0));
        let (own, counter) = (issuer.clone(), Arc::clone(&exchanges));
        thread::spawn(move || {
            for stream in listener.incoming() {
                respond(stream.unwrap(), &own, &counter, exchange);
            }
        });
        Self { issuer, exchanges, transport: Transport::new() }
    }

    pub(crate) fn client(&self) -> Client {
        let provider = Provider::discover(self.issuer.as_str(), &self.transport).unwrap();
        Client::new(provider, "my-cli").unwrap()
    }

    /// How many requests the token endpoint got.
    pub(crate) fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

fn respond(mut stream: TcpStream, issuer: &str, exchanges: &AtomicUsize, pause: Duration) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        reader.read_line(&mut head).unwrap();
        if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let json = |body: String| {
        let length = body.len();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
        format!("{head} {length}\r\n\r\n{body}")
    };
    let response = match path {
        "/authorize" => {
            let query = form(query);
            let said = if query["scope"] == "refused" { "error=access_denied" } else { "code=" };
            let code = if query["scope"] == "refused" { "" } else { &query["code_challenge"] };
            let (to, state) = (&query["redirect_uri"], &query["state"]);
            let location = format!("{to}?{said}{code}&state={state}&iss={issuer}");
            format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        "/token" => {
            exchanges.fetch_add(1, Ordering::SeqCst);
            sleep(pause);
            let sent = form(std::str::from_utf8(&body).unwrap());
            let verifier = Verifier::parse(sent["code_verifier"].as_bytes()).unwrap();
            assert_eq!(verifier.challenge().as_str(), sent["code"]);
            assert!(sent["redirect_uri"].starts_with("http://"));
            json(r#"{"access_token":"the-token","token_type":"Bearer","scope":"files.read"}"#.to_owned())
        }
        _ => json(format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token",
            "response_types_supported":["code"],"code_challenge_methods_supported":["S256"],
            "authorization_response_iss_parameter_supported":true}}"#
        )),
    };
    stream.write_all(response.as_bytes()).unwrap();
}

pub(crate) fn form(text: &str) -> HashMap<String, String> {
    let decoded = |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace("%5B", "[").replace("%5D", "]");
    text.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.into(), decoded(value)))
        .collect()
}

/// Splits a URL, for example into `127.0.0.1:8400` and `/callback?code=…`.
pub(crate) fn cut(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

/// Sends bytes, and reads until the other side closes the connection.
pub(crate) fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(request);
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8(response).unwrap()
}

pub(crate) fn get(url: &str) -> String {
    let (address, target) = cut(url);
    exchange(address, format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
}

/// Follows the browser's way to the authorization server, and returns the callback URL that it redirects to.
pub(crate) fn sign_in(url: &str) -> String {
    let redirect = get(url);
    redirect.split_once("Location: ").unwrap().1.split_once("\r\n").unwrap().0.to_owned()
}

pub(crate) fn status(response: &str) -> &str {
    response.split(' ').nth(1).unwrap_or("none")
}
