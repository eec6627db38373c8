//! What the handles add to the flow: they are used once, lend what they hold, and fail without losing anything. The
//! tests in C run all of their functions.

use proofkey_handles::{Client, ErrorKind, Exchange, Login, Provider, Refused, Response, SealKeys};

const CALLBACK: &str = "https://client.example/cb?code=c&state=s";
const TOKENS: &str = r#"{"access_token":"a","token_type":"Bearer","refresh_token":"r"}"#;

fn client() -> Client {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let client = Client::new(&provider, "my-app").unwrap();
    client.set_redirect_uri("https://client.example/cb").unwrap();
    client
}

fn login() -> Login {
    let authorize = client().authorize(Some("files.read"));
    authorize.set_state("s").unwrap();
    let login = authorize.begin(0).unwrap();
    assert_eq!(authorize.begin(0).err(), Some(ErrorKind::LoginAlreadyUsed.into()));
    assert_eq!(authorize.set_data("x").err(), Some(ErrorKind::LoginAlreadyUsed.into()));
    login
}

fn receive(exchange: &Exchange, status: i32, body: &str) -> Result<(), Refused> {
    let response = Response::new();
    response.set_status(status).unwrap();
    response.add_body(body.as_bytes()).unwrap();
    exchange.receive(&response, 0)
}

#[test]
fn a_forged_callback_leaves_a_login_pending_and_the_real_one_uses_it_up() {
    let login = login();
    let forged = login.accept("https://client.example/cb?code=c&state=x", 0).err();
    assert_eq!(forged, Some(ErrorKind::StateMismatch.into()));
    assert!(login.is_pending() && login.error().is_none());
    let exchange = login.accept(CALLBACK, 0).unwrap();
    assert!(!login.is_pending() && login.error().is_none());
    assert_eq!(login.accept(CALLBACK, 0).err(), Some(ErrorKind::LoginAlreadyUsed.into()));
    assert_eq!(login.seal(&SealKeys::new(&[7; 32]).unwrap(), "").err(), Some(ErrorKind::LoginAlreadyUsed.into()));
    assert_eq!(exchange.tokens().err(), Some(Refused::ResultAbsent));
    receive(&exchange, 200, TOKENS).unwrap();
    assert_eq!(exchange.tokens().unwrap().refresh_token_expose().unwrap().as_bytes_with_nul(), b"r\0");
    assert_eq!(receive(&exchange, 200, TOKENS), Err(ErrorKind::LoginAlreadyUsed.into()));
    assert!(exchange.tokens().is_ok() && exchange.url().is_none());
}

#[test]
fn a_login_that_the_server_refused_has_its_words() {
    let login = login();
    let denied = login.accept("https://client.example/cb?error=access_denied&state=s", 0).err();
    assert_eq!(denied, Some(ErrorKind::AuthorizationError.into()));
    assert_eq!(login.error().unwrap().oauth_error().unwrap().as_bytes(), b"access_denied");
}

#[test]
fn a_failed_exchange_keeps_its_error() {
    let exchange = login().accept(CALLBACK, 0).unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&exchange, 400, r#"{"error":"invalid_grant"}"#), Err(ErrorKind::TokenError.into()));
        assert_eq!(exchange.tokens().err(), Some(ErrorKind::TokenError.into()));
        assert_eq!(exchange.error().unwrap().http_status(), Some(400));
    }
}

#[test]
fn a_setter_that_fails_changes_nothing() {
    let keys = SealKeys::new(&[7; 32]).unwrap();
    assert_eq!(keys.add_older(b"short").err(), Some(ErrorKind::SecretWeak.into()));
    let sealed = login().seal(&keys, "context").unwrap();
    assert!(client().resume(&sealed, &keys, "context", 0).is_ok());
    let provider = Provider::github().unwrap();
    assert_eq!(provider.add_quirk("none"), Err(Refused::QuirkUnknown));
    assert!(provider.set_issuer("ftp://as.example").is_err());
    assert_eq!(provider.issuer().unwrap().as_bytes(), b"https://github.com/login/oauth");
}
