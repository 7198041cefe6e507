//! Why there is no answer.

/// Why a lookup gave no records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// The name does not exist (NXDOMAIN).
    #[error("the name does not exist")]
    NoSuchName,
    /// The name exists and has no records of this kind.
    #[error("the name has no such records")]
    NoData,
    /// No name server gave a usable answer. Asking again may help.
    #[error("no name server could answer ({0})")]
    Temporary(String),
    /// The answer contradicts the signatures of its zone (RFC 4035 §4.3). It may be forged, or the
    /// zone's keeper made a mistake; asking again may help.
    #[error("the answer does not fit the signatures of its zone")]
    Bogus,
}
