//! Runs `id_token.json`: every token by way of the whole flow, with the outcome that the case names.
#![cfg(feature = "id-token")]

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proofkey::{Answer, Client, Error, ErrorKind, Exchange, IdTokenAlgorithm, Provider, Secret, Step, Tokens};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct File {
    #[serde(rename = "$schema")]
    schema: String,
    about: String,
    counts: Counts,
    id_token_hashes: Value,
    id_token_cases: Vec<Case>,
    id_token_jwks: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the hashes are run where they are made")]
struct Counts {
    id_token_hashes: Value,
    id_token_cases: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct Case {
    name: String,
    header: Value,
    claims: Value,
    signature: String,
    ctx: Context,
    outcome: String,
    jwt: String,
    note: Option<String>,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    issuer: String,
    client_id: String,
    nonce: Option<String>,
    now: i64,
    leeway: u32,
    alg: String,
    #[serde(default)]
    trusted_audiences: Vec<String>,
    access_token: Option<String>,
    code: Option<String>,
    max_age: Option<u32>,
    #[serde(default)]
    required_acr: Vec<String>,
    original: Option<Map<String, Value>>,
}

fn file() -> File {
    serde_json::from_str(include_str!("../../../tests/vectors/id_token.json")).unwrap()
}

fn client(context: &Context) -> Client {
    let endpoint = |path| format!("{}/{path}", context.issuer);
    let provider = Provider::new(endpoint("authorize"), endpoint("token")).unwrap();
    let provider = provider.issuer(&context.issuer).unwrap().jwks_uri(endpoint("keys")).unwrap();
    let client = Client::new(provider, &context.client_id).unwrap().redirect_uri("https://client.example/cb").unwrap();
    let client = client.id_token_leeway(context.leeway).id_token_algorithms([context.alg.parse().unwrap()]);
    context.trusted_audiences.iter().fold(client, |client, audience| client.trusted_audience(audience))
}

/// The exchange that gets the token. A case without a nonce is a refresh of tokens whose ID token had none.
fn exchange(context: &Context) -> Exchange {
    let client = client(context);
    let Some(nonce) = &context.nonce else {
        let usual = json!({ "iss": context.issuer, "sub": "248289761001", "aud": context.client_id });
        let original = context.original.clone().map_or(usual, Value::Object);
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let stored = format!("{}.{}.", part(&json!({ "alg": "RS256" })), part(&original));
        let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
        return client.begin_refresh(&tokens.with_id_token(Secret::new(stored)).unwrap(), context.now).unwrap();
    };
    let authorize = client.authorize().scope("openid").state("s").nonce(nonce).require_acr(&context.required_acr);
    let authorize = context.max_age.into_iter().fold(authorize, |authorize, max_age| authorize.max_age(max_age));
    let login = authorize.begin(context.now).unwrap();
    let code = context.code.as_deref().unwrap_or("c");
    login.accept(format!("https://client.example/cb?code={code}&state=s"), context.now).unwrap()
}

fn json(body: impl ToString) -> Answer {
    Answer::new(200, Some("application/json"), body.to_string())
}

fn receive(case: &Case, keys: &Value) -> Result<Tokens, Error> {
    let (context, mut exchange, mut asked) = (&case.ctx, exchange(&case.ctx), 0);
    loop {
        let body = if exchange.request().method() == "GET" {
            asked += 1;
            assert!(asked <= 2, "{}: keys are asked for twice at most", case.name);
            keys.clone()
        } else {
            let access_token = context.access_token.as_deref().unwrap_or("a");
            json!({ "access_token": access_token, "token_type": "Bearer", "id_token": case.jwt })
        };
        match exchange.receive(json(body), context.now)? {
            Step::Send(next) => exchange = next,
            Step::Done(tokens) => return Ok(tokens),
        }
    }
}

#[test]
fn id_token_cases() {
    let file = file();
    let mut ran = 0;
    for case in &file.id_token_cases {
        let outcome = match receive(case, &file.id_token_jwks) {
            Ok(tokens) => {
                let claims = tokens.claims().unwrap();
                assert!(tokens.signature_verified(), "{}", case.name);
                assert_eq!(tokens.id_token().unwrap().expose(), case.jwt, "{}", case.name);
                for (name, value) in case.claims.as_object().unwrap() {
                    assert_eq!(claims.get(name), Some(value), "{}", case.name);
                }
                "ok".to_owned()
            }
            Err(error) => {
                assert!(error.request_sent(), "{}", case.name);
                format!("reject:{}", error.kind().name())
            }
        };
        assert_eq!(outcome, case.outcome, "{}", case.name);
        ran += 1;
    }
    assert_eq!(ran, file.counts.id_token_cases);
}

/// A server whose ID token is that of the first case, and a client of it.
struct Op {
    client: Client,
    id_token: String,
    keys: Value,
}

impl Op {
    fn new() -> Self {
        let file = file();
        let case = file.id_token_cases.into_iter().next().unwrap();
        Self { client: client(&case.ctx), id_token: case.jwt, keys: file.id_token_jwks }
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

const NOW: i64 = 1_700_000_000;

fn next(step: Result<Step<Exchange, Tokens>, Error>) -> Exchange {
    match step.unwrap() {
        Step::Send(next) => next,
        Step::Done(_) => panic!("one more request is to be sent"),
    }
}

fn done(step: Result<Step<Exchange, Tokens>, Error>) -> Tokens {
    match step.unwrap() {
        Step::Send(exchange) => panic!("nothing more to send: {exchange:?}"),
        Step::Done(tokens) => tokens,
    }
}

fn asks_for_keys(exchange: &Exchange) -> bool {
    (exchange.request().method(), exchange.request().url()) == ("GET", "https://op.example/keys")
}

#[test]
fn nothing_of_a_login_is_in_what_debug_shows() {
    let op = Op::new();
    let login = op.client.authorize().scope("openid").state("s").nonce("the-nonce").begin(NOW).unwrap();
    let asking = login.accept("https://client.example/cb?code=the-code&state=s", NOW).unwrap();
    let (first, exchange) = (format!("{asking:?}"), next(asking.receive(json(&op.keys), NOW)));
    let signed_in = done(op.exchange(NOW).receive(json(op.tokens()), NOW));
    let provider = op.client.provider().clone().userinfo_endpoint("https://op.example/userinfo").unwrap();
    let userinfo = Client::new(provider, "client-1").unwrap().begin_userinfo(&signed_in).unwrap();
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
        (200, r#"{"keys":[1,{"kty":"oct","k":"AAAA"}]}"#.to_owned()),
        (200, format!(r#"{{"keys":[],"keys":{}}}"#, op.keys["keys"])),
        (200, "<html>".to_owned()),
        (204, op.keys.to_string()),
        (404, op.keys.to_string()),
        (503, String::new()),
    ];
    for (status, body) in unusable {
        let exchange = op.exchange(NOW);
        assert!(asks_for_keys(&exchange), "{exchange:?}");
        let error = exchange.receive(Answer::new(status, None, body.clone()), NOW).unwrap_err();
        assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, false), "{status} {body}");
    }
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
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
    let exchange = next(exchange.receive(Answer::new(503, None, ""), later));
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

    // Keys that are here already need no question, and made-up names lead to none for a while.
    let mut header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"made-up"}"#);
    header.push_str(op.id_token.find('.').map_or("", |dot| &op.id_token[dot..]));
    let made_up = json!({ "access_token": "a", "token_type": "Bearer", "id_token": header });
    let error = op.exchange(NOW + 9).receive(json(&made_up), NOW + 9).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::IdTokenSignature, true));
    let again = next(op.exchange(NOW + 10).receive(json(&made_up), NOW + 10));
    assert!(asks_for_keys(&again));
    let error = again.receive(Answer::new(500, None, ""), NOW + 10).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::KeysUnavailable, true));
    assert!(done(op.exchange(NOW + 11).receive(json(op.tokens()), NOW + 11)).signature_verified());
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
    assert_eq!(tokens.claims().unwrap().subject(), "248289761001");
    for (header, kind) in [
        (r#"{"alg":"none"}"#, ErrorKind::IdTokenAlg),
        (r#"{"alg":"HS256"}"#, ErrorKind::IdTokenAlg),
        (r#"{"alg":"RS256","crit":[]}"#, ErrorKind::IdTokenCrit),
        (r#"{"alg":"RS256","alg":"RS256"}"#, ErrorKind::IdTokenMalformed),
        (r#"{"alg":"RS256","kid":7}"#, ErrorKind::IdTokenMalformed),
        (r#"{"alg":"RS256","typ":"logout+jwt"}"#, ErrorKind::IdTokenTyp),
    ] {
        assert_eq!(op.exchange(NOW).receive(json(forged(header)), NOW).unwrap_err().kind(), kind, "{header}");
    }
}

#[test]
fn a_refresh_keeps_the_user() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    let refresh = |answer: Value| op.client.begin_refresh(&tokens, NOW).unwrap().receive(json(answer), NOW);
    let kept = done(refresh(json!({ "access_token": "b", "token_type": "Bearer" })));
    assert_eq!(kept.claims().unwrap().subject(), "248289761001");
    assert!(kept.signature_verified());
    let mut answer = op.tokens();
    answer["access_token"] = json!("b");
    assert!(done(refresh(answer)).id_token().is_some());
    for name in ["refresh-sub-changed", "nonce-mismatch", "exp-missing", "signature-invalid"] {
        let case = file().id_token_cases.into_iter().find(|case| case.name == name).unwrap();
        let error = refresh(json!({ "access_token": "b", "token_type": "Bearer", "id_token": case.jwt })).unwrap_err();
        assert_eq!(format!("reject:{}", error.kind().name()), case.outcome, "{name}");
    }
    // Tokens that came without an ID token have nothing to compare a new one with: it is not looked at.
    let plain = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
    let refreshed = done(op.client.begin_refresh(&plain, NOW).unwrap().receive(json(op.tokens()), NOW));
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
        (r#","id_token_signing_alg_values_supported":["HS256"]"#, Some(ErrorKind::IdTokenAlg)),
    ] {
        let provider = Provider::from_metadata("https://op.example", document(algorithms).as_bytes()).unwrap();
        let client = Client::new(provider, "client-1").unwrap().redirect_uri("https://client.example/cb").unwrap();
        let op = Op { client, ..Op::new() };
        let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
        let received = exchange.receive(json(op.tokens()), NOW);
        assert_eq!(received.err().map(|error| error.kind()), outcome, "{algorithms}");
    }
    let unlisted = op.client.id_token_algorithms([IdTokenAlgorithm::EdDsa]);
    let op = Op { client: unlisted, ..Op::new() };
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    assert_eq!(exchange.receive(json(op.tokens()), NOW).unwrap_err().kind(), ErrorKind::IdTokenAlg);
}

#[test]
fn userinfo_is_about_the_same_user() {
    let op = Op::new();
    let provider = op.client.provider().clone();
    assert_eq!(
        op.client.begin_userinfo(&Tokens::from_parts(Secret::new("a"), None, None, None)).unwrap_err().kind(),
        ErrorKind::EndpointMissing
    );
    let provider = provider.userinfo_endpoint("https://op.example/userinfo").unwrap();
    let client = Client::new(provider, "client-1").unwrap();
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    for (status, body, outcome) in [
        (200, r#"{"sub":"248289761001","name":"Ada"}"#, None),
        (200, r#"{"sub":"248289761002"}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"name":"Ada"}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"sub":248289761001}"#, Some(ErrorKind::UserinfoSub)),
        (200, r#"{"sub":"248289761001","sub":"248289761001"}"#, Some(ErrorKind::UserinfoMalformed)),
        (200, "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", Some(ErrorKind::UserinfoMalformed)),
        (401, r#"{"sub":"248289761001"}"#, Some(ErrorKind::UserinfoStatus)),
        (302, "", Some(ErrorKind::UserinfoStatus)),
    ] {
        let userinfo = client.begin_userinfo(&tokens).unwrap();
        assert_eq!(userinfo.request().headers().find(|(name, _)| *name == "Authorization").unwrap().1, "Bearer a");
        let received = userinfo.receive(Answer::new(status, None, body));
        assert_eq!(received.err().map(|error| error.kind()), outcome, "{status} {body}");
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
        let login = Client::new(provider, "client-1").unwrap().authorize().scope("openid").begin(NOW);
        login.map(|login| login.url().to_owned()).map_err(|error| error.kind())
    };
    assert_eq!(begin(plain()), Err(ErrorKind::IssuerMissing));
    let with_issuer = || plain().issuer("https://op.example").unwrap();
    assert_eq!(begin(with_issuer()), Err(ErrorKind::EndpointMissing));
    let nonce = |url: &str| url.split("&nonce=").nth(1).unwrap().to_owned();
    let urls = [(); 2].map(|()| begin(with_issuer().jwks_uri("https://op.example/keys").unwrap()).unwrap());
    assert_eq!(nonce(&urls[0]).len(), 22);
    assert_ne!(nonce(&urls[0]), nonce(&urls[1]));
}

#[test]
fn signing_out() {
    let op = Op::new();
    let exchange = next(op.exchange(NOW).receive(json(&op.keys), NOW));
    let tokens = done(exchange.receive(json(op.tokens()), NOW));
    assert_eq!(op.client.end_session_url(&tokens, None).unwrap_err().kind(), ErrorKind::EndpointMissing);
    let url = |endpoint: &str| {
        let provider = op.client.provider().clone().end_session_endpoint(endpoint).unwrap();
        Client::new(provider, "client-1").unwrap().end_session_url(&tokens, None)
    };
    let expected = format!("https://op.example/bye?p=1&client_id=client-1&id_token_hint={}", op.id_token);
    assert_eq!(url("https://op.example/bye?p=1").unwrap(), expected);
    assert_eq!(url("https://op.example/bye?client_id=x").unwrap_err().kind(), ErrorKind::ParameterReserved);
}
