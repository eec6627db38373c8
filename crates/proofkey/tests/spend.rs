//! A sealed login is finished once, however many have it.

#![cfg(feature = "http")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use proofkey::{
    Client, Error, ErrorKind, MemoryStore, Provider, Refusal, SealKeys, SpendStore, Tokens, Transport, now,
};

fn client(port: u16) -> Client {
    let token_endpoint = format!("http://127.0.0.1:{port}/token");
    let provider = Provider::new("https://as.example/authorize", token_endpoint).unwrap();
    Client::new(provider, "app").unwrap().redirect_uri("https://client.example/cb").unwrap()
}

fn keys() -> SealKeys {
    SealKeys::new([7; 32]).unwrap()
}

fn sealed(client: &Client) -> String {
    client.authorize().state("s").begin(now()).unwrap().seal(&keys(), "").unwrap()
}

fn finish(client: &Client, sealed: &str, state: &str, store: &dyn SpendStore) -> Result<Tokens, Box<Refusal>> {
    let login = client.resume(sealed, &keys(), "", now()).unwrap();
    let callback = format!("https://client.example/cb?code=c&state={state}");
    client.finish_once(login, callback, &Transport::new(), store).map_err(Box::new)
}

/// Answers each request with tokens, and counts them.
fn serve(listener: &TcpListener, requests: &AtomicUsize) {
    for connection in listener.incoming() {
        let mut connection = connection.unwrap();
        if connection.read(&mut [0; 4096]).unwrap() == 0 {
            return;
        }
        requests.fetch_add(1, Ordering::Relaxed);
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\nConnection: close\r\n\r\n";
        connection.write_all(format!(r#"{answer}{{"access_token":"a"}}"#).as_bytes()).unwrap();
    }
}

#[test]
fn fifty_deliveries_are_one_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (client, store, requests) = (client(port), MemoryStore::new(), AtomicUsize::new(0));
    let sealed = sealed(&client);
    thread::scope(|scope| {
        scope.spawn(|| serve(&listener, &requests));
        let threads: Vec<_> = (0..50).map(|_| scope.spawn(|| finish(&client, &sealed, "s", &store))).collect();
        let outcomes: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        // A connection that says nothing ends the server, before anything here can fail.
        drop(std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
        let (first, late): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!((first.len(), late.len()), (1, 49));
        for refusal in late.into_iter().map(Result::unwrap_err) {
            assert_eq!((refusal.error.kind(), refusal.login.is_none()), (ErrorKind::LoginSpent, true));
        }
    });
    assert_eq!(requests.into_inner(), 1);
}

#[test]
fn what_was_not_sent_may_be_tried_again() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (client, store) = (client(port), MemoryStore::new());
    let sealed = sealed(&client);
    for _ in 0..2 {
        let refusal = finish(&client, &sealed, "s", &store).unwrap_err();
        assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::ConnectFailed, false));
        assert!(refusal.login.is_some());
    }
}

#[test]
fn what_may_have_been_sent_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (client, store) = (client(listener.local_addr().unwrap().port()), MemoryStore::new());
    let sealed = sealed(&client);
    thread::scope(|scope| {
        scope.spawn(|| listener.accept().unwrap().0.read(&mut [0; 4096]).unwrap());
        assert!(finish(&client, &sealed, "s", &store).unwrap_err().error.request_sent());
    });
    assert_eq!(finish(&client, &sealed, "s", &store).unwrap_err().error.kind(), ErrorKind::LoginSpent);
}

/// Counts the questions, and knows no answer.
struct Down(AtomicBool);

impl SpendStore for Down {
    fn spend(&self, _: &str, _: i64) -> Result<(), Error> {
        self.0.store(true, Ordering::Relaxed);
        Err(ErrorKind::StoreUnavailable.into())
    }

    fn unspend(&self, _: &str) {
        panic!("nothing was spent");
    }
}

#[test]
fn a_store_that_does_not_answer_stops_the_code_and_keeps_the_login() {
    let client = client(1);
    let (sealed, store) = (sealed(&client), Down(AtomicBool::new(false)));
    let refusal = finish(&client, &sealed, "s", &store).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::StoreUnavailable, false));
    assert!(refusal.login.is_some() && store.0.into_inner());
}

#[test]
fn a_forged_callback_does_not_reach_the_store() {
    let client = client(1);
    let (sealed, store) = (sealed(&client), Down(AtomicBool::new(false)));
    assert_eq!(finish(&client, &sealed, "x", &store).unwrap_err().error.kind(), ErrorKind::StateMismatch);
    assert!(!store.0.into_inner());
}
