//! Slowing down who guesses passwords, without locking out who knows theirs.
//!
//! Each failure counts for the client's network (an IPv4 address, an IPv6 /64) and for the account
//! (or for the name, when no account has it: the outside sees no difference). A counter with more
//! failures than it lets pass makes everybody it counts for wait, longer after each further
//! failure. Counters forget slowly.
//!
//! Where an account has signed in from a network before, the pair of the two has a counter of its
//! own instead, and the other two do not apply: an attacker elsewhere cannot lock the owner out,
//! and a device of a colleague with an old password cannot lock the office out.
//!
//! Everything is in memory, bounded, and local to this process.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hikyaku_types::{AccountId, Timestamp};
use quick_cache::unsync::Cache;

use super::{ClientAddress, NameDigest};

/// How one kind of counter works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Failures that have no consequence.
    pub free: u32,
    /// The wait after the first failure beyond; each further one doubles it.
    pub first_delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
    /// The time in which one failure is forgotten.
    pub forgive_every: Duration,
}

/// What closed-zone clients are spared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClosedZone {
    /// The counter of the network: behind a closed-zone address are many people (a web front end,
    /// an office gateway). The account's still applies.
    #[default]
    NetworkExempt,
    /// All counters.
    Exempt,
    /// Nothing.
    Throttled,
}

/// When guessing is slowed down, and how much of it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// Per client network. Default: 20 free, 1 s doubling to 15 min, one forgiven per 5 min.
    pub network: Rate,
    /// Per account, over all networks. Default: 10 free, 1 s doubling to 5 min, one forgiven per
    /// 5 min: an attacker with any number of addresses has about 300 guesses a day.
    pub account: Rate,
    /// Per account and network where it has signed in. Default: 10 free, 1 s doubling to 1 min, one
    /// forgiven per minute.
    pub known_pair: Rate,
    /// How long a network stays known for an account after its last sign-in. Default 30 days.
    pub known_for: Duration,
    /// What closed-zone clients are spared.
    pub closed_zone: ClosedZone,
    /// Counters remembered at most; the least used go first. Default 100,000 (about 10 MB).
    pub counters: usize,
    /// Known pairs remembered at most. Default 200,000 (about 15 MB).
    pub known_pairs: usize,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        let rate = |free, max_delay, forgive_every| Rate {
            free,
            first_delay: Duration::from_secs(1),
            max_delay,
            forgive_every,
        };
        Self {
            network: rate(20, 15 * MINUTE, 5 * MINUTE),
            account: rate(10, 5 * MINUTE, 5 * MINUTE),
            known_pair: rate(10, MINUTE, MINUTE),
            known_for: Duration::from_hours(30 * 24),
            closed_zone: ClosedZone::default(),
            counters: 100_000,
            known_pairs: 200_000,
        }
    }
}

/// Whose password is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// An account's.
    Account(AccountId),
    /// That of a name that no account has.
    Nobody(NameDigest),
}

/// The network a client is counted for: the address (IPv4) or its first 64 bits (IPv6), as that is
/// what one customer line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Network(IpAddr);

impl Network {
    fn of(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Network(Network),
    Subject(Subject),
    Pair(AccountId, Network),
}

/// Failures of one key.
#[derive(Debug, Clone, Copy)]
struct Counter {
    level: u32,
    /// Up to when forgetting has been accounted for.
    since: Timestamp,
    blocked_until: Timestamp,
}

impl Counter {
    fn new(now: Timestamp) -> Self {
        Self {
            level: 0,
            since: now,
            blocked_until: now,
        }
    }

    /// How long everybody it counts for still waits. A clock that went back prolongs no wait beyond
    /// the longest there is.
    fn wait(&self, now: Timestamp, rate: &Rate) -> Duration {
        self.blocked_until.since(now).min(rate.max_delay)
    }

    fn forget(&mut self, now: Timestamp, rate: &Rate) {
        let step = rate.forgive_every.as_millis().max(1);
        let steps = now.since(self.since).as_millis() / step;
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        self.level = self.level.saturating_sub(steps);
        self.since = if self.level == 0 || now < self.since {
            now
        } else {
            self.since.plus(rate.forgive_every.saturating_mul(steps))
        };
    }

    fn fail(&mut self, now: Timestamp, rate: &Rate) {
        self.forget(now, rate);
        self.level = self.level.saturating_add(1).min(rate.highest_level());
        if let Some(beyond) = self.level.checked_sub(rate.free + 1) {
            self.blocked_until = now.plus(rate.delay(beyond));
        }
    }
}

impl Rate {
    /// The wait after the first failure beyond the free ones and `further` more.
    fn delay(&self, further: u32) -> Duration {
        let factor = 1_u32.checked_shl(further).unwrap_or(u32::MAX);
        self.first_delay.saturating_mul(factor).min(self.max_delay)
    }

    /// Where counting ends: the longest wait is reached, and what is counted beyond would only take
    /// longer to be forgotten.
    fn highest_level(&self) -> u32 {
        let doublings = (0..32)
            .find(|further| self.delay(*further) >= self.max_delay)
            .unwrap_or(32);
        self.free.saturating_add(doublings + 1)
    }
}

/// The counters of this process.
#[derive(Debug)]
pub(crate) struct Throttle {
    policy: ThrottlePolicy,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    counters: Cache<Key, Counter>,
    known: Cache<(AccountId, Network), Timestamp>,
}

impl Throttle {
    pub(crate) fn new(policy: ThrottlePolicy) -> Self {
        Self {
            policy,
            state: Mutex::new(State {
                counters: Cache::new(policy.counters.max(1)),
                known: Cache::new(policy.known_pairs.max(1)),
            }),
        }
    }

    /// How long this client has to wait before the next try at this subject; nothing when it may
    /// try now.
    pub(crate) fn wait(
        &self,
        subject: Subject,
        from: ClientAddress,
        now: Timestamp,
    ) -> Option<Duration> {
        self.with(|state| {
            self.keys(state, subject, from, now)
                .into_iter()
                .flatten()
                .filter_map(|(key, rate)| state.counters.get(&key).map(|c| c.wait(now, rate)))
                .max()
                .filter(|wait| !wait.is_zero())
        })
    }

    /// Counts a wrong password.
    pub(crate) fn failed(&self, subject: Subject, from: ClientAddress, now: Timestamp) {
        self.with(|state| {
            for (key, rate) in self.keys(state, subject, from, now).into_iter().flatten() {
                let mut counter = state
                    .counters
                    .get(&key)
                    .copied()
                    .unwrap_or_else(|| Counter::new(now));
                counter.fail(now, rate);
                state.counters.insert(key, counter);
            }
        });
    }

    /// Remembers that an account signed in from a network, and forgets its failures from there.
    pub(crate) fn succeeded(&self, account: AccountId, from: ClientAddress, now: Timestamp) {
        let network = Network::of(from.ip);
        self.with(|state| {
            state.known.insert((account, network), now);
            state.counters.remove(&Key::Pair(account, network));
        });
    }

    /// Whether an account has signed in from a network lately.
    pub(crate) fn knows(&self, account: AccountId, from: ClientAddress, now: Timestamp) -> bool {
        let network = Network::of(from.ip);
        self.with(|state| {
            let last = state.known.get(&(account, network));
            last.is_some_and(|last| now.since(*last) <= self.policy.known_for)
        })
    }

    /// The counters that apply, each with its rate.
    fn keys(
        &self,
        state: &mut State,
        subject: Subject,
        from: ClientAddress,
        now: Timestamp,
    ) -> [Option<(Key, &Rate)>; 2] {
        let zone = if from.closed_zone {
            self.policy.closed_zone
        } else {
            ClosedZone::Throttled
        };
        let network = Network::of(from.ip);
        if zone == ClosedZone::Exempt {
            return [None, None];
        }
        if let Subject::Account(account) = subject {
            let last = state.known.get(&(account, network));
            if last.is_some_and(|last| now.since(*last) <= self.policy.known_for) {
                return [
                    Some((Key::Pair(account, network), &self.policy.known_pair)),
                    None,
                ];
            }
        }
        [
            Some((Key::Subject(subject), &self.policy.account)),
            (zone == ClosedZone::Throttled)
                .then_some((Key::Network(network), &self.policy.network)),
        ]
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // A panic in here leaves whole counters behind: they are replaced, never half written.
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
