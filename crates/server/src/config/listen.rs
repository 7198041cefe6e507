//! `[listen]`: the addresses of each service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Deserialize;

/// A service that listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Mail from other servers, 25.
    Smtp,
    /// Mail from signed-in users, STARTTLS, 587.
    Submission,
    /// Mail from signed-in users, TLS from the start, 465.
    Submissions,
    /// Mail from a server in front, 24.
    Lmtp,
    /// IMAP with STARTTLS, 143.
    Imap,
    /// IMAP with TLS from the start, 993.
    Imaps,
    /// POP3 with STLS, 110.
    Pop3,
    /// POP3 with TLS from the start, 995.
    Pop3s,
    /// HTTP, 80.
    Http,
    /// HTTPS, 443.
    Https,
}

impl Service {
    /// All services, in the order of the file.
    pub const ALL: [Self; 10] = [
        Self::Smtp,
        Self::Submission,
        Self::Submissions,
        Self::Lmtp,
        Self::Imap,
        Self::Imaps,
        Self::Pop3,
        Self::Pop3s,
        Self::Http,
        Self::Https,
    ];

    /// The key in `[listen]`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Submissions => "submissions",
            Self::Lmtp => "lmtp",
            Self::Imap => "imap",
            Self::Imaps => "imaps",
            Self::Pop3 => "pop3",
            Self::Pop3s => "pop3s",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The standard port.
    pub const fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Submission => 587,
            Self::Submissions => 465,
            Self::Lmtp => 24,
            Self::Imap => 143,
            Self::Imaps => 993,
            Self::Pop3 => 110,
            Self::Pop3s => 995,
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// The addresses that `init` writes: the standard ports on all addresses, LMTP on loopback;
    /// with a port base, that base plus the standard port on 127.0.0.1.
    pub fn default_addresses(self, port_base: Option<u16>) -> Vec<SocketAddr> {
        let at = |ip: IpAddr, port| SocketAddr::new(ip, port);
        match port_base {
            Some(base) => vec![at(Ipv4Addr::LOCALHOST.into(), base + self.port())],
            None if self == Self::Lmtp => vec![at(Ipv4Addr::LOCALHOST.into(), self.port())],
            None => vec![
                at(Ipv4Addr::UNSPECIFIED.into(), self.port()),
                at(Ipv6Addr::UNSPECIFIED.into(), self.port()),
            ],
        }
    }
}

/// `[listen]`: a service without addresses is off.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    smtp: Vec<SocketAddr>,
    submission: Vec<SocketAddr>,
    submissions: Vec<SocketAddr>,
    lmtp: Vec<SocketAddr>,
    imap: Vec<SocketAddr>,
    imaps: Vec<SocketAddr>,
    pop3: Vec<SocketAddr>,
    pop3s: Vec<SocketAddr>,
    http: Vec<SocketAddr>,
    https: Vec<SocketAddr>,
}

impl Listen {
    /// The addresses of a service.
    pub fn addresses(&self, service: Service) -> &[SocketAddr] {
        match service {
            Service::Smtp => &self.smtp,
            Service::Submission => &self.submission,
            Service::Submissions => &self.submissions,
            Service::Lmtp => &self.lmtp,
            Service::Imap => &self.imap,
            Service::Imaps => &self.imaps,
            Service::Pop3 => &self.pop3,
            Service::Pop3s => &self.pop3s,
            Service::Http => &self.http,
            Service::Https => &self.https,
        }
    }
}
