//! The closed zone: the networks from which plain-text passwords are accepted.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use hikyaku_types::{Network, canonical_ip};

/// Where a client stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// In one of the operator's own networks (default: this machine).
    Closed,
    /// Anywhere else: TLS before any password.
    Internet,
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
            Network::around(IpAddr::V4(Ipv4Addr::LOCALHOST), 8),
            Network::around(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
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
