use std::collections::BTreeMap;

use proofkey::{Client, Error, Login, Provider, Verifier};
use serde::Deserialize;

use crate::support::Vectors;
use crate::{NOW, REDIRECT_URI, client, login, provider};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    endpoint: String,
    params: Params,
    error_name: Option<String>,
    expect_query: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    client_id: String,
    redirect_uri: String,
    verifier: String,
    state: Option<String>,
    scope: Option<Vec<String>>,
    extra: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FormEncoding {
    decoded: String,
    encoded: String,
    #[serde(default)]
    alt_encoded: Vec<String>,
}

fn vectors() -> Vectors {
    Vectors::open("authorization_url", &["authorization_url", "form_encoding"], &[])
}

#[test]
fn authorization_url() {
    vectors().run("authorization_url", |case: Case| {
        match (begin(&case.endpoint, &case.params), case.error_name, case.expect_query) {
            (Err(error), Some(name), None) => assert_eq!(error.kind().name(), name),
            (Ok(login), None, Some(expected)) => {
                let (endpoint, query) = login.url().split_once('?').unwrap();
                assert_eq!(endpoint, case.endpoint);
                assert_eq!(query.split('&').count(), expected.len(), "nothing twice, nothing more");
                for (name, value) in expected {
                    let pair = format!("{name}={}", encoded(&value));
                    assert!(query.split('&').any(|sent| sent == pair), "{pair} in {query}");
                }
            }
            (outcome, ..) => panic!("{outcome:?}"),
        }
    });
}

fn begin(endpoint: &str, params: &Params) -> Result<Login, Error> {
    let provider = Provider::new(endpoint, "https://as.example/token")?;
    let client = Client::new(provider, &params.client_id)?.with_redirect_uri(&params.redirect_uri)?;
    let mut request = client.authorize().verifier(Verifier::parse(params.verifier.as_bytes())?);
    if let Some(scope) = &params.scope {
        request = request.scope(scope.join(" "));
    }
    if let Some(state) = &params.state {
        request = request.state(state);
    }
    for (name, value) in params.extra.iter().flatten() {
        request = request.extra(name, value);
    }
    request.begin(NOW)
}

#[test]
fn form_encoding() {
    vectors().run("form_encoding", |case: FormEncoding| {
        // `~` may be written either way; everything else has one spelling here.
        assert_eq!(encoded(&case.decoded), case.encoded);
        for text in case.alt_encoded.iter().chain([&case.encoded]) {
            assert_eq!(decoded(text), case.decoded);
        }
    });
}

/// What the flow writes for a text, as the value of an extra parameter.
fn encoded(value: &str) -> String {
    let login = client(provider()).unwrap().authorize().extra("x", value).begin(NOW).unwrap();
    login.url().rsplit_once("&x=").unwrap().1.to_owned()
}

/// What the flow reads from a text, as the description of an authorization error.
fn decoded(value: &str) -> String {
    let callback = format!("{REDIRECT_URI}?state=s&error=e&error_description={value}");
    let error = login().accept(callback, NOW).unwrap_err().error;
    error.oauth().unwrap().description().unwrap().to_owned()
}
