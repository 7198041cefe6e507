//! The carrier: from a parcel to verdicts.

use std::{fmt::Debug, net::SocketAddr, sync::Arc};

use futures_util::future::BoxFuture;
use hikyaku_dns::Resolver;
use hikyaku_net::{TlsClient, TlsClientError};
use hikyaku_transport::queue::{Carrier, Parcel, TroubleKind, Verdict};
use hikyaku_types::Domain;
use tokio::time::Instant;
use tracing::debug;

use super::{
    ClientMetrics, ClientOptions, Route, SmartHost, SmartHostName,
    deliver::{Delivery, is_final},
    exchangers::Finder,
    failure::Failure,
    greet::{Greeting, Protection, Target},
    pool::{Pool, RouteKey},
    remote::Remote,
};

/// Exchangers of a domain that are looked at in one attempt: 10, in their order.
pub const MAX_EXCHANGERS: usize = 10;
/// Addresses that are connected to in one attempt: 5. The next attempt shuffles anew.
pub const MAX_ADDRESSES: usize = 5;
/// Hosts that greet us and then fail before the message, in one attempt: 2.
pub const MAX_SESSIONS: usize = 2;

/// Random orders. The carrier draws no random numbers of its own.
pub trait Shuffle: Debug + Send + Sync + 'static {
    /// The numbers below `count`, each once, in any order.
    fn order(&self, count: usize) -> Vec<usize>;
}

/// What the carrier works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Who knows the hosts.
    pub resolver: Arc<dyn Resolver>,
    /// Who decides between equals.
    pub shuffle: Arc<dyn Shuffle>,
}

/// Takes messages to other hosts over SMTP.
#[derive(Debug)]
pub struct SmtpCarrier {
    options: ClientOptions,
    parts: Parts,
    /// For hosts of which we know nothing.
    tls: TlsClient,
    pool: Pool,
    metrics: ClientMetrics,
}

/// One attempt.
struct Attempt<'a> {
    delivery: Delivery<'a>,
    route: RouteKey,
    deadline: Instant,
}

impl SmtpCarrier {
    /// A carrier. Connections are made when they are needed.
    pub fn new(options: ClientOptions, parts: Parts) -> Result<Self, TlsClientError> {
        Ok(Self {
            pool: Pool::new(options.keep.clone(), options.timeouts.quit),
            tls: TlsClient::opportunistic()?,
            options,
            parts,
            metrics: ClientMetrics::default(),
        })
    }

    /// Counters.
    pub const fn metrics(&self) -> &ClientMetrics {
        &self.metrics
    }

    async fn attempt(&self, parcel: &Parcel) -> Vec<Verdict> {
        let mut attempt = Attempt {
            delivery: Delivery {
                parcel,
                timeouts: &self.options.timeouts,
                metrics: &self.metrics,
                verdicts: vec![None; parcel.recipients.len()],
            },
            route: match &self.options.route {
                Route::Exchangers => RouteKey::Domain(parcel.destination.clone()),
                Route::SmartHost(_) => RouteKey::SmartHost,
            },
            deadline: Instant::now() + parcel.deadline,
        };
        let result = match self.over_kept(&mut attempt).await {
            Some(result) => result,
            None => self.over_new(&mut attempt).await,
        };
        attempt.delivery.settled(result.err())
    }

    /// Over a connection that was kept. `None` when there is none, or it turned out to be of no
    /// use any more, which servers need not say beforehand.
    async fn over_kept(&self, attempt: &mut Attempt<'_>) -> Option<Result<(), Failure>> {
        let mut remote = self.pool.take(&attempt.route)?;
        remote.serve_until(attempt.deadline);
        self.metrics.reused.count();
        match self.hand_over(remote, attempt).await {
            Err(failure) if !is_final(&failure) => {
                debug!(?failure, "a kept connection is of no use any more");
                None
            }
            result => Some(result),
        }
    }

    async fn over_new(&self, attempt: &mut Attempt<'_>) -> Result<(), Failure> {
        match &self.options.route {
            Route::Exchangers => self.to_exchangers(attempt).await,
            Route::SmartHost(smart_host) => self.to_smart_host(smart_host, attempt).await,
        }
    }

    async fn to_exchangers(&self, attempt: &mut Attempt<'_>) -> Result<(), Failure> {
        let finder = self.finder();
        let domain = &attempt.delivery.parcel.destination;
        let hosts = finder.exchangers(domain).await?;
        let mut tries = Tries::default();
        for host in hosts.iter().take(MAX_EXCHANGERS) {
            let addresses = match finder.addresses(host).await {
                Ok(addresses) => addresses,
                Err(failure) => {
                    tries.note(failure);
                    continue;
                }
            };
            let place = Place::Exchanger(host.as_str());
            if self.to_host(place, &addresses, attempt, &mut tries).await? {
                return Ok(());
            }
            if tries.is_enough(attempt.deadline) {
                break;
            }
        }
        Err(tries.failure())
    }

    async fn to_smart_host(
        &self,
        smart_host: &SmartHost,
        attempt: &mut Attempt<'_>,
    ) -> Result<(), Failure> {
        let addresses = match &smart_host.host {
            SmartHostName::Address(ip) => vec![SocketAddr::new(*ip, smart_host.port)],
            SmartHostName::Name(name) => self.smart_host_addresses(name, smart_host.port).await?,
        };
        let mut tries = Tries::default();
        let name = smart_host.host.to_string();
        let place = Place::SmartHost(&name, smart_host);
        if self.to_host(place, &addresses, attempt, &mut tries).await? {
            return Ok(());
        }
        // Whatever the smart host says of a connection, it says it of us: the operator has to look.
        Err(tries.failure().passing())
    }

    /// A smart host that has no address is a mistake of ours, and no reason to send mail back.
    async fn smart_host_addresses(
        &self,
        name: &Domain,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Failure> {
        self.finder().look_up(name, port).await.map_err(|failure| {
            let words = format!("the smart host {name} cannot be found");
            let failure = match failure.kind() {
                TroubleKind::NoSuchDomain => Failure::now(TroubleKind::Dns, "4.4.3").saying(words),
                _ => failure,
            };
            failure.by(name.as_str())
        })
    }

    /// Tries the addresses of one host. `Ok(true)` when all recipients have a verdict; an error is
    /// final.
    async fn to_host(
        &self,
        place: Place<'_>,
        addresses: &[SocketAddr],
        attempt: &mut Attempt<'_>,
        tries: &mut Tries,
    ) -> Result<bool, Failure> {
        for address in addresses {
            if tries.is_enough(attempt.deadline) {
                break;
            }
            tries.addresses += 1;
            let result = match self.open(place, *address, attempt.deadline).await {
                Ok(remote) => {
                    tries.sessions += 1;
                    self.hand_over(remote, attempt).await
                }
                Err(failure) => {
                    self.metrics.failed_connections.count();
                    Err(failure)
                }
            };
            match result {
                Ok(()) => return Ok(true),
                Err(failure) if is_final(&failure) => return Err(failure),
                Err(failure) => {
                    debug!(%address, ?failure, "the next address, if there is one");
                    tries.note(failure);
                }
            }
        }
        Ok(false)
    }

    async fn open(
        &self,
        place: Place<'_>,
        address: SocketAddr,
        deadline: Instant,
    ) -> Result<Remote, Failure> {
        let (host, protection) = match place {
            Place::Exchanger(host) => (host, Protection::Opportunistic(&self.tls)),
            Place::SmartHost(host, smart_host) => (host, Protection::SmartHost(smart_host)),
        };
        let greeting = Greeting {
            options: &self.options,
            metrics: &self.metrics,
            target: Target { host, address },
            deadline,
        };
        self.metrics.connections.count();
        match greeting.open(protection).await {
            // RFC 7435: where encryption breaks, plain text is better than nothing, and a new
            // connection is needed for it.
            Err(failure)
                if failure.kind() == TroubleKind::Tls
                    && matches!(protection, Protection::Opportunistic(_)) =>
            {
                debug!(%address, ?failure, "once more without encryption");
                self.metrics.connections.count();
                greeting.open(Protection::Without).await
            }
            result => result,
        }
    }

    /// Offers the message; keeps the connection if it can be used again.
    async fn hand_over(
        &self,
        mut remote: Remote,
        attempt: &mut Attempt<'_>,
    ) -> Result<(), Failure> {
        let result = attempt.delivery.offer_to(&mut remote).await;
        if result.as_ref().is_err_and(|failure| !is_final(failure)) && remote.is_usable() {
            // It defers us: no reason to keep it from others.
            remote.leave(self.options.timeouts.quit);
        } else {
            self.pool.put(attempt.route.clone(), remote);
        }
        result
    }

    fn finder(&self) -> Finder<'_> {
        Finder {
            options: &self.options,
            resolver: &*self.parts.resolver,
            shuffle: &*self.parts.shuffle,
        }
    }
}

impl Carrier for SmtpCarrier {
    fn carry(&self, parcel: Parcel) -> BoxFuture<'_, Vec<Verdict>> {
        Box::pin(async move { self.attempt(&parcel).await })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

/// What a host is to us.
#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Exchanger(&'a str),
    SmartHost(&'a str, &'a SmartHost),
}

/// What was tried so far in an attempt.
#[derive(Debug, Default)]
struct Tries {
    addresses: usize,
    sessions: usize,
    failure: Option<Failure>,
}

impl Tries {
    fn is_enough(&self, deadline: Instant) -> bool {
        self.addresses >= MAX_ADDRESSES
            || self.sessions >= MAX_SESSIONS
            || Instant::now() >= deadline
    }

    fn note(&mut self, failure: Failure) {
        self.failure = Some(match self.failure.take() {
            Some(before) => before.or(failure),
            None => failure,
        });
    }

    /// What to say of all that failed.
    fn failure(self) -> Failure {
        self.failure
            .unwrap_or_else(|| Failure::now(TroubleKind::Timeout, "4.4.7"))
    }
}
