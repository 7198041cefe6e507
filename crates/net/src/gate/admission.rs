//! Who may come in.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use super::GateLimits;
use crate::{ClientKey, Peer, PeerAddress, RateLimiter, Refusal, Zone};

/// The connections open now, and the rule for the next one.
pub(super) struct Admission {
    limits: GateLimits,
    rates: RateLimiter<ClientKey>,
    open: Arc<Open>,
}

#[derive(Default)]
struct Open {
    count: Mutex<Count>,
}

#[derive(Default)]
struct Count {
    total: usize,
    clients: HashMap<ClientKey, usize>,
}

/// One listener's share of the connections.
#[derive(Debug, Default)]
pub(super) struct ListenerShare {
    max: usize,
    open: AtomicUsize,
}

impl ListenerShare {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            open: AtomicUsize::new(0),
        })
    }
}

/// The right to one open connection; its drop gives it back.
pub(super) struct Admitted {
    open: Arc<Open>,
    share: Arc<ListenerShare>,
    client: Option<ClientKey>,
}

impl Admission {
    pub(super) fn new(limits: GateLimits) -> Self {
        Self {
            limits,
            rates: RateLimiter::new(limits.new_per_client),
            open: Arc::default(),
        }
    }

    /// Decides on a new connection. The cheap limits come first; the rate is counted last, so
    /// that a refused connection does not use it up.
    pub(super) fn admit(
        &self,
        peer: Peer,
        share: &Arc<ListenerShare>,
    ) -> Result<Admitted, Refusal> {
        let client = match peer.address {
            PeerAddress::Ip(address) => Some(ClientKey::from(address.ip())),
            PeerAddress::Local { .. } => None,
        };
        let mut count = self.open.lock();
        // Processes of this machine that may open a local socket are administrators: they get in.
        if client.is_some() && is_full(count.total, self.total_for(peer.zone)) {
            return Err(Refusal::TooMany);
        }
        // Only admissions raise this number, and they hold the lock.
        if is_full(share.open.load(Relaxed), share.max) {
            return Err(Refusal::TooMany);
        }
        if let Some(client) = client {
            let open = count.clients.get(&client).copied().unwrap_or(0);
            let limit = match peer.zone {
                Zone::Closed => self.limits.per_closed_zone_client,
                Zone::Internet => self.limits.per_client,
            };
            if is_full(open, limit) {
                return Err(Refusal::TooManyFromClient);
            }
            if peer.zone == Zone::Internet && self.rates.check(client).is_err() {
                return Err(Refusal::TooFast);
            }
            count.clients.insert(client, open + 1);
        }
        count.total += 1;
        share.open.fetch_add(1, Relaxed);
        Ok(Admitted {
            open: Arc::clone(&self.open),
            share: Arc::clone(share),
            client,
        })
    }

    fn total_for(&self, zone: Zone) -> usize {
        match zone {
            Zone::Closed => self.limits.total,
            // A reserve as large as the total would lock the Internet out, or mean "no limit".
            Zone::Internet if self.limits.total > 0 => self
                .limits
                .total
                .saturating_sub(self.limits.kept_for_closed_zone)
                .max(1),
            Zone::Internet => 0,
        }
    }
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut count = self.open.lock();
        count.total = count.total.saturating_sub(1);
        if let Some(client) = self.client {
            match count.clients.get_mut(&client) {
                Some(open) if *open > 1 => *open -= 1,
                _ => {
                    count.clients.remove(&client);
                }
            }
        }
        self.share.open.fetch_sub(1, Relaxed);
    }
}

const fn is_full(open: usize, limit: usize) -> bool {
    limit > 0 && open >= limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClosedZone, RateLimit};

    fn limits() -> GateLimits {
        GateLimits {
            total: 6,
            kept_for_closed_zone: 2,
            per_client: 2,
            per_closed_zone_client: 3,
            new_per_client: RateLimit::UNLIMITED,
        }
    }

    fn peer(ip: &str) -> Peer {
        ClosedZone::default().peer(std::net::SocketAddr::new(ip.parse().unwrap(), 1))
    }

    #[test]
    fn one_client_gets_its_share_and_no_more() {
        let admission = Admission::new(limits());
        let share = ListenerShare::new(0);
        let first = admission.admit(peer("2001:db8::1"), &share).ok().unwrap();
        let _second = admission.admit(peer("2001:db8::2"), &share).ok().unwrap();
        let refused = admission.admit(peer("2001:db8::3"), &share).err();
        assert_eq!(refused, Some(Refusal::TooManyFromClient));
        let _other = admission
            .admit(peer("2001:db8:0:1::1"), &share)
            .ok()
            .unwrap();
        drop(first);
        assert!(admission.admit(peer("2001:db8::3"), &share).is_ok());
    }

    /// The command line talks to the server through a local socket, above all in trouble.
    #[test]
    fn the_local_socket_is_open_when_everything_is_taken() {
        let admission = Admission::new(limits());
        let share = ListenerShare::new(0);
        let clients = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
        let _all: Vec<_> = clients
            .into_iter()
            .flat_map(|ip| [peer(ip), peer(ip)])
            .map(|peer| admission.admit(peer, &share).ok().unwrap())
            .collect();
        let local = Peer::local(0);
        let refused = admission.admit(peer("127.0.0.4"), &share).err();
        assert_eq!(refused, Some(Refusal::TooMany));
        let mine = ListenerShare::new(1);
        let _administrator = admission.admit(local, &mine).ok().unwrap();
        assert!(
            admission.admit(local, &mine).is_err(),
            "the limit of its own listener counts"
        );
    }

    #[test]
    fn the_closed_zone_keeps_its_reserve() {
        let admission = Admission::new(limits());
        let share = ListenerShare::new(0);
        let mut held = Vec::new();
        for ip in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
            held.push(admission.admit(peer(ip), &share).ok().unwrap());
        }
        let refused = admission.admit(peer("192.0.2.5"), &share).err();
        assert_eq!(refused, Some(Refusal::TooMany));
        held.push(admission.admit(peer("127.0.0.1"), &share).ok().unwrap());
        held.push(admission.admit(peer("127.0.0.1"), &share).ok().unwrap());
        let refused = admission.admit(peer("127.0.0.1"), &share).err();
        assert_eq!(refused, Some(Refusal::TooMany));
        drop(held);
        assert_eq!(admission.open.lock().total, 0);
        assert!(admission.open.lock().clients.is_empty());
    }

    #[test]
    fn a_listener_has_a_limit_of_its_own() {
        let admission = Admission::new(limits());
        let (small, other) = (ListenerShare::new(1), ListenerShare::new(0));
        let held = admission.admit(peer("192.0.2.1"), &small).ok().unwrap();
        let refused = admission.admit(peer("192.0.2.2"), &small).err();
        assert_eq!(refused, Some(Refusal::TooMany));
        assert!(admission.admit(peer("192.0.2.2"), &other).is_ok());
        drop(held);
        assert!(admission.admit(peer("192.0.2.2"), &small).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn new_connections_have_a_rate() {
        let admission = Admission::new(GateLimits {
            new_per_client: RateLimit::per_minute(2),
            ..limits()
        });
        let share = ListenerShare::new(0);
        for _ in 0..2 {
            assert!(admission.admit(peer("192.0.2.1"), &share).is_ok());
        }
        let refused = admission.admit(peer("192.0.2.1"), &share).err();
        assert_eq!(refused, Some(Refusal::TooFast));
        for _ in 0..9 {
            assert!(admission.admit(peer("127.0.0.1"), &share).is_ok());
        }
    }
}
