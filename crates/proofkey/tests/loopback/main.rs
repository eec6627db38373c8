//! Loopback logins, with a browser that behaves, and with everything else that may connect to the port.
#![cfg(feature = "http")]

mod example;
mod server;

use std::cell::{Cell, RefCell};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use proofkey::{Authorize, Client, Error, ErrorKind, Tokens};

use server::{Server, cut, exchange, form, get, sign_in, status};

/// Runs a login. `browse` is the browser: it gets the callback URL, in a thread of its own. Returns the outcome of the
/// login, what `browse` returned, and the progress that was reported.
fn login<T: Send + 'static>(
    server: &Server,
    client: &Client,
    browse: impl FnOnce(String) -> T + Send + 'static,
) -> (Result<Tokens, Error>, T, String) {
    login_for(server, client, "files.read", browse)
}

fn login_for<T: Send + 'static>(
    server: &Server,
    client: &Client,
    scope: &str,
    browse: impl FnOnce(String) -> T + Send + 'static,
) -> (Result<Tokens, Error>, T, String) {
    let browser: Cell<Option<JoinHandle<T>>> = Cell::new(None);
    let said = RefCell::new(String::new());
    let open = |url: &str| {
        let url = url.to_owned();
        browser.set(Some(thread::spawn(move || browse(sign_in(&url)))));
        true
    };
    let outcome = client
        .authorize()
        .scope(scope)
        .login_with_browser(&server.transport)
        .timeout(Duration::from_secs(20))
        .browser(open)
        .progress(|line| *said.borrow_mut() += &format!("{line}\n"))
        .run();
    (outcome, browser.take().unwrap().join().unwrap(), said.into_inner())
}

#[test]
fn a_login() {
    let server = Server::start();
    let (tokens, (page, url), said) = login(&server, &server.client(), |url| (get(&url), url));
    assert_eq!(tokens.unwrap().access_token().expose(), "the-token");
    assert_eq!(server.exchanges(), 1);

    let (address, target) = cut(&url);
    assert!(address.starts_with("127.0.0.1:") && target.starts_with("/callback?code="));
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    for header in [
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ] {
        assert!(page.contains(&format!("\r\n{header}\r\n")), "{header}");
    }
    let body = page.split_once("\r\n\r\n").unwrap().1;
    assert!(page.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));

    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with(&format!("Open this URL to sign in: {}/authorize?", server.issuer)));
    assert!(lines[1].starts_with(&format!("waiting for the browser on http://{address}/callback")));
    assert_eq!((lines[2], lines.len()), ("signed in", 3));
    // This server's code is the challenge, which the URL in the first line contains.
    let state = form(target.split_once('?').unwrap().1).remove("state").unwrap();
    let echoed = ["code=", "the-token", "code_verifier"].iter().any(|secret| lines[1..].concat().contains(secret));
    assert!(!echoed && !said.contains("the-token") && !page.contains(&state) && !said.contains("code_verifier"));
}

#[test]
fn the_page_comes_before_the_exchange_and_the_port_is_closed_by_then() {
    let server = Server::start_slow(Duration::from_millis(600));
    let (tokens, (page, took, again), _) = login(&server, &server.client(), |url| {
        let started = Instant::now();
        let page = get(&url);
        let took = started.elapsed();
        sleep(Duration::from_millis(200));
        (page, took, TcpStream::connect(cut(&url).0))
    });
    assert_eq!(status(&page), "200");
    assert!(took < Duration::from_millis(400), "{took:?}");
    assert!(again.is_err(), "a second hit finds nobody");
    assert!(tokens.is_ok());
    assert_eq!(server.exchanges(), 1);
}

#[test]
fn the_port_is_open_while_the_login_lasts_and_no_longer() {
    let server = Server::start();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = server.client().with_redirect_uri(format!("http://{free}/cb")).unwrap();
    let pending =
        client.authorize().login_with_browser(&server.transport).timeout(Duration::from_millis(300)).progress(|_| ());
    assert!(TcpStream::connect(free).is_err(), "closed before");
    let open = Cell::new(false);
    let started = Instant::now();
    let browser = |_: &str| {
        open.set(TcpStream::connect(free).is_ok());
        true
    };
    let outcome = pending.browser(browser).run();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::LoginExpired);
    assert!(open.get(), "open meanwhile");
    assert!((300..1500).contains(&started.elapsed().as_millis()), "{:?}", started.elapsed());
    assert!(TcpStream::connect(free).is_err(), "closed after");
    assert_eq!(server.exchanges(), 0);
}

#[test]
fn idle_connections_do_not_delay_the_callback() {
    let server = Server::start();
    let (tokens, (took, _idle), _) = login(&server, &server.client(), |url| {
        let mut idle: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(cut(&url).0).unwrap()).collect();
        // Half of them have sent the beginning of a request.
        for stream in idle.iter_mut().step_by(2) {
            stream.write_all(b"GET /callback?code=").unwrap();
        }
        let started = Instant::now();
        assert_eq!(status(&get(&url)), "200");
        (started.elapsed(), idle)
    });
    assert!(tokens.is_ok());
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn more_idle_connections_than_are_kept_do_not_delay_the_callback() {
    let server = Server::start();
    let (tokens, (oldest, page), _) = login(&server, &server.client(), |url| {
        let mut idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(cut(&url).0).unwrap()).collect();
        // The oldest are closed to make room, long before their two seconds are over.
        idle[0].set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let oldest = idle[0].read(&mut [0; 1]).map_err(|error| error.kind());
        (oldest, get(&url))
    });
    assert_eq!((tokens.is_ok(), status(&page), oldest), (true, "200", Ok(0)));
}

#[test]
fn a_refused_request_is_read_to_its_end() {
    let server = Server::start();
    let (tokens, (response, written), _) = login(&server, &server.client(), |url| {
        let (address, target) = cut(&url);
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\n\r\na=b").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        // If the server had closed the connection, the first part would cause a reset and the second would fail.
        let written = ["&c=", "d&e"].map(|part| {
            sleep(Duration::from_millis(50));
            stream.write_all(part.as_bytes()).is_ok()
        });
        get(&url);
        (response, written)
    });
    assert_eq!((tokens.is_ok(), status(&response), written), (true, "405", [true, true]));
}

#[test]
fn an_idle_connection_is_closed_after_two_seconds() {
    let server = Server::start();
    let (tokens, took, _) = login(&server, &server.client(), |url| {
        let started = Instant::now();
        assert_eq!(exchange(cut(&url).0, b"GET /callback"), "");
        let took = started.elapsed();
        get(&url);
        took
    });
    assert!(tokens.is_ok());
    assert!((1900..3000).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn nothing_else_that_comes_is_used() {
    let server = Server::start();
    let (tokens, (responses, page), _) = login(&server, &server.client(), |url| {
        let (address, target) = cut(&url);
        let right = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n");
        let attempts: Vec<(Vec<u8>, &str)> = vec![
            (format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n").into(), "404"),
            (format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", &address[10..]).into(), "404"),
            (format!("GET {target} HTTP/1.1\r\n\r\n").into(), "404"),
            (format!("GET /{target} HTTP/1.1\r\nHost: {address}\r\n\r\n").into(), "404"),
            (format!("GET http://{address}{target} HTTP/1.1\r\nHost: {address}\r\n\r\n").into(), "404"),
            (format!("GET /favicon.ico HTTP/1.1\r\nHost: {address}\r\n\r\n").into(), "404"),
            (format!("HEAD {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").into(), "405"),
            (format!("OPTIONS {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").into(), "405"),
            (format!("POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 3\r\n\r\na=b").into(), "405"),
            (format!("{right}Sec-Purpose: prefetch;prerender\r\n\r\n").into(), "503"),
            (format!("{right}Purpose: prefetch\r\n\r\n").into(), "503"),
            (format!("{right}X-Moz: prefetch\r\n\r\n").into(), "503"),
            (format!("{right}Host: {address}\r\n\r\n").into(), "400"),
            (format!("{right}X: {}\r\n\r\n", "a".repeat(70_000)).into(), "431"),
            (vec![b'A'; 65_537], "431"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01".to_vec(), "400"),
            (vec![0; 100_000], "400"),
            (b"GET \xff\xfe HTTP/1.1\r\n\r\n".to_vec(), "400"),
            (b"QUIT\r\n\r\n".to_vec(), "400"),
            (b"GET / HTTP/1.1\n\n".to_vec(), "none"),
            (Vec::new(), "none"),
        ];
        let responses: Vec<(String, &str)> =
            attempts.into_iter().map(|(request, expected)| (exchange(address, &request), expected)).collect();
        (responses, get(&url))
    });
    for (number, (response, expected)) in responses.iter().enumerate() {
        assert_eq!(&status(response), expected, "attempt {number}: {response}");
        assert!(*expected == "none" || response.contains("\r\nCache-Control: no-store\r\n"));
    }
    assert_eq!((tokens.is_ok(), status(&page)), (true, "200"));
    assert_eq!(server.exchanges(), 1);
}

#[test]
fn a_response_to_another_login_is_refused_and_the_wait_goes_on() {
    let server = Server::start();
    let (tokens, responses, _) = login(&server, &server.client(), |url| {
        let state = form(url.split_once('?').unwrap().1).remove("state").unwrap();
        let forged = [
            url.replace(&state, "guess"),
            url.replace(&format!("&state={state}"), ""),
            url.replace("&iss=http", "&iss=https"),
            url.split_once("&iss=").unwrap().0.to_owned(),
            format!("{url}&state={state}"),
            url.split_once('?').unwrap().0.to_owned(),
            format!("{}?error=access_denied&state=guess<script>", url.split_once('?').unwrap().0),
            format!("{url}&x=%zz"),
        ];
        let responses: Vec<String> = forged.iter().map(|url| get(url)).collect();
        (responses, get(&url))
    });
    for response in &responses.0 {
        assert_eq!(status(response), "400");
        assert!(!response.contains("script") && !response.contains("guess"), "{response}");
    }
    assert_eq!((tokens.is_ok(), status(&responses.1)), (true, "200"));
    assert_eq!(server.exchanges(), 1);
}

#[test]
fn a_refusal_by_the_user_ends_the_login() {
    let server = Server::start();
    let (outcome, page, said) = login_for(&server, &server.client(), "refused", |url| get(&url));
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AuthorizationError);
    assert_eq!(error.oauth().unwrap().error(), "access_denied");
    assert_eq!(status(&page), "400");
    assert!(page.contains("refused") && !page.contains("access_denied") && !said.contains("signed in"));
    assert_eq!(server.exchanges(), 0);
}

#[test]
fn nobody_listens_at_another_address() {
    let server = Server::start();
    let (tokens, others, _) = login(&server, &server.client(), |url| {
        let port = cut(&url).0.rsplit_once(':').unwrap().1.to_owned();
        let mut others = vec![TcpStream::connect(format!("[::1]:{port}")).is_err()];
        if cfg!(target_os = "linux") {
            others.push(TcpStream::connect(format!("127.0.0.2:{port}")).is_err());
        }
        get(&url);
        others
    });
    assert!(tokens.is_ok() && others.iter().all(|refused| *refused), "{others:?}");
}

#[test]
fn ipv6_and_another_path() {
    let server = Server::start();
    let client = server.client().with_redirect_uri("http://[::1]/signed/in").unwrap();
    let (tokens, (page, url), _) = login(&server, &client, |url| (get(&url), url));
    assert_eq!((tokens.is_ok(), status(&page)), (true, "200"));
    assert!(url.starts_with("http://[::1]:") && cut(&url).1.starts_with("/signed/in?"), "{url}");
}

#[test]
fn localhost_is_served_at_both_addresses() {
    let server = Server::start();
    let client = server.client().with_redirect_uri("http://localhost:0/cb").unwrap();
    let (tokens, pages, _) = login(&server, &client, |url| {
        let (host, target) = cut(&url);
        let request = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let first = exchange(&host.replace("localhost", "127.0.0.1"), request("/cb").as_bytes());
        (first, exchange(&host.replace("localhost", "[::1]"), request(target).as_bytes()))
    });
    assert!(tokens.is_ok());
    assert_eq!((status(&pages.0), status(&pages.1)), ("400", "200"));
}

#[test]
fn a_taken_port_and_a_redirect_uri_elsewhere() {
    let server = Server::start();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("http://{}/cb", held.local_addr().unwrap());
    for (redirect_uri, kind, hint) in [
        (taken.as_str(), ErrorKind::ConnectFailed, "cannot listen on"),
        ("https://client.example/cb", ErrorKind::RedirectUriNotLoopback, ""),
        ("https://127.0.0.1/cb", ErrorKind::RedirectUriNotLoopback, ""),
    ] {
        let client = server.client().with_redirect_uri(redirect_uri).unwrap();
        let mut said = String::new();
        let login = client.authorize().login_with_browser(&server.transport);
        let login = login.browser(|_| panic!("too early")).progress(|line| said += line);
        assert_eq!(login.run().unwrap_err().kind(), kind);
        assert!(said.starts_with(hint) && said.is_empty() == hint.is_empty(), "{said}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_before_the_browser_opens() {
    let server = Server::start();
    let client = server.client();
    let kind = |request: Authorize| {
        let login = request.login_with_browser(&server.transport).browser(|_| panic!("too early")).progress(|_| ());
        login.run().unwrap_err().kind()
    };
    assert_eq!(kind(client.authorize().scope("a  b")), ErrorKind::ScopeInvalid);
    assert_eq!(kind(client.authorize().extra("state", "s")), ErrorKind::ParameterReserved);
}

#[test]
fn what_is_asked_for_arrives() {
    let server = Server::start();
    let client = server.client();
    let mut url = String::new();
    let request = client.authorize().prompt("login").login_hint("ada").extra("x", "y");
    let login = request.login_with_browser(&server.transport).progress(|_| ());
    let browser = |to: &str| {
        url = to.to_owned();
        true
    };
    let outcome = login.browser(browser).timeout(Duration::ZERO).run();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::LoginExpired);
    assert!(url.ends_with("&prompt=login&login_hint=ada&x=y"), "{url}");
}

#[test]
fn the_hook_is_called_often_and_ends_the_login() {
    let server = Server::start();
    let client = server.client();
    let mut calls = Vec::new();
    let hook = || {
        calls.push(Instant::now());
        if calls.len() < 8 { Ok(()) } else { Err(ErrorKind::LoginLost.into()) }
    };
    let login = client.authorize().login_with_browser(&server.transport).no_browser().progress(|_| ());
    let outcome = login.while_waiting(hook).run();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::LoginLost);
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] <= Duration::from_millis(200)));
    // It waits instead of spinning.
    assert!(calls[7] - calls[0] >= Duration::from_millis(100));
}

#[test]
fn two_logins_at_a_time() {
    let server = Arc::new(Server::start());
    let both = Arc::new(Barrier::new(2));
    let logins = [0, 1].map(|_| {
        let (server, both) = (Arc::clone(&server), Arc::clone(&both));
        thread::spawn(move || {
            let (tokens, page, _) = login(&server, &server.client(), move |url| {
                both.wait();
                get(&url)
            });
            (tokens.is_ok(), page)
        })
    });
    for login in logins {
        let (signed_in, page) = login.join().unwrap();
        assert_eq!((signed_in, status(&page)), (true, "200"));
    }
}
