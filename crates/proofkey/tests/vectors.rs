//! Runs the vectors of the flow, every case with its outcome: `authorization_url.json`, `callback.json`, `token.json`,
//! `metadata.json` and `redirect_uri.json`.
#![cfg(feature = "id-token")]

use std::collections::BTreeMap;

use proofkey::{
    Answer, Callback, Client, Discovery, Error, Exchange, Login, LoopbackPort, PkceSupport, Provider, Quirk, Secret,
    Step, Tokens, Verifier, redirect_uri_matches,
};
use serde::Deserialize;
use serde_json::Value;

const NOW: i64 = 1_700_000_000;
const REDIRECT_URI: &str = "https://client.example/cb";

fn client(provider: Provider, redirect_uri: &str) -> Result<Client, Error> {
    Client::new(provider, "s6BhdRkqt3")?.redirect_uri(redirect_uri)
}

fn provider() -> Provider {
    Provider::new("https://as.example/authorize", "https://as.example/token").unwrap()
}

fn login(scope: &str) -> Login {
    client(provider(), REDIRECT_URI).unwrap().authorize().scope(scope).state("s").begin(NOW).unwrap()
}

mod authorization_url {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct File {
        #[serde(rename = "$schema")]
        schema: String,
        about: String,
        counts: Counts,
        authorization_url: Vec<Case>,
        form_encoding: Vec<FormEncoding>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Counts {
        authorization_url: usize,
        form_encoding: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Case {
        name: String,
        endpoint: String,
        params: Params,
        error_name: Option<String>,
        expect_query: Option<BTreeMap<String, String>>,
        note: Option<String>,
        req: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        client_id: String,
        redirect_uri: String,
        verifier: String,
        state: Option<String>,
        scope: Option<Vec<String>>,
        extra: Option<BTreeMap<String, String>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct FormEncoding {
        name: String,
        decoded: String,
        encoded: String,
        alt_encoded: Option<Vec<String>>,
        source: Option<String>,
        note: Option<String>,
        req: Vec<String>,
    }

    fn file() -> File {
        serde_json::from_str(include_str!("../../../tests/vectors/authorization_url.json")).unwrap()
    }

    fn begin(endpoint: &str, params: &Params) -> Result<Login, Error> {
        let provider = Provider::new(endpoint, "https://as.example/token")?;
        let client = Client::new(provider, &params.client_id)?.redirect_uri(&params.redirect_uri)?;
        let mut request = client.authorize().verifier(Verifier::parse(params.verifier.as_bytes())?);
        if let Some(scope) = &params.scope {
            request = request.scope(scope.join(" "));
        }
        if let Some(state) = &params.state {
            request = request.state(state);
        }
        for (name, value) in params.extra.iter().flatten() {
            request = request.extra(name, value);
        }
        request.begin(NOW)
    }

    #[test]
    fn authorization_url() {
        let file = file();
        let mut ran = 0;
        for case in &file.authorization_url {
            match (begin(&case.endpoint, &case.params), &case.error_name, &case.expect_query) {
                (Err(error), Some(name), None) => assert_eq!(error.kind().name(), name, "{}", case.name),
                (Ok(login), None, Some(expected)) => {
                    let (endpoint, query) = login.url().split_once('?').unwrap();
                    assert_eq!(endpoint, case.endpoint, "{}", case.name);
                    assert_eq!(query.split('&').count(), expected.len(), "{}: nothing twice, nothing more", case.name);
                    for (name, value) in expected {
                        let pair = format!("{name}={}", url_encoded(value));
                        assert!(query.split('&').any(|sent| sent == pair), "{}: {pair} in {query}", case.name);
                    }
                }
                (outcome, ..) => panic!("{}: {outcome:?}", case.name),
            }
            ran += 1;
        }
        assert_eq!(ran, file.counts.authorization_url);
    }

    /// What the flow writes, seen from outside: the value of an extra parameter.
    fn url_encoded(value: &str) -> String {
        let client = client(provider(), REDIRECT_URI).unwrap();
        let login = client.authorize().extra("x", value).begin(NOW).unwrap();
        login.url().rsplit_once("&x=").unwrap().1.to_owned()
    }

    /// What the flow reads, seen from outside: the description of an authorization error.
    fn url_decoded(value: &str) -> String {
        let callback = format!("{REDIRECT_URI}?state=s&error=e&error_description={value}");
        let refusal = login("").accept(callback, NOW).unwrap_err();
        refusal.error.oauth().unwrap().description().unwrap().to_owned()
    }

    #[test]
    fn form_encoding() {
        let file = file();
        let mut ran = 0;
        for case in &file.form_encoding {
            // `~` may be written either way; everything else has one spelling here.
            assert_eq!(url_encoded(&case.decoded), case.encoded, "{}", case.name);
            for encoded in [&case.encoded].into_iter().chain(case.alt_encoded.iter().flatten()) {
                assert_eq!(url_decoded(encoded), case.decoded, "{}", case.name);
            }
            ran += 1;
        }
        assert_eq!(ran, file.counts.form_encoding);
    }
}

mod callback {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct File {
        #[serde(rename = "$schema")]
        schema: String,
        about: String,
        counts: Counts,
        callback_cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Counts {
        callback_cases: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Case {
        name: String,
        url: String,
        expected_state: String,
        outcome: String,
        code: Option<String>,
        redirect_uri: Option<String>,
        expected_iss: Option<String>,
        iss_advertised: Option<bool>,
        method: Option<String>,
        content_type: Option<String>,
        body: Option<String>,
        basis: Option<String>,
        note: Option<String>,
        req: Vec<String>,
    }

    impl Case {
        fn login(&self) -> Login {
            let mut provider = provider();
            if let Some(issuer) = &self.expected_iss {
                provider = provider.issuer(issuer).unwrap();
            }
            if self.iss_advertised == Some(true) {
                provider = provider.iss_promised();
            }
            let client = client(provider, self.redirect_uri.as_deref().unwrap_or(REDIRECT_URI)).unwrap();
            client.authorize().state(&self.expected_state).begin(NOW).unwrap()
        }

        fn callback(&self) -> Callback {
            match (self.method.as_deref(), &self.content_type, &self.body) {
                (None, None, None) => Callback::url(&self.url),
                (Some("POST"), Some(content_type), Some(body)) => Callback::form_post(&self.url, content_type, body),
                _ => panic!("{}: a URL, or a POST with type and body", self.name),
            }
        }
    }

    #[test]
    fn callback_cases() {
        let file: File = serde_json::from_str(include_str!("../../../tests/vectors/callback.json")).unwrap();
        let mut ran = 0;
        for case in &file.callback_cases {
            let outcome = match case.login().accept(case.callback(), NOW) {
                Ok(exchange) => {
                    let sent = exchange.request().body().split('&').find_map(|pair| pair.strip_prefix("code="));
                    let expected = case.code.as_ref().expect(&case.name);
                    // No case's code holds a space, so that one escape per byte decodes it.
                    assert_eq!(percent_decoded(sent.unwrap()), *expected, "{}", case.name);
                    "code".to_owned()
                }
                Err(refusal) => {
                    let kind = refusal.error.kind();
                    match refusal.error.oauth() {
                        Some(oauth) => {
                            assert_eq!(kind, proofkey::ErrorKind::AuthorizationError, "{}", case.name);
                            assert!(refusal.login.is_none(), "{}: an answer spends the login", case.name);
                            format!("error:{}", oauth.error())
                        }
                        None => {
                            let is_anybodys =
                                !matches!(kind.name(), "code_missing" | "code_invalid" | "unexpected_token");
                            assert_eq!(refusal.login.is_some(), is_anybodys, "{}", case.name);
                            format!("reject:{}", kind.name())
                        }
                    }
                }
            };
            assert_eq!(outcome, case.outcome, "{}", case.name);
            ran += 1;
        }
        assert_eq!(ran, file.counts.callback_cases);
    }

    fn percent_decoded(text: &str) -> String {
        let mut parts = text.split('%');
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| {
            text + &char::from(u8::from_str_radix(&part[..2], 16).unwrap()).to_string() + &part[2..]
        })
    }
}

mod token {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct File {
        #[serde(rename = "$schema")]
        schema: String,
        about: String,
        counts: Counts,
        token_responses: Vec<Case>,
        client_secret_basic: Vec<Basic>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Basic {
        name: String,
        client_id: String,
        client_secret: String,
        authorization: String,
        source: Option<String>,
        req: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Counts {
        token_responses: usize,
        client_secret_basic: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Case {
        name: String,
        status: u16,
        content_type: Option<String>,
        headers: Option<BTreeMap<String, String>>,
        body: String,
        request: Option<Request>,
        profile: Option<Profile>,
        outcome: String,
        expect: Option<Expect>,
        flag: Option<String>,
        basis: Option<String>,
        note: Option<String>,
        req: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Profile {
        scope_separator: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        scope: Vec<String>,
        grant: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Expect {
        access_token: String,
        token_type: String,
        expires_in: Option<u32>,
        refresh_token: Option<String>,
        scope: Option<Vec<String>>,
    }

    fn file() -> File {
        serde_json::from_str(include_str!("../../../tests/vectors/token.json")).unwrap()
    }

    fn receive(case: &Case, scope: &str) -> Result<Tokens, Error> {
        let mut provider = provider().issuer("https://as.example")?;
        if let Some(profile) = &case.profile {
            assert_eq!(profile.scope_separator, ",", "{}", case.name);
            provider = provider.with_quirk(Quirk::ScopeSeparatedByComma);
        }
        let client = client(provider, REDIRECT_URI)?.trust_token_endpoint_tls();
        let login = client.authorize().scope(scope).state("s").begin(NOW)?;
        done(case, login.accept(format!("{REDIRECT_URI}?code=c&state=s"), NOW)?)
    }

    fn refresh(case: &Case) -> Result<Tokens, Error> {
        let stored = Tokens::from_parts(Secret::new("old"), Some(Secret::new("kept")), None, None);
        done(case, client(provider(), REDIRECT_URI)?.begin_refresh(&stored, NOW)?)
    }

    fn done(case: &Case, exchange: Exchange) -> Result<Tokens, Error> {
        let header = |name: &str| case.headers.as_ref().and_then(|headers| headers.get(name)).map(String::as_str);
        let answer = Answer::new(case.status, case.content_type.as_deref(), case.body.as_str());
        let seconds = header("Retry-After").map(|seconds| seconds.parse().unwrap());
        let received = exchange.receive(answer.retry_after(header("Retry-After")), NOW);
        if let Err(error) = &received {
            assert_eq!(error.retry_after(), seconds, "{}", case.name);
        }
        match received? {
            Step::Done(tokens) => Ok(tokens),
            Step::Send(_) => panic!("{}: nothing more to send", case.name),
        }
    }

    fn check(case: &Case, tokens: &Tokens) {
        let expect = case.expect.as_ref().expect(&case.name);
        assert_eq!(tokens.access_token().expose(), expect.access_token, "{}", case.name);
        assert_eq!(expect.token_type, "bearer", "{}", case.name);
        assert_eq!(tokens.expires_in(), expect.expires_in, "{}", case.name);
        assert_eq!(tokens.expires_at(), expect.expires_in.map(|seconds| NOW + i64::from(seconds)), "{}", case.name);
        assert_eq!(
            tokens.refresh_token().map(|token| token.expose()),
            expect.refresh_token.as_deref(),
            "{}",
            case.name
        );
        assert_eq!(tokens.scope(), expect.scope.as_deref(), "{}", case.name);
        assert_eq!(tokens.scope_changed(), case.flag.as_deref() == Some("scope_changed"), "{}", case.name);
        // Where a case names no flag it says nothing about this one: most of the bodies name their type.
        if case.flag.as_deref() == Some("token_type_defaulted") {
            assert!(tokens.token_type_defaulted(), "{}", case.name);
        }
    }

    #[test]
    fn token_responses() {
        let file = file();
        let mut ran = 0;
        for case in &file.token_responses {
            let grant = case.request.as_ref().and_then(|request| request.grant.as_deref());
            let scope = case.request.as_ref().map(|request| request.scope.join(" ")).unwrap_or_default();
            let received = if grant == Some("refresh_token") { refresh(case) } else { receive(case, &scope) };
            let outcome = match received {
                Ok(tokens) => {
                    check(case, &tokens);
                    "ok".to_owned()
                }
                Err(error) => match error.oauth() {
                    Some(oauth) => format!("error:{}", oauth.error()),
                    None => format!("reject:{}", error.kind().name()),
                },
            };
            assert_eq!(outcome, case.outcome, "{}", case.name);
            ran += 1;
        }
        assert_eq!(ran, file.counts.token_responses);
    }

    #[test]
    fn client_secret_basic() {
        let file = file();
        let mut ran = 0;
        for case in &file.client_secret_basic {
            let client = Client::new(provider(), &case.client_id).unwrap().redirect_uri(REDIRECT_URI).unwrap();
            let client = client.client_secret_basic(Secret::new(&case.client_secret));
            let login = client.authorize().state("s").begin(NOW).unwrap();
            let exchange = login.accept(format!("{REDIRECT_URI}?code=c&state=s"), NOW).unwrap();
            let headers: BTreeMap<_, _> = exchange.request().headers().collect();
            // The vectors write a space as `+`; both are form encoding, and `%20` is read by more servers.
            assert_eq!(
                decoded(headers["Authorization"]),
                decoded(&case.authorization).replace('+', "%20"),
                "{}",
                case.name
            );
            assert!(!exchange.request().body().contains("client_"), "{}: one method per request", case.name);
            ran += 1;
        }
        assert_eq!(ran, file.counts.client_secret_basic);
    }

    fn decoded(authorization: &str) -> String {
        use base64::Engine as _;
        let pair = authorization.strip_prefix("Basic ").unwrap();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(pair).unwrap()).unwrap()
    }
}

mod metadata {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct File {
        #[serde(rename = "$schema")]
        schema: String,
        about: String,
        counts: Counts,
        discovery_urls: Vec<Urls>,
        metadata_cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Counts {
        discovery_urls: usize,
        metadata_cases: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Urls {
        issuer: String,
        rfc8414: Option<String>,
        oidc: Option<String>,
        oidc_inserted: Option<String>,
        reject: Option<String>,
        note: Option<String>,
        req: Vec<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Case {
        name: String,
        expected_issuer: String,
        document: Value,
        outcome: String,
        pkce: Option<String>,
        token_endpoint_auth_method: Option<String>,
        note: Option<String>,
        req: Vec<String>,
    }

    fn file() -> File {
        serde_json::from_str(include_str!("../../../tests/vectors/metadata.json")).unwrap()
    }

    #[test]
    fn discovery_urls() {
        let file = file();
        let mut ran = 0;
        for case in &file.discovery_urls {
            match (Discovery::new(&case.issuer), &case.reject) {
                (Ok(discovery), None) => {
                    assert_eq!(discovery.request().method(), "GET");
                    assert_eq!(Some(discovery.request().url()), case.rfc8414.as_deref());
                    let answer = Answer::new(404, Some("text/html"), "<html>");
                    let Step::Send(second) = discovery.receive(answer).unwrap() else { panic!("{}", case.issuer) };
                    assert_eq!(Some(second.request().url()), case.oidc.as_deref());
                }
                (Err(_), Some(_)) => {}
                (outcome, _) => panic!("{}: {outcome:?}", case.issuer),
            }
            ran += 1;
        }
        assert_eq!(ran, file.counts.discovery_urls);
    }

    #[test]
    fn metadata_cases() {
        let file = file();
        let mut ran = 0;
        for case in &file.metadata_cases {
            let document = serde_json::to_vec(&case.document).unwrap();
            let outcome = match Provider::from_metadata(&case.expected_issuer, &document) {
                Ok(provider) => {
                    let pkce = match provider.pkce_support() {
                        PkceSupport::S256 => "S256",
                        PkceSupport::WithoutS256 => "unsupported_s256",
                        PkceSupport::Unknown => "unknown",
                    };
                    assert_eq!(case.pkce.as_deref().unwrap_or(pkce), pkce, "{}", case.name);
                    let method = provider.token_endpoint_auth_method();
                    assert_eq!(case.token_endpoint_auth_method.as_deref().unwrap_or(method), method, "{}", case.name);
                    "ok".to_owned()
                }
                Err(error) => format!("reject:{}", error.kind().name()),
            };
            assert_eq!(outcome, case.outcome, "{}", case.name);
            // The same through discovery: a mismatch ends it, and nothing else is asked.
            let answer = Answer::new(200, Some("application/json"), document);
            match Discovery::new(&case.expected_issuer).unwrap().receive(answer) {
                Ok(Step::Done(_)) => assert_eq!(case.outcome, "ok"),
                Ok(Step::Send(_)) => panic!("{}: asked on", case.name),
                Err(error) => assert_eq!(format!("reject:{}", error.kind().name()), case.outcome, "{}", case.name),
            }
            ran += 1;
        }
        assert_eq!(ran, file.counts.metadata_cases);
    }
}

mod redirect_uri {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct File {
        #[serde(rename = "$schema")]
        schema: String,
        about: String,
        counts: Counts,
        redirect_uri_match: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Counts {
        redirect_uri_match: usize,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "fields for readers are listed so that no unknown one passes")]
    struct Case {
        registered: String,
        requested: String,
        native: bool,
        ok: bool,
        policy_option: Option<String>,
        ok_with_option: Option<bool>,
        why: String,
        req: Vec<String>,
    }

    #[test]
    fn redirect_uri_match() {
        let file: File = serde_json::from_str(include_str!("../../../tests/vectors/redirect_uri.json")).unwrap();
        let mut ran = 0;
        for case in &file.redirect_uri_match {
            let port = if case.native { LoopbackPort::AnyOfAddresses } else { LoopbackPort::Exact };
            assert_eq!(redirect_uri_matches(&case.registered, &case.requested, port), case.ok, "{}", case.why);
            if let Some(ok) = case.ok_with_option {
                assert_eq!(case.policy_option.as_deref(), Some("allow_localhost_any_port"));
                let port = LoopbackPort::AnyOfLocalhostToo;
                assert_eq!(redirect_uri_matches(&case.registered, &case.requested, port), ok, "{}", case.why);
            }
            ran += 1;
        }
        assert_eq!(ran, file.counts.redirect_uri_match);
    }
}
