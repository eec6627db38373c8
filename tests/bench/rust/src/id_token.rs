//! A whole login with an ID token, compared with verifying only the token's signature, which is the lower limit.

use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use proofkey::{Client, Error, Provider, Response, Roundtrip as _, Step, Tokens};
use ring::error::Unspecified;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

use crate::{peer, repeat, report};

const NOW: i64 = 1_700_000_000;

pub(crate) fn login_to_claims() {
    let vectors: Value = serde_json::from_str(include_str!("../../../vectors/id_token.json")).unwrap();
    let cases = vectors["id_token_cases"].as_array().unwrap();
    for (algorithm, case, key) in CASES {
        let id_token = cases.iter().find(|one| one["name"] == case).unwrap()["jwt"].as_str().unwrap();
        let keys = &vectors["id_token_jwks"];
        let login = Login::new(algorithm, keys, id_token).unwrap();
        report(
            &format!("ID token by {algorithm}, login to claims"),
            repeat(|| login.run().unwrap()),
            [peer("its signature by ring", repeat(signature(&keys["keys"][key], id_token)))],
        );
    }
}

struct Login {
    client: Client,
    keys: String,
    response: String,
}

impl Login {
    fn new(algorithm: &str, keys: &Value, id_token: &str) -> Result<Self, Error> {
        let provider = Provider::new("https://op.example/authorize", "https://op.example/token")?;
        let provider = provider.with_issuer("https://op.example")?.with_jwks_uri("https://op.example/keys")?;
        let client = Client::new(provider, "client-1")?.with_redirect_uri("https://client.example/cb")?;
        let response =
            json!({ "access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "Bearer", "id_token": id_token });
        let client = client.with_id_token_algorithms([algorithm.parse()?]);
        Ok(Self { client, keys: keys.to_string(), response: response.to_string() })
    }

    /// Keys are requested once, because the client caches them.
    fn run(&self) -> Result<Tokens, Error> {
        let login = self.client.authorize().scope("openid").state("s").nonce("n-0S6_WzA2Mj").begin(NOW)?;
        let mut exchange = login.accept("https://client.example/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=s", NOW)?;
        loop {
            let body = if exchange.request().method() == "GET" { &self.keys } else { &self.response };
            let response = Response::new(200, [("Content-Type", "application/json")], black_box(body.as_str()));
            match exchange.receive(response, NOW)? {
                Step::Send(next) => exchange = next,
                Step::Wait(..) => panic!("no pause was asked for"),
                Step::Done(tokens) => return Ok(tokens),
            }
        }
    }
}

fn signature<'a>(key: &Value, id_token: &'a str) -> impl Fn() + 'a {
    let (signed, signature) = id_token.rsplit_once('.').unwrap();
    let signature = BASE64.decode(signature).unwrap();
    let verify = verify(key);
    move || verify(black_box(signed.as_bytes()), &signature).unwrap()
}

fn verify(key: &Value) -> Box<dyn Fn(&[u8], &[u8]) -> Result<(), Unspecified>> {
    let number = |name: &str| BASE64.decode(key[name].as_str().unwrap()).unwrap();
    match key["kty"].as_str().unwrap() {
        "RSA" => {
            let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
            Box::new(move |signed, signature| key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature))
        }
        "EC" => {
            let point = [vec![4], number("x"), number("y")].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            Box::new(move |signed, signature| key.verify(signed, signature))
        }
        _ => {
            let key = UnparsedPublicKey::new(&ED25519, number("x"));
            Box::new(move |signed, signature| key.verify(signed, signature))
        }
    }
}

/// The algorithm, a case of the vectors, and the index of its key in the set.
const CASES: [(&str, &str, usize); 3] =
    [("RS256", "ok", 0), ("ES256", "kid-absent-one-match", 1), ("EdDSA", "alg-eddsa", 3)];
