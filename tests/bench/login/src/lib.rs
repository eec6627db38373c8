//! What `tests/bench/c/login.c` and `tests/bench/swift` do through the C ABI and `tests/bench/kotlin/Bench.kt` through
//! JNI, in Rust.

use std::ffi::c_void;
use std::hint::black_box;
use std::sync::LazyLock;

use proofkey::{Challenge, Client, Error, Provider, Response, Roundtrip as _, Step, Verifier};

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").expect("a provider");
    let client = Client::new(provider, "my-app").expect("a client");
    client.with_redirect_uri("https://client.example/cb").expect("a redirect URI")
});

/// One login without a network; 1 if it ended in the right tokens.
#[unsafe(no_mangle)]
pub extern "C" fn rust_login() -> i32 {
    login(Some("af0ifjsldkj")).is_ok_and(|is_right| is_right).into()
}

/// So many logins; how many ended in the right tokens. A native of a class of Kotlin, which passes two pointers.
#[unsafe(no_mangle)]
pub extern "C" fn Java_dev_proofkey_InRust_logins(_env: *mut c_void, _class: *mut c_void, times: i32) -> i32 {
    (0..times).map(|_| rust_login()).sum()
}

/// So many challenges; how many were right.
#[unsafe(no_mangle)]
pub extern "C" fn Java_dev_proofkey_InRust_challenges(_env: *mut c_void, _class: *mut c_void, times: i32) -> i32 {
    let is_right = |_: &i32| {
        let challenge = Challenge::s256(black_box(b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        challenge.is_ok_and(|challenge| challenge.as_str() == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    };
    (0..times).filter(is_right).count().try_into().unwrap_or(0)
}

/// The same with a fresh state, which the callback gets from the authorization URL.
#[unsafe(no_mangle)]
pub extern "C" fn rust_login_with_its_state() -> i32 {
    login(None).is_ok_and(|is_right| is_right).into()
}

/// Writes the 43 bytes of the S256 challenge; 1 if the verifier is one.
///
/// # Safety
///
/// `verifier` points to `len` bytes, and `challenge` to 43 that can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rust_challenge(verifier: *const u8, len: usize, challenge: *mut u8) -> i32 {
    let (verifier, out) =
        unsafe { (std::slice::from_raw_parts(verifier, len), std::slice::from_raw_parts_mut(challenge, 43)) };
    let Ok(verifier) = Verifier::parse(verifier) else { return 0 };
    out.copy_from_slice(verifier.challenge().as_str().as_bytes());
    1
}

fn login(state: Option<&str>) -> Result<bool, Error> {
    let authorize = CLIENT.authorize().scope("files.read");
    let login = match state {
        Some(state) => authorize.state(state),
        None => authorize,
    }
    .begin(1_700_000_000)?;
    let url = black_box(login.url());
    let state =
        state.unwrap_or_else(|| url.split("&state=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or(""));
    let callback = format!("https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state={state}");
    let exchange = login.accept(callback, 1_700_000_000)?;
    let request = exchange.request();
    black_box((request.method(), request.url(), request.body()));
    for header in request.headers() {
        black_box(header);
    }
    let body = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","scope":"files.read"}"#;
    let response = Response::new(200, [("Content-Type", "application/json")], body);
    let Step::Done(tokens) = exchange.receive(response, 1_700_000_000)? else { return Ok(false) };
    black_box((tokens.refresh_token(), tokens.scope()));
    Ok(tokens.access_token().expose() == "2YotnFZFEjr1zCsicMWpAA" && tokens.expires_at() == Some(1_700_003_600))
}
