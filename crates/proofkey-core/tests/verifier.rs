//! Verifiers and challenges: round trips, the alphabet, redaction, and what must not compile.

use proofkey_core::{Binding, Challenge, Error, Verifier};
use proptest::prelude::*;
use zeroize::Zeroize as _;

fn verifier() -> Verifier {
    Verifier::from_entropy(&[0xA5; 32]).unwrap()
}

#[cfg(feature = "getrandom")]
#[test]
fn generated_verifiers_differ_and_hold_32_bytes_of_base64url() {
    let made: std::collections::HashSet<String> =
        (0..10_000).map(|_| Verifier::generate().unwrap().expose().to_owned()).collect();
    assert_eq!(made.len(), 10_000);
    for verifier in &made {
        assert_eq!(verifier.len(), Verifier::MIN_LEN);
        assert!(verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        // 43 characters hold 258 bits, so the last two are zero, as in a challenge.
        assert!(Challenge::parse(verifier.as_bytes()).is_ok());
    }
}

#[test]
fn entropy_is_32_to_96_bytes() {
    for len in 0..=200 {
        match Verifier::from_entropy(&vec![0xA5; len]) {
            Ok(verifier) => {
                assert!((32..=96).contains(&len));
                assert_eq!(verifier.expose().len(), (len * 4).div_ceil(3));
            }
            Err(error) => {
                assert!(!(32..=96).contains(&len));
                assert_eq!(error, Error::EntropyLength);
            }
        }
    }
}

#[test]
fn debug_shows_nothing_of_the_secret() {
    let verifier = verifier();
    assert_eq!(format!("{verifier:?} {verifier:#?}"), "Verifier(redacted) Verifier(redacted)");
    assert_eq!(format!("{:?}", Some(verifier)), "Some(Verifier(redacted))");
}

#[test]
fn errors_show_nothing_of_the_input() {
    let secret = "kiNgBo0-r4GdQld6ShdPoxGq9SheI2m5moxtX-tFce4!";
    let error = Verifier::parse(secret.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("kiNg"));
}

#[test]
fn zeroize_leaves_an_empty_verifier() {
    let mut verifier = verifier();
    verifier.zeroize();
    assert_eq!(verifier.expose(), "");
}

#[test]
fn types_are_send_and_sync() {
    const fn check<T: Send + Sync>() {}
    const { check::<Verifier>() };
    const { check::<Challenge>() };
    const { check::<Binding>() };
    const { check::<Error>() };
}

proptest! {
    #[test]
    fn parse_prints_back(text in "[A-Za-z0-9._~-]{43,128}") {
        let verifier = Verifier::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(verifier.expose(), text.as_str());
        let challenge = verifier.challenge();
        prop_assert_eq!(Challenge::parse(challenge.as_bytes()).unwrap(), challenge);
    }

    #[test]
    fn entropy_decodes_back(entropy in proptest::collection::vec(any::<u8>(), 32..=96)) {
        use base64::Engine as _;
        let verifier = Verifier::from_entropy(&entropy).unwrap();
        let mut decoded = [0; 96];
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let len = engine.decode_slice(verifier.expose(), &mut decoded).unwrap();
        prop_assert_eq!(&decoded[..len], entropy);
        prop_assert!(Verifier::check(verifier.expose_bytes()).is_ok());
    }

    #[test]
    fn only_43_to_128_unreserved_bytes_are_a_verifier(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let grammar = (43..=128).contains(&text.len())
            && text.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(b));
        prop_assert_eq!(Verifier::check(&text).is_ok(), grammar);
        prop_assert_eq!(Verifier::parse(&text).is_ok(), grammar);
    }
}
