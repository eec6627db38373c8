use proofkey::{Client, Conversation, Endpoint, Error, ErrorKind, LogoutToken, MemoryReplayStore, Provider, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    jwt: String,
    logout: Logout,
    conformance: Option<String>,
    #[serde(default = "rs256")]
    alg: Vec<String>,
    #[serde(default)]
    trusted_audiences: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Logout {
    iss: String,
    sub: Option<String>,
    sid: Option<String>,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    jwt: String,
    error_name: String,
    fetches: usize,
    conformance: Option<String>,
    #[serde(default = "rs256")]
    alg: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    issuer: String,
    client_id: String,
    now: i64,
    leeway: u32,
}

#[test]
fn logout_tokens() {
    let vectors = Vectors::open("logout_token", &["accepted", "refused"], &["context", "jwks"]);
    let (context, keys): (Context, Value) = (vectors.member("context"), vectors.member("jwks"));
    let mut modules = 0;
    vectors.run("accepted", |case: Accepted| {
        modules += usize::from(case.conformance.is_some());
        let client = client(&context, &case.alg, &case.trusted_audiences);
        let (token, fetches) = receive(&client, &case.jwt, &keys, context.now);
        let token = token.unwrap();
        assert_eq!((logout(&token), fetches), (case.logout, 1));
        // With the keys of the cache.
        let (again, fetches) = receive(&client, &case.jwt, &keys, context.now);
        assert_eq!((again.unwrap(), fetches), (token.clone(), 0));
        let store = MemoryReplayStore::new();
        token.claim(&store).unwrap();
        assert_eq!(token.claim(&store).unwrap_err().kind(), ErrorKind::LogoutTokenReplayed);
    });
    vectors.run("refused", |case: Refused| {
        modules += usize::from(case.conformance.is_some());
        let (token, fetches) = receive(&client(&context, &case.alg, &[]), &case.jwt, &keys, context.now);
        let error = token.unwrap_err();
        assert_eq!((error.kind().name(), fetches), (case.error_name.as_str(), case.fetches));
        assert_eq!((error.endpoint(), error.request_sent()), (None::<Endpoint>, false));
    });
    assert_eq!(modules, 8, "the modules of the conformance suite's plan");
}

fn rs256() -> Vec<String> {
    vec!["RS256".to_owned()]
}

fn client(context: &Context, algorithms: &[String], trusted_audiences: &[String]) -> Client {
    let endpoint = |path| format!("{}/{path}", context.issuer);
    let provider = Provider::new(endpoint("authorize"), endpoint("token")).unwrap();
    let provider = provider.with_issuer(&context.issuer).unwrap().with_jwks_uri(endpoint("keys")).unwrap();
    let client = Client::new(provider, &context.client_id)
        .unwrap()
        .with_id_token_leeway(context.leeway)
        .with_id_token_algorithms(algorithms.iter().map(|name| name.parse().unwrap()));
    trusted_audiences.iter().fold(client, |client, audience| client.with_trusted_audience(audience))
}

/// The token, and how often its keys were asked for.
fn receive(client: &Client, jwt: &str, keys: &Value, now: i64) -> (Result<LogoutToken, Error>, usize) {
    let mut check = match client.begin_logout_token(jwt, now) {
        Ok(step) => Conversation::from(step),
        Err(error) => return (Err(error), 0),
    };
    let mut fetches = 0;
    while let Some(request) = check.request() {
        assert_eq!((request.method(), request.url()), ("GET", client.provider().jwks_uri().unwrap()));
        fetches += 1;
        if let Err(error) = check.receive(Response::new(200, [], keys.to_string()), now) {
            return (Err(error), fetches);
        }
    }
    (Ok(check.into_output().unwrap()), fetches)
}

fn logout(token: &LogoutToken) -> Logout {
    Logout {
        iss: token.issuer().to_owned(),
        sub: token.subject().map(str::to_owned),
        sid: token.sid().map(str::to_owned),
        jti: token.jti().to_owned(),
        iat: token.issued_at(),
        exp: token.expires_at(),
    }
}
