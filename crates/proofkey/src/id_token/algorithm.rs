use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, SHA384, SHA512, digest};

use crate::error::ErrorKind;

/// How an ID token is signed: the `alg` of its header (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864). HMAC with
/// a shared secret, and `none`, are not supported.
///
/// ```
/// use proofkey::IdTokenAlgorithm;
/// assert_eq!("ES256".parse(), Ok(IdTokenAlgorithm::Es256));
/// assert_eq!(IdTokenAlgorithm::EdDsa.as_str(), "EdDSA");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdTokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: the default for a client that registers no other.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-384 with SHA-384.
    Es384,
    /// Ed25519, also under that name (RFC 9864).
    EdDsa,
}

impl IdTokenAlgorithm {
    /// Every algorithm.
    pub const ALL: &'static [Self] = &[
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The name in the header, for example `RS256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The value of `at_hash` or `c_hash` for this text (OpenID Connect Core section 3.1.3.6): the left half of its
    /// hash. The algorithm of the ID token decides which hash; for Ed25519 it is SHA-512, which its signatures use.
    pub(crate) fn half_hash(self, text: &str) -> String {
        let hash = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &SHA384,
            Self::Rs512 | Self::Ps512 | Self::EdDsa => &SHA512,
        };
        let hash = digest(hash, text.as_bytes());
        let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        URL_SAFE_NO_PAD.encode(left)
    }
}

impl FromStr for IdTokenAlgorithm {
    type Err = ErrorKind;

    /// Reads the name in a header, where case counts. [`IdTokenAlg`](ErrorKind::IdTokenAlg) for any other name.
    fn from_str(name: &str) -> Result<Self, ErrorKind> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        let known = Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name);
        known.ok_or(match name {
            "ES512" | "ES256K" | "Ed448" => ErrorKind::IdTokenAlgUnsupported,
            _ => ErrorKind::IdTokenAlg,
        })
    }
}

impl fmt::Display for IdTokenAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{ErrorKind, IdTokenAlgorithm};

    #[test]
    fn id_token_hashes() {
        let file: Value = serde_json::from_str(include_str!("../../../../tests/vectors/id_token.json")).unwrap();
        let (mut ran, mut unknown) = (0, Vec::new());
        for case in file["id_token_hashes"].as_array().unwrap() {
            let name = case["alg"].as_str().unwrap();
            match name.trim_end_matches("(Ed25519)").parse::<IdTokenAlgorithm>() {
                Ok(algorithm) => {
                    assert_eq!(algorithm.half_hash(case["input"].as_str().unwrap()), case["hash"], "{}", case["name"]);
                }
                Err(_) => unknown.push(name),
            }
            ran += 1;
        }
        assert_eq!(file["counts"]["id_token_hashes"], ran);
        assert_eq!(unknown, ["ES512"], "a token with this algorithm is refused");
    }

    #[test]
    fn names() {
        for algorithm in IdTokenAlgorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(*algorithm));
        }
        for known in ["ES512", "ES256K", "Ed448"] {
            assert_eq!(known.parse::<IdTokenAlgorithm>(), Err(ErrorKind::IdTokenAlgUnsupported), "{known}");
        }
        for other in ["", "none", "HS256", "rs256", "RS256 "] {
            assert_eq!(other.parse::<IdTokenAlgorithm>(), Err(ErrorKind::IdTokenAlg), "{other}");
        }
    }
}
