//! Logout tokens: when keys are asked for, and what is remembered. The tokens themselves are in
//! `vectors/logout_token.rs`.
#![cfg(feature = "id-token")]

#[cfg(feature = "http")]
#[path = "support/server.rs"]
mod server;
#[path = "support/vectors.rs"]
mod support;

use std::sync::Mutex;
#[cfg(feature = "http")]
use std::sync::{Arc, Barrier};
#[cfg(feature = "http")]
use std::thread;

#[cfg(feature = "http")]
use proofkey::Transport;
use proofkey::{
    Client, Endpoint, Error, ErrorKind, LogoutToken, LogoutTokenCheck, Provider, ReplayStore, Response, Roundtrip as _,
    Step,
};
use serde_json::{Value, json};

#[cfg(feature = "http")]
use server::{Server, respond_with_json};
use support::Vectors;

const NOW: i64 = 1_700_000_000;

fn vectors() -> Vectors {
    Vectors::open("logout_token", &["accepted", "refused"], &["context", "jwks"])
}

fn jwt(array: &str, name: &str) -> String {
    vectors().find::<Value>(array, name)["jwt"].as_str().unwrap().to_owned()
}

fn keys() -> Response {
    Response::new(200, [], vectors().member::<Value>("jwks").to_string())
}

fn other_keys() -> Response {
    let mut keys: Value = vectors().member("jwks");
    for key in keys["keys"].as_array_mut().unwrap() {
        key["kid"] = json!("other");
    }
    Response::new(200, [], keys.to_string())
}

fn client() -> Client {
    client_at("https://op.example/keys")
}

fn client_at(jwks_uri: &str) -> Client {
    let provider = Provider::new("https://op.example/authorize", "https://op.example/token").unwrap();
    let provider = provider.with_issuer("https://op.example").unwrap().with_jwks_uri(jwks_uri).unwrap();
    Client::new(provider, "client-1").unwrap()
}

fn asks(client: &Client, jwt: &str, now: i64) -> LogoutTokenCheck {
    match client.begin_logout_token(jwt, now).unwrap() {
        Step::Send(check) => check,
        step => panic!("the keys are to be fetched: {step:?}"),
    }
}

fn done(step: Step<LogoutTokenCheck, LogoutToken>) -> LogoutToken {
    match step {
        Step::Done(token) => token,
        step => panic!("nothing is to be fetched: {step:?}"),
    }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, impl Into<Error>>) -> ErrorKind {
    result.map_err(Into::into).unwrap_err().kind()
}

#[test]
fn keys_are_fetched_once_a_minute() {
    let (client, good, forged) = (client(), jwt("accepted", "session-alone"), jwt("refused", "kid-unknown"));
    done(asks(&client, &good, NOW).receive(keys(), NOW).unwrap());
    // A forged one cannot cause another request, and stops no good one.
    for later in [0, 1, 59] {
        assert_eq!(refusal(client.begin_logout_token(&forged, NOW + later)), ErrorKind::LogoutTokenSignature);
        done(client.begin_logout_token(&good, NOW + later).unwrap());
    }
    let check = asks(&client, &forged, NOW + 60);
    assert_eq!(refusal(check.receive(keys(), NOW + 60)), ErrorKind::LogoutTokenSignature);
    assert_eq!(refusal(client.begin_logout_token(&forged, NOW + 119)), ErrorKind::LogoutTokenSignature);
    // Nor does a clock that was set back stop them for ever.
    asks(&client, &forged, NOW + 59);
}

#[test]
fn logins_have_requests_of_their_own() {
    let (client, forged) =
        (client().with_redirect_uri("https://client.example/cb").unwrap(), jwt("refused", "kid-unknown"));
    drop(asks(&client, &forged, NOW).receive(keys(), NOW));
    let login = client.authorize().scope("openid").state("s").nonce("n-0S6_WzA2Mj").begin(NOW).unwrap();
    let exchange = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap();
    let id_token = Vectors::open("id_token", &["id_token_hashes", "id_token_cases"], &["id_token_jwks"])
        .find::<Value>("id_token_cases", "ok")["jwt"]
        .clone();
    let tokens = json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token });
    let response = Response::new(200, [("Content-Type", "application/json")], tokens.to_string());
    let Step::Send(next) = exchange.receive(response, NOW).unwrap() else { panic!("its key is unknown, too") };
    assert_eq!(next.request().url(), "https://op.example/keys");
}

#[test]
fn new_keys_are_found() {
    let (client, good) = (client(), jwt("accepted", "session-alone"));
    let check = asks(&client, &good, NOW);
    assert_eq!(refusal(check.receive(other_keys(), NOW)), ErrorKind::LogoutTokenSignature);
    done(asks(&client, &good, NOW + 60).receive(keys(), NOW + 60).unwrap());
}

#[test]
fn without_keys_it_says_so() {
    let (client, good) = (client(), jwt("accepted", "session-alone"));
    let failure = asks(&client, &good, NOW).receive(Response::new(503, [], ""), NOW).unwrap_err();
    assert_eq!((failure.error.kind(), failure.error.endpoint()), (ErrorKind::KeysUnavailable, Some(Endpoint::Jwks)));
    assert!(failure.pending.is_none());
    // And not again within a minute.
    assert_eq!(refusal(client.begin_logout_token(&good, NOW + 59)), ErrorKind::KeysUnavailable);
    // An hour later old keys will do.
    done(asks(&client, &good, NOW + 60).receive(keys(), NOW + 60).unwrap());
    let later = jwt("accepted", "exp-in-a-day");
    let check = asks(&client, &later, NOW + 3660);
    done(check.receive(Response::new(503, [], ""), NOW + 3660).unwrap());
}

#[test]
fn an_unusable_response_is_no_forgery() {
    let (client, good) = (client(), jwt("accepted", "session-alone"));
    drop(asks(&client, &good, NOW).receive(other_keys(), NOW));
    let failure = asks(&client, &good, NOW + 60).receive(Response::new(503, [], ""), NOW + 60).unwrap_err();
    assert_eq!(failure.error.kind(), ErrorKind::KeysUnavailable);
}

#[test]
fn what_the_provider_must_have() {
    let good = jwt("accepted", "session-alone");
    let provider = Provider::new("https://op.example/authorize", "https://op.example/token").unwrap();
    let begin = |provider: Provider| Client::new(provider, "client-1").unwrap().begin_logout_token(&good, NOW);
    assert_eq!(refusal(begin(provider.clone())), ErrorKind::IssuerMissing);
    let provider = provider.with_issuer("https://op.example").unwrap();
    assert_eq!(refusal(begin(provider.clone())), ErrorKind::EndpointMissing);
    // TLS to the token endpoint says nothing about a logout token.
    let trusting = Client::new(provider, "client-1").unwrap().trust_token_endpoint_tls();
    assert_eq!(refusal(trusting.begin_logout_token(&good, NOW)), ErrorKind::EndpointMissing);
    let trusting = client().trust_token_endpoint_tls();
    drop(asks(&trusting, &good, NOW).receive(keys(), NOW));
    assert_eq!(
        refusal(trusting.begin_logout_token(&jwt("refused", "signature-changed"), NOW)),
        ErrorKind::LogoutTokenSignature
    );
}

/// A store that shows its keys, and fails as it is told.
struct Store(Mutex<Vec<(String, i64)>>, Option<ErrorKind>);

impl ReplayStore for Store {
    fn claim(&self, key: &str, until: i64) -> Result<(), Error> {
        self.0.lock().unwrap().push((key.to_owned(), until));
        self.1.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn release(&self, _: &str) {}
}

#[test]
fn a_token_is_remembered_as_long_as_it_is_accepted() {
    let client = client();
    let token = done(asks(&client, &jwt("accepted", "session-alone"), NOW).receive(keys(), NOW).unwrap());
    let store = Store(Mutex::default(), None);
    token.claim(&store).unwrap();
    let claimed = store.0.into_inner().unwrap();
    assert_eq!(claimed, [(token.replay_key(), token.expires_at() + 60)]);
    let [(key, until)] = claimed.as_slice() else { panic!() };
    assert_eq!(key, "jti:yhs8_Y3rSJz0k7Ia45e5Q7p_4BhgzPWXf7QxxvVevi8");
    assert_eq!(
        refusal(client.begin_logout_token(&jwt("accepted", "session-alone"), *until)),
        ErrorKind::LogoutTokenExp
    );
    // Another identifier is another key.
    let other = done(client.begin_logout_token(&jwt("accepted", "jti-with-a-newline"), NOW).unwrap());
    assert_ne!(&other.replay_key(), key);
    let fails = Store(Mutex::default(), Some(ErrorKind::StoreUnavailable));
    assert_eq!(refusal(token.claim(&fails)), ErrorKind::StoreUnavailable);
}

#[test]
fn debug_shows_no_person() {
    let client = client();
    let check = asks(&client, &jwt("accepted", "session-and-user"), NOW);
    let shown = format!("{check:?}{:?}", done(check_again(&client)));
    for secret in ["248289761001", "08a5019c", "eyJ"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

fn check_again(client: &Client) -> Step<LogoutTokenCheck, LogoutToken> {
    asks(client, &jwt("accepted", "session-and-user"), NOW + 60).receive(keys(), NOW + 60).unwrap()
}

/// Deliveries that come while the first one fetches the keys: one request, and none of them is lost.
#[cfg(feature = "http")]
#[test]
fn many_at_once_share_one_request() {
    let (document, held) = (vectors().member::<Value>("jwks").to_string(), Arc::new(Barrier::new(2)));
    let released = Arc::clone(&held);
    let server = Server::start(move |stream, _| {
        released.wait();
        respond_with_json(stream, &document);
    });
    // The vectors are about another time.
    let client = client_at(&format!("http://{}/keys", server.address)).with_id_token_leeway(u32::MAX);
    let (good, transport) = (jwt("accepted", "session-alone"), Transport::new());
    let deliver = || client.logout_token(&good, &transport);
    thread::scope(|scope| {
        let first = scope.spawn(deliver);
        while server.requests().is_empty() {
            thread::yield_now();
        }
        let others: Vec<_> = (0..20).map(|_| scope.spawn(deliver)).collect();
        // The first one has the only request of this minute. Another may wait for it.
        drop(asks(&client, &good, proofkey::now()));
        held.wait();
        for delivery in others.into_iter().chain([first]) {
            delivery.join().unwrap().unwrap();
        }
    });
    assert_eq!(server.requests().len(), 1);
}
