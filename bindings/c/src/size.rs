//! The sizes, in bytes. The macros are literals, because the header is made from them; the build fails if they differ
//! from the core.

use proofkey_core::{Binding, Challenge, Verifier};

/// The length of the shortest verifier.
pub const PROOFKEY_VERIFIER_MIN_LEN: usize = 43;
/// The length of the longest verifier: a buffer of this size holds any.
pub const PROOFKEY_VERIFIER_MAX_LEN: usize = 128;
/// The length of what proofkey_verifier_generate() makes.
pub const PROOFKEY_VERIFIER_GENERATED_LEN: usize = 43;
/// The least entropy that proofkey_verifier_from_entropy() takes.
pub const PROOFKEY_ENTROPY_MIN_LEN: usize = 32;
/// The most entropy that proofkey_verifier_from_entropy() takes.
pub const PROOFKEY_ENTROPY_MAX_LEN: usize = 96;
/// The length of every S256 challenge.
pub const PROOFKEY_CHALLENGE_LEN: usize = 43;
/// The length of the longest binding: a buffer, or a column, of this size holds any.
pub const PROOFKEY_BINDING_MAX_LEN: usize = 49;
/// The length of the longest sealed login.
pub const PROOFKEY_SEALED_MAX_LEN: usize = 8192;

const _: () = {
    assert!(PROOFKEY_VERIFIER_MIN_LEN == Verifier::MIN_LEN);
    assert!(PROOFKEY_VERIFIER_MAX_LEN == Verifier::MAX_LEN);
    assert!(PROOFKEY_VERIFIER_GENERATED_LEN == Verifier::MIN_LEN);
    assert!(PROOFKEY_ENTROPY_MIN_LEN == Verifier::MIN_ENTROPY);
    assert!(PROOFKEY_ENTROPY_MAX_LEN == Verifier::MAX_ENTROPY);
    assert!(PROOFKEY_CHALLENGE_LEN == Challenge::LEN);
    assert!(PROOFKEY_BINDING_MAX_LEN == Binding::MAX_LEN);
};
