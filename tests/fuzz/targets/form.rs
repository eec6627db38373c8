//! Another decoder reads from an authorization URL and a token request exactly the parameters that went in, in the same
//! order. The crates decode a form as that decoder does.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use proofkey::{
    Client, ClientAuthentication, Error, ErrorKind, Login, Provider, Quirk, Roundtrip as _, Secret, Verifier,
};
use proofkey_fuzz::{Pairs, cut_query, decode_form, escape, fields, is_printable};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://client.example/cb?tenant=a%2Bb&x";
const RESERVED: [&str; 15] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_verifier",
    "code_challenge_method",
    "request",
    "request_uri",
    "nonce",
    "max_age",
    "resource",
];

fuzz_target!(|input: &[u8]| {
    let [flags, endpoint_query, client_id, secret, scope, state, code, extra] = fields(input);
    let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
    let extra: Vec<String> = extra.split(|byte| *byte == 0xFF).map(text).collect();
    let quirks = [(b'd', Quirk::OfflineByTokenAccessType), (b'g', Quirk::OfflineByAccessType)];
    let case = Case {
        quirks: quirks.into_iter().filter(|(flag, _)| flags.contains(flag)).map(|(_, quirk)| quirk).collect(),
        endpoint_query: text(endpoint_query),
        client_id: text(client_id),
        secret: text(secret),
        scope: text(scope),
        state: text(state),
        code: text(code),
        extra: extra.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
    };
    let Some(client) = case.client() else { return };
    match (case.begin(&client), case.expected_error()) {
        (Ok(login), None) => case.assert_url(login.url()),
        (Err(error), Some(kind)) => assert_eq!(error.kind(), kind),
        (outcome, expected) => panic!("{outcome:?}, and should be {expected:?}"),
    }
    case.token_request(&client);
    for authentication in [ClientAuthentication::ClientSecretBasic, ClientAuthentication::ClientSecretPost] {
        let secret = Secret::new(case.secret.clone());
        // A clone would remember that the same login was used above.
        let client = case.client().expect("the same client").with_authentication(authentication(secret));
        assert_eq!(client.is_ok(), !case.secret.is_empty());
        if let Ok(client) = client {
            case.token_request(&client);
        }
    }
    case.description(&client);
});

struct Case {
    quirks: Vec<Quirk>,
    endpoint_query: String,
    client_id: String,
    secret: String,
    scope: String,
    state: String,
    code: String,
    extra: Pairs,
}

impl Case {
    /// `None` if the query is not valid in a URL, or the client id is invalid.
    fn client(&self) -> Option<Client> {
        let endpoint = format!("https://as.example/authorize?{}", self.endpoint_query);
        let provider = Provider::new(endpoint, "https://as.example/token").ok()?;
        let provider = self.quirks.iter().fold(provider, |provider, quirk| provider.with_quirk(*quirk));
        let client = Client::new(provider, self.client_id.clone());
        assert_eq!(client.is_ok(), is_printable(&self.client_id));
        client.ok()?.with_redirect_uri(REDIRECT_URI).ok()
    }

    fn begin(&self, client: &Client) -> Result<Login, Error> {
        let verifier = Verifier::parse(VERIFIER.as_bytes())?;
        let mut request = client.authorize().scope(self.scope.clone()).state(self.state.clone()).verifier(verifier);
        for (name, value) in &self.extra {
            request = request.extra(name, value);
        }
        request.begin(0)
    }

    /// The extra parameters, and those of the quirks that the caller did not set.
    fn all_extra(&self) -> Pairs {
        let mut all = self.extra.clone();
        for quirk in &self.quirks {
            let added = match quirk {
                Quirk::OfflineByTokenAccessType => "token_access_type=offline",
                _ => "access_type=offline&prompt=consent",
            };
            let is_new = |pair: &(String, String)| !self.extra.iter().any(|extra| extra.0 == pair.0);
            all.extend(decode_form(added).into_iter().flatten().filter(is_new));
        }
        all
    }

    /// Why no request can be made from this; `None` if one can.
    fn expected_error(&self) -> Option<ErrorKind> {
        let is_scope = self.scope.is_empty()
            || self.scope.split(' ').all(|token| is_printable(token) && !token.contains('"') && !token.contains('\\'));
        let is_taken = |index: usize, name: &str| {
            RESERVED.contains(&name) || self.extra[..index].iter().any(|extra| extra.0 == name)
        };
        let names = || self.extra.iter().map(|(name, _)| name.as_str());
        let query = decode_form(&self.endpoint_query);
        match query {
            _ if !is_scope => Some(ErrorKind::ScopeInvalid),
            // The provider has no issuer, so no ID token could be checked.
            _ if self.scope.split(' ').any(|token| token == "openid") => Some(ErrorKind::IssuerMissing),
            _ if !is_printable(&self.state) => Some(ErrorKind::StateInvalid),
            _ if names().enumerate().any(|(index, name)| name.is_empty() || is_taken(index, name)) => {
                Some(ErrorKind::ParameterReserved)
            }
            None => Some(ErrorKind::EndpointMalformed),
            Some(query) => {
                let set = self.all_extra();
                let collides = |name: &str| RESERVED.contains(&name) || set.iter().any(|extra| extra.0 == name);
                query.iter().any(|pair| collides(&pair.0)).then_some(ErrorKind::ParameterReserved)
            }
        }
    }

    fn assert_url(&self, url: &str) {
        let given = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &self.scope),
            ("state", &self.state),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let mut expected = decode_form(&self.endpoint_query).expect("a query");
        expected.extend(owned(&given));
        expected.extend(self.all_extra().into_iter().filter(|(_, value)| !value.is_empty()));

        let (endpoint, query) = cut_query(url);
        assert_eq!(endpoint, "https://as.example/authorize");
        assert_eq!(decode_form(query).expect("a form"), expected);
        let added = query.strip_prefix(&self.endpoint_query).expect("the endpoint's query stays as it is");
        assert!(added.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-._%+&=".contains(&byte)));
    }

    /// The code, written by another encoder, and the client's secret arrive in the token request.
    fn token_request(&self, client: &Client) {
        let login = client.authorize().state("s").verifier(Verifier::parse(VERIFIER.as_bytes()).expect("a verifier"));
        // The endpoint may have parameters that make every request fail.
        let Ok(login) = login.begin(0) else { return };
        let callback = format!("{REDIRECT_URI}&state=s&code={}", escape(&self.code));
        let exchange = login.accept(callback, 0);
        assert_eq!(exchange.is_ok(), is_printable(&self.code));
        let Ok(exchange) = exchange else { return };

        let request = exchange.request();
        let authorization = request.headers().find(|(name, _)| *name == "Authorization").map(|(_, value)| value);
        let sent = decode_form(request.body()).expect("a form");
        let given = [
            ("grant_type", "authorization_code"),
            ("code", &self.code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let mut expected = owned(&given);
        match authorization {
            Some(header) => {
                let credentials = STANDARD.decode(header.strip_prefix("Basic ").expect("basic")).expect("base64");
                let credentials = String::from_utf8(credentials).expect("ASCII");
                let (id, secret) = credentials.split_once(':').expect("a pair");
                let pair = decode_form(&format!("{id}={secret}")).expect("encoded");
                assert_eq!(pair, [(self.client_id.clone(), self.secret.clone())]);
            }
            None => {
                expected.extend(owned(&[("client_id", &self.client_id)]));
                if sent.iter().any(|pair| pair.0 == "client_secret") {
                    expected.extend(owned(&[("client_secret", &self.secret)]));
                }
            }
        }
        assert_eq!(sent, expected);
    }

    /// The crates decode the description of an error as the other decoder does.
    fn description(&self, client: &Client) {
        let Ok(login) = client.authorize().state("s").begin(0) else { return };
        let raw = self.code.replace(['&', '#'], "");
        let refusal = login.accept(format!("{REDIRECT_URI}&state=s&error=e&error_description={raw}"), 0);
        let error = refusal.expect_err("an error").error;
        let is_url = !raw.contains(|character: char| character.is_ascii_control() || character == ' ');
        match decode_form(&format!("error_description={raw}")).filter(|_| is_url).as_deref() {
            Some([(_, text)]) => {
                let description = error.oauth().and_then(|oauth| oauth.description());
                assert_eq!(description.unwrap_or_default(), text);
            }
            _ => assert_eq!(error.kind(), ErrorKind::CallbackMalformed),
        }
    }
}

/// Parameters without a value are not sent.
fn owned(parameters: &[(&str, &str)]) -> Pairs {
    let sent = parameters.iter().filter(|(_, value)| !value.is_empty());
    sent.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
