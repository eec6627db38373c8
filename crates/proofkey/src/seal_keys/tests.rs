use serde::Deserialize;

use super::{Key, context_hash};
use crate::test_vectors::Vectors;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyCase {
    secret: String,
    key_hex: String,
    key_id: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn vectors_of_keys() {
    Vectors::open("seal", &["keys", "sealed", "refused", "clock"], &[]).run("keys", |case: KeyCase| {
        let key = Key::derive(case.secret.as_bytes()).unwrap();
        assert_eq!((hex(&**key.key), &key.id), (case.key_hex.clone(), &case.key_id));
    });
}

#[test]
fn a_context_is_compared_by_its_hash() {
    // The first half of the SHA-256 of the empty text.
    assert_eq!(hex(&context_hash("")), "e3b0c44298fc1c149afbf4c8996fb924");
}
