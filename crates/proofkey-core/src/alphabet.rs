//! The characters of verifiers and challenges, and the only function that makes a fact about a secret public.
//!
//! Apart from that function, no branch and no memory access here depends on the value of a byte: characters are
//! computed, not looked up.

use core::hint::black_box;

use subtle::Choice;

/// Writes `bytes` as base64url without padding (RFC 7636 appendix A). `text` has exactly the length of the result.
pub(crate) fn encode(bytes: &[u8], text: &mut [u8]) {
    for (group, characters) in bytes.chunks(6).zip(text.chunks_mut(8)) {
        let bits = match *group {
            [a, b, c, d, e, f] => {
                u64::from(u32::from_be_bytes([a, b, c, d])) << 16 | u64::from(u16::from_be_bytes([e, f]))
            }
            _ => group.iter().chain([0; 5].iter()).take(6).fold(0, |bits, byte| bits << 8 | u64::from(*byte)),
        };
        let eight = base64url(sextets(bits)).to_be_bytes();
        match characters.first_chunk_mut() {
            Some(characters) => *characters = eight,
            None => characters.iter_mut().zip(eight).for_each(|(character, value)| *character = value),
        }
    }
}

/// Spreads 48 bits over eight bytes, six bits to each, the most significant first.
const fn sextets(bits: u64) -> u64 {
    let bits = (bits & 0xFFFF_FF00_0000) << 8 | (bits & 0xFF_FFFF);
    let bits = (bits & 0xFF_F000_00FF_F000) << 4 | (bits & 0xFFF_0000_0FFF);
    (bits & 0x0FC0_0FC0_0FC0_0FC0) << 2 | (bits & 0x3F_003F_003F_003F)
}

/// Maps eight numbers below 64, one in each byte, to their base64url characters (RFC 4648 section 5): counts up from
/// 'A', and jumps wherever a run of the alphabet ends. No byte overflows into the next.
const fn base64url(sextets: u64) -> u64 {
    sextets
        .wrapping_add(each(b'A'))
        .wrapping_add(jump(sextets, 26, b'a' - b'Z' - 1))
        .wrapping_sub(jump(sextets, 52, b'z' + 1 - b'0'))
        .wrapping_sub(jump(sextets, 62, b'9' + 1 - b'-'))
        .wrapping_add(jump(sextets, 63, b'_' - b'-' - 1))
}

/// `distance` in each byte whose number is at least `from`, and 0 in the others.
const fn jump(sextets: u64, from: u8, distance: u8) -> u64 {
    let reached = sextets.wrapping_add(each(0x80_u8.wrapping_sub(from))) >> 7 & each(1);
    reached.wrapping_mul(distance as u64)
}

const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// How many base64url characters `bytes` bytes take without padding.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    bytes.saturating_mul(4).div_ceil(3)
}

/// Whether every byte is an unreserved character (RFC 3986 section 2.3).
pub(crate) fn is_unreserved(text: &[u8]) -> Choice {
    let all = text.iter().fold(true, |all, &byte| all & (is_alphabet(byte) | (byte == b'.') | (byte == b'~')));
    Choice::from(u8::from(all))
}

/// Whether every byte is a base64url character (RFC 4648 section 5). Only for public text, because callers branch on
/// the result.
pub(crate) fn is_base64url(text: &[u8]) -> bool {
    text.iter().fold(true, |all, &byte| all & is_alphabet(byte))
}

fn is_alphabet(byte: u8) -> bool {
    let between = |first: u8, last: u8| byte.wrapping_sub(first) <= last.wrapping_sub(first);
    between(b'a', b'z') | between(b'A', b'Z') | between(b'0', b'9') | (byte == b'-') | (byte == b'_')
}

/// Makes a fact about a secret public: callers may branch on what this returns.
///
/// The branch itself sits here and nowhere else, so that the poisoned-memory test can name the one place where it is
/// allowed. `black_box` keeps the compiler from moving it into the caller.
#[inline(never)]
pub(crate) fn reveal(fact: Choice) -> bool {
    if bool::from(fact) { black_box(true) } else { black_box(false) }
}

/// The text of bytes that this crate wrote or checked. They are ASCII, so the fallback is never used.
pub(crate) fn as_str(ascii: &[u8]) -> &str {
    core::str::from_utf8(ascii).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{encode, encoded_len, is_unreserved};

    #[test]
    fn encodes_rfc_7636_appendix_a() {
        let mut text = [0; 7];
        encode(&[3, 236, 255, 224, 193], &mut text);
        assert_eq!(&text, b"A-z_4ME");
    }

    #[test]
    fn encodes_every_sextet_and_every_length_as_the_base64_crate_does() {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        // 48 bytes that spell the alphabet: sextets 0, 1, 2, … 63.
        let mut alphabet = [0; 48];
        for (group, first) in alphabet.chunks_mut(3).zip((0u8..).step_by(4)) {
            let [a, b, c, d] = [first, first + 1, first + 2, first + 3];
            group.copy_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        }
        for len in 0..=alphabet.len() {
            let (mut ours, mut theirs) = ([0; 64], [0; 64]);
            let written = engine.encode_slice(&alphabet[..len], &mut theirs).unwrap();
            assert_eq!(written, encoded_len(len));
            encode(&alphabet[..len], &mut ours[..written]);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn unreserved_is_exactly_the_66_characters() {
        let accepted = (0..=u8::MAX).filter(|byte| is_unreserved(&[*byte]).into());
        assert!(accepted.eq((0..=u8::MAX).filter(|b| b.is_ascii_alphanumeric() || b"-._~".contains(b))));
    }
}
