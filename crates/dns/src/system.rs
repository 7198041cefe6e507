//! The resolver of the running server, on hickory.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError as HickoryDnsError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        dnssec::Proof,
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};
use hikyaku_types::Domain;
use tokio::time::timeout;

use crate::{Answer, DnsError, Exchange, Family, Resolver, Security};

/// How long a lookup may take, with all its retries, servers and CNAMEs: 30 seconds. A queued
/// message waits well for half a minute, and its worker should not wait for much longer.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one name server may take for one question: 5 seconds, as in resolv.conf(5).
pub const QUERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a name server is asked one question before it is given up: 2, as in resolv.conf(5).
pub const QUERY_ATTEMPTS: usize = 2;
/// Records of one answer that are looked at: 100. More exchangers or addresses than that are not
/// meant to be tried.
pub const MAX_RECORDS: usize = 100;
/// Answers that are remembered: 4,096, some megabytes at most.
pub const CACHED_ANSWERS: u64 = 4_096;
/// How long an answer is remembered at most, whatever its keeper says: a day.
pub const MAX_TTL: Duration = Duration::from_hours(24);
/// How long it is remembered at most that there is nothing: 15 minutes, so that a domain that has
/// just been set up gets its mail at the next attempt.
pub const MAX_NEGATIVE_TTL: Duration = Duration::from_mins(15);

/// Which name servers are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Servers {
    /// Those of `/etc/resolv.conf`, read once; `/etc/hosts` is looked at before.
    #[default]
    System,
    /// These, in this order; `/etc/hosts` is not looked at.
    These(Vec<SocketAddr>),
}

/// Whether we check signatures ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validation {
    /// No: the answers are [`Security::Indeterminate`].
    #[default]
    Off,
    /// Yes, from the root's keys on (RFC 4035 §5). The name servers must hand through signatures.
    On,
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
#[error("cannot find out the name servers of this machine ({reason})")]
pub struct SetupError {
    reason: String,
}

/// Asks name servers over UDP and TCP, and remembers the answers. Needs a Tokio runtime.
#[derive(Clone)]
pub struct SystemResolver {
    inner: TokioResolver,
}

impl SystemResolver {
    /// A resolver that asks these servers. Reads `/etc/resolv.conf` for [`Servers::System`].
    pub fn new(servers: &Servers, validation: Validation) -> Result<Self, SetupError> {
        Self::with_memory(servers, validation, CACHED_ANSWERS)
    }

    /// The same without a memory: for people who look again after they have changed a record.
    pub fn without_memory(servers: &Servers, validation: Validation) -> Result<Self, SetupError> {
        Self::with_memory(servers, validation, 0)
    }

    fn with_memory(
        servers: &Servers,
        validation: Validation,
        answers: u64,
    ) -> Result<Self, SetupError> {
        let failed = |error: NetError| SetupError {
            reason: error.to_string(),
        };
        let mut builder = match servers {
            Servers::System => TokioResolver::builder_tokio().map_err(failed)?,
            Servers::These(addresses) => {
                let name_servers = addresses.iter().copied().map(name_server).collect();
                let config = ResolverConfig::from_parts(None, Vec::new(), name_servers);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let hosts = match servers {
            Servers::System => ResolveHosts::Always,
            Servers::These(_) => ResolveHosts::Never,
        };
        set_options(builder.options_mut(), hosts, validation);
        builder.options_mut().cache_size = answers;
        let inner = builder.build().map_err(failed)?;
        Ok(Self { inner })
    }

    /// A resolver that asks nobody: every lookup fails for now.
    ///
    /// # Panics
    /// Never: no server is needed to build one.
    pub fn without_servers() -> Self {
        Self::new(&Servers::These(Vec::new()), Validation::Off)
            .expect("invariant: nothing is read where no server is asked")
    }

    async fn look_up(&self, name: &Domain, kind: RecordType) -> Result<Lookup, DnsError> {
        // The final dot keeps search domains out.
        let name = Name::from_ascii(format!("{name}."))
            .map_err(|error| DnsError::Temporary(error.to_string()))?;
        match timeout(LOOKUP_TIMEOUT, self.inner.lookup(name, kind)).await {
            Ok(Ok(lookup)) => Ok(lookup),
            Ok(Err(error)) => Err(classified(&error)),
            Err(_) => Err(DnsError::Temporary("the lookup took too long".to_owned())),
        }
    }
}

impl Resolver for SystemResolver {
    fn mx<'a>(&'a self, domain: &'a Domain) -> BoxFuture<'a, Result<Answer<Exchange>, DnsError>> {
        Box::pin(async move {
            let lookup = self.look_up(domain, RecordType::MX).await?;
            answer(&lookup, |data| match data {
                RData::MX(mx) => exchange(mx.preference, &mx.exchange),
                _ => None,
            })
        })
    }

    fn addresses<'a>(
        &'a self,
        host: &'a Domain,
        family: Family,
    ) -> BoxFuture<'a, Result<Answer<IpAddr>, DnsError>> {
        Box::pin(async move {
            let kind = match family {
                Family::V4 => RecordType::A,
                Family::V6 => RecordType::AAAA,
            };
            let lookup = self.look_up(host, kind).await?;
            answer(&lookup, |data| match (data, family) {
                (RData::A(address), Family::V4) => Some(IpAddr::V4(address.0)),
                (RData::AAAA(address), Family::V6) => Some(IpAddr::V6(address.0)),
                _ => None,
            })
        })
    }

    fn txt<'a>(&'a self, name: &'a Domain) -> BoxFuture<'a, Result<Answer<String>, DnsError>> {
        Box::pin(async move {
            let lookup = self.look_up(name, RecordType::TXT).await?;
            answer(&lookup, |data| match data {
                RData::TXT(txt) => Some(text_of(txt.txt_data.iter().map(AsRef::as_ref))),
                _ => None,
            })
        })
    }
}

impl fmt::Debug for SystemResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemResolver").finish_non_exhaustive()
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = address.port();
        connection
    };
    let connections = vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())];
    NameServerConfig::new(address.ip(), true, connections)
}

fn set_options(options: &mut ResolverOpts, hosts: ResolveHosts, validation: Validation) {
    options.timeout = QUERY_TIMEOUT;
    options.attempts = QUERY_ATTEMPTS;
    options.positive_max_ttl = Some(MAX_TTL);
    options.negative_max_ttl = Some(MAX_NEGATIVE_TTL);
    options.use_hosts_file = hosts;
    options.validate = validation == Validation::On;
}

/// The pieces of a text as one; what is no UTF-8 becomes replacement characters.
fn text_of<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let bytes: Vec<u8> = pieces.flatten().copied().collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An MX record, unless its host is no host name at all: mail could not go there.
fn exchange(preference: u16, host: &Name) -> Option<Exchange> {
    if host.is_root() {
        return Some(Exchange {
            preference,
            host: None,
        });
    }
    let host = host.to_ascii().parse().ok()?;
    Some(Exchange {
        preference,
        host: Some(host),
    })
}

/// The records that `read` understands.
fn answer<T>(lookup: &Lookup, read: impl Fn(&RData) -> Option<T>) -> Result<Answer<T>, DnsError> {
    let mut records = Vec::new();
    let mut security = Security::Secure;
    for record in lookup.answers() {
        let Some(value) = read(&record.data) else {
            continue;
        };
        let proved = match record.proof {
            Proof::Secure => Security::Secure,
            Proof::Insecure => Security::Insecure,
            Proof::Indeterminate => Security::Indeterminate,
            Proof::Bogus => return Err(DnsError::Bogus),
        };
        security = security.min(proved);
        if records.len() < MAX_RECORDS {
            records.push(value);
        }
    }
    if records.is_empty() {
        return Err(DnsError::NoData);
    }
    Ok(Answer {
        records,
        security,
        ttl: lookup
            .valid_until()
            .saturating_duration_since(Instant::now()),
    })
}

fn classified(error: &NetError) -> DnsError {
    match error {
        NetError::Dns(HickoryDnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => DnsError::NoSuchName,
            ResponseCode::NoError => DnsError::NoData,
            code => DnsError::Temporary(code.to_string()),
        },
        NetError::Dns(HickoryDnsError::DnssecBogus) => DnsError::Bogus,
        NetError::Dns(HickoryDnsError::Nsec {
            response, proof, ..
        }) => match (proof, response.response_code) {
            (Proof::Bogus, _) => DnsError::Bogus,
            (_, ResponseCode::NXDomain) => DnsError::NoSuchName,
            _ => DnsError::NoData,
        },
        NetError::Dns(HickoryDnsError::ResponseCode(code)) => DnsError::Temporary(code.to_string()),
        error => DnsError::Temporary(error.to_string()),
    }
}
