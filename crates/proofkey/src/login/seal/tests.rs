//! Runs `tests/vectors/seal.json` with its nonces, which only a test may choose, and tries every small change.

use proptest::prelude::*;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{LOGIN, payload};
use crate::seal_keys::{NONCE, SealKeys, TAG};
use crate::test_vectors::Vectors;
use crate::{Client, ClientAuthentication, Error, ErrorKind, KnownProvider, Login, Provider, Roundtrip as _};
use crate::{Secret, Verifier};

/// A time at which the logins of the vectors are valid.
const NOW: i64 = 1_700_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    secrets: Vec<String>,
    context: String,
    client: ClientOf,
    nonce_hex: String,
    login: LoginOf,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    secrets: Vec<String>,
    context: String,
    client: ClientOf,
    sealed: String,
    error_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    now: i64,
    error_name: Option<String>,
    sealed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientOf {
    issuer: Option<String>,
    authorization_endpoint: String,
    token_endpoint: String,
    iss_parameter_supported: bool,
    client_id: String,
    redirect_uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginOf {
    state: String,
    verifier: String,
    scope: String,
    began_at: i64,
    expires_at: i64,
    data: String,
    nonce: Option<String>,
    max_age: Option<u32>,
    acr_values: Option<String>,
    form_post: bool,
    resource: Option<String>,
}

impl ClientOf {
    fn client(&self) -> Client {
        let mut provider = Provider::new(&self.authorization_endpoint, &self.token_endpoint).unwrap();
        if let Some(issuer) = &self.issuer {
            provider = provider.with_issuer(issuer).unwrap();
        }
        if self.iss_parameter_supported {
            provider = provider.with_iss_parameter_supported();
        }
        let client = Client::new(provider, &self.client_id).unwrap().trust_token_endpoint_tls();
        self.redirect_uri.iter().fold(client, |client, redirect_uri| client.with_redirect_uri(redirect_uri).unwrap())
    }
}

fn vectors() -> Vectors {
    Vectors::open("seal", &["keys", "sealed", "refused", "clock"], &[])
}

/// The newest secret is the first. The last one sealed the case.
fn keys(secrets: &[String]) -> SealKeys {
    let (newest, older) = secrets.split_first().unwrap();
    older.iter().fold(SealKeys::new(newest).unwrap(), |keys, secret| keys.with_older(secret).unwrap())
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn seal_with_nonce(login: &Login, keys: &SealKeys, context: &str, nonce_hex: &str) -> String {
    let payload = payload(login, context).unwrap();
    keys.seal_with_nonce(&LOGIN, hex(nonce_hex).try_into().unwrap(), &payload).unwrap()
}

fn example() -> (Client, SealKeys) {
    let provider = Provider::new("https://as.example/authorize", "https://as.example/token").unwrap();
    let client = Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap();
    (client, SealKeys::new([7; 32]).unwrap())
}

fn name(error: &Error) -> &str {
    error.kind().name()
}

#[test]
fn vectors_that_open() {
    let vectors = vectors();
    // Its client has learnt since that the server sends `iss`, and so has the login.
    let changed: Sealed = vectors.find("sealed", "iss-promised-since");
    vectors.run("sealed", |case: Sealed| {
        let (client, opener) = (case.client.client(), keys(&case.secrets));
        let login = client.resume(&case.sealed, &opener, &case.context, NOW).unwrap();
        assert_eq!(login.state, case.login.state);
        assert_eq!(login.verifier.expose(), case.login.verifier);
        assert_eq!(login.scope.join(" "), case.login.scope);
        assert_eq!((login.began_at, login.expires_at()), (case.login.began_at, case.login.expires_at));
        assert_eq!((login.data(), login.url()), (&*case.login.data, ""));
        let openid = login.openid.clone().unwrap_or_default();
        assert_eq!((openid.nonce, openid.max_age), (case.login.nonce, case.login.max_age));
        assert_eq!(openid.acr_values.join(" "), case.login.acr_values.unwrap_or_default());
        assert_eq!(
            (login.form_post, login.resource.join(" ")),
            (case.login.form_post, case.login.resource.unwrap_or_default())
        );
        assert_eq!(login.client.provider().iss_parameter_supported(), case.client.iss_parameter_supported);

        // There is one encoding: sealed again, an unchanged login gives the same bytes.
        let sealer = SealKeys::new(case.secrets.last().unwrap()).unwrap();
        let again = seal_with_nonce(&login, &sealer, &case.context, &case.nonce_hex);
        assert_eq!(again == case.sealed, case.sealed != changed.sealed);
    });
}

#[test]
fn a_fresh_login_is_sealed_as_the_vector_says() {
    for name in ["everything", "openid-everything", "form-post", "resources"] {
        let case: Sealed = vectors().find("sealed", name);
        let LoginOf { state, verifier, scope, data, began_at, expires_at, .. } = &case.login;
        let verifier = Verifier::parse(verifier.as_bytes()).unwrap();
        let mut request = case.client.client().authorize().state(state).verifier(verifier).scope(scope).data(data);
        if let LoginOf { nonce: Some(nonce), max_age: Some(max_age), acr_values: Some(acr), .. } = &case.login {
            request = request.nonce(nonce).max_age(*max_age).acr_values(acr.split(' '));
        }
        if case.login.form_post {
            request = request.form_post();
        }
        request = case
            .login
            .resource
            .iter()
            .flat_map(|all| all.split(' '))
            .fold(request, |request, one| request.resource(one));
        let mut login = request.begin(*began_at).unwrap();
        assert_eq!(login.expires_at, began_at + 600);
        login.expires_at = *expires_at;
        let again = seal_with_nonce(&login, &keys(&case.secrets), &case.context, &case.nonce_hex);
        assert_eq!(again, case.sealed);
    }
}

#[test]
fn vectors_that_are_refused() {
    let mut names = std::collections::BTreeSet::new();
    vectors().run("refused", |case: Refused| {
        let (client, keys) = (case.client.client(), keys(&case.secrets));
        let error = client.resume(&case.sealed, &keys, &case.context, NOW).unwrap_err();
        assert_eq!(name(&error), case.error_name);
        names.insert(case.error_name);
    });
    let expected =
        ["login_expired", "seal_client", "seal_context", "seal_forged", "seal_key_unknown", "seal_malformed"];
    assert!(names.iter().eq(expected), "{names:?}");
}

#[test]
fn vectors_of_the_clock() {
    let vectors = vectors();
    let opener: Sealed = vectors.find("sealed", "everything");
    vectors.run("clock", |case: Clock| {
        let opened = opener.client.client().resume(&case.sealed, &keys(&opener.secrets), &opener.context, case.now);
        assert_eq!(opened.err().as_ref().map(name), case.error_name.as_deref(), "{}", case.now);
    });
}

#[test]
fn every_truncation_is_refused() {
    let (client, keys) = example();
    let sealed = client.authorize().begin(NOW).unwrap().seal(&keys, "").unwrap();
    let begin = sealed.rfind('.').unwrap() + 1;
    let mut refused = 0;
    for len in 0..sealed.len() {
        let kind = client.resume(&sealed[..len], &keys, "", NOW).unwrap_err().kind();
        // A multiple of four characters is whole bytes. Other lengths leave bits over, which are not zero as a rule.
        let is_base64url = len > begin && (len - begin) % 4 == 0;
        let is_long_enough = len >= begin + ((NONCE + TAG) * 4).div_ceil(3);
        match kind {
            ErrorKind::SealForged => assert!(is_long_enough, "{len}"),
            kind => assert!(kind == ErrorKind::SealMalformed && !(is_base64url && is_long_enough), "{len}: {kind:?}"),
        }
        refused += 1;
    }
    assert_eq!(refused, sealed.len());
}

#[test]
fn every_flipped_bit_is_refused() {
    let (client, keys) = example();
    let sealed = client.authorize().begin(NOW).unwrap().seal(&keys, "").unwrap();
    let mut counts = [0; 3];
    for bit in 0..sealed.len() * 8 {
        let mut bytes = sealed.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // With its highest bit set a byte is no longer UTF-8; other languages would pass U+FFFD instead.
        let kind = client.resume(&String::from_utf8_lossy(&bytes), &keys, "", NOW).unwrap_err().kind();
        let expected = [ErrorKind::SealMalformed, ErrorKind::SealKeyUnknown, ErrorKind::SealForged];
        counts[expected.iter().position(|expected| *expected == kind).unwrap()] += 1;
    }
    assert_eq!(counts.iter().sum::<usize>(), sealed.len() * 8);
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[test]
fn ordinary_logins_are_short() {
    let google_id = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";
    let microsoft = KnownProvider::Microsoft { tenant: "contoso.onmicrosoft.com" };
    let (_, keys) = example();
    for (known, id) in [
        (KnownProvider::Google, google_id),
        (KnownProvider::GitHub, "Iv1.0123456789abcdef"),
        (KnownProvider::Dropbox, "0123456789abcde"),
        (microsoft, "6731de76-14a6-49ae-97bc-6eba6914391e"),
    ] {
        let client = Client::new(Provider::known(known).unwrap(), id).unwrap();
        let client = client.with_redirect_uri("https://www.client.example/auth/google/callback").unwrap();
        let login = client.authorize().scope("read:user user:email").data("/settings/accounts").begin(NOW);
        let sealed = login.unwrap().seal(&keys, "google").unwrap();
        assert!((400..=700).contains(&sealed.len()), "{id}: {}", sealed.len());
    }
}

#[test]
fn sealing_again_neither_extends_the_expiry_nor_repeats_a_nonce() {
    let (client, keys) = example();
    let first = client.authorize().begin(NOW).unwrap().seal(&keys, "").unwrap();
    let second = client.resume(&first, &keys, "", NOW + 600).unwrap().seal(&keys, "").unwrap();
    assert_eq!(client.resume(&second, &keys, "", NOW + 600).unwrap().expires_at(), NOW + 600);
    assert_eq!(client.resume(&second, &keys, "", NOW + 601).unwrap_err().kind(), ErrorKind::LoginExpired);
    let nonce = |sealed: &str| sealed.split('.').next_back().unwrap().get(..32).unwrap().to_owned();
    assert_ne!(nonce(&first), nonce(&second));
}

#[test]
fn only_the_newest_secret_seals() {
    let (client, old) = example();
    let begin = || client.authorize().begin(NOW).unwrap();
    let rotated = SealKeys::new([8; 32]).unwrap().with_older([7; 32]).unwrap();
    assert!(client.resume(&begin().seal(&old, "").unwrap(), &rotated, "", NOW).is_ok());
    let newer = begin().seal(&rotated, "").unwrap();
    assert_eq!(client.resume(&newer, &old, "", NOW).unwrap_err().kind(), ErrorKind::SealKeyUnknown);
}

#[test]
fn short_secrets() {
    assert_eq!(SealKeys::new([7; 15]).unwrap_err().kind(), ErrorKind::SecretWeak);
    assert_eq!(SealKeys::new([7; 32]).unwrap().with_older([7; 15]).unwrap_err().kind(), ErrorKind::SecretWeak);
    assert!(SealKeys::new([7; 16]).unwrap().is_weak());
    assert!(SealKeys::new([7; 31]).unwrap().with_older([7; 32]).unwrap().is_weak());
    assert!(SealKeys::new([7; 32]).unwrap().with_older([7; 31]).unwrap().is_weak());
    assert!(!SealKeys::new([7; 32]).unwrap().with_older([7; 33]).unwrap().is_weak());
}

#[test]
fn what_does_not_fit() {
    let (client, keys) = example();
    let begin = |scope: usize| client.authorize().scope("s".repeat(scope)).begin(NOW).unwrap();
    for scope in [70_000, 9_000] {
        assert_eq!(begin(scope).seal(&keys, "").unwrap_err().kind(), ErrorKind::SealTooLarge);
    }
    // The longest login that can be sealed also opens. One byte more cannot be sealed.
    let longest = (5_000..6_100).take_while(|scope| begin(*scope).seal(&keys, "").is_ok()).last().unwrap();
    assert!(client.resume(&begin(longest).seal(&keys, "").unwrap(), &keys, "", NOW).is_ok());
    assert_eq!(begin(longest + 1).seal(&keys, "").unwrap_err().kind(), ErrorKind::SealTooLarge);
}

#[test]
fn a_resumed_login_has_the_secret_of_today_and_the_endpoints_and_promise_of_then() {
    let (_, keys) = example();
    let provider = |authorization_endpoint: &str, token_endpoint: &str| {
        let provider = Provider::new(authorization_endpoint, token_endpoint).unwrap();
        provider.with_issuer("https://as.example").unwrap()
    };
    let client = |provider: Provider| {
        Client::new(provider, "app").unwrap().with_redirect_uri("https://client.example/cb").unwrap()
    };
    let with_secret = |client: Client, secret: &str| {
        client.with_authentication(ClientAuthentication::ClientSecretPost(Secret::new(secret))).unwrap()
    };
    let then = provider("https://as.example/authorize", "https://as.example/token").with_iss_parameter_supported();
    let login = with_secret(client(then), "old").authorize().state("s").begin(NOW).unwrap();
    let sealed = login.seal(&keys, "").unwrap();
    let callback = "https://client.example/cb?code=c&state=s&iss=https%3A%2F%2Fas.example";

    let today = client(provider("https://as.example/v2/authorize", "https://as.example/token"));
    let login = with_secret(today, "new").resume(&sealed, &keys, "", NOW).unwrap();
    let refusal = login.accept("https://client.example/cb?code=c&state=s", NOW).unwrap_err();
    assert_eq!(refusal.error.kind(), ErrorKind::IssMissing);
    let exchange = refusal.login.unwrap().accept(callback, NOW).unwrap();
    assert!(exchange.request().body().ends_with("&client_secret=new"));

    // If the token endpoint has moved, the code goes to the old one, but no secret may.
    let moved = client(provider("https://as.example/authorize", "https://as.example/moved"));
    let exchange = moved.resume(&sealed, &keys, "", NOW).unwrap().accept(callback, NOW).unwrap();
    assert_eq!(exchange.request().url(), "https://as.example/token");
    let refused = with_secret(moved, "new").resume(&sealed, &keys, "", NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SealClient);
}

#[test]
fn keys_are_redacted_and_serve_all_threads() {
    const fn shared<T: Send + Sync>() {}
    const { shared::<SealKeys>() };
    const { shared::<Login>() };
    assert_eq!(format!("{:?}", SealKeys::new("marker-marker-marker").unwrap()), "SealKeys(redacted)");
}

proptest! {
    #[test]
    fn any_login_opens_as_it_was(
        state in "[ -~]{1,80}",
        verifier in "[A-Za-z0-9._~-]{43,128}",
        scope in "([!#-\\[\\]-~]{1,9}( [!#-\\[\\]-~]{1,9}){0,3})?",
        data in ".{0,60}",
        context in ".*",
        issuer in proptest::option::of("https://[a-z]{1,9}(/[a-z]{0,9})?"),
        iss_parameter_supported: bool,
        has_redirect_uri: bool,
        now in 0..i64::MAX - 600,
        secret in proptest::collection::vec(any::<u8>(), 16..80),
    ) {
        prop_assume!(!scope.split(' ').any(|token| token == "openid"));
        let mut provider = Provider::new("https://as.example/authorize?x=1", "http://[::1]:1/token").unwrap();
        if let Some(issuer) = issuer {
            provider = provider.with_issuer(issuer).unwrap();
        }
        if iss_parameter_supported {
            provider = provider.with_iss_parameter_supported();
        }
        let mut client = Client::new(provider, "an id").unwrap();
        if has_redirect_uri {
            client = client.with_redirect_uri("com.example.app:/cb").unwrap();
        }
        let keys = SealKeys::new(secret).unwrap();
        let request = client.authorize().state(&state).verifier(Verifier::parse(verifier.as_bytes()).unwrap());
        let login = request.scope(&scope).data(&data).begin(now).unwrap();
        let opened = client.resume(&login.seal(&keys, &context).unwrap(), &keys, &context, now).unwrap();
        prop_assert_eq!(&opened.state, &state);
        prop_assert_eq!(opened.verifier.expose(), verifier);
        prop_assert_eq!(opened.scope.join(" "), scope);
        prop_assert_eq!(opened.data(), data);
        prop_assert_eq!((opened.began_at, opened.expires_at()), (now, now.saturating_add(600)));
        prop_assert_eq!(opened.client.provider().iss_parameter_supported(), iss_parameter_supported);
        prop_assert_eq!(payload(&opened, &context).unwrap(), payload(&login, &context).unwrap());
    }

    #[test]
    fn no_text_panics(sealed in ".*", tail in "[A-Za-z0-9_-]{0,90}") {
        let (client, keys) = example();
        let key_id = keys.seal(&LOGIN, b"").unwrap()[10..18].to_owned();
        let under_the_key = format!("proofkey1.{key_id}.{tail}");
        prop_assert!(client.resume(&sealed, &keys, "", NOW).is_err());
        prop_assert!(client.resume(&under_the_key, &keys, "", NOW).is_err());
    }

    /// A payload that is sealed with the right key is refused, or is the only encoding of a login.
    #[test]
    fn no_payload_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (client, keys) = example();
        let mut bytes = payload(&client.authorize().data("data").begin(NOW).unwrap(), "").unwrap().to_vec();
        for (at, byte) in changes {
            *at.get_mut(&mut bytes) = byte;
        }
        let sealed = keys.seal_with_nonce(&LOGIN, [0; NONCE], &bytes).unwrap();
        if let Ok(login) = client.resume(&sealed, &keys, "", NOW) {
            prop_assert_eq!(&payload(&login, "").unwrap(), &Zeroizing::new(bytes));
        }
    }
}

#[test]
fn a_client_without_keys_resumes_no_openid_login() {
    let case: Sealed = vectors().find("sealed", "openid");
    let provider = case.client.client().provider().clone();
    let client =
        Client::new(provider, &case.client.client_id).unwrap().with_redirect_uri("https://client.example/cb").unwrap();
    let refused = client.resume(&case.sealed, &keys(&case.secrets), &case.context, NOW).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::EndpointMissing);
}
