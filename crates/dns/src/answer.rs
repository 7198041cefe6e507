//! What was answered, how far it can be trusted, and for how long.

use std::time::Duration;

use hikyaku_types::Domain;

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The records, in the order in which they came; at least one.
    pub records: Vec<T>,
    /// The least that DNSSEC says about any of them.
    pub security: Security,
    /// How long the answer may still be used.
    pub ttl: Duration,
}

/// What DNSSEC says about an answer (RFC 4035 §4.3). A bogus answer is never given out: it is
/// [`crate::DnsError::Bogus`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Security {
    /// Nobody looked, or nobody could tell.
    Indeterminate,
    /// The zone is not signed, and that is proved.
    Insecure,
    /// Signed, and the signatures lead to the root.
    Secure,
}

/// One MX record (RFC 1035 §3.3.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Lower comes first.
    pub preference: u16,
    /// The host; nothing for the root, which says that the domain takes no mail (RFC 7505 §3).
    pub host: Option<Domain>,
}
