//! No block that the flow frees still holds a secret: an allocator that looks into each block before it goes.
//!
//! Here, because this is the crate that may use `unsafe`, and an allocator needs it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proofkey::{Answer, Client, ErrorKind, Provider, SealKeys, Step, Verifier};

const VERIFIER: &str = "marker-verifier-marker-verifier-marker-verifier";
const CODE: &str = "marker-code-marker-code";
const ACCESS_TOKEN: &str = "marker-access-token-marker";
const EXTRA: &str = "marker-extra-marker";
const SECRET: &str = "marker-secret-marker-secret-marker-secret";
/// The key that sealed logins get from it, as `tests/vectors/make_seal.py` derives it.
const KEY: [u8; 32] = [
    0x26, 0xb4, 0xc3, 0x34, 0xd0, 0xba, 0x44, 0x62, 0x6c, 0xa4, 0xfa, 0xb9, 0xed, 0x6c, 0x7f, 0x10, 0xac, 0x05, 0x9c,
    0xd6, 0x40, 0x43, 0x69, 0xf5, 0x22, 0x51, 0x09, 0x47, 0x1f, 0x72, 0x80, 0x28,
];
const MARKERS: [&[u8]; 6] =
    [VERIFIER.as_bytes(), CODE.as_bytes(), ACCESS_TOKEN.as_bytes(), EXTRA.as_bytes(), SECRET.as_bytes(), &KEY];

struct Probe;

static LOOKS: AtomicBool = AtomicBool::new(false);
static FOUND: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];

// SAFETY: every call goes on to the system's allocator with what it was given.
unsafe impl GlobalAlloc for Probe {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`. Zeroed, so that the look below reads no uninitialised byte.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if LOOKS.load(Ordering::Relaxed) {
            // SAFETY: the block is still allocated, of this size, and was zeroed when it was.
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

/// How many freed blocks held each marker while `run` ran.
fn freed(run: impl FnOnce()) -> [usize; 6] {
    LOOKS.store(true, Ordering::Relaxed);
    run();
    LOOKS.store(false, Ordering::Relaxed);
    FOUND.each_ref().map(|found| found.swap(0, Ordering::Relaxed))
}

/// One test, since the allocator serves all threads of the program.
#[test]
fn nothing_secret_is_freed_as_it_is() {
    // The control: a plain String is not erased, and the probe sees it.
    assert_eq!(freed(|| drop(String::from(CODE))), [0, 1, 0, 0, 0, 0]);

    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let client = Client::new(provider, "app").unwrap().redirect_uri("https://client.example/cb").unwrap();
    let callback = format!("https://client.example/cb?state=s&code={CODE}");
    let body = format!(r#"{{"access_token":"{ACCESS_TOKEN}","nested":{{"list":["{EXTRA}"]}}}}"#);
    let begin = || {
        let verifier = Verifier::parse(VERIFIER.as_bytes()).unwrap();
        client.authorize().state("s").verifier(verifier).begin(0).unwrap()
    };

    let abandoned = freed(|| drop(begin()));
    assert_eq!(abandoned, [0; 6], "a login that nobody finished");

    let forged = freed(|| drop(begin().accept(callback.replace("state=s", "state=x").as_str(), 0)));
    // The replaced text is this test's own String.
    assert_eq!(forged, [0, 1, 0, 0, 0, 0], "a forged callback");

    let finished = freed(|| {
        let exchange = begin().accept(callback.as_str(), 0).unwrap();
        assert!(exchange.request().body().contains(VERIFIER));
        let answer = Answer::new(200, Some("application/json"), body.as_str());
        let Ok(Step::Done(tokens)) = exchange.receive(answer, 0) else { panic!("no tokens") };
        assert_eq!(tokens.access_token().expose(), ACCESS_TOKEN);
        assert!(tokens.extra("nested").is_some());
    });
    assert_eq!(finished, [0; 6], "a whole login");

    assert_eq!(freed(|| drop(KEY.to_vec())), [0, 0, 0, 0, 0, 1], "the control for the key");
    let sealed_and_resumed = freed(|| {
        let keys = SealKeys::new(SECRET).unwrap().older(SECRET).unwrap();
        let sealed = begin().seal(&keys, "context").unwrap();
        let resumed = client.resume(&sealed, &keys, "context", 0).unwrap();
        assert!(resumed.accept(callback.as_str(), 0).unwrap().request().body().contains(VERIFIER));
        assert_eq!(client.resume(&sealed, &keys, "other", 0).unwrap_err().kind(), ErrorKind::SealContext);
        assert_eq!(client.resume(&sealed, &keys, "context", 601).unwrap_err().kind(), ErrorKind::LoginExpired);
    });
    assert_eq!(sealed_and_resumed, [0; 6], "a sealed login");

    for (member, is_known) in [("access_token", true), ("nested", false)] {
        let body = body.replacen('{', &format!(r#"{{"{member}":"{ACCESS_TOKEN} {EXTRA}","#), 1);
        let repeated = freed(|| {
            let exchange = begin().accept(callback.as_str(), 0).unwrap();
            let answer = Answer::new(200, Some("application/json"), body.as_str());
            assert_eq!(exchange.receive(answer, 0).is_err(), is_known);
        });
        assert_eq!(repeated, [0; 6], "a member that came twice");
    }

    let refused = freed(|| {
        let exchange = begin().accept(callback.as_str(), 0).unwrap();
        let cut = body.get(..body.len() - 1).unwrap();
        assert!(exchange.receive(Answer::new(200, Some("application/json"), cut), 0).is_err());
    });
    // What serde_json had read before it met the end is its own to free, and is not erased.
    assert_eq!(refused[..2], [0; 2], "an answer that was cut off");
}
