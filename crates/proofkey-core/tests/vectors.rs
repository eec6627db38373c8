//! Runs `tests/vectors/pkce.json` and the rows of `errors.json` that belong to this crate.

use proofkey_core::{Challenge, Error, Method, Policy, Verifier};
use serde::Deserialize;

#[path = "../../proofkey/tests/support/vectors.rs"]
mod support;

use support::{ErrorFacts, Vectors, error_rows};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppendixA {
    octets: Vec<u8>,
    base64url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppendixB {
    verifier_octets: Vec<u8>,
    verifier: String,
    sha256_octets: Vec<u8>,
    challenge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct S256 {
    verifier: String,
    challenge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InvalidVerifier {
    value: Option<String>,
    value_hex: Option<String>,
    expected: String,
    error_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InvalidChallenge {
    value: Option<OneOrMany>,
    method: String,
    expected: String,
    policy: Option<String>,
    error_name: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChallengeMethod {
    value: String,
    rfc7636: String,
    default_policy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyCase {
    verifier: Option<String>,
    challenge: Option<String>,
    method: Option<String>,
    ok: bool,
    ok_if_plain_allowed: Option<bool>,
    error: Option<String>,
    error_name: Option<String>,
    error_name_if_plain_allowed: Option<String>,
    policy: String,
}

fn vectors() -> Vectors {
    let arrays = ["s256", "invalid_verifiers", "invalid_challenges", "challenge_methods", "verify_cases"];
    Vectors::open("pkce", &arrays, &["rfc7636_appendix_a", "rfc7636_appendix_b"])
}

fn policy(name: &str) -> Policy {
    match name {
        "strict" => Policy::strict(),
        "plain" => Policy::strict().allow_plain(),
        "optional" => Policy::strict().optional_for_confidential_client(),
        _ => panic!("no policy is called {name}"),
    }
}

fn bytes(text: Option<&String>) -> Option<&[u8]> {
    text.map(String::as_bytes)
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn rfc7636_appendix_a() {
    let AppendixA { octets, base64url } = vectors().member("rfc7636_appendix_a");
    // The five octets, followed by zeros up to 32: the zeros only add characters.
    let mut entropy = [0; 32];
    entropy[..5].copy_from_slice(&octets);
    assert!(Verifier::from_entropy(&entropy).unwrap().expose().starts_with(&base64url));
}

#[test]
fn rfc7636_appendix_b() {
    let b: AppendixB = vectors().member("rfc7636_appendix_b");
    let verifier = Verifier::from_entropy(&b.verifier_octets).unwrap();
    assert_eq!(verifier.expose(), b.verifier);
    assert_eq!(verifier.challenge().as_str(), b.challenge);
    // The challenge is base64url of the digest, which `from_entropy` encodes as well.
    assert_eq!(Verifier::from_entropy(&b.sha256_octets).unwrap().expose(), b.challenge);
}

#[test]
fn s256() {
    vectors().run("s256", |case: S256| {
        let verifier = Verifier::parse(case.verifier.as_bytes()).unwrap();
        assert_eq!(verifier.expose(), case.verifier);
        assert_eq!(verifier.challenge().as_str(), case.challenge);
        assert_eq!(Challenge::parse(case.challenge.as_bytes()), Ok(verifier.challenge()));
    });
}

#[test]
fn invalid_verifiers() {
    vectors().run("invalid_verifiers", |case: InvalidVerifier| {
        let value = match (case.value, case.value_hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => from_hex(&hex),
            _ => panic!("one of value and value_hex"),
        };
        assert_eq!(case.expected, "reject");
        assert_eq!(Verifier::parse(&value).unwrap_err().name(), case.error_name);
        assert_eq!(Verifier::check(&value).unwrap_err().name(), case.error_name);
    });
}

#[test]
fn invalid_challenges() {
    vectors().run("invalid_challenges", |case: InvalidChallenge| {
        let bind = |challenge| policy(case.policy.as_deref().unwrap()).bind(challenge, Some(case.method.as_bytes()));
        let bound = match &case.value {
            None => bind(None),
            Some(OneOrMany::One(value)) => bind(Some(value.as_bytes())),
            // `bind` takes one text: its caller sees that a parameter was repeated, and refuses it.
            Some(OneOrMany::Many(values)) => {
                assert!(values.len() > 1);
                Err(Error::ParameterDuplicate)
            }
        };
        let error = bound.unwrap_err();
        assert_eq!(error.name(), case.error_name);
        assert_eq!(error.oauth_error(), Some(case.expected.as_str()));
    });
}

#[test]
fn challenge_methods() {
    let vectors = vectors();
    let AppendixB { challenge, .. } = vectors.member("rfc7636_appendix_b");
    let outcome = |policy: Policy, method: &str| match policy.bind(Some(challenge.as_bytes()), Some(method.as_bytes()))
    {
        Ok(binding) => binding.method().map(Method::as_str).unwrap(),
        Err(error) => error.oauth_error().unwrap(),
    };
    vectors.run("challenge_methods", |case: ChallengeMethod| {
        assert_eq!(outcome(Policy::strict(), &case.value), case.default_policy);
        assert_eq!(outcome(Policy::strict().allow_plain(), &case.value), case.rfc7636);
    });
}

#[test]
fn verify_cases() {
    vectors().run("verify_cases", |case: VerifyCase| {
        let verify = |policy: Policy| {
            let binding = policy.bind(bytes(case.challenge.as_ref()), bytes(case.method.as_ref()))?;
            binding.verify(bytes(case.verifier.as_ref()))
        };
        let outcome = verify(policy(&case.policy));
        assert_eq!(outcome.is_ok(), case.ok);
        assert_eq!(outcome.err().map(Error::name), case.error_name.as_deref());
        assert_eq!(outcome.err().and_then(Error::oauth_error), case.error.as_deref());
        if let Some(ok) = case.ok_if_plain_allowed {
            let outcome = verify(policy(&case.policy).allow_plain());
            assert_eq!(outcome.is_ok(), ok);
            assert_eq!(outcome.err().map(Error::name), case.error_name_if_plain_allowed.as_deref());
        }
    });
}

fn facts(error: Error) -> ErrorFacts<'static> {
    let oauth = if error.is_from_server() { Some("from_server") } else { error.oauth_error() };
    (error.name(), error.number(), oauth, error.fault().as_str(), error.recovery().as_str(), error.message())
}

#[test]
fn errors_are_exactly_the_rows_of_the_core() {
    let rows = error_rows(&["core"]);
    for (row, error) in rows.iter().zip(Error::ALL) {
        assert_eq!(row.facts(), facts(*error));
        assert_eq!(Error::from_number(error.number()), Some(*error));
    }
    assert_eq!(rows.len(), Error::ALL.len());
}

#[test]
fn no_error_has_the_number_of_another_layer() {
    for row in error_rows(&["flow", "storage", "logout", "c", "every"]) {
        assert_eq!(Error::from_number(row.facts().1), None);
    }
}
