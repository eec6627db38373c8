//! A small, strict splitter for RFC 3986 URIs. It only cuts: its parts put together are the input, byte for byte.

use crate::error::ErrorKind;

use super::form;

/// A URI cut into its components (RFC 3986 section 3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Uri<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) authority: Option<&'a str>,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Splits an absolute URI. `None` for a relative one, and for characters that a URI may not have.
    pub(crate) fn split(text: &'a str) -> Option<Self> {
        if !is_uri_text(text) {
            return None;
        }
        let (rest, fragment) = cut(text, '#');
        let (rest, query) = cut(rest, '?');
        let (scheme, rest) = rest.split_once(':')?;
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
                (Some(authority), path)
            }
            None => (None, rest),
        };
        let mut letters = scheme.bytes();
        let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        is_scheme.then_some(Self { scheme, authority, path, query, fragment })
    }

    /// The host of the authority, without user information and port; `None` if the authority is not a plain
    /// `host[:port]`. An IPv6 address keeps its brackets.
    pub(crate) fn host(&self) -> Option<&'a str> {
        let authority = self.authority?;
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let end = rest.find(']')?.checked_add(2)?;
                let (host, port) = authority.split_at_checked(end)?;
                let inside = host.strip_prefix('[')?.strip_suffix(']')?;
                inside.parse::<std::net::Ipv6Addr>().ok()?;
                (host, port)
            }
            None => {
                let (host, port) = authority.split_at_checked(authority.find(':').unwrap_or(authority.len()))?;
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
                if host.is_empty() || !host.bytes().all(plain) {
                    return None;
                }
                (host, port)
            }
        };
        let is_port = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok();
        (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)
    }

    /// Whether the host is loopback, in one of three spellings. No other spelling counts.
    pub(crate) fn is_loopback(&self) -> bool {
        matches!(self.host(), Some("127.0.0.1" | "[::1]" | "localhost"))
    }
}

/// Checks an endpoint: absolute, with a plain host, without user information and fragment, and https
/// unless the host is loopback (RFC 6749 section 3.1, OAuth 2.1 section 1.5).
pub(crate) fn check_endpoint(text: &str) -> Result<Uri<'_>, ErrorKind> {
    let uri = Uri::split(text).filter(|uri| uri.fragment.is_none()).ok_or(ErrorKind::EndpointMalformed)?;
    uri.host().ok_or(ErrorKind::EndpointMalformed)?;
    match uri.scheme {
        "https" => Ok(uri),
        "http" if uri.is_loopback() => Ok(uri),
        "http" => Err(ErrorKind::EndpointInsecure),
        _ => Err(ErrorKind::EndpointMalformed),
    }
}

/// Checks an issuer: an endpoint without a query (RFC 8414 section 2).
pub(crate) fn check_issuer(text: &str) -> Result<Uri<'_>, ErrorKind> {
    let uri = check_endpoint(text)?;
    match uri.query {
        _ if uri.path.contains("/.well-known/") => Err(ErrorKind::IssuerWellKnown),
        Some(_) => Err(ErrorKind::EndpointMalformed),
        None => Ok(uri),
    }
}

/// Checks a redirect URI. It must be absolute and have no fragment (RFC 6749 section 3.1.2). http is for loopback only
/// (RFC 8252 section 7.3). A private-use scheme must contain a dot, because it is a reversed domain name (section 7.1).
pub(crate) fn check_redirect_uri(text: &str) -> Result<(), ErrorKind> {
    let uri = Uri::split(text).filter(|uri| uri.fragment.is_none()).ok_or(ErrorKind::RedirectUriMalformed)?;
    // The server adds its parameters to this query: if it cannot be read here, the callback could not be read either.
    form::decode(uri.query.unwrap_or_default()).ok_or(ErrorKind::RedirectUriMalformed)?;
    match uri.scheme {
        "https" | "http" if uri.host().is_none() => Err(ErrorKind::RedirectUriMalformed),
        "http" if !uri.is_loopback() => Err(ErrorKind::RedirectUriInsecure),
        "https" | "http" => Ok(()),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err(ErrorKind::RedirectUriMalformed),
    }
}

/// Whether an authorization server may redirect to `requested`, given one `registered` redirect URI: if the text is the
/// same (RFC 9700 section 2.1) or, for native applications on loopback, if only the port differs (RFC 8252 section
/// 7.3).
///
/// ```
/// use proofkey::{LoopbackPort, redirect_uri_matches};
///
/// assert!(redirect_uri_matches("https://client.example/cb", "https://client.example/cb", LoopbackPort::Exact));
/// assert!(!redirect_uri_matches("https://client.example/cb", "https://client.example/cb/", LoopbackPort::Exact));
/// assert!(redirect_uri_matches("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", LoopbackPort::Any));
/// ```
#[must_use]
pub fn redirect_uri_matches(registered: &str, requested: &str, port: LoopbackPort) -> bool {
    if check_redirect_uri(requested).is_err() {
        return false;
    }
    let exempt: &[&str] = match port {
        LoopbackPort::Exact => &[],
        LoopbackPort::Any => &["127.0.0.1", "[::1]"],
        LoopbackPort::AnyIncludingLocalhost => &["127.0.0.1", "[::1]", "localhost"],
    };
    let without_port = |uri: &'_ str| {
        let uri = Uri::split(uri).filter(|uri| uri.scheme == "http" && uri.fragment.is_none())?;
        let host = uri.host().filter(|host| exempt.contains(host))?;
        Some((host.to_owned(), uri.path.to_owned(), uri.query.map(str::to_owned)))
    };
    registered == requested || without_port(requested).is_some_and(|uri| Some(uri) == without_port(registered))
}

/// Whether [`redirect_uri_matches`] compares the port of a loopback redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopbackPort {
    /// The port must be the same. For web applications.
    Exact,
    /// Any port matches for `127.0.0.1` and `[::1]`. For native applications (RFC 8252 section 7.3).
    Any,
    /// Any port matches for `localhost` too. A relaxation for native applications that registered the name.
    AnyIncludingLocalhost,
}

/// Whether every character is allowed in a URI and every `%` starts an escape (RFC 3986 section 2).
fn is_uri_text(text: &str) -> bool {
    let reserved_or_mark = b"-._~:/?#[]@!$&'()*+,;=%";
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escape_opens = || matches!(tail, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        if !(byte.is_ascii_alphanumeric() || reserved_or_mark.contains(&byte)) || byte == b'%' && !escape_opens() {
            return false;
        }
        rest = tail;
    }
    true
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::ErrorKind;

    use super::{Uri, check_endpoint, check_redirect_uri};

    #[test]
    fn endpoints() {
        for good in [
            "https://as.example",
            "https://as.example:8443/t?p=1",
            "https://as.example/%7Etilde",
            "http://127.0.0.1:8400/x",
            "http://[::1]:8400/x",
            "http://localhost/x",
            "https://[2001:db8::1]/x",
        ] {
            assert!(check_endpoint(good).is_ok(), "{good}");
        }
        for malformed in [
            "",
            "/relative",
            "as.example",
            "https:",
            "https://",
            "https:///path",
            "https://user@as.example/",
            "https://as.example\\@evil.example/",
            "https://as.example/\t",
            "https://as.example/ ",
            "https://as.example/é",
            "https://as.example/#",
            "https://as.example:",
            "https://as.example:port/",
            "https://as.example:65536/",
            "https://as.example:+1/",
            "https://[::1/",
            "https://[::1]x/",
            "https://[evil]/",
            "https://as%2eexample/",
            "https://as.example/%",
            "https://as.example/%zz",
            "javascript:alert(1)",
            "ftp://as.example/",
        ] {
            assert_eq!(check_endpoint(malformed).unwrap_err(), ErrorKind::EndpointMalformed, "{malformed}");
        }
        for insecure in [
            "http://as.example/",
            "http://127.0.0.2/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://localhost.evil.example/",
            "http://LOCALHOST/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
        ] {
            assert_eq!(check_endpoint(insecure).unwrap_err(), ErrorKind::EndpointInsecure, "{insecure}");
        }
    }

    #[test]
    fn redirect_uris() {
        for good in [
            "https://client.example",
            "https://client.example/cb?tenant=1",
            "http://127.0.0.1/cb",
            "http://[::1]:1/cb",
            "http://localhost:5000/cb",
            "com.example.app:/oauth2redirect",
            "com.example.app:oauth2redirect",
        ] {
            assert_eq!(check_redirect_uri(good), Ok(()), "{good}");
        }
        for malformed in [
            "",
            "/cb",
            "client.example/cb",
            "https://client.example/cb#x",
            "myapp:/cb",
            "javascript:alert(1)",
            "data:x",
            "https:/cb",
            "https://user@client.example/cb",
            "https://client.example/c b",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(check_redirect_uri(malformed), Err(ErrorKind::RedirectUriMalformed), "{malformed}");
        }
        for insecure in ["http://client.example/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.2/cb"] {
            assert_eq!(check_redirect_uri(insecure), Err(ErrorKind::RedirectUriInsecure), "{insecure}");
        }
    }

    #[test]
    fn splits_into_the_five_components_of_rfc_3986() {
        let uri = Uri::split("foo://example.com:8042/over/there?name=ferret#nose").unwrap();
        let parts = (uri.scheme, uri.authority, uri.path, uri.query, uri.fragment);
        assert_eq!(parts, ("foo", Some("example.com:8042"), "/over/there", Some("name=ferret"), Some("nose")));
        let urn = Uri::split("urn:example:animal:ferret:nose").unwrap();
        assert_eq!((urn.scheme, urn.authority, urn.path), ("urn", None, "example:animal:ferret:nose"));
    }

    proptest::proptest! {
        #[test]
        fn the_components_put_together_are_the_text(text in "[a-z]{1,4}:[a-z:/@\\[\\]%0-9]{0,12}(\\?[a-z=&?/%0-9]{0,8})?(#[a-z#?]{0,6})?") {
            if let Some(uri) = Uri::split(&text) {
                let authority = uri.authority.map(|authority| format!("//{authority}")).unwrap_or_default();
                let query = uri.query.map(|query| format!("?{query}")).unwrap_or_default();
                let fragment = uri.fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
                proptest::prop_assert_eq!(format!("{}:{authority}{}{query}{fragment}", uri.scheme, uri.path), text);
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in ".*") {
            if let Some(uri) = Uri::split(&text) {
                let _ = uri.host();
            }
            let _ = (check_endpoint(&text), check_redirect_uri(&text));
        }
    }
}
