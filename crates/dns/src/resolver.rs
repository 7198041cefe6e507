//! The interface.

use std::{fmt::Debug, net::IpAddr};

use futures_util::future::BoxFuture;
use hikyaku_types::Domain;

use crate::{Answer, DnsError, Exchange};

/// Which addresses of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// A records.
    V4,
    /// AAAA records.
    V6,
}

/// Answers questions about names. CNAMEs are followed.
pub trait Resolver: Debug + Send + Sync + 'static {
    /// The hosts that take the mail of a domain. Unsorted.
    fn mx<'a>(&'a self, domain: &'a Domain) -> BoxFuture<'a, Result<Answer<Exchange>, DnsError>>;

    /// The addresses of a host.
    fn addresses<'a>(
        &'a self,
        host: &'a Domain,
        family: Family,
    ) -> BoxFuture<'a, Result<Answer<IpAddr>, DnsError>>;

    /// The texts of a name, each put together from its pieces (RFC 7208 §3.3 does the same).
    fn txt<'a>(&'a self, name: &'a Domain) -> BoxFuture<'a, Result<Answer<String>, DnsError>>;
}
