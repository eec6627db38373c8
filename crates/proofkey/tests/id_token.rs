//! Logins with the scope `openid`: when keys are asked for, what a refresh and userinfo may say, and signing out.
//! The ID tokens themselves are in `vectors/id_token.rs`.
#![cfg(feature = "id-token")]

#[path = "support/vectors.rs"]
mod support;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proofkey::{
    Client, Conversation, Endpoint, ErrorKind, Exchange, Failure, IdTokenAlgorithm, Provider, Refreshed, Response,
    Roundtrip as _, Secret, Step, Tokens,
};
use serde_json::{Value, json};

use support::Vectors;

const NOW: i64 = 1_700_000_000;

/// A server whose ID token is that of the vector `ok`, and a client of it.
struct Op {
    client: Client,
    id_token: String,
    keys: Value,
}

impl Op {
    fn new() -> Self {
        let provider = Provider::new("https://op.example/authorize", "https://op.example/token").unwrap();
        let provider = provider.with_issuer("https://op.example").unwrap();
        let provider = provider.with_jwks_uri("https://op.example/keys").unwrap();
        Self { client: client(provider), id_token: text(&case("ok")["jwt"]), keys: vectors().member("id_token_jwks") }
    }

    fn exchange(&self, now: i64) -> Exchange {
        let login = self.client.authorize().scope("openid").state("s").nonce("n-0S6_WzA2Mj").begin(now).unwrap();
        login.accept("https://client.example/cb?code=c&state=s", now).unwrap()
    }

    fn tokens(&self) -> Value {
        json!({ "access_token": "a", "token_type": "Bearer", "refresh_token": "r", "id_token": self.id_token })
    }

    /// The key set under other names.
    fn other_keys(&self) -> Value {
        let mut keys = self.keys.clone();
        for key in keys["keys"].as_array_mut().unwrap() {
            key["kid"] = json!(format!("new-{}", key["kid"].as_str().unwrap()));
        }
        keys
    }
}

fn vectors() -> Vectors {
    Vectors::open("id_token", &["id_token_hashes", "id_token_cases"], &["id_token_jwks"])
}

fn case(name: &str) -> Value {
    vectors().find("id_token_cases", name)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn client(provider: Provider) -> Client {
    Client::new(provider, "client-1").unwrap().with_redirect_uri("https://client.example/cb").unwrap()
}

fn json(body: impl ToString) -> Response {
    Response::new(200, [("Content-Type", "application/json")], body.to_string())
}

fn next(step: Result<Step<Exchange, Tokens>, Failure<Exchange>>) -> Exchange {
    match step.unwrap() {
        Step::Send(next) => next,
        step => panic!("one more request is to be sent now: {step:?}"),
    }
}

fn done(step: Result<Step<Exchange, Tokens>, Failure<Exchange>>) -> Tokens {
    match step.unwrap() {
        Step::Done(tokens) => tokens,
        step => panic!("nothing more is to be sent: {step:?}"),
    }
}

fn asks_for_keys(exchange: &Exchange) -> bool {
    (exchange.request().method(), exchange.request().url()) == ("GET", "https://op.example/keys")
}

#[test]
fn debug_shows_nothing_of_a_login() {
    let op = Op::new();
    let login = op.client.authorize().scope("openid").state("s").nonce("the-nonce").begin(NOW).unwrap();
    let asking = login.accept("https://client.example/cb?code=the-code&state=s", NOW).unwrap();
    let (first, exchange) = (format!("{asking:?}"), next(asking.receive(json(&op.keys), NOW)));
    let signed_in = done(op.exchange(NOW).receive(json(op.tokens()), NOW));
    let provider = op.client.provider().clone().with_userinfo_endpoint("https://op.example/userinfo").unwrap();
    let userinfo = client(provider).begin_userinfo(&signed_in).unwrap();
    let shown = format!("{first}{exchange:?}{signed_in:?}{userinfo:?}{:?}", signed_in.claims());
    for secret in ["the-code", "the-nonce", "248289761001", op.id_token.as_str()] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn keys_come_before_the_code_is_sent() {
    let op = Op::new();
    let unusable = [
        (200, "[]".to_owned()),
        (200, "{}".to_owned()),
        (200, r#"{"keys":{}}"#.to_owned()),
        (200, r#"{"keys":[]}"#.to_owned()),
        (200, format!(r#"{{"keys":[],"keys":{}}}"#, op.keys["keys"])),
        (200, "<html>".to_owned()),
        (204, op.keys.to_string()),
        (404, op.keys.to_string()),
        (503, String::new()),
    ];
    for (status, body) in unusable {
        let exchange = op.exchange(NOW);
        assert!(asks_for_keys(&exchange), "{exchange:?}");
        let Failure { error, pending } = exchange.receive(Response::new(status, [], body.clone()), NOW).unwrap_err();
        assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, false), "{status} {body}");
        assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Jwks), Some(status)));
        assert!(asks_for_keys(&pending.unwrap()));
    }
    let unsupported = json(json!({ "keys": [1, { "kty": "oct", "k": "AAAA" }] }));
    let Failure { error, pending } = op.exchange(NOW).receive(unsupported, NOW).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnsupported, false));
    assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Jwks), Some(200)));

    // The same exchange goes on once the keys are there.
    let exchange = next(pending.unwrap().receive(json(&op.keys), NOW));
    assert!(exchange.request().body().contains("code_verifier="));
    assert!(done(exchange.receive(json(op.tokens()), NOW)).claims().is_some());
}

#[test]
fn keys_are_used_for_an_hour_and_longer_if_the_server_fails() {
    let op = Op::new();
    next(op.exchange(NOW).receive(json(&op.keys), NOW));
    assert!(!asks_for_keys(&op.exchange(NOW + 3599)));
    let later = NOW + 3600;
    let exchange = op.exchange(later);
    assert!(asks_for_keys(&exchange));
    let exchange = next(exchange.receive(Response::new(503, [], ""), later));
    assert!(exchange.request().body().contains("code_verifier="));
    assert!(!asks_for_keys(&op.exchange(later + 59)), "a server that fails is left alone for a minute");
    assert!(asks_for_keys(&op.exchange(later + 60)));
}

#[test]
fn a_new_key_is_asked_for_once() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(op.other_keys()), NOW));
    let rotated = next(exchange.receive(json(op.tokens()), NOW));
    assert!(asks_for_keys(&rotated));
    assert!(!format!("{rotated:?}").contains(&op.id_token), "{rotated:?}");
    assert!(done(rotated.receive(json(&op.keys), NOW)).signature_verified());

    // The keys that are here already need no request. Made-up names cause none for ten seconds.
    let mut header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"made-up"}"#);
    header.push_str(op.id_token.find('.').map_or("", |dot| &op.id_token[dot..]));
    let made_up = json!({ "access_token": "a", "token_type": "Bearer", "id_token": header });
    let Failure { error, pending } = op.exchange(NOW + 9).receive(json(&made_up), NOW + 9).unwrap_err();
    assert!(pending.is_none());
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::IdTokenSignature, true));
    assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Token), None));
    let again = next(op.exchange(NOW + 10).receive(json(&made_up), NOW + 10));
    assert!(asks_for_keys(&again));
    let Failure { error, pending } = again.receive(Response::new(500, [], ""), NOW + 10).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, true));
    assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Jwks), Some(500)));
    assert!(done(op.exchange(NOW + 11).receive(json(op.tokens()), NOW + 11)).signature_verified());
    // Keys that did not come are no answer: this exchange and others may ask again at once.
    let other = next(op.exchange(NOW + 11).receive(json(&made_up), NOW + 11));
    for exchange in [*pending.unwrap(), other] {
        assert!(asks_for_keys(&exchange));
        let error = exchange.receive(json(&op.keys), NOW + 11).unwrap_err().error;
        assert_eq!(error.kind(), ErrorKind::IdTokenSignature);
    }
}

#[test]
fn tokens_wait_inside_the_exchange_for_the_keys() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(op.other_keys()), NOW));
    let mut waiting = next(exchange.receive(json(op.tokens()), NOW));
    for _ in 0..3 {
        let Failure { error, pending } = waiting.receive(Response::new(503, [], ""), NOW).unwrap_err();
        assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, true));
        waiting = *pending.unwrap();
        assert!(asks_for_keys(&waiting) && !format!("{waiting:?}").contains(&op.id_token), "{waiting:?}");
    }
    assert!(done(waiting.receive(json(&op.keys), NOW)).signature_verified());
}

#[test]
fn tokens_of_a_refresh_that_was_dropped_wait_for_the_keys() {
    let op = Op::new();
    let old = Tokens::from_parts(Secret::new("old"), Some(Secret::new("r")), None, None);
    let old = old.with_id_token(Secret::new(&op.id_token)).unwrap();
    let begin = || match op.client.begin_refresh(&old, NOW).unwrap() {
        Step::Send(refresh) => refresh,
        step => panic!("nothing to send: {step:?}"),
    };
    let Step::Send(refresh) = begin().receive(json(op.other_keys()), NOW).unwrap() else { panic!("no keys") };
    let Step::Send(asking) = refresh.receive(json(op.tokens()), NOW).unwrap() else { panic!("the key is known") };
    drop(asking);
    // Nor are they lost when the keys do not come.
    drop(begin().receive(Response::new(503, [], ""), NOW).unwrap_err());
    let asking = begin();
    assert_eq!(asking.request().url(), "https://op.example/keys");
    let Step::Done(refreshed) = asking.receive(json(&op.keys), NOW).unwrap() else { panic!("no tokens") };
    assert_eq!(refreshed.saved().access_token().expose(), "a");
}

#[test]
fn a_server_gets_the_short_pause_that_it_asks_for_once() {
    let op = Op::new();
    let unavailable = |pause| Response::new(503, [("Retry-After", pause)], "");
    let Step::Wait(5, waiting) = op.exchange(NOW).receive(unavailable("5"), NOW).unwrap() else { panic!("no pause") };
    assert!(asks_for_keys(&waiting));
    let Failure { error, pending } = waiting.receive(unavailable("5"), NOW + 5).unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::KeysUnavailable, Some(5)));
    // Whoever goes on after the error begins anew.
    let step = pending.unwrap().receive(unavailable("0"), NOW + 60).unwrap();
    let Step::Wait(0, waiting) = step else { panic!("{step:?}") };
    assert!(next(waiting.receive(json(&op.keys), NOW + 60)).request().body().contains("code_verifier="));

    let op = Op::new();
    let error = op.exchange(NOW).receive(unavailable("6"), NOW).unwrap_err().error;
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::KeysUnavailable, Some(6)), "too long for a user");
}

#[test]
fn a_conversation_stays_where_it_is() {
    let op = Op::new();
    let mut conversation = Conversation::new(op.exchange(NOW));
    let url = |conversation: &Conversation<Exchange>| conversation.request().map(|request| request.url().to_owned());
    conversation.receive(Response::new(503, [("Retry-After", "3")], ""), NOW).unwrap();
    assert_eq!((conversation.wait_seconds(), conversation.error()), (3, None));
    let error = conversation.receive(Response::new(503, [], ""), NOW).unwrap_err();
    assert_eq!((error.kind(), conversation.error()), (ErrorKind::KeysUnavailable, Some(&error)));
    assert_eq!((conversation.is_pending(), conversation.wait_seconds()), (true, 0));
    assert_eq!(url(&conversation).as_deref(), Some("https://op.example/keys"));

    conversation.receive(json(&op.keys), NOW).unwrap();
    assert_eq!((url(&conversation).as_deref(), conversation.error()), (Some("https://op.example/token"), None));
    assert!(conversation.output().is_none());
    conversation.receive(json(op.tokens()), NOW).unwrap();
    assert_eq!((conversation.is_pending(), url(&conversation)), (false, None));
    let again = conversation.receive(json(op.tokens()), NOW).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::LoginAlreadyUsed);
    assert!(conversation.output().unwrap().signature_verified());
    assert!(conversation.into_output().unwrap().claims().is_some());

    let mut refused = Conversation::new(op.exchange(NOW));
    for response in [r#"{"error":"invalid_grant"}"#, r#"{"access_token":"a"}"#] {
        assert_eq!(refused.receive(json(response), NOW).unwrap_err().kind(), ErrorKind::TokenError, "{response}");
        assert_eq!((refused.is_pending(), url(&refused)), (false, None));
    }
    assert!(refused.error().unwrap().oauth().is_some() && refused.output().is_none());
}

#[test]
fn a_key_that_was_replaced_under_the_same_name_is_asked_for_once() {
    let op = Op::new();
    let mut replaced = op.keys.clone();
    let modulus = text(&replaced["keys"][0]["n"]);
    replaced["keys"][0]["n"] = json!(format!("v{}", &modulus[1..]));
    let exchange = next(op.exchange(NOW).receive(json(&replaced), NOW));
    let again = next(exchange.receive(json(op.tokens()), NOW));
    assert!(asks_for_keys(&again));
    assert!(done(again.receive(json(&op.keys), NOW)).signature_verified());
}

#[test]
fn a_login_that_began_before_the_rotation_uses_the_keys_that_another_fetched() {
    let op = Op::new();
    let early = next(op.exchange(NOW).receive(json(op.other_keys()), NOW));
    let first = next(op.exchange(NOW).receive(json(op.tokens()), NOW));
    done(first.receive(json(&op.keys), NOW));
    assert!(done(early.receive(json(op.tokens()), NOW)).signature_verified());
}

#[test]
fn tls_in_place_of_the_signature() {
    let mut op = Op::new();
    op.client = op.client.trust_token_endpoint_tls();
    let forged = |header: &str| {
        let (_, rest) = op.id_token.split_once('.').unwrap();
        let (payload, _) = rest.split_once('.').unwrap();
        let id_token = format!("{}.{payload}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(header));
        json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token })
    };
    let exchange = op.exchange(NOW);
    assert!(!asks_for_keys(&exchange));
    let tokens = done(exchange.receive(json(forged(r#"{"alg":"RS256"}"#)), NOW));
    assert!(!tokens.signature_verified());
    assert_eq!(tokens.claims().unwrap().subject(), Some("248289761001"));
    for (header, kind) in [
        (r#"{"alg":"none"}"#, ErrorKind::IdTokenAlg),
        (r#"{"alg":"HS256"}"#, ErrorKind::IdTokenAlg),
        (r#"{"alg":"RS256","crit":[]}"#, ErrorKind::IdTokenCrit),
        (r#"{"alg":"RS256","crit":null}"#, ErrorKind::IdTokenCrit),
        (r#"{"alg":"RS256","alg":"RS256"}"#, ErrorKind::IdTokenMalformed),
        (r#"{"alg":"RS256","kid":7}"#, ErrorKind::IdTokenMalformed),
        (r#"{"alg":"RS256","typ":"logout+jwt"}"#, ErrorKind::IdTokenTyp),
    ] {
        assert_eq!(op.exchange(NOW).receive(json(forged(header)), NOW).unwrap_err().error.kind(), kind, "{header}");
    }
}

#[test]
fn a_refresh_keeps_the_user() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    // A signature that does not verify causes a request for newer keys.
    // With other rules a client has refreshes of its own, so that each response is asked for.
    let begin = |tokens: &Tokens| match op.client.clone().with_id_token_leeway(60).begin_refresh(tokens, NOW).unwrap() {
        Step::Send(refresh) => refresh,
        other => panic!("nothing to send: {other:?}"),
    };
    let refreshed = |step| match step {
        Step::Done(refreshed) => Refreshed::saved(refreshed),
        other => panic!("{other:?}"),
    };
    let refresh = |response: Value| {
        let received = match begin(&tokens).receive(json(response), NOW) {
            Ok(Step::Send(refresh)) => refresh.receive(json(&op.keys), NOW),
            received => received,
        };
        received.map(refreshed)
    };
    let kept = refresh(json!({ "access_token": "b", "token_type": "Bearer" })).unwrap();
    assert_eq!(kept.claims().unwrap().subject(), Some("248289761001"));
    assert!(kept.signature_verified());
    let mut response = op.tokens();
    response["access_token"] = json!("b");
    assert!(refresh(response).unwrap().id_token().is_some());
    for name in ["refresh-sub-changed", "nonce-mismatch", "exp-missing", "signature-invalid"] {
        let case = case(name);
        let response = json!({ "access_token": "b", "token_type": "Bearer", "id_token": case["jwt"] });
        let error = refresh(response).unwrap_err().error;
        assert_eq!(format!("reject:{}", error.kind().name()), case["outcome"], "{name}");
    }
    // Tokens without an ID token have nothing to compare a new one with: it is ignored.
    let plain = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    let refreshed = refreshed(begin(&plain).receive(json(op.tokens()), NOW).unwrap());
    assert!(refreshed.claims().is_none() && refreshed.id_token().is_none());
}

#[test]
fn metadata_says_how_tokens_are_signed() {
    let document = |algorithms: &str| {
        format!(
            r#"{{"issuer":"https://op.example","authorization_endpoint":"https://op.example/authorize",
            "token_endpoint":"https://op.example/token","jwks_uri":"https://op.example/keys"{algorithms}}}"#
        )
    };
    let op = Op::new();
    for (algorithms, outcome) in [
        ("", None),
        (r#","id_token_signing_alg_values_supported":["ES256","RS256"]"#, None),
        (r#","id_token_signing_alg_values_supported":["ES256"]"#, Some(ErrorKind::IdTokenAlg)),
    ] {
        let provider = Provider::from_metadata("https://op.example", document(algorithms).as_bytes()).unwrap();
        let op = Op { client: client(provider), ..Op::new() };
        let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
        let received = exchange.receive(json(op.tokens()), NOW);
        assert_eq!(received.err().map(|failure| failure.error.kind()), outcome, "{algorithms}");
    }
    let unsupported = document(r#","id_token_signing_alg_values_supported":["HS256","ES512"]"#);
    let provider = Provider::from_metadata("https://op.example", unsupported.as_bytes()).unwrap();
    let error = client(provider).authorize().scope("openid").begin(NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdTokenAlgUnsupported, "before a code is spent");
    let unlisted = op.client.with_id_token_algorithms([IdTokenAlgorithm::EdDsa]);
    let op = Op { client: unlisted, ..Op::new() };
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    assert_eq!(exchange.receive(json(op.tokens()), NOW).unwrap_err().error.kind(), ErrorKind::IdTokenAlg);
}

#[test]
fn userinfo_is_about_the_same_user() {
    let op = Op::new();
    let provider = op.client.provider().clone();
    assert_eq!(
        op.client.begin_userinfo(&Tokens::from_parts(Secret::new("a"), None, None, None)).unwrap_err().kind(),
        ErrorKind::EndpointMissing
    );
    let provider = provider.with_userinfo_endpoint("https://op.example/userinfo").unwrap();
    let client = client(provider);
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    for (status, body, outcome) in [
        (200, r#"{"sub":"248289761001","name":"Ada"}"#, None),
        (200, r#"{"sub":"248289761002"}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"name":"Ada"}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"sub":248289761001}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"sub":"248289761001","sub":"248289761001"}"#, Some(ErrorKind::UserinfoMalformed)),
        (200, "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", Some(ErrorKind::UserinfoMalformed)),
        (401, r#"{"sub":"248289761001"}"#, Some(ErrorKind::ResponseStatus)),
        (204, "", Some(ErrorKind::ResponseStatus)),
        (302, "", Some(ErrorKind::ResponseRedirect)),
    ] {
        let userinfo = client.begin_userinfo(&tokens).unwrap();
        assert_eq!(userinfo.request().headers().find(|(name, _)| *name == "Authorization").unwrap().1, "Bearer a");
        let received = userinfo.receive(Response::new(status, [], body), NOW);
        let error = received.as_ref().err().map(|failure| &failure.error);
        assert_eq!(error.map(|error| error.kind()), outcome, "{status} {body}");
        if let Some(error) = error {
            assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Userinfo), Some(status)));
            assert!(error.request_sent());
        }
    }
    for token in ["a b", "a\"b", "=", "a=b"] {
        let tokens = Tokens::from_parts(Secret::new(token), None, None, None);
        assert_eq!(client.begin_userinfo(&tokens).unwrap_err().kind(), ErrorKind::AccessTokenInvalid, "{token}");
    }
}

#[test]
fn what_openid_needs() {
    let plain = || Provider::new("https://op.example/authorize", "https://op.example/token").unwrap();
    let begin = |provider| {
        let login = client(provider).authorize().scope("openid").begin(NOW);
        login.map(|login| login.url().to_owned()).map_err(|error| error.kind())
    };
    assert_eq!(begin(plain()), Err(ErrorKind::IssuerMissing));
    let with_issuer = || plain().with_issuer("https://op.example").unwrap();
    assert_eq!(begin(with_issuer()), Err(ErrorKind::EndpointMissing));
    let nonce = |url: &str| url.split("&nonce=").nth(1).unwrap().to_owned();
    let urls = [(); 2].map(|()| begin(with_issuer().with_jwks_uri("https://op.example/keys").unwrap()).unwrap());
    assert_eq!(nonce(&urls[0]).len(), 22);
    assert_ne!(nonce(&urls[0]), nonce(&urls[1]));
}

#[test]
fn signing_out() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    assert_eq!(op.client.end_session_url(&tokens, None, None).unwrap_err().kind(), ErrorKind::EndpointMissing);
    let url = |endpoint: &str| {
        let provider = op.client.provider().clone().with_end_session_endpoint(endpoint).unwrap();
        client(provider).end_session_url(&tokens, None, Some("s&s"))
    };
    let expected = format!("https://op.example/bye?p=1&client_id=client-1&id_token_hint={}&state=s%26s", op.id_token);
    assert_eq!(url("https://op.example/bye?p=1").unwrap(), expected);
    for reserved in ["https://op.example/bye?client_id=x", "https://op.example/bye?state=x"] {
        assert_eq!(url(reserved).unwrap_err().kind(), ErrorKind::ParameterReserved);
    }
}

#[test]
fn coming_back_from_signing_out() {
    const RETURN_TO: &str = "https://client.example/bye?lang=en";
    let client = Op::new().client;
    let accept = |url: &str, return_to: &str, state: &str| {
        client.accept_end_session(url, return_to, state).map_err(|error| error.kind())
    };
    for (url, expected) in [
        ("https://client.example/bye?lang=en&state=s%26s", Ok(())),
        ("https://client.example/bye?state=s%26s&x=1&lang=en#top", Ok(())),
        ("https://client.example/bye?lang=en", Err(ErrorKind::StateMissing)),
        ("https://client.example/bye?lang=en&state=", Err(ErrorKind::StateMissing)),
        ("https://client.example/bye?lang=en&state=s", Err(ErrorKind::StateMismatch)),
        ("https://client.example/bye?lang=en&state=s%26s&state=s%26s", Err(ErrorKind::CallbackDuplicate)),
        ("https://client.example/bye?state=s%26s", Err(ErrorKind::RedirectUriMismatch)),
        ("https://client.example/bye/?lang=en&state=s%26s", Err(ErrorKind::RedirectUriMismatch)),
        ("https://other.example/bye?lang=en&state=s%26s", Err(ErrorKind::RedirectUriMismatch)),
        ("https://client.example/bye?lang=en&state=%zz", Err(ErrorKind::CallbackMalformed)),
    ] {
        assert_eq!(accept(url, RETURN_TO, "s&s"), expected, "{url}");
    }
    // An expectation that was lost matches nothing.
    assert_eq!(accept("https://client.example/bye?lang=en&state=s", RETURN_TO, ""), Err(ErrorKind::StateMismatch));
    assert_eq!(accept("https://client.example/bye?lang=en&state=", RETURN_TO, ""), Err(ErrorKind::StateMissing));
    for url in ["?state=s", "#", "https://client.example/?state=s"] {
        assert_eq!(accept(url, "", "s"), Err(ErrorKind::RedirectUriMismatch), "{url}");
    }
}

#[test]
fn a_token_for_this_code() {
    let mut op = Op::new();
    op.client = op.client.trust_token_endpoint_tls();
    let signed_in = |c_hash: &str| {
        let claims = json!({
            "iss": "https://op.example", "sub": "s", "aud": "client-1", "exp": NOW + 1, "iat": NOW,
            "nonce": "n-0S6_WzA2Mj", "c_hash": c_hash,
        });
        let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        let id_token = format!("{}.{payload}.AAAA", BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#));
        op.exchange(NOW)
            .receive(json(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token })), NOW)
    };
    // The left halves of SHA-256 of "c", which is the code, and of "d".
    assert!(done(signed_in("Ln0sA6lQeuJl7PW1NWiFpQ")).claims().is_some());
    assert_eq!(signed_in("GKw-c0PwFokMUQ6T-TUmEQ").unwrap_err().error.kind(), ErrorKind::IdTokenCHash);
}
