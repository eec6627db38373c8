//! What `tests/bench/c/login.c` does through the C ABI and `tests/bench/kotlin/Bench.kt` through JNI, in Rust.

use std::ffi::c_void;
use std::hint::black_box;
use std::sync::LazyLock;

use proofkey::{Challenge, Client, Error, Provider, Response, Roundtrip as _, Step};

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").expect("a provider");
    let client = Client::new(provider, "my-app").expect("a client");
    client.with_redirect_uri("https://client.example/cb").expect("a redirect URI")
});

/// One login without a network; 1 if it ended in the right tokens.
#[unsafe(no_mangle)]
pub extern "C" fn rust_login() -> i32 {
    login().is_ok_and(|is_right| is_right).into()
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

fn login() -> Result<bool, Error> {
    let login = CLIENT.authorize().scope("files.read").state("af0ifjsldkj").begin(1_700_000_000)?;
    black_box(login.url());
    let callback = "https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=af0ifjsldkj";
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
