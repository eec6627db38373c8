use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proofkey::{
    Client, Endpoint, Error, Exchange, Provider, Refresh, Refreshed, Response, Roundtrip, Secret, Step, Tokens,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::REDIRECT_URI;
use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    // The token is made of these.
    #[serde(rename = "header")]
    _header: Value,
    #[serde(rename = "signature")]
    _signature: String,
    claims: Map<String, Value>,
    ctx: Context,
    outcome: String,
    jwt: String,
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

/// Every token by way of the whole flow. The hashes are run where they are made, in `src/id_token/algorithm.rs`.
#[test]
fn id_token_cases() {
    let vectors = Vectors::open("id_token", &["id_token_hashes", "id_token_cases"], &["id_token_jwks"]);
    let keys: Value = vectors.member("id_token_jwks");
    vectors.run("id_token_cases", |case: Case| {
        let received = match begun(&case.ctx) {
            Begun::Login(exchange) => receive(&case, &keys, *exchange),
            Begun::Refresh(refresh) => receive(&case, &keys, *refresh).map(Refreshed::saved),
        };
        let outcome = match received {
            Ok(tokens) => {
                assert!(tokens.signature_verified());
                assert_eq!(tokens.id_token().unwrap().expose(), case.jwt);
                for (name, value) in &case.claims {
                    assert_eq!(tokens.claims().unwrap().get(name), Some(value));
                }
                "ok".to_owned()
            }
            Err(error) => {
                assert_eq!((error.endpoint(), error.request_sent()), (Some(Endpoint::Token), true));
                format!("reject:{}", error.kind().name())
            }
        };
        assert_eq!(outcome, case.outcome);
    });
}

fn receive<R: Roundtrip>(case: &Case, keys: &Value, mut exchange: R) -> Result<R::Output, Error> {
    let (context, mut asked) = (&case.ctx, 0);
    loop {
        let body = if exchange.request().method() == "GET" {
            asked += 1;
            assert!(asked <= 2, "keys are asked for twice at most");
            keys.clone()
        } else {
            let access_token = context.access_token.as_deref().unwrap_or("a");
            json!({ "access_token": access_token, "token_type": "Bearer", "id_token": case.jwt })
        };
        let response = Response::new(200, [("Content-Type", "application/json")], body.to_string());
        match exchange.receive(response, context.now).map_err(Error::from)? {
            Step::Send(next) => exchange = next,
            Step::Wait(..) => panic!("no pause was asked for"),
            Step::Done(tokens) => return Ok(tokens),
        }
    }
}

enum Begun {
    Login(Box<Exchange>),
    Refresh(Box<Refresh>),
}

/// The exchange that gets the token. A case without a nonce is a refresh of tokens whose ID token had none.
fn begun(context: &Context) -> Begun {
    let client = client(context);
    let Some(nonce) = &context.nonce else {
        let usual = json!({ "iss": context.issuer, "sub": "248289761001", "aud": context.client_id });
        let original = context.original.clone().map_or(usual, Value::Object);
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let stored = format!("{}.{}.", part(&json!({ "alg": "RS256" })), part(&original));
        let tokens = Tokens::from_parts(Secret::new("a"), Some(Secret::new("r")), None, None);
        let tokens = tokens.with_id_token(Secret::new(stored)).unwrap();
        let Step::Send(refresh) = client.begin_refresh(&tokens, context.now).unwrap() else {
            panic!("nothing to send")
        };
        return Begun::Refresh(Box::new(refresh));
    };
    let authorize = client.authorize().scope("openid").state("s").nonce(nonce).acr_values(&context.required_acr);
    let authorize = context.max_age.into_iter().fold(authorize, |authorize, max_age| authorize.max_age(max_age));
    let code = context.code.as_deref().unwrap_or("c");
    let callback = format!("{REDIRECT_URI}?code={code}&state=s");
    Begun::Login(Box::new(authorize.begin(context.now).unwrap().accept(callback, context.now).unwrap()))
}

fn client(context: &Context) -> Client {
    let endpoint = |path| format!("{}/{path}", context.issuer);
    let provider = Provider::new(endpoint("authorize"), endpoint("token")).unwrap();
    let provider = provider.with_issuer(&context.issuer).unwrap().with_jwks_uri(endpoint("keys")).unwrap();
    let client = Client::new(provider, &context.client_id).unwrap().with_redirect_uri(REDIRECT_URI).unwrap();
    let client = client.with_id_token_leeway(context.leeway).with_id_token_algorithms([context.alg.parse().unwrap()]);
    context.trusted_audiences.iter().fold(client, |client, audience| client.with_trusted_audience(audience))
}
