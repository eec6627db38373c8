//! `application/x-www-form-urlencoded` (RFC 6749 appendix B): one encoder, one strict decoder.

use zeroize::Zeroizing;

/// Form encoding under construction. Erased on drop: bodies carry verifiers, codes and secrets.
pub(crate) struct Form(Zeroizing<String>);

impl Form {
    /// Room is made at once: growing would leave copies of secrets behind.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(String::with_capacity(bytes)))
    }

    /// Adds a parameter. One without a value is left out, since it would count as not sent (RFC 6749 section 3.1).
    pub(crate) fn push(&mut self, name: &str, value: &str) -> &mut Self {
        if !value.is_empty() {
            if !self.0.is_empty() {
                self.0.push('&');
            }
            encode_into(&mut self.0, name);
            self.0.push('=');
            encode_into(&mut self.0, value);
        }
        self
    }

    pub(crate) fn finish(self) -> Zeroizing<String> {
        self.0
    }
}

/// The most that `text` can take once it is encoded, in bytes.
pub(crate) const fn encoded_max(text: &str) -> usize {
    text.len().saturating_mul(3)
}

fn encode_into(out: &mut String, text: &str) {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
}

/// Decodes a form or a query into its pairs: `&` is the only separator, `+` is a space, every `%` opens an escape, and
/// the values are UTF-8. `None` for anything else: nothing is repaired, and nothing is decoded twice.
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
    use super::{Form, decode, decode_one};

    fn encode(text: &str) -> String {
        let mut form = Form::with_capacity(0);
        form.push("", text);
        form.finish().strip_prefix('=').unwrap_or_default().to_owned()
    }

    #[test]
    fn decoding_is_strict() {
        for bad in ["%", "%2", "%zz", "%+1", "%ff", "a=%C3", "%u0041"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        let pairs = decode("a=1;b=2&c&&d=x=y&=e").unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1;b=2"), ("c", ""), ("d", "x=y"), ("", "e")]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_encoded_is_decoded_back(text in ".*") {
            let encoded = encode(&text);
            proptest::prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*-._+%".contains(&byte)));
            let decoded = decode_one(&encoded).unwrap();
            proptest::prop_assert_eq!(decoded.as_str(), text);
        }

        #[test]
        fn any_text_gets_an_answer(text in "[a-f0-9%+&=\\PC]*") {
            let _ = decode(&text);
        }
    }
}
