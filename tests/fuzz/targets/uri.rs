//! A text that is accepted as an endpoint or a redirect URI is a URI for other parsers too, is sent byte for byte, and
//! matches itself. Matching is symmetric.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofkey::{Client, ErrorKind, LoopbackPort, Provider, Roundtrip as _, redirect_uri_matches};
use proofkey_fuzz::{assert_uri_text, assert_web_url, cut_query, decode_form, has_well_known_path, texts};

fuzz_target!(|input: &[u8]| {
    let [first, second] = texts(input);
    endpoint(&first);
    redirect_uri(&first);
    matches(&first, &second);
});

fn provider() -> Provider {
    Provider::new("https://as.example/authorize", "https://as.example/token").expect("endpoints")
}

fn endpoint(text: &str) {
    let is_accepted = Provider::new(text, text).is_ok();
    assert_eq!(Provider::new("https://as.example/authorize", text).is_ok(), is_accepted);
    assert_eq!(provider().with_revocation_endpoint(text).is_ok(), is_accepted);
    let is_issuer = is_accepted && !text.contains('?') && !has_well_known_path(text);
    assert_eq!(provider().with_issuer(text).is_ok(), is_issuer);
    let Ok(provider) = Provider::new(text, text) else { return };
    assert_web_url(text);
    assert_eq!((provider.authorization_endpoint(), provider.token_endpoint()), (text, text));

    let client = Client::new(provider, "c").and_then(|client| client.with_redirect_uri("https://client.example/cb"));
    match client.expect("a client").authorize().state("s").begin(0) {
        Ok(login) => {
            let added = login.url().strip_prefix(text).expect("byte for byte");
            assert!(added.starts_with(['?', '&', 'r']));
            let exchange = login.accept("https://client.example/cb?code=c&state=s", 0).expect("an exchange");
            assert_eq!(exchange.request().url(), text);
        }
        Err(error) => {
            let reason = match decode_form(cut_query(text).1) {
                None => ErrorKind::EndpointMalformed,
                Some(_) => ErrorKind::ParameterReserved,
            };
            assert_eq!(error.kind(), reason);
        }
    }
}

fn redirect_uri(text: &str) {
    let client = Client::new(provider(), "c").expect("a client");
    let Ok(client) = client.with_redirect_uri(text) else {
        assert!(!redirect_uri_matches(text, text, LoopbackPort::AnyIncludingLocalhost));
        return;
    };
    match text.split_once(':').expect("absolute").0 {
        "https" | "http" => assert_web_url(text),
        scheme => {
            assert_uri_text(text);
            assert!(scheme.contains('.'));
        }
    }
    let login = client.authorize().state("s").begin(0).expect("a login");
    let sent = decode_form(cut_query(login.url()).1).expect("a form");
    assert!(sent.contains(&("redirect_uri".to_owned(), text.to_owned())));
}

fn matches(first: &str, second: &str) {
    let is_accepted = |text| Client::new(provider(), "c").and_then(|client| client.with_redirect_uri(text)).is_ok();
    let verdicts = [LoopbackPort::Exact, LoopbackPort::Any, LoopbackPort::AnyIncludingLocalhost].map(|port| {
        let verdict = redirect_uri_matches(first, second, port);
        assert_eq!(redirect_uri_matches(second, first, port), verdict, "symmetric");
        assert_eq!(redirect_uri_matches(first, first, port), is_accepted(first), "reflexive");
        assert!(!verdict || is_accepted(first) && is_accepted(second));
        verdict
    });
    assert_eq!(verdicts[0], first == second && is_accepted(first));
    assert!(verdicts[0] <= verdicts[1] && verdicts[1] <= verdicts[2], "each rule permits what the stricter one does");
    // Two texts that match without being equal differ only in the port.
    let hosts: &[&str] = match (verdicts[1], verdicts[2]) {
        (_, false) => &[],
        (true, _) => &["127.0.0.1", "[::1]"],
        (false, true) => &["localhost"],
    };
    assert!(first == second || verdicts[2] == hosts.iter().any(|host| port_differs(host, first, second)));
}

/// Whether both are http URLs of this host that are the same but for the port.
fn port_differs(host: &str, first: &str, second: &str) -> bool {
    let after_port = |text: &str| {
        let rest = text.strip_prefix("http://")?.strip_prefix(host)?.to_owned();
        Some(match rest.strip_prefix(':') {
            Some(port) => port.trim_start_matches(|digit: char| digit.is_ascii_digit()).to_owned(),
            None => rest,
        })
    };
    after_port(first).is_some() && after_port(first) == after_port(second)
}
