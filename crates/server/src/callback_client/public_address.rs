//! Which internet addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks inside IPv4 that are not public hosts: first address and prefix length.
///
/// Source: IANA IPv4 Special-Purpose Address Registry, RFC 6890; 168.63.129.16 is the host channel
/// of virtual machines at one large provider and is reachable only from inside.
const PRIVATE_V4: [(Ipv4Addr, u32); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only block of IPv6 that is handed out to hosts; everything outside it is refused, which
/// covers loopback, unique-local, link-local, multicast, and NAT64 (64:ff9b::/96).
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Blocks inside [`GLOBAL_V6`] that are not public hosts: protocol assignments with Teredo,
/// documentation (twice), 6to4, and the former test network.
///
/// Source: IANA IPv6 Special-Purpose Address Registry.
const PRIVATE_V6: [(Ipv6Addr, u32); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is a host on the public internet. An IPv4 address inside an IPv6 one
/// (`::ffff:a.b.c.d`) is judged as the IPv4 address; other ways of embedding one are refused.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            !PRIVATE_V4.iter().any(|(first, length)| is_in_v4(address, *first, *length))
        }
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL_V6.0, GLOBAL_V6.1)
                && !PRIVATE_V6.iter().any(|(first, length)| is_in_v6(address, *first, *length))
        }
    }
}

fn is_in_v4(address: Ipv4Addr, first: Ipv4Addr, length: u32) -> bool {
    (address.to_bits() ^ first.to_bits()).leading_zeros() >= length
}

fn is_in_v6(address: Ipv6Addr, first: Ipv6Addr, length: u32) -> bool {
    (address.to_bits() ^ first.to_bits()).leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> bool {
        is_public(text.parse().unwrap())
    }

    #[test]
    fn every_private_block_is_refused_at_both_ends_and_its_neighbours_are_not() {
        for (first, last, below, above) in [
            ("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
            ("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
            ("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
            ("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
            ("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
            ("2001:db8::", "2001:db8:ffff::1", "2001:db7:ffff::1", "2001:db9::"),
            ("2002::", "2002:ffff::1", "2001:ffff::1", "2003::"),
        ] {
            assert!(!check(first), "{first}");
            assert!(!check(last), "{last}");
            assert!(check(below), "{below}");
            assert!(check(above), "{above}");
        }
    }

    #[test]
    fn odd_and_embedded_forms_are_refused() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "192.0.2.1",
            "198.51.100.1",
            "192.88.99.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!check(text), "{text}");
        }
    }

    #[test]
    fn public_hosts_are_allowed() {
        for text in
            ["1.1.1.1", "8.8.8.8", "168.63.129.17", "::ffff:8.8.8.8", "2606:4700::1111", "2a00::1"]
        {
            assert!(check(text), "{text}");
        }
    }
}
