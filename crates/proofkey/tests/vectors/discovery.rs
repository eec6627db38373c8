use proofkey::{Discovery, Endpoint, Error, IdTokenAlgorithm, Provider, Response, Roundtrip as _, Step};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::NOW;
use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    issuer: String,
    first: Place,
    second: Place,
    provider: Option<Facts>,
    error_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Place {
    Response(Served),
    NotAsked(NotAsked),
}

#[derive(Deserialize)]
enum NotAsked {
    #[serde(rename = "not asked")]
    NotAsked,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Served {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    document: Option<Map<String, Value>>,
    text: Option<String>,
    pad_to: Option<usize>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Facts {
    token_endpoint: String,
    iss_parameter_supported: bool,
    id_token_algorithms: Option<Vec<String>>,
    end_session_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
}

#[test]
fn discovery_cases() {
    Vectors::open("discovery", &["discovery_cases"], &[]).run("discovery_cases", |case: Case| {
        let mut asked = 0;
        match (discover(&case, &mut asked), &case.error_name) {
            (Ok(provider), None) => assert_eq!(Some(facts(&provider)), case.provider),
            (Err(error), Some(name)) => {
                assert_eq!(error.kind().name(), name);
                assert_eq!(error.endpoint(), (asked > 0).then_some(Endpoint::Metadata));
            }
            (outcome, _) => panic!("{outcome:?}"),
        }
        let places = [&case.first, &case.second];
        assert_eq!(asked, places.iter().filter(|place| matches!(place, Place::Response(_))).count());
    });
}

fn discover(case: &Case, asked: &mut usize) -> Result<Provider, Error> {
    let mut discovery = Discovery::new(&case.issuer)?;
    for place in [&case.first, &case.second] {
        let Place::Response(served) = place else { panic!("{} was asked", discovery.request().url()) };
        *asked += 1;
        match discovery.receive(response(served), NOW)? {
            Step::Done(provider) => return Ok(provider),
            Step::Send(next) => discovery = next,
            Step::Wait(..) => panic!("no pause was asked for"),
        }
    }
    panic!("only two places are asked");
}

fn response(served: &Served) -> Response {
    let mut body = match (&served.document, &served.text) {
        (Some(document), None) => serde_json::to_string(document).unwrap(),
        (None, Some(text)) => text.clone(),
        _ => panic!("either a document or a text"),
    };
    if let Some(size) = served.pad_to {
        body.push_str(&" ".repeat(size.checked_sub(body.len()).unwrap()));
    }
    let headers = [("Content-Type", &served.content_type), ("Location", &served.location)];
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    Response::new(served.status, headers, body)
}

fn facts(provider: &Provider) -> Facts {
    let names = |algorithms: &[IdTokenAlgorithm]| algorithms.iter().map(|one| one.as_str().to_owned()).collect();
    Facts {
        token_endpoint: provider.token_endpoint().to_owned(),
        iss_parameter_supported: provider.iss_parameter_supported(),
        id_token_algorithms: provider.id_token_algorithms().map(names),
        end_session_endpoint: provider.end_session_endpoint().map(str::to_owned),
        userinfo_endpoint: provider.userinfo_endpoint().map(str::to_owned),
    }
}
