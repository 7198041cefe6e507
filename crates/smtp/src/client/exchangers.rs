//! Which hosts take the mail of a domain (RFC 5321 §5.1), and where they are.

use std::net::{IpAddr, SocketAddr};

use hikyaku_dns::{DnsError, Exchange, Family, Resolver};
use hikyaku_transport::queue::TroubleKind;
use hikyaku_types::Domain;

use super::{ClientOptions, Families, Shuffle, failure::Failure, guard};

/// Looks up hosts.
pub(super) struct Finder<'a> {
    pub(super) options: &'a ClientOptions,
    pub(super) resolver: &'a dyn Resolver,
    pub(super) shuffle: &'a dyn Shuffle,
}

impl Finder<'_> {
    /// The exchangers of a domain, the best first; the domain itself when it has no MX records.
    pub(super) async fn exchangers(&self, domain: &Domain) -> Result<Vec<Domain>, Failure> {
        let exchanges = match self.resolver.mx(domain).await {
            Ok(answer) => answer.records,
            Err(DnsError::NoData) => vec![Exchange {
                preference: 0,
                host: Some(domain.clone()),
            }],
            Err(error) => return Err(unknown(&error)),
        };
        let is_null = exchanges.iter().all(|exchange| exchange.host.is_none());
        if is_null {
            return Err(Failure::forever(TroubleKind::NullMx, "5.1.10").stop());
        }
        let hosts = without_ourselves(self.ordered(exchanges), &self.options.hello);
        if hosts.is_empty() {
            let failure = Failure::forever(TroubleKind::Loop, "5.4.6");
            return Err(failure.by(self.options.hello.as_str()).stop());
        }
        Ok(hosts)
    }

    /// By preference, equal ones in random order, "to spread the load" (RFC 5321 §5.1).
    fn ordered(&self, exchanges: Vec<Exchange>) -> Vec<(u16, Domain)> {
        let named = exchanges.into_iter();
        let named = named.filter_map(|one| Some((one.preference, one.host?)));
        let mut hosts = self.shuffled(named.collect());
        hosts.sort_by_key(|(preference, _)| *preference);
        hosts
    }

    /// Where a host may be reached, in the order to try. Empty is never returned.
    pub(super) async fn addresses(&self, host: &Domain) -> Result<Vec<SocketAddr>, Failure> {
        let found = self.look_up(host, self.options.port).await?;
        let allowed: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| guard::allows(self.options, *address))
            .collect();
        if allowed.is_empty() {
            let failure = Failure::forever(TroubleKind::Loop, "5.4.6").by(host.as_str());
            let words = "the host's addresses are those of this machine, or of nobody";
            return Err(failure.saying(words.to_owned()));
        }
        Ok(allowed)
    }

    /// All addresses of a host, in the order to try.
    pub(super) async fn look_up(
        &self,
        host: &Domain,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let families: &[Family] = match self.options.families {
            Families::V4First => &[Family::V4, Family::V6],
            Families::V6First => &[Family::V6, Family::V4],
            Families::V4Only => &[Family::V4],
            Families::V6Only => &[Family::V6],
        };
        let mut addresses: Vec<IpAddr> = Vec::new();
        let mut failure: Option<Failure> = None;
        for family in families {
            match self.resolver.addresses(host, *family).await {
                Ok(answer) => addresses.extend(self.shuffled(answer.records)),
                Err(error) => {
                    let other = unknown(&error).by(host.as_str());
                    failure = Some(match failure {
                        Some(failure) => failure.or(other),
                        None => other,
                    });
                }
            }
        }
        match failure {
            Some(failure) if addresses.is_empty() => Err(failure),
            _ => Ok(addresses
                .into_iter()
                .map(|ip| SocketAddr::new(ip, port))
                .collect()),
        }
    }

    fn shuffled<T>(&self, items: Vec<T>) -> Vec<T> {
        let order = self.shuffle.order(items.len());
        let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
        let mut shuffled: Vec<T> = order
            .into_iter()
            .filter_map(|at| items.get_mut(at)?.take())
            .collect();
        // An order that leaves something out loses nothing.
        shuffled.extend(items.into_iter().flatten());
        shuffled
    }
}

/// RFC 5321 §5.1: where we stand in the list ourselves, we and all that are not better go.
fn without_ourselves(hosts: Vec<(u16, Domain)>, own: &Domain) -> Vec<Domain> {
    let ours = hosts.iter().filter(|(_, host)| host == own);
    let mark = ours.map(|(preference, _)| *preference).min();
    hosts
        .into_iter()
        .filter(|(preference, _)| mark.is_none_or(|mark| *preference < mark))
        .map(|(_, host)| host)
        .collect()
}

fn unknown(error: &DnsError) -> Failure {
    match error {
        DnsError::NoSuchName | DnsError::NoData => {
            Failure::forever(TroubleKind::NoSuchDomain, "5.1.2")
        }
        error => Failure::now(TroubleKind::Dns, "4.4.3").saying(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
