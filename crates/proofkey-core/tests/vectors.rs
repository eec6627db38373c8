//! Runs `tests/vectors/pkce.json` and `errors.json`: every case, its values and its error name.

use proofkey_core::{Challenge, Error, Method, Policy, Verifier};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct Pkce {
    #[serde(rename = "$schema")]
    schema: String,
    about: String,
    counts: Counts,
    rfc7636_appendix_a: AppendixA,
    rfc7636_appendix_b: AppendixB,
    s256: Vec<S256>,
    invalid_verifiers: Vec<InvalidVerifier>,
    invalid_challenges: Vec<InvalidChallenge>,
    challenge_methods: Vec<ChallengeMethod>,
    verify_cases: Vec<VerifyCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    s256: usize,
    invalid_verifiers: usize,
    invalid_challenges: usize,
    challenge_methods: usize,
    verify_cases: usize,
}

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
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct S256 {
    name: String,
    verifier: String,
    challenge: String,
    source: Option<String>,
    note: Option<String>,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct InvalidVerifier {
    name: String,
    value: Option<String>,
    value_hex: Option<String>,
    why: String,
    expected: String,
    error_name: String,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct InvalidChallenge {
    name: String,
    value: Option<OneOrMany>,
    method: String,
    why: String,
    basis: String,
    expected: String,
    policy: Option<String>,
    error_name: String,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct ChallengeMethod {
    value: String,
    rfc7636: String,
    default_policy: String,
    why: String,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct VerifyCase {
    name: String,
    verifier: Option<String>,
    challenge: Option<String>,
    method: Option<String>,
    ok: bool,
    ok_if_plain_allowed: Option<bool>,
    error: Option<String>,
    error_name: Option<String>,
    error_name_if_plain_allowed: Option<String>,
    policy: String,
    note: Option<String>,
    req: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
struct Errors {
    #[serde(rename = "$schema")]
    schema: String,
    about: String,
    counts: ErrorCounts,
    errors: Vec<ErrorRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorCounts {
    errors: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorRow {
    name: String,
    number: i32,
    oauth: Option<String>,
    fault: String,
    recovery: String,
    message: String,
}

fn pkce() -> Pkce {
    serde_json::from_str(include_str!("../../../tests/vectors/pkce.json")).unwrap()
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
fn rfc7636_appendices() {
    let Pkce { rfc7636_appendix_a: a, rfc7636_appendix_b: b, .. } = pkce();
    // Appendix A's five octets, followed by zeros up to 32: the zeros only add characters.
    let mut entropy = [0; 32];
    entropy[..5].copy_from_slice(&a.octets);
    assert!(Verifier::from_entropy(&entropy).unwrap().expose().starts_with(&a.base64url));

    let verifier = Verifier::from_entropy(&b.verifier_octets).unwrap();
    assert_eq!(verifier.expose(), b.verifier);
    assert_eq!(verifier.challenge().as_str(), b.challenge);
    // The digest itself, encoded as if it were entropy: base64url of `sha256_octets` is the challenge.
    assert_eq!(Verifier::from_entropy(&b.sha256_octets).unwrap().expose(), b.challenge);
}

#[test]
fn s256() {
    let Pkce { s256, counts, .. } = pkce();
    let mut ran = 0;
    for case in s256 {
        let verifier = Verifier::parse(case.verifier.as_bytes()).expect(&case.name);
        assert_eq!(verifier.expose(), case.verifier, "{}", case.name);
        assert_eq!(verifier.challenge().as_str(), case.challenge, "{}", case.name);
        assert_eq!(Challenge::parse(case.challenge.as_bytes()), Ok(verifier.challenge()), "{}", case.name);
        ran += 1;
    }
    assert_eq!(ran, counts.s256);
}

#[test]
fn invalid_verifiers() {
    let Pkce { invalid_verifiers, counts, .. } = pkce();
    let mut ran = 0;
    for case in invalid_verifiers {
        let value = match (case.value, case.value_hex) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(hex)) => from_hex(&hex),
            _ => panic!("{}: one of value and value_hex", case.name),
        };
        assert_eq!(Verifier::parse(&value).unwrap_err().name(), case.error_name, "{}", case.name);
        assert_eq!(Verifier::check(&value).unwrap_err().name(), case.error_name, "{}", case.name);
        ran += 1;
    }
    assert_eq!(ran, counts.invalid_verifiers);
}

#[test]
fn invalid_challenges() {
    let Pkce { invalid_challenges, counts, .. } = pkce();
    let mut ran = 0;
    for case in invalid_challenges {
        let bound = match &case.value {
            // Bytes in, so that a repeated parameter is the framework's to show and the caller's to refuse.
            Some(OneOrMany::Many(values)) => {
                assert!(values.len() > 1, "{}", case.name);
                Err(Error::ParameterDuplicate)
            }
            Some(OneOrMany::One(value)) => policy(case.policy.as_deref().expect(&case.name))
                .bind(Some(value.as_bytes()), Some(case.method.as_bytes())),
            None => policy(case.policy.as_deref().expect(&case.name)).bind(None, Some(case.method.as_bytes())),
        };
        let error = bound.unwrap_err();
        assert_eq!(error.name(), case.error_name, "{}", case.name);
        assert_eq!(error.oauth_error(), Some("invalid_request"), "{}", case.name);
        ran += 1;
    }
    assert_eq!(ran, counts.invalid_challenges);
}

#[test]
fn challenge_methods() {
    let Pkce { challenge_methods, counts, rfc7636_appendix_b: b, .. } = pkce();
    let outcome =
        |policy: Policy, method: &str| match policy.bind(Some(b.challenge.as_bytes()), Some(method.as_bytes())) {
            Ok(binding) => binding.method().map(Method::as_str).unwrap(),
            Err(error) => error.oauth_error().unwrap(),
        };
    let mut ran = 0;
    for case in challenge_methods {
        assert_eq!(outcome(Policy::strict(), &case.value), case.default_policy, "{}", case.value);
        assert_eq!(outcome(Policy::strict().allow_plain(), &case.value), case.rfc7636, "{}", case.value);
        ran += 1;
    }
    assert_eq!(ran, counts.challenge_methods);
}

#[test]
fn verify_cases() {
    let Pkce { verify_cases, counts, .. } = pkce();
    let mut ran = 0;
    for case in verify_cases {
        let verify = |policy: Policy| {
            policy
                .bind(bytes(case.challenge.as_ref()), bytes(case.method.as_ref()))?
                .redeem(bytes(case.verifier.as_ref()))
        };
        let outcome = verify(policy(&case.policy));
        assert_eq!(outcome.is_ok(), case.ok, "{}", case.name);
        assert_eq!(outcome.err().map(Error::name), case.error_name.as_deref(), "{}", case.name);
        assert_eq!(outcome.err().and_then(Error::oauth_error), case.error.as_deref(), "{}", case.name);
        if let Some(ok) = case.ok_if_plain_allowed {
            let outcome = verify(policy(&case.policy).allow_plain());
            assert_eq!(outcome.is_ok(), ok, "{}", case.name);
            assert_eq!(outcome.err().map(Error::name), case.error_name_if_plain_allowed.as_deref(), "{}", case.name);
        }
        ran += 1;
    }
    assert_eq!(ran, counts.verify_cases);
}

#[test]
fn errors_are_the_table_both_ways() {
    let table: Errors = serde_json::from_str(include_str!("../../../tests/vectors/errors.json")).unwrap();
    assert_eq!(table.errors.len(), table.counts.errors);
    assert_eq!(
        table.errors.iter().map(|row| row.number).collect::<Vec<_>>(),
        Error::ALL.iter().map(|error| error.number()).collect::<Vec<_>>(),
    );
    for row in table.errors {
        let error = Error::from_number(row.number).unwrap();
        assert_eq!(error.name(), row.name);
        assert_eq!(error.message(), row.message);
        assert_eq!(error.fault().as_str(), row.fault);
        assert_eq!(error.recovery().as_str(), row.recovery);
        let oauth = if error.is_from_server() { Some("from_server") } else { error.oauth_error() };
        assert_eq!(oauth, row.oauth.as_deref());
    }
}
