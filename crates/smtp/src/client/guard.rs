//! Where mail never goes because DNS says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hikyaku_net::canonical_ip;

use super::{ClientOptions, Loopback};

/// Whether an exchanger may be at this address.
pub(super) fn allows(options: &ClientOptions, address: SocketAddr) -> bool {
    let ip = canonical_ip(address.ip());
    let is_own = options
        .own_addresses
        .iter()
        .any(|own| own.port() == address.port() && canonical_ip(own.ip()) == ip);
    let is_loopback = match ip {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    };
    let is_allowed = options.loopback == Loopback::Allowed || !is_loopback;
    !is_own && is_allowed && !is_nobody(ip)
}

/// Addresses at which there is no single host that others could mean: this network (0.0.0.0/8),
/// link-local, multicast, broadcast and reserved ones.
fn is_nobody(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_nobody_v4(ip),
        IpAddr::V6(ip) => is_nobody_v6(ip),
    }
}

fn is_nobody_v4(ip: Ipv4Addr) -> bool {
    let [first, ..] = ip.octets();
    // 224/4 is multicast, 240/4 reserved, 255.255.255.255 broadcast.
    first == 0 || ip.is_link_local() || first >= 224
}

fn is_nobody_v6(ip: Ipv6Addr) -> bool {
    let is_link_local = ip.segments().first().is_some_and(|s| s & 0xffc0 == 0xfe80);
    ip.is_unspecified() || ip.is_multicast() || is_link_local
}

/// Whether a connection came out at this very machine: then both ends have one address. On
/// loopback, where everything has one address, that says nothing.
pub(super) fn is_this_machine(ours: SocketAddr, theirs: SocketAddr) -> bool {
    let (ours, theirs) = (canonical_ip(ours.ip()), canonical_ip(theirs.ip()));
    ours == theirs && !theirs.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(options: &ClientOptions, ip: &str) -> bool {
        allows(options, SocketAddr::new(ip.parse().unwrap(), 25))
    }

    #[test]
    fn dns_sends_no_mail_to_this_machine_or_to_nobody() {
        let mut options = ClientOptions::new("mail.example.test".parse().unwrap());
        options.own_addresses = vec!["192.0.2.7:25".parse().unwrap()];
        for ip in [
            "192.0.2.1",
            "10.0.0.1",
            "198.51.100.255",
            "2001:db8::1",
            "fd00::1",
        ] {
            assert!(allowed(&options, ip), "{ip}");
        }
        let loopback = ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"];
        let nobody = [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "fe80::1",
            "::ffff:0.0.0.0",
            "::ffff:224.0.0.1",
            "192.0.2.7",
            "::ffff:192.0.2.7",
        ];
        for ip in loopback.iter().chain(&nobody) {
            assert!(!allowed(&options, ip), "{ip}");
        }
        options.loopback = Loopback::Allowed;
        for ip in loopback {
            assert!(allowed(&options, ip), "{ip}");
        }
        for ip in nobody {
            assert!(!allowed(&options, ip), "{ip}");
        }
        // Another program of this machine may listen at another port.
        assert!(allows(&options, "192.0.2.7:2525".parse().unwrap()));
    }

    #[test]
    fn a_connection_to_ourselves_is_noticed() {
        let at = |text: &str| -> SocketAddr { text.parse().unwrap() };
        assert!(is_this_machine(at("192.0.2.1:4000"), at("192.0.2.1:25")));
        assert!(!is_this_machine(at("192.0.2.1:4000"), at("192.0.2.2:25")));
        assert!(!is_this_machine(at("127.0.0.1:4000"), at("127.0.0.1:25")));
    }
}
