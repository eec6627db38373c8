//! A callback leads to an exchange only if its decoded parameters are the response to this login. A callback that
//! anybody could have sent hands the login back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofkey::{Callback, Client, Exchange, Login, Provider, Roundtrip as _, Verifier};
use proofkey_fuzz::{Pairs, cut_query, decode_form, escape, is_printable, texts};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const BEGUN: i64 = 1_700_000_000;

fuzz_target!(|input: &[u8]| {
    let [redirect_uri, issuer, flags, state, url, content_type, body] = texts(input);
    let case = Case {
        redirect_uri: &redirect_uri,
        issuer: Some(&*issuer).filter(|issuer| !issuer.is_empty()),
        is_iss_supported: flags.contains('p'),
        state: &state,
        url: &url,
        form: flags.contains('f').then_some((&*content_type, &*body)),
        is_form_expected: flags.contains('f') != flags.contains('m'),
        is_late: flags.contains('l'),
    };
    let Ok(login) = case.begin() else { return };
    let expires_at = login.expires_at();
    let callback = match case.form {
        None => Callback::url(case.url),
        Some((content_type, body)) => Callback::form_post(case.url, content_type, body),
    };
    match (login.accept(callback, if case.is_late { expires_at + 1 } else { expires_at }), case.expected()) {
        (Ok(exchange), Expected::Code(code)) => case.assert_sends(&exchange, &code),
        (Err(refusal), Expected::Spent) => assert!(refusal.login.is_none(), "{}", refusal.error),
        (Err(refusal), Expected::Forged) => {
            let login = refusal.login.expect("a forged callback leaves the login usable");
            if let Some(honest) = case.honest_callback() {
                let exchange = login.accept(honest, BEGUN).expect("the honest callback");
                case.assert_sends(&exchange, "the code");
            }
        }
        (Ok(_), expected) => panic!("accepted, and should be {expected:?}"),
        (Err(refusal), expected) => panic!("{}, and should be {expected:?}", refusal.error),
    }
});

struct Case<'a> {
    redirect_uri: &'a str,
    issuer: Option<&'a str>,
    is_iss_supported: bool,
    state: &'a str,
    url: &'a str,
    form: Option<(&'a str, &'a str)>,
    is_form_expected: bool,
    is_late: bool,
}

#[derive(Debug)]
enum Expected {
    Code(String),
    Spent,
    Forged,
}

impl Case<'_> {
    fn begin(&self) -> Result<Login, proofkey::Error> {
        let mut provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
        if let Some(issuer) = self.issuer {
            provider = provider.with_issuer(issuer)?;
        }
        if self.is_iss_supported {
            provider = provider.with_iss_parameter_supported();
        }
        let client = Client::new(provider, "s6BhdRkqt3")?.with_redirect_uri(self.redirect_uri)?;
        let request = client.authorize().state(self.state).verifier(Verifier::parse(VERIFIER.as_bytes())?);
        if self.is_form_expected { request.form_post().begin(BEGUN) } else { request.begin(BEGUN) }
    }

    fn expected(&self) -> Expected {
        if self.is_late {
            return Expected::Spent;
        }
        if self.form.is_some() != self.is_form_expected {
            return Expected::Forged;
        }
        let Some(pairs) = self.parameters() else { return Expected::Forged };
        let names = ["code", "state", "iss", "error", "error_description", "error_uri"];
        let unwanted = ["response", "access_token", "id_token", "refresh_token"];
        let count = |name: &&str| pairs.iter().filter(|pair| pair.0 == *name).count();
        if names.iter().chain(&unwanted).any(|name| count(name) > 1) {
            return Expected::Forged;
        }
        let value = |name: &str| {
            let pair = pairs.iter().find(|pair| pair.0 == name);
            pair.map(|pair| pair.1.as_str()).filter(|value| !value.is_empty())
        };
        let is_iss_right = match value("iss") {
            Some(iss) => self.issuer == Some(iss),
            None => !self.is_iss_supported,
        };
        if value("state") != Some(self.state) || !is_iss_right {
            return Expected::Forged;
        }
        match value("code") {
            _ if value("error").is_some() || unwanted.iter().any(|name| value(name).is_some()) => Expected::Spent,
            Some(code) if is_printable(code) => Expected::Code(code.to_owned()),
            _ => Expected::Spent,
        }
    }

    /// The parameters without those of the redirect URI; `None` if they cannot be decoded, or arrived at another URI.
    fn parameters(&self) -> Option<Pairs> {
        let (arrived_at, query) = cut_query(self.url);
        let (registered_at, registered_query) = cut_query(self.redirect_uri);
        let is_bare_host = registered_at.contains("://") && registered_at.matches('/').count() == 2;
        let is_here = arrived_at == registered_at || is_bare_host && *arrived_at == format!("{registered_at}/");
        if !is_here || self.url.contains(|character: char| character.is_ascii_control() || character == ' ') {
            return None;
        }
        let mut pairs = decode_form(query)?;
        for registered in decode_form(registered_query)? {
            let mut is_first = true;
            let before = pairs.len();
            pairs.retain(|pair| *pair != registered || !std::mem::replace(&mut is_first, false));
            if pairs.len() == before {
                return None;
            }
        }
        if let Some((content_type, body)) = self.form {
            let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if essence != "application/x-www-form-urlencoded" {
                return None;
            }
            pairs.extend(decode_form(body)?);
        }
        Some(pairs)
    }

    /// What the right server would send; `None` if the query of the redirect URI is not a form.
    fn honest_callback(&self) -> Option<Callback> {
        decode_form(cut_query(self.redirect_uri).1)?;
        let separator = if self.redirect_uri.contains('?') { '&' } else { '?' };
        let iss = self.issuer.map(|issuer| format!("&iss={}", escape(issuer))).unwrap_or_default();
        if self.is_iss_supported && iss.is_empty() {
            return None;
        }
        let parameters = format!("code=the+code&state={}{iss}", escape(self.state));
        Some(if self.is_form_expected {
            Callback::form_post(self.redirect_uri, "application/x-www-form-urlencoded", parameters)
        } else {
            Callback::url(format!("{}{separator}{parameters}", self.redirect_uri))
        })
    }

    /// The token request contains this code and the other parameters of this login.
    fn assert_sends(&self, exchange: &Exchange, code: &str) {
        let request = exchange.request();
        assert_eq!((request.method(), request.url()), ("POST", "https://as.example/token"));
        let expected = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
            ("client_id", "s6BhdRkqt3"),
        ];
        let sent = decode_form(request.body()).expect("a form");
        assert!(sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
    }
}
