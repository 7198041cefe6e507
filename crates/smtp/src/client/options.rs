//! What the operator decides about outgoing mail.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use hikyaku_net::TlsClient;
use hikyaku_sasl::ClientMechanism;
use hikyaku_types::Domain;

use super::Timeouts;

/// How long a connection may stand idle until it is closed: 30 seconds. Servers close idle
/// connections after some minutes, and think of those who keep them long as of those who hog.
pub const IDLE_TIME: Duration = Duration::from_secs(30);
/// Messages over one connection at most: 100, after which most servers close it themselves.
pub const MAX_MESSAGES_PER_CONNECTION: u32 = 100;
/// Idle connections in all at most: 100. Each is a socket and some kilobytes of TLS.
pub const MAX_IDLE_CONNECTIONS: usize = 100;
/// Idle connections of one route at most: 10.
pub const MAX_IDLE_PER_ROUTE: usize = 10;

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The name we give in EHLO; exchangers of this name are ourselves.
    pub hello: Domain,
    /// Where to.
    pub route: Route,
    /// The port of exchangers, 25.
    pub port: u16,
    /// Which addresses of a host, in which order.
    pub families: Families,
    /// Whether exchangers may be on this machine.
    pub loopback: Loopback,
    /// The addresses we connect from.
    pub sources: Sources,
    /// Where our own server listens: mail that leads there would come back for ever.
    pub own_addresses: Vec<SocketAddr>,
    /// How long the other side may take.
    pub timeouts: Timeouts,
    /// Which connections are kept for the next message.
    pub keep: KeepLimits,
}

impl ClientOptions {
    /// The defaults for a host of this name: to the exchangers, over IPv4 first.
    pub fn new(hello: Domain) -> Self {
        Self {
            hello,
            route: Route::Exchangers,
            port: 25,
            families: Families::default(),
            loopback: Loopback::Barred,
            sources: Sources::default(),
            own_addresses: Vec::new(),
            timeouts: Timeouts::default(),
            keep: KeepLimits::default(),
        }
    }
}

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Route {
    /// To the exchangers of each domain.
    Exchangers,
    /// All of it to one host, which sends it on.
    SmartHost(SmartHost),
}

/// A host that takes all our mail.
#[derive(Debug, Clone)]
pub struct SmartHost {
    /// Its name or address. Its MX records are not looked at.
    pub host: SmartHostName,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmartHostTls,
    /// Our account there.
    pub login: Option<Login>,
}

/// How a smart host is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmartHostName {
    /// By address records.
    Name(Domain),
    /// As it is.
    Address(IpAddr),
}

impl fmt::Display for SmartHostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// How the connection to a smart host is protected. Never falls back.
#[derive(Debug, Clone)]
pub enum SmartHostTls {
    /// STARTTLS, and this client decides whom to believe.
    StartTls(TlsClient),
    /// TLS from the start (RFC 8314 §3.3).
    Implicit(TlsClient),
    /// Not at all.
    Off,
}

/// Our account at a smart host.
#[derive(Debug, Clone)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The file with the password or token, read at each sign-in, so that it can be replaced while
    /// the server runs.
    pub secret_file: PathBuf,
    /// How; the best that the smart host offers when nothing is said.
    pub mechanism: Option<ClientMechanism>,
}

/// Which addresses of a host are tried, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// IPv4, then IPv6. Default, because receivers judge mail over IPv6 more strictly (reverse
    /// names, reputation by network), and hosts with both are reachable over IPv4.
    #[default]
    V4First,
    /// IPv6, then IPv4.
    V6First,
    /// IPv4 only.
    V4Only,
    /// IPv6 only.
    V6Only,
}

/// Whether DNS may send our mail to this machine and to addresses of nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Loopback {
    /// No: a domain whose exchanger is `127.0.0.1` would make us talk to what listens here, and
    /// trust us.
    #[default]
    Barred,
    /// Yes, for tests and for hosts behind a tunnel.
    Allowed,
}

/// The addresses we connect from; the system chooses where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sources {
    /// To IPv4 addresses.
    pub v4: Option<Ipv4Addr>,
    /// To IPv6 addresses.
    pub v6: Option<Ipv6Addr>,
}

/// Which connections are kept after a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepLimits {
    /// See [`IDLE_TIME`]; with zero none is kept.
    pub idle: Duration,
    /// See [`MAX_MESSAGES_PER_CONNECTION`].
    pub messages: u32,
    /// See [`MAX_IDLE_CONNECTIONS`].
    pub connections: usize,
    /// See [`MAX_IDLE_PER_ROUTE`].
    pub per_route: usize,
}

impl Default for KeepLimits {
    fn default() -> Self {
        Self {
            idle: IDLE_TIME,
            messages: MAX_MESSAGES_PER_CONNECTION,
            connections: MAX_IDLE_CONNECTIONS,
            per_route: MAX_IDLE_PER_ROUTE,
        }
    }
}
