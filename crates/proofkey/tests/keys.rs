//! Keys for ID tokens that cannot be fetched, before and after the code or the refresh token was sent: what was sent
//! is not sent again, and the tokens are not lost.
#![cfg(all(feature = "http", feature = "id-token"))]

#[path = "support/server.rs"]
mod server;
#[path = "support/vectors.rs"]
mod vectors;

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proofkey::{Client, ErrorKind, Login, Provider, Secret, Tokens, Transport, now};
use serde_json::{Value, json};

use server::{Server, respond_with_json};
use vectors::Vectors;

const CALLBACK: &str = "https://client.example/cb?code=c&state=s";

/// What the server has for a request for its keys.
#[derive(Clone, Copy)]
enum Keys {
    Good,
    /// Keys, but not that of the ID token.
    Others,
    /// An error, with these further headers.
    None(&'static str),
}

/// A server whose ID token is that of the vector `ok`, and which has these keys, one after the other.
struct Op {
    server: Server,
    client: Client,
    keys: Arc<Mutex<Vec<Keys>>>,
    id_token: String,
}

impl Op {
    fn new(keys: &[Keys]) -> Self {
        let vectors = Vectors::open("id_token", &["id_token_hashes", "id_token_cases"], &["id_token_jwks"]);
        let id_token = vectors.find::<Value>("id_token_cases", "ok")["jwt"].as_str().unwrap().to_owned();
        let good: Value = vectors.member("id_token_jwks");
        let keys = Arc::new(Mutex::new(keys.to_vec()));
        let (next, tokens) = (Arc::clone(&keys), json!({ "access_token": "new", "id_token": &id_token }));
        let server = Server::start(move |stream, request| {
            if request.starts_with("POST") {
                return respond_with_json(stream, &tokens.to_string());
            }
            match next.lock().unwrap().remove(0) {
                Keys::Good => respond_with_json(stream, &good.to_string()),
                Keys::Others => respond_with_json(stream, &others(&good).to_string()),
                Keys::None(headers) => unavailable(stream, headers),
            }
        });
        let address = &server.address;
        let provider = Provider::new("https://op.example/authorize", format!("http://{address}/token")).unwrap();
        let provider = provider.with_issuer("https://op.example").unwrap();
        let provider = provider.with_jwks_uri(format!("http://{address}/keys")).unwrap();
        let client = Client::new(provider, "client-1").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
        // The vectors are about another time.
        Self { server, client: client.with_id_token_leeway(u32::MAX), keys, id_token }
    }

    fn login(&self) -> Login {
        self.client.authorize().scope("openid").state("s").nonce("n-0S6_WzA2Mj").begin(now()).unwrap()
    }

    fn old_tokens(&self) -> Tokens {
        let tokens = Tokens::from_parts(Secret::new("old"), Some(Secret::new("r")), None, None);
        tokens.with_id_token(Secret::new(&self.id_token)).unwrap()
    }

    /// The methods and paths of the requests so far.
    fn seen(&self) -> Vec<String> {
        let line = |request: &String| request.split(" HTTP").next().unwrap().to_owned();
        self.server.requests().iter().map(line).collect()
    }
}

fn others(good: &Value) -> Value {
    let mut keys = good.clone();
    for key in keys["keys"].as_array_mut().unwrap() {
        key["kid"] = json!("other");
    }
    keys
}

fn unavailable(mut stream: TcpStream, headers: &str) {
    write!(stream, "HTTP/1.1 503 X\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
}

#[test]
fn a_login_without_keys_has_not_sent_its_code() {
    let op = Op::new(&[Keys::None(""), Keys::Good]);
    let refusal = op.client.finish(op.login(), CALLBACK, &Transport::new()).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::KeysUnavailable, false));
    let tokens = op.client.finish(*refusal.login.unwrap(), CALLBACK, &Transport::new()).unwrap();
    assert_eq!(tokens.access_token().expose(), "new");
    assert_eq!(op.seen(), ["GET /keys", "GET /keys", "POST /token"]);
}

#[test]
fn tokens_wait_for_the_keys_of_their_id_token() {
    let op = Op::new(&[Keys::Others, Keys::None(""), Keys::None(""), Keys::Good]);
    let mut login = op.login();
    for _ in 0..2 {
        let refusal = op.client.finish(login, CALLBACK, &Transport::new()).unwrap_err();
        assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::KeysUnavailable, true));
        login = *refusal.login.expect("the login has the tokens");
    }
    // Nobody else's callback gets them.
    let forged = op.client.finish(login, CALLBACK.replace("state=s", "state=x"), &Transport::new()).unwrap_err();
    assert_eq!(forged.error.kind(), ErrorKind::StateMismatch);
    let login = *forged.login.unwrap();
    let keys = proofkey::SealKeys::new([7; 32]).unwrap();
    assert_eq!(login.seal(&keys, "").unwrap_err().kind(), ErrorKind::LoginAlreadyUsed, "the code was sent");
    let tokens = op.client.finish(login, CALLBACK, &Transport::new()).unwrap();
    assert!(tokens.signature_verified());
    assert_eq!(op.seen(), ["GET /keys", "POST /token", "GET /keys", "GET /keys", "GET /keys"]);
}

#[test]
fn the_pending_exchange_may_also_be_continued_without_the_transport() {
    let op = Op::new(&[Keys::Others, Keys::None(""), Keys::Good]);
    let refusal = op.client.finish(op.login(), CALLBACK, &Transport::new()).unwrap_err();
    let exchange = refusal.login.unwrap().accept(CALLBACK, now()).unwrap();
    assert!(Transport::new().run(exchange).unwrap().signature_verified());
    assert_eq!(op.seen(), ["GET /keys", "POST /token", "GET /keys", "GET /keys"]);
}

#[test]
fn a_refresh_sends_the_refresh_token_once() {
    let op = Op::new(&[Keys::Others, Keys::None(""), Keys::Good]);
    let error = op.client.refresh(&op.old_tokens(), &Transport::new()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, true));
    let tokens = op.client.refresh(&op.old_tokens(), &Transport::new()).unwrap();
    assert_eq!(tokens.access_token().expose(), "new");
    assert_eq!(op.seen(), ["GET /keys", "POST /token", "GET /keys", "GET /keys"]);
}

#[test]
fn a_refresh_without_keys_has_not_sent_the_refresh_token() {
    let op = Op::new(&[Keys::None(""), Keys::Good]);
    let error = op.client.refresh(&op.old_tokens(), &Transport::new()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, false));
    op.client.refresh(&op.old_tokens(), &Transport::new()).unwrap();
    assert_eq!(op.seen(), ["GET /keys", "GET /keys", "POST /token"]);
}

#[test]
fn a_server_that_asks_for_a_pause_gets_one() {
    let op = Op::new(&[Keys::None("Retry-After: 1\r\n"), Keys::Good]);
    let started = std::time::Instant::now();
    op.client.finish(op.login(), CALLBACK, &Transport::new()).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(op.seen(), ["GET /keys", "GET /keys", "POST /token"]);
}

#[test]
fn a_pause_that_does_not_fit_into_the_time_limit_is_not_taken() {
    let op = Op::new(&[Keys::None("Retry-After: 5\r\n"), Keys::Good]);
    let started = std::time::Instant::now();
    let transport = Transport::new().with_timeout(Duration::from_secs(4));
    let refusal = op.client.finish(op.login(), CALLBACK, &transport).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(4));
    assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::Timeout, false));
    op.client.finish(*refusal.login.unwrap(), CALLBACK, &transport).unwrap();
    assert!(op.keys.lock().unwrap().is_empty());
}
