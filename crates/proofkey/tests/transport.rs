//! The transport against servers that misbehave: each gets at most one request, and the error says whether it got one.
#![cfg(feature = "http")]

#[path = "support/server.rs"]
mod server;

use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use proofkey::{Client, Endpoint, Error, ErrorKind, Login, Provider, Refusal, Roundtrip as _, Tokens, Transport, now};

use server::{Server, client, free_address, respond_with_json};

const CALLBACK: &str = "https://client.example/cb?code=c&state=s";

fn begin(address: &str) -> (Client, Login) {
    let client = client(address);
    let login = client.authorize().state("s").begin(now()).unwrap();
    (client, login)
}

fn finish(address: &str) -> Result<Tokens, Error> {
    let (client, login) = begin(address);
    Ok(client.finish(login, CALLBACK, &Transport::new())?)
}

fn assert_one_request(server: &Server) {
    let requests = server.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /token HTTP/1.1\r\n") && body.contains("code_verifier="), "{request}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("\r\naccept: application/json\r\n") && !head.contains("\r\ncookie:"), "{request}");
}

/// The server gets one request. The error is of this kind, and says that the request was sent.
fn check(respond: fn(TcpStream), kind: ErrorKind) {
    let server = Server::start(move |stream, _| respond(stream));
    let error = finish(&server.address).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (kind, true));
    assert_eq!(error.endpoint(), Some(Endpoint::Token));
    assert_one_request(&server);
}

#[test]
fn a_good_response() {
    let server = Server::start(|stream, _| {
        let body = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}"#;
        respond_with_json(stream, body);
    });
    let tokens = finish(&server.address).unwrap();
    assert_eq!(tokens.access_token().expose(), "2YotnFZFEjr1zCsicMWpAA");
    assert_one_request(&server);
    // `localhost` is loopback without a look-up.
    assert!(finish(&server.address.replace("127.0.0.1", "localhost")).is_ok());
}

#[test]
fn nobody_listens() {
    let (client, login) = begin(&free_address());
    let Refusal { error, login } = client.finish(login, CALLBACK, &Transport::new()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::ConnectFailed, false));
    assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Token), None));
    // The hint is "try again later": nothing was sent, so the same callback must still work.
    assert!(login.unwrap().accept(CALLBACK, now()).is_ok());
}

#[test]
fn redirects_are_not_followed() {
    let redirects: [fn(TcpStream); 5] = [
        |stream| redirect(stream, 301),
        |stream| redirect(stream, 302),
        |stream| redirect(stream, 303),
        |stream| redirect(stream, 307),
        |stream| redirect(stream, 308),
    ];
    for response in redirects {
        check(response, ErrorKind::ResponseRedirect);
    }
}

fn redirect(mut stream: TcpStream, status: u16) {
    // To itself: if it were followed, this server would see a second request.
    let own = stream.local_addr().unwrap();
    write!(stream, "HTTP/1.1 {status} X\r\nLocation: http://{own}/token\r\nContent-Length: 0\r\n\r\n").unwrap();
}

#[test]
fn an_error_page() {
    check(
        |mut stream| {
            stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\noops")
                .unwrap();
        },
        ErrorKind::ResponseStatus,
    );
}

#[test]
fn closed_before_the_response() {
    check(|stream| stream.shutdown(Shutdown::Both).unwrap(), ErrorKind::ResponseInterrupted);
}

#[test]
fn closed_within_the_body() {
    check(
        |mut stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":").unwrap(),
        ErrorKind::ResponseInterrupted,
    );
}

#[test]
fn garbage() {
    check(|mut stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").unwrap(), ErrorKind::ResponseMalformed);
}

#[test]
fn a_body_without_end() {
    check(
        |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            while stream.write_all(&[b' '; 65536]).is_ok() {}
        },
        ErrorKind::ResponseTooLarge,
    );
}

#[test]
fn headers_without_end() {
    check(
        |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").is_ok() {}
        },
        ErrorKind::ResponseMalformed,
    );
}

#[test]
fn no_tls_where_tls_belongs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let provider = Provider::new("https://as.example/authorize", format!("https://127.0.0.1:{port}/token")).unwrap();
    let client = Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
    let exchange = client.authorize().state("s").begin(0).unwrap().accept(CALLBACK, 0).unwrap();
    let error = Transport::new().send(exchange.request()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::TlsFailed, false));
}

#[test]
fn a_file_without_a_usable_certificate() {
    let not_base64 = "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "text", not_base64, no_certificate] {
        assert_eq!(Transport::with_roots(pem.as_bytes()).unwrap_err().kind(), ErrorKind::CaFileInvalid, "{pem}");
    }
}

#[test]
fn each_setting_leaves_the_others_as_they_are() {
    let settings = |transport: &Transport| (transport.is_public_only(), transport.timeout());
    let (three, day) = (Duration::from_secs(3), Duration::from_secs(86_400));
    let transport = Transport::new();
    assert_eq!(settings(&transport), (false, Duration::from_secs(10)));
    assert_eq!(settings(&transport.clone().with_timeout(three)), (false, three));
    assert_eq!(settings(&transport.clone().with_timeout(day)), (false, day));
    assert_eq!(settings(&transport.clone().with_timeout(Duration::MAX)), (false, day), "at most a day");
    assert_eq!(settings(&transport.clone().with_timeout(three).public_only()), (true, three));
    assert_eq!(settings(&transport.public_only().with_timeout(three)), (true, three));
}

#[test]
fn a_public_transport_goes_to_no_address_of_this_machine() {
    let server = Server::start(|_, _| panic!("one request too many"));
    let transport = Transport::new().public_only();
    assert_eq!(format!("{transport:?}"), "Transport { public_only: true, .. }");
    for host in ["127.0.0.1", "localhost"] {
        let (client, login) = begin(&server.address.replace("127.0.0.1", host));
        let refused = Error::from(client.finish(login, CALLBACK, &transport).unwrap_err());
        assert_eq!((refused.kind(), refused.request_sent()), (ErrorKind::AddressForbidden, false), "{host}");
    }
    assert!(server.requests().is_empty());
}
