//! `application/x-www-form-urlencoded` (RFC 6749 appendix B): one encoder, one strict decoder.

use zeroize::Zeroizing;

use crate::error::ErrorKind;

/// Encodes parameters as a form. Those without a value are left out, since they would count as not sent (RFC 6749
/// section 3.1). The result is erased on drop: bodies contain verifiers, codes and secrets.
pub(crate) fn encode(parameters: &[(&str, &str)]) -> Zeroizing<String> {
    // Allocated at full size, because growing would leave copies of secrets behind.
    let size =
        |(name, value): &(&str, &str)| name.len().saturating_add(value.len()).saturating_mul(3).saturating_add(2);
    let mut form = String::with_capacity(parameters.iter().map(size).fold(0, usize::saturating_add));
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        if !form.is_empty() {
            form.push('&');
        }
        encode_into(&mut form, name, "+");
        form.push('=');
        encode_into(&mut form, value, "+");
    }
    Zeroizing::new(form)
}

/// Adds parameters to an endpoint, whose own query stays as it is (RFC 6749 section 3.1).
/// [`ErrorKind::ParameterReserved`] if that query contains one of these parameters or a reserved one.
pub(crate) fn add_query(endpoint: &str, parameters: &[(&str, &str)], reserved: &[&str]) -> Result<String, ErrorKind> {
    let (separator, query) = match endpoint.split_once('?') {
        None => ("?", ""),
        Some((_, query)) if query.is_empty() || query.ends_with('&') => ("", query),
        Some((_, query)) => ("&", query),
    };
    for (name, _) in decode(query).ok_or(ErrorKind::EndpointMalformed)? {
        if reserved.contains(&name.as_str()) || parameters.iter().any(|(taken, _)| *taken == name.as_str()) {
            return Err(ErrorKind::ParameterReserved);
        }
    }
    Ok(format!("{endpoint}{separator}{}", *encode(parameters)))
}

/// Encodes one text in the same way, but a space as `%20`.
pub(crate) fn percent_encode(text: &str) -> Zeroizing<String> {
    let mut encoded = String::with_capacity(text.len().saturating_mul(3));
    encode_into(&mut encoded, text, "%20");
    Zeroizing::new(encoded)
}

fn encode_into(out: &mut String, text: &str, space: &str) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

/// Decodes a form or a query into its pairs: `&` is the only separator, `+` is a space, every `%` starts an escape, and
/// names and values are UTF-8. `None` for anything else: nothing is repaired, and nothing is decoded twice.
pub(crate) fn decode(text: &str) -> Option<Vec<(Zeroizing<String>, Zeroizing<String>)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode_one(name)?, decode_one(value)?))
        })
        .collect()
}

fn decode_one(text: &str) -> Option<Zeroizing<String>> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            byte => byte,
        });
    }
    let text = std::str::from_utf8(&decoded).ok()?;
    Some(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{add_query, decode, decode_one, percent_encode};
    use crate::error::ErrorKind;

    #[test]
    fn decoding_is_strict() {
        for bad in ["%", "%2", "%zz", "%+1", "%ff", "a=%C3", "%u0041"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        let pairs = decode("a=1;b=2&c&&d=x=y&=e").unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1;b=2"), ("c", ""), ("d", "x=y"), ("", "e")]);
    }

    #[test]
    fn the_query_of_an_endpoint_stays_as_it_is() {
        for (endpoint, url) in [
            ("https://a.example/", "https://a.example/?state=s"),
            ("https://a.example/?", "https://a.example/?state=s"),
            ("https://a.example/?x=%2f", "https://a.example/?x=%2f&state=s"),
            ("https://a.example/?x=1&", "https://a.example/?x=1&state=s"),
        ] {
            assert_eq!(add_query(endpoint, &[("state", "s")], &["nonce"]).as_deref(), Ok(url));
        }
        for (query, error) in [
            ("state=1", ErrorKind::ParameterReserved),
            ("x=1&nonce", ErrorKind::ParameterReserved),
            ("x=%", ErrorKind::EndpointMalformed),
        ] {
            let endpoint = format!("https://a.example/?{query}");
            assert_eq!(add_query(&endpoint, &[("state", "s")], &["nonce"]), Err(error), "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded_back(text in ".*") {
            let form = super::encode(&[("", &text)]);
            let encoded = form.strip_prefix('=').unwrap_or_default();
            proptest::prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-._+%".contains(&byte)));
            for encoded in [encoded, percent_encode(&text).as_str()] {
                let decoded = decode_one(encoded).unwrap();
                proptest::prop_assert_eq!(decoded.as_str(), text.as_str());
            }
        }

        #[test]
        fn any_text_gets_an_answer(text in "[a-f0-9%+&=\\PC]*") {
            let _ = decode(&text);
        }
    }
}
