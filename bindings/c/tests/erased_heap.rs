//! No block that the flow frees still contains a secret. An allocator looks into each block before it is freed.
//!
//! The test is here because an allocator needs `unsafe`, which the flow's own crate forbids.

use std::alloc::{GlobalAlloc, Layout, System};
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proofkey::{Client, ErrorKind, Provider, Response, Roundtrip as _, SealKeys, Step, Verifier};

const VERIFIER: &str = "marker-verifier-marker-verifier-marker-verifier";
const CODE: &str = "marker-code-marker-code";
const ACCESS_TOKEN: &str = "marker-access-token-marker";
const EXTRA: &str = "marker-extra-marker";
const SECRET: &str = "marker-secret-marker-secret-marker-secret";
/// The sealing key that is derived from `SECRET`, as `tests/vectors/make_seal.py` derives it.
const KEY: [u8; 32] = [
    0x26, 0xb4, 0xc3, 0x34, 0xd0, 0xba, 0x44, 0x62, 0x6c, 0xa4, 0xfa, 0xb9, 0xed, 0x6c, 0x7f, 0x10, 0xac, 0x05, 0x9c,
    0xd6, 0x40, 0x43, 0x69, 0xf5, 0x22, 0x51, 0x09, 0x47, 0x1f, 0x72, 0x80, 0x28,
];
const MARKERS: [&[u8]; 6] =
    [VERIFIER.as_bytes(), CODE.as_bytes(), ACCESS_TOKEN.as_bytes(), EXTRA.as_bytes(), SECRET.as_bytes(), &KEY];

struct Probe;

static LOOKS: AtomicBool = AtomicBool::new(false);
static FOUND: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];

// SAFETY: every call is passed on to the system's allocator with the same arguments.
unsafe impl GlobalAlloc for Probe {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`. Zeroed, so that `dealloc` reads no uninitialised byte.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKS.load(Ordering::Relaxed) {
            // SAFETY: the block is still allocated and has this size, and `alloc` zeroed it.
            let bytes = unsafe { slice::from_raw_parts(block, layout.size()) };
            for (marker, found) in MARKERS.iter().zip(&FOUND) {
                if bytes.windows(marker.len()).any(|window| window == *marker) {
                    found.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Probe = Probe;

/// How many of the blocks that `run` freed contained each marker.
fn freed(run: impl FnOnce()) -> [usize; 6] {
    LOOKS.store(true, Ordering::Relaxed);
    run();
    LOOKS.store(false, Ordering::Relaxed);
    FOUND.each_ref().map(|found| found.swap(0, Ordering::Relaxed))
}

/// A single test, because the allocator serves all threads of the program.
#[test]
fn secrets_are_erased_before_they_are_freed() {
    // The control: a String is not erased, and the probe finds it.
    assert_eq!(freed(|| drop(String::from(CODE))), [0, 1, 0, 0, 0, 0]);

    // A new one each time: a client remembers which logins it has used.
    let client = || {
        let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
        Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap()
    };
    let callback = format!("https://client.example/cb?state=s&code={CODE}");
    let body = format!(r#"{{"access_token":"{ACCESS_TOKEN}","nested":{{"list":["{EXTRA}"]}}}}"#);
    let begin = || {
        let verifier = Verifier::parse(VERIFIER.as_bytes()).unwrap();
        client().authorize().state("s").verifier(verifier).begin(0).unwrap()
    };

    let abandoned = freed(|| drop(begin()));
    assert_eq!(abandoned, [0; 6], "an abandoned login");

    let forged = freed(|| drop(begin().accept(callback.replace("state=s", "state=x").as_str(), 0)));
    // The one found is this test's own String.
    assert_eq!(forged, [0, 1, 0, 0, 0, 0], "a forged callback");

    let finished = freed(|| {
        let exchange = begin().accept(callback.as_str(), 0).unwrap();
        assert!(exchange.request().body().contains(VERIFIER));
        let response = Response::new(200, [("Content-Type", "application/json")], body.as_str());
        let Ok(Step::Done(tokens)) = exchange.receive(response, 0) else { panic!("no tokens") };
        assert_eq!(tokens.access_token().expose(), ACCESS_TOKEN);
        assert!(tokens.extra("nested").is_some());
    });
    assert_eq!(finished, [0; 6], "a whole login");

    assert_eq!(freed(|| drop(KEY.to_vec())), [0, 0, 0, 0, 0, 1], "the control for the key");
    let sealed_and_resumed = freed(|| {
        let keys = SealKeys::new(SECRET).unwrap().with_older(SECRET).unwrap();
        let sealed = begin().seal(&keys, "context").unwrap();
        let resumed = client().resume(&sealed, &keys, "context", 0).unwrap();
        assert!(resumed.accept(callback.as_str(), 0).unwrap().request().body().contains(VERIFIER));
        assert_eq!(client().resume(&sealed, &keys, "other", 0).unwrap_err().kind(), ErrorKind::SealContext);
        assert_eq!(client().resume(&sealed, &keys, "context", 601).unwrap_err().kind(), ErrorKind::LoginExpired);
    });
    assert_eq!(sealed_and_resumed, [0; 6], "a sealed login");

    for (member, is_known) in [("access_token", true), ("nested", false)] {
        let body = body.replacen('{', &format!(r#"{{"{member}":"{ACCESS_TOKEN} {EXTRA}","#), 1);
        let repeated = freed(|| {
            let exchange = begin().accept(callback.as_str(), 0).unwrap();
            let response = Response::new(200, [("Content-Type", "application/json")], body.as_str());
            assert_eq!(exchange.receive(response, 0).is_err(), is_known);
        });
        assert_eq!(repeated, [0; 6], "a member that came twice");
    }

    let handles = freed(through_handles);
    assert_eq!(handles, [0; 6], "a whole login through handles, with all that they lend");

    let refused = freed(|| {
        let exchange = begin().accept(callback.as_str(), 0).unwrap();
        let cut = body.get(..body.len() - 1).unwrap();
        assert!(exchange.receive(Response::new(200, [("Content-Type", "application/json")], cut), 0).is_err());
    });
    // serde_json does not erase the values that it had read before the text ended.
    assert_eq!(refused[..2], [0; 2], "a response that was cut off");
}

/// A login by the handles of C, which are asked for every secret, and receive a body in pieces.
fn through_handles() {
    use proofkey_handles::{Client, Provider, Response, SealKeys};

    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let client = Client::new(&provider, "app").unwrap();
    client.set_redirect_uri("https://client.example/cb").unwrap();
    client.set_secret_basic(SECRET).unwrap();
    let authorize = client.authorize(None);
    authorize.set_state("s").unwrap();
    authorize.set_verifier(VERIFIER).unwrap();
    let login = authorize.begin(0).unwrap();
    let keys = SealKeys::new(SECRET.as_bytes()).unwrap();
    keys.add_older(SECRET.as_bytes()).unwrap();
    let sealed = login.seal(&keys, "context").unwrap();
    let login = client.resume(&sealed, &keys, "context", 0).unwrap();
    let callback = zeroize::Zeroizing::new(format!("https://client.example/cb?state=s&code={CODE}"));
    let exchange = login.accept(&callback, 0).unwrap();
    assert!(exchange.body_expose().is_some() && exchange.header_expose(2).is_some());
    let response = Response::new();
    response.set_status(200).unwrap();
    for piece in ["{\"access_token\":\"", ACCESS_TOKEN, "\",\"nested\":{\"list\":[\"", EXTRA, "\"]}}"] {
        response.add_body(piece.as_bytes()).unwrap();
    }
    exchange.receive(&response, 0).unwrap();
    let tokens = exchange.tokens().unwrap();
    assert_eq!(tokens.access_token_expose().unwrap().as_bytes(), ACCESS_TOKEN.as_bytes());
    assert!(tokens.extra_expose("nested").is_some());
}
