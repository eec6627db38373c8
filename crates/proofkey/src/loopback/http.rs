//! The part of HTTP that one redirect needs.

use crate::error::{ErrorKind, OAuthError};
use crate::login::Verdict;

/// Where the callback is expected: what a browser sends for the redirect URI.
pub(super) struct Expected {
    /// The `Host` header: with the port, unless it is the default port (RFC 9112 section 3.2).
    pub(super) host: String,
    pub(super) path: String,
}

/// The target of a request that may be the callback, or the page for one that is not (RFC 9112). `head` includes the
/// empty line at its end.
pub(super) fn target<'a>(head: &'a [u8], expected: &Expected) -> Result<&'a str, Page> {
    let head = std::str::from_utf8(head).map_err(|_| Page::BadRequest)?;
    let mut lines = head.strip_suffix(END_OF_HEAD).ok_or(Page::BadRequest)?.split("\r\n");
    let mut request_line = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (request_line.next(), request_line.next(), request_line.next(), request_line.next())
    else {
        return Err(Page::BadRequest);
    };
    let (mut host, mut is_ahead) = (None, false);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Page::BadRequest)?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) || value.contains(['\r', '\n', '\0']) {
            return Err(Page::BadRequest);
        }
        if name.eq_ignore_ascii_case("host") && host.replace(value.trim_matches([' ', '\t'])).is_some() {
            return Err(Page::BadRequest);
        }
        is_ahead |= AHEAD_OF_THE_USER.iter().any(|ahead| name.eq_ignore_ascii_case(ahead));
    }
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    if host != Some(expected.host.as_str()) || path != expected.path {
        return Err(Page::NotFound);
    }
    match method {
        "GET" if is_ahead => Err(Page::NotYet),
        "GET" => Ok(target),
        _ => Err(Page::OnlyGet),
    }
}

/// A page for the browser. It repeats nothing from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Received,
    Refused,
    Failed,
    AnotherLogin,
    BadRequest,
    NotFound,
    OnlyGet,
    TooLarge,
    NotYet,
}

impl Page {
    /// The page for a callback, depending on what was wrong with it.
    pub(super) fn about(refused: Option<&Verdict>) -> Self {
        match refused {
            None => Self::Received,
            Some(Verdict::Over(error)) if error.oauth().map(OAuthError::error) == Some("access_denied") => {
                Self::Refused
            }
            Some(Verdict::Over(error)) if error.kind() == ErrorKind::LoginExpired => Self::AnotherLogin,
            Some(Verdict::Over(_)) => Self::Failed,
            Some(Verdict::Usable(_)) => Self::AnotherLogin,
        }
    }

    /// The whole response. Its headers forbid storing it, sending a referrer and loading anything.
    pub(super) fn response(self) -> String {
        let (status, title, text) = match self {
            Self::Received => ("200 OK", "Response received", "You can close this page and return to the program."),
            Self::Refused => ("400 Bad Request", "Not signed in", "Access was refused. You can close this page."),
            Self::Failed => {
                ("400 Bad Request", "Not signed in", "The response could not be used. The program shows why.")
            }
            Self::AnotherLogin => {
                ("400 Bad Request", "Another login", "This response does not belong to the current login.")
            }
            Self::BadRequest => ("400 Bad Request", "Bad request", "The request could not be understood."),
            Self::NotFound => ("404 Not Found", "Not found", "There is nothing here."),
            Self::OnlyGet => ("405 Method Not Allowed\r\nAllow: GET", "Method not allowed", "Only GET is allowed."),
            Self::TooLarge => ("431 Request Header Fields Too Large", "Too large", "The request is too large."),
            Self::NotYet => ("503 Service Unavailable", "Not yet", "This page cannot be prefetched."),
        };
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body><h1>{title}</h1><p>{text}</p></body></html>\n"
        );
        format!("HTTP/1.1 {status}\r\n{HEADERS}Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

pub(super) const END_OF_HEAD: &str = "\r\n\r\n";

/// Headers that mark a prefetch: the user has not opened the page yet.
const AHEAD_OF_THE_USER: [&str; 3] = ["Sec-Purpose", "Purpose", "X-Moz"];

const HEADERS: &str = "\
    Content-Type: text/html; charset=utf-8\r\n\
    Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Connection: close\r\n";

#[cfg(test)]
mod tests {
    use super::{Expected, Page, target};

    fn judge(head: &str) -> Result<&str, Page> {
        target(head.as_bytes(), &Expected { host: "127.0.0.1:8400".to_owned(), path: "/cb".to_owned() })
    }

    #[test]
    fn one_request_counts() {
        assert_eq!(judge("GET /cb?code=c HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n\r\n"), Ok("/cb?code=c"));
        assert_eq!(judge("GET /cb HTTP/1.0\r\nAccept: */*\r\nhOST:127.0.0.1:8400\t\r\n\r\n"), Ok("/cb"));
    }

    #[test]
    fn no_other_does() {
        let host = "Host: 127.0.0.1:8400";
        for (head, page) in [
            (format!("HEAD /cb HTTP/1.1\r\n{host}\r\n\r\n"), Page::OnlyGet),
            (format!("POST /cb HTTP/1.1\r\n{host}\r\n\r\n"), Page::OnlyGet),
            (format!("get /cb HTTP/1.1\r\n{host}\r\n\r\n"), Page::OnlyGet),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\nSec-Purpose: prefetch;prerender\r\n\r\n"), Page::NotYet),
            (format!("GET /cb HTTP/1.1\r\npurpose: prefetch\r\n{host}\r\n\r\n"), Page::NotYet),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\nx-moz: prefetch\r\n\r\n"), Page::NotYet),
            (format!("GET / HTTP/1.1\r\n{host}\r\n\r\n"), Page::NotFound),
            (format!("GET /cb/ HTTP/1.1\r\n{host}\r\n\r\n"), Page::NotFound),
            (format!("GET /%63b HTTP/1.1\r\n{host}\r\n\r\n"), Page::NotFound),
            (format!("GET http://127.0.0.1:8400/cb HTTP/1.1\r\n{host}\r\n\r\n"), Page::NotFound),
            (format!("GET /favicon.ico HTTP/1.1\r\n{host}\r\n\r\n"), Page::NotFound),
            (format!("GET /cb HTTP/1.1\r\n{host}0\r\n\r\n"), Page::NotFound),
            ("GET /cb HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".to_owned(), Page::NotFound),
            ("GET /cb HTTP/1.1\r\nHost: evil.example:8400\r\n\r\n".to_owned(), Page::NotFound),
            ("GET /cb HTTP/1.1\r\nHost: localhost:8400\r\n\r\n".to_owned(), Page::NotFound),
            ("GET /cb HTTP/1.1\r\n\r\n".to_owned(), Page::NotFound),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\n{host}\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb HTTP/2\r\n{host}\r\n\r\n"), Page::BadRequest),
            (format!("GET  /cb HTTP/1.1\r\n{host}\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb\r\n{host}\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\n folded: x\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\nHost : evil.example\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb HTTP/1.1\r\nX: a\n{host}\r\n\r\n"), Page::BadRequest),
            (format!("GET /cb HTTP/1.1\r\n{host}\r\nno colon\r\n\r\n"), Page::BadRequest),
            ("\r\n\r\n".to_owned(), Page::BadRequest),
            (String::new(), Page::BadRequest),
        ] {
            assert_eq!(judge(&head), Err(page), "{head:?}");
        }
        assert_eq!(
            target(b"GET /\xff HTTP/1.1\r\n\r\n", &Expected { host: String::new(), path: String::new() }),
            Err(Page::BadRequest)
        );
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(head in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = target(&head, &Expected { host: "127.0.0.1:1".to_owned(), path: "/".to_owned() });
        }
    }
}
