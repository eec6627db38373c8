//! What the targets share: splitting an input into fields, and readers of forms, URLs and JSON that share no code with
//! the crates. A target states what must hold, and panics if it does not.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::{Host, Url};

/// Splits an input at the bytes 0xFF, which UTF-8 never contains. Missing fields are empty; the last one takes the
/// rest.
pub fn fields<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut fields = input.splitn(N, |byte| *byte == 0xFF);
    std::array::from_fn(|_| fields.next().unwrap_or_default())
}

/// The same for texts; bytes that are not UTF-8 become U+FFFD.
pub fn texts<const N: usize>(input: &[u8]) -> [Cow<'_, str>; N] {
    fields(input).map(String::from_utf8_lossy)
}

pub type Pairs = Vec<(String, String)>;

/// Decodes a form (RFC 6749 appendix B); `None` if an escape is broken or the decoded text is not UTF-8.
pub fn decode_form(form: &str) -> Option<Pairs> {
    let mut pairs = Pairs::new();
    for pair in form.split('&') {
        let mut halves = pair.splitn(2, '=').map(unescape);
        match (halves.next(), halves.next()) {
            _ if pair.is_empty() => {}
            (Some(name), Some(value)) => pairs.push((name?, value?)),
            (Some(name), None) => pairs.push((name?, String::new())),
            (None, _) => unreachable!("splitting gives at least one piece"),
        }
    }
    Some(pairs)
}

fn unescape(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let mut pieces = spaced.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(piece[2..].as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// Percent-encodes every byte, unlike the crates.
pub fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// What comes before the query of a URL, and the query.
pub fn cut_query(url: &str) -> (&str, &str) {
    let url = &url[..url.find('#').unwrap_or(url.len())];
    match url.find('?') {
        Some(at) => (&url[..at], &url[at + 1..]),
        None => (url, ""),
    }
}

/// Whether the path of a URL of the web contains `/.well-known/`, which no issuer may.
pub fn has_well_known_path(url: &str) -> bool {
    let path = cut_query(url).0.splitn(4, '/').nth(3).unwrap_or_default();
    format!("/{path}").contains("/.well-known/")
}

/// One or more printable ASCII characters.
pub fn is_printable(text: &str) -> bool {
    !text.is_empty() && !text.contains(|character: char| character.is_control() || !character.is_ascii())
}

/// Checks a text that was accepted as an http or https URL. Browsers (`url`) and the transport (`http`) must find no
/// user name and no fragment in it, both must find the host that is written, and http must lead to this machine.
pub fn assert_web_url(text: &str) {
    assert_uri_text(text);
    let (scheme, rest) = text.split_once("://").expect("absolute");
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    let transports: http::Uri = text.parse().expect("the transport can send it");
    assert_eq!(transports.scheme_str(), Some(scheme));
    assert_eq!(transports.authority().map(http::uri::Authority::as_str), Some(authority));
    assert_eq!(transports.host(), Some(host));
    match (scheme, Url::parse(text)) {
        // Browsers read some hosts as addresses or international names, and refuse the invalid ones.
        ("https", Err(_)) => {}
        ("https" | "http", Ok(browsers)) => {
            assert_eq!(browsers.scheme(), scheme);
            assert_eq!((browsers.username(), browsers.password(), browsers.fragment()), ("", None, None));
            let is_loopback = match browsers.host().expect("a host") {
                Host::Domain(domain) => {
                    assert!(domain.eq_ignore_ascii_case(host));
                    domain == "localhost"
                }
                Host::Ipv4(address) => address.is_loopback(),
                Host::Ipv6(address) => address.is_loopback(),
            };
            assert!(scheme == "https" || is_loopback);
            assert!(scheme == "https" || ["127.0.0.1", "[::1]", "localhost"].contains(&host));
        }
        _ => panic!("neither https nor http on this machine"),
    }
}

/// Checks a text that was accepted as a URI: it must be absolute, have no fragment, and consist of characters that a
/// URI may contain (RFC 3986 section 2).
pub fn assert_uri_text(text: &str) {
    let scheme = text.split(':').next().filter(|scheme| scheme.len() < text.len()).expect("absolute");
    assert!(scheme.starts_with(|first: char| first.is_ascii_alphabetic()));
    assert!(scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character)));
    assert!(!text.contains(|character: char| !character.is_ascii_graphic() || "#\\\"<>^`{|}".contains(character)));
}

/// The text without a byte order mark at its beginning (RFC 8259 section 8.1).
pub fn without_mark(text: &str) -> &str {
    match text.chars().next() {
        Some('\u{feff}') => &text['\u{feff}'.len_utf8()..],
        _ => text,
    }
}

pub type Object = Map<String, Value>;

/// Reads one JSON object; `None` if one of the members that `is_known` names comes twice or cannot be read. Other
/// members that cannot be read are left out.
pub fn object(text: &str, is_known: fn(&str) -> bool) -> Option<Object> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
            std::iter::from_fn(|| members.next_entry().transpose()).collect()
        }
    }
    let mut reader = serde_json::Deserializer::from_str(without_mark(text));
    let members = reader.deserialize_map(Members).ok()?;
    reader.end().ok()?;
    let mut object = Object::new();
    for (name, text) in members {
        match serde_json::from_str(text.get()) {
            Ok(_) if is_known(&name) && object.contains_key(&name) => return None,
            Ok(value) => drop(object.insert(name, value)),
            Err(_) if is_known(&name) => return None,
            Err(_) => {}
        }
    }
    Some(object)
}
