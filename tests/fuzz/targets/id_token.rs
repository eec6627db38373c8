//! Tokens are returned only if their ID token is signed by the server's key that it names, and says what OpenID Connect
//! Core section 3.1.3.7 requires (section 12.2 for a refresh). Nobody can forge one without a key.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use libfuzzer_sys::fuzz_target;
use proofkey::{
    Claims, Client, Error, ErrorKind, Exchange, IdTokenAlgorithm, Provider, Response, Roundtrip, Secret, Step, Tokens,
};
use proofkey_fuzz::{Object, is_printable, object, texts};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

const ISSUER: &str = "https://op.example";
const CLIENT_ID: &str = "client-1";
const TRUSTED: &str = "api";
const NONCE: &str = "n-0S6_WzA2Mj";
const ACR: &str = "urn:x:2";
const MAX_AGE: u32 = 300;
const NOW: i64 = 1_700_000_000;

fuzz_target!(|input: &[u8]| {
    let [flags, header, claims, refreshed, keys, more_keys, access_token, userinfo] = texts(input);
    if flags.contains('f') {
        return nobody_forges(&header);
    }
    let access_token = if is_printable(&access_token) { &access_token } else { "a" };
    let case = Case { flags: &flags, header: &header, keys: [&keys, &more_keys], access_token };
    let client = case.client().expect("a client");
    let login = case.login(&client).expect("a login");
    match (case.run(login, &claims), case.expected(&claims)) {
        (Ok(tokens), Expected::Accepted(claims)) => {
            assert!(tokens.signature_verified());
            assert_claims(tokens.claims(), &claims);
            case.refresh(&client, &tokens, &claims, &refreshed);
            case.userinfo(&client, &tokens, &userinfo);
        }
        (Err(error), expected @ (Expected::NoKeys | Expected::Refused)) => {
            assert_ne!(error.kind(), ErrorKind::Internal);
            assert_eq!(error.request_sent(), matches!(expected, Expected::Refused), "{error}");
            let no_user = Tokens::from_parts(Secret::new("a"), None, None, None);
            case.userinfo(&client, &no_user, &userinfo);
        }
        (outcome, expected) => panic!("{outcome:?}, and should be {expected:?}"),
    }
});

/// Flags: e, the key for ES256 signs, else the one for EdDSA; b, the signature is broken; o, only EdDSA is accepted; z,
/// no leeway; t, another audience is trusted; m, a largest age is asked for; a, a way to sign in is asked for; f, the
/// header is a whole token.
struct Case<'a> {
    flags: &'a str,
    header: &'a str,
    /// The server's first response with keys, and the one to a second request.
    keys: [&'a str; 2],
    access_token: &'a str,
}

#[derive(Debug)]
enum Expected {
    /// Known before the code is sent.
    NoKeys,
    Refused,
    Accepted(Object),
}

impl Case<'_> {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    fn client(&self) -> Result<Client, Error> {
        let both = [IdTokenAlgorithm::EdDsa, IdTokenAlgorithm::Es256];
        let client = usual_client()?.with_id_token_algorithms(both.into_iter().take(if self.has('o') { 1 } else { 2 }));
        let client = if self.has('z') { client.with_id_token_leeway(0) } else { client };
        Ok(if self.has('t') { client.with_trusted_audience(TRUSTED) } else { client })
    }

    fn login(&self, client: &Client) -> Result<Exchange, Error> {
        let request = client.authorize().scope("openid").state("s").nonce(NONCE);
        let request = if self.has('m') { request.max_age(MAX_AGE) } else { request };
        let request = if self.has('a') { request.acr_values([ACR]) } else { request };
        Ok(request.begin(NOW)?.accept("https://client.example/cb?code=c&state=s", NOW)?)
    }

    /// Runs the exchange with the server's responses.
    fn run<R: Roundtrip>(&self, exchange: R, claims: &str) -> Result<R::Output, Error> {
        receive(exchange, &self.keys, self.access_token, &self.id_token(claims))
    }

    fn id_token(&self, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(self.header), BASE64.encode(claims));
        let mut signature = match self.has('e') {
            true => ES256.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature").as_ref().to_vec(),
            false => EDDSA.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        signature[0] ^= u8::from(self.has('b'));
        format!("{signed}.{}", BASE64.encode(signature))
    }

    fn expected(&self, claims: &str) -> Expected {
        let Some(keys) = read_keys(self.keys[0]) else { return Expected::NoKeys };
        let verified = || {
            let header = Header::read(self.header).filter(|header| !self.has('o') || header.alg == "EdDSA")?;
            let signer = self.signer();
            // If the first keys do not verify it, the server is asked for newer ones.
            let is_signed = header.is_signed_by(&keys, &signer) == Some(true) && !self.has('b')
                || header.is_signed_by(&read_keys(self.keys[1])?, &signer)?;
            let claims = present(claims)?;
            (is_signed && !self.has('b') && self.is_login(&claims, &header)).then_some(claims)
        };
        verified().map_or(Expected::Refused, Expected::Accepted)
    }

    fn signer(&self) -> Key {
        match self.has('e') {
            true => Key::Es256(ES256.public_key().as_ref()[1..].to_vec()),
            false => Key::EdDsa(EDDSA.public_key().as_ref().to_vec()),
        }
    }

    fn is_login(&self, claims: &Object, header: &Header) -> bool {
        let earliest = NOW as f64 - f64::from(MAX_AGE) - self.leeway();
        self.is_for_us(claims, header)
            && is(claims, "nonce", NONCE)
            && (!claims.contains_key("c_hash") || is(claims, "c_hash", &header.half_hash("c")))
            && (!self.has('a') || is(claims, "acr", ACR))
            && (!self.has('m')
                || number(claims, "auth_time").is_some_and(|at| (earliest..=NOW as f64 + self.leeway()).contains(&at)))
    }

    /// The checks that also apply to a refresh.
    fn is_for_us(&self, claims: &Object, header: &Header) -> bool {
        let is_trusted = |audience: &Value| audience == CLIENT_ID || self.has('t') && audience == TRUSTED;
        let is_audience = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(|one| one == CLIENT_ID) && all.iter().all(is_trusted),
            one => one.is_some_and(|one| one == CLIENT_ID),
        };
        let is_alone = claims.get("aud").and_then(Value::as_array).is_none_or(|all| all.len() == 1);
        let sub = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        let is_past = |at: f64| at <= NOW as f64 + self.leeway();
        is_audience
            && claims.get("azp").map_or(is_alone, |azp| azp == CLIENT_ID)
            && is(claims, "iss", ISSUER)
            && (1..256).contains(&sub.len())
            && sub.is_ascii()
            && number(claims, "exp").is_some_and(|exp| NOW as f64 - self.leeway() < exp)
            && number(claims, "iat").is_some_and(is_past)
            && (!claims.contains_key("auth_time") || number(claims, "auth_time").is_some())
            && (!claims.contains_key("nbf") || number(claims, "nbf").is_some_and(is_past))
            && (!claims.contains_key("at_hash") || is(claims, "at_hash", &header.half_hash(self.access_token)))
    }

    fn leeway(&self) -> f64 {
        if self.has('z') { 0.0 } else { 60.0 }
    }

    /// A refresh gives tokens of the same user, or an error.
    fn refresh(&self, client: &Client, tokens: &Tokens, original: &Object, refreshed: &str) {
        let header = Header::read(self.header).expect("that of the login");
        let is_same = |claims: &Object| {
            let kept = |name: &str| claims.get(name).zip(original.get(name)).is_none_or(|(new, old)| new == old);
            self.is_for_us(claims, &header)
                && ["sub", "azp", "auth_time"].into_iter().all(kept)
                && same_audience(claims, original)
                && (!claims.contains_key("nonce") || is(claims, "nonce", NONCE))
                // A refresh has no code, so nothing can have this hash.
                && !claims.contains_key("c_hash")
        };
        let step = client.begin_refresh(tokens, NOW).expect("a refresh token");
        let Step::Send(exchange) = step else { panic!("nobody else was first") };
        let outcome = self.run(exchange, refreshed).map(|refreshed| refreshed.saved());
        match (outcome, present(refreshed).filter(is_same)) {
            (Ok(tokens), Some(claims)) => assert_claims(tokens.claims(), &claims),
            (Err(error), None) => assert!(error.request_sent()),
            (outcome, expected) => panic!("{outcome:?}, and should be {expected:?}"),
        }
    }

    fn userinfo(&self, client: &Client, tokens: &Tokens, body: &str) {
        let question = client.begin_userinfo(tokens);
        let is_token = |text: &str| {
            let text = text.trim_end_matches('=');
            let is_allowed = |character: char| character.is_ascii_alphanumeric() || "-._~+/".contains(character);
            !text.is_empty() && text.chars().all(is_allowed)
        };
        assert_eq!(question.is_ok(), is_token(tokens.access_token().expose()));
        let Ok(question) = question else { return };
        let is_same_user =
            |claims: &Object| tokens.claims().is_none_or(|user| is(claims, "sub", user.subject().unwrap_or_default()));
        match (question.receive(Response::new(200, [], body), NOW), present(body).filter(is_same_user)) {
            (Ok(Step::Done(claims)), Some(expected)) => assert_claims(Some(&claims), &expected),
            (Err(failure), None) => assert_ne!(failure.error.kind(), ErrorKind::Internal),
            (outcome, expected) => panic!("{outcome:?}, and should be {expected:?}"),
        }
    }
}

fn usual_client() -> Result<Client, Error> {
    let endpoint = |path| format!("{ISSUER}/{path}");
    let provider = Provider::new(endpoint("authorize"), endpoint("token"))?.with_issuer(ISSUER)?;
    let provider = provider.with_jwks_uri(endpoint("keys"))?.with_userinfo_endpoint(endpoint("userinfo"))?;
    Client::new(provider, CLIENT_ID)?.with_redirect_uri("https://client.example/cb")
}

/// Drives the exchange: GET gets the keys, POST the tokens.
fn receive<R: Roundtrip>(
    mut exchange: R,
    keys: &[&str],
    access_token: &str,
    id_token: &str,
) -> Result<R::Output, Error> {
    let mut keys = keys.iter();
    loop {
        let body = match exchange.request().method() {
            "GET" => (*keys.next().expect("keys are asked for twice at most")).to_owned(),
            _ => json!({ "access_token": access_token, "refresh_token": "r", "id_token": id_token }).to_string(),
        };
        match exchange.receive(Response::new(200, [("Content-Type", "application/json")], body), NOW)? {
            Step::Send(next) => exchange = next,
            Step::Wait(..) => panic!("no pause was asked for"),
            Step::Done(tokens) => return Ok(tokens),
        }
    }
}

struct Header {
    alg: &'static str,
    kid: Option<Value>,
}

impl Header {
    fn read(text: &str) -> Option<Self> {
        let all = object(text, |_| true)?;
        let header = present(text)?;
        let types = ["jwt", "application/jwt"];
        let is_type = |typ: &Value| typ.as_str().is_some_and(|typ| types.contains(&typ.to_ascii_lowercase().as_str()));
        let kid = header.get("kid").cloned();
        let is_usable = !all.contains_key("crit")
            && header.get("typ").is_none_or(is_type)
            && kid.as_ref().is_none_or(Value::is_string);
        let alg = algorithm(header.get("alg")?);
        let alg = ["EdDSA", "ES256"].into_iter().find(|signed| *signed == alg)?;
        is_usable.then_some(Self { alg, kid })
    }

    /// Whether one of the keys that it names, or without a name the only one for its algorithm, is the signer's. `None`
    /// if no key fits.
    fn is_signed_by(&self, keys: &[Jwk], signer: &Key) -> Option<bool> {
        let fits = |jwk: &&Jwk| {
            (self.kid.is_none() || self.kid == jwk.kid)
                && jwk.alg.as_ref().is_none_or(|only| only == self.alg)
                && matches!((&jwk.key, self.alg), (Key::EdDsa(_), "EdDSA") | (Key::Es256(_), "ES256"))
        };
        let fitting: Vec<&Jwk> = keys.iter().filter(fits).collect();
        let is_clear = self.kid.is_some() || fitting.len() == 1;
        (!fitting.is_empty()).then(|| is_clear && fitting.iter().any(|jwk| jwk.key == *signer))
    }

    fn half_hash(&self, text: &str) -> String {
        match self.alg {
            "ES256" => BASE64.encode(&Sha256::digest(text)[..16]),
            _ => BASE64.encode(&Sha512::digest(text)[..32]),
        }
    }
}

struct Jwk {
    kid: Option<Value>,
    /// If it is for one algorithm only.
    alg: Option<String>,
    key: Key,
}

#[derive(PartialEq)]
enum Key {
    EdDsa(Vec<u8>),
    Es256(Vec<u8>),
    /// For an algorithm that no signer here uses.
    Other,
}

/// The usable keys; `None` if there are no such keys.
fn read_keys(text: &str) -> Option<Vec<Jwk>> {
    let set = object(text, |name| name == "keys")?;
    let keys: Vec<_> = set.get("keys")?.as_array()?.iter().filter_map(Value::as_object).filter_map(read_key).collect();
    (!keys.is_empty()).then_some(keys)
}

fn read_key(jwk: &Object) -> Option<Jwk> {
    let member = |name: &str| jwk.get(name).filter(|value| !value.is_null());
    let bytes = |name: &str| BASE64.decode(member(name)?.as_str()?.trim_end_matches('=')).ok();
    let point = |size: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == size && y.len() == size).then(|| [x, y].concat())
    };
    let alg = match member("alg") {
        None => None,
        Some(alg) => Some(algorithm(alg)).filter(|alg| ALGORITHMS.contains(&alg.as_str())).map(Some)?,
    };
    let is_for_signatures = member("use").unwrap_or(&json!("sig")) == "sig"
        && member("key_ops").unwrap_or(&json!(["verify"])).as_array()?.contains(&json!("verify"));
    let key = match (member("kty")?.as_str()?, member("crv").and_then(Value::as_str)) {
        ("OKP", Some("Ed25519")) => Key::EdDsa(bytes("x").filter(|x| x.len() == 32)?),
        ("EC", Some("P-256")) => Key::Es256(point(32)?),
        ("EC", Some("P-384")) => point(48).map(|_| Key::Other)?,
        // At least 2048 bits, without leading zeros.
        ("RSA", _) => {
            let n = bytes("n")?;
            let len = n.iter().position(|byte| *byte != 0).map_or(0, |zeros| n.len() - zeros);
            (len >= 256 && bytes("e").is_some()).then_some(Key::Other)?
        }
        _ => return None,
    };
    is_for_signatures.then(|| Jwk { kid: member("kid").filter(|kid| kid.is_string()).cloned(), alg, key })
}

/// Ed25519 has two names (RFC 9864).
fn algorithm(name: &Value) -> String {
    name.as_str().map(|name| if name == "Ed25519" { "EdDSA" } else { name }).unwrap_or_default().to_owned()
}

/// The members of an object that has none twice; null counts as absent.
fn present(text: &str) -> Option<Object> {
    let mut members = object(text, |_| true)?;
    members.retain(|_, value| !value.is_null());
    Some(members)
}

fn is(claims: &Object, name: &str, text: &str) -> bool {
    claims.get(name).is_some_and(|value| value == text)
}

fn number(claims: &Object, name: &str) -> Option<f64> {
    claims.get(name)?.as_f64()
}

/// Compares audiences as sets; a single text is a list of one.
fn same_audience(claims: &Object, original: &Object) -> bool {
    let list = |claims: &Object| match &claims["aud"] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    };
    let (new, old) = (list(claims), list(original));
    new.len() == old.len() && new.iter().all(|one| old.contains(one))
}

fn assert_claims(claims: Option<&Claims>, expected: &Object) {
    assert!(claims.expect("claims").iter().eq(expected.iter().map(|(name, value)| (name.as_str(), value))));
}

/// A token that the keys of the vectors verify is one of the vectors' own.
fn nobody_forges(token: &str) {
    let client = usual_client().expect("a client").with_id_token_algorithms(IdTokenAlgorithm::ALL.iter().copied());
    let request = client.authorize().scope("openid").state("s").nonce(NONCE);
    let login = request.begin(NOW).expect("a login").accept("https://client.example/cb?code=c&state=s", NOW);
    let keys = VECTORS["id_token_jwks"].to_string();
    if receive(login.expect("an exchange"), &[&keys, &keys], "a", token).is_ok() {
        let is_signed = |case: &&Value| {
            let refusals = ["reject:id_token_malformed", "reject:id_token_signature"];
            !refusals.contains(&case["outcome"].as_str().unwrap_or_default())
        };
        let mut signed = VECTORS["id_token_cases"].as_array().expect("cases").iter().filter(is_signed);
        assert!(signed.any(|case| case["jwt"] == token), "forged");
    }
}

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../vectors/id_token.json")).expect("JSON"));

/// RFC 8037 appendix A.1.
static EDDSA: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let private = BASE64.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").expect("base64");
    Ed25519KeyPair::from_seed_unchecked(&private).expect("a key")
});

/// RFC 7515 appendix A.3.
static ES256: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let [x, y, private] = [
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    ]
    .map(|number| BASE64.decode(number).expect("base64"));
    let public = [vec![4], x, y].concat();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &private, &public, &SystemRandom::new()).expect("a key")
});

/// The algorithms that a key may be for.
const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
