//! Every combination of policy, bound challenge and sent verifier, and `verify` against an independent model.

use proofkey_core::{Binding, Challenge, Error, Policy, Verifier};
use proptest::prelude::*;

const VERIFIER: &[u8] = b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &[u8] = b"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const OTHER: &[u8] = b"kiNgBo0-r4GdQld6ShdPoxGq9SheI2m5moxtX-tFce4";

/// The policies, and which of the three kinds of request each binds.
fn policies() -> [(Policy, &'static [&'static str]); 4] {
    [
        (Policy::strict(), &["S256"]),
        (Policy::strict().allow_plain(), &["S256", "plain"]),
        (Policy::strict().optional_for_confidential_client(), &["none", "S256"]),
        (Policy::strict().allow_plain().optional_for_confidential_client(), &["none", "S256", "plain"]),
    ]
}

fn bind(policy: Policy, kind: &str) -> Result<Binding, Error> {
    match kind {
        "none" => policy.bind(None, None),
        "S256" => policy.bind(Some(CHALLENGE), Some(b"S256")),
        "plain" => policy.bind(Some(VERIFIER), Some(b"plain")),
        _ => panic!("{kind}"),
    }
}

#[test]
fn every_combination() {
    type Verified = Result<(), Error>;
    // A verifier, the result if a challenge is bound, and the result if `none` is.
    let verifiers: [(Option<&[u8]>, Verified, Verified); 6] = [
        (None, Err(Error::VerifierMissing), Ok(())),
        (Some(b""), Err(Error::VerifierMissing), Ok(())),
        (Some(b"short"), Err(Error::VerifierLength), Err(Error::VerifierUnexpected)),
        (Some(&[b'='; 43]), Err(Error::VerifierCharacter), Err(Error::VerifierUnexpected)),
        (Some(OTHER), Err(Error::VerifierMismatch), Err(Error::VerifierUnexpected)),
        (Some(VERIFIER), Ok(()), Err(Error::VerifierUnexpected)),
    ];
    let mut ran = 0;
    for (policy, binds) in policies() {
        for kind in ["none", "S256", "plain"] {
            let binding = match (bind(policy, kind), kind) {
                (Ok(binding), _) => {
                    assert!(binds.contains(&kind), "{policy:?} must not bind {kind}");
                    binding
                }
                (Err(error), "none") => {
                    assert_eq!(error, Error::ChallengeMissing);
                    assert!(!binds.contains(&kind));
                    Binding::none()
                }
                (Err(error), _) => {
                    assert_eq!(error, Error::MethodUnsupported);
                    assert!(!binds.contains(&kind));
                    Binding::parse(b"plain:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap()
                }
            };
            // What was bound decides, even if the policy has changed since.
            for stored in [binding.clone(), Binding::parse(binding.as_bytes()).unwrap()] {
                for (verifier, bound, unbound) in verifiers {
                    let expected = if kind == "none" { unbound } else { bound };
                    assert_eq!(stored.verify(verifier), expected, "{policy:?} {kind} {verifier:?}");
                    ran += 1;
                }
            }
        }
    }
    assert_eq!(ran, 4 * 3 * 2 * 6);
}

#[test]
fn metadata_lists_the_methods_that_are_bound() {
    for (policy, binds) in policies() {
        let listed = policy.challenge_methods().iter().map(|method| method.as_str());
        assert!(listed.eq(binds.iter().copied().filter(|kind| *kind != "none")), "{policy:?}");
    }
}

#[test]
fn the_challenge_itself_is_not_a_verifier() {
    for kind in ["S256", "plain"] {
        let binding = bind(Policy::strict().allow_plain(), kind).unwrap();
        let stored = binding.as_str().split_once(':').unwrap().1;
        assert_eq!(binding.verify(Some(stored.as_bytes())), Err(Error::VerifierMismatch));
    }
}

#[test]
fn a_lost_or_unreadable_column_is_never_no_pkce() {
    let overlong = [b"S256:".as_slice(), CHALLENGE, b"A"].concat();
    let padded = [b"S256:".as_slice(), CHALLENGE, b"="].concat();
    let texts: [&[u8]; 13] = [
        b"", b" ", b"None", b"NONE", b"none ", b"none\0", b"null", b"S256", b"S256:", b"plain:", CHALLENGE, &overlong,
        &padded,
    ];
    for text in texts {
        assert_eq!(Binding::parse(text).unwrap_err(), Error::BindingMalformed, "{text:?}");
    }
}

/// A second, slow implementation of RFC 7636 section 4.6 and RFC 9700 section 4.8.2: base64url bit by bit, the grammar
/// by set membership, the hash byte by byte.
fn model(binding: &str, verifier: Option<&[u8]>) -> Result<(), Error> {
    let verifier = verifier.unwrap_or_default();
    let Some((_, challenge)) = binding.split_once(':') else {
        return if verifier.is_empty() { Ok(()) } else { Err(Error::VerifierUnexpected) };
    };
    let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    if verifier.is_empty() {
        Err(Error::VerifierMissing)
    } else if !(43..=128).contains(&verifier.len()) {
        Err(Error::VerifierLength)
    } else if verifier.iter().any(|byte| !unreserved.as_bytes().contains(byte)) {
        Err(Error::VerifierCharacter)
    } else if base64url_by_bits(&sha256(verifier)) != challenge {
        Err(Error::VerifierMismatch)
    } else {
        Ok(())
    }
}

fn sha256(text: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    text.iter().for_each(|byte| hash.update([*byte]));
    hash.finalize().to_vec()
}

fn base64url_by_bits(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    (0..bits.len())
        .step_by(6)
        .map(|at| format!("{:0<6}", &bits[at..bits.len().min(at + 6)]))
        .map(|six| char::from(alphabet[usize::from_str_radix(&six, 2).unwrap()]))
        .collect()
}

fn verifier_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[A-Za-z0-9._~-]{43,128}".prop_map(String::into_bytes),
        1 => "[A-Za-z0-9._~-]{0,140}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..140),
    ]
}

proptest! {
    #[test]
    fn verify_agrees_with_the_model(
        bound in verifier_text(),
        sent in proptest::option::of(verifier_text()),
        same: bool,
    ) {
        let sent = if same { Some(bound.clone()) } else { sent };
        let challenge = base64url_by_bits(&sha256(&bound));
        for binding in ["none".to_owned(), format!("S256:{challenge}"), format!("plain:{challenge}")] {
            let verified = Binding::parse(binding.as_bytes()).unwrap().verify(sent.as_deref());
            prop_assert_eq!(verified, model(&binding, sent.as_deref()));
        }
    }

    #[test]
    fn what_is_bound_is_read_back(verifier in "[A-Za-z0-9._~-]{43,128}") {
        let policy = Policy::strict().allow_plain();
        let challenge = Verifier::parse(verifier.as_bytes()).unwrap().challenge();
        let s256 = policy.bind(Some(challenge.as_bytes()), Some(b"S256")).unwrap();
        let plain = policy.bind(Some(verifier.as_bytes()), None).unwrap();
        for binding in [s256, plain] {
            let stored = Binding::parse(binding.as_bytes()).unwrap();
            prop_assert_eq!(stored.as_str(), binding.as_str());
            prop_assert_eq!(stored.method(), binding.method());
            prop_assert!(stored.verify(Some(verifier.as_bytes())).is_ok());
        }
    }

    #[test]
    fn no_bytes_panic(
        challenge in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200)),
        method in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..10)),
        text in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        for (policy, _) in policies() {
            let _ = policy.bind(challenge.as_deref(), method.as_deref());
        }
        let _ = Binding::parse(&text);
    }
}

#[test]
fn challenges_and_bindings_are_public_and_shown_as_they_are_stored() {
    let binding = bind(Policy::strict(), "S256").unwrap();
    let challenge = Challenge::parse(CHALLENGE).unwrap();
    let text = std::str::from_utf8(CHALLENGE).unwrap();
    assert_eq!((challenge.to_string(), format!("{challenge:?}")), (text.to_owned(), format!("Challenge({text:?})")));
    assert_eq!(binding.to_string(), format!("S256:{text}"));
    assert_eq!(format!("{binding:?}"), format!("Binding(\"S256:{text}\")"));
    assert_eq!(Error::VerifierMismatch.to_string(), Error::VerifierMismatch.message());
}
