//! The transport against servers that misbehave: each gets one request at most, and the error says whether it got one.
#![cfg(feature = "http")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use proofkey::{Client, Error, ErrorKind, Login, Provider, Tokens, Transport, now};

/// Serves connections on loopback until the test ends. Returns its address and how many requests it has seen.
fn serve(answer: fn(TcpStream)) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if read_request(&mut stream) {
                seen.fetch_add(1, Ordering::SeqCst);
                answer(stream);
            }
        }
    });
    (address, requests)
}

/// Reads one request to its end.
fn read_request(stream: &mut TcpStream) -> bool {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&chunk[..read]),
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            assert!(text.starts_with("POST /token HTTP/1.1\r\n") && body.contains("code_verifier="));
            assert!(head.contains("\r\naccept: application/json\r\n") && !head.contains("\r\ncookie:"));
            return true;
        }
    }
}

fn begin(address: &str) -> Result<(Client, Login), Error> {
    let provider = Provider::new("https://as.example/authorize", format!("http://{address}/token"))?;
    let client = Client::new(provider, "app")?.redirect_uri("https://client.example/cb")?;
    let login = client.authorize().state("s").begin(now())?;
    Ok((client, login))
}

fn finish(address: &str) -> Result<Tokens, Error> {
    let (client, login) = begin(address)?;
    Ok(client.finish(login, "https://client.example/cb?code=c&state=s", &Transport::new())?)
}

/// One request, one named error, which says that the request was sent.
fn check(answer: fn(TcpStream), kind: ErrorKind) {
    let (address, requests) = serve(answer);
    let error = finish(&address).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (kind, true));
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn a_straight_answer() {
    let (address, requests) = serve(|mut stream| {
        let body = r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}"#;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
        write!(stream, "{head} {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let tokens = finish(&address).unwrap();
    assert_eq!(tokens.access_token().expose(), "2YotnFZFEjr1zCsicMWpAA");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    // `localhost` is loopback without a look-up.
    assert!(finish(&address.replace("127.0.0.1", "localhost")).is_ok());
}

#[test]
fn nobody_listens_yet() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    drop(taken);
    let (client, login) = begin(&address).unwrap();
    let callback = "https://client.example/cb?code=c&state=s";
    let refusal = client.finish(login, callback, &Transport::new()).unwrap_err();
    assert_eq!((refusal.error.kind(), refusal.error.request_sent()), (ErrorKind::ConnectFailed, false));
    // Nothing was sent, so that the hint "try again later" must hold.
    let login = *refusal.login.unwrap();
    assert!(login.accept(callback, now()).is_ok());
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
    for answer in redirects {
        check(answer, ErrorKind::AnswerRedirect);
    }
}

fn redirect(mut stream: TcpStream, status: u16) {
    // To itself: were it followed, this server would see a second request.
    let own = stream.local_addr().unwrap();
    write!(stream, "HTTP/1.1 {status} X\r\nLocation: http://{own}/token\r\nContent-Length: 0\r\n\r\n").unwrap();
}

#[test]
fn an_error_page_is_an_answer() {
    check(
        |mut stream| {
            stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\noops")
                .unwrap();
        },
        ErrorKind::AnswerStatus,
    );
}

#[test]
fn closed_before_the_answer() {
    check(|stream| stream.shutdown(Shutdown::Both).unwrap(), ErrorKind::AnswerInterrupted);
}

#[test]
fn closed_within_the_body() {
    check(
        |mut stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":").unwrap(),
        ErrorKind::AnswerInterrupted,
    );
}

#[test]
fn garbage() {
    check(|mut stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").unwrap(), ErrorKind::AnswerMalformed);
}

#[test]
fn a_body_without_end() {
    check(
        |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
            while stream.write_all(&[b' '; 65536]).is_ok() {}
        },
        ErrorKind::AnswerTooLarge,
    );
}

#[test]
fn headers_without_end() {
    check(
        |mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").is_ok() {}
        },
        ErrorKind::AnswerMalformed,
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
    let client = Client::new(provider, "app").unwrap().redirect_uri("https://client.example/cb").unwrap();
    let login = client.authorize().state("s").begin(0).unwrap();
    let exchange = login.accept("https://client.example/cb?code=c&state=s", 0).unwrap();
    let error = Transport::new().send(exchange.request()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::TlsFailed, false));
}
