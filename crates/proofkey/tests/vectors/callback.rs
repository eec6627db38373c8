use proofkey::{Callback, Client, ErrorKind, Exchange, Login, Refusal, Roundtrip as _};
use serde::Deserialize;

use crate::support::Vectors;
use crate::{NOW, REDIRECT_URI, provider};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    url: String,
    expected_state: String,
    outcome: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    expected_iss: Option<String>,
    #[serde(default)]
    iss_advertised: bool,
    method: Option<String>,
    content_type: Option<String>,
    body: Option<String>,
}

impl Case {
    fn login(&self) -> Login {
        let mut provider = provider();
        if let Some(issuer) = &self.expected_iss {
            provider = provider.with_issuer(issuer).unwrap();
        }
        if self.iss_advertised {
            provider = provider.with_iss_parameter_supported();
        }
        let redirect_uri = self.redirect_uri.as_deref().unwrap_or(REDIRECT_URI);
        let client = Client::new(provider, "s6BhdRkqt3").unwrap().with_redirect_uri(redirect_uri).unwrap();
        let request = client.authorize().state(&self.expected_state);
        let request = if self.method.is_some() { request.form_post() } else { request };
        request.begin(NOW).unwrap()
    }

    fn callback(&self) -> Callback {
        match (self.method.as_deref(), &self.content_type, &self.body) {
            (None, None, None) => Callback::url(&self.url),
            (Some("POST"), Some(content_type), Some(body)) => Callback::form_post(&self.url, content_type, body),
            _ => panic!("a URL, or a POST with type and body"),
        }
    }
}

#[test]
fn callback_cases() {
    Vectors::open("callback", &["callback_cases"], &[]).run("callback_cases", |case: Case| {
        let outcome = match case.login().accept(case.callback(), NOW) {
            Ok(exchange) => {
                assert_eq!(Some(code(&exchange)), case.code);
                "code".to_owned()
            }
            Err(refusal) => refused(&refusal),
        };
        assert_eq!(outcome, case.outcome);
    });
}

/// The code in the token request. Those of the cases are ASCII without spaces, so that an escape is a character.
fn code(exchange: &Exchange) -> String {
    let sent = exchange.request().body().split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap();
    let mut parts = sent.split('%');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| {
        let (digits, rest) = part.split_at(2);
        text + &char::from(u8::from_str_radix(digits, 16).unwrap()).to_string() + rest
    })
}

/// A response with the right state uses the login up; what anybody could have sent does not.
fn refused(refusal: &Refusal) -> String {
    let kind = refusal.error.kind();
    if let Some(oauth) = refusal.error.oauth() {
        assert_eq!(kind, ErrorKind::AuthorizationError);
        assert!(refusal.login.is_none());
        return format!("error:{}", oauth.error());
    }
    let is_over = matches!(kind, ErrorKind::CodeMissing | ErrorKind::CodeInvalid | ErrorKind::UnexpectedToken);
    assert_eq!(refusal.login.is_none(), is_over);
    format!("reject:{}", kind.name())
}
