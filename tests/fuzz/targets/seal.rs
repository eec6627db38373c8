//! A text opens as a login only if it is sealed with the right key, and only if its payload is the canonical encoding
//! of a login. The envelope is reimplemented here with the cipher crates.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use libfuzzer_sys::fuzz_target;
use proofkey::{Client, ErrorKind, Login, Provider, SealKeys};
use proofkey_fuzz::{fields, is_printable};
use sha2::{Digest, Sha256};

const SECRET: &[u8] = b"the secret of the fuzzer, of 32 bytes and more";
const CONTEXT: &str = "github";
/// The fields of a payload. The last three belong to OpenID logins.
const FIELDS: usize = 18;

// The first byte of the input says what the rest is: t, a sealed text; p, a payload; else the fields of a payload,
// split at the bytes 0xFF.
fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    let keys = SealKeys::new(SECRET).expect("long enough");
    match kind {
        b't' => {
            let refused =
                client().resume(&String::from_utf8_lossy(rest), &keys, CONTEXT, 0).expect_err("nobody has the key");
            let known = [ErrorKind::SealMalformed, ErrorKind::SealKeyUnknown, ErrorKind::SealForged];
            assert!(known.contains(&refused.kind()));
        }
        b'p' => open(rest, &keys),
        _ => open(&payload(rest), &keys),
    }
});

/// Opens a payload that is sealed with the right key.
fn open(payload: &[u8], keys: &SealKeys) {
    let sealed = seal(payload);
    match client().resume(&sealed, keys, CONTEXT, 1_700_000_000) {
        Ok(login) => assert_is(&login, payload, keys),
        Err(error) => {
            let known =
                [ErrorKind::SealMalformed, ErrorKind::SealContext, ErrorKind::SealClient, ErrorKind::LoginExpired];
            assert!(known.contains(&error.kind()), "{error}");
        }
    }
}

/// The login is what the payload says, field by field, and sealing it again gives the same payload.
fn assert_is(login: &Login, payload: &[u8], keys: &SealKeys) {
    let fields = cut(payload).expect("a payload that opened has its fields");
    assert_eq!(fields[0], &Sha256::digest(CONTEXT)[..16]);
    assert_eq!(fields[5], b"s6BhdRkqt3");
    assert!(is_printable(std::str::from_utf8(fields[7]).expect("a state")));
    assert_eq!(login.expires_at().to_be_bytes(), fields[11]);
    assert_eq!(login.data().as_bytes(), fields[12]);
    let asked = [fields[13], fields[14], fields[15]].map(|field| std::str::from_utf8(field).expect("a text"));
    let scope = std::str::from_utf8(fields[9]).expect("a scope");
    if scope.split(' ').any(|token| token == "openid") {
        assert!(is_printable(asked[0]));
        assert!(asked[1].is_empty() || asked[1].parse::<u32>().is_ok_and(|seconds| seconds.to_string() == asked[1]));
        assert!(asked[2].is_empty() || asked[2].split(' ').all(is_printable));
    } else {
        assert_eq!(asked, ["", "", ""], "without openid there is nothing to hold them against");
    }
    let again = unseal(&login.seal(keys, CONTEXT).expect("it fitted before"));
    // This client does not set `iss_parameter_supported`, which would also set it in the login.
    assert_eq!(again, payload);
}

fn client() -> Client {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").expect("endpoints");
    let provider = provider.with_issuer("https://as.example").expect("an issuer");
    let client = Client::new(provider, "s6BhdRkqt3").expect("a client id").trust_token_endpoint_tls();
    client.with_redirect_uri("https://client.example/cb").expect("a redirect URI")
}

/// A payload with these fields, but with the right context.
fn payload(input: &[u8]) -> Vec<u8> {
    let mut given: [&[u8]; FIELDS] = fields(input);
    let context = Sha256::digest(CONTEXT);
    given[0] = &context[..16];
    let mut payload = vec![1];
    for field in given {
        payload.extend((field.len() as u16).to_be_bytes());
        payload.extend(&field[..usize::from(field.len() as u16)]);
    }
    payload
}

fn cut(payload: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = &payload[1..];
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let len = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        fields.push(rest.get(2..2 + len)?);
        rest = &rest[2 + len..];
    }
    (fields.len() == FIELDS).then_some(fields)
}

fn key() -> ([u8; 32], String) {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, SECRET).expand(b"proofkey1 seal", &mut key).expect("32 bytes");
    (key, URL_SAFE_NO_PAD.encode(&Sha256::digest(key)[..6]))
}

fn seal(payload: &[u8]) -> String {
    let (key, id) = key();
    let aad = format!("proofkey1.{id}.login");
    let nonce = [0; 24];
    let payload = Payload { msg: payload, aad: aad.as_bytes() };
    let ciphertext = XChaCha20Poly1305::new(&key.into()).encrypt(&XNonce::from(nonce), payload).expect("sealed");
    format!("proofkey1.{id}.{}", URL_SAFE_NO_PAD.encode([&nonce[..], &ciphertext].concat()))
}

fn unseal(sealed: &str) -> Vec<u8> {
    let (key, id) = key();
    let aad = format!("proofkey1.{id}.login");
    let bytes = URL_SAFE_NO_PAD.decode(sealed.rsplit('.').next().expect("a text")).expect("base64url");
    let nonce: [u8; 24] = bytes[..24].try_into().expect("a nonce");
    let payload = Payload { msg: &bytes[24..], aad: aad.as_bytes() };
    XChaCha20Poly1305::new(&key.into()).decrypt(&XNonce::from(nonce), payload).expect("sealed with the key")
}
