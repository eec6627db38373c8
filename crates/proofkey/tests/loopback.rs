//! Loopback logins, with a browser that behaves and with everything else that may come to the port.
#![cfg(feature = "http")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use proofkey::{Client, ErrorKind, Provider, Tokens, Transport, Verifier};

/// An authorization server that consents at once, unless the scope is `refused`. Its codes are the challenges.
struct Server {
    issuer: String,
    exchanges: Arc<AtomicUsize>,
    transport: Transport,
}

impl Server {
    fn start() -> Self {
        Self::start_slow(Duration::ZERO)
    }

    fn start_slow(exchange: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let exchanges = Arc::new(AtomicUsize::new(0));
        let (own, counter) = (issuer.clone(), Arc::clone(&exchanges));
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &own, &counter, exchange);
            }
        });
        Self { issuer, exchanges, transport: Transport::new() }
    }

    fn client(&self) -> Client {
        let provider = Provider::discover(self.issuer.as_str(), &self.transport).unwrap();
        Client::new(provider, "my-cli").unwrap()
    }

    fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, issuer: &str, exchanges: &AtomicUsize, pause: Duration) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        reader.read_line(&mut head).unwrap();
        if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let json = |body: String| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    };
    let response = match path {
        "/authorize" => {
            let query = form(query);
            let said = if query["scope"] == "refused" { "error=access_denied" } else { "code=" };
            let code = if query["scope"] == "refused" { "" } else { &query["code_challenge"] };
            let (to, state) = (&query["redirect_uri"], &query["state"]);
            let location = format!("{to}?{said}{code}&state={state}&iss={issuer}");
            format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        "/token" => {
            exchanges.fetch_add(1, Ordering::SeqCst);
            sleep(pause);
            let sent = form(std::str::from_utf8(&body).unwrap());
            let verifier = Verifier::parse(sent["code_verifier"].as_bytes()).unwrap();
            assert_eq!(verifier.challenge().as_str(), sent["code"]);
            assert!(sent["redirect_uri"].starts_with("http://"));
            json(r#"{"access_token":"the-token","token_type":"Bearer","scope":"files.read"}"#.to_owned())
        }
        _ => json(format!(
            r#"{{"issuer":"{issuer}","authorization_endpoint":"{issuer}/authorize","token_endpoint":"{issuer}/token",
            "response_types_supported":["code"],"code_challenge_methods_supported":["S256"],
            "authorization_response_iss_parameter_supported":true}}"#
        )),
    };
    stream.write_all(response.as_bytes()).unwrap();
}

fn form(text: &str) -> HashMap<String, String> {
    let decoded = |text: &str| text.replace("%3A", ":").replace("%2F", "/").replace("%5B", "[").replace("%5D", "]");
    text.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.into(), decoded(value)))
        .collect()
}

/// `127.0.0.1:8400` and `/callback?code=…` of a URL.
fn cut(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

/// Sends bytes and reads until the other side closes.
fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn get(url: &str) -> String {
    let (address, target) = cut(url);
    exchange(address, format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
}

/// What the browser does up to the redirect back: the callback URL.
fn sign_in(url: &str) -> String {
    let redirect = get(url);
    redirect.split_once("Location: ").unwrap().1.split_once("\r\n").unwrap().0.to_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// Logs in with a browser that does this with the callback URL, in a thread of its own.
fn login<T: Send + 'static>(
    server: &Server,
    client: &Client,
    browse: impl FnOnce(String) -> T + Send + 'static,
) -> (Result<Tokens, proofkey::Error>, T, String) {
    login_for(server, client, "files.read", browse)
}

fn login_for<T: Send + 'static>(
    server: &Server,
    client: &Client,
    scope: &str,
    browse: impl FnOnce(String) -> T + Send + 'static,
) -> (Result<Tokens, proofkey::Error>, T, String) {
    let browser: Cell<Option<JoinHandle<T>>> = Cell::new(None);
    let said = RefCell::new(String::new());
    let open = |url: &str| {
        let url = url.to_owned();
        browser.set(Some(thread::spawn(move || browse(sign_in(&url)))));
        true
    };
    let outcome = client
        .login(&server.transport)
        .scope(scope)
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
    // The code of this server is its challenge, which the first line holds.
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
    let client = server.client().redirect_uri(format!("http://{free}/cb")).unwrap();
    let pending = client.login(&server.transport).timeout(Duration::from_millis(300)).progress(|_| ());
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
fn idle_connections_keep_nobody_waiting() {
    let server = Server::start();
    let (tokens, (took, _idle), _) = login(&server, &server.client(), |url| {
        let mut idle: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(cut(&url).0).unwrap()).collect();
        // Some have said something.
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
fn more_connections_than_are_kept_keep_nobody_waiting_either() {
    let server = Server::start();
    let (tokens, (oldest, page), _) = login(&server, &server.client(), |url| {
        let mut idle: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(cut(&url).0).unwrap()).collect();
        // The oldest make room, long before their two seconds are over.
        idle[0].set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let oldest = idle[0].read(&mut [0; 1]).map_err(|error| error.kind());
        (oldest, get(&url))
    });
    assert_eq!((tokens.is_ok(), status(&page), oldest), (true, "200", Ok(0)));
}

#[test]
fn a_refused_request_is_read_to_its_end() {
    let server = Server::start();
    let (tokens, (answer, written), _) = login(&server, &server.client(), |url| {
        let (address, target) = cut(&url);
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "POST {target} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9\r\n\r\na=b").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        // A closed connection would answer the first with a reset, which the second would meet.
        let written = ["&c=", "d&e"].map(|part| {
            sleep(Duration::from_millis(50));
            stream.write_all(part.as_bytes()).is_ok()
        });
        get(&url);
        (answer, written)
    });
    assert_eq!((tokens.is_ok(), status(&answer), written), (true, "405", [true, true]));
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
    let (tokens, (answers, page), _) = login(&server, &server.client(), |url| {
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
        let answers: Vec<(String, &str)> =
            attempts.into_iter().map(|(request, expected)| (exchange(address, &request), expected)).collect();
        (answers, get(&url))
    });
    for (number, (answer, expected)) in answers.iter().enumerate() {
        assert_eq!(&status(answer), expected, "attempt {number}: {answer}");
        assert!(*expected == "none" || answer.contains("\r\nCache-Control: no-store\r\n"));
    }
    assert_eq!((tokens.is_ok(), status(&page)), (true, "200"));
    assert_eq!(server.exchanges(), 1);
}

#[test]
fn an_answer_to_another_login_is_refused_and_waited_past() {
    let server = Server::start();
    let (tokens, answers, _) = login(&server, &server.client(), |url| {
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
        let answers: Vec<String> = forged.iter().map(|url| get(url)).collect();
        (answers, get(&url))
    });
    for answer in &answers.0 {
        assert_eq!(status(answer), "400");
        assert!(!answer.contains("script") && !answer.contains("guess"), "{answer}");
    }
    assert_eq!((tokens.is_ok(), status(&answers.1)), (true, "200"));
    assert_eq!(server.exchanges(), 1);
}

#[test]
fn the_no_of_the_user_ends_the_login() {
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
fn ipv6_and_a_path_of_ones_own() {
    let server = Server::start();
    let client = server.client().redirect_uri("http://[::1]/signed/in").unwrap();
    let (tokens, (page, url), _) = login(&server, &client, |url| (get(&url), url));
    assert_eq!((tokens.is_ok(), status(&page)), (true, "200"));
    assert!(url.starts_with("http://[::1]:") && cut(&url).1.starts_with("/signed/in?"), "{url}");
}

#[test]
fn localhost_is_served_at_both_addresses() {
    let server = Server::start();
    let client = server.client().redirect_uri("http://localhost:0/cb").unwrap();
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
        (taken.as_str(), ErrorKind::ConnectFailed, "cannot listen for"),
        ("https://client.example/cb", ErrorKind::RedirectUriNotLoopback, ""),
        ("https://127.0.0.1/cb", ErrorKind::RedirectUriNotLoopback, ""),
    ] {
        let client = server.client().redirect_uri(redirect_uri).unwrap();
        let mut said = String::new();
        let login = client.login(&server.transport).browser(|_| panic!("too early")).progress(|line| said += line);
        assert_eq!(login.run().unwrap_err().kind(), kind);
        assert!(said.starts_with(hint) && said.is_empty() == hint.is_empty(), "{said}");
    }
}

#[test]
fn what_cannot_be_sent_is_refused_before_the_browser_opens() {
    let server = Server::start();
    let client = server.client();
    let login = || client.login(&server.transport).browser(|_| panic!("too early")).progress(|_| ());
    assert_eq!(login().scope("a  b").run().unwrap_err().kind(), ErrorKind::ScopeInvalid);
    assert_eq!(login().extra("state", "s").run().unwrap_err().kind(), ErrorKind::ParameterReserved);
}

#[test]
fn what_is_asked_for_arrives() {
    let server = Server::start();
    let client = server.client();
    let mut url = String::new();
    let login = client.login(&server.transport).prompt("login").login_hint("ada").extra("x", "y").progress(|_| ());
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
    let outcome = client.login(&server.transport).no_browser().progress(|_| ()).while_waiting(hook).run();
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::LoginLost);
    assert!(calls.windows(2).all(|pair| pair[1] - pair[0] <= Duration::from_millis(200)));
    // It waits, and does not spin.
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

/// The example beside the tests, which `cargo test` builds with them.
fn example(server: &Server) -> Command {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("examples/cli_login{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "cargo test builds the examples too, unless it is told --test");
    let mut command = Command::new(path);
    command.args([&server.issuer, "my-cli", "files.read", "files.write"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["PROOFKEY_NO_BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"] {
        command.env_remove(name);
    }
    command
}

/// Runs it, signs in with the URL that it prints, and returns what it printed otherwise.
fn run_example(mut command: Command) -> (String, String) {
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("waiting for") {
        assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let url = said.split_once("sign in: ").unwrap().1.split_once('\n').unwrap().0;
    assert_eq!(status(&get(&sign_in(url))), "200");
    stderr.read_to_string(&mut said).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

#[test]
fn the_example_program() {
    let server = Server::start();
    let mut command = example(&server);
    command.arg("--no-browser");
    let (printed, said) = run_example(command);
    assert_eq!(printed, "files.read\n");
    assert!(said.ends_with("\nsigned in\n") && !said.contains("the-token"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_browser_gets_the_url_as_one_argument_of_no_shell() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("loopback");
    std::fs::create_dir_all(&folder).unwrap();
    let (opener, opened) = (folder.join("xdg-open"), folder.join("opened"));
    std::fs::write(
        &opener,
        "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" >\"$0.new\"; /bin/mv \"$0.new\" \"${0%/*}/opened\"\necho noise\n",
    )
    .unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();

    let with = |variables: &[(&str, &str)]| {
        let _ = std::fs::remove_file(&opened);
        let mut command = example(&server);
        command.env("PATH", &folder).envs(variables.iter().copied());
        let (printed, said) = run_example(command);
        assert_eq!(printed, "files.read\n", "what the browser prints is not the program's");
        sleep(Duration::from_millis(200));
        let url = said.split_once("sign in: ").unwrap().1.split_once('\n').unwrap().0.to_owned();
        (std::fs::read_to_string(&opened).ok(), url, said)
    };
    let (opened, url, _) = with(&[("DISPLAY", ":99")]);
    assert!(url.contains('&'));
    assert_eq!(opened, Some(format!("1\n{url}\n")));

    let (opened, _, said) = with(&[]);
    assert!(opened.is_none() && said.contains("no browser could be opened"), "{said}");
    let (opened, _, said) = with(&[("DISPLAY", ":99"), ("PROOFKEY_NO_BROWSER", "1")]);
    assert!(opened.is_none() && !said.contains("no browser"), "{said}");
    let (opened, ..) = with(&[("DISPLAY", ":99"), ("PROOFKEY_NO_BROWSER", "")]);
    assert!(opened.is_some());
}
