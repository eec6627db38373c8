use proofkey::ApiRefusal;
use serde::Deserialize;

use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    status: u16,
    www_authenticate: Vec<String>,
    refusal: Option<Refusal>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    error: String,
    scope: Option<Vec<String>>,
    acr_values: Option<Vec<String>>,
    max_age: Option<u32>,
}

#[test]
fn api_refusals() {
    Vectors::open("www_authenticate", &["api_refusals"], &[]).run("api_refusals", |case: Case| {
        let headers = case.www_authenticate.iter().map(String::as_str);
        let refusal = ApiRefusal::from_response(case.status, headers).map(|refusal| Refusal {
            error: refusal.kind().name().to_owned(),
            scope: refusal.scope().map(<[_]>::to_vec),
            acr_values: refusal.acr_values().map(<[_]>::to_vec),
            max_age: refusal.max_age(),
        });
        assert_eq!(refusal, case.refusal);
    });
}
