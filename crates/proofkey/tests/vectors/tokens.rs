use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofkey::{
    Client, ClientAuthentication, Endpoint, Error, Exchange, Failure, Quirk, Refresh, Refreshed, Response, Roundtrip,
    Secret, Step, Tokens,
};
use serde::Deserialize;

use crate::support::Vectors;
use crate::{NOW, REDIRECT_URI, client, provider};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    status: u16,
    content_type: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: String,
    request: Option<Request>,
    /// A quirk of the provider.
    quirk: Option<String>,
    outcome: String,
    expect: Option<Expect>,
    flag: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    scope: Vec<String>,
    grant: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    access_token: String,
    token_type: String,
    expires_in: Option<u32>,
    refresh_token: Option<String>,
    scope: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    client_id: String,
    client_secret: String,
    /// `None` if the client refuses the secret, with `error_name`.
    authorization: Option<String>,
    error_name: Option<String>,
}

fn vectors() -> Vectors {
    Vectors::open("token", &["token_responses", "client_secret_basic"], &[])
}

#[test]
fn token_responses() {
    vectors().run("token_responses", |case: Case| {
        let grant = case.request.as_ref().and_then(|request| request.grant.as_deref());
        let received = match grant {
            Some("refresh_token") => receive(&case, refresh()).map(Refreshed::saved),
            _ => receive(&case, exchange(&case).unwrap()),
        };
        let outcome = match received {
            Ok(tokens) => {
                check(&case, &tokens);
                "ok".to_owned()
            }
            Err(error) => match error.oauth() {
                Some(oauth) => format!("error:{}", oauth.error()),
                None => format!("reject:{}", error.kind().name()),
            },
        };
        assert_eq!(outcome, case.outcome);
    });
}

fn exchange(case: &Case) -> Result<Exchange, Error> {
    let mut provider = provider().with_issuer("https://as.example")?;
    if let Some(name) = &case.quirk {
        provider = provider.with_quirk(*Quirk::ALL.iter().find(|quirk| quirk.as_str() == name).unwrap());
    }
    let scope = case.request.as_ref().map(|request| request.scope.join(" ")).unwrap_or_default();
    let login = client(provider)?.trust_token_endpoint_tls().authorize().scope(scope).state("s").begin(NOW)?;
    Ok(login.accept(format!("{REDIRECT_URI}?code=c&state=s"), NOW)?)
}

fn refresh() -> Refresh {
    let stored = Tokens::from_parts(Secret::new("old"), Some(Secret::new("kept")), None, None);
    match client(provider()).unwrap().begin_refresh(&stored, NOW) {
        Ok(Step::Send(refresh)) => refresh,
        other => panic!("{other:?}"),
    }
}

fn receive<R: Roundtrip>(case: &Case, exchange: R) -> Result<R::Output, Error> {
    let content_type = case.content_type.iter().map(|content_type| ("Content-Type", content_type.as_str()));
    let headers = case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let response = Response::new(case.status, headers.chain(content_type), case.body.as_str());
    match exchange.receive(response, NOW) {
        Ok(Step::Done(tokens)) => Ok(tokens),
        Ok(_) => panic!("nothing more to send"),
        Err(Failure { error, pending }) => {
            assert!(pending.is_none());
            let retry_after = case.headers.get("Retry-After").map(|seconds| seconds.parse().unwrap());
            assert_eq!((error.endpoint(), error.request_sent()), (Some(Endpoint::Token), true));
            assert_eq!(error.retry_after(), retry_after);
            // What is wrong with an ID token is not the response's.
            let is_about_response = !error.kind().name().starts_with("id_token_");
            assert_eq!(error.status(), is_about_response.then_some(case.status));
            Err(error)
        }
    }
}

fn check(case: &Case, tokens: &Tokens) {
    let expect = case.expect.as_ref().unwrap();
    assert_eq!(tokens.access_token().expose(), expect.access_token);
    assert_eq!(expect.token_type, "bearer");
    assert_eq!(tokens.expires_in(), expect.expires_in);
    assert_eq!(tokens.expires_at(), expect.expires_in.map(|seconds| NOW + i64::from(seconds)));
    assert_eq!(tokens.refresh_token().map(|token| token.expose()), expect.refresh_token.as_deref());
    assert_eq!(tokens.scope(), expect.scope.as_deref());
    assert_eq!(tokens.scope_changed(), case.flag.as_deref() == Some("scope_changed"));
    // A case without this flag says nothing about it: most of the bodies name their type.
    if case.flag.as_deref() == Some("token_type_defaulted") {
        assert!(tokens.token_type_defaulted());
    }
}

#[test]
fn client_secret_basic() {
    vectors().run("client_secret_basic", |case: Basic| {
        let secret = ClientAuthentication::ClientSecretBasic(Secret::new(case.client_secret));
        let client = Client::new(provider(), case.client_id).unwrap().with_authentication(secret);
        let Some(expected) = case.authorization else {
            return assert_eq!(Some(client.unwrap_err().kind().name()), case.error_name.as_deref());
        };
        let client = client.unwrap();
        let login = client.with_redirect_uri(REDIRECT_URI).unwrap().authorize().state("s").begin(NOW).unwrap();
        let exchange = login.accept(format!("{REDIRECT_URI}?code=c&state=s"), NOW).unwrap();
        let headers: BTreeMap<_, _> = exchange.request().headers().collect();
        // The vectors write a space as `+`; both are form encoding, and `%20` is read by more servers.
        assert_eq!(credentials(headers["Authorization"]), credentials(&expected).replace('+', "%20"));
        assert!(!exchange.request().body().contains("client_"), "one method per request");
    });
}

fn credentials(authorization: &str) -> String {
    let pair = authorization.strip_prefix("Basic ").unwrap();
    String::from_utf8(STANDARD.decode(pair).unwrap()).unwrap()
}
