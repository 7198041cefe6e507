//! Rates: how often something may happen per client.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use hikyaku_types::{Network, canonical_ip};

/// Who counts as one client: an IPv4 address, or the /64 network of an IPv6 address, because that
/// is what one subscriber is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientKey(IpAddr);

impl From<IpAddr> for ClientKey {
    fn from(ip: IpAddr) -> Self {
        let ip = canonical_ip(ip);
        Self(if ip.is_ipv6() {
            Network::around(ip, 64).address()
        } else {
            ip
        })
    }
}

/// So many events in such a time. Unused room is saved up to one full `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many events; 0 means no limit.
    pub events: u32,
    /// Within which time.
    pub per: Duration,
}

impl RateLimit {
    /// No limit at all.
    pub const UNLIMITED: Self = Self::per_minute(0);

    /// So many events per minute; 0 means no limit.
    pub const fn per_minute(events: u32) -> Self {
        Self {
            events,
            per: Duration::from_mins(1),
        }
    }
}

/// Keeps a [`RateLimit`] for each of many keys, in bounded memory.
///
/// Keys live in two generations. When the younger is full it becomes the older, and the older is
/// forgotten, so at most `2 × capacity` keys are kept and the ones seen lately survive. To be
/// forgotten is to be forgiven: a flood from very many addresses weakens this limit, and the
/// limits on connections, which need no memory of the past, remain.
#[derive(Debug)]
pub struct RateLimiter<K = ClientKey> {
    limit: RateLimit,
    capacity: usize,
    generations: Mutex<Generations<K>>,
}

#[derive(Debug)]
struct Generations<K> {
    young: HashMap<K, Bucket>,
    old: HashMap<K, Bucket>,
}

/// The moment at which the key has all its room back. An event moves it on by one interval; it
/// may lie at most `events` intervals ahead.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    free_at: Instant,
}

impl<K: Copy + Eq + Hash> RateLimiter<K> {
    /// Keys kept per generation by default: 16,384, some 2 MB.
    pub const MAX_KEYS: usize = 16 * 1024;

    /// A limiter with the default memory.
    pub fn new(limit: RateLimit) -> Self {
        Self::with_capacity(limit, Self::MAX_KEYS)
    }

    /// A limiter that keeps up to `2 × capacity` keys.
    pub fn with_capacity(limit: RateLimit, capacity: usize) -> Self {
        Self {
            limit,
            capacity: capacity.max(1),
            generations: Mutex::new(Generations {
                young: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// Counts one event. When there were too many, says after which time the next one is
    /// possible, and does not count.
    pub fn check(&self, key: K) -> Result<(), Duration> {
        if self.limit.events == 0 {
            return Ok(());
        }
        let now = Instant::now();
        let interval = self.limit.per / self.limit.events;
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let free_at = generations.find(&key).map_or(now, |b| b.free_at.max(now));
        let next = free_at + interval;
        let latest = now + self.limit.per;
        if next > latest {
            return Err(next - latest);
        }
        generations.keep(key, Bucket { free_at: next }, self.capacity);
        Ok(())
    }

    /// Keys in memory now.
    pub fn len(&self) -> usize {
        let generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }

    /// Whether no key is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Copy + Eq + Hash> Generations<K> {
    fn find(&self, key: &K) -> Option<Bucket> {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn keep(&mut self, key: K, bucket: Bucket, capacity: usize) {
        if self.young.len() >= capacity && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&key);
        self.young.insert(key, bucket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_limit_is_crossed_and_recovers() {
        let limiter = RateLimiter::new(RateLimit::per_minute(3));
        let client = ClientKey::from("192.0.2.1".parse::<IpAddr>().unwrap());
        let other = ClientKey::from("192.0.2.2".parse::<IpAddr>().unwrap());
        for _ in 0..3 {
            assert_eq!(limiter.check(client), Ok(()));
        }
        assert_eq!(limiter.check(client), Err(Duration::from_secs(20)));
        assert_eq!(limiter.check(other), Ok(()));
        tokio::time::advance(Duration::from_secs(19)).await;
        assert_eq!(limiter.check(client), Err(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(limiter.check(client), Ok(()));
        assert!(limiter.check(client).is_err());
        tokio::time::advance(Duration::from_mins(10)).await;
        for _ in 0..3 {
            assert_eq!(limiter.check(client), Ok(()));
        }
        assert!(limiter.check(client).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_recent_keys_survive() {
        let limiter = RateLimiter::with_capacity(RateLimit::per_minute(1), 100);
        for key in 0..10_000_u32 {
            assert_eq!(limiter.check(key), Ok(()));
            assert!(limiter.len() <= 200);
        }
        assert!(limiter.check(9_999).is_err());
        assert_eq!(limiter.check(1), Ok(()), "the oldest are forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn zero_is_no_limit() {
        let limiter = RateLimiter::new(RateLimit::UNLIMITED);
        for _ in 0..1000 {
            assert_eq!(limiter.check(1_u8), Ok(()));
        }
        assert!(limiter.is_empty());
    }

    #[test]
    fn an_ipv6_subscriber_is_one_client() {
        let key = |text: &str| ClientKey::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
