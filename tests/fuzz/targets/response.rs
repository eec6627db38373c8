//! A response of the token endpoint gives tokens only if it is one JSON object or one form with one usable access
//! token. The seconds and the expiry saturate.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofkey::{Client, Error, ErrorKind, Provider, Quirk, Response, Roundtrip as _, Secret, Step, Tokens};
use proofkey_fuzz::{decode_form, fields, is_printable, object, without_mark};
use serde::Deserialize;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let [flags, status, content_type, body] = fields(input);
    let (flags, content_type) = (String::from_utf8_lossy(flags), String::from_utf8_lossy(content_type));
    let case = Case {
        status: std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()).unwrap_or(200),
        content_type: &content_type,
        body,
        is_refresh: flags.contains('r'),
        separator: if flags.contains('c') { ',' } else { ' ' },
    };
    let now = if flags.contains('m') { i64::MAX - 1 } else { 0 };
    let content_type = (!content_type.is_empty()).then_some(("Content-Type", &*content_type));
    let response = Response::new(case.status, content_type, body);
    match (case.receive(response, now), case.expected()) {
        (Ok(tokens), Expected::Tokens(expected)) => expected.assert_is(&tokens, now),
        (Err(error), Expected::Refusal(words)) => {
            assert!(error.request_sent());
            assert_eq!(error.kind(), ErrorKind::TokenError);
            assert_eq!(error.oauth().map(|oauth| oauth.error()), words.as_deref());
        }
        (Err(error), Expected::Unusable) => {
            assert!(error.request_sent());
            assert!(error.oauth().is_none());
            assert_ne!(error.kind(), ErrorKind::Internal);
        }
        (outcome, expected) => panic!("{outcome:?}, and should be {expected:?}"),
    }
});

struct Case<'a> {
    status: u16,
    content_type: &'a str,
    body: &'a [u8],
    is_refresh: bool,
    separator: char,
}

#[derive(Debug)]
enum Expected {
    Tokens(Grant),
    /// With the server's error code, if it is a text.
    Refusal(Option<String>),
    Unusable,
}

#[derive(Debug)]
struct Grant {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: Option<u32>,
    scope: Option<Vec<String>>,
}

/// The members that may not come twice. The derived reader refuses a body that repeats one.
#[derive(Deserialize)]
struct Known {
    access_token: Option<Value>,
    error: Option<Value>,
    #[serde(rename = "error_description")]
    _error_description: Option<Value>,
    #[serde(rename = "error_uri")]
    _error_uri: Option<Value>,
    expires_in: Option<Value>,
    #[serde(rename = "id_token")]
    _id_token: Option<Value>,
    refresh_token: Option<Value>,
    scope: Option<Value>,
    token_type: Option<Value>,
}

impl Case<'_> {
    fn receive(&self, response: Response, now: i64) -> Result<Tokens, Error> {
        let mut provider = Provider::new("https://as.example/authorize", "https://as.example/token")?;
        if self.separator == ',' {
            provider = provider.with_quirk(Quirk::ScopeSeparatedByComma);
        }
        let client = Client::new(provider, "s6BhdRkqt3")?.with_redirect_uri("https://client.example/cb")?;
        if self.is_refresh {
            let kept = Some(vec!["kept".to_owned()]);
            let tokens = Tokens::from_parts(Secret::new("old"), Some(Secret::new("kept")), None, kept);
            let Step::Send(refresh) = client.begin_refresh(&tokens, 0)? else { panic!("nobody else was first") };
            let Step::Done(refreshed) = refresh.receive(response, now)? else { panic!("one response is all") };
            return Ok(refreshed.saved());
        }
        let login = client.authorize().state("s").scope("read write").begin(0)?;
        let exchange = login.accept("https://client.example/cb?code=c&state=s", 0)?;
        let Step::Done(tokens) = exchange.receive(response, now)? else { panic!("one response is all") };
        Ok(tokens)
    }

    fn expected(&self) -> Expected {
        let is_success = self.status / 100 == 2;
        let Some((known, is_ok)) = self.read() else { return Expected::Unusable };
        match present(&known.error) {
            _ if self.status / 100 == 3 => return Expected::Unusable,
            Some(error) => return Expected::Refusal(error.as_str().map(str::to_owned)),
            None if !is_ok => return Expected::Refusal(None),
            None => {}
        }
        match self.grant(&known) {
            Some(grant) if is_success => Expected::Tokens(grant),
            _ => Expected::Unusable,
        }
    }

    /// The members, and whether nothing says `"ok": false`; `None` if the body is neither one JSON object nor one form,
    /// or has a known member twice.
    fn read(&self) -> Option<(Known, bool)> {
        let body = String::from_utf8(self.body.to_vec()).ok()?;
        let body = without_mark(&body);
        let essence = self.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if ["text/html", "application/xhtml+xml"].contains(&essence.as_str()) {
            return None;
        }
        if body.split_ascii_whitespace().next().is_some_and(|word| word.starts_with('{')) {
            let all = object(body, |_| false)?;
            let known = serde_json::from_str(body).ok()?;
            return Some((known, all.get("ok") != Some(&Value::Bool(false))));
        }
        if !["application/x-www-form-urlencoded", "text/plain"].contains(&essence.as_str()) {
            return None;
        }
        let edges: &[char] = &[' ', '\t', '\n', '\r', '\x0C'];
        let pairs = decode_form(body.trim_matches(edges))?;
        let member = |name: &str| {
            let values: Vec<_> = pairs.iter().filter(|pair| pair.0 == name).map(|pair| pair.1.clone()).collect();
            (values.len() < 2).then(|| values.into_iter().next().map(Value::String))
        };
        let known = Known {
            access_token: member("access_token")?,
            error: member("error")?,
            _error_description: member("error_description")?,
            _error_uri: member("error_uri")?,
            expires_in: member("expires_in")?,
            _id_token: member("id_token")?,
            refresh_token: member("refresh_token")?,
            scope: member("scope")?,
            token_type: member("token_type")?,
        };
        Some((known, true))
    }

    fn grant(&self, known: &Known) -> Option<Grant> {
        let is_bearer = |kind: &Value| kind.as_str().is_some_and(|kind| kind.to_ascii_lowercase() == "bearer");
        if !present(&known.token_type).is_none_or(is_bearer) {
            return None;
        }
        let token = |value: &Value| value.as_str().filter(|token| is_printable(token)).map(str::to_owned);
        let refresh_token = match present(&known.refresh_token) {
            None => self.is_refresh.then(|| "kept".to_owned()),
            Some(value) => Some(token(value)?),
        };
        let scope = match known.scope.as_ref() {
            None => self.is_refresh.then(|| vec!["kept".to_owned()]),
            Some(Value::String(text)) => Some(self.scope_tokens(text)),
            Some(Value::Array(values)) => {
                let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
                Some(texts?.into_iter().flat_map(|text| self.scope_tokens(text)).collect())
            }
            Some(_) => return None,
        };
        Some(Grant {
            access_token: token(present(&known.access_token)?)?,
            refresh_token,
            expires_in: known.expires_in.as_ref().and_then(seconds),
            scope,
        })
    }

    fn scope_tokens(&self, text: &str) -> Vec<String> {
        let spaced = text.replace(self.separator, " ");
        spaced.split(' ').filter(|token| !token.is_empty()).map(str::to_owned).collect()
    }
}

impl Grant {
    fn assert_is(&self, tokens: &Tokens, now: i64) {
        assert_eq!(tokens.access_token().expose(), self.access_token);
        assert_eq!(tokens.refresh_token().map(Secret::expose), self.refresh_token.as_deref());
        assert_eq!(tokens.expires_in(), self.expires_in);
        assert_eq!(tokens.expires_at(), self.expires_in.map(|seconds| now.saturating_add(i64::from(seconds))));
        assert_eq!(tokens.scope(), self.scope.as_deref());
    }
}

/// Null and the empty text count as absent (RFC 6749 section 3.1).
fn present(value: &Option<Value>) -> Option<&Value> {
    value.as_ref().filter(|value| value.as_str() != Some(""))
}

/// The seconds of a number or of a decimal text, without a fraction; the largest instead of what does not fit.
fn seconds(value: &Value) -> Option<u32> {
    let whole = match value {
        Value::Number(number) => number.as_u64().or(number.as_f64().map(|float| float as u64))?,
        Value::String(text) => {
            let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0C']);
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let are_digits = |text: &str| text.chars().all(|digit| digit.is_ascii_digit());
            if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
                return None;
            }
            // A text that is not a u64 has too many digits.
            whole.parse().unwrap_or(u64::MAX)
        }
        _ => return None,
    };
    (whole > 0).then(|| u32::try_from(whole).unwrap_or(u32::MAX))
}
