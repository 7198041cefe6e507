//! What an operator decides about the API on the network.

use std::time::Duration;

use hikyaku_net::ClosedZone;

/// `[http]` of the configuration.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Proxies that end TLS in front of us: what they say of their clients is believed.
    pub trusted_proxies: ClosedZone,
    /// Requests of one account or API key in a minute; 0 is no limit.
    pub requests_per_minute: u32,
    /// Requests from one address in a minute, whoever makes them; 0 is no limit.
    pub address_requests_per_minute: u32,
    /// Requests from one address in a minute by nobody we know; 0 is no limit.
    pub anonymous_requests_per_minute: u32,
    /// How long browsers are to remember that this host speaks HTTPS only; zero says nothing.
    pub hsts: Duration,
}

/// [`HttpOptions::requests_per_minute`]: ten a second, more than a person clicks and enough for a
/// script that works through a list.
pub const REQUESTS_PER_MINUTE: u32 = 600;
/// [`HttpOptions::address_requests_per_minute`]: an office of some dozens behind one address.
pub const ADDRESS_REQUESTS_PER_MINUTE: u32 = 6000;
/// [`HttpOptions::anonymous_requests_per_minute`]: an office that signs in at nine o'clock, and too
/// few for guessing. Passwords have a throttle of their own besides.
pub const ANONYMOUS_REQUESTS_PER_MINUTE: u32 = 300;
/// [`HttpOptions::hsts`]: a year.
pub const HSTS: Duration = Duration::from_hours(24 * 365);

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            trusted_proxies: ClosedZone::new(Vec::new()),
            requests_per_minute: REQUESTS_PER_MINUTE,
            address_requests_per_minute: ADDRESS_REQUESTS_PER_MINUTE,
            anonymous_requests_per_minute: ANONYMOUS_REQUESTS_PER_MINUTE,
            hsts: HSTS,
        }
    }
}
