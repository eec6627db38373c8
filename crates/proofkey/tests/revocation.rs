//! The revocation of tokens (RFC 7009): each in a request of its own, and what the server says about it.
#![cfg(feature = "http")]

#[path = "support/server.rs"]
mod server;

use std::io::Write as _;

use proofkey::{
    Client, Endpoint, Error, ErrorKind, Provider, Response, Roundtrip as _, Secret, Step, Tokens, Transport,
};

use server::Server;

const REVOKE_REFRESH: &str = "token=r&token_type_hint=refresh_token&client_id=app";
const REVOKE_ACCESS: &str = "token=a&token_type_hint=access_token&client_id=app";

fn client(revocation_endpoint: &str) -> Client {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    Client::new(provider.with_revocation_endpoint(revocation_endpoint).unwrap(), "app").unwrap()
}

fn tokens() -> Tokens {
    Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None)
}

/// What comes of a response to the first request.
fn received(status: u16, body: &str) -> Result<Step<String, ()>, Error> {
    let revocation = client("https://as.example/revoke").begin_revocation(&tokens()).unwrap();
    assert_eq!(
        (revocation.request().url(), revocation.request().body()),
        ("https://as.example/revoke", REVOKE_REFRESH)
    );
    match revocation.receive(Response::new(status, [], body), 0)? {
        Step::Send(next) => Ok(Step::Send(next.request().body().to_owned())),
        Step::Wait(..) => panic!("no reason to wait"),
        Step::Done(()) => Ok(Step::Done(())),
    }
}

#[test]
fn both_tokens_are_sent() {
    let server = Server::start(|mut stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    client(&format!("http://{}/revoke", server.address)).revoke(&tokens(), &Transport::new()).unwrap();
    let requests = server.requests();
    let bodies: Vec<_> = requests.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1).collect();
    assert_eq!(bodies, [REVOKE_REFRESH, REVOKE_ACCESS]);
    assert!(requests.iter().all(|request| request.starts_with("POST /revoke HTTP/1.1\r\n")), "{requests:?}");
}

#[test]
fn without_a_refresh_token_one_request_is_enough() {
    let tokens = Tokens::from_parts(Secret::new("a"), None, None, None);
    let revocation = client("https://as.example/revoke").begin_revocation(&tokens).unwrap();
    assert_eq!(revocation.request().body(), REVOKE_ACCESS);
    let Ok(Step::Done(())) = revocation.receive(Response::new(200, [], ""), 0) else { panic!("not revoked") };
}

#[test]
fn every_2xx_is_success_whatever_its_body() {
    for (status, body) in [(200, ""), (204, ""), (299, "<html>"), (200, r#"{"error":"server_error"}"#)] {
        let step = received(status, body);
        assert!(matches!(&step, Ok(Step::Send(next)) if next == REVOKE_ACCESS), "{status} {body}: {step:?}");
    }
}

#[test]
fn a_refusal_ends_it() {
    let unsupported = r#"{"error":"unsupported_token_type"}"#;
    for (status, body, kind, oauth) in [
        (400, unsupported, ErrorKind::TokenError, Some("unsupported_token_type")),
        (503, "", ErrorKind::ResponseStatus, None),
        (300, "", ErrorKind::ResponseRedirect, None),
        (199, "{}", ErrorKind::ResponseStatus, None),
    ] {
        let error = received(status, body).unwrap_err();
        assert_eq!((error.kind(), error.oauth().map(|oauth| oauth.error())), (kind, oauth), "{status}");
        assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Revocation), Some(status)));
        assert!(error.request_sent());
    }
}

#[test]
fn a_server_that_does_not_respond_is_an_error() {
    let endpoint = format!("http://{}/revoke", server::free_address());
    let error = client(&endpoint).revoke(&tokens(), &Transport::new()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::ConnectFailed, false));
}

#[test]
fn the_endpoint_must_be_known() {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let error = Client::new(provider, "app").unwrap().begin_revocation(&tokens()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::EndpointMissing);
}
