//! Refreshes by many threads at once: one request, and a save hook that fails keeps nobody waiting.
#![cfg(feature = "http")]

#[path = "support/server.rs"]
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::thread::{self, sleep};
use std::time::Duration;

use proofkey::{Client, Error, ErrorKind, Secret, Tokens, Transport};

use server::{Server, client, respond_with_json};

type AnyError = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Result<Tokens, AnyError>;

fn server() -> Server {
    Server::start(|stream, _| {
        sleep(Duration::from_millis(100));
        respond_with_json(stream, r#"{"access_token":"new","token_type":"Bearer","refresh_token":"r2"}"#);
    })
}

fn old() -> Tokens {
    Tokens::from_parts(Secret::new("old"), Some(Secret::new("r1")), None, None)
}

/// Refreshes in a thread of its own. The channel ends without an outcome if the hook panics.
fn refresh(client: &Client, save: impl FnOnce(&Tokens) -> Result<(), AnyError> + Send + 'static) -> Receiver<Outcome> {
    let (outcome, receiver) = channel();
    let client = client.clone();
    thread::spawn(move || {
        let refreshed = client.refresh_and_save(&old(), &Transport::new(), save);
        outcome.send(refreshed).unwrap();
    });
    receiver
}

/// The outcome, which has to come soon.
fn outcome(receiver: &Receiver<Outcome>) -> Outcome {
    receiver.recv_timeout(Duration::from_secs(10)).expect("an outcome")
}

fn access_token(tokens: &Tokens) -> &str {
    tokens.access_token().expose()
}

/// A first thread whose hook ends in `fail` once others wait for it, and ten others whose hooks count.
fn first_and_others(
    client: &Client,
    fail: fn() -> Result<(), AnyError>,
) -> (Receiver<Outcome>, Vec<Receiver<Outcome>>, Arc<AtomicUsize>) {
    let is_saving = Arc::new(Barrier::new(2));
    let first = {
        let is_saving = Arc::clone(&is_saving);
        refresh(client, move |_| {
            is_saving.wait();
            sleep(Duration::from_millis(200));
            fail()
        })
    };
    is_saving.wait();
    let saved = Arc::new(AtomicUsize::new(0));
    let others = (0..10).map(|_| {
        let saved = Arc::clone(&saved);
        refresh(client, move |tokens| {
            assert_eq!(access_token(tokens), "new");
            saved.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    });
    let others = others.collect();
    (first, others, saved)
}

#[test]
fn threads_share_one_request_and_one_save() {
    let server = server();
    let client = client(&server.address);
    let saved = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..20)
        .map(|_| {
            let saved = Arc::clone(&saved);
            refresh(&client, move |_| {
                saved.fetch_add(1, Ordering::SeqCst);
                Ok(())
            })
        })
        .collect();
    for thread in &threads {
        assert_eq!(access_token(&outcome(thread).unwrap()), "new");
    }
    assert_eq!(saved.load(Ordering::SeqCst), 1);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].ends_with("\r\n\r\ngrant_type=refresh_token&refresh_token=r1&client_id=app"), "{requests:?}");
}

#[test]
fn late_callers_with_the_old_tokens_get_the_result() {
    let server = server();
    let (client, transport) = (client(&server.address), Transport::new());
    let new = client.refresh(&old(), &transport).unwrap();
    assert_eq!(access_token(&client.refresh(&old(), &transport).unwrap()), "new");
    assert_eq!(server.requests().len(), 1);
    client.refresh(&new, &transport).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_hook_that_fails_leaves_the_saving_to_the_next_thread() {
    let server = server();
    let (first, others, saved) = first_and_others(&client(&server.address), || Err("the disk is full".into()));
    assert_eq!(outcome(&first).unwrap_err().to_string(), "the disk is full");
    for other in &others {
        assert_eq!(access_token(&outcome(other).unwrap()), "new");
    }
    assert_eq!((saved.load(Ordering::SeqCst), server.requests().len()), (1, 1));
}

#[test]
fn a_hook_that_refreshes_the_same_tokens_gets_an_error() {
    let server = server();
    let client = client(&server.address);
    let own = client.clone();
    let receiver = refresh(&client, move |_| {
        let kind = own.refresh(&old(), &Transport::new()).map(|_| ()).unwrap_err().kind();
        assert_eq!(kind, ErrorKind::RefreshUnderWay);
        Ok(())
    });
    assert_eq!(access_token(&outcome(&receiver).unwrap()), "new");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_hook_that_panics_leaves_nobody_waiting() {
    let server = server();
    let client = client(&server.address);
    let (first, others, saved) = first_and_others(&client, || panic!("a defect of the application"));
    for other in &others {
        match outcome(other) {
            // It came after the panic, and ran its own hook or met the result of one that did.
            Ok(tokens) => assert_eq!(access_token(&tokens), "new"),
            Err(error) => assert_eq!(error.downcast::<Error>().unwrap().kind(), ErrorKind::Internal),
        }
    }
    assert!(first.recv().is_err(), "the panic stays in its thread");
    // Within a minute the next call saves what came, without asking the server again.
    let last = client.refresh_and_save(&old(), &Transport::new(), |_| {
        saved.fetch_add(1, Ordering::SeqCst);
        Ok::<(), Error>(())
    });
    assert_eq!(access_token(&last.unwrap()), "new");
    assert_eq!((saved.load(Ordering::SeqCst), server.requests().len()), (1, 1));
}
