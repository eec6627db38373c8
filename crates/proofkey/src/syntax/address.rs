//! Which addresses are public, and which hosts are written as an address that is not.

#[cfg(feature = "http")]
use std::net::IpAddr;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a host is this machine by name, or a literal address that is not public, in any spelling that a resolver may
/// accept: `127.0.0.1`, `127.1`, `2130706433`, `0x7f.1`, `[::1]`, `localhost`.
pub(crate) fn is_local(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if let Some(address) = name.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return !address.parse().is_ok_and(|address: Ipv6Addr| is_public_v6(address));
    }
    name == "localhost" || name.ends_with(".localhost") || ipv4(&name).is_some_and(|address| !is_public_v4(address))
}

/// An IPv4 address of one to four numbers, decimal, octal (`0`) or hexadecimal (`0x`), as `inet_aton` reads it. The
/// last number fills the rest.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some("") => Some(0),
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    };
    let numbers: Vec<u32> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = numbers.split_last()?;
    let bytes: Vec<u8> = first.iter().map(|number| u8::try_from(*number).ok()).collect::<Option<_>>()?;
    let end: u64 = match bytes.len() {
        0 => 1 << 32,
        1 => 1 << 24,
        2 => 1 << 16,
        3 => 1 << 8,
        _ => return None,
    };
    if u64::from(*last) >= end {
        return None;
    }
    let high = bytes.iter().zip([24, 16, 8]).fold(0, |high, (byte, shift)| high | u32::from(*byte) << shift);
    Some(Ipv4Addr::from(high | *last))
}

/// Whether an address belongs to the public Internet, according to the special-purpose registries (RFC 6890). If an
/// IPv6 address embeds an IPv4 address, that one counts.
#[cfg(feature = "http")]
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || (a, b & 0xC0) == (100, 64)
        || (a, b, c) == (192, 0, 0)
        || (a, b & 0xFE) == (198, 18)
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        // IPv4-mapped, and translated by NAT64: the embedded address counts.
        (0, 0, 0, 0, 0, 0xFFFF) | (0x64, 0xFF9B, 0, 0, 0, 0) => is_public_v4(embedded(high, low)),
        // 6to4.
        (0x2002, high, low, ..) => is_public_v4(embedded(high, low)),
        // IETF protocol assignments, Teredo among them, and documentation.
        (0x2001, b, ..) if b < 0x0200 || b == 0x0DB8 => false,
        (0x3FFF, b, ..) if b < 0x1000 => false,
        // Only 2000::/3 is global unicast.
        (a, ..) => a & 0xE000 == 0x2000,
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use super::{is_local, is_public};

    #[test]
    fn addresses() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn local_hosts_in_every_spelling() {
        for local in [
            "127.0.0.1",
            "127.0.0.2",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "0.0.0.0",
            "0",
            "10.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "LOCALHOST",
            "localhost.",
            "app.localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fd00::1]",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in
            ["as.example", "8.8.8.8", "134744072", "[2001:4860:4860::8888]", "127.0.0.1.example", "1.2.3.4.5", "256.1"]
        {
            assert!(!is_local(other), "{other}");
        }
    }
}
