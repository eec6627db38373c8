//! JSON Web Signature, compact (RFC 7515 section 7.1), as strict as the RFC allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::IdTokenAlgorithm;
use crate::ErrorKind;
use crate::http::response::Members;

/// A signed token, taken apart and not yet believed.
pub(crate) struct Jws<'a> {
    pub(crate) algorithm: IdTokenAlgorithm,
    pub(crate) kid: Option<String>,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    pub(crate) payload: Members,
}

impl<'a> Jws<'a> {
    /// Three parts of canonical base64url, of which the first two are JSON objects without repeated members. The header
    /// names no extension (`crit`), no other type than a JWT, and an algorithm that is known; whatever keys it brings
    /// along (`jwk`, `jku`, `x5c`, `x5u`) are not looked at.
    pub(crate) fn parse(token: &'a str) -> Result<Self, ErrorKind> {
        let (signed, signature) = token.rsplit_once('.').ok_or(ErrorKind::IdTokenMalformed)?;
        let (header, payload) = signed.split_once('.').ok_or(ErrorKind::IdTokenMalformed)?;
        let (header, payload, signature) = (object(header)?, object(payload)?, decode(signature)?);
        if header.get_even_empty("crit").is_some() {
            return Err(ErrorKind::IdTokenCrit);
        }
        if !is_jwt(header.get_even_empty("typ"))? {
            return Err(ErrorKind::IdTokenTyp);
        }
        let algorithm = match header.get_even_empty("alg") {
            Some(Value::String(name)) => name.parse()?,
            _ => return Err(ErrorKind::IdTokenAlg),
        };
        let kid = match header.get_even_empty("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(ErrorKind::IdTokenMalformed),
        };
        Ok(Self { algorithm, kid, signed, signature, payload })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, ErrorKind> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| ErrorKind::IdTokenMalformed)
}

fn object(part: &str) -> Result<Members, ErrorKind> {
    let text = String::from_utf8(decode(part)?).map_err(|_| ErrorKind::IdTokenMalformed)?;
    Members::from_json(&text, &|_| true).map_err(|_| ErrorKind::IdTokenMalformed)
}

/// An access token (`at+jwt`) or a logout token is no ID token (RFC 8725 section 3.11).
fn is_jwt(typ: Option<&Value>) -> Result<bool, ErrorKind> {
    match typ {
        None => Ok(true),
        Some(Value::String(typ)) => Ok(typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt")),
        Some(_) => Err(ErrorKind::IdTokenMalformed),
    }
}
