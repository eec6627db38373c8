//! Stored tokens are refreshed once, and survive everything but a server that no longer accepts them.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use proofkey::{
    Client, Error, ErrorKind, Provider, SealKeys, SealedTokenStore, Secret, TokenStore, Tokens, Transport, now,
};

use support::{Server, client, free_address, respond_with_json};

#[path = "support/server.rs"]
mod support;

/// A store in memory that can also fail.
#[derive(Default)]
struct Memory {
    records: Mutex<HashMap<String, String>>,
    leases: Mutex<HashMap<String, String>>,
    is_read_only: AtomicBool,
    saves: AtomicUsize,
}

impl Memory {
    fn only(&self) -> Option<(String, String)> {
        let records = self.records.lock().unwrap();
        assert!(records.len() <= 1);
        records.iter().next().map(|(key, sealed)| (key.clone(), sealed.clone()))
    }
}

impl TokenStore for Memory {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        Ok(self.records.lock().unwrap().get(key).cloned())
    }

    fn save(&self, key: &str, sealed: &str, read: Option<&str>) -> Result<bool, Error> {
        if self.is_read_only.load(Ordering::Relaxed) {
            return Err(ErrorKind::StoreUnavailable.into());
        }
        let mut records = self.records.lock().unwrap();
        let is_still_there = records.get(key).map(String::as_str) == read;
        if is_still_there {
            records.insert(key.to_owned(), sealed.to_owned());
            self.saves.fetch_add(1, Ordering::Relaxed);
        }
        Ok(is_still_there)
    }

    fn delete(&self, key: &str, read: &str) -> Result<bool, Error> {
        let mut records = self.records.lock().unwrap();
        let is_changed = records.get(key).is_some_and(|sealed| sealed != read);
        if !is_changed {
            records.remove(key);
        }
        Ok(!is_changed)
    }

    fn lease(&self, key: &str, owner: &str, seconds: u32) -> Result<bool, Error> {
        assert!(seconds >= 60);
        let mut leases = self.leases.lock().unwrap();
        let is_free = !leases.contains_key(key);
        if is_free {
            leases.insert(key.to_owned(), owner.to_owned());
        }
        Ok(is_free)
    }

    fn release(&self, key: &str, owner: &str) {
        let mut leases = self.leases.lock().unwrap();
        if leases.get(key).is_some_and(|other| other == owner) {
            leases.remove(key);
        }
    }
}

type Store = SealedTokenStore<Arc<Memory>>;

const SECRET: [u8; 32] = [7; 32];

fn store() -> (Store, Arc<Memory>) {
    let memory = Arc::new(Memory::default());
    (over(&memory), memory)
}

fn over(memory: &Arc<Memory>) -> Store {
    SealedTokenStore::new(Arc::clone(memory), SealKeys::new(SECRET).unwrap())
}

/// Tokens that expire so many seconds from now.
fn tokens(access_token: &str, refresh_token: &str, expires_in: i64) -> Tokens {
    Tokens::from_parts(Secret::new(access_token), Some(Secret::new(refresh_token)), Some(now() + expires_in), None)
}

fn expired() -> Tokens {
    tokens("old", "r1", -1)
}

fn fresh(store: &Store, client: &Client) -> Result<Tokens, Error> {
    store.fresh(client, "user", 60, None, &Transport::new())
}

fn name(result: Result<Tokens, Error>) -> &'static str {
    result.unwrap_err().kind().name()
}

fn access(tokens: &Tokens) -> &str {
    tokens.access_token().expose()
}

const NEW: &str = r#"{"access_token":"new","token_type":"Bearer","refresh_token":"r2","expires_in":3600}"#;

fn respond(mut stream: TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}").unwrap();
}

/// A server with these responses, one after the other: a status and a body. It closes the connection for status 0.
fn server(responses: impl IntoIterator<Item = (u16, &'static str), IntoIter: Send + 'static>) -> Server {
    let responses = Mutex::new(responses.into_iter());
    Server::start(move |stream, _| match responses.lock().unwrap().next() {
        Some((0, _)) => drop(stream),
        Some((status, body)) => respond(stream, status, body),
        None => panic!("one request too many"),
    })
}

const INVALID_GRANT: (u16, &str) = (400, r#"{"error":"invalid_grant"}"#);

fn refresh_tokens(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let sent = requests.iter().map(|request| request.split("refresh_token=").last().unwrap());
    sent.map(|rest| rest.split('&').next().unwrap().to_owned()).collect()
}

#[test]
fn what_is_fresh_is_not_refreshed() {
    let server = server([]);
    let ((store, memory), client) = (store(), client(&server.address));
    assert_eq!(name(fresh(&store, &client)), "tokens_absent");
    for stored in [tokens("a", "r1", 3600), Tokens::from_parts(Secret::new("a"), None, None, None)] {
        store.save(&client, "user", &stored).unwrap();
        let saves = memory.saves.load(Ordering::Relaxed);
        assert_eq!(access(&fresh(&store, &client).unwrap()), "a");
        assert_eq!(memory.saves.load(Ordering::Relaxed), saves);
    }
    assert!(server.requests().is_empty());
}

#[test]
fn what_expires_is_refreshed_and_saved() {
    let server = server([(200, NEW)]);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &tokens("old", "r1", 59)).unwrap();
    for _ in 0..2 {
        assert_eq!(access(&fresh(&store, &client).unwrap()), "new");
    }
    assert_eq!(refresh_tokens(&server), ["r1"]);
    let loaded = over(&memory).load(&client, "user").unwrap().unwrap();
    assert_eq!((access(&loaded), loaded.refresh_token().unwrap().expose()), ("new", "r2"));
    assert!(memory.leases.lock().unwrap().is_empty(), "the lease is returned");
}

#[test]
fn many_refresh_once() {
    let server = Server::start(|stream, _| respond_with_json(stream, NEW));
    let (store, memory) = store();
    store.save(&client(&server.address), "user", &expired()).unwrap();
    thread::scope(|scope| {
        for _ in 0..16 {
            // A client of its own shares no memory with the others, as in another process.
            scope.spawn(|| {
                let client = client(&server.address);
                assert_eq!(access(&fresh(&over(&memory), &client).unwrap()), "new");
            });
        }
    });
    assert_eq!(refresh_tokens(&server), ["r1"]);
}

#[test]
fn a_rejected_token_is_refreshed_once() {
    let server = server([(200, NEW)]);
    let ((store, _), client) = (store(), client(&server.address));
    let transport = Transport::new();
    store.save(&client, "user", &tokens("old", "r1", 3600)).unwrap();
    for _ in 0..2 {
        // The second caller comes late: what it was refused is no longer stored.
        let new = store.fresh(&client, "user", 60, Some(&Secret::new("old")), &transport).unwrap();
        assert_eq!(access(&new), "new");
    }
    assert_eq!(refresh_tokens(&server), ["r1"]);
}

#[test]
fn who_waits_gets_the_old_token_while_it_is_valid() {
    let server = server([]);
    let ((store, memory), client) = (store(), client(&server.address));
    let impatient = Transport::new().with_timeout(Duration::from_millis(20));
    for (expires_in, rejected, outcome) in [
        (30, None, None),
        (-1, None, Some("store_busy")),
        (30, Some(Secret::new("old")), Some("store_busy")),
        (30, Some(Secret::new("another")), None),
    ] {
        memory.leases.lock().unwrap().clear();
        store.save(&client, "user", &tokens("old", "r1", expires_in)).unwrap();
        let (key, _) = memory.only().unwrap();
        assert!(memory.lease(&key, "somebody else", 60).unwrap());
        match (store.fresh(&client, "user", 60, rejected.as_ref(), &impatient), outcome) {
            (Ok(tokens), None) => assert_eq!(access(&tokens), "old"),
            (refused, Some(expected)) => assert_eq!(name(refused), expected),
            (refused, None) => panic!("{refused:?}"),
        }
    }
    assert!(server.requests().is_empty());
}

#[test]
fn who_waits_gets_the_new_token() {
    let server = server([]);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &expired()).unwrap();
    let (key, sealed) = memory.only().unwrap();
    assert!(memory.lease(&key, "somebody else", 60).unwrap());
    let (other, other_memory) = crate::store();
    other.save(&client, "user", &tokens("new", "r2", 3600)).unwrap();
    let (_, new) = other_memory.only().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| fresh(&store, &client));
        assert!(memory.save(&key, &new, Some(&sealed)).unwrap());
        memory.release(&key, "somebody else");
        assert_eq!(access(&waiting.join().unwrap().unwrap()), "new");
    });
    assert!(server.requests().is_empty());
}

#[test]
fn invalid_grant_ends_a_grant() {
    let server = server([INVALID_GRANT]);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &expired()).unwrap();
    let refused = fresh(&store, &client).unwrap_err();
    assert_eq!((refused.kind(), refused.oauth().unwrap().error()), (ErrorKind::TokenError, "invalid_grant"));
    assert_eq!(memory.only(), None);
    assert_eq!(name(fresh(&store, &client)), "tokens_absent");
}

#[test]
fn invalid_grant_does_not_end_what_somebody_else_has_saved() {
    let (store, memory) = store();
    let shared = Arc::clone(&memory);
    let server = Server::start(move |stream, _| {
        // A new login, whose process did not have to wait because the lease of this one had run out.
        let (key, read) = shared.only().unwrap();
        let (other, other_memory) = crate::store();
        other.save(&key_client(), "user", &tokens("of-a-new-login", "r9", 3600)).unwrap();
        let (other_key, new) = other_memory.only().unwrap();
        assert_eq!(other_key, key);
        assert!(shared.save(&key, &new, Some(&read)).unwrap());
        respond(stream, INVALID_GRANT.0, INVALID_GRANT.1);
    });
    let client = issuer_client(&server.address);
    store.save(&client, "user", &expired()).unwrap();
    assert_eq!(access(&fresh(&store, &client).unwrap()), "of-a-new-login");
}

fn issuer_client(address: &str) -> Client {
    let provider = client(address).provider().clone().with_issuer("https://as.example").unwrap();
    Client::new(provider, "app").unwrap()
}

/// A client with the same issuer and client id, and so with the same keys.
fn key_client() -> Client {
    issuer_client("127.0.0.1:1")
}

#[test]
fn after_an_unknown_outcome_the_same_token_is_sent_once_more() {
    let server = server([(0, ""), (200, NEW)]);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &expired()).unwrap();
    assert_eq!(name(fresh(&store, &client)), "response_interrupted");
    assert_eq!(access(&fresh(&over(&memory), &client).unwrap()), "new");
    assert_eq!(refresh_tokens(&server), ["r1", "r1"]);
}

#[test]
fn a_refusal_after_an_unknown_outcome_says_so() {
    for first in [(0, ""), (500, ""), (503, r#"{"error":"temporarily_unavailable"}"#), (200, "<html>"), (408, "")] {
        let server = server([first, INVALID_GRANT]);
        let ((store, memory), client) = (store(), client(&server.address));
        store.save(&client, "user", &expired()).unwrap();
        fresh(&store, &client).unwrap_err();
        let refused = fresh(&store, &client).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::RefreshOutcomeUnknown, "{first:?}");
        assert_eq!(refused.oauth().unwrap().error(), "invalid_grant");
        assert_eq!(memory.only(), None);
    }
}

#[test]
fn a_refusal_after_a_known_outcome_is_plain() {
    for first in [(429, ""), (401, r#"{"error":"invalid_client"}"#), (200, r#"{"error":"slow_down"}"#), (404, "")] {
        let server = server([first, INVALID_GRANT]);
        let ((store, _), client) = (store(), client(&server.address));
        store.save(&client, "user", &expired()).unwrap();
        fresh(&store, &client).unwrap_err();
        assert_eq!(name(fresh(&store, &client)), "token_error", "{first:?}");
    }
    let server = server([INVALID_GRANT]);
    let (store, _) = store();
    store.save(&issuer_client(&server.address), "user", &expired()).unwrap();
    let unreachable = issuer_client(&free_address());
    assert_eq!(name(fresh(&store, &unreachable)), "connect_failed");
    assert_eq!(name(fresh(&store, &issuer_client(&server.address))), "token_error");
}

/// Nothing that fails for another reason makes an unknown outcome known.
#[test]
fn an_unknown_outcome_stays_unknown() {
    let server = server([(0, ""), (429, ""), INVALID_GRANT]);
    let ((store, _), client) = (store(), client(&server.address));
    store.save(&client, "user", &expired()).unwrap();
    let outcomes = [(); 3].map(|()| name(fresh(&store, &client)));
    assert_eq!(outcomes, ["response_interrupted", "response_status", "refresh_outcome_unknown"]);
    assert_eq!(refresh_tokens(&server), ["r1"; 3]);
}

#[test]
fn a_token_that_is_still_valid_bridges_a_failure() {
    let responses = [(503, ""), (429, ""), (401, r#"{"error":"invalid_client"}"#)];
    let server = server(responses);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &tokens("old", "r1", 30)).unwrap();
    for _ in 0..2 {
        assert_eq!(access(&fresh(&store, &client).unwrap()), "old");
    }
    assert_eq!(name(fresh(&store, &client)), "token_error", "waiting does not help");
    memory.is_read_only.store(true, Ordering::Relaxed);
    assert_eq!(access(&fresh(&store, &client).unwrap()), "old");
    store.fresh(&client, "user", 60, Some(&Secret::new("old")), &Transport::new()).unwrap_err();
    assert_eq!(server.requests().len(), 3, "nothing is sent that could not be marked");
}

/// The store fails at the worst moment. The process still has the new tokens, and saves them with the next call.
#[test]
fn new_tokens_that_could_not_be_saved_are_not_lost() {
    let (store, memory) = store();
    let shared = Arc::clone(&memory);
    let server = Server::start(move |stream, _| {
        shared.is_read_only.store(true, Ordering::Relaxed);
        respond(stream, 200, NEW);
    });
    let client = client(&server.address);
    store.save(&client, "user", &expired()).unwrap();
    assert_eq!(name(fresh(&store, &client)), "store_unavailable");
    memory.is_read_only.store(false, Ordering::Relaxed);
    assert_eq!(access(&fresh(&store, &client).unwrap()), "new");
    assert_eq!(access(&store.load(&client, "user").unwrap().unwrap()), "new");
    assert_eq!(refresh_tokens(&server), ["r1"]);
}

#[test]
fn tokens_that_were_refreshed_past_the_store_are_saved() {
    let server = server([(200, NEW)]);
    let ((store, memory), client) = (store(), client(&server.address));
    store.save(&client, "user", &expired()).unwrap();
    let stored = store.load(&client, "user").unwrap().unwrap();
    client.refresh(&stored, &Transport::new()).unwrap();
    assert_eq!(access(&fresh(&store, &client).unwrap()), "new");
    assert_eq!(access(&over(&memory).load(&client, "user").unwrap().unwrap()), "new");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn tokens_without_a_refresh_token_end() {
    let ((store, memory), client) = (store(), client("127.0.0.1:1"));
    let stored = Tokens::from_parts(Secret::new("old"), None, Some(now() - 1), None);
    store.save(&client, "user", &stored).unwrap();
    assert_eq!(name(fresh(&store, &client)), "refresh_token_absent");
    assert!(store.load(&client, "user").unwrap().is_some());
    assert_eq!(memory.saves.load(Ordering::Relaxed), 1, "nothing is marked that is not sent");
}

#[test]
fn deleting_returns_what_was_there() {
    let ((store, memory), client) = (store(), client("127.0.0.1:1"));
    assert!(store.delete(&client, "user").unwrap().is_none());
    store.save(&client, "user", &expired()).unwrap();
    assert_eq!(access(&store.delete(&client, "user").unwrap().unwrap()), "old");
    assert_eq!(memory.only(), None);
    store.save(&client, "user", &expired()).unwrap();
    let other = SealedTokenStore::new(Arc::clone(&memory), SealKeys::new([8; 32]).unwrap());
    assert!(other.delete(&client, "user").unwrap().is_none(), "it does not open, and goes all the same");
    assert_eq!(memory.only(), None);
    assert!(memory.leases.lock().unwrap().is_empty());
}

#[test]
fn keys_name_provider_client_and_user() {
    let (store, memory) = store();
    let endpoints = client("127.0.0.1:1");
    let other_endpoints = client("127.0.0.1:2");
    let issuer = issuer_client("127.0.0.1:1");
    let other_issuer = endpoints.provider().clone().with_issuer("https://other.example").unwrap();
    let other_issuer = Client::new(other_issuer, "app").unwrap();
    let other_client = Client::new(issuer.provider().clone(), "other").unwrap();
    let clients = [&endpoints, &other_endpoints, &issuer, &other_issuer, &other_client];
    for client in clients {
        for user in ["user", "other", "", "user\napp"] {
            store.save(client, user, &tokens(user.lines().next().unwrap_or("none"), "r", 3600)).unwrap();
        }
    }
    assert_eq!(memory.records.lock().unwrap().len(), clients.len() * 4);
    // A server that moves keeps its issuer, and the tokens that it issued.
    assert!(store.load(&key_client(), "user").unwrap().is_some());
    let records = memory.records.lock().unwrap();
    assert!(records.keys().all(|key| key.len() == 43 && key.bytes().all(|byte| byte.is_ascii_graphic())));
    assert!(records.values().all(|sealed| sealed.starts_with("proofkey1.") && !sealed.contains("user")));
}

#[test]
fn a_record_in_anothers_place_does_not_open() {
    let ((store, memory), client) = (store(), client("127.0.0.1:1"));
    for user in ["one", "two"] {
        store.save(&client, user, &tokens(user, "r", 3600)).unwrap();
    }
    {
        let mut records = memory.records.lock().unwrap();
        let mut sealed: Vec<_> = records.values_mut().collect();
        let [one, two] = &mut sealed[..] else { panic!("two records") };
        std::mem::swap(*one, *two);
    }
    for user in ["one", "two"] {
        assert_eq!(store.load(&client, user).unwrap_err().kind(), ErrorKind::SealContext);
        let refused = store.fresh(&client, user, 60, None, &Transport::new()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::SealContext);
    }
    // A new login replaces a record that does not open.
    store.save(&client, "one", &tokens("one", "r", 3600)).unwrap();
    assert_eq!(access(&store.load(&client, "one").unwrap().unwrap()), "one");
}

#[test]
fn a_record_that_is_not_one_does_not_open() {
    let ((store, memory), client) = (store(), client("127.0.0.1:1"));
    store.save(&client, "user", &expired()).unwrap();
    let (key, sealed) = memory.only().unwrap();
    let keys = SealKeys::new(SECRET).unwrap();
    let login = Client::new(Provider::new("https://as.example/a", "https://as.example/t").unwrap(), "app").unwrap();
    let login = login.with_redirect_uri("https://client.example/cb").unwrap().authorize().begin(0).unwrap();
    let mut changed = sealed.clone();
    let middle = changed.len() / 2;
    changed.replace_range(middle..=middle, if &sealed[middle..=middle] == "A" { "B" } else { "A" });
    for (text, expected) in [
        (changed, ErrorKind::SealForged),
        (login.seal(&keys, "").unwrap(), ErrorKind::SealForged),
        (String::new(), ErrorKind::SealMalformed),
        ("{}".to_owned(), ErrorKind::SealMalformed),
        (sealed[..40].to_owned(), ErrorKind::SealMalformed),
    ] {
        memory.records.lock().unwrap().insert(key.clone(), text);
        assert_eq!(store.load(&client, "user").unwrap_err().kind(), expected);
    }
    let client_of_login = client.with_redirect_uri("https://client.example/cb").unwrap();
    let opened = client_of_login.resume(&sealed, &keys, "", now());
    assert_eq!(opened.unwrap_err().kind(), ErrorKind::SealForged, "tokens do not open as a login");
}

#[test]
fn records_are_sealed_anew_with_the_newest_key() {
    let ((old, memory), client) = (store(), client("127.0.0.1:1"));
    old.save(&client, "user", &tokens("a", "r", 3600)).unwrap();
    let (key, before) = memory.only().unwrap();
    let rotated = |secret| {
        let keys = [SECRET, [8; 32]].iter().try_fold(SealKeys::new(secret).unwrap(), SealKeys::with_older);
        SealedTokenStore::new(Arc::clone(&memory), keys.unwrap())
    };
    // Whoever refreshes must find what it has read.
    assert!(memory.lease(&key, "somebody else", 60).unwrap());
    assert_eq!(access(&fresh(&rotated([8; 32]), &client).unwrap()), "a");
    assert_eq!(memory.only().unwrap().1, before);
    memory.release(&key, "somebody else");

    assert_eq!(access(&fresh(&rotated([8; 32]), &client).unwrap()), "a");
    let (_, after) = memory.only().unwrap();
    assert_ne!(after[..18], before[..18], "another key id");
    assert_eq!(access(&fresh(&rotated([8; 32]), &client).unwrap()), "a");
    assert_eq!(memory.only().unwrap().1, after, "once");
    assert_eq!(name(fresh(&old, &client)), "seal_key_unknown");
    let newest_alone = SealedTokenStore::new(Arc::clone(&memory), SealKeys::new([8; 32]).unwrap());
    assert_eq!(access(&fresh(&newest_alone, &client).unwrap()), "a");

    // A store that cannot be written is good enough for tokens that need no refresh.
    memory.is_read_only.store(true, Ordering::Relaxed);
    assert_eq!(access(&fresh(&rotated([9; 32]), &client).unwrap()), "a");
}
