//! The keys of a server (RFC 7517 section 5), and the choice of the key for a token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Map, Value};

use super::algorithm::IdTokenAlgorithm as Alg;
use super::jws::Jws;
use crate::error::{Error, ErrorKind};
use crate::http::Response;
use crate::syntax::json::Members;

/// The keys of a set that can verify an ID token. The others (for encryption, of other types, malformed) are ignored,
/// as RFC 7517 section 5 says.
pub(crate) struct Keys(Vec<Key>);

struct Key {
    kid: Option<String>,
    /// The only algorithm that the key is for, if the set says so.
    algorithm: Option<Alg>,
    material: Material,
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The result of verifying a token with a set of keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    Yes,
    No,
    /// The set does not have the key of this token: the server may have a new one.
    UnknownKey,
}

impl Keys {
    pub(crate) fn from_response(response: &Response) -> Result<Self, Error> {
        let unavailable = response.error(ErrorKind::KeysUnavailable);
        let is_success = response.status() == 200 && response.body().len() <= Response::MAX_BODY;
        let text =
            std::str::from_utf8(response.body()).ok().filter(|_| is_success).ok_or_else(|| unavailable.clone())?;
        let set = Members::from_json(text, &|name| name == "keys").map_err(|_| unavailable.clone())?;
        let Some(Value::Array(keys)) = set.get("keys") else { return Err(unavailable) };
        let usable: Vec<_> = keys.iter().filter_map(Value::as_object).filter_map(Key::parse).collect();
        match usable.is_empty() {
            true if keys.is_empty() => Err(unavailable),
            true => Err(response.error(ErrorKind::KeysUnsupported)),
            false => Ok(Self(usable)),
        }
    }

    /// Verifies with the key that the token names. If it names none, exactly one key of the set must fit it (OpenID
    /// Connect Core section 10.1).
    pub(crate) fn verify(&self, jws: &Jws<'_>) -> Verified {
        let named = |key: &&Key| jws.kid.is_none() || key.kid == jws.kid;
        let mut fitting = self.0.iter().filter(named).filter(|key| key.fits(jws.algorithm)).peekable();
        if fitting.peek().is_none() {
            return Verified::UnknownKey;
        }
        if jws.kid.is_none() && fitting.clone().nth(1).is_some() {
            return Verified::No;
        }
        if fitting.any(|key| key.verifies(jws)) { Verified::Yes } else { Verified::No }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}

impl Key {
    fn parse(jwk: &Map<String, Value>) -> Option<Self> {
        // A member that is null counts as absent.
        let member = |name: &str| jwk.get(name).filter(|value| !value.is_null());
        let text = |name: &str| member(name).and_then(Value::as_str);
        // RFC 7518 section 2 forbids padding and leading zeros, but some servers send them.
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
        let number = |name: &str| {
            let bytes = bytes(name)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            Some(bytes.get(zeros..)?.to_vec())
        };
        let coordinate = |name: &str, len: usize| bytes(name).filter(|bytes| bytes.len() == len);
        // An uncompressed point (SEC 1 section 2.3.3).
        let point = |len: usize| Some([vec![4], coordinate("x", len)?, coordinate("y", len)?].concat());
        // If a key has both `use` and `key_ops`, both must allow it (RFC 7517 section 4.3).
        let is_for_signatures = member("use").is_none_or(|purpose| purpose == "sig")
            && match member("key_ops") {
                None => true,
                Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
                Some(_) => false,
            };
        let algorithm = match member("alg") {
            None => None,
            Some(Value::String(name)) => Some(name.parse().ok()?),
            Some(_) => return None,
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::Rsa { n: number("n").filter(|n| n.len() >= SHORTEST_RSA)?, e: number("e")? },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(coordinate("x", 32)?),
            _ => return None,
        };
        is_for_signatures.then(|| Self { kid: text("kid").map(str::to_owned), algorithm, material })
    }

    fn fits(&self, algorithm: Alg) -> bool {
        let is_of_type = match self.material {
            Material::Rsa { .. } => {
                matches!(algorithm, Alg::Rs256 | Alg::Rs384 | Alg::Rs512 | Alg::Ps256 | Alg::Ps384 | Alg::Ps512)
            }
            Material::P256(_) => algorithm == Alg::Es256,
            Material::P384(_) => algorithm == Alg::Es384,
            Material::Ed25519(_) => algorithm == Alg::EdDsa,
        };
        is_of_type && self.algorithm.is_none_or(|only| only == algorithm)
    }

    fn verifies(&self, jws: &Jws<'_>) -> bool {
        let (signed, signature) = (jws.signed.as_bytes(), jws.signature.as_slice());
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(signed, signature).is_ok()
        };
        match &self.material {
            Material::Rsa { n, e } => {
                let by = |parameters: &RsaParameters| {
                    RsaPublicKeyComponents { n, e }.verify(parameters, signed, signature).is_ok()
                };
                match jws.algorithm {
                    Alg::Rs256 => by(&signature::RSA_PKCS1_2048_8192_SHA256),
                    Alg::Rs384 => by(&signature::RSA_PKCS1_2048_8192_SHA384),
                    Alg::Rs512 => by(&signature::RSA_PKCS1_2048_8192_SHA512),
                    Alg::Ps256 => by(&signature::RSA_PSS_2048_8192_SHA256),
                    Alg::Ps384 => by(&signature::RSA_PSS_2048_8192_SHA384),
                    Alg::Ps512 => by(&signature::RSA_PSS_2048_8192_SHA512),
                    Alg::Es256 | Alg::Es384 | Alg::EdDsa => false,
                }
            }
            Material::P256(key) => by(&signature::ECDSA_P256_SHA256_FIXED, key),
            Material::P384(key) => by(&signature::ECDSA_P384_SHA384_FIXED, key),
            Material::Ed25519(key) => by(&signature::ED25519, key),
        }
    }
}

/// The length of the shortest RSA modulus that is accepted, in bytes: 2048 bits (RFC 7518 section 3.3).
const SHORTEST_RSA: usize = 256;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Key, Keys};

    fn is_usable(changed: Value) -> bool {
        let mut jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43), "kid": "k" });
        jwk.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        Key::parse(jwk.as_object().unwrap()).is_some()
    }

    #[test]
    fn a_key_must_be_for_signatures() {
        for (changed, usable) in [
            (json!({}), true),
            (json!({ "use": "sig", "key_ops": ["verify"] }), true),
            (json!({ "key_ops": ["sign", "verify"] }), true),
            (json!({ "use": null, "x": format!("{}=", "A".repeat(43)) }), true),
            (json!({ "use": "enc" }), false),
            (json!({ "key_ops": ["sign"] }), false),
            (json!({ "key_ops": [] }), false),
            (json!({ "key_ops": "verify" }), false),
            (json!({ "use": "enc", "key_ops": ["verify"] }), false),
            (json!({ "use": "sig", "key_ops": ["encrypt"] }), false),
        ] {
            assert_eq!(is_usable(changed.clone()), usable, "{changed}");
        }
    }

    #[test]
    fn debug_shows_the_names_of_the_keys() {
        let key = |kid| Key { kid, algorithm: None, material: super::Material::Ed25519(vec![7; 32]) };
        let keys = Keys(vec![key(Some("one".to_owned())), key(None)]);
        assert_eq!(format!("{keys:?}"), r#"[Some("one"), None]"#);
    }
}
