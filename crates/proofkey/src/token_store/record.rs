//! What a token store keeps. `tests/vectors/README.md` describes the format for other implementations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::seal_keys::{HASH, Kind, SealKeys, context_hash};
use crate::tokens::Tokens;

/// Whose tokens they are, of which provider, for which client.
pub(super) struct Key {
    /// What the store sees.
    pub(super) id: String,
    /// What the record is sealed for, so that a record in another's place does not open.
    context: String,
}

impl Key {
    pub(super) fn new(client: &Client, user: &str) -> Self {
        let provider = client.provider();
        // Neither an issuer nor an endpoint nor a client id can contain a line break.
        let context = match provider.issuer() {
            Some(issuer) => format!("{issuer}\n{}\n{user}", client.id()),
            None => {
                let (authorization, token) = (provider.authorization_endpoint(), provider.token_endpoint());
                format!("{authorization} {token}\n{}\n{user}", client.id())
            }
        };
        let id = Sha256::new().chain_update(b"proofkey token store ").chain_update(&context).finalize();
        Self { id: URL_SAFE_NO_PAD.encode(id), context }
    }
}

/// Tokens, and whether a refresh of them began of which nobody knows how it ended.
pub(super) struct Record {
    pub(super) tokens: Tokens,
    /// When it began, in seconds since the epoch. The refresh token may have been sent since.
    pub(super) refresh_began: Option<i64>,
}

impl Record {
    pub(super) fn seal(&self, keys: &SealKeys, key: &Key) -> Result<String, Error> {
        let (began, json) = (self.refresh_began.unwrap_or(0), self.tokens.to_json());
        let len = json.expose().len().saturating_add(HEAD);
        // Allocated at its full size, because a block that grows leaves a copy behind.
        let mut payload = Zeroizing::new(Vec::with_capacity(len));
        payload.push(VERSION);
        payload.extend_from_slice(&context_hash(&key.context));
        payload.extend_from_slice(&began.to_be_bytes());
        payload.extend_from_slice(json.expose().as_bytes());
        Ok(keys.seal(&TOKENS, &payload)?)
    }

    pub(super) fn open(sealed: &str, keys: &SealKeys, key: &Key) -> Result<Self, Error> {
        let payload = keys.open(&TOKENS, sealed)?;
        let (sealed_for, began, json) = fields(&payload).ok_or(ErrorKind::SealMalformed)?;
        if !bool::from(sealed_for.ct_eq(&context_hash(&key.context))) {
            return Err(ErrorKind::SealContext.into());
        }
        Ok(Self { tokens: Tokens::from_json(json)?, refresh_began: (began != 0).then_some(began) })
    }
}

fn fields(payload: &[u8]) -> Option<(&[u8; HASH], i64, &str)> {
    let (sealed_for, rest) = payload.strip_prefix(&[VERSION])?.split_first_chunk()?;
    let (began, json) = rest.split_first_chunk()?;
    Some((sealed_for, i64::from_be_bytes(*began), std::str::from_utf8(json).ok()?))
}

/// Longer than a whole response of a token endpoint would be.
const TOKENS: Kind = Kind { purpose: ".tokens", max_len: 2 << 20 };

/// The version of the payload.
const VERSION: u8 = 1;

/// The length of what comes before the tokens, in bytes.
const HEAD: usize = 1 + HASH + 8;
