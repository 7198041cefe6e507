//! IP networks in CIDR notation.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Why a text is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The part before the slash is no IP address.
    #[error("not a network: expected an IP address such as 192.0.2.0/24 or 2001:db8::/32")]
    Address,
    /// The part after the slash is no number, or too large for the address family.
    #[error("the prefix length is not a number from 0 to {max}")]
    Prefix {
        /// 32 for IPv4, 128 for IPv6.
        max: u8,
    },
    /// Bits are set behind the prefix, so the writer probably meant another network.
    #[error("the address has bits behind its prefix; the network is {network}")]
    HostBits {
        /// The network these bits belong to.
        network: Network,
    },
}

/// One IP network: an address and the number of leading bits that count.
///
/// IPv4-mapped IPv6 networks (`::ffff:192.0.2.0/120`) are the IPv4 network they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of `address`'s first `prefix` bits; the other bits must be zero.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let (address, prefix) = match (canonical_ip(address), address) {
            (v4 @ IpAddr::V4(_), IpAddr::V6(_)) if (96..=128).contains(&prefix) => {
                (v4, prefix - 96)
            }
            _ => (address, prefix),
        };
        let max = family_bits(address);
        if prefix > max {
            return Err(NetworkError::Prefix { max });
        }
        let network = Self {
            address: masked(address, prefix),
            prefix,
        };
        if network.address == address {
            Ok(network)
        } else {
            Err(NetworkError::HostBits { network })
        }
    }

    /// The network that the first `prefix` bits of an address name.
    pub fn around(ip: IpAddr, prefix: u8) -> Self {
        let address = canonical_ip(ip);
        let prefix = prefix.min(family_bits(address));
        Self {
            address: masked(address, prefix),
            prefix,
        }
    }

    /// Its first address.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether `ip` (in its canonical form) belongs to this network.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = canonical_ip(ip);
        ip.is_ipv4() == self.address.is_ipv4() && masked(ip, self.prefix) == self.address
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `ADDRESS/PREFIX`, or an address alone, which is a network of one.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let max = family_bits(address);
        let prefix = match prefix {
            Some(digits) => digits
                .parse::<u8>()
                .map_err(|_| NetworkError::Prefix { max })?,
            None => max,
        };
        Self::new(address, prefix)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The address itself, or the IPv4 address inside an IPv4-mapped one (`::ffff:192.0.2.1`).
pub fn canonical_ip(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

const fn family_bits(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// `ip` with every bit behind the first `prefix` ones cleared.
fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32)));
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask.unwrap_or(0)))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128)));
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask.unwrap_or(0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_contain_what_their_prefix_says() {
        let cases = [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "192.0.2.9", true),
            ("::ffff:192.0.2.0/120", "192.0.3.9", false),
        ];
        for (network, address, expected) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(
                network.contains(ip(address)),
                expected,
                "{network} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_reason() {
        assert_eq!("example".parse::<Network>(), Err(NetworkError::Address));
        assert_eq!("".parse::<Network>(), Err(NetworkError::Address));
        let too_long = Err(NetworkError::Prefix { max: 32 });
        assert_eq!("192.0.2.0/33".parse::<Network>(), too_long);
        assert_eq!("192.0.2.0/".parse::<Network>(), too_long);
        assert_eq!("192.0.2.0/-1".parse::<Network>(), too_long);
        let too_long = Err(NetworkError::Prefix { max: 128 });
        assert_eq!("2001:db8::/129".parse::<Network>(), too_long);
        let error = "192.0.2.7/24".parse::<Network>().unwrap_err();
        assert!(error.to_string().ends_with("192.0.2.0/24"), "{error}");
    }

    #[test]
    fn the_network_around_an_address_contains_it() {
        for (address, prefix, network) in [
            ("192.0.2.7", 24, "192.0.2.0/24"),
            ("::ffff:192.0.2.7", 32, "192.0.2.7/32"),
            ("2001:db8::1", 64, "2001:db8::/64"),
            ("192.0.2.7", 200, "192.0.2.7/32"),
        ] {
            let around = Network::around(ip(address), prefix);
            assert_eq!(around.to_string(), network);
            assert!(around.contains(ip(address)));
        }
    }
}
