use proofkey::Challenge;

use crate::refused::Refused;

/// The `code_challenge` of a verifier: see [`Challenge::s256`].
///
/// # Errors
/// Those of [`Challenge::s256`].
pub fn s256_challenge(verifier: &[u8]) -> Result<String, Refused> {
    Ok(Challenge::s256(verifier)?.as_str().to_owned())
}
