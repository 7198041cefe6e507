//! The closed zone: the networks from which plain-text passwords are accepted.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// In one of the operator's own networks (default: this machine).
    Closed,
    /// Anywhere else: TLS before any password.
    Internet,
}

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

/// The operator's own networks. The default is loopback: `127.0.0.0/8` and `::1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedZone {
    networks: Vec<Network>,
}

impl ClosedZone {
    /// The zone made of these networks; an empty list makes every client the Internet.
    pub fn new(networks: Vec<Network>) -> Self {
        Self { networks }
    }

    /// The networks as given.
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// Where `ip` stands.
    pub fn zone_of(&self, ip: IpAddr) -> Zone {
        if self.networks.iter().any(|network| network.contains(ip)) {
            Zone::Closed
        } else {
            Zone::Internet
        }
    }

    /// The other end of an accepted TCP connection.
    pub fn peer(&self, address: SocketAddr) -> Peer {
        let ip = canonical_ip(address.ip());
        Peer {
            address: PeerAddress::Ip(SocketAddr::new(ip, address.port())),
            zone: self.zone_of(ip),
        }
    }
}

impl Default for ClosedZone {
    fn default() -> Self {
        Self::new(vec![
            Network {
                address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)),
                prefix: 8,
            },
            Network {
                address: IpAddr::V6(Ipv6Addr::LOCALHOST),
                prefix: 128,
            },
        ])
    }
}

/// How the other end is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerAddress {
    /// Over TCP; the address is canonical (never IPv4-mapped).
    Ip(SocketAddr),
    /// Over a Unix socket, with the uid the kernel reports for it.
    Local {
        /// Effective uid of the process that connected.
        uid: u32,
    },
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// How it is reached.
    pub address: PeerAddress,
    /// Where it stands.
    pub zone: Zone,
}

impl Peer {
    /// A process of this machine on a Unix socket; it is always in the closed zone.
    pub const fn local(uid: u32) -> Self {
        Self {
            address: PeerAddress::Local { uid },
            zone: Zone::Closed,
        }
    }

    /// The client's IP address; `127.0.0.1` for a process on a Unix socket.
    pub fn ip(&self) -> IpAddr {
        match self.address {
            PeerAddress::Ip(address) => address.ip(),
            PeerAddress::Local { .. } => IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            PeerAddress::Ip(address) => address.fmt(f),
            PeerAddress::Local { uid } => write!(f, "local uid {uid}"),
        }
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
pub(crate) fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
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
    fn the_default_zone_is_this_machine() {
        let zone = ClosedZone::default();
        for inside in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(zone.zone_of(ip(inside)), Zone::Closed, "{inside}");
        }
        for outside in ["126.255.255.255", "128.0.0.0", "::2", "::", "10.0.0.1"] {
            assert_eq!(zone.zone_of(ip(outside)), Zone::Internet, "{outside}");
        }
        assert_eq!(
            ClosedZone::new(Vec::new()).zone_of(ip("127.0.0.1")),
            Zone::Internet
        );
    }

    #[test]
    fn peers_are_shown_canonically() {
        let peer = ClosedZone::default().peer("[::ffff:192.0.2.1]:4000".parse().unwrap());
        assert_eq!(peer.to_string(), "192.0.2.1:4000");
        assert_eq!(peer.zone, Zone::Internet);
        assert_eq!(Peer::local(1000).zone, Zone::Closed);
        assert_eq!(Peer::local(1000).to_string(), "local uid 1000");
    }
}
