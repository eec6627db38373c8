//! Binding, parsing and verifying agree with a model of RFC 7636 that uses SHA-256 and base64url from other crates.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use proofkey::{Binding, Challenge, Method, PkceError, Policy, Verifier};
use proofkey_fuzz::fields;
use sha2::{Digest as _, Sha256};

fuzz_target!(|input: &[u8]| {
    let [flags, challenge, method, stored, verifier] = fields(input);
    let (is_plain_allowed, is_optional) = (flags.contains(&b'p'), flags.contains(&b'o'));
    let mut policy = Policy::strict();
    if is_plain_allowed {
        policy = policy.allow_plain();
    }
    if is_optional {
        policy = policy.optional_for_confidential_client();
    }

    let bound = policy.bind(sent(challenge), sent(method));
    let model = Model::bind(challenge, method, is_plain_allowed, is_optional);
    assert_eq!(policy.bind(Some(challenge), Some(method)).is_ok(), bound.is_ok(), "empty is absent");
    check(bound, model, verifier);
    check(Binding::parse(stored), Model::parse(stored), verifier);

    verifiers(verifier);
    if is_verifier(verifier) {
        // The fuzzer cannot guess the challenge of this verifier.
        let right = s256(verifier);
        let text = format!("S256:{right}");
        check(Binding::parse(text.as_bytes()), Model::parse(text.as_bytes()), verifier);
        let binding = Policy::strict().bind(Some(right.as_bytes()), Some(b"S256")).expect("a challenge");
        assert!(binding.verify(Some(verifier)).is_ok());
        assert_eq!(binding.verify(Some(right.as_bytes())).is_ok(), right.as_bytes() == verifier);
        assert_eq!(binding.verify(Some(stored)).is_ok(), stored == verifier, "no second verifier");
    }
});

fn sent(parameter: &[u8]) -> Option<&[u8]> {
    (!parameter.is_empty()).then_some(parameter)
}

/// What is stored: the method's name, and the challenge of the only verifier that matches it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model(Option<(&'static str, String)>);

impl Model {
    fn bind(challenge: &[u8], method: &[u8], is_plain_allowed: bool, is_optional: bool) -> Result<Self, PkceError> {
        let method = if method.is_empty() { None } else { Some(method) };
        match (challenge, method) {
            (b"", Some(_)) => Err(PkceError::MethodWithoutChallenge),
            (b"", None) if is_optional => Ok(Self(None)),
            (b"", None) => Err(PkceError::ChallengeMissing),
            (_, Some(b"S256")) if is_challenge(challenge) => Ok(Self(Some(("S256", text(challenge))))),
            (_, None | Some(b"plain")) if !is_plain_allowed => Err(PkceError::MethodUnsupported),
            (_, None | Some(b"plain")) if is_verifier(challenge) => Ok(Self(Some(("plain", s256(challenge))))),
            (_, None | Some(b"plain" | b"S256")) => Err(PkceError::ChallengeMalformed),
            _ => Err(PkceError::MethodUnsupported),
        }
    }

    fn parse(stored: &[u8]) -> Result<Self, PkceError> {
        let (method, challenge) = match stored.iter().position(|byte| *byte == b':') {
            None if stored == b"none" => return Ok(Self(None)),
            Some(5) if stored.starts_with(b"plain") => ("plain", &stored[6..]),
            Some(4) if stored.starts_with(b"S256") => ("S256", &stored[5..]),
            _ => return Err(PkceError::BindingMalformed),
        };
        let model = Self(Some((method, text(challenge))));
        if is_challenge(challenge) { Ok(model) } else { Err(PkceError::BindingMalformed) }
    }

    fn verify(&self, verifier: &[u8]) -> Result<(), PkceError> {
        match &self.0 {
            None if verifier.is_empty() => Ok(()),
            None => Err(PkceError::VerifierUnexpected),
            Some(_) if verifier.is_empty() => Err(PkceError::VerifierMissing),
            Some(_) if !(43..=128).contains(&verifier.len()) => Err(PkceError::VerifierLength),
            Some(_) if !is_verifier(verifier) => Err(PkceError::VerifierCharacter),
            Some((_, challenge)) if *challenge == s256(verifier) => Ok(()),
            Some(_) => Err(PkceError::VerifierMismatch),
        }
    }
}

fn check(binding: Result<Binding, PkceError>, model: Result<Model, PkceError>, verifier: &[u8]) {
    let (binding, model) = match (binding, model) {
        (Ok(binding), Ok(model)) => (binding, model),
        (Err(error), Err(expected)) => return assert_eq!(error, expected),
        (binding, model) => panic!("{binding:?}, and should be {model:?}"),
    };
    let expected = match &model.0 {
        None => "none".to_owned(),
        Some((method, challenge)) => format!("{method}:{challenge}"),
    };
    assert_eq!(binding.as_str(), expected);
    assert_eq!(binding.as_bytes(), expected.as_bytes());
    assert_eq!(binding.method().map(Method::as_str), model.0.as_ref().map(|(method, _)| *method));
    assert_eq!(binding.verify(sent(verifier)), model.verify(verifier));
    assert_eq!(binding.verify(Some(verifier)), model.verify(verifier), "empty is absent");
    let again = Binding::parse(binding.as_bytes()).expect("what was stored");
    assert_eq!(again.as_str(), expected);
    assert_eq!(again.verify(sent(verifier)), model.verify(verifier));
}

fn verifiers(bytes: &[u8]) {
    let parsed = Verifier::parse(bytes);
    assert_eq!(parsed.is_ok(), is_verifier(bytes));
    assert_eq!(Challenge::s256(bytes).is_ok(), is_verifier(bytes));
    if let Ok(verifier) = parsed {
        assert_eq!(verifier.expose_bytes(), bytes);
        assert_eq!(verifier.challenge().as_str(), s256(bytes));
    }
    let made = Verifier::from_entropy(bytes);
    assert_eq!(made.is_ok(), (32..=96).contains(&bytes.len()));
    if let Ok(verifier) = made {
        assert_eq!(verifier.expose(), URL_SAFE_NO_PAD.encode(bytes));
        assert!(is_verifier(verifier.expose_bytes()));
    }
}

fn s256(verifier: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// Whether this is base64url of 32 bytes. The decoder refuses padding, and bits after the last byte that are not zero.
fn is_challenge(text: &[u8]) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|digest| digest.len() == 32)
}

fn is_verifier(text: &[u8]) -> bool {
    (43..=128).contains(&text.len())
        && text.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'))
}

fn text(challenge: &[u8]) -> String {
    String::from_utf8_lossy(challenge).into_owned()
}
