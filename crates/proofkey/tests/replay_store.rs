//! A sealed login is finished once, however many workers get its callback.
#![cfg(feature = "http")]

#[path = "support/server.rs"]
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use proofkey::{Client, Error, ErrorKind, MemoryReplayStore, Refusal, ReplayStore, SealKeys, Tokens, Transport, now};

use server::{Server, client, free_address, respond_with_json};

fn keys() -> SealKeys {
    SealKeys::new([7; 32]).unwrap()
}

fn sealed(client: &Client) -> String {
    client.authorize().state("s").begin(now()).unwrap().seal(&keys(), "").unwrap()
}

fn finish(client: &Client, sealed: &str, state: &str, store: &dyn ReplayStore) -> Result<Tokens, Box<Refusal>> {
    let login = client.resume(sealed, &keys(), "", now()).unwrap();
    let callback = format!("https://client.example/cb?code=c&state={state}");
    client.finish_once(login, callback, &Transport::new(), store).map_err(Box::new)
}

#[test]
fn fifty_deliveries_are_one_request() {
    let server = Server::start(|stream, _| respond_with_json(stream, r#"{"access_token":"a"}"#));
    let (client, store) = (client(&server.address), MemoryReplayStore::new());
    let sealed = sealed(&client);
    let outcomes: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(|| finish(&client, &sealed, "s", &store))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (first, late): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((first.len(), late.len()), (1, 49));
    for refusal in late.into_iter().map(Result::unwrap_err) {
        assert_eq!((refusal.error.kind(), refusal.login.is_none()), (ErrorKind::LoginAlreadyUsed, true));
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_was_not_sent_may_be_tried_again() {
    let (client, store) = (client(&free_address()), MemoryReplayStore::new());
    let sealed = sealed(&client);
    for _ in 0..2 {
        let refusal = finish(&client, &sealed, "s", &store).unwrap_err();
        assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::ConnectFailed, false));
        assert!(refusal.login.is_some());
    }
}

/// Two processes have memories of their own, which the store makes up for; and the memory never refuses a login that
/// the store of another process has given back.
#[test]
fn the_memory_of_a_client_and_the_store_agree() {
    let server = Server::start(|stream, _| respond_with_json(stream, r#"{"access_token":"a"}"#));
    let (one, other, store) = (client(&server.address), client(&server.address), MemoryReplayStore::new());
    let sealed = sealed(&one);
    let key = one.resume(&sealed, &keys(), "", now()).unwrap().replay_key();
    store.claim(&key, i64::MAX).unwrap();
    for client in [&one, &other] {
        let refusal = finish(client, &sealed, "s", &store).unwrap_err();
        assert_eq!(refusal.error.kind(), ErrorKind::LoginAlreadyUsed);
    }
    store.release(&key);
    finish(&one, &sealed, "s", &store).unwrap();
    for client in [&one, &other] {
        assert_eq!(finish(client, &sealed, "s", &store).unwrap_err().error.kind(), ErrorKind::LoginAlreadyUsed);
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn without_a_store_the_client_itself_remembers() {
    let server = Server::start(|stream, _| respond_with_json(stream, r#"{"access_token":"a"}"#));
    let client = client(&server.address);
    let sealed = sealed(&client);
    let finish = || {
        let login = client.resume(&sealed, &keys(), "", now()).unwrap();
        client.finish(login, "https://client.example/cb?code=c&state=s", &Transport::new())
    };
    finish().unwrap();
    assert_eq!(finish().unwrap_err().error.kind(), ErrorKind::LoginAlreadyUsed);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_may_have_been_sent_is_over() {
    let server = Server::start(|stream, _| drop(stream));
    let (client, store) = (client(&server.address), MemoryReplayStore::new());
    let sealed = sealed(&client);
    assert!(finish(&client, &sealed, "s", &store).unwrap_err().error.request_sent());
    assert_eq!(finish(&client, &sealed, "s", &store).unwrap_err().error.kind(), ErrorKind::LoginAlreadyUsed);
    assert_eq!(server.requests().len(), 1);
}

/// A store that does not respond. It remembers whether it was asked.
struct Down(AtomicBool);

impl ReplayStore for Down {
    fn claim(&self, _: &str, _: i64) -> Result<(), Error> {
        self.0.store(true, Ordering::Relaxed);
        Err(ErrorKind::StoreUnavailable.into())
    }

    fn release(&self, _: &str) {
        panic!("nothing was claimed");
    }
}

#[test]
fn a_store_that_does_not_respond_stops_the_code_and_keeps_the_login() {
    let client = client("127.0.0.1:1");
    let (sealed, store) = (sealed(&client), Down(AtomicBool::new(false)));
    let refusal = finish(&client, &sealed, "s", &store).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::StoreUnavailable, false));
    assert!(refusal.login.is_some() && store.0.into_inner());
}

#[test]
fn a_forged_callback_does_not_reach_the_store() {
    let client = client("127.0.0.1:1");
    let (sealed, store) = (sealed(&client), Down(AtomicBool::new(false)));
    assert_eq!(finish(&client, &sealed, "x", &store).unwrap_err().error.kind(), ErrorKind::StateMismatch);
    assert!(!store.0.into_inner());
}

#[test]
fn a_store_sees_the_key_and_the_expiry_of_the_login() {
    struct Seen;
    impl ReplayStore for Seen {
        fn claim(&self, key: &str, until: i64) -> Result<(), Error> {
            assert!(key.starts_with("login:") && key.len() == 28, "{key}");
            assert!((0..=600).contains(&(until - now())), "{until}");
            Err(ErrorKind::LoginAlreadyUsed.into())
        }
        fn release(&self, _: &str) {}
    }
    let client = client("127.0.0.1:1");
    let refusal = finish(&client, &sealed(&client), "s", &Seen).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.login.is_none()), (ErrorKind::LoginAlreadyUsed, true));
}
