use proofkey::{Secret, Tokens};
use serde::Deserialize;

use crate::support::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Readable {
    json: String,
    expect: Expect,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Expect {
    access_token: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
    expires_at: Option<i64>,
    scope: Option<Vec<String>>,
    resource: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    json: String,
    error_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    json: String,
    written: String,
}

fn vectors() -> Vectors {
    Vectors::open("tokens_stored", &["readable", "refused", "malformed", "written"], &[])
}

fn members(tokens: &Tokens) -> Expect {
    let text = |token: Option<&Secret>| token.map(|token| token.expose().to_owned());
    Expect {
        access_token: tokens.access_token().expose().to_owned(),
        refresh_token: text(tokens.refresh_token()),
        id_token: text(tokens.id_token()),
        expires_at: tokens.expires_at(),
        scope: tokens.scope().map(<[String]>::to_vec),
        resource: tokens.resource().to_vec(),
    }
}

#[test]
fn readable() {
    vectors().run("readable", |case: Readable| {
        let tokens = Tokens::from_json(&case.json).unwrap();
        assert_eq!(members(&tokens), case.expect);
        let again = Tokens::from_json(tokens.to_json().expose()).unwrap();
        assert_eq!(members(&again), case.expect);
    });
}

#[test]
fn refused() {
    for array in ["refused", "malformed"] {
        vectors().run(array, |case: Refused| {
            assert_eq!(Tokens::from_json(&case.json).unwrap_err().kind().name(), case.error_name);
        });
    }
}

#[test]
fn written() {
    vectors().run("written", |case: Written| {
        assert_eq!(Tokens::from_json(&case.json).unwrap().to_json().expose(), case.written);
    });
}
