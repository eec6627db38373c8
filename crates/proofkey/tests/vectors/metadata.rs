use proofkey::{Discovery, Endpoint, Error, ErrorKind, Provider, Response, Roundtrip as _, Step};
use serde::Deserialize;
use serde_json::Value;

use crate::NOW;
use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Urls {
    issuer: String,
    rfc8414: Option<String>,
    oidc: Option<String>,
    #[serde(rename = "oidc_inserted")]
    _oidc_inserted: Option<String>,
    reject: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    expected_issuer: String,
    document: Value,
    outcome: String,
    pkce: Option<String>,
    token_endpoint_auth_method: Option<String>,
}

fn vectors() -> Vectors {
    Vectors::open("metadata", &["discovery_urls", "metadata_cases"], &[])
}

#[test]
fn discovery_urls() {
    vectors().run("discovery_urls", |case: Urls| match (Discovery::new(&case.issuer), case.reject) {
        (Ok(discovery), None) => {
            assert_eq!(discovery.request().method(), "GET");
            assert_eq!(Some(discovery.request().url()), case.rfc8414.as_deref());
            let response = Response::new(404, [("Content-Type", "text/html")], "<html>");
            let Step::Send(second) = discovery.receive(response, NOW).unwrap() else { panic!("not asked on") };
            assert_eq!(Some(second.request().url()), case.oidc.as_deref());
        }
        (Err(_), Some(_)) => {}
        (outcome, _) => panic!("{outcome:?}"),
    });
}

#[test]
fn metadata_cases() {
    vectors().run("metadata_cases", |case: Case| {
        let document = serde_json::to_vec(&case.document).unwrap();
        let outcome = match Provider::from_metadata(&case.expected_issuer, &document) {
            Ok(provider) => {
                check(&case, &provider);
                "ok".to_owned()
            }
            Err(error) => format!("reject:{}", error.kind().name()),
        };
        assert_eq!(outcome, case.outcome);
        match discover(&case.expected_issuer, &document) {
            Ok(provider) => check(&case, &provider),
            Err(error) => {
                // A document without an issuer is not this server's metadata.
                let name = match error.kind() {
                    ErrorKind::MetadataNotFound => "metadata_issuer_missing",
                    kind => kind.name(),
                };
                assert_eq!(format!("reject:{name}"), case.outcome);
                assert_eq!((error.endpoint(), error.status()), (Some(Endpoint::Metadata), Some(200)));
            }
        }
    });
}

/// The same through discovery, with this document at both places.
fn discover(issuer: &str, document: &[u8]) -> Result<Provider, Error> {
    let mut discovery = Discovery::new(issuer)?;
    for _ in 0..2 {
        let response = Response::new(200, [("Content-Type", "application/json")], document);
        match discovery.receive(response, NOW)? {
            Step::Done(provider) => return Ok(provider),
            Step::Send(next) => discovery = next,
            Step::Wait(..) => panic!("no pause was asked for"),
        }
    }
    panic!("two places are asked");
}

fn check(case: &Case, provider: &Provider) {
    assert_eq!(case.outcome, "ok");
    let pkce = provider.pkce_support().as_str();
    assert_eq!(case.pkce.as_deref().unwrap_or(pkce), pkce);
    let method = provider.token_endpoint_auth_method().as_str();
    assert_eq!(case.token_endpoint_auth_method.as_deref().unwrap_or(method), method);
}
