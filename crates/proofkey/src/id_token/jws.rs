//! JSON Web Signatures in compact form (RFC 7515 section 7.1), read as strictly as the RFC allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::algorithm::IdTokenAlgorithm;
use crate::error::ErrorKind;
use crate::syntax::json::Members;

/// A signed token that is parsed but not yet verified.
pub(crate) struct Jws<'a> {
    pub(crate) algorithm: IdTokenAlgorithm,
    pub(crate) kid: Option<String>,
    /// What the signature covers.
    pub(crate) signed: &'a str,
    pub(crate) signature: Vec<u8>,
    pub(crate) payload: Members,
}

impl<'a> Jws<'a> {
    /// Parses three parts of canonical base64url. The first two must be JSON objects without repeated members. The
    /// header must name a known algorithm, no extension (`crit`), and no type other than these. Keys in the header
    /// (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
    pub(crate) fn parse(token: &'a str, types: &[&str]) -> Result<Self, ErrorKind> {
        let (signed, signature) = token.rsplit_once('.').ok_or(ErrorKind::IdTokenMalformed)?;
        let (header, payload) = signed.split_once('.').ok_or(ErrorKind::IdTokenMalformed)?;
        let (header, payload, signature) = (object(header)?, object(payload)?, decode(signature)?);
        if header.contains("crit") {
            return Err(ErrorKind::IdTokenCrit);
        }
        if !is_one_of(types, header.get_even_empty("typ"))? {
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

/// The types of an ID token. Access tokens (`at+jwt`) and logout tokens are refused (RFC 8725 section 3.11).
pub(crate) const ID_TOKEN: &[&str] = &["jwt"];

/// Whether this is one of these types, or absent. The prefix `application/` may be there (RFC 7515 section 4.1.9).
fn is_one_of(types: &[&str], typ: Option<&Value>) -> Result<bool, ErrorKind> {
    match typ {
        None => Ok(true),
        Some(Value::String(typ)) => {
            let typ = typ.to_ascii_lowercase();
            Ok(types.contains(&typ.strip_prefix("application/").unwrap_or(&typ)))
        }
        Some(_) => Err(ErrorKind::IdTokenMalformed),
    }
}
