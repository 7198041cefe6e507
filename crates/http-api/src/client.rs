//! Where a request comes from, and whether it came encrypted, also through a proxy.

use std::net::IpAddr;

use axum::http::HeaderMap;
use hikyaku_net::{ClosedZone, Peer, Zone};

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// TLS, by us or by a trusted proxy in front.
    Encrypted,
    /// Plain text.
    Plain,
}

/// The client of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) security: Security,
}

impl Client {
    /// The client as the connection shows it; one that a trusted proxy speaks for, as the proxy
    /// says. The last address that is no trusted proxy's is the client's: what stands before it
    /// was sent by the client itself.
    pub(crate) fn of(
        peer: Peer,
        security: Security,
        headers: &HeaderMap,
        trusted: &ClosedZone,
    ) -> Self {
        let is_trusted = |address: IpAddr| trusted.zone_of(address) == Zone::Closed;
        let direct = Self {
            address: peer.ip(),
            security,
        };
        if !is_trusted(direct.address) {
            return direct;
        }
        let forwarded = headers.get_all("x-forwarded-for").into_iter();
        let forwarded: Vec<IpAddr> = forwarded
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|address| address.trim().parse().ok())
            .collect();
        let client = forwarded
            .iter()
            .rev()
            .find(|address| !is_trusted(**address));
        let over_tls = headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
        Self {
            address: client.copied().unwrap_or(direct.address),
            security: if over_tls {
                Security::Encrypted
            } else {
                security
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &str, scheme: &'static str) -> Client {
        let trusted = ClosedZone::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_str(forwarded).unwrap());
        headers.insert("x-forwarded-proto", HeaderValue::from_static(scheme));
        let peer = ClosedZone::default().peer((peer.parse::<IpAddr>().unwrap(), 1).into());
        Client::of(peer, Security::Plain, &headers, &trusted)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let liar = client("203.0.113.9", "192.0.2.1", "https");
        assert_eq!(liar.address.to_string(), "203.0.113.9");
        assert_eq!(liar.security, Security::Plain);
        let behind = client("10.0.0.2", "198.51.100.7, 192.0.2.1, 10.0.0.3", "https");
        assert_eq!(
            behind.address.to_string(),
            "192.0.2.1",
            "not what it claims itself"
        );
        assert_eq!(behind.security, Security::Encrypted);
        assert_eq!(client("10.0.0.2", "junk", "http").security, Security::Plain);
    }
}
